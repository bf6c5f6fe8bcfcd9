// SPDX-License-Identifier: MIT
#include "serialization/json_value.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include "types/codecs_cells.hpp"
#include "types/json_snapshot.hpp"

namespace kin::serialization {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string to_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i)
      group = group << 8 | (i < count ? static_cast<unsigned char>(bytes[at + i]) : 0u);
    for (std::size_t i = 0; i < 4; ++i) text += i <= count ? alphabet[group >> (18 - 6 * i) & 63] : '=';
  }
  return text;
}

std::string from_base64(std::string_view text) {
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  if (text.size() % 4 != 0) detail::refuse_text(text, "base64, of which bytes are read");
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool is_padding = at + padding >= text.size();
    const std::size_t digit = is_padding ? 0 : alphabet.find(text[at]);
    if (digit == std::string_view::npos) detail::refuse_text(text, "base64, of which bytes are read");
    group = group << 6 | static_cast<std::uint32_t>(digit);
    if (at % 4 != 3) continue;
    for (int shift = 16; shift >= 0; shift -= 8) bytes += static_cast<char>(group >> shift & 0xff);
    group = 0;
  }
  bytes.resize(bytes.size() - padding);
  return bytes;
}

/// "2024-02-29 13:05:09" as ISO 8601 has it.
std::string iso(std::string timestamp) {
  std::ranges::replace(timestamp, ' ', 'T');
  return timestamp + 'Z';
}

std::string print(const Json& value) {
  (void)detail::json_snapshot_size(value);  // for its check of the depth: writing recurses
  try {
    return value.dump();
  } catch (const Json::type_error&) {
    detail::refuse("a string in it is not UTF-8");
  }
}

[[noreturn]] void refuse(const Json& value, const detail::Codec& codec, std::string_view expected) {
  std::string reason = "a JSON ";
  reason += value.type_name();
  reason += " does not convert to ";
  reason += codec.type_name;
  reason += "; ";
  reason += expected;
  reason += " is expected";
  detail::refuse(std::move(reason));
}

ValueView integer_view(const detail::Codec& codec, const Json& value) {
  if (value.is_number_unsigned()) return ValueView::unsigned_integer(value.get<std::uint64_t>());
  if (value.is_number_integer()) return ValueView::integer(value.get<std::int64_t>());
  constexpr double exact = 9007199254740992.0;  // up to here a double tells each integer from the next
  const double number = value.is_number_float() ? value.get<double>() : 0.5;
  if (std::trunc(number) != number || std::abs(number) > exact) refuse(value, codec, "a whole number");
  return ValueView::integer(static_cast<std::int64_t>(number));
}

ValueView number_view(const Json& value) {
  if (value.is_number_unsigned()) return ValueView::unsigned_integer(value.get<std::uint64_t>());
  if (value.is_number_integer()) return ValueView::integer(value.get<std::int64_t>());
  return ValueView::real(value.get<double>());
}

const std::string& text_of(const detail::Codec& codec, const Json& value, std::string_view expected) {
  if (!value.is_string()) refuse(value, codec, expected);
  return value.get_ref<const std::string&>();
}

ValueView text_view(const detail::Codec& codec, const Json& value, std::string_view expected) {
  return ValueView::text(text_of(codec, value, expected));
}

/// A view of the value in the codec's own kind; bytes point into the value or into `buffer`.
ValueView view_of(const detail::Codec& codec, const Json& value, std::string& buffer) {
  switch (codec.kind) {
    case ValueKind::boolean:
      if (!value.is_boolean()) refuse(value, codec, "true or false");
      return ValueView::boolean(value.get<bool>());
    case ValueKind::integer:
    case ValueKind::unsigned_integer:
      return integer_view(codec, value);
    case ValueKind::real:
      if (!value.is_number()) refuse(value, codec, "a number");
      return number_view(value);
    case ValueKind::decimal:
      if (!value.is_number()) return text_view(codec, value, "a number, or its text");
      buffer = value.dump();
      return ValueView::text(buffer);
    case ValueKind::blob:
      buffer = from_base64(text_of(codec, value, "a string of base64"));
      return ValueView::blob(buffer.data(), buffer.size());
    case ValueKind::json:
      buffer = print(value);
      return ValueView::json(buffer);
    case ValueKind::array:
      if (!value.is_array()) refuse(value, codec, "an array");
      buffer = print(value);
      return ValueView::array(buffer);
    case ValueKind::date:
      return text_view(codec, value, "a string such as \"2024-02-29\"");
    case ValueKind::time:
      return text_view(codec, value, "a string such as \"13:05:09\"");
    case ValueKind::timestamp:
      return text_view(codec, value, "a string such as \"2024-02-29T13:05:09Z\"");
    default:
      return text_view(codec, value, "a string");
  }
}

}  // namespace

Json to_json(ValueView value) {
  std::string text;
  switch (value.kind()) {
    case ValueKind::null:
      return nullptr;
    case ValueKind::boolean:
      return value.as_boolean();
    case ValueKind::integer:
      return value.as_integer();
    case ValueKind::unsigned_integer:
      return value.as_unsigned();
    case ValueKind::real:
      return value.as_real();
    case ValueKind::blob:
      return to_base64(value.bytes());
    case ValueKind::json:
    case ValueKind::array:
      return Json::parse(value.bytes());
    case ValueKind::timestamp:
      return iso(detail::print_timestamp(value.as_integer()));
    default:
      detail::print_cell(value, text);
      return text;
  }
}

void from_json(const detail::Codec& codec, void* member, const Json& value) {
  std::string buffer;
  const bool is_empty = value.is_null() && (codec.kind != ValueKind::json || codec.nullable);
  codec.assign(codec, member, is_empty ? ValueView::null() : view_of(codec, value, buffer));
}

std::string_view name_of(const Property& property) noexcept {
  if (!property.serialized_name.empty()) return property.serialized_name;
  const std::string_view name = property.name;
  return name.substr(name.rfind('.') + 1);  // of a name without a dot all of it
}

bool names(const std::vector<const detail::MemberId*>& list, detail::TypeTag owner,
           const Property& property) noexcept {
  return std::ranges::any_of(list, [&](const detail::MemberId* member) {
    return member->owner == owner && member->offset() == property.offset;
  });
}

bool admits(const std::vector<const detail::MemberId*>& list, detail::TypeTag owner, bool embedded,
            const Property& property) noexcept {
  if (names(list, owner, property)) return true;
  return embedded &&
         std::ranges::none_of(list, [&](const detail::MemberId* member) { return member->owner == owner; });
}

}  // namespace kin::serialization
