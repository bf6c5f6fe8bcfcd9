// SPDX-License-Identifier: MIT
#include "schema/sqlite_literal.hpp"

#include <kin/error.hpp>
#include <kin/types/uuid.hpp>

#include <cmath>
#include <cstdint>
#include <limits>

#include <fmt/format.h>

#include "types/chrono_text.hpp"

namespace kin::schema {
namespace {

std::string blob_literal(std::string_view bytes) {
  std::string literal = "x'";
  for (const char byte : bytes) literal += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return literal += '\'';
}

std::string real_literal(double value) {
  if (std::isnan(value)) throw ValidationError("kin::default_value is not a number, and SQLite stores none.");
  if (std::isinf(value)) return value < 0 ? "-9e999" : "9e999";
  std::string literal = fmt::format("{}", value);
  if (literal.find_first_of(".e") == std::string::npos) literal += ".0";
  return literal;
}

std::string unsigned_literal(std::uint64_t value) {
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    throw ValidationError(fmt::format(
        "kin::default_value {} does not fit: SQLite stores integers with 64 bits and a sign.", value));
  return fmt::format("{}", value);
}

/// The digits that the driver writes: as few as show all of the value, never fewer than its type has.
int time_digits(ValueView value) {
  const std::int64_t fraction = value.as_integer() % 1'000'000;
  const int needed = fraction == 0 ? 0 : fraction % 1000 == 0 ? 3 : 6;
  return needed > value.fraction_digits() ? needed : value.fraction_digits();
}

std::string chrono_literal(ValueView value) {
  char text[types::chrono_text_capacity];
  std::size_t size = 0;
  if (value.kind() == ValueKind::date)
    size = types::format_date(static_cast<std::int32_t>(value.as_integer()), text);
  else if (value.kind() == ValueKind::time)
    size = types::format_time(value.as_integer(), time_digits(value), text);
  else
    size = types::format_timestamp(value.as_integer(), value.fraction_digits(), text);
  return sqlite_text_literal({text, size});
}

}  // namespace

std::string sqlite_text_literal(std::string_view text) {
  // A literal ends at a NUL, whatever follows.
  if (text.find('\0') != std::string_view::npos) return fmt::format("(cast({} as text))", blob_literal(text));
  std::string literal = "'";
  for (const char c : text) {
    if (c == '\'') literal += '\'';
    literal += c;
  }
  return literal += '\'';
}

std::string sqlite_literal(ValueView value) {
  switch (value.kind()) {
    case ValueKind::null:
      return "null";
    case ValueKind::boolean:
      return value.as_boolean() ? "1" : "0";
    case ValueKind::integer:
      return fmt::format("{}", value.as_integer());
    case ValueKind::unsigned_integer:
      return unsigned_literal(value.as_unsigned());
    case ValueKind::real:
      return real_literal(value.as_real());
    case ValueKind::text:
    case ValueKind::decimal:
    case ValueKind::json:
      return sqlite_text_literal(value.bytes());
    case ValueKind::blob:
      return blob_literal(value.bytes());
    case ValueKind::date:
    case ValueKind::time:
    case ValueKind::timestamp:
      return chrono_literal(value);
    case ValueKind::uuid:
      return sqlite_text_literal(Uuid::from_bytes(value.bytes().data()).to_string());
  }
  return "null";
}

}  // namespace kin::schema
