// SPDX-License-Identifier: MIT
// Rows that are marked as deleted in place of being deleted.
#include <kin/error.hpp>

#include <chrono>

#include <fmt/format.h>

#include "unit_of_work/entity_runtime.hpp"
#include "unit_of_work/flush_plan.hpp"
#include "unit_of_work/key.hpp"

namespace kin::unit_of_work {
namespace {

bool is_mark(ValueView value) {
  if (value.kind() == ValueKind::boolean) return value.as_boolean();
  if (value.kind() == ValueKind::integer) return value.as_integer() != 0;
  return !value.is_null();
}

void assign(const Column& mark, EntityState& state, ValueView value) {
  assign_cell(mark, mark.access.reach(state.entity()), value);
}

ValueView set_mark(const Column& mark) {
  if (mark.codec->kind == ValueKind::boolean) return ValueView::boolean(true);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::int64_t microseconds = std::chrono::floor<std::chrono::microseconds>(now).count();
  return ValueView::timestamp(microseconds - microseconds % time_step(*mark.codec), mark.codec->fraction_digits);
}

ValueView no_mark(const Column& mark) {
  return mark.codec->kind == ValueKind::boolean ? ValueView::boolean(false) : ValueView::null();
}

}  // namespace

bool is_marked_only(const EntityState& state) noexcept {
  return state.metadata->soft_delete != nullptr && !state.has(EntityState::hard_delete);
}

bool has_mark(const EntityState& state) {
  const Column* mark = state.metadata->soft_delete;
  if (!mark || !state.has(EntityState::initialized)) return false;
  Scratch scratch;
  return is_mark(column_value(*mark, state.entity(), scratch));
}

bool was_marked(const EntityState& state) {
  const Column* mark = state.metadata->soft_delete;
  if (!mark || !state.snapshot) return false;
  Scratch scratch;
  return is_mark(state.manager->runtime(*state.metadata).stored_value(state, *mark, scratch));
}

void mark_deletes(detail::Manager& manager, FlushPlan& plan, bool preview) {
  for (auto* list : {&plan.early_deletes, &plan.deletes}) {
    for (ChangeSet& change : *list) {
      EntityState& state = *change.state;
      if (!is_marked_only(state)) continue;
      const Column& mark = *state.metadata->soft_delete;
      change.columns.add(mark.index);
      if (!preview) assign(mark, state, set_mark(mark));
      const Column* version = state.metadata->version;
      if (!version || !manager.runtime(*state.metadata).covered(state).has(version->index)) continue;
      if (!preview) advance_version(state, *version, false);
      change.columns.add(version->index);
    }
  }
}

void restore_mark(EntityState& state) {
  const Column& mark = *state.metadata->soft_delete;
  Scratch scratch;
  const EntityRuntime& runtime = state.manager->runtime(*state.metadata);
  assign(mark, state, was_marked(state) ? runtime.stored_value(state, mark, scratch) : no_mark(mark));
}

}  // namespace kin::unit_of_work

namespace kin::detail {

void Manager::hard_remove(EntityState* state) {
  remove(state);
  if (state->has(EntityState::removed)) state->set(EntityState::hard_delete);
}

void Manager::restore(EntityState* state) {
  require_own(state, "restore");
  const EntityMetadata& entity = *state->metadata;
  if (!entity.soft_delete)
    throw ValidationError(
        fmt::format(
            "restore: {} has no soft delete, so nothing of it can be restored; say soft_delete<> in its "
            "description",
            entity.name),
        ErrorDetails{.entity = entity.name});
  if (!state->has(EntityState::initialized))
    throw ValidationError(
        fmt::format("restore: {} has not been read; find it by a request that says with_deleted()",
                    describe(*state)),
        ErrorDetails{.entity = entity.name});
  if (state->has(EntityState::removed)) persist(state);
  unit_of_work::assign(*entity.soft_delete, *state, unit_of_work::no_mark(*entity.soft_delete));
}

void hard_remove_entity(Manager& manager, EntityState* state) {
  const UseGuard guard(manager);
  manager.hard_remove(state);
}

void restore_entity(Manager& manager, EntityState* state) {
  const UseGuard guard(manager);
  manager.restore(state);
}

}  // namespace kin::detail
