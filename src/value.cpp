// SPDX-License-Identifier: MIT
#include <kin/error.hpp>
#include <kin/types/uuid.hpp>
#include <kin/value.hpp>

#include <fmt/format.h>

#include "types/chrono_text.hpp"

namespace kin {

void detail::throw_too_large(std::size_t bytes) {
  throw ValidationError(fmt::format(
      "a value of {} bytes is too large for a column: it must be smaller than 4 GiB; store it in parts",
      bytes));
}

ValueView Value::view() const noexcept {
  switch (view_.kind()) {
    case ValueKind::text:
      return ValueView::text(storage_);
    case ValueKind::blob:
      return ValueView::blob(storage_.data(), storage_.size());
    case ValueKind::decimal:
      return ValueView::decimal(storage_);
    case ValueKind::json:
      return ValueView::json(storage_);
    case ValueKind::array:
      return ValueView::array(storage_);
    case ValueKind::interval:
      return ValueView::interval(storage_);
    case ValueKind::uuid:
      return ValueView::uuid(storage_.data());
    default:
      return view_;
  }
}

namespace {
std::string quoted(std::string_view text) {
  std::string result = "'";
  for (char c : text) {
    if (c == '\'') result += '\'';
    result += c;
  }
  return result + '\'';
}
}  // namespace

std::string Value::to_string() const {
  char text[types::chrono_text_capacity];
  switch (kind()) {
    case ValueKind::null:
      return "null";
    case ValueKind::boolean:
      return view_.as_boolean() ? "true" : "false";
    case ValueKind::integer:
      return std::to_string(view_.as_integer());
    case ValueKind::unsigned_integer:
      return std::to_string(view_.as_unsigned());
    case ValueKind::real:
      return fmt::format("{}", view_.as_real());
    case ValueKind::text:
    case ValueKind::json:
    case ValueKind::array:
    case ValueKind::interval:
      return quoted(storage_);
    case ValueKind::decimal:
      return storage_;
    case ValueKind::blob:
      return fmt::format("<{} bytes>", storage_.size());
    case ValueKind::uuid:
      return quoted(Uuid::from_bytes(storage_.data()).to_string());
    case ValueKind::date:
      return quoted({text, types::format_date(static_cast<std::int32_t>(view_.as_integer()), text)});
    case ValueKind::time:
      return quoted({text, types::format_time(view_.as_integer(), 6, text)});
    case ValueKind::timestamp:
      return quoted({text, types::format_timestamp(view_.as_integer(), view_.fraction_digits(), text)});
  }
  return {};
}

}  // namespace kin
