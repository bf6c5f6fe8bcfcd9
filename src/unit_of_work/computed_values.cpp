// SPDX-License-Identifier: MIT
#include "unit_of_work/computed_values.hpp"

#include <kin/error.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "query/member_hops.hpp"
#include "query/row_plan.hpp"
#include "unit_of_work/entity_runtime.hpp"
#include "unit_of_work/key.hpp"

namespace kin::unit_of_work {
namespace {

using detail::Manager;
using query::ReadKind;
using query::RowPlan;

std::string packed_member(const EntityState& state, const Column& column) {
  std::string packed;
  if (const void* member = column.access.find(state.entity())) append_packed(column, member, packed);
  return packed;
}

void restore_member(EntityState& state, const Column& column, const std::string& packed) {
  void* const member = column.access.find(state.entity());
  if (!member || packed.empty()) return;
  const auto* from = reinterpret_cast<const std::byte*>(packed.data());
  column.codec->snapshot_restore(*column.codec, member, from);
}

void require_values(RowPlan& plan, const EntityState& state, const ColumnMask& expected) {
  const EntityMetadata& entity = *state.metadata;
  Scratch scratch;
  for (const Column* column : entity.key)
    plan.require(*column, column_value(*column, state.entity(), scratch));
  for (const Column& column : entity.columns)
    if (expected.has(column.index))
      plan.require(column, state.manager->runtime(entity).stored_value(state, column, scratch));
  plan.end_row();
}

/// What the computations resolve to; in their plan a version moves on by itself.
detail::FindRequest computation(const EntityState& state, const std::vector<ComputedValue>& values) {
  detail::FindRequest request;
  request.root = state.metadata->type->tag;
  for (const ComputedValue& value : values) {
    detail::AssignTerm term{.path = value.path};
    term.columns.push_back(value.expression);
    request.assign.push_back(std::move(term));
  }
  return request;
}

Task<void> update_row(driver::Connection& connection, const ChangeSet& change, const ColumnMask& expected,
                      const std::vector<ComputedValue>& values) {
  const EntityState& state = *change.state;
  const EntityMetadata& entity = *state.metadata;
  const detail::FindRequest request = computation(state, values);
  const auto resolved = state.manager->core().planner.plan(request, ReadKind::update);
  std::vector<ValueView> computed_from;
  query::collect_values(request, resolved->plan, computed_from);
  RowPlan plan(entity, ReadKind::update);
  plan.begin_with(computed_from);
  const auto is_computed = [&](const Column& column) {
    return std::ranges::any_of(values, [&](const ComputedValue& value) { return value.column == &column; });
  };
  Scratch scratch;
  for (const Column& column : entity.columns)
    if (change.columns.has(column.index) && !is_computed(column))
      plan.assign(column, column_value(column, state.entity(), scratch));
  for (const query::Assignment& assignment : resolved->plan.assignments)
    if (is_computed(*assignment.column) || !change.columns.has(assignment.column->index))
      plan.assign(*assignment.column, assignment.value);
  require_values(plan, state, expected);
  const query::ReadPlan& statement = plan.finish();
  const driver::ReadRequest written{statement, plan.values()};
  const std::uint64_t met = co_await connection.modify(written);
  if (met == 0) throw_missed(state);
}

/// Keeps what the row holds now: the entity gets it when the books are closed.
class ComputedSink final : public driver::RowSink {
 public:
  explicit ComputedSink(std::vector<ComputedValue>& values) : values_(values) {}
  void row(const ValueView* cells) override {
    for (ComputedValue& value : values_) value.computed.emplace(*cells++);
    generated.clear();
    for (std::size_t i = 0; i < generated_count; ++i) generated.emplace_back(*cells++);
  }
  std::size_t generated_count = 0;
  std::vector<Value> generated{};

 private:
  std::vector<ComputedValue>& values_;
};

Task<void> read_row(driver::Connection& connection, EntityState& state, std::vector<ComputedValue>& values) {
  std::vector<const Column*> columns;
  for (const ComputedValue& value : values) columns.push_back(value.column);
  for (const Column& column : state.metadata->columns)
    if (!column.property->generated.empty()) columns.push_back(&column);
  RowPlan plan(*state.metadata, ReadKind::rows);
  plan.select(columns);
  require_values(plan, state, ColumnMask());
  const query::ReadPlan& statement = plan.finish();
  const driver::ReadRequest read{statement, plan.values()};
  ComputedSink sink(values);
  sink.generated_count = columns.size() - values.size();
  co_await connection.read(read, sink);
  for (std::size_t i = 0; i < sink.generated.size(); ++i) {
    const Column& column = *columns[values.size() + i];
    assign_cell(column, column.access.reach(state.entity()), sink.generated[i].view());
  }
}

[[noreturn]] void refuse(const Property& property, const char* why) {
  throw ValidationError(fmt::format("set: {}.{} {}", property.entity->name, property.name, why),
                        ErrorDetails{.entity = property.entity->name, .property = property.name});
}

const Column& computable_column(const EntityState& state, detail::MemberPath path) {
  const query::Hops hops = query::hops_of(*state.metadata, path);
  const Property& property = *hops.back().property;
  if (hops.size() != 1 || property.is_relation() || property.column_count != 1)
    refuse(property, "is no single column of the entity, so it can't be computed");
  const Column& column = state.metadata->columns[property.first_column];
  if (column.primary_key) refuse(property, "is the key, which can't change");
  if (&column == state.metadata->version) refuse(property, "is the version, which moves on by itself");
  if (!column.updatable || !column.insertable) refuse(property, "is computed by the database already");
  if (state.has(EntityState::removed))
    refuse(property, "belongs to an entity that is to be deleted; persist() it");
  if (!state.has(EntityState::managed) || state.has(EntityState::scheduled))
    refuse(property, "has no row yet to compute from; assign a value, or flush() first");
  return column;
}

}  // namespace

void throw_missed(const EntityState& state) {
  throw OptimisticLockError(
      fmt::format("{} was changed or deleted by someone else since it was read; refresh() it and try again",
                  describe(state)),
      ErrorDetails{.entity = state.metadata->name});
}

ColumnMask computed_columns(Manager& manager, const EntityState& state) {
  ColumnMask mask;
  if (manager.computed.empty()) return mask;
  const auto found = manager.computed.find(&state);
  if (found == manager.computed.end()) return mask;
  std::erase_if(found->second, [&](const ComputedValue& value) {
    return packed_member(state, *value.column) != value.before;
  });
  for (const ComputedValue& value : found->second) mask.add(value.column->index);
  if (found->second.empty()) manager.computed.erase(found);
  return mask;
}

Task<std::vector<ChangeSet>> write_computed(driver::Connection& connection,
                                            std::span<const ChangeSet> changes,
                                            ColumnMask (*expected)(const ChangeSet&)) {
  std::vector<ChangeSet> others;
  for (const ChangeSet& change : changes) {
    Manager& manager = *change.state->manager;
    const auto found = manager.computed.find(change.state);
    if (found == manager.computed.end()) {
      others.push_back(change);
      continue;
    }
    std::vector<ComputedValue>& values = found->second;
    const ColumnMask wanted = expected(change);
    co_await update_row(connection, change, wanted, values);
    co_await read_row(connection, *change.state, values);
  }
  co_return others;
}

std::vector<ComputedValue> close_computed(Manager& manager, EntityState& state) {
  const auto found = manager.computed.find(&state);
  if (found == manager.computed.end()) return {};
  std::vector<ComputedValue> values = std::move(found->second);
  manager.computed.erase(found);
  for (ComputedValue& value : values) {
    if (!value.computed) continue;
    assign_cell(*value.column, value.column->access.reach(state.entity()), value.computed->view());
    value.computed.reset();
    value.after = packed_member(state, *value.column);
  }
  return values;
}

void undo_computed(Manager& manager, EntityState& state, std::vector<ComputedValue>&& values) {
  for (ComputedValue& value : values) {
    if (packed_member(state, *value.column) != value.after) continue;  // assigned since: that is what counts
    restore_member(state, *value.column, value.before);
    manager.computed[&state].push_back(std::move(value));
  }
}

}  // namespace kin::unit_of_work

namespace kin::detail {

void set_computed(Manager& manager, EntityState* state, MemberPath path, Expression value) {
  const UseGuard guard(manager);
  manager.require_own(state, "set");
  const Column& column = unit_of_work::computable_column(*state, path);
  std::vector<unit_of_work::ComputedValue>& values = manager.computed[state];
  std::erase_if(values, [&](const auto& known) { return known.column == &column; });
  unit_of_work::ComputedValue& computed = values.emplace_back();
  computed.column = &column;
  computed.path = path;
  computed.expression = std::move(value);
  computed.before = unit_of_work::packed_member(*state, column);
}

}  // namespace kin::detail
