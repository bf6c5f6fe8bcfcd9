// SPDX-License-Identifier: MIT
#include "unit_of_work/arena.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace kin::unit_of_work {
namespace {
// The first chunk suits a manager that reads one row; doubling keeps the number of chunks small. The largest stays
// below the size at which the C library maps memory anew for each allocation.
constexpr std::size_t first_chunk = 2048;
constexpr std::size_t largest_chunk = 120 * 1024;
}  // namespace

void Arena::grow(std::size_t size) {
  const std::size_t wanted = std::clamp(reserved_, first_chunk, largest_chunk);
  const std::size_t chunk_size = std::max(wanted, size + sizeof(Chunk));
  void* memory = std::malloc(chunk_size);
  if (!memory) throw std::bad_alloc();
  chunks_ = ::new (memory) Chunk{chunks_, chunk_size};
  static_assert(sizeof(Chunk) % 16 == 0);
  next_ = static_cast<std::byte*>(memory) + sizeof(Chunk);
  end_ = static_cast<std::byte*>(memory) + chunk_size;
  reserved_ += chunk_size;
}

void Arena::release() noexcept {
  while (chunks_) {
    Chunk* before = chunks_->before;
    std::free(chunks_);
    chunks_ = before;
  }
  next_ = end_ = nullptr;
  reserved_ = 0;
}

}  // namespace kin::unit_of_work
