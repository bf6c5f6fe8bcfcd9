// SPDX-License-Identifier: MIT
#include "unit_of_work/manager.hpp"

#include <kin/error.hpp>
#include <kin/types/uuid.hpp>

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "unit_of_work/key.hpp"

namespace kin::detail {

using unit_of_work::IdentityMap;
using unit_of_work::reference_of;

UseGuard::UseGuard(Manager& manager) : manager_(manager) {
  if (manager.in_use_.exchange(true, std::memory_order_acquire)) [[unlikely]]
    throw TransactionStateError(
        "this EntityManager is in the middle of another call; give each task or thread a manager of its own "
        "(orm.em()), and do not call it from its own query logger, hooks or subscribers; the args of these "
        "have what they may do");
}

Manager::Manager(std::shared_ptr<OrmCore> core, ManagerOptions options)
    : core_(std::move(core)), options_(std::move(options)), listeners_(&core_->listeners) {
  maps_.resize(core_->registry.entities().size());
  flush_mode = core_->options.flush_mode;
  transactions_disabled = core_->options.disable_transactions;
}

Manager::~Manager() { clear(); }

void Manager::clear() {
  for (EntityState* state : allocated_) state->metadata->type->destroy(state->entity());
  allocated_.clear();
  for (std::size_t i = 0; i < scratch_entities_.size(); ++i)
    if (scratch_entities_[i]) core_->registry.entities()[i]->type->destroy(scratch_entities_[i]);
  scratch_entities_.clear();
  for (auto& map : maps_) map.reset();
  changed_collections_.clear();
  orphans_.clear();
  removed_along_.clear();
  new_inverses_.clear();
  journal_.clear();
  loaded_.clear();
  computed.clear();
  for (Mark& mark : marks_) {
    mark.journal = 0;
    mark.allocated = 0;
    if (mark.work) mark.work = 0;
  }
  unscheduled = 0;
  pinned_ = false;
  arena_.release();
}

void Manager::attach_collections(EntityState& state) const noexcept {
  for (const Property* property : state.metadata->collections)
    CollectionAccess::attach(collection_at(state, *property), &state);
}

EntityState* Manager::make_state(const EntityMetadata& entity) {
  void* memory = arena_.allocate(sizeof(EntityState) + entity.type->size);
  auto* state = ::new (memory) EntityState();
  state->metadata = &entity;
  state->manager = this;
  entity.type->construct(state->entity());
  allocated_.push_back(state);
  attach_collections(*state);
  return state;
}

namespace {

/// Calls visit(state) for what a state's relations with the given cascade lead to, as far as it is known.
template <class Visit>
void for_each_known(Manager& manager, EntityState& state, Cascade cascade, Visit&& visit) {
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

void require_own_relations(const Manager& manager, EntityState& state) {
  for (const Property* property : state.metadata->to_one)
    if (const EntityState* target = reference_of(state.entity(), property->offset))
      manager.require_own(target, (state.metadata->name + "." + property->name).c_str());
  for (const Property* property : state.metadata->collections) {
    const CollectionData* data = CollectionAccess::data_or_null(manager.collection_at(state, *property));
    if (!data) continue;
    for (const EntityState* item : data->items) manager.require_own(item, "Collection::add");
  }
}

/// A new entity that remove() took back: no flush inserts it, and no cascade reaches it, until persist() says
/// so.
bool is_forgotten(const EntityState& state) {
  return state.has(EntityState::removed) && !state.has(EntityState::managed | EntityState::detached);
}

}  // namespace

EntityState* Manager::create(TypeTag tag, void* from, bool persist) {
  const EntityMetadata& entity = core_->registry.of(tag);
  if (!entity.type->move_construct)
    throw ValidationError(entity.name + " cannot be moved, so em.create cannot take it over",
                          ErrorDetails{.entity = entity.name});
  void* memory = arena_.allocate(sizeof(EntityState) + entity.type->size);
  auto* state = ::new (memory) EntityState();
  state->metadata = &entity;
  state->manager = this;
  entity.type->move_construct(state->entity(), from);
  allocated_.push_back(state);
  state->set(EntityState::initialized | EntityState::created_here);
  attach_collections(*state);
  ++unscheduled;
  try {
    run_on_create(*state);
    if (listeners_->any()) [[unlikely]]
      fire_event(Event::on_init, *state);
    // What may fail comes first, so that a failure leaves no trace in the collections of others.
    require_own_relations(*this, *state);
    if (persist && !state->has(EntityState::managed)) {
      insert_new(state);
      --unscheduled;
    }
    enter_inverse_sides(*state);
  } catch (...) {
    detach(state);
    throw;
  }
  return state;
}

void Manager::run_on_create(EntityState& state) {
  const auto& runtime = core_->runtime(*state.metadata);
  for (const Property* property : state.metadata->hooks) {
    if (!property->on_create || !runtime.has_default(state.entity(), *property)) continue;
    property->on_create(state.entity(), static_cast<std::byte*>(state.entity()) + property->offset);
  }
  if (state.metadata->key.size() != 1) return;
  const Column& key = *state.metadata->key.front();
  if (key.references || key.codec->kind != ValueKind::uuid || key.codec->nullable) return;
  auto* uuid = static_cast<Uuid*>(key.access.find(state.entity()));
  if (uuid->is_nil()) *uuid = Uuid::v7();
}

void Manager::insert_new(EntityState* state) {
  IdentityMap& map = map_of(*state->metadata);
  if (has_key(*state)) register_key(state);
  state->set(EntityState::scheduled | EntityState::managed);
  state->position = static_cast<std::uint32_t>(map.states().size());
  map.states().push_back(state);
  ++map.scheduled;
}

void Manager::persist(EntityState* state) {
  require_own(state, "persist");
  if (is_forgotten(*state)) {
    // remove() took its new relatives along, so they come back with it.
    std::vector<EntityState*> open{state};
    while (!open.empty()) {
      EntityState* next = open.back();
      open.pop_back();
      if (!is_forgotten(*next)) continue;
      insert_new(next);
      next->clear(EntityState::removed);
      for_each_known(*this, *next, Cascade::persist, [&](EntityState& related) { open.push_back(&related); });
    }
    return;
  }
  if (state->has(EntityState::removed)) {
    require_key_free(*state);
    state->clear(EntityState::removed | EntityState::hard_delete);
    --map_of(*state->metadata).removed;
    return;
  }
  if (state->has(EntityState::managed)) return;
  if (!state->has(EntityState::created_here)) return;
  insert_new(state);
  --unscheduled;
}

void Manager::remove(EntityState* state) {
  require_own(state, "remove");
  if (state->has(EntityState::removed) || !state->has(EntityState::managed)) return;
  // Of stored entities the flush finds the cascades; a new one is out of its sight from here on.
  std::vector<EntityState*> open{state};
  while (!open.empty()) {
    EntityState* next = open.back();
    open.pop_back();
    if (next->has(EntityState::removed) || !next->has(EntityState::managed)) continue;
    IdentityMap& map = map_of(*next->metadata);
    if (!next->has(EntityState::scheduled)) {
      next->set(EntityState::removed);
      ++map.removed;
      continue;
    }
    if (has_key(*next)) unregister_key(next);
    next->clear(EntityState::scheduled | EntityState::managed);
    next->set(EntityState::removed);
    --map.scheduled;
    map.states()[next->position] = map.states().back();
    map.states()[next->position]->position = next->position;
    map.states().pop_back();
    for_each_known(*this, *next, Cascade::remove, [&](EntityState& related) {
      if (related.manager == this) open.push_back(&related);
    });
  }
}

void Manager::remove_along(EntityState* state) {
  if (state->has(EntityState::removed)) return;
  remove(state);
  if (state->has(EntityState::managed)) removed_along_.push_back(state);
}

bool Manager::is_key(const Property& to_one) const noexcept {
  return to_one.owner && to_one.entity->columns[to_one.first_column].primary_key;
}

void Manager::keep_along() noexcept {
  if (removed_along_.empty()) return;
  for (const Orphan& orphan : orphans_)
    if (orphan.owning && is_key(*orphan.owning) && orphan.item->has(EntityState::managed) &&
        orphan.item->has(EntityState::removed))
      unit_of_work::set_reference_at(orphan.item->entity(), orphan.owning->offset, nullptr);
  for (EntityState* state : removed_along_) {
    if (!state->has(EntityState::managed) || !state->has(EntityState::removed)) continue;
    state->clear(EntityState::removed | EntityState::hard_delete);
    --map_of(*state->metadata).removed;
  }
  removed_along_.clear();
}

void Manager::detach(EntityState* state) {
  if (state->has(EntityState::managed)) {
    IdentityMap& map = map_of(*state->metadata);
    if (has_key(*state)) unregister_key(state);
    if (state->has(EntityState::scheduled)) --map.scheduled;
    if (state->has(EntityState::removed)) --map.removed;
    map.states()[state->position] = map.states().back();
    map.states()[state->position]->position = state->position;
    map.states().pop_back();
  } else if (state->has(EntityState::created_here) &&
             !state->has(EntityState::detached | EntityState::removed)) {
    --unscheduled;
  }
  state->clear(EntityState::managed | EntityState::scheduled | EntityState::removed);
  state->set(EntityState::detached);
}

void Manager::require_own(const EntityState* state, const char* verb) const {
  if (!state) throw ValidationError(fmt::format("{}: the Ref is null; pass an entity", verb));
  const std::string& entity = state->metadata->name;
  if (state->manager != this)
    throw ValidationError(
        fmt::format("{}: {} belongs to another EntityManager; find it in this one, or use its key with "
                    "get_reference",
                    verb, describe(*state)),
        ErrorDetails{.entity = entity});
  if (state->has(EntityState::detached))
    throw ValidationError(fmt::format("{}: {} was deleted or forgotten; create it again or find it anew",
                                      verb, describe(*state)),
                          ErrorDetails{.entity = entity});
}

bool Manager::has_removals() const noexcept {
  return !orphans_.empty() ||
         std::ranges::any_of(maps_, [](const auto& map) { return map && map->removed > 0; });
}

// Keys.

void* Manager::scratch_entity(const EntityMetadata& entity) {
  if (scratch_entities_.empty()) scratch_entities_.resize(maps_.size());
  void*& scratch = scratch_entities_[entity.index];
  if (!scratch) {
    void* memory = arena_.allocate(entity.type->size);
    entity.type->construct(memory);
    scratch = memory;
  }
  return scratch;
}

bool Manager::has_key(const EntityState& state) const { return unit_of_work::has_key(state); }

void Manager::pack_key(const EntityState& state, std::string& packed) const {
  packed.clear();
  for (const Column* column : state.metadata->key) {
    const void* entity = state.entity();
    const Column& leaf = unit_of_work::follow(*column, entity);
    unit_of_work::append_packed(leaf, leaf.access.find(entity), packed);
  }
}

void Manager::pack_key(const EntityMetadata& entity, const ValueView* cells, std::string& packed) {
  packed.clear();
  for (const Column* column : entity.key) {
    const Column* leaf = column;
    while (leaf->references) leaf = leaf->references;
    void* member = leaf->access.reach(scratch_entity(*leaf->entity));
    unit_of_work::assign_cell(*leaf, member, *cells++);
    unit_of_work::append_packed(*leaf, member, packed);
  }
}

std::int64_t Manager::integer_key(const EntityMetadata& entity, const ValueView& cell) {
  if (cell.kind() == ValueKind::integer || cell.kind() == ValueKind::unsigned_integer) [[likely]]
    return cell.as_integer();
  const Column* leaf = entity.key.front();
  while (leaf->references) leaf = leaf->references;
  void* member = leaf->access.reach(scratch_entity(*leaf->entity));
  unit_of_work::assign_cell(*leaf, member, cell);
  Scratch scratch;
  return leaf->codec->view(*leaf->codec, member, scratch).as_integer();
}

EntityState* Manager::find_in_map(const EntityMetadata& entity, const ValueView* cells) {
  IdentityMap* map = map_or_null(entity);
  if (!map) return nullptr;
  if (entity.integer_key) return map->find(integer_key(entity, *cells));
  pack_key(entity, cells, key_buffer_);
  return map->find(key_buffer_);
}

EntityState* Manager::reference(const EntityMetadata& entity, const ValueView* cells) {
  IdentityMap& map = map_of(entity);
  EntityState** slot;
  if (entity.integer_key) {
    slot = &map.slot(integer_key(entity, *cells));
  } else {
    pack_key(entity, cells, key_buffer_);
    slot = &map.slot(key_buffer_, arena_);
  }
  if (*slot) return *slot;
  EntityState* state;
  try {
    state = make_state(entity);
  } catch (...) {
    if (entity.integer_key) map.erase(integer_key(entity, *cells));
    throw;
  }
  *slot = state;
  state->set(EntityState::managed);
  state->position = static_cast<std::uint32_t>(map.states().size());
  map.states().push_back(state);
  const ValueView* cell = cells;
  for (std::size_t i = 0; i < entity.key.size(); ++i, ++cell) {
    const Column& column = *entity.key[i];
    if (!column.references) {
      unit_of_work::assign_cell(column, column.access.reach(state->entity()), *cell);
      continue;
    }
    const Property& property = *column.property;
    if (column.index != property.first_column) continue;
    unit_of_work::set_reference_at(state->entity(), column.access.offset, reference(*property.target, cell));
  }
  return state;
}

EntityState* Manager::reference_of_key(TypeTag tag, std::span<const ValueView> key) {
  const EntityMetadata& entity = core_->registry.of(tag);
  if (key.size() != entity.key.size())
    throw ValidationError(fmt::format("{} has a key of {} columns, but {} values were given", entity.name,
                                      entity.key.size(), key.size()),
                          ErrorDetails{.entity = entity.name});
  return reference(entity, key.data());
}

void Manager::register_key(EntityState* state) {
  IdentityMap& map = map_of(*state->metadata);
  EntityState** slot;
  if (state->metadata->integer_key) {
    slot = &map.slot(unit_of_work::integer_key_of(*state));
  } else {
    pack_key(*state, key_buffer_);
    slot = &map.slot(key_buffer_, arena_);
  }
  // The key of an entity that the next flush deletes may be used again: the newcomer takes its place in the
  // map.
  if (*slot && *slot != state && !(*slot)->has(EntityState::removed))
    throw ValidationError(
        fmt::format("{} is in this EntityManager already; change that entity, or remove it first",
                    describe(*state)),
        ErrorDetails{.entity = state->metadata->name});
  if (*slot && *slot != state) map.displace(*slot, state);
  *slot = state;
}

EntityState* Manager::holder_of_key(const EntityState& state) {
  IdentityMap& map = map_of(*state.metadata);
  if (state.metadata->integer_key) return map.find(unit_of_work::integer_key_of(state));
  pack_key(state, key_buffer_);
  return map.find(key_buffer_);
}

void Manager::require_key_free(const EntityState& state) {
  if (!has_key(state)) return;
  const EntityState* holder = holder_of_key(state);
  if (!holder || holder == &state) return;
  throw ValidationError(
      fmt::format("persist: the key of {} was taken by another entity since remove(); remove() that one, or "
                  "change it instead",
                  describe(state)),
      ErrorDetails{.entity = state.metadata->name});
}

void Manager::register_if_free(EntityState* state) {
  IdentityMap& map = map_of(*state->metadata);
  if (state->metadata->integer_key) {
    EntityState*& slot = map.slot(unit_of_work::integer_key_of(*state));
    if (!slot) slot = state;
    return;
  }
  pack_key(*state, key_buffer_);
  EntityState*& slot = map.slot(key_buffer_, arena_);
  if (!slot) slot = state;
}

void Manager::unregister_key(EntityState* state) noexcept {
  IdentityMap* map = map_or_null(*state->metadata);
  if (!map) return;
  if (state->metadata->integer_key) {
    const std::int64_t key = unit_of_work::integer_key_of(*state);
    if (map->find(key) != state) return;
    if (EntityState* before = map->take_displaced(state)) {
      map->slot(key) = before;
    } else {
      map->erase(key);
    }
    return;
  }
  pack_key(*state, key_buffer_);
  if (map->find(key_buffer_) != state) return;
  if (EntityState* before = map->take_displaced(state)) {
    map->slot(key_buffer_, arena_) = before;
  } else {
    map->erase(key_buffer_);
  }
}

std::string Manager::describe(const EntityState& state) const { return unit_of_work::describe(state); }

}  // namespace kin::detail
