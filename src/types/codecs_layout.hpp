// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/codec_of.hpp>

#include <cstdint>
#include <cstring>
#include <utility>

/// Integers whose width is known at run time only: the inside of enums and of points in time.
namespace kin::detail {

/// Calls use(T{}) with the integer type of a layout.
template <class Use>
decltype(auto) with_integer(IntegerLayout layout, Use&& use) {
  switch (layout.bytes) {
    case 1:
      return layout.is_signed ? use(std::int8_t{}) : use(std::uint8_t{});
    case 2:
      return layout.is_signed ? use(std::int16_t{}) : use(std::uint16_t{});
    case 4:
      return layout.is_signed ? use(std::int32_t{}) : use(std::uint32_t{});
    default:
      return use(std::int64_t{});  // the bits of an unsigned one: nobody counts on from them
  }
}

inline std::int64_t load_integer(IntegerLayout layout, const void* from) {
  return with_integer(layout, [from](auto value) {
    std::memcpy(&value, from, sizeof value);
    return static_cast<std::int64_t>(value);
  });
}

/// The number has to fit.
inline void store_integer(IntegerLayout layout, void* to, std::int64_t number) {
  with_integer(layout, [to, number](auto value) {
    value = static_cast<decltype(value)>(number);
    std::memcpy(to, &value, sizeof value);
    return 0;
  });
}

inline bool fits_integer(IntegerLayout layout, std::int64_t number) {
  return with_integer(layout, [number](auto value) { return std::in_range<decltype(value)>(number); });
}

}  // namespace kin::detail
