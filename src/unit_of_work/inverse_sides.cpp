// SPDX-License-Identifier: MIT
// The inverse side of a one-to-one relation has no column, so that no comparison of columns sees it. What the
// user assigned to it is found here by comparison with what was read, and carried over to the side that holds
// the key.
#include <kin/error.hpp>

#include <fmt/format.h>
#include <boost/unordered/unordered_flat_set.hpp>

#include "unit_of_work/entity_runtime.hpp"
#include "unit_of_work/flush_plan.hpp"
#include "unit_of_work/key.hpp"

namespace kin::unit_of_work {
namespace {

using detail::Manager;

EntityState* owner_target(const EntityState& owner, const Property& inverse) {
  return reference_of(owner.entity(), inverse.inverse->offset);
}

/// Whether the user has set an owner's foreign key to something else than what was read.
bool owner_was_assigned(const Manager& manager, const EntityState& owner, const Property& inverse) {
  const EntityState* target = owner_target(owner, inverse);
  if (!owner.snapshot) return target != nullptr;
  return manager.runtime(*owner.metadata).stored_reference(owner, *inverse.inverse) != target;
}

bool was_assigned(const Manager& manager, const EntityState& state, const Property& inverse) {
  const EntityState* now = reference_of(state.entity(), inverse.offset);
  const EntityState* stored = manager.stored_inverse(state, inverse);
  if (now == stored) return false;
  if (!now) {
    // A new or deleted owner knows by itself.
    return !stored->has(EntityState::detached | EntityState::removed) &&
           owner_target(*stored, inverse) == &state;
  }
  // Without a snapshot it may also be that the owner was set, and then set to another one.
  if (!state.snapshot)
    return owner_target(*now, inverse) != &state && !owner_was_assigned(manager, *now, inverse);
  return true;
}

/// Whether a new owner entered itself here and then was set to another target, or taken back, before it had a row: no
/// comparison with what is stored tells its former partner.
bool was_left(const EntityState& state, const Property& inverse) {
  const EntityState* owner = reference_of(state.entity(), inverse.offset);
  if (!owner || owner->snapshot || !owner->has(EntityState::created_here)) return false;
  return !owner->has(EntityState::managed) || owner_target(*owner, inverse) != &state;
}

void require_referable(const Manager& manager, const EntityState& state, const Property& inverse) {
  const EntityState* owner = reference_of(state.entity(), inverse.offset);
  if (!owner) return;
  const std::string member = state.metadata->name + "." + inverse.name;
  manager.require_own(owner, member.c_str());
  if (owner->has(EntityState::managed) && !owner->has(EntityState::removed)) return;
  const char* remedy = owner->has(EntityState::removed)
                           ? "which is deleted; set another one or nullptr"
                           : "which is not persisted; call persist() on it or give the relation "
                             "kin::cascade(kin::Cascade::persist)";
  throw ValidationError(
      fmt::format("{} of {} refers to {}, {}", member, describe(state), describe(*owner), remedy),
      ErrorDetails{.entity = state.metadata->name, .property = inverse.name});
}

using States = boost::unordered_flat_set<const EntityState*>;

void let_go(Manager& manager, EntityState& owner, const Property& inverse) {
  const Property& owning = *inverse.inverse;
  if (!owning.entity->columns[owning.first_column].primary_key) {
    set_reference_at(owner.entity(), owning.offset, nullptr);
    manager.note_orphan(&owner, inverse);
    return;
  }
  // It cannot live without the key that the reference is.
  if (inverse.orphan_removal) return manager.remove(&owner);
  throw ValidationError(fmt::format("{}.{} is the key of {} and cannot be null; remove() that one instead",
                                    owning.entity->name, owning.name, describe(owner)),
                        ErrorDetails{.entity = owning.entity->name, .property = owning.name});
}

/// Owners that still refer to an entity whose inverse side names another one now.
void let_former_owners_go(Manager& manager, const Property& inverse, const States& assigned) {
  IdentityMap* owners = manager.map_or_null(*inverse.target);
  if (!owners) return;
  std::vector<EntityState*> former;
  for (EntityState* owner : owners->states()) {
    const EntityState* target = owner_target(*owner, inverse);
    if (!target || !assigned.contains(target) || owner->has(EntityState::removed)) continue;
    if (reference_of(target->entity(), inverse.offset) != owner) former.push_back(owner);
  }
  for (EntityState* owner : former) let_go(manager, *owner, inverse);
}

void set_owner(Manager& manager, EntityState& state, const Property& inverse, const States& assigned) {
  EntityState* owner = reference_of(state.entity(), inverse.offset);
  manager.put_reference(state, inverse, owner);
  if (!owner) return;
  EntityState* before = owner_target(*owner, inverse);
  set_reference_at(owner->entity(), inverse.inverse->offset, &state);
  if (!before || before == &state || assigned.contains(before)) return;
  if (reference_of(before->entity(), inverse.offset) == owner)
    manager.put_reference(*before, inverse, nullptr);
}

bool follow(Manager& manager, IdentityMap& map, const Property& inverse) {
  std::vector<EntityState*> assigned;
  for (EntityState* state : map.states()) {
    if (state->has(EntityState::removed | EntityState::read_only)) continue;
    if (was_assigned(manager, *state, inverse)) {
      assigned.push_back(state);
    } else if (was_left(*state, inverse)) {
      manager.put_reference(*state, inverse, nullptr);
    }
  }
  if (assigned.empty()) return false;
  for (const EntityState* state : assigned) require_referable(manager, *state, inverse);
  const States set(assigned.begin(), assigned.end());
  let_former_owners_go(manager, inverse, set);
  for (EntityState* state : assigned) set_owner(manager, *state, inverse, set);
  return true;
}

}  // namespace

bool follow_inverse_sides(Manager& manager) {
  bool any = false;
  for (const auto& map : manager.maps()) {
    if (!map) continue;
    for (const Property* inverse : manager.runtime(map->metadata()).inverses())
      any |= follow(manager, *map, *inverse);
  }
  return any;
}

}  // namespace kin::unit_of_work
