// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/expression.hpp>
#include <kin/metadata.hpp>

#include <string>
#include <string_view>

/// What the dialects have in common; they add what they say in another way.
namespace kin::sql {

/// " = ", " in " and the like, with a space on both sides; empty for an operator that is not the same
/// everywhere.
std::string_view common_symbol(detail::Op op);

/// count, sum, avg, min or max.
std::string_view aggregate_name(detail::Op op);

/// Appends an identifier in quotes, those inside it doubled.
void append_quoted(std::string& out, std::string_view identifier, char quote);

/// The column whose type a column has in the database: a foreign key that says none of its own has that of
/// the key it refers to.
const Column& typed_column(const Column& column);

}  // namespace kin::sql
