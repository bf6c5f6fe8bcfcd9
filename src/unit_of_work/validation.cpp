// SPDX-License-Identifier: MIT
#include <kin/error.hpp>

#include <fmt/format.h>

#include "unit_of_work/entity_runtime.hpp"
#include "unit_of_work/flush_plan.hpp"
#include "unit_of_work/key.hpp"

namespace kin::unit_of_work {
namespace {

[[noreturn]] void fail(const Property& property, std::string message) {
  throw ValidationError(std::move(message),
                        ErrorDetails{.entity = property.entity->name, .property = property.name});
}

void validate_reference(const detail::Manager& manager, const EntityState& state, const Property& property) {
  const EntityState* target = reference_of(state.entity(), property.offset);
  if (!target) return;
  const std::string member = property.entity->name + "." + property.name;
  if (target->manager != &manager)
    fail(property, fmt::format("{} of {} refers to {}, which belongs to another EntityManager; use get_reference with "
                               "its key",
                               member, describe(state), describe(*target)));
  if (target->has(EntityState::removed | EntityState::detached))
    fail(property, fmt::format("{} of {} refers to {}, which is deleted; set another one{}", member, describe(state),
                               describe(*target), property.entity->columns[property.first_column].nullable
                                                      ? " or nullptr"
                                                      : ""));
  if (!target->has(EntityState::managed))
    fail(property, fmt::format("{} of {} refers to {}, which is not persisted; call persist() on it or give the "
                               "relation kin::cascade(kin::Cascade::persist)",
                               member, describe(state), describe(*target)));
}

/// Also finds values that are none, such as the 30th of February.
bool is_null(const EntityState& state, const Column& column) {
  Scratch scratch;
  try {
    return column_value(column, state.entity(), scratch).is_null();
  } catch (const detail::ConversionError& error) {
    const Property& property = *column.property;
    fail(property, fmt::format("{}.{} of {}: {}", property.entity->name, property.name, describe(state), error.reason));
  }
}

void validate_required(const EntityState& state, const Column& column) {
  if (column.generated_key || !column.insertable) return;
  if (column.nullable) {
    if (!column.references) (void)is_null(state, column);
    return;
  }
  const Property& property = *column.property;
  const std::string& entity = column.entity->name;
  if (column.references) {
    if (reference_of(state.entity(), column.access.offset)) return;
    throw ValidationError(fmt::format("{}.{} is required: set it before flush, or describe it as kin::nullable(true)",
                                      entity, property.name),
                          ErrorDetails{.entity = entity, .property = property.name});
  }
  if (!is_null(state, column)) return;
  throw ValidationError(fmt::format("{}.{} is required, but {} has none", entity, property.name, describe(state)),
                        ErrorDetails{.entity = entity, .property = property.name});
}

}  // namespace

void validate_insert(const detail::Manager& manager, const ChangeSet& change) {
  const EntityState& state = *change.state;
  for (const Property* property : state.metadata->to_one)
    if (property->owner) validate_reference(manager, state, *property);
  for (const Column& column : state.metadata->columns)
    if (change.columns.has(column.index)) validate_required(state, column);
}

void validate_update(const detail::Manager& manager, const ChangeSet& change) {
  const EntityState& state = *change.state;
  for (const Column& column : state.metadata->columns) {
    if (!change.columns.has(column.index)) continue;
    if (column.primary_key)
      throw ValidationError(fmt::format("{}.{} of {} was changed, but a key cannot change; create a new entity and "
                                        "remove this one",
                                        column.entity->name, column.property->name, describe(state)),
                            ErrorDetails{.entity = column.entity->name, .property = column.property->name});
    validate_required(state, column);
    if (column.references && column.index == column.property->first_column)
      validate_reference(manager, state, *column.property);
  }
}

}  // namespace kin::unit_of_work
