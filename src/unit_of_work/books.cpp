// SPDX-License-Identifier: MIT
#include "unit_of_work/books.hpp"

#include <algorithm>

#include <boost/unordered/unordered_flat_set.hpp>

#include "unit_of_work/collection_items.hpp"
#include "unit_of_work/computed_values.hpp"
#include "unit_of_work/entity_runtime.hpp"
#include "unit_of_work/key.hpp"

namespace kin::unit_of_work {
namespace {

using detail::CollectionAccess;
using detail::CollectionBase;
using detail::CollectionData;
using detail::Manager;

bool journaling(const Manager& manager) { return manager.transaction_level() > 0; }

void note(Manager& manager, EntityState& state, bool deleted, bool version_changed) {
  if (!journaling(manager)) return;
  JournalEntry entry;
  entry.state = &state;
  entry.snapshot = state.snapshot;
  entry.flags = state.flags;
  entry.unregistered = deleted;
  entry.version_changed = version_changed;
  manager.journal().push_back(std::move(entry));
}

/// The key is known only once that of another new entity is.
bool has_key_of_others(const EntityMetadata& entity) {
  return std::any_of(entity.key.begin(), entity.key.end(), [](const Column* column) { return column->references; });
}

std::byte* snapshot_of_insert(Manager& manager, const ChangeSet& change) {
  return manager.runtime(*change.state->metadata).take_snapshot(change.state->entity(), manager.arena());
}

std::byte* snapshot_of_update(Manager& manager, const ChangeSet& change) {
  const EntityState& state = *change.state;
  const EntityRuntime& runtime = manager.runtime(*state.metadata);
  if (state.snapshot && !state.has(EntityState::partial))
    return runtime.take_snapshot(state.entity(), manager.arena());
  ColumnMask covered = runtime.covered(state);
  covered |= change.columns;
  return runtime.take_partial_snapshot(state.entity(), covered, manager.arena());
}

void close_insert(Manager& manager, const ChangeSet& change) {
  EntityState& state = *change.state;
  note(manager, state, false, false);
  if (has_key_of_others(*state.metadata)) manager.register_if_free(&state);
  state.snapshot = change.written ? change.written : snapshot_of_insert(manager, change);
  state.clear(EntityState::scheduled);
  --manager.map_of(*state.metadata).scheduled;
}

void close_update(Manager& manager, const ChangeSet& change) {
  EntityState& state = *change.state;
  const Column* version = state.metadata->version;
  note(manager, state, false, version && change.columns.has(version->index));
  std::vector<ComputedValue> computed = close_computed(manager, state);
  if (journaling(manager)) manager.journal().back().computed = std::move(computed);
  const bool whole = state.snapshot && !state.has(EntityState::partial);
  state.snapshot = change.written ? change.written : snapshot_of_update(manager, change);
  if (!whole) state.set(EntityState::partial);
}

/// What the database did to rows that referred to a deleted one, and what the manager's collections still
/// hold of it.
class Farewell {
 public:
  explicit Farewell(Manager& manager) noexcept : manager_(manager) {}

  void add(EntityState& state) { gone_.push_back(&state); }

  void run() {
    for (std::size_t visited = 0; visited < gone_.size();) {
      for (; visited < gone_.size(); ++visited) visit(*gone_[visited]);
      visit_referring();
    }
    for (CollectionBase* collection : touched_) {
      CollectionData& data = CollectionAccess::data(*collection);
      detail::drop_index(data);
      const auto is_gone = [](const EntityState* item) { return item->has(EntityState::detached); };
      std::erase_if(data.items, is_gone);
      std::erase_if(data.stored, is_gone);
    }
  }

 private:
  void visit(EntityState& state) {
    for (const Property* relation : state.metadata->relations) {
      if (relation->is_to_one()) {
        leave_target(state, *relation, reference_of(state.entity(), relation->offset));
        // Set to another one since, which no flush has told the former one.
        if (relation->owner && state.snapshot)
          leave_target(state, *relation, manager_.runtime(*state.metadata).stored_reference(state, *relation));
      } else {
        leave_items(state, *relation);
      }
    }
  }

  /// Entities that refer to a deleted one though the deleted one's side of the relation is not known.
  void visit_referring() {
    boost::unordered_flat_set<const EntityMetadata*> types;
    for (const EntityState* state : gone_) types.insert(state->metadata);
    std::vector<EntityState*> referring;
    for (const auto& map : manager_.maps()) {
      if (!map) continue;
      for (const Property* property : map->metadata().to_one) {
        if (!property->owner || !types.contains(property->target)) continue;
        referring.clear();
        for (EntityState* item : map->states()) {
          const EntityState* target = reference_of(item->entity(), property->offset);
          if (target && target->manager == &manager_ && target->has(EntityState::detached))
            referring.push_back(item);
        }
        for (EntityState* item : referring) leave_referring(*item, *property);
      }
      for (const Property* property : map->metadata().collections) {
        if (property->kind != PropertyKind::many_to_many || !types.contains(property->target)) continue;
        for (EntityState* owner : map->states()) touch(manager_.collection_at(*owner, *property));
      }
    }
  }

  void leave_target(EntityState& state, const Property& relation, EntityState* target) {
    if (!target || !relation.inverse) return;
    if (relation.inverse->is_to_many()) {
      touch(manager_.collection_at(*target, *relation.inverse));
    } else if (reference_of(target->entity(), relation.inverse->offset) == &state) {
      if (relation.owner) {
        manager_.put_reference(*target, *relation.inverse, nullptr);
      } else {
        leave_referring(*target, *relation.inverse);
      }
    }
  }

  void leave_items(EntityState& state, const Property& relation) {
    const CollectionData* data = CollectionAccess::data_or_null(manager_.collection_at(state, relation));
    if (!data) return;
    for (EntityState* item : data->items) {
      if (item->has(EntityState::detached)) continue;
      if (relation.kind == PropertyKind::many_to_many) {
        if (relation.inverse) touch(manager_.collection_at(*item, *relation.inverse));
      } else if (reference_of(item->entity(), relation.inverse->offset) == &state) {
        leave_referring(*item, *relation.inverse);
      }
    }
  }

  /// `item` refers to the deleted entity by `owning`: the rule of its foreign key says what became of it.
  void leave_referring(EntityState& item, const Property& owning) {
    if (item.has(EntityState::detached)) return;
    // A row that is only marked is there still: what refers to it goes on doing so.
    const EntityState* target = reference_of(item.entity(), owning.offset);
    if (target && is_marked_only(*target)) return;
    if (owning.delete_rule == Rule::cascade) {
      note(manager_, item, true, false);
      item.set(EntityState::hard_delete);  // by the database, whatever the type says
      manager_.detach(&item);
      gone_.push_back(&item);
      return;
    }
    set_reference_at(item.entity(), owning.offset, nullptr);
    if (item.snapshot && !item.has(EntityState::scheduled)) {
      note(manager_, item, false, false);
      const EntityRuntime& runtime = manager_.runtime(*item.metadata);
      item.snapshot =
          item.has(EntityState::partial)
              ? runtime.take_partial_snapshot(item.entity(), runtime.covered(item), manager_.arena())
              : runtime.take_snapshot(item.entity(), manager_.arena());
    }
  }

  void touch(CollectionBase& collection) {
    if (CollectionAccess::data_or_null(collection)) touched_.insert(&collection);
  }

  Manager& manager_;
  std::vector<EntityState*> gone_{};
  boost::unordered_flat_set<CollectionBase*> touched_{};
};

void close_deletes(Manager& manager, const std::vector<ChangeSet>& early,
                   const std::vector<ChangeSet>& late) {
  if (early.empty() && late.empty()) return;
  Farewell farewell(manager);
  for (const auto* list : {&early, &late}) {
    for (const ChangeSet& change : *list) {
      note(manager, *change.state, true, false);
      manager.detach(change.state);
      farewell.add(*change.state);
    }
  }
  farewell.run();
}

void set_flags(Manager& manager, EntityState& state, std::uint32_t flags) {
  IdentityMap& map = manager.map_of(*state.metadata);
  const auto count = [&](std::uint32_t flag, std::size_t& number) {
    if ((state.flags & flag) && !(flags & flag)) --number;
    if (!(state.flags & flag) && (flags & flag)) ++number;
  };
  count(EntityState::scheduled, map.scheduled);
  count(EntityState::removed, map.removed);
  if (!(state.flags & EntityState::managed) && (flags & EntityState::managed)) {
    state.position = static_cast<std::uint32_t>(map.states().size());
    map.states().push_back(&state);
  }
  state.flags = flags;
}

void forget_key(Manager& manager, EntityState& state) {
  manager.unregister_key(&state);
  const Column& key = *state.metadata->generated_key;
  assign_cell(key, key.access.reach(state.entity()), ValueView::integer(0));
}

void restore_version(Manager& manager, EntityState& state) {
  const Column& version = *state.metadata->version;
  Scratch scratch;
  const ValueView stored = manager.runtime(*state.metadata).stored_value(state, version, scratch);
  if (!stored.is_null()) assign_cell(version, version.access.reach(state.entity()), stored);
}

void note_collection(Manager& manager, EntityState* owner, const Property& property) {
  if (!owner || owner->manager != &manager || owner->has(EntityState::detached)) return;
  CollectionBase& collection = manager.collection_at(*owner, property);
  if (CollectionData* data = CollectionAccess::data_or_null(collection)) manager.note_collection(collection, *data);
}

/// The row of a new entity was taken back: the next flush looks whether it still belongs to the collections that
/// hold it.
void note_collections_with(Manager& manager, EntityState& state) {
  for (const Property* relation : state.metadata->relations) {
    if (!relation->inverse || !relation->inverse->is_to_many()) continue;
    if (relation->is_to_one()) {
      note_collection(manager, reference_of(state.entity(), relation->offset), *relation->inverse);
      if (state.snapshot)
        note_collection(manager, manager.runtime(*state.metadata).stored_reference(state, *relation), *relation->inverse);
      continue;
    }
    const CollectionData* data = CollectionAccess::data_or_null(manager.collection_at(state, *relation));
    if (!data) continue;
    for (EntityState* item : data->items) note_collection(manager, item, *relation->inverse);
  }
}

void undo(Manager& manager, JournalEntry& entry, std::vector<EntityState*>& forgotten) {
  if (entry.collection) {
    CollectionData& data = CollectionAccess::data(*entry.collection);
    if (data.is_known() && !(entry.added.empty() && entry.taken.empty())) {
      // Loaded since: what it read holds the changes that the rollback took back.
      const boost::unordered_flat_set<EntityState*> added(entry.added.begin(), entry.added.end());
      std::erase_if(data.stored, [&](EntityState* item) { return added.contains(item); });
      data.stored.insert(data.stored.end(), entry.taken.begin(), entry.taken.end());
    } else {
      data.stored = std::move(entry.stored);
    }
    if (!data.is_known()) {
      detail::drop_index(data);
      data.added = std::move(entry.added);
      data.taken = std::move(entry.taken);
    }
    manager.queue_collection(*entry.collection, data);
    return;
  }
  EntityState& state = *entry.state;
  // Its row was never there, so that nothing is left to delete.
  const bool was_removed = state.has(EntityState::removed) && (entry.flags & EntityState::scheduled) != 0;
  const bool inserted = (entry.flags & EntityState::scheduled) != 0 && !state.has(EntityState::scheduled);
  if (inserted) note_collections_with(manager, state);
  if (inserted && has_key_of_others(*state.metadata)) manager.unregister_key(&state);
  // A removal that no flush has written yet stays pending.
  const std::uint32_t pending = state.has(EntityState::managed) ? state.flags & EntityState::removed : 0;
  set_flags(manager, state, was_removed ? entry.flags : entry.flags | pending);
  state.snapshot = entry.snapshot;
  if (entry.version_changed) restore_version(manager, state);
  if (!entry.computed.empty()) undo_computed(manager, state, std::move(entry.computed));
  if (entry.unregistered && is_marked_only(state)) {
    restore_mark(state);
    if (state.metadata->version) restore_version(manager, state);
  }
  if (entry.key_assigned) forget_key(manager, state);
  if (entry.unregistered) manager.register_if_free(&state);
  if (was_removed) forgotten.push_back(&state);
}

}  // namespace

void close_books(Manager& manager, const FlushPlan& plan) {
  for (const ChangeSet& change : plan.early_updates) close_update(manager, change);
  for (const ChangeSet& change : plan.updates) close_update(manager, change);
  for (const ChangeSet& change : plan.inserts) close_insert(manager, change);
  close_deletes(manager, plan.early_deletes, plan.deletes);
  manager.orphans().clear();
  tidy_collections(manager);
}

void fix_snapshots(Manager& manager, FlushPlan& plan) {
  for (ChangeSet& change : plan.inserts) change.written = snapshot_of_insert(manager, change);
  for (auto* list : {&plan.early_updates, &plan.updates})
    for (ChangeSet& change : *list) change.written = snapshot_of_update(manager, change);
}

void undo_journal(Manager& manager, std::size_t mark) {
  Journal& journal = manager.journal();
  std::vector<EntityState*> forgotten;
  std::vector<EntityState*> of_handlers;
  while (journal.size() > mark) {
    undo(manager, journal.back(), forgotten);
    EntityState* state = journal.back().state;
    if (state && state->has(EntityState::from_event)) [[unlikely]]
      of_handlers.push_back(state);
    journal.pop_back();
  }
  for (EntityState* state : forgotten) manager.remove(state);
  // The next flush calls the handlers again, and they would make a second one.
  for (EntityState* state : of_handlers) manager.unschedule(state);
}

void restore_versions(Manager& manager, const FlushPlan& plan) {
  for (const auto* list : {&plan.early_updates, &plan.updates})
    for (const ChangeSet& change : *list) {
      const Column* version = change.state->metadata->version;
      if (version && change.columns.has(version->index)) restore_version(manager, *change.state);
    }
  for (const auto* list : {&plan.early_deletes, &plan.deletes})
    for (const ChangeSet& change : *list) {
      if (change.columns.empty()) continue;
      restore_mark(*change.state);
      const Column* version = change.state->metadata->version;
      if (version && change.columns.has(version->index)) restore_version(manager, *change.state);
    }
}

namespace {
/// Takes out items that never got a row, or whose reference was set to another owner before they got one.
void drop_strangers(Manager& manager, const CollectionBase& collection, CollectionData& data) {
  const EntityState* owner = CollectionAccess::owner(collection);
  if (!owner) return;
  const Property& property = manager.property_of(collection, *owner);
  const bool to_many = property.kind == PropertyKind::one_to_many;
  const auto is_stranger = [&](EntityState* item) {
    if (item->has(EntityState::removed) && !item->has(EntityState::managed)) return true;
    return to_many && !item->has(EntityState::detached) &&
           reference_of(item->entity(), property.inverse->offset) != owner;
  };
  if (std::none_of(data.items.begin(), data.items.end(), is_stranger)) return;
  detail::drop_index(data);
  std::erase_if(data.items, is_stranger);
}
/// Created and not persisted yet: what its collections hold is written when it is.
bool is_loose(const EntityState& owner) {
  constexpr std::uint32_t settled = EntityState::managed | EntityState::removed | EntityState::detached;
  return owner.has(EntityState::created_here) && !owner.has(settled);
}
}  // namespace

void tidy_collections(Manager& manager) {
  std::vector<CollectionBase*> waiting;
  for (CollectionBase* collection : manager.changed_collections()) {
    CollectionData& data = CollectionAccess::data(*collection);
    const EntityState* owner = CollectionAccess::owner(*collection);
    if (owner && is_loose(*owner)) {
      waiting.push_back(collection);
      continue;
    }
    drop_strangers(manager, *collection, data);
    if (data.dirty && journaling(manager)) {
      JournalEntry entry;
      entry.collection = collection;
      entry.stored = data.stored;
      entry.added = data.added;
      entry.taken = data.taken;
      manager.journal().push_back(std::move(entry));
    }
    if (data.dirty && data.is_known()) data.stored = data.items;
    if (!data.is_known()) detail::drop_index(data);
    data.added.clear();
    data.taken.clear();
    data.dirty = false;
    data.queued = false;
  }
  manager.changed_collections() = std::move(waiting);
}

bool pivot_changed(Manager& manager, const PivotTable& pivot) {
  for (CollectionBase* collection : manager.changed_collections()) {
    const CollectionData& data = CollectionAccess::data(*collection);
    const EntityState* owner = CollectionAccess::owner(*collection);
    if (data.dirty && owner && EntityMetadata::pivot_of(manager.property_of(*collection, *owner)) == &pivot)
      return true;
  }
  return false;
}

}  // namespace kin::unit_of_work
