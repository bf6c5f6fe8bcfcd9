// SPDX-License-Identifier: MIT
// What handlers of events see of a change.
#include <kin/events.hpp>

#include "query/member_hops.hpp"
#include "unit_of_work/entity_runtime.hpp"
#include "unit_of_work/flush_events.hpp"
#include "unit_of_work/key.hpp"
#include "unit_of_work/manager.hpp"

namespace kin {

using unit_of_work::ChangeRecord;
using unit_of_work::ColumnMask;
using unit_of_work::EntityRuntime;

namespace {

const EntityRuntime& runtime_of(const ChangeRecord& record) {
  return record.state->manager->runtime(*record.state->metadata);
}

/// As the state was before the flush, as far as its snapshot is concerned.
detail::EntityState stored_state(const ChangeRecord& record) {
  detail::EntityState state;
  state.metadata = record.state->metadata;
  state.manager = record.state->manager;
  state.snapshot = record.snapshot;
  if (record.partial) state.set(detail::EntityState::partial);
  return state;
}

ColumnMask columns_of(const ChangeRecord& record) {
  if (record.settled || record.kind != ChangeKind::update) return record.columns;
  return runtime_of(record).changes(*record.state);
}

ValueView stored_value(const ChangeRecord& record, const Column& column, Scratch& scratch) {
  if (!record.snapshot) return ValueView::null();
  const detail::EntityState stored = stored_state(record);
  return runtime_of(record).stored_value(stored, column, scratch);
}

const Property& property_of(const ChangeRecord& record, detail::MemberPath path) {
  const query::Hops hops = query::hops_of(*record.state->metadata, path);
  if (hops.size() != 1) query::refuse(hops, "a change is of one entity; ask for members of its own");
  return *hops.front().property;
}

Value value_in(const Column& column, const void* entity) {
  Scratch scratch;
  return Value(unit_of_work::column_value(column, entity, scratch));
}

}  // namespace

ChangeKind ChangeSet::kind() const { return record_->kind; }
const EntityMetadata& ChangeSet::metadata() const { return *record_->state->metadata; }

detail::EntityState* ChangeSet::state_of(detail::TypeTag tag) const {
  return record_ && record_->state->metadata->type->tag == tag ? record_->state : nullptr;
}

std::vector<Value> ChangeSet::key() const {
  std::vector<Value> key;
  const detail::EntityState& state = *record_->state;
  const bool known = unit_of_work::has_key(state);
  for (const Column* column : state.metadata->key)
    key.push_back(known ? value_in(*column, state.entity()) : Value());
  return key;
}

bool ChangeSet::is_changed(detail::MemberPath path) const {
  const Property& property = property_of(*record_, path);
  const ColumnMask columns = columns_of(*record_);
  for (std::uint32_t i = 0; i < property.column_count; ++i)
    if (columns.has(property.first_column + i)) return true;
  return false;
}

void ChangeSet::read_original(detail::MemberPath path, void* value) const {
  const Property& property = property_of(*record_, path);
  const Column& column = record_->state->metadata->columns[property.first_column];
  if (!record_->snapshot) return;
  Scratch scratch;
  const ValueView stored = stored_value(*record_, column, scratch);
  if (!stored.is_null() || column.codec->nullable) unit_of_work::assign_cell(column, value, stored);
}

detail::EntityState* ChangeSet::original_reference(detail::MemberPath path) const {
  const Property& property = property_of(*record_, path);
  if (!record_->snapshot || property.column_count == 0) return nullptr;
  const detail::EntityState stored = stored_state(*record_);
  return runtime_of(*record_).stored_reference(stored, property);
}

std::vector<std::string_view> ChangeSet::properties() const {
  std::vector<std::string_view> names;
  const ColumnMask columns = columns_of(*record_);
  for (const Column& column : metadata().columns) {
    if (!columns.has(column.index)) continue;
    const std::string_view name = column.property->name;
    if (names.empty() || names.back() != name) names.push_back(name);
  }
  return names;
}

std::vector<ChangedValue> ChangeSet::values() const {
  std::vector<ChangedValue> values;
  const bool removed = record_->kind == ChangeKind::remove;
  const ColumnMask columns = columns_of(*record_);
  for (const Column& column : metadata().columns) {
    if (!removed && !columns.has(column.index)) continue;
    Scratch scratch;
    ChangedValue value;
    value.property = column.property->name;
    value.column = column.name;
    value.before = Value(stored_value(*record_, column, scratch));
    if (!removed) value.after = value_in(column, record_->state->entity());
    values.push_back(std::move(value));
  }
  return values;
}

}  // namespace kin
