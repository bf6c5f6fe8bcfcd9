// SPDX-License-Identifier: MIT
#include <boost/unordered/unordered_flat_set.hpp>

#include "unit_of_work/entity_runtime.hpp"
#include "unit_of_work/flush_plan.hpp"
#include "unit_of_work/key.hpp"

namespace kin::unit_of_work {
namespace {

using detail::CollectionAccess;
using detail::CollectionData;
using detail::Manager;

/// Calls visit(state) for everything that a state's relations with the given cascade lead to, as far as it is known.
template <class Visit>
void for_each_related(Manager& manager, EntityState& state, Cascade cascade, Visit&& visit) {
  for (const Property* relation : state.metadata->relations) {
    if (!includes(relation->cascade, cascade)) continue;
    if (relation->is_to_one()) {
      if (EntityState* target = reference_of(state.entity(), relation->offset)) visit(*target);
      continue;
    }
    const CollectionData* data = CollectionAccess::data_or_null(manager.collection_at(state, *relation));
    if (!data) continue;
    for (EntityState* item : data->items)
      if (!manager.has_left(*item, state, *relation)) visit(*item);
    for (EntityState* item : data->added)
      if (!manager.has_left(*item, state, *relation)) visit(*item);
  }
}

void note_origin(Manager& manager, const EntityState& state, const char* how, const EntityState& from) {
  if (manager.origins) manager.origins->try_emplace(&state, std::string(how) + ' ' + describe(from));
}

/// As far as the orphan's row tells it.
const EntityState* former_owner(const Manager& manager, const Manager::Orphan& orphan) {
  if (!manager.origins || !orphan.owning || !orphan.item->snapshot) return nullptr;
  return manager.runtime(*orphan.item->metadata).stored_reference(*orphan.item, *orphan.owning);
}

// Both walks keep their own stack: a list of 100 000 linked entities must not need a deep call stack.

void cascade_persist(Manager& manager) {
  std::vector<EntityState*> open;
  for (const auto& map : manager.maps())
    if (map) open.insert(open.end(), map->states().begin(), map->states().end());
  while (!open.empty() && manager.unscheduled > 0) {
    EntityState* state = open.back();
    open.pop_back();
    if (state->has(EntityState::removed)) continue;
    for_each_related(manager, *state, Cascade::persist, [&](EntityState& related) {
      constexpr std::uint32_t done = EntityState::managed | EntityState::detached | EntityState::removed;
      if (related.has(done) || related.manager != &manager) return;
      manager.persist(&related);
      note_origin(manager, related, "new, reached from", *state);
      open.push_back(&related);
    });
  }
}

void cascade_remove(Manager& manager) {
  std::vector<EntityState*> open;
  for (const auto& map : manager.maps()) {
    if (!map || map->removed == 0) continue;
    for (EntityState* state : map->states())
      if (state->has(EntityState::removed)) open.push_back(state);
  }
  while (!open.empty()) {
    EntityState* state = open.back();
    open.pop_back();
    for_each_related(manager, *state, Cascade::remove, [&](EntityState& related) {
      if (related.has(EntityState::removed | EntityState::detached)) return;
      manager.remove_along(&related);
      if (state->has(EntityState::hard_delete)) related.set(EntityState::hard_delete);
      note_origin(manager, related, "removed by cascade from", *state);
      if (related.has(EntityState::removed)) open.push_back(&related);
    });
  }
}

/// Whether the type or one related to it cascades removal at all: spares the walk otherwise.
bool removes_anything(Manager& manager) {
  for (const auto& map : manager.maps())
    if (map && map->removed > 0) return true;
  return false;
}

/// A new entity that fell out of a collection is not forbidden: another relation may take it in again, with all that
/// is new below it.
void let_new_orphan_go(Manager& manager, EntityState& orphan) {
  boost::unordered_flat_set<EntityState*> below{&orphan};
  std::vector<EntityState*> open{&orphan};
  while (!open.empty()) {
    EntityState* state = open.back();
    open.pop_back();
    for_each_related(manager, *state, Cascade::remove, [&](EntityState& related) {
      if (related.has(EntityState::scheduled) && below.insert(&related).second) open.push_back(&related);
    });
  }
  manager.remove(&orphan);
  for (EntityState* state : below) {
    state->clear(EntityState::removed);
    ++manager.unscheduled;
  }
}

void remove_orphans(Manager& manager) {
  for (const Manager::Orphan& orphan : manager.orphans()) {
    EntityState& item = *orphan.item;
    if (item.has(EntityState::detached)) continue;
    const bool by_key = orphan.owning && item.snapshot && manager.is_key(*orphan.owning);
    if (by_key && !reference_of(item.entity(), orphan.owning->offset)) {
      // The row is deleted by the key that it has.
      set_reference_at(item.entity(), orphan.owning->offset,
                       manager.runtime(*item.metadata).stored_reference(item, *orphan.owning));
      manager.remove_along(&item);
      continue;
    }
    if (item.has(EntityState::removed)) continue;
    if (orphan.owning && reference_of(item.entity(), orphan.owning->offset) != nullptr) continue;
    const EntityState* owner = former_owner(manager, orphan);
    if (item.has(EntityState::scheduled)) {
      let_new_orphan_go(manager, item);
    } else {
      manager.remove_along(&item);
    }
    if (owner) note_origin(manager, item, "orphan of", *owner);
  }
}

}  // namespace

void apply_cascades(Manager& manager) {
  remove_orphans(manager);
  if (manager.unscheduled > 0) cascade_persist(manager);
  if (removes_anything(manager)) cascade_remove(manager);
}

}  // namespace kin::unit_of_work
