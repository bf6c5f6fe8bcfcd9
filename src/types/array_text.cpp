// SPDX-License-Identifier: MIT
#include "types/array_text.hpp"

#include <kin/types/uuid.hpp>

#include <charconv>
#include <cmath>
#include <utility>

#include <nlohmann/json.hpp>

#include "types/chrono_text.hpp"
#include "types/codecs_cells.hpp"
#include "types/utf8.hpp"

namespace kin::types {
namespace {

using detail::refuse;

void append_string(std::string& json, std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  if (!is_utf8(text)) refuse("the text is not valid UTF-8");
  json += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) {
      json += c;
    } else {
      json += "\\u00";
      json += digits[static_cast<unsigned char>(c) >> 4];
      json += digits[c & 15];
    }
  }
  json += '"';
}

template <class Number>
void append_number(std::string& json, Number number) {
  char text[32];
  json.append(text, std::to_chars(text, text + sizeof text, number).ptr);
}

/// Always with a point or an exponent: -0 would be read as an integer, which has no sign.
void append_real(std::string& json, double number) {
  if (std::isnan(number)) return append_string(json, "NaN");
  if (std::isinf(number)) return append_string(json, number < 0 ? "-Infinity" : "Infinity");
  const std::size_t begin = json.size();
  append_number(json, number);
  if (json.find_first_of(".e", begin) == std::string::npos) json += ".0";
}

void append_decimal(std::string& json, std::string_view digits) {
  if (digits.find('.') != std::string_view::npos) {
    digits = digits.substr(0, digits.find_last_not_of('0') + 1);
    if (digits.ends_with('.')) digits.remove_suffix(1);
  }
  append_string(json, digits);
}

void append_timestamp(std::string& json, ValueView value) {
  char text[chrono_text_capacity];
  std::string iso(text, format_timestamp(value.as_integer(), value.fraction_digits(), text));
  iso[iso.find(' ')] = 'T';
  append_string(json, iso += 'Z');
}

/// The text of a PostgreSQL array, read from its front.
class LiteralReader {
 public:
  explicit LiteralReader(std::string_view text) : text_(text) {}

  std::vector<Json> read() {
    std::vector<Json> elements;
    next();  // the brace
    char end = ',';
    if (peek() == '}') end = next();
    while (end == ',') {
      elements.push_back(element());
      end = next();
    }
    if (end != '}' || at_ != text_.size()) malformed();
    return elements;
  }

 private:
  [[noreturn]] void malformed() const { detail::refuse_text(text_, "an array of one dimension"); }
  char peek() const {
    if (at_ >= text_.size()) malformed();
    return text_[at_];
  }
  char next() {
    const char c = peek();
    ++at_;
    return c;
  }
  Json element() {
    if (peek() == '{') malformed();
    std::string text;
    if (peek() != '"') {
      while (peek() != ',' && peek() != '}') text += unescaped();
      return text == "NULL" ? Json() : Json(std::move(text));
    }
    next();
    while (peek() != '"') text += unescaped();
    next();
    return text;
  }
  char unescaped() {
    const char c = next();
    return c == '\\' ? next() : c;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

void append_element(std::string& json, ValueView value) {
  switch (value.kind()) {
    case ValueKind::null:
      json += "null";
      return;
    case ValueKind::boolean:
      json += value.as_boolean() ? "true" : "false";
      return;
    case ValueKind::integer:
      return append_number(json, value.as_integer());
    case ValueKind::unsigned_integer:
      return append_number(json, value.as_unsigned());
    case ValueKind::real:
      return append_real(json, value.as_real());
    case ValueKind::decimal:
      return append_decimal(json, value.bytes());
    case ValueKind::timestamp:
      return append_timestamp(json, value);
    case ValueKind::blob:
    case ValueKind::json:
    case ValueKind::array:
      refuse("neither bytes nor JSON nor arrays can be elements of an array");
    case ValueKind::text:
    case ValueKind::interval:
    case ValueKind::date:
    case ValueKind::time:
    case ValueKind::uuid:
      break;
  }
  std::string text;
  if (!detail::print_cell(value, text)) refuse("the element has no form as text");
  append_string(json, text);
}

std::vector<Json> parse_array(std::string_view text) {
  if (text.starts_with('{')) return LiteralReader(text).read();
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_array()) detail::refuse_text(text, "a JSON array");
  return std::move(json.get_ref<Json::array_t&>());
}

ValueView view_of_element(const Json& element) {
  switch (element.type()) {
    case Json::value_t::null:
      return ValueView::null();
    case Json::value_t::boolean:
      return ValueView::boolean(element.get<bool>());
    case Json::value_t::number_integer:
      return ValueView::integer(element.get<std::int64_t>());
    case Json::value_t::number_unsigned:
      return ValueView::unsigned_integer(element.get<std::uint64_t>());
    case Json::value_t::number_float:
      return ValueView::real(element.get<double>());
    case Json::value_t::string:
      return ValueView::text(element.get_ref<const std::string&>());
    default:
      refuse("an element is itself an array or an object");
  }
}

}  // namespace kin::types
