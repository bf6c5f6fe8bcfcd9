// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/compiler_text.hpp>
#include <kin/types/enum_range.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace kin {

namespace detail {
/// Empty when no enumerator has the value.
std::string_view name_of_enumerator(std::span<const EnumName> enumerators, std::int64_t value) noexcept;
/// Null when no enumerator has the name.
const EnumName* enumerator_of_name(std::span<const EnumName> enumerators, std::string_view name) noexcept;
}  // namespace detail

/// The enumerator's name, as it is stored; of several with one value that of the one declared first. Empty for a
/// value without one, or outside of EnumRange<E>. Valid as long as the program; may be called by any thread.
template <class E>
std::string_view enum_name(E value) noexcept {
  static_assert(std::is_enum_v<E>, "kin: enum_name() needs an enumerator");
  if constexpr (std::is_enum_v<E>)
    return detail::name_of_enumerator(detail::enum_names<E>(), static_cast<std::int64_t>(value));
  else
    return {};
}

/// The enumerator of that name, upper and lower case as it is written; nothing when E has none.
template <class E>
std::optional<E> enum_from_name(std::string_view name) noexcept {
  static_assert(std::is_enum_v<E>, "kin: enum_from_name<E>() needs an enum");
  if constexpr (std::is_enum_v<E>)
    if (const detail::EnumName* found = detail::enumerator_of_name(detail::enum_names<E>(), name))
      return static_cast<E>(found->value);
  return std::nullopt;
}

}  // namespace kin
