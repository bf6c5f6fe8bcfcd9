// SPDX-License-Identifier: MIT
#pragma once

#include <kin/metadata.hpp>

#include <string>
#include <string_view>

namespace kin::sql {

/// True for an array that is a PostgreSQL array, not one in a column of JSON.
bool is_postgresql_array(const Column& column);

/// PostgreSQL's text of an array, {"a","b",NULL}, from that of a JSON array. Throws detail::ConversionError.
std::string postgresql_array(std::string_view json);

/// Appends one element in its quotes.
void append_postgresql_element(std::string& out, std::string_view text);

}  // namespace kin::sql
