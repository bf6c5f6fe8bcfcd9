// SPDX-License-Identifier: MIT
#include "unit_of_work/flush_plan.hpp"

#include <kin/error.hpp>

#include <algorithm>
#include <chrono>

#include <boost/unordered/unordered_flat_set.hpp>
#include <kin/detail/codec_of.hpp>

#include "unit_of_work/collection_items.hpp"
#include "unit_of_work/computed_values.hpp"
#include "unit_of_work/entity_runtime.hpp"
#include "unit_of_work/flush_events.hpp"
#include "unit_of_work/key.hpp"

namespace kin::unit_of_work {
namespace {

using detail::CollectionAccess;
using detail::CollectionBase;
using detail::CollectionData;
using detail::Manager;

/// Columns that never take part in an update.
ColumnMask not_updatable(const EntityMetadata& entity) {
  ColumnMask mask;
  for (const Column& column : entity.columns)
    // A key stays in sight, so that a changed one is refused and not taken for another row's.
    if (!column.primary_key && (!column.updatable || !column.insertable)) mask.add(column.index);
  return mask;
}

/// Managed entities that the database has and that may be written.
bool is_comparable(const EntityState& state) {
  constexpr std::uint32_t excluded = EntityState::scheduled | EntityState::removed | EntityState::read_only;
  return state.has(EntityState::managed) && !state.has(excluded);
}

}  // namespace

/// Columns written by an insert: all but generated ones, a key that the database makes, and members that were left at
/// their default where the column has a default of its own.
ColumnMask insert_columns(const EntityRuntime& runtime, const EntityState& state) {
  ColumnMask mask;
  for (const Column& column : runtime.metadata().columns) {
    if (!column.insertable) continue;
    if (column.generated_key && !has_key(state)) continue;
    const Property& property = *column.property;
    const bool has_default = property.default_value.has_value() || !property.default_raw.empty();
    if (has_default && runtime.has_default(state.entity(), property)) continue;
    mask.add(column.index);
  }
  return mask;
}

std::int64_t time_step(const detail::Codec& given) {
  const detail::Codec& codec = given.inner ? *given.inner : given;
  if (codec.assign == &detail::TimePointFamily::assign)  // a unit of its own, such as minutes
    return static_cast<const detail::TimePointLayout*>(codec.context)->microseconds_per_tick;
  std::int64_t step = 1;
  for (int digits = codec.fraction_digits; digits < 6; ++digits) step *= 10;
  return step;
}

void advance_version(EntityState& state, const Column& version, bool inserting) {
  void* member = version.access.reach(state.entity());
  Scratch scratch;
  const ValueView current = version.codec->view(*version.codec, member, scratch);
  if (version.codec->is_integer()) {
    if (inserting && current.as_integer() != 0) return;
    version.codec->assign(*version.codec, member, ValueView::integer(current.as_integer() + 1));
    return;
  }
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  std::int64_t microseconds = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  if (inserting && !current.is_null() && current.as_integer() != 0) return;
  // Two updates within the clock's step must still differ: move on by one unit of the column's precision at least.
  const auto packed_before = current.is_null() ? std::int64_t{0} : current.as_integer();
  const std::int64_t step = time_step(*version.codec);
  microseconds -= microseconds % step;
  version.codec->assign(*version.codec, member, ValueView::timestamp(microseconds, version.codec->fraction_digits));
  const ValueView after = version.codec->view(*version.codec, member, scratch);
  if (after.as_integer() > packed_before) return;
  version.codec->assign(*version.codec, member,
                        ValueView::timestamp(packed_before + step, version.codec->fraction_digits));
}

namespace {

void run_on_update(Manager& manager, EntityState& state, ColumnMask& changes, RunOnce& on_update, bool preview) {
  if (state.metadata->hooks.empty() || on_update.contains(&state)) return;
  bool any = false;
  for (const Property* property : state.metadata->hooks) {
    if (!property->on_update) continue;
    if (preview) {
      for (std::uint32_t i = 0; i < property->column_count; ++i) changes.add(property->first_column + i);
      continue;
    }
    property->on_update(state.entity(), static_cast<std::byte*>(state.entity()) + property->offset);
    any = true;
  }
  if (!any) return;
  on_update.insert(&state);
  changes = manager.runtime(*state.metadata).changes(state);
}

/// A reference that was assigned directly: lets the collections and partners on the other side know.
void sync_other_side(Manager& manager, EntityState& state, const Property& property, EntityState* before) {
  EntityState* now = reference_of(state.entity(), property.offset);
  if (before == now) return;
  if (property.orphan_removal && before) manager.note_orphan_target(before, property);
  if (!property.inverse) return;
  // set_reference does the work; it compares with what stands there, so that is put back first.
  set_reference_at(state.entity(), property.offset, before && before->has(EntityState::detached) ? nullptr : before);
  manager.set_reference(state, property, now);
}

void sync_changed_references(Manager& manager, EntityState& state, const ColumnMask& changes) {
  const EntityRuntime& runtime = manager.runtime(*state.metadata);
  for (const Property* property : state.metadata->to_one) {
    if (!property->owner || !changes.has(property->first_column)) continue;
    EntityState* now = reference_of(state.entity(), property->offset);
    if (now && (now->manager != &manager || now->has(EntityState::detached))) continue;  // validation names it
    EntityState* before = state.snapshot ? runtime.stored_reference(state, *property) : nullptr;
    sync_other_side(manager, state, *property, before);
  }
}

/// References that were assigned to new entities after their creation.
void sync_new_references(Manager& manager, EntityState& state) {
  for (const Property* property : state.metadata->to_one) {
    EntityState* now = reference_of(state.entity(), property->offset);
    if (!now || !property->owner || !property->inverse) continue;
    if (now->manager != &manager || now->has(EntityState::detached)) continue;  // validation names it
    if (property->inverse->is_to_many()) {
      // A collection that is not known stays so: a later load finds the row.
      const CollectionData* data = CollectionAccess::data_or_null(manager.collection_at(*now, *property->inverse));
      if (data ? !data->is_known() : !now->has(EntityState::created_here)) continue;
    } else if (reference_of(now->entity(), property->inverse->offset) == &state) {
      continue;
    }
    set_reference_at(state.entity(), property->offset, nullptr);
    manager.set_reference(state, *property, now);
  }
}

/// Whether the target of a one-to-one relation is about to lose another partner, which is a change of that one.
bool releases_a_partner(const Manager& manager, EntityState& state) {
  for (const Property* property : state.metadata->to_one) {
    if (!property->owner || !property->inverse || property->inverse->is_to_many()) continue;
    EntityState* now = reference_of(state.entity(), property->offset);
    if (!now || now->manager != &manager) continue;
    const EntityState* partner = reference_of(now->entity(), property->inverse->offset);
    if (partner && partner != &state) return true;
  }
  return false;
}

void collect_updates(Manager& manager, IdentityMap& map, FlushPlan& plan, RunOnce& on_update, bool preview) {
  const EntityRuntime& runtime = manager.runtime(map.metadata());
  const ColumnMask fixed = not_updatable(map.metadata());
  const bool computes = !manager.computed.empty();
  for (EntityState* state : map.states()) {
    if (!is_comparable(*state)) continue;
    const ColumnMask computed = computes ? computed_columns(manager, *state) : ColumnMask();
    if ((!computes || computed.empty()) && runtime.is_unchanged(*state)) [[likely]]
      continue;
    ColumnMask changes = runtime.changes(*state);
    run_on_update(manager, *state, changes, on_update, preview);
    changes |= computed;
    for (const Column& column : map.metadata().columns)
      if (fixed.has(column.index)) changes.drop(column.index);
    if (changes.empty()) continue;
    plan.updates.push_back({state, changes, {}});
  }
}

void collect_inserts_and_deletes(Manager& manager, IdentityMap& map, FlushPlan& plan) {
  if (map.scheduled == 0 && map.removed == 0) return;
  const EntityRuntime& runtime = manager.runtime(map.metadata());
  for (EntityState* state : map.states()) {
    if (state->has(EntityState::scheduled)) {
      plan.inserts.push_back({state, insert_columns(runtime, *state), {}});
    } else if (state->has(EntityState::removed)) {
      plan.deletes.push_back({state, {}, {}});
    }
  }
}

}  // namespace

void collect_pivots(Manager& manager, FlushPlan& plan) {
  for (CollectionBase* collection : manager.changed_collections()) {
    EntityState* owner = CollectionAccess::owner(*collection);
    CollectionData& data = CollectionAccess::data(*collection);
    if (!data.dirty || !owner || !owner->has(EntityState::managed) || owner->has(EntityState::removed)) continue;
    const Property& property = manager.property_of(*collection, *owner);
    const PivotTable* pivot = EntityMetadata::pivot_of(property);
    const auto insert = [&](EntityState* item) { plan.pivot_inserts.push_back({pivot, {owner, item}}); };
    const auto remove = [&](EntityState* item) {
      if (!item->has(EntityState::removed | EntityState::detached)) plan.pivot_removes.push_back({pivot, {owner, item}});
    };
    if (!data.is_known()) {
      for (EntityState* item : data.added)
        if (!item->has(EntityState::removed | EntityState::detached)) insert(item);
      for (EntityState* item : data.taken) remove(item);
      continue;
    }
    if (data.stored.empty()) {
      for (EntityState* item : data.items)
        if (!item->has(EntityState::removed | EntityState::detached)) insert(item);
      continue;
    }
    const boost::unordered_flat_set<EntityState*> stored(data.stored.begin(), data.stored.end());
    const boost::unordered_flat_set<EntityState*> wanted(data.items.begin(), data.items.end());
    for (EntityState* item : data.stored)
      if (!wanted.contains(item)) remove(item);
    for (EntityState* item : data.items)
      if (!stored.contains(item) && !item->has(EntityState::removed | EntityState::detached)) insert(item);
  }
}

namespace {

/// A deletion by a changed key would hit another row.
void validate_key(Manager& manager, EntityState& state) {
  if (!state.snapshot) return;
  ChangeSet change{&state, {}, {}};
  const ColumnMask changes = manager.runtime(*state.metadata).changes(state);
  for (const Column* column : state.metadata->key)
    if (changes.has(column->index)) change.columns.add(column->index);
  if (!change.columns.empty()) validate_update(manager, change);
}

void validate_pivots(const Manager& manager, const FlushPlan& plan) {
  for (const PivotChange& change : plan.pivot_inserts) {
    if (change.row.target->has(EntityState::managed)) continue;
    manager.require_own(change.row.target, "flush");
    const Property& property = *change.pivot->owner_property;
    throw ValidationError(property.entity->name + "." + property.name + " holds " + describe(*change.row.target) +
                              ", which is not persisted; call persist() on it or give the relation "
                              "kin::cascade(kin::Cascade::persist)",
                          ErrorDetails{.entity = property.entity->name, .property = property.name});
  }
}

/// The last step, since nothing after it can fail: versions move on in memory.
void advance_versions(Manager& manager, FlushPlan& plan, bool preview) {
  for (ChangeSet& change : plan.inserts) {
    if (preview) break;
    if (const Column* version = change.state->metadata->version) advance_version(*change.state, *version, true);
  }
  for (auto* list : {&plan.early_updates, &plan.updates}) {
    for (ChangeSet& change : *list) {
      const Column* version = change.state->metadata->version;
      if (!version || !manager.runtime(*change.state->metadata).covered(*change.state).has(version->index)) continue;
      if (!preview) advance_version(*change.state, *version, false);
      change.columns.add(version->index);
    }
  }
}

void collect(Manager& manager, FlushPlan& plan, RunOnce& on_update, bool preview) {
  for (const auto& map : manager.maps()) {
    if (!map) continue;
    collect_updates(manager, *map, plan, on_update, preview);
    collect_inserts_and_deletes(manager, *map, plan);
  }
}

}  // namespace

namespace {
void forget_told_side(Manager& manager, EntityState& state, const Property& property) {
  EntityState* now = reference_of(state.entity(), property.offset);
  EntityState* before = manager.runtime(*state.metadata).stored_reference(state, property);
  const auto is_known = [&](const EntityState* other) {
    return other && other->manager == &manager && !other->has(EntityState::detached);
  };
  if (now == before || (now && !is_known(now)) || (before && !is_known(before))) return;
  const Property& inverse = *property.inverse;
  // The partners of both may be others' by now, whom this must not touch.
  if (now && reference_of(now->entity(), inverse.offset) == &state && manager.stored_inverse(*now, inverse) == &state)
    manager.put_reference(*now, inverse, nullptr);
  if (before && !reference_of(before->entity(), inverse.offset)) manager.put_reference(*before, inverse, &state);
}

/// Items that left a collection, and whose reference was set to its owner again.
void regain_items(Manager& manager) {
  for (CollectionBase* collection : manager.changed_collections()) {
    CollectionData& data = CollectionAccess::data(*collection);
    EntityState* owner = CollectionAccess::owner(*collection);
    if (!data.initialized || data.taken.empty() || !owner) continue;
    const Property& property = manager.property_of(*collection, *owner);
    if (property.kind != PropertyKind::one_to_many) continue;
    const std::vector<EntityState*> taken = data.taken;
    for (EntityState* item : taken)
      if (!item->has(EntityState::detached) && !manager.has_left(*item, *owner, property)) detail::add_item(data, item);
  }
}

}  // namespace

void forget_told_sides(Manager& manager, const std::vector<ChangeSet>& updates) {
  for (const ChangeSet& change : updates) {
    EntityState& state = *change.state;
    if (!state.snapshot) continue;
    for (const Property* property : state.metadata->to_one)
      if (property->owner && property->inverse && property->inverse->is_to_one() && change.columns.has(property->first_column))
        forget_told_side(manager, state, *property);
  }
}

FlushPlan make_flush_plan(Manager& manager, FlushEvents* events, bool preview) {
  RunOnce on_update;
  FlushPlan plan;
  try {
    plan = events ? events->prepare(on_update) : collect_changes(manager, on_update, preview);
    finish_plan(manager, plan, preview);
  } catch (...) {
    forget_told_sides(manager, plan.early_updates);
    forget_told_sides(manager, plan.updates);
    if (events) forget_told_sides(manager, events->updates());
    throw;
  }
  return plan;
}

ChangeSet insertion_of(const Manager& manager, EntityState& state) {
  return {&state, insert_columns(manager.runtime(*state.metadata), state), {}};
}

FlushPlan collect_changes(Manager& manager, RunOnce& on_update, bool preview) {
  FlushPlan plan;
  regain_items(manager);
  apply_cascades(manager);
  // New entities may have come in, and replaced partners may be orphans now.
  if (follow_inverse_sides(manager)) apply_cascades(manager);
  collect(manager, plan, on_update, preview);
  bool again = false;
  for (const ChangeSet& change : plan.inserts) {
    again |= releases_a_partner(manager, *change.state);
    sync_new_references(manager, *change.state);
  }
  for (const ChangeSet& change : plan.updates) {
    const std::size_t orphans = manager.orphans().size();
    again |= releases_a_partner(manager, *change.state);
    sync_changed_references(manager, *change.state, change.columns);
    again |= manager.orphans().size() != orphans;
  }
  if (again) {
    // A replaced one-to-one partner became an orphan or lost its reference: that belongs to this flush.
    apply_cascades(manager);
    plan = FlushPlan();
    collect(manager, plan, on_update, preview);
  }
  return plan;
}

void finish_plan(Manager& manager, FlushPlan& plan, bool preview) {
  collect_pivots(manager, plan);
  for (const ChangeSet& change : plan.inserts) validate_insert(manager, change);
  for (const ChangeSet& change : plan.updates) validate_update(manager, change);
  for (const ChangeSet& change : plan.deletes) validate_key(manager, *change.state);
  validate_pivots(manager, plan);
  for (const ChangeSet& change : plan.inserts)
    if (manager.has_key(*change.state)) manager.register_key(change.state);
  if (!plan.inserts.empty()) order_inserts(manager, plan);
  order_by_key(plan.updates);
  order_by_key(plan.deletes);
  if (!plan.deletes.empty() || !plan.updates.empty()) order_by_unique_values(manager, plan);
  if (!plan.deletes.empty()) order_deletes(manager, plan);
  if (plan.early_deletes.size() > 1) {
    FlushPlan early;
    early.deletes = std::move(plan.early_deletes);
    order_deletes(manager, early);
    plan.early_deletes = std::move(early.deletes);
    plan.releases.insert(plan.releases.end(), early.null_references.begin(), early.null_references.end());
  }
  mark_deletes(manager, plan, preview);
  advance_versions(manager, plan, preview);
}

bool anything_to_flush(Manager& manager, const EntityMetadata& entity) {
  IdentityMap* map = manager.map_or_null(entity);
  if (!map) return false;
  if (map->scheduled > 0 || map->removed > 0) return true;
  const EntityRuntime& runtime = manager.runtime(entity);
  return std::any_of(map->states().begin(), map->states().end(), [&](const EntityState* state) {
    return is_comparable(*state) &&
           (!runtime.is_unchanged(*state) ||
            (!manager.computed.empty() && !computed_columns(manager, *state).empty()));
  });
}

bool may_leave_orphans(Manager& manager, const EntityMetadata& entity) {
  for (const auto& map : manager.maps()) {
    if (!map) continue;
    const bool lets_go = std::ranges::any_of(map->metadata().to_one, [&](const Property* property) {
      return property->orphan_removal && property->target == &entity;
    });
    if (lets_go && anything_to_flush(manager, map->metadata())) return true;
  }
  return false;
}

namespace {
/// Whether a changed collection of a many-to-many relation is other than what the database holds.
bool differs(const CollectionData& data) {
  if (!data.is_known()) return !data.added.empty() || !data.taken.empty();
  if (data.items.size() != data.stored.size()) return true;
  const boost::unordered_flat_set<EntityState*> stored(data.stored.begin(), data.stored.end());
  return std::any_of(data.items.begin(), data.items.end(), [&](EntityState* item) { return !stored.contains(item); });
}
}  // namespace

bool anything_to_flush(Manager& manager) {
  if (manager.has_replaced_collections()) return true;
  if (manager.unscheduled > 0) apply_cascades(manager);
  follow_inverse_sides(manager);
  for (CollectionBase* collection : manager.changed_collections()) {
    const CollectionData* data = CollectionAccess::data_or_null(*collection);
    const EntityState* owner = CollectionAccess::owner(*collection);
    if (data && data->dirty && owner && owner->has(EntityState::managed) && differs(*data)) return true;
  }
  for (const Manager::Orphan& orphan : manager.orphans()) {
    EntityState& item = *orphan.item;
    if (!item.has(EntityState::managed) || item.has(EntityState::removed)) continue;
    if (!orphan.owning || !reference_of(item.entity(), orphan.owning->offset)) return true;
  }
  for (const auto& map : manager.maps())
    if (map && anything_to_flush(manager, map->metadata())) return true;
  return false;
}

}  // namespace kin::unit_of_work
