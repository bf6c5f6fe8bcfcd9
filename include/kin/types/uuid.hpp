// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kin {

/// A universally unique identifier (RFC 9562): 16 bytes, in network order as databases store them. Trivially
/// copyable; the default is the nil UUID. Ordered by its bytes, which is the order of its text.
class Uuid {
 public:
  using Bytes = std::array<std::uint8_t, 16>;

  /// Characters of the canonical text.
  static constexpr std::size_t text_size = 36;

  constexpr Uuid() noexcept = default;
  constexpr explicit Uuid(const Bytes& bytes) noexcept : bytes_(bytes) {}
  /// Copies 16 bytes, such as a cell of a binary column.
  [[nodiscard]] static Uuid from_bytes(const void* sixteen_bytes) noexcept;

  /// Reads 32 hexadecimal digits of any case, all together or with hyphens as 8-4-4-4-12, and with or without
  /// braces around them. Throws ValidationError for anything else.
  [[nodiscard]] static Uuid parse(std::string_view text);
  /// As above, but returns false and leaves the result alone instead of throwing.
  [[nodiscard]] static bool parse(std::string_view text, Uuid& result) noexcept;

  /// A random UUID. The random bits are the operating system's, fetched for several UUIDs at once and never
  /// shared by threads or by a forked child. Thread-safe. Throws std::system_error when the system gives
  /// none.
  [[nodiscard]] static Uuid v4();

  /// A UUID that starts with the time, so that new rows go to the end of an index: milliseconds since 1970,
  /// 12 bits of the fraction of the millisecond, 62 random bits. Each is greater than all those made before
  /// it in this process, also when the clock is set back. Thread-safe, without a lock. Throws as v4().
  [[nodiscard]] static Uuid v7();

  constexpr const Bytes& bytes() const noexcept { return bytes_; }
  constexpr bool is_nil() const noexcept { return bytes_ == Bytes{}; }

  /// Canonical text, lower case: "0192d3f0-7c1a-7b3e-9c55-2f0e6a1b4c8d".
  [[nodiscard]] std::string to_string() const;
  /// Writes the canonical text, text_size characters without a terminator.
  void write_to(char* out) const noexcept;

  friend constexpr auto operator<=>(const Uuid&, const Uuid&) noexcept = default;

  [[nodiscard]] std::size_t hash() const noexcept;

 private:
  Bytes bytes_{};
};

}  // namespace kin

template <>
struct std::hash<kin::Uuid> {
  std::size_t operator()(const kin::Uuid& value) const noexcept { return value.hash(); }
};
