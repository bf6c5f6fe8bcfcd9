// SPDX-License-Identifier: MIT
#include "schema/sqlite_literal.hpp"

#include <kin/error.hpp>
#include <kin/types/uuid.hpp>

#include <cmath>
#include <cstdint>
#include <limits>

#include <fmt/format.h>

#include "schema/literal.hpp"

namespace kin::schema {
namespace {

std::string blob_literal(std::string_view bytes) { return fmt::format("x'{}'", hex_of(bytes)); }

std::string real_literal(double value) {
  if (std::isnan(value)) throw ValidationError("kin::default_value is not a number, and SQLite stores none.");
  if (std::isinf(value)) return value < 0 ? "-9e999" : "9e999";
  return real_text(value);
}

std::string unsigned_literal(std::uint64_t value) {
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    throw ValidationError(fmt::format(
        "kin::default_value {} does not fit: SQLite stores integers with 64 bits and a sign.", value));
  return fmt::format("{}", value);
}

}  // namespace

std::string sqlite_text_literal(std::string_view text) {
  // A literal ends at a NUL, whatever follows.
  if (text.find('\0') != std::string_view::npos) return fmt::format("(cast({} as text))", blob_literal(text));
  return quoted_text(text);
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
    case ValueKind::array:
    case ValueKind::interval:
      return sqlite_text_literal(value.bytes());
    case ValueKind::blob:
      return blob_literal(value.bytes());
    case ValueKind::date:
    case ValueKind::time:
    case ValueKind::timestamp:
      return quoted_text(chrono_text(value));
    case ValueKind::uuid:
      return sqlite_text_literal(Uuid::from_bytes(value.bytes().data()).to_string());
  }
  return "null";
}

}  // namespace kin::schema
