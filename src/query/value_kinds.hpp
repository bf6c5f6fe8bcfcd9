// SPDX-License-Identifier: MIT
#pragma once

#include <kin/value.hpp>

#include <string_view>

namespace kin::query {

/// Whether a value of kind `value` can be compared with a column of kind `column`.
constexpr bool fits(ValueKind column, ValueKind value) noexcept {
  const auto is_integer = [](ValueKind kind) {
    return kind == ValueKind::integer || kind == ValueKind::unsigned_integer;
  };
  return column == value || (is_integer(column) && is_integer(value));
}

/// The kind in words, for messages.
constexpr std::string_view noun(ValueKind kind) noexcept {
  switch (kind) {
    case ValueKind::null:
      return "null";
    case ValueKind::boolean:
      return "a truth value";
    case ValueKind::integer:
    case ValueKind::unsigned_integer:
      return "an integer";
    case ValueKind::real:
      return "a floating-point number";
    case ValueKind::text:
      return "text";
    case ValueKind::blob:
      return "bytes";
    case ValueKind::decimal:
      return "a decimal number";
    case ValueKind::date:
      return "a date";
    case ValueKind::time:
      return "a time of day";
    case ValueKind::timestamp:
      return "a point in time";
    case ValueKind::uuid:
      return "a UUID";
    case ValueKind::json:
      return "JSON";
    case ValueKind::array:
      return "an array";
    case ValueKind::interval:
      return "an interval";
  }
  return "a value";
}

}  // namespace kin::query
