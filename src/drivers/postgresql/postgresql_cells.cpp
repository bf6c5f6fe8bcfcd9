// SPDX-License-Identifier: MIT
#include "drivers/postgresql/postgresql_cells.hpp"

#include <kin/types/interval.hpp>

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>
#include <string_view>

#include "drivers/postgresql/postgresql_bytes.hpp"
#include "drivers/postgresql/postgresql_numeric.hpp"
#include "drivers/postgresql/postgresql_types.hpp"
#include "types/array_text.hpp"

namespace kin::postgresql {
namespace {

/// Codecs refuse the words as what is no date or time.
ValueView infinity(bool is_negative) { return ValueView::text(is_negative ? "-infinity" : "infinity"); }

/// Arrays of bytes and of JSON are left as PostgreSQL's text: a vector holds neither.
bool is_array(std::uint32_t type) {
  const std::uint32_t element = element_type(type);
  return element != type_unknown && element != type_bytea && element != type_json && element != type_jsonb;
}

ValueView timestamp(std::int64_t value) {
  if (value == std::numeric_limits<std::int64_t>::max()) return infinity(false);
  if (value == std::numeric_limits<std::int64_t>::min()) return infinity(true);
  return ValueView::timestamp(value + epoch_microseconds, 6);
}

ValueView date(std::int32_t value) {
  if (value == std::numeric_limits<std::int32_t>::max()) return infinity(false);
  if (value == std::numeric_limits<std::int32_t>::min()) return infinity(true);
  return ValueView::date(std::int64_t{value} + epoch_days);
}

/// As the server writes bytes in text: \x and two digits a byte.
std::string bytes_of_hex(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 2; i + 1 < text.size(); i += 2) {
    unsigned byte = 0;
    std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

ValueView from_text(std::string_view text, std::uint32_t type, std::string& storage) {
  switch (type) {
    case type_bool:
      return ValueView::boolean(text == "t");
    case type_json:
    case type_jsonb:
      return ValueView::json(text);
    case type_numeric:
      return ValueView::decimal(text);
    case type_bytea:
      if (!text.starts_with("\\x")) return ValueView::text(text);
      storage = bytes_of_hex(text);
      return ValueView::blob(storage.data(), storage.size());
    default:
      return ValueView::text(text);
  }
}

ValueView interval(const char* data, std::string& text) {
  Interval value;
  value.time = std::chrono::microseconds(read_number<std::int64_t>(data));
  value.days = read_number<std::int32_t>(data + 8);
  value.months = read_number<std::int32_t>(data + 12);
  text = value.to_string();
  return ValueView::interval(text);
}

ValueView from_binary(std::string_view bytes, std::uint32_t type, std::string& text);

/// Elements in rows of rows come one after the other, as those of one array.
ValueView array(std::string_view bytes, std::string& json) {
  const char* at = bytes.data();
  const auto dimensions = read_number<std::int32_t>(at);
  const std::uint32_t type = read_number<std::uint32_t>(at + 8);
  at += 12 + 8 * dimensions;
  const char* const end = bytes.data() + bytes.size();
  std::string text;
  json = "[";
  while (at < end) {
    const auto length = read_number<std::int32_t>(at);
    at += 4;
    if (json.size() > 1) json += ',';
    const std::string_view element(at, static_cast<std::size_t>(std::max(length, 0)));
    types::append_element(json, length < 0 ? ValueView::null() : from_binary(element, type, text));
    at += element.size();
  }
  json += ']';
  return ValueView::array(json);
}

ValueView from_binary(std::string_view bytes, std::uint32_t type, std::string& text) {
  const char* const data = bytes.data();
  switch (type) {
    case type_bool:
      return ValueView::boolean(*data != 0);
    case type_int2:
      return ValueView::integer(read_number<std::int16_t>(data));
    case type_int4:
      return ValueView::integer(read_number<std::int32_t>(data));
    case type_int8:
      return ValueView::integer(read_number<std::int64_t>(data));
    case type_oid:
      return ValueView::integer(read_number<std::uint32_t>(data));
    case type_float4:
      return ValueView::real(std::bit_cast<float>(read_number<std::int32_t>(data)));
    case type_float8:
      return ValueView::real(std::bit_cast<double>(read_number<std::int64_t>(data)));
    case type_numeric:
      if (read_numeric(bytes, text)) return ValueView::decimal(text);
      return ValueView::blob(data, bytes.size());
    case type_bytea:
      return ValueView::blob(data, bytes.size());
    case type_uuid:
      return ValueView::uuid(data);
    case type_json:
      return ValueView::json(bytes);
    case type_jsonb:
      return ValueView::json(bytes.substr(1));
    case type_date:
      return date(read_number<std::int32_t>(data));
    case type_time:
      return ValueView::time(read_number<std::int64_t>(data));
    case type_timestamp:
    case type_timestamptz:
      return timestamp(read_number<std::int64_t>(data));
    case type_interval:
      return interval(data, text);
    default:
      return is_array(type) ? array(bytes, text) : ValueView::text(bytes);
  }
}

}  // namespace

bool CellReader::reads_binary(std::uint32_t type) noexcept {
  switch (type) {
    case type_bool:
    case type_int2:
    case type_int4:
    case type_int8:
    case type_oid:
    case type_float4:
    case type_float8:
    case type_numeric:
    case type_bytea:
    case type_uuid:
    case type_json:
    case type_jsonb:
    case type_date:
    case type_time:
    case type_timestamp:
    case type_timestamptz:
    case type_text:
    case type_varchar:
    case type_bpchar:
    case type_name:
    case type_char:
    case type_unspecified:
    case type_interval:
      return true;
    default:
      return is_array(type);
  }
}

ValueView CellReader::cell(const PGresult* result, int row, int column) {
  if (PQgetisnull(result, row, column) != 0) return ValueView::null();
  const std::string_view bytes(PQgetvalue(result, row, column),
                               static_cast<std::size_t>(PQgetlength(result, row, column)));
  const std::uint32_t type = PQftype(result, column);
  std::string& storage = texts_[static_cast<std::size_t>(column)];
  return PQfformat(result, column) == 0 ? from_text(bytes, type, storage) : from_binary(bytes, type, storage);
}

const ValueView* CellReader::read(const PGresult* result, int row) {
  const auto count = static_cast<std::size_t>(PQnfields(result));
  if (cells_.size() < count) {
    cells_.resize(count);
    texts_.resize(count);
  }
  for (std::size_t column = 0; column < count; ++column)
    cells_[column] = cell(result, row, static_cast<int>(column));
  return cells_.data();
}

}  // namespace kin::postgresql
