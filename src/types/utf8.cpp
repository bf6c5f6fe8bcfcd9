// SPDX-License-Identifier: MIT
#include "types/utf8.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace kin::types {
namespace {

constexpr std::uint64_t high_bits = 0x8080808080808080U;

template <class Word>
Word load(const char* at) noexcept {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Of up to seven bytes, in loads that overlap.
bool is_short_ascii(const char* begin, std::size_t size) noexcept {
  if (size >= 4) {
    const std::uint32_t both = load<std::uint32_t>(begin) | load<std::uint32_t>(begin + size - 4);
    return (both & static_cast<std::uint32_t>(high_bits)) == 0;
  }
  if (size == 0) return true;
  const int all = begin[0] | begin[size / 2] | begin[size - 1];
  return (all & 0x80) == 0;
}

// Where the first eight bytes lie that are not all ASCII, or where fewer than eight are left.
const char* skip_ascii(const char* at, const char* end) noexcept {
  while (end - at >= 8 && (load<std::uint64_t>(at) & high_bits) == 0) at += 8;
  return at;
}

bool is_between(char byte, unsigned low, unsigned high) noexcept {
  const unsigned value = static_cast<unsigned char>(byte);
  return value >= low && value <= high;
}

bool continues(char byte) noexcept { return is_between(byte, 0x80, 0xBF); }

// The length of the well-formed character at `at`, 0 when it is malformed: table 3-7 of the Unicode standard.
std::ptrdiff_t character_length(const char* at, const char* end) noexcept {
  const unsigned lead = static_cast<unsigned char>(*at);
  const std::ptrdiff_t left = end - at;
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return left >= 2 && continues(at[1]) ? 2 : 0;
  if (lead < 0xF0) {
    const unsigned low = lead == 0xE0 ? 0xA0 : 0x80;   // shorter forms exist below
    const unsigned high = lead == 0xED ? 0x9F : 0xBF;  // surrogates above
    return left >= 3 && is_between(at[1], low, high) && continues(at[2]) ? 3 : 0;
  }
  if (lead > 0xF4) return 0;
  const unsigned low = lead == 0xF0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xF4 ? 0x8F : 0xBF;
  return left >= 4 && is_between(at[1], low, high) && continues(at[2]) && continues(at[3]) ? 4 : 0;
}

bool is_utf8_between(const char* at, const char* end) noexcept {
  while ((at = skip_ascii(at, end)) != end) {
    // Text that has one such character has more of them: so byte by byte for a while.
    for (const char* const stop = end - at > 32 ? at + 32 : end; at < stop;) {
      const std::ptrdiff_t length = character_length(at, end);
      if (length == 0) return false;
      at += length;
    }
  }
  return true;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  if (text.size() < 8) return is_short_ascii(begin, text.size()) || is_utf8_between(begin, end);
  const char* const at = skip_ascii(begin, end);
  // What is left of ASCII is looked at together with what is in front of it, eight bytes again.
  if (end - at < 8 && (load<std::uint64_t>(end - 8) & high_bits) == 0) return true;
  return is_utf8_between(at, end);
}

}  // namespace kin::types
