// SPDX-License-Identifier: MIT
#include <kin/collection.hpp>
#include <kin/error.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>

#include <fmt/format.h>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "unit_of_work/collection_items.hpp"
#include "unit_of_work/key.hpp"
#include "unit_of_work/manager.hpp"

namespace kin::detail {

using unit_of_work::reference_of;
using unit_of_work::set_reference_at;

const Property& Manager::property_of(const CollectionBase& collection, const EntityState& owner) const {
  const auto offset = static_cast<std::uint32_t>(reinterpret_cast<const std::byte*>(&collection) -
                                                 static_cast<const std::byte*>(owner.entity()));
  return *owner.metadata->property_at(offset);
}

void Manager::queue_collection(CollectionBase& collection, CollectionData& data) {
  data.dirty = true;
  note_collection(collection, data);
}

void Manager::note_collection(CollectionBase& collection, CollectionData& data) {
  if (data.queued) return;
  data.queued = true;
  changed_collections_.push_back(&collection);
}

void Manager::note_orphan(EntityState* item, const Property& relation) {
  if (relation.orphan_removal) orphans_.push_back({item, relation.inverse});
}

void Manager::note_orphan_target(EntityState* target, const Property& property) {
  orphans_.push_back({target, property.inverse});
}

namespace {
CollectionData& data_of(CollectionBase& collection, const EntityState& owner) {
  CollectionData& data = CollectionAccess::data(collection);
  if (owner.has(EntityState::created_here) && !data.initialized && data.added.empty() && data.taken.empty()) {
    drop_index(data);
    data.initialized = true;
  }
  return data;
}

/// The user may set the item's reference to this owner again, which is no change to what is stored: the next flush
/// looks at those that left. See regain_items.
void note_left(CollectionData& data, const Property& property, EntityState* item) {
  if (property.kind == PropertyKind::one_to_many && data.initialized) data.taken.push_back(item);
}

/// Adds to a collection that follows another side's change: only when its items are known or will be merged.
void mirror_add(Manager& manager, EntityState& owner, const Property& property, EntityState* item) {
  CollectionBase& collection = manager.collection_at(owner, property);
  CollectionData& data = data_of(collection, owner);
  if (add_item(data, item)) manager.note_collection(collection, data);
}
void mirror_remove(Manager& manager, EntityState& owner, const Property& property, EntityState* item) {
  CollectionBase& collection = manager.collection_at(owner, property);
  CollectionData& data = data_of(collection, owner);
  if (!remove_item(data, item)) return;
  note_left(data, property, item);
  manager.note_collection(collection, data);
}
}  // namespace

namespace {
/// An item whose key holds its owner cannot live without it.
bool lives_by(const Property& owning) { return owning.entity->columns[owning.first_column].primary_key; }

/// Such an item goes as a whole: it keeps the reference that is its key, and the next flush deletes it.
void require_may_go(const Property& property, const EntityState& item) {
  if (property.orphan_removal || item.has(EntityState::scheduled) || !item.has(EntityState::managed)) return;
  const Property& owning = *property.inverse;
  throw ValidationError(
      fmt::format("{}.{}: {} can't be taken out, since {}.{} is part of its key; remove() it, or give the collection "
                  "kin::orphan_removal",
                  property.entity->name, property.name, unit_of_work::describe(item), owning.entity->name, owning.name),
      ErrorDetails{.entity = property.entity->name, .property = property.name});
}
}  // namespace

bool Manager::collection_add(CollectionBase& collection, EntityState& owner, EntityState* item) {
  require_own(item, "Collection::add");
  const Property& property = property_of(collection, owner);
  CollectionData& data = data_of(collection, owner);
  if (property.kind == PropertyKind::one_to_many) {
    EntityState* before = reference_of(item->entity(), property.inverse->offset);
    const bool added = add_item(data, item);
    note_collection(collection, data);
    if (before == &owner) {
      // Taken out and put in again.
      if (added && item->has(EntityState::removed) && lives_by(*property.inverse)) persist(item);
      return added;
    }
    if (before) mirror_remove(*this, *before, property, item);
    set_reference_at(item->entity(), property.inverse->offset, &owner);
    return added;
  }
  if (!add_item(data, item)) return false;
  if (property.owner) {
    queue_collection(collection, data);
    if (property.inverse) mirror_add(*this, *item, *property.inverse, &owner);
  } else {
    note_collection(collection, data);
    CollectionBase& owning = collection_at(*item, *property.inverse);
    CollectionData& owning_data = data_of(owning, *item);
    add_item(owning_data, &owner);
    queue_collection(owning, owning_data);
  }
  return true;
}

bool Manager::collection_remove(CollectionBase& collection, EntityState& owner, EntityState* item) {
  require_own(item, "Collection::remove");
  const Property& property = property_of(collection, owner);
  CollectionData& data = data_of(collection, owner);
  if (property.kind == PropertyKind::one_to_many) {
    const bool referred = reference_of(item->entity(), property.inverse->offset) == &owner;
    if (referred && lives_by(*property.inverse)) {
      require_may_go(property, *item);
      if (!remove_item(data, item) && data.is_known()) return false;
      note_collection(collection, data);
      remove(item);
      return true;
    }
    const bool taken = data.is_known() ? remove_item(data, item) : referred && remove_item(data, item);
    if (!taken && !referred) return false;
    if (referred) set_reference_at(item->entity(), property.inverse->offset, nullptr);
    if (taken) note_left(data, property, item);
    note_collection(collection, data);
    note_orphan(item, property);
    return true;
  }
  if (!remove_item(data, item)) return false;
  if (property.owner) {
    queue_collection(collection, data);
    if (property.inverse) mirror_remove(*this, *item, *property.inverse, &owner);
  } else {
    note_collection(collection, data);
    CollectionBase& owning = collection_at(*item, *property.inverse);
    CollectionData& owning_data = data_of(owning, *item);
    remove_item(owning_data, &owner);
    queue_collection(owning, owning_data);
  }
  return true;
}

void Manager::collection_replace(CollectionBase& collection, EntityState& owner,
                                 const std::vector<EntityState*>& wanted) {
  for (const EntityState* item : wanted) require_own(item, "Collection::set");
  const Property& property = property_of(collection, owner);
  CollectionData& data = data_of(collection, owner);
  const boost::unordered_flat_set<EntityState*> keep(wanted.begin(), wanted.end());
  const std::vector<EntityState*> added = data.added;
  for (EntityState* item : added)
    if (!keep.contains(item)) collection_remove(collection, owner, item);
  for (EntityState* item : wanted) collection_add(collection, owner, item);
  drop_index(data);
  data.added.clear();
  data.taken.clear();
  data.stored.clear();
  data.items.clear();
  boost::unordered_flat_set<EntityState*> placed;
  for (EntityState* item : wanted)
    if (placed.insert(item).second) data.items.push_back(item);
  data.initialized = true;
  data.replaced = true;
  if (property.kind == PropertyKind::many_to_many && property.owner) data.dirty = true;
  note_collection(collection, data);
}

void Manager::take_out_replaced(CollectionBase& collection, EntityState& owner,
                                std::vector<EntityState*> wanted) {
  const Property& property = property_of(collection, owner);
  CollectionData& data = CollectionAccess::data(collection);
  const boost::unordered_flat_set<EntityState*> keep(wanted.begin(), wanted.end());
  std::vector<EntityState*> gone;
  for (EntityState* item : data.items) {
    if (keep.contains(item) || item->has(EntityState::removed)) continue;
    // What was given another owner meanwhile has gone by itself.
    if (property.kind == PropertyKind::one_to_many &&
        reference_of(item->entity(), property.inverse->offset) != &owner)
      continue;
    gone.push_back(item);
  }
  const bool held = property.kind == PropertyKind::one_to_many && lives_by(*property.inverse);
  if (held)
    for (const EntityState* item : gone) require_may_go(property, *item);
  for (EntityState* item : gone) collection_remove(collection, owner, item);
  drop_index(data);
  data.items = std::move(wanted);
  if (property.kind == PropertyKind::many_to_many && property.owner) queue_collection(collection, data);
}

namespace {
/// Of a one-to-one relation: `state` takes the place of the target's partner, which may have gone elsewhere before.
void let_partner_go(Manager& manager, const EntityState& state, const Property& property, const EntityState& target) {
  EntityState* partner = reference_of(target.entity(), property.inverse->offset);
  if (partner && partner != &state && reference_of(partner->entity(), property.offset) == &target)
    manager.put_reference(*partner, property, nullptr);
}
}  // namespace

void Manager::set_reference(EntityState& state, const Property& property, EntityState* target) {
  if (target) require_own(target, "set");
  EntityState* before = reference_of(state.entity(), property.offset);
  if (before == target) return;
  put_reference(state, property, target);
  if (!property.inverse) return;
  if (property.kind == PropertyKind::many_to_one) {
    if (before) mirror_remove(*this, *before, *property.inverse, &state);
    if (target) mirror_add(*this, *target, *property.inverse, &state);
    return;
  }
  const Property& other = *property.inverse;
  if (before && reference_of(before->entity(), other.offset) == &state)
    put_reference(*before, other, nullptr);
  if (!target) return;
  let_partner_go(*this, state, property, *target);
  put_reference(*target, other, &state);
}

bool Manager::has_left(const EntityState& item, const EntityState& owner, const Property& relation) const noexcept {
  return relation.kind == PropertyKind::one_to_many && reference_of(item.entity(), relation.inverse->offset) != &owner;
}

void Manager::store_inverse(EntityState& state, const Property& property) {
  if (state.snapshot) return runtime(*state.metadata).store_inverse(state, property);
  new_inverses_[{&state, &property}] = reference_of(state.entity(), property.offset);
}

EntityState* Manager::stored_inverse(const EntityState& state, const Property& property) const {
  if (state.snapshot) return runtime(*state.metadata).stored_inverse(state, property);
  const auto found = new_inverses_.find({&state, &property});
  return found == new_inverses_.end() ? nullptr : found->second;
}

void Manager::enter_inverse_sides(EntityState& state) {
  for (const Property* property : state.metadata->to_one) {
    EntityState* target = reference_of(state.entity(), property->offset);
    if (!target) continue;
    require_own(target, (state.metadata->name + "." + property->name).c_str());
    if (!property->inverse) continue;
    if (property->inverse->is_to_many()) {
      mirror_add(*this, *target, *property->inverse, &state);
    } else {
      let_partner_go(*this, state, *property, *target);
      put_reference(*target, *property->inverse, &state);
    }
  }
  for (const Property* property : state.metadata->collections) {
    CollectionBase& collection = collection_at(state, *property);
    CollectionData* data = CollectionAccess::data_or_null(collection);
    if (!data || data->items.empty()) continue;
    const std::vector<EntityState*> items = std::move(data->items);
    data->items.clear();
    drop_index(*data);
    for (EntityState* item : items) collection_add(collection, state, item);
  }
}

// Item lists.

/// Of items that are known: the items. Of others: the pending changes, with the place of those that were
/// taken out.
struct CollectionIndex {
  boost::unordered_flat_set<const EntityState*> states{};
  boost::unordered_flat_map<const EntityState*, std::size_t> taken{};
};

namespace {
// Below this a scan of a few cache lines is faster than a set.
constexpr std::size_t indexed_from = 24;

bool known(CollectionData& data, const EntityState* item) {
  if (data.items.size() < indexed_from)
    return std::find(data.items.begin(), data.items.end(), item) != data.items.end();
  if (!data.index) {
    data.index = new CollectionIndex();
    data.index->states.insert(data.items.begin(), data.items.end());
  }
  return data.index->states.contains(item);
}
bool take(std::vector<EntityState*>& list, const EntityState* item) {
  // Backwards: what is taken out again was often put in last.
  const auto found = std::find(list.rbegin(), list.rend(), item);
  if (found == list.rend()) return false;
  list.erase(std::next(found).base());
  return true;
}

CollectionIndex& pending_index(CollectionData& data) {
  if (data.index) return *data.index;
  data.index = new CollectionIndex();
  data.index->states.insert(data.added.begin(), data.added.end());
  for (std::size_t i = 0; i < data.taken.size(); ++i) data.index->taken.emplace(data.taken[i], i);
  return *data.index;
}
bool has_many_pending(const CollectionData& data) {
  return data.index || data.added.size() + data.taken.size() >= indexed_from;
}

bool is_added(CollectionData& data, const EntityState* item) {
  if (has_many_pending(data)) return pending_index(data).states.contains(item);
  return std::find(data.added.begin(), data.added.end(), item) != data.added.end();
}
bool is_taken(CollectionData& data, const EntityState* item) {
  if (has_many_pending(data)) return pending_index(data).taken.contains(item);
  return std::find(data.taken.begin(), data.taken.end(), item) != data.taken.end();
}
void note_added(CollectionData& data, EntityState* item) {
  data.added.push_back(item);
  if (data.index) data.index->states.insert(item);
}
void note_taken(CollectionData& data, EntityState* item) {
  if (data.index) data.index->taken.emplace(item, data.taken.size());
  data.taken.push_back(item);
}
bool withdraw_added(CollectionData& data, const EntityState* item) {
  if (!is_added(data, item)) return false;
  if (data.index) data.index->states.erase(item);
  return take(data.added, item);
}
/// The order of what is taken out does not matter, so that the last one fills the gap.
bool withdraw_taken(CollectionData& data, const EntityState* item) {
  if (!has_many_pending(data)) return take(data.taken, item);
  auto& places = pending_index(data).taken;
  const auto found = places.find(item);
  if (found == places.end()) return false;
  const std::size_t place = found->second;
  places.erase(found);
  if (place + 1 != data.taken.size()) places[data.taken[place] = data.taken.back()] = place;
  data.taken.pop_back();
  return true;
}
}  // namespace

CollectionData::~CollectionData() { delete index; }

void drop_index(CollectionData& data) noexcept {
  delete data.index;
  data.index = nullptr;
}

bool add_item(CollectionData& data, EntityState* item) {
  if (data.is_known()) {
    if (known(data, item)) return false;
    data.items.push_back(item);
    if (data.index) data.index->states.insert(item);
    if (!data.taken.empty()) take(data.taken, item);
    return true;
  }
  if (withdraw_taken(data, item)) return true;
  if (is_added(data, item)) return false;
  note_added(data, item);
  return true;
}

bool remove_item(CollectionData& data, EntityState* item) {
  if (data.is_known()) {
    if (!known(data, item)) return false;
    if (data.index) data.index->states.erase(item);
    return take(data.items, item);
  }
  if (withdraw_added(data, item)) return true;
  if (is_taken(data, item)) return false;
  note_taken(data, item);
  return true;
}

void finish_loading(CollectionData& data) {
  drop_index(data);
  data.items = data.stored;
  data.initialized = true;
  data.replaced = false;
  data.partial = false;
  const std::vector<EntityState*> added = std::move(data.added);
  const std::vector<EntityState*> taken = std::move(data.taken);
  data.added.clear();
  data.taken.clear();
  for (EntityState* item : taken) remove_item(data, item);
  // Of an inverse side they are still of interest: see note_left.
  if (!data.dirty) data.taken = taken;
  for (EntityState* item : added) add_item(data, item);
}

// The public base class.

CollectionBase& CollectionBase::operator=(CollectionBase&& other) {
  if (this == &other) return *this;
  if (owner_ != nullptr)
    throw ValidationError(owner_->metadata->name +
                          ": a collection of a managed entity cannot be replaced; use set(), add() or remove()");
  delete data_;
  data_ = other.data_;
  other.data_ = nullptr;
  return *this;
}

namespace {
const std::string& member_name_of(const CollectionBase& collection, const EntityState& owner) {
  return owner.manager->property_of(collection, owner).name;
}
[[noreturn]] void throw_not_loaded(const CollectionBase& collection, const EntityState& owner) {
  const std::string& entity = owner.metadata->name;
  const std::string& member = member_name_of(collection, owner);
  throw NotInitializedError(
      fmt::format("{}.{} of {} has not been loaded; add .populate<&{}::{}>() to the find, or call load() first", entity,
                  member, unit_of_work::describe(owner), entity, member),
      ErrorDetails{.entity = entity, .property = member});
}
}  // namespace

const std::vector<EntityState*>& CollectionBase::items_slow() const {
  static const std::vector<EntityState*> nothing;
  if (!owner_) return data_ ? data_->items : nothing;
  if (owner_->has(EntityState::created_here) && (!data_ || (data_->added.empty() && data_->taken.empty())))
    return data_ ? data_->items : nothing;
  throw_not_loaded(*this, *owner_);
}

namespace {
void require_whole(const CollectionBase& collection, const EntityState* owner) {
  if (!owner || !collection.is_partial()) return;
  const std::string& entity = owner->metadata->name;
  const std::string& member = member_name_of(collection, *owner);
  throw ValidationError(
      fmt::format(
          "{}.{} of {} holds only what a stored matching() found and can't be changed; call load() first, or "
          "set the other side of the relation",
          entity, member, unit_of_work::describe(*owner)),
      ErrorDetails{.entity = entity, .property = member});
}
}  // namespace

bool CollectionBase::add_state(EntityState* item) {
  require_whole(*this, owner_);
  if (owner_) return owner_->manager->collection_add(*this, *owner_, item);
  if (!item) throw ValidationError("Collection::add: the Ref is null; pass an entity");
  CollectionData& data = CollectionAccess::data(*this);
  data.initialized = true;
  return add_item(data, item);
}

bool CollectionBase::remove_state(EntityState* item) {
  require_whole(*this, owner_);
  if (owner_) return owner_->manager->collection_remove(*this, *owner_, item);
  return data_ && remove_item(*data_, item);
}

bool CollectionBase::contains_state(const EntityState* item) const {
  const std::vector<EntityState*>& all = items();
  return data_ && !data_->partial ? known(*data_, item)
                                  : std::find(all.begin(), all.end(), item) != all.end();
}

void CollectionBase::set_states(std::vector<EntityState*> wanted) {
  require_whole(*this, owner_);
  if (owner_ && !is_initialized()) return owner_->manager->collection_replace(*this, *owner_, wanted);
  const std::vector<EntityState*> before = items();
  const boost::unordered_flat_set<EntityState*> keep(wanted.begin(), wanted.end());
  for (EntityState* item : before)
    if (!keep.contains(item)) remove_state(item);
  for (EntityState* item : wanted) add_state(item);
  if (!data_) return;
  drop_index(*data_);
  data_->items.clear();
  boost::unordered_flat_set<EntityState*> placed;
  for (EntityState* item : wanted)
    if (placed.insert(item).second) data_->items.push_back(item);
}

void CollectionBase::remove_all() { set_states({}); }

// Handles.

namespace {
/// A to-one member that holds the state, as "&Book::author", for the remedy in the message.
std::string path_to(const EntityState& state) {
  Manager& manager = *state.manager;
  for (const EntityMetadata* entity : manager.core().registry.entities()) {
    unit_of_work::IdentityMap* map = manager.map_or_null(*entity);
    if (!map) continue;
    for (const Property* property : entity->to_one) {
      if (property->target != state.metadata) continue;
      for (EntityState* candidate : map->states())
        if (reference_of(candidate->entity(), property->offset) == &state)
          return fmt::format("&{}::{}", entity->name, property->name);
    }
  }
  return {};
}
}  // namespace

void throw_unreadable(const EntityState* state) {
  if (!state) throw ValidationError("the Ref is null: test it before reading through it");
  const std::string path = path_to(*state);
  const std::string remedy =
      path.empty() ? std::string("call load() on the Ref first")
                   : fmt::format("add .populate<{}>() to the find, or call load() on the Ref first", path);
  throw NotInitializedError(fmt::format("{} has not been loaded, only its key is known; {}",
                                        unit_of_work::describe(*state), remedy),
                            ErrorDetails{.entity = state->metadata->name});
}

void set_reference(EntityState* state, const MemberId& member, EntityState* target) {
  if (!state) throw_unreadable(state);
  state->manager->set_reference(*state, *state->metadata->property_at(member.offset()), target);
}

Value key_value(const EntityState* state) {
  if (!state) return Value();
  const EntityMetadata& entity = *state->metadata;
  if (entity.key.size() != 1)
    throw ValidationError(entity.name + " has a composite key; compare its key members one by one",
                          ErrorDetails{.entity = entity.name});
  if (!unit_of_work::has_key(*state))
    throw ValidationError(entity.name + " has no key yet; flush before it is used in a condition",
                          ErrorDetails{.entity = entity.name});
  Scratch scratch;
  return Value(unit_of_work::column_value(*entity.key.front(), state->entity(), scratch));
}

}  // namespace kin::detail
