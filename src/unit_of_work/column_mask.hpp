// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace kin::unit_of_work {

/// A set of columns of one entity, by Column::index. Entities have at most 256 columns (checked by EntityRuntime).
class ColumnMask {
 public:
  static constexpr std::size_t capacity = 256;

  void add(std::size_t column) noexcept { words_[column / 64] |= std::uint64_t{1} << (column % 64); }
  void drop(std::size_t column) noexcept { words_[column / 64] &= ~(std::uint64_t{1} << (column % 64)); }
  bool has(std::size_t column) const noexcept { return (words_[column / 64] >> (column % 64)) & 1; }
  bool empty() const noexcept { return (words_[0] | words_[1] | words_[2] | words_[3]) == 0; }
  ColumnMask& operator|=(const ColumnMask& other) noexcept {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
    return *this;
  }
  friend bool operator==(const ColumnMask&, const ColumnMask&) noexcept = default;
  std::size_t hash() const noexcept {
    std::uint64_t mixed = 0;
    for (std::uint64_t word : words_) mixed = std::rotl((mixed ^ word) * 0x9E3779B97F4A7C15ull, 29);
    return static_cast<std::size_t>(mixed);
  }

 private:
  std::array<std::uint64_t, 4> words_{};
};

}  // namespace kin::unit_of_work
