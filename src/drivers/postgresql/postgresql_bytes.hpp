// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

/// Numbers in the order of the network, most significant byte first.
namespace kin::postgresql {

template <std::integral Integer>
constexpr Integer swap_bytes(Integer value) noexcept {
  static_assert(std::endian::native == std::endian::little);
  using Unsigned = std::make_unsigned_t<Integer>;
  const auto bits = static_cast<Unsigned>(value);
  if constexpr (sizeof(Integer) == 1) return value;
  if constexpr (sizeof(Integer) == 2) return static_cast<Integer>(__builtin_bswap16(bits));
  if constexpr (sizeof(Integer) == 4) return static_cast<Integer>(__builtin_bswap32(bits));
  if constexpr (sizeof(Integer) == 8) return static_cast<Integer>(__builtin_bswap64(bits));
}

template <std::integral Integer>
void append_number(std::string& out, Integer value) {
  const Integer swapped = swap_bytes(value);
  char bytes[sizeof swapped];
  std::memcpy(bytes, &swapped, sizeof swapped);
  out.append(bytes, sizeof swapped);
}

template <std::integral Integer>
Integer read_number(const char* from) noexcept {
  Integer value;
  std::memcpy(&value, from, sizeof value);
  return swap_bytes(value);
}

}  // namespace kin::postgresql
