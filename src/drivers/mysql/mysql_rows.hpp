// SPDX-License-Identifier: MIT
#pragma once

#include <kin/value.hpp>

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include <mysql.h>

namespace kin::mysql {

/// Reads the rows of a result that the client library has stored.
/// Lifetime: bytes of cells stay where they are until the statement runs again or its result is freed.
class RowReader {
 public:
  /// The rows of an executed statement whose result is stored.
  void begin(MYSQL_STMT* statement);
  /// False when there are no more rows.
  bool next(MYSQL_STMT* statement);
  /// The cells of a row of a result as text; numbers are made numbers, all else stays text or bytes.
  void read(MYSQL_RES* result, MYSQL_ROW row);

  const ValueView* cells() const noexcept { return cells_.data(); }
  std::size_t count() const noexcept { return cells_.size(); }

 private:
  static void take_cell(void* self, unsigned int column, unsigned char** row) noexcept;

  std::vector<ValueView> cells_;
  const MYSQL_FIELD* fields_ = nullptr;
};

/// Names of the columns of a result.
std::vector<std::string_view> column_names(const MYSQL_FIELD* fields, std::size_t count);

}  // namespace kin::mysql
