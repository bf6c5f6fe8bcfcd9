// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "drivers/driver.hpp"
#include "sql/dialect.hpp"

namespace kin::sql {

/// An insert of one row, "insert into t (a, b) values (?, ?)" and what may follow, as one of several rows.
std::string insert_of_rows(std::string_view insert_of_row, std::size_t rows);

/// False where a statement for many rows would do something else than those for one row each. An update by a
/// text would find what the collation of the values takes for equal, not that of the column; of rows that
/// refer to each other InnoDB wants those deleted first that refer.
bool changes_many(const driver::WriteBatch& batch);

/// Longer values can't be among those of an update of many rows: nothing tells the server to expect them
/// there.
inline constexpr std::size_t longest_of_many = 16'000;

/// The statement that changes or deletes so many rows of a batch at once. Its parameters are those of one row
/// after the other.
std::string mysql_change_of_rows(const driver::WriteBatch& batch, std::size_t rows);

}  // namespace kin::sql
