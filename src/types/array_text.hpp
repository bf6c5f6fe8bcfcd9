// SPDX-License-Identifier: MIT
#pragma once

#include <kin/types/json_fwd.hpp>
#include <kin/value.hpp>

#include <string>
#include <string_view>
#include <vector>

/// The text of arrays: that of a JSON array, in which they travel and in which databases without arrays keep
/// them. An element that JSON has no type for is a string: decimals (without zeros at the end of the
/// fraction, so that equal ones are equal as text), UUIDs, ISO 8601 times in UTC, and what is no finite
/// number.
namespace kin::types {

/// Appends one element. Throws ConversionError for a value that cannot be one, and for text that is not
/// UTF-8.
void append_element(std::string& json, ValueView value);

/// The elements of a JSON array, or of PostgreSQL's own text of an array ({1,2}), where all are text. Throws
/// ConversionError.
std::vector<Json> parse_array(std::string_view text);

/// Points into the element.
ValueView view_of_element(const Json& element);

}  // namespace kin::types
