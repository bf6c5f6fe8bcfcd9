// SPDX-License-Identifier: MIT
// Values and rows from elsewhere as managed entities, and entities that the manager forgets.
#include <kin/error.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "unit_of_work/entity_runtime.hpp"
#include "unit_of_work/key.hpp"
#include "unit_of_work/manager.hpp"

namespace kin::detail {
namespace {

using unit_of_work::ColumnMask;
using unit_of_work::EntityRuntime;
using unit_of_work::reference_of;
using unit_of_work::set_reference_at;

ColumnMask all_columns(const EntityMetadata& entity) {
  ColumnMask mask;
  for (const Column& column : entity.columns) mask.add(column.index);
  return mask;
}

std::vector<ValueView> views_of(const std::vector<Value>& values) {
  std::vector<ValueView> views;
  for (const Value& value : values) views.push_back(value.view());
  return views;
}

/// The entity of a key as merge and map find it; null when it has to stay as it is.
EntityState* to_fill(Manager& manager, const EntityMetadata& entity, const std::vector<Value>& key,
                     Merge existing, EntityState*& state) {
  state = manager.reference(entity, views_of(key).data());
  if (state->has(EntityState::scheduled | EntityState::removed)) return nullptr;
  return existing == Merge::keep && state->has(EntityState::initialized) ? nullptr : state;
}

/// Makes the entity hold the members of `object` whose columns are in the mask, as if a row had been read.
void fill(Manager& manager, EntityState& state, const void* object, const ColumnMask& mask) {
  const EntityRuntime& runtime = manager.runtime(*state.metadata);
  const bool whole = mask == all_columns(*state.metadata);
  const std::byte* packed = whole ? runtime.take_snapshot(object, manager.arena())
                                  : runtime.take_partial_snapshot(object, mask, manager.arena());
  runtime.restore(state.entity(), packed, !whole);
  for (const Property* property : runtime.inverses())
    if (whole) set_reference_at(state.entity(), property->offset, reference_of(object, property->offset));
  const bool was_whole = state.has(EntityState::initialized) && !state.has(EntityState::partial);
  if (was_whole || whole) {
    state.clear(EntityState::partial);
    state.snapshot = runtime.take_snapshot(state.entity(), manager.arena());
  } else {
    ColumnMask known = state.has(EntityState::initialized) ? runtime.covered(state) : ColumnMask();
    known |= mask;
    state.set(EntityState::partial);
    state.snapshot = runtime.take_partial_snapshot(state.entity(), known, manager.arena());
  }
  state.set(EntityState::initialized);
  state.clear(EntityState::stale);
}

std::vector<Value> key_of(const EntityMetadata& entity, const void* object) {
  std::vector<Value> key;
  for (const Column* column : entity.key) {
    Scratch scratch;
    const ValueView value = unit_of_work::column_value(*column, object, scratch);
    if (value.is_null() || (column->generated_key && value.as_integer() == 0))
      throw ValidationError(
          fmt::format(
              "merge: {}.{} has no value, but a row is known by its key; set it, or use em.create for a new "
              "entity",
              entity.name, column->property->name),
          ErrorDetails{.entity = entity.name, .property = column->property->name});
    key.push_back(Value(value));
  }
  return key;
}

void require_own_references(const Manager& manager, const EntityMetadata& entity, const void* object) {
  for (const Property* property : entity.to_one)
    if (const EntityState* target = reference_of(object, property->offset))
      manager.require_own(target, (entity.name + "." + property->name).c_str());
}

/// A row's cells by the columns of the entity; null where the row has no such column.
std::vector<const Value*> cells_of(const EntityMetadata& entity, const Row& row) {
  std::vector<const Value*> cells(entity.columns.size());
  for (std::size_t i = 0; i < row.columns().size(); ++i)
    for (const Column& column : entity.columns)
      if (column.name == row.columns()[i]) cells[column.index] = &row[i];
  return cells;
}

std::vector<Value> key_of(const EntityMetadata& entity, const std::vector<const Value*>& cells) {
  std::vector<Value> key;
  for (const Column* column : entity.key) {
    const Value* cell = cells[column->index];
    if (!cell || cell->is_null())
      throw ValidationError(
          fmt::format("map: the row has no {}, the key of {}; select it, too", column->name, entity.name),
          ErrorDetails{.entity = entity.name, .property = column->property->name});
    key.push_back(*cell);
  }
  return key;
}

class RowMapper {
 public:
  RowMapper(Manager& manager, const EntityMetadata& entity, const std::vector<const Value*>& cells)
      : manager_(manager), entity_(entity), cells_(cells) {}

  /// Stores the cells in the object; returns their columns.
  ColumnMask run(void* object) const {
    ColumnMask mask;
    for (const Column& column : entity_.columns) {
      const Value* cell = cells_[column.index];
      if (!cell || (column.access.optional && !has_all(entity_.properties[column.property->index]))) continue;
      if (column.references) {
        if (column.index == column.property->first_column) store_reference(*column.property, object, mask);
        continue;
      }
      mask.add(column.index);
      // A null below an empty optional struct leaves it empty.
      void* member = cell->is_null() ? column.access.find(object) : column.access.reach(object);
      if (member) unit_of_work::assign_cell(column, member, cell->view());
    }
    return mask;
  }

 private:
  /// Part of an optional struct alone would give the rest of it values that no row has.
  bool has_all(const Property& property) const {
    for (std::uint32_t i = 0; i < property.column_count; ++i)
      if (!cells_[property.first_column + i]) return false;
    return true;
  }
  /// Of a foreign key of several columns all are needed.
  void store_reference(const Property& property, void* object, ColumnMask& mask) const {
    std::vector<ValueView> key;
    bool is_null = false;
    for (std::uint32_t i = 0; i < property.column_count; ++i) {
      const Value* cell = cells_[property.first_column + i];
      if (!cell) return;
      is_null = is_null || cell->is_null();
      key.push_back(cell->view());
    }
    for (std::uint32_t i = 0; i < property.column_count; ++i) mask.add(property.first_column + i);
    set_reference_at(object, property.offset,
                     is_null ? nullptr : manager_.reference(*property.target, key.data()));
  }

  Manager& manager_;
  const EntityMetadata& entity_;
  const std::vector<const Value*>& cells_;
};

/// A stored object of the type, for the time of a call.
struct Object {
  explicit Object(const TypeDescriptor& of)
      : type(of), memory(::operator new(of.size, std::align_val_t{of.alignment})) {
    type.construct(memory);
  }
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  ~Object() {
    type.destroy(memory);
    ::operator delete(memory, std::align_val_t{type.alignment});
  }
  const TypeDescriptor& type;
  void* memory;
};

/// A rollback would bring back what the manager was told to forget.
void require_not_written(Manager& manager, const EntityState& state) {
  const auto& journal = manager.journal();
  if (std::ranges::none_of(journal, [&](const auto& entry) { return entry.state == &state; })) return;
  throw TransactionStateError(
      fmt::format("detach: {} was written in the open transaction; commit() or rollback() first",
                  unit_of_work::describe(state)),
      ErrorDetails{.entity = state.metadata->name});
}

void forget(Manager& manager, EntityState* state) {
  std::erase_if(manager.orphans(), [&](const Manager::Orphan& orphan) { return orphan.item == state; });
  std::erase_if(manager.changed_collections(), [&](const CollectionBase* collection) {
    return CollectionAccess::owner(*collection) == state;
  });
  manager.detach(state);
}

}  // namespace

EntityState* merge_entity(Manager& manager, TypeTag tag, void* value, Merge existing) {
  const UseGuard guard(manager);
  const EntityMetadata& entity = manager.core().registry.of(tag);
  require_own_references(manager, entity, value);
  EntityState* state;
  if (to_fill(manager, entity, key_of(entity, value), existing, state))
    fill(manager, *state, value, all_columns(entity));
  return state;
}

EntityState* map_row(Manager& manager, TypeTag tag, const Row& row, Merge existing) {
  const UseGuard guard(manager);
  const EntityMetadata& entity = manager.core().registry.of(tag);
  const std::vector<const Value*> cells = cells_of(entity, row);
  const std::vector<Value> key = key_of(entity, cells);
  const Object object(*entity.type);
  const ColumnMask mask = RowMapper(manager, entity, cells).run(object.memory);
  EntityState* state;
  if (to_fill(manager, entity, key, existing, state)) fill(manager, *state, object.memory, mask);
  return state;
}

void clear_type(Manager& manager, TypeTag tag) {
  const UseGuard guard(manager);
  unit_of_work::IdentityMap* map = manager.map_or_null(manager.core().registry.of(tag));
  if (!map) return;
  const std::vector<EntityState*> states = map->states();
  for (const EntityState* state : states) require_not_written(manager, *state);
  for (EntityState* state : states) forget(manager, state);
}

void detach_entity(Manager& manager, EntityState* state) {
  const UseGuard guard(manager);
  manager.require_own(state, "detach");
  require_not_written(manager, *state);
  forget(manager, state);
}

bool is_managed(const Manager& manager, const EntityState* state) noexcept {
  return state && state->manager == &manager && state->has(EntityState::managed) &&
         !state->has(EntityState::detached);
}

const void* original_entity(Manager& manager, EntityState* state, const MemberId& member) {
  const UseGuard guard(manager);
  manager.require_own(state, "original");
  const Property* property = state->metadata->property_at(member.offset());
  if (!state->snapshot || !property) return nullptr;
  const EntityRuntime& runtime = manager.runtime(*state->metadata);
  void* object = manager.scratch_entity(*state->metadata);
  if (property->column_count == 0) {
    if (!property->is_to_one()) return nullptr;
    set_reference_at(object, property->offset, runtime.stored_inverse(*state, *property));
    return object;
  }
  const ColumnMask known = runtime.covered(*state);
  for (std::uint32_t i = 0; i < property->column_count; ++i)
    if (!known.has(property->first_column + i)) return nullptr;
  runtime.restore(object, state->snapshot, state->has(EntityState::partial));
  return object;
}

void throw_row_gone(const EntityState* state) {
  throw NotFoundError(fmt::format("refresh: the row of {} is gone", unit_of_work::describe(*state)),
                      ErrorDetails{.entity = state->metadata->name});
}

}  // namespace kin::detail
