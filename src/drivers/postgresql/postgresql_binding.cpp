// SPDX-License-Identifier: MIT
#include "drivers/postgresql/postgresql_binding.hpp"

#include <kin/detail/codec.hpp>
#include <kin/types/uuid.hpp>

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

#include <fmt/format.h>

#include "drivers/postgresql/postgresql_bytes.hpp"
#include "drivers/postgresql/postgresql_numeric.hpp"
#include "drivers/postgresql/postgresql_types.hpp"
#include "sql/postgresql_arrays.hpp"
#include "types/chrono_text.hpp"
#include "types/codecs_cells.hpp"
#include "types/utf8.hpp"

namespace kin::postgresql {
namespace {

using detail::refuse;

constexpr std::size_t null_start = std::string::npos;
constexpr std::size_t largest_kept = 1 << 20;

/// The server would refuse the same, but not say which value it was, and spoil the transaction.
void append_utf8(std::string& out, std::string_view text) {
  if (!types::is_utf8(text)) refuse("the text is not valid UTF-8");
  if (text.find('\0') != std::string_view::npos) refuse("PostgreSQL stores no text with a NUL in it");
  out += text;
}

void append_text(std::string& out, ValueView value) {
  char text[types::chrono_text_capacity];
  switch (value.kind()) {
    case ValueKind::null:
      return;
    case ValueKind::boolean:
      out += value.as_boolean() ? "true" : "false";
      return;
    case ValueKind::real:
      if (std::isinf(value.as_real())) {
        out += value.as_real() < 0 ? "-Infinity" : "Infinity";
      } else {
        fmt::format_to(std::back_inserter(out), "{}", value.as_real());
      }
      return;
    case ValueKind::array:
      append_utf8(out, sql::postgresql_array(value.bytes()));
      return;
    case ValueKind::blob:
      out += "\\x";
      for (const char byte : value.bytes())
        fmt::format_to(std::back_inserter(out), "{:02x}", static_cast<unsigned char>(byte));
      return;
    case ValueKind::timestamp:
      out.append(text, types::format_timestamp(value.as_integer(), 6, text));
      out += "+00";
      return;
    case ValueKind::time:
      out.append(text, types::format_time(value.as_integer(), 6, text));
      return;
    default: {
      std::string printed;
      if (!detail::print_cell(value, printed)) refuse("the value has no form as text");
      append_utf8(out, printed);
    }
  }
}

std::int64_t integer_of(ValueView value, std::uint8_t bits, std::string_view type_name) {
  return detail::integer_from_cell(value, {type_name, bits, true});
}

std::int64_t minus(std::int64_t value, std::int64_t less) {
  std::int64_t result = 0;
  if (__builtin_sub_overflow(value, less, &result)) refuse("the time is outside of PostgreSQL's range");
  return result;
}

std::int64_t timestamp_of(ValueView value) {
  if (value.kind() == ValueKind::timestamp) return minus(value.as_integer(), epoch_microseconds);
  std::int64_t microseconds = 0;
  if (__builtin_mul_overflow(value.as_integer(), std::int64_t{86'400'000'000}, &microseconds))
    refuse("the date is outside of PostgreSQL's range");
  return minus(microseconds, epoch_microseconds);
}

std::int32_t date_of(ValueView value) {
  const std::int64_t days = value.as_integer() - epoch_days;
  if (days != static_cast<std::int32_t>(days)) refuse("the date is outside of PostgreSQL's range");
  return static_cast<std::int32_t>(days);
}

bool is_time_point(ValueKind kind) { return kind == ValueKind::timestamp || kind == ValueKind::date; }

bool is_text(ValueKind kind) {
  return kind == ValueKind::text || kind == ValueKind::json || kind == ValueKind::decimal;
}

/// An array in a column of JSON is JSON.
bool is_json(ValueKind kind) { return is_text(kind) || kind == ValueKind::array; }

/// A whole number that is not of an integer's kind may still be compared with one: of a fraction the server
/// is told, and answers that it is no integer.
bool is_number(ValueKind kind) {
  return kind == ValueKind::integer || kind == ValueKind::unsigned_integer || kind == ValueKind::boolean ||
         kind == ValueKind::real || kind == ValueKind::decimal;
}

/// A double counts as the shortest decimal that stands for it; where that needs an exponent it is sent as
/// text.
bool append_decimal(std::string& out, ValueView value) {
  std::string text;
  return detail::print_cell(value, text) && append_numeric(out, text);
}

/// Appends the value in the type's binary form; false when the type has none here, or not for this kind of
/// value.
bool append_binary(std::string& out, ValueView value, std::uint32_t type) {
  const ValueKind kind = value.kind();
  switch (type) {
    case type_bool:
      if (kind != ValueKind::boolean && kind != ValueKind::integer) return false;
      out += static_cast<char>(value.as_boolean() ? 1 : 0);
      return true;
    case type_int2:
      if (!is_number(kind)) return false;
      append_number(out, static_cast<std::int16_t>(integer_of(value, 16, "smallint")));
      return true;
    case type_int4:
      if (!is_number(kind)) return false;
      append_number(out, static_cast<std::int32_t>(integer_of(value, 32, "integer")));
      return true;
    case type_int8:
      if (!is_number(kind)) return false;
      append_number(out, integer_of(value, 64, "bigint"));
      return true;
    case type_float4:
      if (!is_number(kind)) return false;
      append_number(out,
                    std::bit_cast<std::int32_t>(static_cast<float>(detail::real_from_cell(value, "real"))));
      return true;
    case type_float8:
      if (!is_number(kind)) return false;
      append_number(out, std::bit_cast<std::int64_t>(detail::real_from_cell(value, "double precision")));
      return true;
    case type_numeric:
      return is_number(kind) && append_decimal(out, value);
    case type_text:
    case type_varchar:
    case type_bpchar:
    case type_name:
    case type_json:
      if (is_text(kind) || (type == type_json && is_json(kind))) {
        append_utf8(out, value.bytes());
      } else {
        if (kind == ValueKind::blob) return false;
        append_text(out, value);
      }
      return true;
    case type_jsonb:
      if (!is_json(kind)) return false;
      out += '\1';  // the version of the form
      append_utf8(out, value.bytes());
      return true;
    case type_bytea:
      if (kind != ValueKind::blob && kind != ValueKind::uuid && kind != ValueKind::text) return false;
      out += value.bytes();
      return true;
    case type_uuid:
      if (kind != ValueKind::uuid) return false;
      out += value.bytes();
      return true;
    case type_date:
      if (kind != ValueKind::date) return false;
      append_number(out, date_of(value));
      return true;
    case type_time:
      if (kind != ValueKind::time) return false;
      append_number(out, value.as_integer());
      return true;
    case type_timestamp:
    case type_timestamptz:
      if (!is_time_point(kind)) return false;
      append_number(out, timestamp_of(value));
      return true;
    default:
      return false;
  }
}

void append_array_element(std::string& out, ValueView value) {
  if (value.is_null()) {
    out += "NULL";
    return;
  }
  std::string text;
  append_text(text, value);
  sql::append_postgresql_element(out, text);
}

}  // namespace

void Parameters::clear() noexcept {
  bytes_.clear();
  starts_.clear();
  lengths_.clear();
  formats_.clear();
}

void Parameters::trim() {
  if (bytes_.capacity() > largest_kept) std::string().swap(bytes_);
}

void Parameters::finish(std::size_t start, bool binary) {
  if (!binary) bytes_ += '\0';  // libpq measures texts itself
  starts_.push_back(start);
  const std::size_t length = bytes_.size() - start;
  if (length > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    refuse("the value is larger than PostgreSQL's protocol can carry");
  lengths_.push_back(static_cast<int>(length));
  formats_.push_back(binary ? 1 : 0);
}

void Parameters::add(ValueView value, std::uint32_t type) {
  if (value.is_null()) {
    starts_.push_back(null_start);
    lengths_.push_back(0);
    formats_.push_back(1);
    return;
  }
  const std::size_t start = bytes_.size();
  const bool binary = append_binary(bytes_, value, type);
  if (!binary) {
    bytes_.resize(start);
    append_text(bytes_, value);
  }
  finish(start, binary);
}

template <class ValueAt>
void Parameters::append_array(const ValueAt& value_at, std::size_t& at, std::size_t end, std::uint32_t type) {
  const std::uint32_t element = element_type(type);
  const std::size_t begin = at;
  const std::size_t start = bytes_.size();
  append_number(bytes_, std::int32_t{1});  // dimensions
  append_number(bytes_, std::int32_t{1});  // may hold nulls
  append_number(bytes_, element);
  append_number(bytes_, static_cast<std::int32_t>(end - begin));
  append_number(bytes_, std::int32_t{1});  // number of the first element
  for (; at < end; ++at) {
    const ValueView value = value_at(at);
    if (value.is_null()) {
      append_number(bytes_, std::int32_t{-1});
      continue;
    }
    const std::size_t length_at = bytes_.size();
    append_number(bytes_, std::int32_t{0});
    if (element == type_unknown || !append_binary(bytes_, value, element)) {
      bytes_.resize(start);
      at = begin;
      append_text_array(value_at, at, end);
      return;
    }
    const auto length =
        swap_bytes(static_cast<std::int32_t>(bytes_.size() - length_at - sizeof(std::int32_t)));
    std::memcpy(bytes_.data() + length_at, &length, sizeof length);
  }
  finish(start, true);
}

template <class ValueAt>
void Parameters::append_text_array(const ValueAt& value_at, std::size_t& at, std::size_t end) {
  const std::size_t start = bytes_.size();
  char separator = '{';
  for (; at < end; ++at) {
    bytes_ += separator;
    separator = ',';
    append_array_element(bytes_, value_at(at));
  }
  bytes_ += '}';
  finish(start, false);
}

void Parameters::add_array(const driver::WriteBatch& batch, std::size_t& row, std::size_t end,
                           std::size_t index, std::uint32_t type) {
  const auto value_at = [&](std::size_t at) { return batch.parameter(at, index, scratch_); };
  append_array(value_at, row, end, type);
}

void Parameters::add_array(std::span<const ValueView> values, std::uint32_t type) {
  std::size_t at = 0;
  append_array([&](std::size_t index) { return values[index]; }, at, values.size(), type);
}

const char* const* Parameters::values() {
  values_.clear();
  for (const std::size_t start : starts_)
    values_.push_back(start == null_start ? nullptr : bytes_.data() + start);
  return values_.data();
}

}  // namespace kin::postgresql
