// SPDX-License-Identifier: MIT
#include "query/entity_read.hpp"

#include <algorithm>

#include "query/node_writer.hpp"

namespace kin::query {
namespace {

std::vector<Node> field_expression(const Column& column, std::uint32_t source) {
  NodeWriter nodes;
  nodes.add_field(column, source);
  return nodes.take();
}

}  // namespace

HydrationSource inverse_reference(const Property& relation) {
  HydrationSource source;
  source.entity = relation.target;
  source.via = &relation;
  source.partial = true;
  source.reference = true;
  source.columns.assign(relation.target->key.begin(), relation.target->key.end());
  const Property& owning = *relation.inverse;
  for (const Column& column : relation.target->columns) {
    const bool of_key = column.index - owning.first_column < owning.column_count;
    if (!column.primary_key && (of_key || &column == relation.target->version))
      source.columns.push_back(&column);
  }
  return source;
}

void EntityRead::add(const PopulateTree& root, PlaceId place) {
  Branch branch;
  branch.place = place;
  branch.hydration = add_columns(root, place, none);
  add_inverse_references(root, place, branch.hydration);
  planned_.populate = populate(root, branch);
}

std::uint32_t EntityRead::add_columns(const PopulateTree& node, PlaceId place, std::uint32_t parent) {
  const std::uint32_t from = places_.source(place);
  HydrationSource source;
  source.entity = node.entity;
  source.first_cell = static_cast<std::uint32_t>(planned_.plan.select.size());
  source.parent = parent;
  source.via = node.property;
  for (const Column* column : node.entity->key) add_column(source, *column, from);
  for (const Column& column : node.entity->columns)
    if (!column.primary_key && node.wants(column)) add_column(source, column, from);
  source.partial = source.columns.size() != node.entity->columns.size();
  planned_.hydration.push_back(std::move(source));
  return static_cast<std::uint32_t>(planned_.hydration.size() - 1);
}

void EntityRead::add_column(HydrationSource& source, const Column& column, std::uint32_t from) {
  source.columns.push_back(&column);
  planned_.plan.select.push_back({field_expression(column, from), {}});
}

void EntityRead::add_inverse_references(const PopulateTree& node, PlaceId place, std::uint32_t hydration) {
  for (const Property* relation : node.entity->to_one) {
    if (!node.wants_inverse(*relation)) continue;
    const std::uint32_t from = places_.source(places_.to_one(place, *relation));
    HydrationSource source = inverse_reference(*relation);
    source.first_cell = static_cast<std::uint32_t>(planned_.plan.select.size());
    source.parent = hydration;
    for (const Column* column : source.columns)
      planned_.plan.select.push_back({field_expression(*column, from), {}});
    planned_.hydration.push_back(std::move(source));
  }
}

/// As deep as the longest path.
std::vector<PopulateNode> EntityRead::populate(const PopulateTree& node, const Branch& branch) {
  std::vector<PopulateNode> nodes;
  for (const auto& child : node.children) {
    PopulateNode& populated = nodes.emplace_back();
    populated.property = child->property;
    Branch below = branch;
    below.joined = is_joined(*child->property, branch);
    if (below.joined) {
      below = join(*child, branch);
      populated.hydration = below.hydration;
    }
    populated.children = populate(*child, below);
  }
  return nodes;
}

bool EntityRead::is_joined(const Property& relation, const Branch& branch) const {
  if (!branch.joined) return false;
  const Strategy strategy = strategy_.value_or(relation.strategy.value_or(default_strategy_));
  switch (strategy) {
    case Strategy::select_in:
      return false;
    case Strategy::balanced:
      return relation.is_to_one() && branch.collections == 0;
    case Strategy::joined:
      // Two collections side by side would multiply each other's rows.
      return relation.is_to_one() || branch.collections == collections_.size();
  }
  return false;
}

EntityRead::Branch EntityRead::join(const PopulateTree& node, const Branch& branch) {
  const Property& relation = *node.property;
  Branch below = branch;
  if (relation.is_to_one()) {
    below.place = places_.to_one(branch.place, relation);
  } else {
    below.place = places_.joined(branch.place, relation, Source::Join::left, {});
    collections_.push_back({&relation, below.place});
    below.collections = collections_.size();
  }
  below.hydration = add_columns(node, below.place, branch.hydration);
  add_inverse_references(node, below.place, below.hydration);
  return below;
}

void EntityRead::add_order() const {
  if (collections_.empty()) return;
  const std::uint32_t root = planned_.plan.select.front().expression.front().source;
  for (const Column* column : planned_.plan.root->key) order_by(*column, root, false);
  for (const JoinedCollection& collection : collections_) {
    const EntityMetadata& items = *collection.property->target;
    const std::uint32_t source = places_.source(collection.place);
    for (const Property::Order& order : collection.property->order_by) {
      const Hops hops = hops_of(items, {&order.member, 1});
      if (hops.back().property->column_count == 0) refuse(hops, "a collection cannot be ordered by it.");
      order_by(items.columns[hops.back().property->first_column], source, order.descending);
    }
    if (&collection == &collections_.back()) break;
    for (const Column* column : items.key) order_by(*column, source, false);
  }
}

void EntityRead::order_by(const Column& column, std::uint32_t source, bool descending) const {
  const auto is_same = [&](const OrderItem& item) {
    const Node& node = item.expression.back();
    return item.expression.size() == 1 && node.column == &column && node.source == source;
  };
  if (std::ranges::any_of(planned_.plan.order, is_same)) return;
  planned_.plan.order.push_back({field_expression(column, source), descending, 0});
}

}  // namespace kin::query
