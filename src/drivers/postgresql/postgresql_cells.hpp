// SPDX-License-Identifier: MIT
#pragma once

#include <kin/value.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <libpq-fe.h>

namespace kin::postgresql {

/// Reads the rows of results. What is not stored as it is handed over, such as a numeric's digits, lies in
/// the reader.
class CellReader {
 public:
  /// Whether cells of this type can be read in their binary form; others are asked for as text.
  static bool reads_binary(std::uint32_t type) noexcept;

  /// Cells of one row, valid until the next call and as long as the result.
  const ValueView* read(const PGresult* result, int row);

 private:
  ValueView cell(const PGresult* result, int row, int column);

  std::vector<ValueView> cells_;
  std::vector<std::string> texts_;  // of each column
};

}  // namespace kin::postgresql
