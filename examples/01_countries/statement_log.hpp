// SPDX-License-Identifier: MIT
#pragma once

#include <kin/options.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

namespace countries {

/// Rows that insert, update and delete statements changed.
struct RowsWritten {
  std::uint64_t inserted = 0;
  std::uint64_t updated = 0;
  std::uint64_t deleted = 0;
};

/// Remembers every statement that kin sends: the query_logger of this program.
class StatementLog {
 public:
  void add(const kin::Query& query);

  std::size_t size() const { return lines_.size(); }
  const RowsWritten& rows_written() const { return rows_written_; }
  /// Told after each statement that wrote rows; a progress bar wants to know.
  void on_write(std::function<void(std::uint64_t rows)> listener) { listener_ = std::move(listener); }
  /// The statements, one a line.
  friend std::ostream& operator<<(std::ostream& stream, const StatementLog& log);

 private:
  std::vector<std::string> lines_{};
  RowsWritten rows_written_{};
  std::function<void(std::uint64_t rows)> listener_{};
};

}  // namespace countries
