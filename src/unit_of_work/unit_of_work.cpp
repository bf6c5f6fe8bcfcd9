// SPDX-License-Identifier: MIT
#include <kin/unit_of_work.hpp>

#include <algorithm>

#include "unit_of_work/entity_runtime.hpp"
#include "unit_of_work/key.hpp"
#include "unit_of_work/manager.hpp"

namespace kin {

using detail::CollectionAccess;
using detail::CollectionBase;
using detail::CollectionData;
using detail::EntityState;
using detail::Manager;

namespace {

template <class Wanted>
std::vector<EntityState*> filtered(Manager& manager, Wanted&& wanted) {
  const detail::UseGuard guard(manager);
  std::vector<EntityState*> found;
  for (const auto& map : manager.maps()) {
    if (!map) continue;
    for (EntityState* state : map->states())
      if (wanted(*state)) found.push_back(state);
  }
  return found;
}

std::vector<AnyRef> handles(const std::vector<EntityState*>& states) {
  std::vector<AnyRef> list;
  for (EntityState* state : states) list.emplace_back(state);
  return list;
}

bool may_change(const EntityState& state) {
  return !state.has(EntityState::scheduled | EntityState::removed | EntityState::read_only);
}

std::vector<std::string> changed_members(Manager& manager, const EntityState& state) {
  std::vector<std::string> names;
  const unit_of_work::ColumnMask changed = manager.runtime(*state.metadata).changes(state);
  for (const Column& column : state.metadata->columns)
    if (changed.has(column.index) && (names.empty() || names.back() != column.property->name))
      names.push_back(column.property->name);
  return names;
}

/// Those of `items` that are not in `others`.
std::vector<AnyRef> without(const std::vector<EntityState*>& items, const std::vector<EntityState*>& others) {
  std::vector<EntityState*> sorted = others;
  std::ranges::sort(sorted);
  std::vector<AnyRef> rest;
  for (EntityState* item : items)
    if (!std::ranges::binary_search(sorted, item)) rest.emplace_back(item);
  return rest;
}

}  // namespace

std::vector<EntityState*> UnitOfWork::states_of(detail::TypeTag tag) const {
  return filtered(*manager_, [&](const EntityState& state) { return state.metadata->type->tag == tag; });
}

std::vector<AnyRef> UnitOfWork::entities() const {
  return handles(filtered(*manager_, [](const EntityState&) { return true; }));
}

std::vector<AnyRef> UnitOfWork::to_insert() const {
  return handles(
      filtered(*manager_, [](const EntityState& state) { return state.has(EntityState::scheduled); }));
}

std::vector<AnyRef> UnitOfWork::to_remove() const {
  return handles(
      filtered(*manager_, [](const EntityState& state) { return state.has(EntityState::removed); }));
}

std::vector<PendingUpdate> UnitOfWork::to_update() const {
  std::vector<PendingUpdate> updates;
  for (EntityState* state : filtered(*manager_, may_change)) {
    std::vector<std::string> members = changed_members(*manager_, *state);
    if (!members.empty()) updates.push_back({AnyRef(state), std::move(members)});
  }
  return updates;
}

std::vector<CollectionUpdate> UnitOfWork::collection_updates() const {
  const detail::UseGuard guard(*manager_);
  std::vector<CollectionUpdate> updates;
  for (const CollectionBase* collection : manager_->changed_collections()) {
    EntityState* owner = CollectionAccess::owner(*collection);
    const CollectionData* data = CollectionAccess::data_or_null(*collection);
    if (!data || owner->has(EntityState::detached)) continue;
    CollectionUpdate update{AnyRef(owner), manager_->property_of(*collection, *owner).name};
    if (data->initialized) {
      update.added = without(data->items, data->stored);
      update.removed = without(data->stored, data->items);
    } else {
      update.added = handles(data->added);
      update.removed = handles(data->taken);
    }
    if (!update.added.empty() || !update.removed.empty()) updates.push_back(std::move(update));
  }
  return updates;
}

namespace detail {
std::string_view type_name_of(const EntityState& state) noexcept { return state.metadata->name; }
std::string describe_entity(const EntityState& state) { return unit_of_work::describe(state); }
EntityState* of_type(EntityState* state, TypeTag tag) noexcept {
  return state && state->metadata->type->tag == tag ? state : nullptr;
}
}  // namespace detail

}  // namespace kin
