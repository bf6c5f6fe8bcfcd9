// SPDX-License-Identifier: MIT
#pragma once

#include <kin/value.hpp>

#include <cstddef>

struct sqlite3_stmt;

namespace kin::sqlite {

/// Reads the columns of the statement's current row. SQLite has five kinds of value: null, integer, real,
/// text and blob; codecs make the rest of them. Bytes stay valid until the statement's next step or reset.
void read_cells(sqlite3_stmt* statement, ValueView* cells, std::size_t count) noexcept;

}  // namespace kin::sqlite
