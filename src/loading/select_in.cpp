// SPDX-License-Identifier: MIT
#include "loading/select_in.hpp"

#include <algorithm>
#include <bit>

#include "query/entity_read.hpp"

namespace kin::loading {
namespace {

using detail::Op;
using query::HydrationSource;
using query::Node;
using query::PlannedRead;
using query::Source;

std::string alias_of(std::size_t source) { return "t" + std::to_string(source); }

std::uint32_t add_source(PlannedRead& read, Source source) {
  const std::uint32_t index = static_cast<std::uint32_t>(read.plan.sources.size());
  source.alias = alias_of(index);
  read.plan.sources.push_back(std::move(source));
  return index;
}

Node field_node(const Column& column, std::uint32_t source, std::uint32_t at) {
  Node node;
  node.op = Op::field;
  node.column = &column;
  node.source = source;
  node.begin = at;
  return node;
}

void push_value(std::vector<Node>& nodes, const Column& column, std::uint32_t value) {
  Node node;
  node.op = Op::value;
  node.value = value;
  node.kind = column.codec->kind;
  node.begin = static_cast<std::uint32_t>(nodes.size());
  nodes.push_back(node);
}

void push_operator(std::vector<Node>& nodes, Op op, std::uint32_t count, std::uint32_t begin) {
  Node node;
  node.op = op;
  node.count = count;
  node.begin = begin;
  nodes.push_back(node);
}

/// `columns in (keys)`; of composite keys an `or` of comparisons, which every database understands.
std::vector<Node> in_condition(const std::vector<const Column*>& columns, std::uint32_t source,
                               std::size_t list_size) {
  std::vector<Node> nodes;
  if (list_size == SelectInPlans::key_range) {
    nodes.push_back(field_node(*columns[0], source, 0));
    push_value(nodes, *columns[0], 0);
    push_value(nodes, *columns[0], 1);
    push_operator(nodes, Op::between, 0, 0);
    return nodes;
  }
  if (columns.size() == 1) {
    nodes.push_back(field_node(*columns[0], source, 0));
    for (std::size_t i = 0; i < list_size; ++i) push_value(nodes, *columns[0], static_cast<std::uint32_t>(i));
    push_operator(nodes, list_size == 1 ? Op::eq : Op::in, static_cast<std::uint32_t>(list_size), 0);
    return nodes;
  }
  std::uint32_t value = 0;
  for (std::size_t row = 0; row < list_size; ++row) {
    const auto begin = static_cast<std::uint32_t>(nodes.size());
    for (const Column* column : columns) {
      const auto comparison = static_cast<std::uint32_t>(nodes.size());
      nodes.push_back(field_node(*column, source, comparison));
      push_value(nodes, *column, value++);
      push_operator(nodes, Op::eq, 0, comparison);
    }
    push_operator(nodes, Op::and_, static_cast<std::uint32_t>(columns.size()), begin);
  }
  if (list_size > 1) push_operator(nodes, Op::or_, static_cast<std::uint32_t>(list_size), 0);
  return nodes;
}

void select_column(PlannedRead& read, const Column& column, std::uint32_t source) {
  query::SelectItem item;
  item.expression.push_back(field_node(column, source, 0));
  read.plan.select.push_back(std::move(item));
}

void select_entity(PlannedRead& read, const EntityMetadata& entity, std::uint32_t source) {
  HydrationSource hydration;
  hydration.entity = &entity;
  hydration.first_cell = static_cast<std::uint32_t>(read.plan.select.size());
  for (const Column* column : entity.key) hydration.columns.push_back(column);
  for (const Column& column : entity.columns) {
    if (column.primary_key) continue;
    if (column.lazy) {
      hydration.partial = true;
      continue;
    }
    hydration.columns.push_back(&column);
  }
  for (const Column* column : hydration.columns) select_column(read, *column, source);
  read.hydration.push_back(std::move(hydration));
}

/// Joins the tables that hold the keys of the entity's inverse to-one members; the entity is the first
/// hydration source.
void join_inverse_references(PlannedRead& read, const EntityMetadata& entity, std::uint32_t source) {
  for (const Property* relation : entity.to_one) {
    if (relation->owner || !relation->inverse) continue;
    Source joined;
    joined.join = Source::Join::left;
    joined.entity = relation->target;
    joined.parent = source;
    joined.via = relation;
    const std::uint32_t from = add_source(read, std::move(joined));
    HydrationSource hydration = query::inverse_reference(*relation);
    hydration.first_cell = static_cast<std::uint32_t>(read.plan.select.size());
    hydration.parent = 0;
    for (const Column* column : hydration.columns) select_column(read, *column, from);
    read.hydration.push_back(std::move(hydration));
  }
}

void order_items(PlannedRead& read, const Property& relation, std::uint32_t source) {
  for (const Property::Order& term : relation.order_by) {
    const Property* member = relation.target->property_at(term.member->offset());
    if (!member || member->column_count == 0) continue;
    query::OrderItem item;
    item.expression.push_back(field_node(relation.target->columns[member->first_column], source, 0));
    item.descending = term.descending;
    read.plan.order.push_back(std::move(item));
  }
}

std::uint32_t value_count(std::size_t list_size, std::size_t key_columns) {
  return static_cast<std::uint32_t>(list_size == SelectInPlans::key_range ? 2 : list_size * key_columns);
}

std::vector<const Column*> pointers(const std::vector<Column>& columns) {
  std::vector<const Column*> result;
  for (const Column& column : columns) result.push_back(&column);
  return result;
}

std::shared_ptr<const PlannedRead> plan_by_key(const EntityMetadata& entity, std::size_t list_size,
                                               bool with_deleted) {
  auto read = std::make_shared<PlannedRead>();
  read->plan.with_deleted = with_deleted;
  read->plan.root = &entity;
  Source source;
  source.entity = &entity;
  add_source(*read, std::move(source));
  select_entity(*read, entity, 0);
  join_inverse_references(*read, entity, 0);
  read->plan.where = in_condition(entity.key, 0, list_size);
  read->plan.value_count = static_cast<std::uint32_t>(list_size * entity.key.size());
  return read;
}

std::shared_ptr<const PlannedRead> plan_through_pivot(const Property& relation, std::size_t list_size,
                                                      bool with_deleted) {
  const PivotTable& pivot = *EntityMetadata::pivot_of(relation);
  auto read = std::make_shared<PlannedRead>();
  read->plan.with_deleted = with_deleted;
  read->plan.root = relation.target;
  Source from;
  from.pivot = &pivot;
  from.via = &relation;
  add_source(*read, std::move(from));
  Source joined;
  joined.join = Source::Join::inner;
  joined.entity = relation.target;
  joined.parent = 0;
  joined.via = &relation;
  add_source(*read, std::move(joined));
  const std::vector<const Column*> owner =
      pointers(relation.owner ? pivot.owner_columns : pivot.target_columns);
  for (const Column* column : owner) select_column(*read, *column, 0);
  select_entity(*read, *relation.target, 1);
  join_inverse_references(*read, *relation.target, 1);
  read->plan.where = in_condition(owner, 0, list_size);
  read->plan.value_count = value_count(list_size, owner.size());
  order_items(*read, relation, 1);
  return read;
}

std::uint32_t cell_of(const HydrationSource& hydration, const Column& column) {
  const auto found = std::ranges::find(hydration.columns, &column);
  return hydration.first_cell + static_cast<std::uint32_t>(found - hydration.columns.begin());
}

std::shared_ptr<const PlannedRead> plan_by_foreign_key(const Property& relation, std::size_t list_size,
                                                       bool with_deleted) {
  const Property& owning = *relation.inverse;
  const EntityMetadata& target = *relation.target;
  auto read = std::make_shared<PlannedRead>();
  read->plan.with_deleted = with_deleted;
  read->plan.root = &target;
  Source source;
  source.entity = &target;
  add_source(*read, std::move(source));
  std::vector<const Column*> foreign_key;
  for (std::uint32_t i = 0; i < owning.column_count; ++i)
    foreign_key.push_back(&target.columns[owning.first_column + i]);
  select_entity(*read, target, 0);
  // The columns of a reference are read with the entity, one beside the other.
  read->owner_cell = cell_of(read->hydration.front(), *foreign_key.front());
  join_inverse_references(*read, target, 0);
  read->plan.where = in_condition(foreign_key, 0, list_size);
  read->plan.value_count = value_count(list_size, foreign_key.size());
  order_items(*read, relation, 0);
  return read;
}

}  // namespace

std::size_t SelectInPlans::padded(std::size_t count) noexcept { return std::bit_ceil(count); }

std::shared_ptr<const PlannedRead> SelectInPlans::by_key(const EntityMetadata& entity, std::size_t list_size,
                                                         bool with_deleted) {
  const std::lock_guard lock(mutex_);
  auto& plan = plans_[key_of(&entity, list_size, with_deleted)];
  if (!plan) plan = plan_by_key(entity, list_size, with_deleted);
  return plan;
}

std::shared_ptr<const PlannedRead> SelectInPlans::items_of(const Property& relation, std::size_t list_size,
                                                           bool with_deleted) {
  const std::lock_guard lock(mutex_);
  auto& plan = plans_[key_of(&relation, list_size, with_deleted)];
  if (!plan) {
    plan = relation.kind == PropertyKind::many_to_many
               ? plan_through_pivot(relation, list_size, with_deleted)
               : plan_by_foreign_key(relation, list_size, with_deleted);
  }
  return plan;
}

}  // namespace kin::loading
