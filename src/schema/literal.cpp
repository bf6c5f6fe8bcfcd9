// SPDX-License-Identifier: MIT
#include "schema/literal.hpp"

#include <cstdint>

#include <fmt/format.h>

#include "types/chrono_text.hpp"

namespace kin::schema {
namespace {

int time_digits(ValueView value) {
  const std::int64_t fraction = value.as_integer() % 1'000'000;
  const int needed = fraction == 0 ? 0 : fraction % 1000 == 0 ? 3 : 6;
  return needed > value.fraction_digits() ? needed : value.fraction_digits();
}

}  // namespace

std::string hex_of(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

std::string quoted_text(std::string_view text) {
  std::string literal = "'";
  for (const char c : text) {
    if (c == '\'') literal += '\'';
    literal += c;
  }
  return literal += '\'';
}

std::string chrono_text(ValueView value) {
  char text[types::chrono_text_capacity];
  std::size_t size = 0;
  if (value.kind() == ValueKind::date)
    size = types::format_date(static_cast<std::int32_t>(value.as_integer()), text);
  else if (value.kind() == ValueKind::time)
    size = types::format_time(value.as_integer(), time_digits(value), text);
  else
    size = types::format_timestamp(value.as_integer(), value.fraction_digits(), text);
  return {text, size};
}

std::string real_text(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

}  // namespace kin::schema
