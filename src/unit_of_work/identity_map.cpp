// SPDX-License-Identifier: MIT
#include "unit_of_work/identity_map.hpp"

#include <utility>

#include <cstring>

namespace kin::unit_of_work {

EntityState*& IdentityMap::slot(std::string_view packed_key, Arena& arena) {
  const auto found = by_bytes_.find(packed_key);
  if (found != by_bytes_.end()) return found->second;
  std::byte* copy = arena.allocate_bytes(packed_key.size());
  std::memcpy(copy, packed_key.data(), packed_key.size());
  return by_bytes_[std::string_view(reinterpret_cast<const char*>(copy), packed_key.size())];
}

EntityState* IdentityMap::take_displaced(const EntityState* newcomer) noexcept {
  const auto found = displaced_.find(newcomer);
  if (found == displaced_.end()) return nullptr;
  EntityState* old = found->second;
  displaced_.erase(found);
  return old->has(EntityState::removed) && old->has(EntityState::managed) ? old : nullptr;
}

void IdentityMap::reserve(std::size_t more) {
  states_.reserve(states_.size() + more);
  if (metadata_.integer_key) {
    by_integer_.reserve(by_integer_.size() + more);
  } else {
    by_bytes_.reserve(by_bytes_.size() + more);
  }
}

void IdentityMap::put_back(Content content) noexcept {
  by_integer_ = std::move(content.by_integer);
  by_bytes_ = std::move(content.by_bytes);
  displaced_ = std::move(content.displaced);
  states_ = std::move(content.states);
  scheduled = content.scheduled;
  removed = content.removed;
}

}  // namespace kin::unit_of_work
