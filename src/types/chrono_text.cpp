// SPDX-License-Identifier: MIT
#include "types/chrono_text.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

namespace kin::types {
namespace {

__extension__ typedef __int128 Integer128;

constexpr std::int64_t microseconds_per_second = 1'000'000;
constexpr std::int64_t seconds_per_day = 86'400;
constexpr std::int64_t microseconds_per_day = seconds_per_day * microseconds_per_second;
constexpr std::size_t microsecond_digits = 6;

// --- calendar ---

struct Date {
  std::int64_t year;
  unsigned month;
  unsigned day;
};

// days_from_civil and civil_from_days by Howard Hinnant, http://howardhinnant.github.io/date_algorithms.html
// (public domain). std::chrono's calendar has the same algorithms, but its years end at 32767.
constexpr std::int64_t days_from_civil(Date date) {
  const std::int64_t year = date.year - (date.month <= 2 ? 1 : 0);
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const auto year_of_era = static_cast<unsigned>(year - era * 400);
  const unsigned month_from_march = date.month > 2 ? date.month - 3 : date.month + 9;
  const unsigned day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
  const unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + static_cast<std::int64_t>(day_of_era) - 719'468;
}

constexpr Date civil_from_days(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const auto day_of_era = static_cast<unsigned>(days - era * 146'097);
  const unsigned year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned month_from_march = (5 * day_of_year + 2) / 153;
  const unsigned day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  const unsigned month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  return {static_cast<std::int64_t>(year_of_era) + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

constexpr bool is_leap(std::int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

unsigned days_in_month(std::int64_t year, unsigned month) {
  constexpr std::array<std::uint8_t, 12> lengths{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : lengths[month - 1];
}

// --- writing ---

constexpr auto digit_pairs = [] {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

char* write_pair(char* out, unsigned value) {
  std::memcpy(out, &digit_pairs[2 * static_cast<std::size_t>(value)], 2);
  return out + 2;
}

// At least `width` digits, with zeros in front.
char* write_number(char* out, std::uint64_t value, std::size_t width) {
  char reversed[20];
  std::size_t count = 0;
  for (; value != 0 || count < width; value /= 10) reversed[count++] = static_cast<char>('0' + value % 10);
  return std::reverse_copy(reversed, reversed + count, out);
}

char* write_date(char* out, std::int64_t days) {
  const Date date = civil_from_days(days);
  if (date.year >= 0 && date.year <= 9999) {
    out = write_pair(out, static_cast<unsigned>(date.year) / 100);
    out = write_pair(out, static_cast<unsigned>(date.year) % 100);
  } else {
    if (date.year < 0) *out++ = '-';
    out = write_number(out, static_cast<std::uint64_t>(date.year < 0 ? -date.year : date.year), 4);
  }
  *out++ = '-';
  out = write_pair(out, date.month);
  *out++ = '-';
  return write_pair(out, date.day);
}

// From the minutes on; value is the microseconds in the hour.
char* write_below_hours(char* out, unsigned value, int fraction_digits) {
  constexpr auto per_second = static_cast<unsigned>(microseconds_per_second);
  const unsigned seconds = value / per_second;
  *out++ = ':';
  out = write_pair(out, seconds / 60);
  *out++ = ':';
  out = write_pair(out, seconds % 60);
  if (fraction_digits <= 0) return out;
  const unsigned fraction = value % per_second;
  *out++ = '.';
  char* const start = out;
  out = write_pair(out, fraction / 10'000);
  out = write_pair(out, fraction / 100 % 100);
  write_pair(out, fraction % 100);
  return start + std::min<int>(fraction_digits, static_cast<int>(microsecond_digits));
}

constexpr std::uint64_t microseconds_per_hour = 3600 * static_cast<std::uint64_t>(microseconds_per_second);

// --- reading ---

bool is_digit(char c) { return c >= '0' && c <= '9'; }

unsigned digit(char c) { return static_cast<unsigned>(c - '0'); }

// What is left of a text. Each take_… moves on only as far as it understood.
class Reader {
 public:
  explicit Reader(std::string_view text) : position_(text.data()), end_(text.data() + text.size()) {}

  bool at_end() const { return position_ == end_; }
  bool next_is(char c) const { return position_ != end_ && *position_ == c; }

  bool take(char c) {
    if (!next_is(c)) return false;
    ++position_;
    return true;
  }

  // Exactly two digits, not above a limit.
  bool take_pair(unsigned limit, unsigned& value) {
    if (end_ - position_ < 2 || !is_digit(position_[0]) || !is_digit(position_[1])) return false;
    value = digit(position_[0]) * 10 + digit(position_[1]);
    position_ += 2;
    return value <= limit;
  }

  // Digits up to the next other character; returns how many there are. Stops at the 10th, where they are too
  // many for any number here.
  std::size_t take_digits(std::uint32_t& value) {
    constexpr std::size_t most = 9;
    const char* const start = position_;
    value = 0;
    while (position_ != end_ && is_digit(*position_) && static_cast<std::size_t>(position_ - start) < most) {
      value = value * 10 + digit(*position_++);
    }
    return static_cast<std::size_t>(position_ - start);
  }

 private:
  const char* position_;
  const char* end_;
};

bool take_date(Reader& reader, std::int64_t& days) {
  const bool negative = reader.take('-');
  if (!negative) reader.take('+');
  std::uint32_t year = 0;
  Date date{};
  if (reader.take_digits(year) < 4 || !reader.take('-')) return false;
  if (!reader.take_pair(12, date.month) || !reader.take('-') || !reader.take_pair(31, date.day)) return false;
  date.year = negative ? -static_cast<std::int64_t>(year) : static_cast<std::int64_t>(year);
  if (date.month == 0 || date.day == 0 || date.day > days_in_month(date.year, date.month)) return false;
  days = days_from_civil(date);
  return true;
}

bool take_fraction(Reader& reader, std::int64_t& microseconds) {
  std::uint32_t fraction = 0;
  std::size_t digits = reader.take_digits(fraction);
  if (digits == 0) return false;
  for (; digits > microsecond_digits; --digits) fraction /= 10;
  for (; digits < microsecond_digits; ++digits) fraction *= 10;
  microseconds += fraction;
  return true;
}

std::int64_t seconds_of(unsigned hour, unsigned minute, unsigned second) {
  return (std::int64_t{hour} * 60 + minute) * 60 + second;
}

// Microseconds since midnight. The limit of hours allows for 24:00:00, the other callers' hours end at 23.
bool take_time(Reader& reader, unsigned hour_limit, std::int64_t& microseconds) {
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
  if (!reader.take_pair(hour_limit, hour) || !reader.take(':') || !reader.take_pair(59, minute)) return false;
  const bool has_seconds = reader.take(':');
  if (has_seconds && !reader.take_pair(59, second)) return false;
  microseconds = seconds_of(hour, minute, second) * microseconds_per_second;
  if (has_seconds && reader.take('.') && !take_fraction(reader, microseconds)) return false;
  return microseconds <= microseconds_per_day;
}

// Seconds east of UTC. False when there is something else.
bool take_offset(Reader& reader, std::int64_t& seconds) {
  seconds = 0;
  if (reader.take('Z') || reader.take('z')) return true;
  const bool west = reader.take('-');
  if (!west && !reader.take('+')) return false;
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
  if (!reader.take_pair(23, hour)) return false;
  if (reader.take(':')) {
    if (!reader.take_pair(59, minute)) return false;
    if (reader.take(':') && !reader.take_pair(59, second)) return false;
  } else if (!reader.at_end() && !reader.take_pair(59, minute)) {
    return false;
  }
  seconds = seconds_of(hour, minute, second);
  if (west) seconds = -seconds;
  return true;
}

}  // namespace

std::size_t format_timestamp(std::int64_t microseconds, int fraction_digits, char* out) noexcept {
  std::int64_t days = microseconds / microseconds_per_day;
  std::int64_t of_day = microseconds % microseconds_per_day;
  if (of_day < 0) {
    of_day += microseconds_per_day;
    --days;
  }
  char* end = write_date(out, days);
  *end++ = ' ';
  const auto rest = static_cast<std::uint64_t>(of_day);
  end = write_pair(end, static_cast<unsigned>(rest / microseconds_per_hour));
  end = write_below_hours(end, static_cast<unsigned>(rest % microseconds_per_hour), fraction_digits);
  return static_cast<std::size_t>(end - out);
}

bool parse_timestamp(std::string_view text, std::int64_t& microseconds) noexcept {
  Reader reader(text);
  std::int64_t days = 0;
  std::int64_t of_day = 0;
  std::int64_t offset = 0;
  if (!take_date(reader, days)) return false;
  if (!reader.at_end()) {
    if (!reader.take(' ') && !reader.take('T') && !reader.take('t')) return false;
    if (!take_time(reader, 23, of_day)) return false;
    if (!reader.at_end() && !take_offset(reader, offset)) return false;
    if (!reader.at_end()) return false;
  }
  // In 128 bits, because the midnight before the first moment that fits does not fit itself.
  const Integer128 result =
      Integer128{days} * microseconds_per_day + of_day - Integer128{offset} * microseconds_per_second;
  if (result < std::numeric_limits<std::int64_t>::min() ||
      result > std::numeric_limits<std::int64_t>::max()) {
    return false;
  }
  microseconds = static_cast<std::int64_t>(result);
  return true;
}

std::size_t format_date(std::int32_t days, char* out) noexcept {
  return static_cast<std::size_t>(write_date(out, days) - out);
}

bool parse_date(std::string_view text, std::int32_t& days) noexcept {
  Reader reader(text);
  std::int64_t result = 0;
  if (!take_date(reader, result) || !reader.at_end()) return false;
  if (result < std::numeric_limits<std::int32_t>::min() ||
      result > std::numeric_limits<std::int32_t>::max()) {
    return false;
  }
  days = static_cast<std::int32_t>(result);
  return true;
}

std::size_t format_time(std::int64_t microseconds, int fraction_digits, char* out) noexcept {
  char* end = out;
  auto magnitude = static_cast<std::uint64_t>(microseconds);
  if (microseconds < 0) {
    *end++ = '-';
    magnitude = 0 - magnitude;
  }
  const std::uint64_t hours = magnitude / microseconds_per_hour;
  end = hours < 100 ? write_pair(end, static_cast<unsigned>(hours)) : write_number(end, hours, 2);
  end = write_below_hours(end, static_cast<unsigned>(magnitude % microseconds_per_hour), fraction_digits);
  return static_cast<std::size_t>(end - out);
}

bool parse_time(std::string_view text, std::int64_t& microseconds) noexcept {
  Reader reader(text);
  std::int64_t result = 0;
  if (!take_time(reader, 24, result) || !reader.at_end()) return false;
  microseconds = result;
  return true;
}

}  // namespace kin::types
