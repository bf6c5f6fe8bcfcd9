// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

namespace kin::unit_of_work {

/// Bump allocator of one manager: entities, their state blocks and snapshots. Nothing is freed one by one;
/// everything goes at once with release() or the arena. Under AddressSanitizer a handle used after that is reported,
/// since the chunks go back to the heap. Not thread-safe.
class Arena {
 public:
  Arena() noexcept = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() { release(); }

  /// Memory aligned to 16 bytes.
  void* allocate(std::size_t size) {
    size = (size + 15) & ~std::size_t{15};
    if (size > static_cast<std::size_t>(end_ - next_)) [[unlikely]] grow(size);
    std::byte* result = next_;
    next_ += size;
    return result;
  }
  /// Unaligned memory: for packed bytes.
  std::byte* allocate_bytes(std::size_t size) {
    size = (size + 7) & ~std::size_t{7};
    return static_cast<std::byte*>(allocate(size));
  }
  void release() noexcept;
  std::size_t reserved_bytes() const noexcept { return reserved_; }

 private:
  struct Chunk {
    Chunk* before;
    std::size_t size;
  };
  void grow(std::size_t size);

  std::byte* next_ = nullptr;
  std::byte* end_ = nullptr;
  Chunk* chunks_ = nullptr;
  std::size_t reserved_ = 0;
};

}  // namespace kin::unit_of_work
