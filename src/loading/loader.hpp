// SPDX-License-Identifier: MIT
#pragma once

#include <kin/task.hpp>

#include <span>
#include <vector>

#include "loading/hydrator.hpp"
#include "query/planner.hpp"
#include "unit_of_work/manager.hpp"

namespace kin::loading {

/// Keeps each state once, in order.
std::vector<detail::EntityState*> distinct(std::vector<detail::EntityState*> states);

/// Loads relations of entities that have been read: one query for each relation and chunk of keys.
class Loader {
 public:
  Loader(detail::Manager& manager, bool refresh, bool with_deleted = false) noexcept
      : manager_(manager), refresh_(refresh), with_deleted_(with_deleted) {}
  /// For entities that were not read just now: no joins brought anything either.
  static Loader of_known(detail::Manager& manager) noexcept {
    Loader loader(manager, false);
    loader.joins_were_read_ = false;
    return loader;
  }

  /// Loads what the joins of the read did not bring.
  Task<void> populate(std::span<const query::PopulateNode> nodes, std::vector<EntityState*> owners);
  Task<void> load_to_one(const Property& relation, std::span<EntityState* const> owners);
  /// Items of collections, and entities on the other side of a to-one inverse.
  Task<void> load_items(const Property& relation, std::span<EntityState* const> owners);
  /// Entities of one type of which only the key is known.
  Task<void> load_entities(const EntityMetadata& entity, std::span<EntityState* const> states);

 private:
  std::vector<EntityState*> next_level(const Property& relation, std::span<EntityState* const> owners) const;
  std::size_t chunk_size(std::size_t key_columns) const noexcept;

  detail::Manager& manager_;
  bool refresh_;
  bool with_deleted_ = false;
  bool joins_were_read_ = true;
};

}  // namespace kin::loading
