// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/entity_state.hpp>
#include <kin/metadata.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "unit_of_work/arena.hpp"

namespace kin::unit_of_work {

using detail::EntityState;

/// The entities of one type in one manager: by key, and all of them in order of arrival.
class IdentityMap {
 public:
  explicit IdentityMap(const EntityMetadata& metadata) noexcept : metadata_(metadata) {}
  IdentityMap(const IdentityMap&) = delete;
  IdentityMap& operator=(const IdentityMap&) = delete;

  const EntityMetadata& metadata() const noexcept { return metadata_; }

  EntityState* find(std::int64_t key) const noexcept {
    const auto found = by_integer_.find(key);
    return found == by_integer_.end() ? nullptr : found->second;
  }
  EntityState* find(std::string_view packed_key) const noexcept {
    const auto found = by_bytes_.find(packed_key);
    return found == by_bytes_.end() ? nullptr : found->second;
  }
  /// The slot of a key, empty when the key is new: one look-up for "find or make".
  EntityState*& slot(std::int64_t key) { return by_integer_[key]; }
  EntityState*& slot(std::string_view packed_key, Arena& arena);
  void erase(std::int64_t key) { by_integer_.erase(key); }
  void erase(std::string_view packed_key) { by_bytes_.erase(packed_key); }
  void reserve(std::size_t more);
  /// `newcomer` takes the slot of an entity that the next flush deletes.
  void displace(EntityState* old, const EntityState* newcomer) { displaced_[newcomer] = old; }
  /// The entity whose slot `newcomer` took, as long as it is still to be deleted; null otherwise. Forgets it.
  EntityState* take_displaced(const EntityState* newcomer) noexcept;

  std::vector<EntityState*>& states() noexcept { return states_; }
  const std::vector<EntityState*>& states() const noexcept { return states_; }
  /// Counts that make a flush without work cheap.
  std::size_t scheduled = 0;
  std::size_t removed = 0;

  /// All that the map knows, to be put back later. Keys are not copied: they live as long as the manager.
  struct Content {
    boost::unordered_flat_map<std::int64_t, EntityState*> by_integer{};
    boost::unordered_flat_map<std::string_view, EntityState*> by_bytes{};
    boost::unordered_flat_map<const EntityState*, EntityState*> displaced{};
    std::vector<EntityState*> states{};
    std::size_t scheduled = 0;
    std::size_t removed = 0;
  };
  Content content() const { return {by_integer_, by_bytes_, displaced_, states_, scheduled, removed}; }
  void put_back(Content content) noexcept;

 private:
  const EntityMetadata& metadata_;
  boost::unordered_flat_map<std::int64_t, EntityState*> by_integer_{};
  boost::unordered_flat_map<std::string_view, EntityState*> by_bytes_{};
  boost::unordered_flat_map<const EntityState*, EntityState*> displaced_{};
  std::vector<EntityState*> states_{};
};

}  // namespace kin::unit_of_work
