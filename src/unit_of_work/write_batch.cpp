// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <kin/error.hpp>

#include "drivers/driver.hpp"
#include "unit_of_work/entity_runtime.hpp"
#include "unit_of_work/key.hpp"
#include "unit_of_work/manager.hpp"

namespace kin::driver {

using unit_of_work::column_value;

std::size_t WriteBatch::parameters_per_row() const noexcept {
  if (pivot) return pivot->owner_columns.size() + pivot->target_columns.size();
  const std::size_t written = write_nulls ? 0 : columns.size();
  if (operation == Operation::reserve_keys) return 0;
  if (operation == Operation::insert) return written;
  if (operation == Operation::upsert) return written + condition_order.size();
  return written + entity->key.size() + (checks_version ? 1 : 0) + checked.size();
}

ValueView WriteBatch::parameter(std::size_t row, std::size_t index, Scratch& scratch) const {
  if (pivot) {
    const PivotRow& link = pivot_rows[row];
    const std::size_t owner_columns = pivot->owner_columns.size();
    if (index < owner_columns)
      return column_value(*pivot->owner_columns[index].references, link.owner->entity(), scratch);
    return column_value(*pivot->target_columns[index - owner_columns].references, link.target->entity(),
                        scratch);
  }
  const EntityState& state = *rows[row];
  const std::size_t written = write_nulls ? 0 : columns.size();
  if (index < written) return column_value(*columns[index], state.entity(), scratch);
  index -= written;
  if (operation == Operation::upsert) return condition_values[condition_order[index]];
  if (index < entity->key.size()) return column_value(*entity->key[index], state.entity(), scratch);
  index -= entity->key.size();
  if (checks_version && index-- == 0)
    return state.manager->runtime(*entity).stored_value(state, *entity->version, scratch);
  return state.manager->runtime(*entity).stored_value(state, *checked[index], scratch);
}

void WriteBatch::store(std::size_t row, const Column& column, ValueView value) const {
  EntityState& state = *rows[row];
  unit_of_work::assign_cell(column, column.access.reach(state.entity()), value);
  // A draft is no entity of the manager.
  if (!column.generated_key || state.has(EntityState::detached)) return;
  state.manager->journal().push_back(
      {.state = &state, .snapshot = state.snapshot, .flags = state.flags, .key_assigned = true});
  state.manager->register_key(&state);
}

EntityState* WriteBatch::store_by_key(const ValueView* cells, std::span<const Column* const> read) const {
  EntityState* const state = rows.front()->manager->find_in_map(*entity, cells);
  if (!state) return nullptr;
  const ValueView* cell = cells + entity->key.size();
  for (const Column* column : read)
    unit_of_work::assign_cell(*column, column->access.reach(state->entity()), *cell++);
  return state;
}

std::string WriteBatch::row_in_words(std::size_t row) const {
  if (pivot)
    return fmt::format("link {} of {} of {}.{}", row + 1, row_count(), pivot->owner_property->entity->name,
                       pivot->owner_property->name);
  if (operation == Operation::insert || operation == Operation::upsert)
    return fmt::format("row {} of {} of {}", row + 1, row_count(), entity->name);
  return unit_of_work::describe(*rows[row]);
}

void WriteBatch::missed(std::size_t row) { missed_.push_back(row); }

}  // namespace kin::driver
