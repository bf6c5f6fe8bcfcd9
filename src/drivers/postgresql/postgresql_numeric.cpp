// SPDX-License-Identifier: MIT
#include "drivers/postgresql/postgresql_numeric.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "drivers/postgresql/postgresql_bytes.hpp"

namespace kin::postgresql {
namespace {

constexpr std::size_t header_size = 8;
constexpr std::size_t group_size = 4;  // decimal digits of one digit to the base 10 000
constexpr std::size_t largest_count = 30'000;

enum Sign : std::uint16_t {
  positive = 0,
  negative = 0x4000,
  not_a_number = 0xC000,
  infinite = 0xD000,
  minus_infinite = 0xF000,
};

bool is_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::int16_t group_value(std::string_view digits) {
  int value = 0;
  for (const char digit : digits) value = value * 10 + (digit - '0');
  return static_cast<std::int16_t>(value);
}

void append_group(std::string& decimal, std::int16_t group) {
  int divisor = 1000;
  for (std::size_t i = 0; i < group_size; ++i, divisor /= 10)
    decimal += static_cast<char>('0' + group / divisor % 10);
}

}  // namespace

bool append_numeric(std::string& out, std::string_view decimal) {
  const bool is_negative = decimal.starts_with('-');
  if (is_negative || decimal.starts_with('+')) decimal.remove_prefix(1);
  const std::size_t point = std::min(decimal.find('.'), decimal.size());
  std::string_view whole = decimal.substr(0, point);
  const std::string_view fraction = point < decimal.size() ? decimal.substr(point + 1) : std::string_view();
  if (!is_digits(whole) || !is_digits(fraction) || whole.size() + fraction.size() == 0) return false;
  whole.remove_prefix(std::min(whole.find_first_not_of('0'), whole.size()));

  // Groups of four digits to both sides of the point, the outer ones filled with zeros.
  const std::size_t whole_groups = (whole.size() + group_size - 1) / group_size;
  const std::size_t groups = whole_groups + (fraction.size() + group_size - 1) / group_size;
  if (groups > largest_count) return false;
  std::string digits(whole_groups * group_size - whole.size(), '0');
  digits += whole;
  digits += fraction;
  digits.append(groups * group_size - digits.size(), '0');

  std::size_t first = 0;
  while (first < groups && digits.compare(first * group_size, group_size, "0000") == 0) ++first;
  std::size_t last = groups;
  while (last > first && digits.compare((last - 1) * group_size, group_size, "0000") == 0) --last;

  append_number(out, static_cast<std::int16_t>(last - first));
  append_number(out, static_cast<std::int16_t>(static_cast<int>(whole_groups) - static_cast<int>(first) - 1));
  append_number(out, static_cast<std::uint16_t>(is_negative && first < last ? negative : positive));
  append_number(out, static_cast<std::int16_t>(fraction.size()));
  for (std::size_t group = first; group < last; ++group)
    append_number(out, group_value(std::string_view(digits).substr(group * group_size, group_size)));
  return true;
}

bool read_numeric(std::string_view bytes, std::string& decimal) {
  if (bytes.size() < header_size) return false;
  const int count = read_number<std::int16_t>(bytes.data());
  const int weight = read_number<std::int16_t>(bytes.data() + 2);
  const auto sign = read_number<std::uint16_t>(bytes.data() + 4);
  const int scale = read_number<std::int16_t>(bytes.data() + 6);
  decimal.clear();
  switch (sign) {
    case not_a_number:
      decimal = "NaN";
      return true;
    case infinite:
      decimal = "Infinity";
      return true;
    case minus_infinite:
      decimal = "-Infinity";
      return true;
    case positive:
      break;
    case negative:
      decimal += '-';
      break;
    default:
      return false;
  }
  if (count < 0 || bytes.size() != header_size + static_cast<std::size_t>(count) * 2) return false;
  // The group at a place, counted in groups before (0 and more) and after the point (less than 0).
  const auto append_at = [&](int place) {
    const int index = weight - place;
    append_group(decimal, index < 0 || index >= count
                              ? std::int16_t{0}
                              : read_number<std::int16_t>(bytes.data() + header_size + index * 2));
  };
  const std::size_t begin = decimal.size();
  for (int place = std::max(weight, 0); place >= 0; --place) append_at(place);
  const std::size_t zeros = decimal.find_first_not_of('0', begin);
  decimal.erase(begin, std::min(zeros, decimal.size() - 1) - begin);
  if (scale > 0) {
    decimal += '.';
    const std::size_t end = decimal.size() + static_cast<std::size_t>(scale);
    for (int place = -1; decimal.size() < end; --place) append_at(place);
    decimal.resize(end);
  }
  return true;
}

}  // namespace kin::postgresql
