// SPDX-License-Identifier: MIT
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace countries {

/// Text in columns as wide as their widest cell; columns of numbers stand to the right. Without rows nothing
/// is printed.
class Table {
 public:
  explicit Table(std::vector<std::string> headings);
  void add(std::vector<std::string> cells);
  friend std::ostream& operator<<(std::ostream& stream, const Table& table);

 private:
  std::vector<std::vector<std::string>> rows_{};  // the headings first
};

}  // namespace countries
