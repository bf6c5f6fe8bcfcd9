// SPDX-License-Identifier: MIT
// Forks of a manager, empty or with copies of what it knows of the database.
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "unit_of_work/entity_runtime.hpp"
#include "unit_of_work/manager.hpp"

namespace kin::detail {
namespace {

using unit_of_work::EntityRuntime;
using unit_of_work::reference_of;
using unit_of_work::set_reference_at;

/// Has a row that was read or written, and so a snapshot of it. What is to be deleted has it still.
bool is_stored(const EntityState& state) {
  return state.snapshot && state.has(EntityState::managed) && !state.has(EntityState::scheduled);
}

/// Copies the snapshots of one manager's entities into another one, which is empty.
class Copier {
 public:
  Copier(Manager& from, Manager& to) noexcept : from_(from), to_(to) {}

  void run() {
    for (const auto& map : from_.maps()) {
      if (!map) continue;
      for (EntityState* state : map->states())
        if (is_stored(*state)) copies_.emplace_back(state, copy_of(*state));
    }
    for (const auto& [state, copy] : copies_) fill(*state, *copy);
    for (const auto& [state, copy] : copies_) fill_collections(*state, *copy);
  }

 private:
  /// A stub as long as nothing more is known of the entity.
  EntityState* copy_of(const EntityState& state) {
    EntityState*& copy = copy_of_[&state];
    if (copy) return copy;
    std::vector<Scratch> scratch(state.metadata->key.size());
    std::vector<ValueView> key;
    for (const Column* column : state.metadata->key)
      key.push_back(unit_of_work::column_value(*column, state.entity(), scratch[key.size()]));
    copy = to_.reference(*state.metadata, key.data());
    return copy;
  }

  void fill(const EntityState& state, EntityState& copy) {
    const EntityRuntime& runtime = from_.runtime(*state.metadata);
    runtime.restore(copy.entity(), state.snapshot, state.has(EntityState::partial));
    for (const Property* property : state.metadata->to_one) {
      const EntityState* target = property->owner ? reference_of(copy.entity(), property->offset)
                                                  : runtime.stored_inverse(state, *property);
      if (target && target->manager == &to_) continue;  // of the key
      const bool there = target && !target->has(EntityState::detached);
      set_reference_at(copy.entity(), property->offset, there ? copy_of(*target) : nullptr);
    }
    copy.set(state.flags &
             (EntityState::initialized | EntityState::partial | EntityState::read_only | EntityState::stale));
    copy.snapshot = state.has(EntityState::partial)
                        ? runtime.take_partial_snapshot(copy.entity(), runtime.covered(state), to_.arena())
                        : runtime.take_snapshot(copy.entity(), to_.arena());
  }

  void fill_collections(EntityState& state, EntityState& copy) {
    for (const Property* property : state.metadata->collections) {
      const CollectionBase& collection = from_.collection_at(state, *property);
      const CollectionData* data = CollectionAccess::data_or_null(collection);
      if (!collection.is_initialized() || (data && (data->queued || data->partial))) continue;
      CollectionData& items = CollectionAccess::data(to_.collection_at(copy, *property));
      items.initialized = true;
      if (!data) continue;
      for (const EntityState* item : data->items)
        if (belongs(state, *property, *item)) items.items.push_back(copy_of(*item));
      items.stored = items.items;
    }
  }

  /// Not when it was added by setting its reference, which is not flushed.
  bool belongs(const EntityState& owner, const Property& property, const EntityState& item) const {
    if (!is_stored(item)) return false;
    if (property.kind == PropertyKind::many_to_many) return true;
    return from_.runtime(*item.metadata).stored_reference(item, *property.inverse) == &owner;
  }

  Manager& from_;
  Manager& to_;
  std::vector<std::pair<EntityState*, EntityState*>> copies_{};
  boost::unordered_flat_map<const EntityState*, EntityState*> copy_of_{};
};

}  // namespace

std::unique_ptr<Manager> Manager::fork(const ForkOptions& options) {
  auto made = std::make_unique<Manager>(core_, options_);
  made->pinned_ = pinned_;  // what this one has written, the other is to see
  made->own_listeners_ = own_listeners_;
  made->listeners_ = listeners_;
  made->flush_mode = options.flush_mode.value_or(flush_mode);
  made->transactions_disabled = options.disable_transactions.value_or(transactions_disabled);
  if (!options.clear) Copier(*this, *made).run();
  return made;
}

}  // namespace kin::detail
