// SPDX-License-Identifier: MIT
#include "drivers/sqlite/sqlite_binding.hpp"

#include <sqlite3.h>
#include <kin/detail/codec.hpp>
#include <kin/types/uuid.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "types/utf8.hpp"

namespace kin::sqlite {
namespace {

static_assert(sizeof(BoundText) >= Uuid::text_size);

[[noreturn]] void refuse(std::string reason) { throw kin::detail::ConversionError{std::move(reason)}; }

// An empty view may point nowhere, which SQLite takes for null.
const char* address_of(std::string_view bytes) { return bytes.data() != nullptr ? bytes.data() : ""; }

int bind_bytes(sqlite3_stmt* statement, int number, std::string_view bytes) {
  return sqlite3_bind_text64(statement, number, address_of(bytes), bytes.size(), SQLITE_STATIC, SQLITE_UTF8);
}

int bind_text(sqlite3_stmt* statement, int number, std::string_view text) {
  if (!types::is_utf8(text)) refuse("the text is not valid UTF-8");
  return bind_bytes(statement, number, text);
}

int bind_unsigned(sqlite3_stmt* statement, int number, std::uint64_t value) {
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    refuse(std::to_string(value) + " does not fit: SQLite stores integers with 64 bits and a sign");
  }
  return sqlite3_bind_int64(statement, number, static_cast<std::int64_t>(value));
}

int bind_real(sqlite3_stmt* statement, int number, double value) {
  if (value != value) refuse("SQLite stores NaN as null");
  return sqlite3_bind_double(statement, number, value);
}

int bind_date(sqlite3_stmt* statement, int number, std::int64_t days, BoundText& text) {
  if (days != static_cast<std::int32_t>(days)) refuse("the date is out of range");
  const std::size_t length = types::format_date(static_cast<std::int32_t>(days), text.bytes);
  return bind_bytes(statement, number, {text.bytes, length});
}

// As few digits as show all of the value, but never fewer than its type has: equal times have equal texts.
int time_digits(ValueView value) {
  const std::int64_t fraction = value.as_integer() % 1'000'000;
  const int needed = fraction == 0 ? 0 : fraction % 1000 == 0 ? 3 : 6;
  return needed > value.fraction_digits() ? needed : value.fraction_digits();
}

int bind_time(sqlite3_stmt* statement, int number, ValueView value, BoundText& text) {
  const std::size_t length = types::format_time(value.as_integer(), time_digits(value), text.bytes);
  return bind_bytes(statement, number, {text.bytes, length});
}

int bind_timestamp(sqlite3_stmt* statement, int number, ValueView value, BoundText& text) {
  const std::size_t length = types::format_timestamp(value.as_integer(), value.fraction_digits(), text.bytes);
  return bind_bytes(statement, number, {text.bytes, length});
}

int bind_uuid(sqlite3_stmt* statement, int number, ValueView value, BoundText& text) {
  Uuid::from_bytes(value.bytes().data()).write_to(text.bytes);
  return bind_bytes(statement, number, {text.bytes, Uuid::text_size});
}

}  // namespace

int bind_value(sqlite3_stmt* statement, int number, ValueView value, BoundText& text) {
  switch (value.kind()) {
    case ValueKind::null:
      return sqlite3_bind_null(statement, number);
    case ValueKind::boolean:
      return sqlite3_bind_int(statement, number, value.as_boolean() ? 1 : 0);
    case ValueKind::integer:
      return sqlite3_bind_int64(statement, number, value.as_integer());
    case ValueKind::unsigned_integer:
      return bind_unsigned(statement, number, value.as_unsigned());
    case ValueKind::real:
      return bind_real(statement, number, value.as_real());
    case ValueKind::text:
    case ValueKind::json:
    case ValueKind::array:
    case ValueKind::interval:
      return bind_text(statement, number, value.bytes());
    case ValueKind::decimal:
      return bind_bytes(statement, number, value.bytes());  // digits, made by kin
    case ValueKind::blob:
      return sqlite3_bind_blob64(statement, number, address_of(value.bytes()), value.bytes().size(),
                                 SQLITE_STATIC);
    case ValueKind::date:
      return bind_date(statement, number, value.as_integer(), text);
    case ValueKind::time:
      return bind_time(statement, number, value, text);
    case ValueKind::timestamp:
      return bind_timestamp(statement, number, value, text);
    case ValueKind::uuid:
      return bind_uuid(statement, number, value, text);
  }
  return SQLITE_MISUSE;
}

}  // namespace kin::sqlite
