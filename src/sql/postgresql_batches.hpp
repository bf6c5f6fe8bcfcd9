// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "drivers/driver.hpp"
#include "sql/dialect.hpp"

namespace kin::sql {

/// Lists of a condition are arrays from this length on. Shorter ones are few texts, and the server plans them
/// by their values.
inline constexpr std::uint32_t postgresql_shortest_array = 16;

/// The type that PostgreSQL has for all values of a kind.
std::string_view postgresql_type_of(ValueKind kind);

/// True for a batch that is one statement with an array of each column's values, not one for each row.
bool takes_arrays(const driver::WriteBatch& batch);

/// The statement of such a batch, or the one that takes keys from the sequence of a key column: its parameter
/// is how many.
std::string postgresql_batch_text(const driver::WriteBatch& batch, const Dialect& dialect);

}  // namespace kin::sql
