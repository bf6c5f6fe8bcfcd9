// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "sql/dialect.hpp"

namespace kin::sql {

/// An insert of one row, "insert into t (a, b) values (?, ?)" and what may follow, as one of several rows.
std::string insert_of_rows(std::string_view insert_of_row, std::size_t rows);

/// Reads the key, then the columns, of as many rows of an entity by their keys.
std::string select_by_keys(const EntityMetadata& entity, std::span<const Column* const> columns,
                           std::size_t rows, const Dialect& dialect);

}  // namespace kin::sql
