// SPDX-License-Identifier: MIT
#include "drivers/mysql/mysql_rows.hpp"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstring>

namespace kin::mysql {
namespace {

constexpr unsigned int binary_charset = 63;
constexpr std::int64_t microseconds_per_second = 1'000'000;

// The protocol's numbers are little endian.
template <class T>
T take_number(const unsigned char*& at) noexcept {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) bits |= static_cast<std::uint64_t>(at[i]) << (8 * i);
  at += sizeof(T);
  return static_cast<T>(bits);
}

template <class T>
T take_real(const unsigned char*& at) noexcept {
  T value;
  std::memcpy(&value, at, sizeof value);
  at += sizeof value;
  return value;
}

std::uint64_t take_length(const unsigned char*& at) noexcept {
  const unsigned char first = *at++;
  std::size_t bytes = 0;
  if (first < 251) return first;
  if (first == 252) bytes = 2;
  if (first == 253) bytes = 3;
  if (first == 254) bytes = 8;
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < bytes; ++i) length |= static_cast<std::uint64_t>(at[i]) << (8 * i);
  at += bytes;
  return length;
}

std::string_view take_bytes(const unsigned char*& at) noexcept {
  const std::uint64_t length = take_length(at);
  const std::string_view bytes(reinterpret_cast<const char*>(at), length);
  at += length;
  return bytes;
}

std::int64_t take_clock(const unsigned char*& at, bool with_fraction) noexcept {
  const std::int64_t hours = *at++;
  const std::int64_t minutes = *at++;
  const std::int64_t seconds = *at++;
  const std::int64_t fraction = with_fraction ? take_number<std::uint32_t>(at) : 0;
  return ((hours * 60 + minutes) * 60 + seconds) * microseconds_per_second + fraction;
}

std::int64_t take_days(const unsigned char*& at) noexcept {
  const int year = take_number<std::uint16_t>(at);
  const unsigned int month = *at++;
  const unsigned int day = *at++;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  return std::chrono::sys_days(date).time_since_epoch().count();
}

int fraction_digits(const MYSQL_FIELD& field) noexcept {
  constexpr unsigned int most = 6;  // "not fixed" counts more
  return static_cast<int>(field.decimals < most ? field.decimals : most);
}

// A date of zeros, which strict mode refuses but old tables may hold, has no bytes: it is no day at all.
ValueView take_date(const unsigned char*& at, const MYSQL_FIELD& field) noexcept {
  const std::size_t length = *at++;
  if (length == 0) return ValueView::null();
  const std::int64_t days = take_days(at);
  const std::int64_t clock = length > 4 ? take_clock(at, length > 7) : 0;
  if (field.type == MYSQL_TYPE_DATE) return ValueView::date(days);
  return ValueView::timestamp(days * 86'400 * microseconds_per_second + clock, fraction_digits(field));
}

ValueView take_time(const unsigned char*& at) noexcept {
  const std::size_t length = *at++;
  if (length == 0) return ValueView::time(0);
  const bool is_negative = *at++ != 0;
  const std::int64_t days = take_number<std::uint32_t>(at);
  const std::int64_t time = days * 86'400 * microseconds_per_second + take_clock(at, length > 8);
  return ValueView::time(is_negative ? -time : time);
}

ValueView text_or_blob(std::string_view bytes, const MYSQL_FIELD& field) noexcept {
  return field.charsetnr == binary_charset ? ValueView::blob(bytes.data(), bytes.size())
                                           : ValueView::text(bytes);
}

ValueView bits(std::string_view bytes) noexcept {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return ValueView::unsigned_integer(value);
}

template <class Signed, class Unsigned>
ValueView take_integer(const unsigned char*& at, const MYSQL_FIELD& field) noexcept {
  if ((field.flags & UNSIGNED_FLAG) == 0) return ValueView::integer(take_number<Signed>(at));
  if constexpr (sizeof(Unsigned) == sizeof(std::uint64_t)) {
    return ValueView::unsigned_integer(take_number<Unsigned>(at));
  } else {
    return ValueView::integer(take_number<Unsigned>(at));
  }
}

ValueView take_value(const unsigned char*& at, const MYSQL_FIELD& field) noexcept {
  switch (field.type) {
    case MYSQL_TYPE_TINY:
      return take_integer<std::int8_t, std::uint8_t>(at, field);
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_YEAR:
      return take_integer<std::int16_t, std::uint16_t>(at, field);
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_INT24:
      return take_integer<std::int32_t, std::uint32_t>(at, field);
    case MYSQL_TYPE_LONGLONG:
      return take_integer<std::int64_t, std::uint64_t>(at, field);
    case MYSQL_TYPE_FLOAT:
      return ValueView::real(static_cast<double>(take_real<float>(at)));
    case MYSQL_TYPE_DOUBLE:
      return ValueView::real(take_real<double>(at));
    case MYSQL_TYPE_DATE:
    case MYSQL_TYPE_DATETIME:
    case MYSQL_TYPE_TIMESTAMP:
      return take_date(at, field);
    case MYSQL_TYPE_TIME:
      return take_time(at);
    case MYSQL_TYPE_DECIMAL:
    case MYSQL_TYPE_NEWDECIMAL:
      return ValueView::decimal(take_bytes(at));
    case MYSQL_TYPE_JSON:
      return ValueView::json(take_bytes(at));
    case MYSQL_TYPE_BIT:
      return bits(take_bytes(at));
    case MYSQL_TYPE_NULL:
      return ValueView::null();
    default:
      return text_or_blob(take_bytes(at), field);
  }
}

template <class T>
bool parse(std::string_view text, T& value) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

ValueView value_of_text(std::string_view text, const MYSQL_FIELD& field) noexcept {
  std::int64_t integer = 0;
  double real = 0;
  switch (field.type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_YEAR:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONGLONG:
      return parse(text, integer) ? ValueView::integer(integer) : ValueView::decimal(text);
    case MYSQL_TYPE_FLOAT:
    case MYSQL_TYPE_DOUBLE:
      return parse(text, real) ? ValueView::real(real) : ValueView::text(text);
    case MYSQL_TYPE_DECIMAL:
    case MYSQL_TYPE_NEWDECIMAL:
      return ValueView::decimal(text);
    case MYSQL_TYPE_DATE:
    case MYSQL_TYPE_DATETIME:
    case MYSQL_TYPE_TIMESTAMP:
    case MYSQL_TYPE_TIME:
      return ValueView::text(text);  // whose character set counts as binary
    default:
      return text_or_blob(text, field);
  }
}

}  // namespace

void RowReader::begin(MYSQL_STMT* statement) {
  fields_ = mariadb_stmt_fetch_fields(statement);
  cells_.assign(mysql_stmt_field_count(statement), ValueView());
  mysql_stmt_attr_set(statement, STMT_ATTR_CB_USER_DATA, this);
  mysql_stmt_attr_set(statement, STMT_ATTR_CB_RESULT, reinterpret_cast<const void*>(&take_cell));
}

bool RowReader::next(MYSQL_STMT* statement) { return mysql_stmt_fetch(statement) == 0; }

// The library hands over each cell where it lies in the packet, to be moved behind it; no row for null.
void RowReader::take_cell(void* self, unsigned int column, unsigned char** row) noexcept {
  RowReader& reader = *static_cast<RowReader*>(self);
  if (row == nullptr) {
    reader.cells_[column] = ValueView::null();
    return;
  }
  const unsigned char* at = *row;
  reader.cells_[column] = take_value(at, reader.fields_[column]);
  *row = const_cast<unsigned char*>(at);
}

void RowReader::read(MYSQL_RES* result, MYSQL_ROW row) {
  const std::size_t count = mysql_num_fields(result);
  const unsigned long* const lengths = mysql_fetch_lengths(result);
  const MYSQL_FIELD* const fields = mysql_fetch_fields(result);
  cells_.resize(count);
  for (std::size_t i = 0; i < count; ++i)
    cells_[i] = row[i] == nullptr ? ValueView::null()
                                  : value_of_text(std::string_view(row[i], lengths[i]), fields[i]);
}

std::vector<std::string_view> column_names(const MYSQL_FIELD* fields, std::size_t count) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < count; ++i) names.emplace_back(fields[i].name, fields[i].name_length);
  return names;
}

}  // namespace kin::mysql
