// SPDX-License-Identifier: MIT
#include "types/codecs_cells.hpp"

#include "types/chrono_text.hpp"

#include <kin/types/uuid.hpp>

#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <system_error>

namespace kin::detail {
namespace {

__extension__ typedef __int128 Integer128;

constexpr Integer128 power_of_two(unsigned exponent) { return static_cast<Integer128>(1) << exponent; }

// Large enough for every number and for types::chrono_text_capacity.
constexpr std::size_t print_capacity = 48;
static_assert(print_capacity >= types::chrono_text_capacity);

template <class Number>
std::string print_number(Number number) {
  char text[print_capacity];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  return {text, end};
}

int fraction_digits_of(std::int64_t microseconds) {
  int digits = 6;
  for (std::int64_t rest = microseconds % 1'000'000; digits > 0 && rest % 10 == 0; rest /= 10) --digits;
  return digits;
}

std::string_view kind_name(ValueKind kind) {
  switch (kind) {
    case ValueKind::null:
      return "null";
    case ValueKind::boolean:
      return "truth value";
    case ValueKind::integer:
    case ValueKind::unsigned_integer:
      return "integer";
    case ValueKind::real:
      return "real number";
    case ValueKind::text:
      return "text";
    case ValueKind::blob:
      return "blob";
    case ValueKind::decimal:
      return "decimal number";
    case ValueKind::date:
      return "date";
    case ValueKind::time:
      return "time";
    case ValueKind::timestamp:
      return "timestamp";
    case ValueKind::uuid:
      return "UUID";
    case ValueKind::json:
      return "JSON value";
    case ValueKind::array:
      return "array";
    case ValueKind::interval:
      return "interval";
  }
  return "value";
}

bool fits(Integer128 number, IntegerTarget target) {
  const unsigned bits = target.is_signed ? target.bits - 1u : target.bits;
  return number < power_of_two(bits) && number >= (target.is_signed ? -power_of_two(bits) : 0);
}

// The number is of less than 65 bits.
std::int64_t checked(Integer128 number, IntegerTarget target) {
  if (!fits(number, target)) {
    const auto magnitude = static_cast<std::uint64_t>(number < 0 ? -number : number);
    refuse_integer((number < 0 ? "-" : "") + print_number(magnitude), target);
  }
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(number));
}

// A DECIMAL column's number may carry a fraction of zeros.
std::string_view without_zero_fraction(std::string_view text) {
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos || text.find_first_not_of('0', point + 1) != std::string_view::npos)
    return text;
  return text.substr(0, point);
}

std::int64_t integer_from_text(std::string_view text, IntegerTarget target) {
  const char* const end = text.data() + text.size();
  std::int64_t number = 0;
  auto outcome = std::from_chars(text.data(), end, number);
  if (outcome.ec == std::errc{} && outcome.ptr == end) return checked(number, target);
  if (outcome.ec == std::errc::result_out_of_range && outcome.ptr == end) {
    std::uint64_t large = 0;
    outcome = std::from_chars(text.data(), end, large);
    if (outcome.ec == std::errc{}) return checked(large, target);
    refuse_integer(text, target);
  }
  refuse_text(text, "an integer");
}

std::int64_t integer_from_real(double number, IntegerTarget target) {
  if (!(std::trunc(number) == number)) refuse(print_number(number) + " is not an integer");  // NaN neither
  // Keeps large numbers and infinity from the conversion, which would be undefined.
  if (std::abs(number) >= 0x1p64) refuse_integer(print_number(number), target);
  return checked(static_cast<Integer128>(number), target);
}

double real_from_text(std::string_view text) {
  const char* const end = text.data() + text.size();
  double number = 0;
  const auto outcome = std::from_chars(text.data(), end, number);
  if (outcome.ec == std::errc::result_out_of_range && outcome.ptr == end) {
    refuse(quoted(text) + " is out of the range of a double");
  }
  if (outcome.ec != std::errc{} || outcome.ptr != end) refuse_text(text, "a number");
  return number;
}

template <class Integer>
double real_from_integer(Integer number) {
  const auto real = static_cast<double>(number);
  if (static_cast<Integer128>(real) != static_cast<Integer128>(number)) {
    refuse(print_number(number) + " has more digits than a double holds");
  }
  return real;
}

}  // namespace

void refuse(std::string reason) { throw ConversionError{std::move(reason)}; }

void refuse_kind(ValueView cell, std::string_view type_name) {
  if (cell.is_null()) refuse("null, but the member isn't std::optional");
  std::string reason(kind_name(cell.kind()));
  const bool has_vowel = reason.front() == 'a' || reason.front() == 'i';
  reason.insert(0, has_vowel ? "an " : "a ");
  if (cell.kind() == ValueKind::blob) reason += " of " + std::to_string(cell.bytes().size()) + " bytes";
  reason += " does not convert to ";
  reason += type_name;
  refuse(std::move(reason));
}

void refuse_text(std::string_view text, std::string_view what_it_is_not) {
  std::string reason = quoted(text);
  reason += " is not ";
  reason += what_it_is_not;
  refuse(std::move(reason));
}

void refuse_integer(std::string_view number, IntegerTarget target) {
  std::string reason(number);
  if (!target.is_signed && number.starts_with('-')) {
    reason += " is negative, but ";
    reason += target.type_name;
    reason += " is unsigned";
  } else {
    reason += " does not fit into " + std::to_string(target.bits) + " bits";
  }
  refuse(std::move(reason));
}

void refuse_size(std::size_t size) {
  refuse("a value of " + std::to_string(size) + " bytes is too long; the limit is 4294967295");
}

std::string quoted(std::string_view text) {
  constexpr std::size_t limit = 40;
  const bool is_cut = text.size() > limit;
  if (is_cut) {
    std::size_t end = limit;
    // Not inside a character: its continuation bytes are 10xxxxxx.
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end);
  }
  std::string result = "'";
  result += text;
  result += is_cut ? "…'" : "'";
  return result;
}

std::string print_timestamp(std::int64_t microseconds) {
  char text[print_capacity];
  return {text, types::format_timestamp(microseconds, fraction_digits_of(microseconds), text)};
}

std::string print_time(std::int64_t microseconds) {
  char text[print_capacity];
  return {text, types::format_time(microseconds, fraction_digits_of(microseconds), text)};
}

std::string describe(ValueView cell) {
  std::string text;
  if (cell.kind() == ValueKind::text || cell.kind() == ValueKind::json) return quoted(cell.bytes());
  if (print_cell(cell, text)) return text;
  return std::string(kind_name(cell.kind()));
}

bool print_cell(ValueView cell, std::string& to) {
  char text[print_capacity];
  switch (cell.kind()) {
    case ValueKind::null:
    case ValueKind::blob:
      return false;
    case ValueKind::text:
    case ValueKind::decimal:
    case ValueKind::json:
    case ValueKind::array:
    case ValueKind::interval:
      to.assign(cell.bytes());
      return true;
    case ValueKind::boolean:
      to = cell.as_boolean() ? "true" : "false";
      return true;
    case ValueKind::integer:
      to = print_number(cell.as_integer());
      return true;
    case ValueKind::unsigned_integer:
      to = print_number(cell.as_unsigned());
      return true;
    case ValueKind::real:
      to = print_number(cell.as_real());
      return true;
    case ValueKind::date:
      if (cell.as_integer() != static_cast<std::int32_t>(cell.as_integer())) return false;
      to.assign(text, types::format_date(static_cast<std::int32_t>(cell.as_integer()), text));
      return true;
    case ValueKind::time:
      to = print_time(cell.as_integer());
      return true;
    case ValueKind::timestamp:
      to = print_timestamp(cell.as_integer());
      return true;
    case ValueKind::uuid:
      to = Uuid::from_bytes(cell.bytes().data()).to_string();
      return true;
  }
  return false;
}

std::int64_t integer_from_cell(ValueView cell, IntegerTarget target) {
  switch (cell.kind()) {
    case ValueKind::integer:
      return checked(cell.as_integer(), target);
    case ValueKind::unsigned_integer:
      return checked(cell.as_unsigned(), target);
    case ValueKind::boolean:
      return cell.as_boolean() ? 1 : 0;
    case ValueKind::real:
      return integer_from_real(cell.as_real(), target);
    case ValueKind::decimal:
      return integer_from_text(without_zero_fraction(cell.bytes()), target);
    case ValueKind::text:
      return integer_from_text(cell.bytes(), target);
    default:
      refuse_kind(cell, target.type_name);
  }
}

double real_from_cell(ValueView cell, std::string_view type_name) {
  switch (cell.kind()) {
    case ValueKind::real:
      return cell.as_real();
    case ValueKind::integer:
      return real_from_integer(cell.as_integer());
    case ValueKind::unsigned_integer:
      return real_from_integer(cell.as_unsigned());
    case ValueKind::decimal:
    case ValueKind::text:
      return real_from_text(cell.bytes());
    default:
      refuse_kind(cell, type_name);
  }
}

ValueView with_bytes(ValueView view, std::string_view bytes) {
  switch (view.kind()) {
    case ValueKind::text:
      return ValueView::text(bytes);
    case ValueKind::json:
      return ValueView::json(bytes);
    case ValueKind::array:
      return ValueView::array(bytes);
    case ValueKind::interval:
      return ValueView::interval(bytes);
    case ValueKind::decimal:
      return ValueView::decimal(bytes);
    case ValueKind::blob:
      return ValueView::blob(bytes.data(), bytes.size());
    case ValueKind::uuid:
      return ValueView::uuid(bytes.data());
    default:
      return view;
  }
}

ValueView keep_bytes(ValueView view, Scratch& scratch) {
  if (!view.has_bytes() || view.is_transient()) return view;  // in scratch already, when transient
  scratch.large.assign(view.bytes());
  return with_bytes(view, scratch.large).as_transient();
}

}  // namespace kin::detail
