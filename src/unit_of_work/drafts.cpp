// SPDX-License-Identifier: MIT
#include "unit_of_work/drafts.hpp"

#include <kin/error.hpp>
#include <kin/types/uuid.hpp>

#include <algorithm>
#include <new>

#include <fmt/format.h>

#include "unit_of_work/entity_runtime.hpp"
#include "unit_of_work/event_listeners.hpp"
#include "unit_of_work/flush_plan.hpp"
#include "unit_of_work/key.hpp"

namespace kin::detail {

using unit_of_work::ChangeSet;
using unit_of_work::ColumnMask;

namespace {

std::align_val_t alignment_of(const EntityMetadata& entity) {
  return std::align_val_t(std::max(alignof(EntityState), entity.type->alignment));
}

/// A nil uuid is none.
bool gives_key(const EntityState& state) {
  if (!unit_of_work::has_key(state)) return false;
  for (const Column* column : state.metadata->key) {
    if (column->references || column->codec->kind != ValueKind::uuid || column->codec->nullable) continue;
    if (static_cast<const Uuid*>(column->access.find(state.entity()))->is_nil()) return false;
  }
  return true;
}

ColumnMask given_columns(const EntityState& state) {
  const unit_of_work::EntityRuntime& runtime = state.manager->runtime(*state.metadata);
  ColumnMask given;
  for (const Column& column : state.metadata->columns)
    if (!runtime.has_default(state.entity(), *column.property)) given.add(column.index);
  return given;
}

void require_no_items(const EntityState& state, const char* verb) {
  for (const Property* property : state.metadata->collections) {
    const CollectionData* data = CollectionAccess::data_or_null(
        state.manager->collection_at(const_cast<EntityState&>(state), *property));
    if (!data || data->items.empty()) continue;
    throw ValidationError(
        fmt::format("{}: {}.{} has items, and only the row itself is written; use create() and flush()", verb,
                    state.metadata->name, property->name),
        ErrorDetails{.entity = state.metadata->name, .property = property->name});
  }
}

void require_keys_of_references(const EntityState& state, const char* verb) {
  for (const Property* property : state.metadata->to_one) {
    const EntityState* target = unit_of_work::reference_of(state.entity(), property->offset);
    if (!target || !property->owner || unit_of_work::has_key(*target)) continue;
    throw ValidationError(fmt::format("{}: {}.{} refers to {}, which has no key yet; flush() first", verb,
                                      state.metadata->name, property->name, unit_of_work::describe(*target)),
                          ErrorDetails{.entity = state.metadata->name, .property = property->name});
  }
}

}  // namespace

Drafts::Data::~Data() {
  for (EntityState* state : states) {
    if (state == adopted) continue;
    entity.type->destroy(state->entity());
    ::operator delete(static_cast<void*>(state), alignment_of(entity));
  }
}

Drafts::Drafts(Manager& manager, TypeTag tag)
    : data_(std::make_unique<Data>(manager, manager.core().registry.of(tag))) {}
Drafts::Drafts(Drafts&&) noexcept = default;
Drafts& Drafts::operator=(Drafts&&) noexcept = default;
Drafts::~Drafts() = default;

void Drafts::add(void* value) {
  const EntityMetadata& entity = data_->entity;
  if (!entity.type->move_construct)
    throw ValidationError(entity.name + " cannot be moved, so its values cannot be taken over",
                          ErrorDetails{.entity = entity.name});
  data_->states.reserve(data_->states.size() + 1);
  void* memory = ::operator new(sizeof(EntityState) + entity.type->size, alignment_of(entity));
  auto* state = ::new (memory) EntityState();
  state->metadata = &entity;
  state->manager = &data_->manager;
  state->set(EntityState::initialized | EntityState::created_here | EntityState::detached);
  entity.type->move_construct(state->entity(), value);
  data_->states.push_back(state);
  data_->given.push_back(given_columns(*state));
  data_->has_key.push_back(gives_key(*state));
  data_->manager.run_on_create(*state);
}

void Drafts::adopt(EntityState* state) {
  data_->manager.require_own(state, "upsert");
  if (state->has(EntityState::managed))
    throw ValidationError(
        fmt::format("upsert: {} is managed already; change it and flush()", unit_of_work::describe(*state)),
        ErrorDetails{.entity = state->metadata->name});
  data_->adopted = state;
  data_->states.push_back(state);
  ColumnMask given = given_columns(*state);
  for (const Property* property : state->metadata->hooks)  // its value may be the hook's
    if (property->on_create) given.drop(property->first_column);
  data_->given.push_back(given);
  data_->has_key.push_back(gives_key(*state));
}

const void* Drafts::at(std::size_t index) const noexcept { return data_->states[index]->entity(); }
std::size_t Drafts::size() const noexcept { return data_->states.size(); }

void tell_before_upsert(Drafts::Data& drafts) {
  for (std::size_t i = 0; i < drafts.states.size(); ++i) {
    EntityState& state = *drafts.states[i];
    if (!drafts.manager.listeners().hears(drafts.entity, Event::before_upsert)) return;
    const ColumnMask before = given_columns(state);
    drafts.manager.fire_event(Event::before_upsert, state);
    const ColumnMask after = given_columns(state);
    for (const Column& column : drafts.entity.columns)
      if (after.has(column.index) && !before.has(column.index)) drafts.given[i].add(column.index);
  }
}

void prepare_drafts(Drafts::Data& drafts, const char* verb) {
  const unit_of_work::EntityRuntime& runtime = drafts.manager.runtime(drafts.entity);
  for (EntityState* state : drafts.states) {
    require_no_items(*state, verb);
    const ChangeSet change{state, unit_of_work::insert_columns(runtime, *state), {}};
    unit_of_work::validate_insert(drafts.manager, change);
    require_keys_of_references(*state, verb);
  }
  if (!drafts.entity.version) return;
  for (EntityState* state : drafts.states)
    unit_of_work::advance_version(*state, *drafts.entity.version, true);
}

}  // namespace kin::detail
