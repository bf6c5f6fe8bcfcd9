// SPDX-License-Identifier: MIT
#include "drivers/mysql/mysql_parameters.hpp"

#include <kin/detail/codec.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "types/utf8.hpp"

namespace kin::mysql {
namespace {

constexpr std::int64_t microseconds_per_second = 1'000'000;
constexpr std::int64_t microseconds_per_day = 86'400 * microseconds_per_second;

[[noreturn]] void refuse(std::string reason) { throw kin::detail::ConversionError{std::move(reason)}; }

std::int64_t floor_divide(std::int64_t value, std::int64_t by) {
  const std::int64_t quotient = value / by;
  return value % by < 0 ? quotient - 1 : quotient;
}

void set_date(MYSQL_TIME& time, std::int64_t days) {
  using namespace std::chrono;
  constexpr std::int64_t first = sys_days(year(0) / 1 / 1).time_since_epoch().count();
  constexpr std::int64_t last = sys_days(year(9999) / 12 / 31).time_since_epoch().count();
  if (days < first || days > last) refuse("the date is out of range: years are 0 to 9999");
  const year_month_day date{sys_days(std::chrono::days(days))};
  time.year = static_cast<unsigned int>(static_cast<int>(date.year()));
  time.month = static_cast<unsigned int>(date.month());
  time.day = static_cast<unsigned int>(date.day());
}

void set_clock(MYSQL_TIME& time, std::int64_t microseconds) {
  const std::int64_t seconds = microseconds / microseconds_per_second;
  time.hour = static_cast<unsigned int>(seconds / 3600);
  time.minute = static_cast<unsigned int>(seconds / 60 % 60);
  time.second = static_cast<unsigned int>(seconds % 60);
  time.second_part = static_cast<unsigned long>(microseconds % microseconds_per_second);
}

MYSQL_TIME date_of(std::int64_t days) {
  MYSQL_TIME time{};
  time.time_type = MYSQL_TIMESTAMP_DATE;
  set_date(time, days);
  return time;
}

MYSQL_TIME time_of(std::int64_t microseconds) {
  MYSQL_TIME time{};
  time.time_type = MYSQL_TIMESTAMP_TIME;
  time.neg = microseconds < 0;
  set_clock(time, microseconds < 0 ? -microseconds : microseconds);
  return time;
}

MYSQL_TIME timestamp_of(std::int64_t microseconds) {
  MYSQL_TIME time{};
  time.time_type = MYSQL_TIMESTAMP_DATETIME;
  const std::int64_t days = floor_divide(microseconds, microseconds_per_day);
  set_date(time, days);
  set_clock(time, microseconds - days * microseconds_per_day);
  return time;
}

bool is_bytes(enum_field_types type) noexcept {
  return type == MYSQL_TYPE_VAR_STRING || type == MYSQL_TYPE_BLOB || type == MYSQL_TYPE_NEWDECIMAL;
}

}  // namespace

void Parameters::clear() noexcept {
  values_.clear();
  copies_.release();
}

void Parameters::truncate(std::size_t count) noexcept { values_.resize(count); }

void Parameters::set_bytes(Parameter& parameter, enum_field_types type, ValueView value) {
  const std::string_view bytes = value.bytes();
  parameter.type = type;
  parameter.length = bytes.size();
  parameter.bytes = bytes.data() != nullptr ? bytes.data() : "";
  if (!value.is_transient() || bytes.empty()) return;
  void* const copy = copies_.allocate(bytes.size(), 1);
  std::memcpy(copy, bytes.data(), bytes.size());
  parameter.bytes = copy;
}

void Parameters::add(ValueView value) {
  Parameter& parameter = values_.emplace_back();
  switch (value.kind()) {
    case ValueKind::null:
      parameter.indicator = STMT_INDICATOR_NULL;
      return;
    case ValueKind::boolean:
    case ValueKind::integer:
      parameter.type = MYSQL_TYPE_LONGLONG;
      parameter.integer = value.as_integer();
      return;
    case ValueKind::unsigned_integer:
      parameter.type = MYSQL_TYPE_LONGLONG;
      parameter.is_unsigned = 1;
      parameter.integer = value.as_integer();
      return;
    case ValueKind::real:
      if (!std::isfinite(value.as_real())) refuse("MySQL and MariaDB store no NaN and no infinity");
      parameter.type = MYSQL_TYPE_DOUBLE;
      parameter.real = value.as_real();
      return;
    case ValueKind::text:
    case ValueKind::json:
    case ValueKind::array:
    case ValueKind::interval:
      if (!types::is_utf8(value.bytes())) refuse("the text is not valid UTF-8");
      return set_bytes(parameter, MYSQL_TYPE_VAR_STRING, value);
    case ValueKind::decimal:
      return set_bytes(parameter, MYSQL_TYPE_NEWDECIMAL, value);
    case ValueKind::blob:
    case ValueKind::uuid:
      return set_bytes(parameter, MYSQL_TYPE_BLOB, value);
    case ValueKind::date:
      parameter.type = MYSQL_TYPE_DATE;
      parameter.time = date_of(value.as_integer());
      return;
    case ValueKind::time:
      parameter.type = MYSQL_TYPE_TIME;
      parameter.time = time_of(value.as_integer());
      return;
    case ValueKind::timestamp:
      parameter.type = MYSQL_TYPE_DATETIME;
      parameter.time = timestamp_of(value.as_integer());
      return;
  }
}

std::size_t Parameters::bytes(std::size_t first, std::size_t count) const noexcept {
  constexpr std::size_t overhead = 16;  // type, length or number
  std::size_t sum = 0;
  for (std::size_t i = first; i < first + count; ++i) sum += values_[i].length + overhead;
  return sum;
}

void Parameters::describe(MYSQL_BIND& bind, Parameter& parameter) noexcept {
  bind.buffer = is_bytes(parameter.type) ? const_cast<void*>(parameter.bytes) : &parameter.integer;
  bind.buffer_length = parameter.length;
  bind.length = &parameter.length;
  bind.u.indicator = &parameter.indicator;
}

bool Parameters::bind(MYSQL_STMT* statement) {
  binds_.assign(values_.size(), MYSQL_BIND());
  for (std::size_t i = 0; i < values_.size(); ++i) {
    binds_[i].buffer_type = values_[i].type;
    binds_[i].is_unsigned = values_[i].is_unsigned;
    describe(binds_[i], values_[i]);
  }
  const unsigned int no_array = 0;
  mysql_stmt_attr_set(statement, STMT_ATTR_ARRAY_SIZE, &no_array);
  mysql_stmt_attr_set(statement, STMT_ATTR_CB_PARAM, nullptr);
  return values_.empty() || mysql_stmt_bind_param(statement, binds_.data()) == 0;
}

bool Parameters::fits_array(std::size_t width) const noexcept {
  for (std::size_t column = 0; column < width; ++column) {
    const Parameter* first = nullptr;
    for (std::size_t i = column; i < values_.size(); i += width) {
      const Parameter& value = values_[i];
      if (value.type == MYSQL_TYPE_NULL) continue;
      if (first == nullptr) first = &value;
      if (value.type != first->type || value.is_unsigned != first->is_unsigned) return false;
    }
  }
  return true;
}

// The library asks for each row when it writes the packet, so nothing is copied twice.
my_bool Parameters::next_row(void* self, MYSQL_BIND* binds, unsigned int row) noexcept {
  Parameters& parameters = *static_cast<Parameters*>(self);
  for (std::size_t i = 0; i < parameters.width_; ++i)
    describe(binds[i], parameters.values_[row * parameters.width_ + i]);
  return 0;
}

bool Parameters::bind_array(MYSQL_STMT* statement, std::size_t width) {
  width_ = width;
  binds_.assign(width, MYSQL_BIND());
  for (std::size_t column = 0; column < width; ++column) {
    // Of a column of nulls alone any type will do.
    binds_[column].buffer_type = MYSQL_TYPE_VAR_STRING;
    for (std::size_t i = column; i < values_.size(); i += width) {
      if (values_[i].type == MYSQL_TYPE_NULL) continue;
      binds_[column].buffer_type = values_[i].type;
      binds_[column].is_unsigned = values_[i].is_unsigned;
      break;
    }
    describe(binds_[column], values_[column]);
  }
  const auto rows = static_cast<unsigned int>(values_.size() / width);
  mysql_stmt_attr_set(statement, STMT_ATTR_ARRAY_SIZE, &rows);
  mysql_stmt_attr_set(statement, STMT_ATTR_CB_USER_DATA, this);
  mysql_stmt_attr_set(statement, STMT_ATTR_CB_PARAM, reinterpret_cast<const void*>(&next_row));
  return mysql_stmt_bind_param(statement, binds_.data()) == 0;
}

}  // namespace kin::mysql
