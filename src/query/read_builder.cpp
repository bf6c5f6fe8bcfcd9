// SPDX-License-Identifier: MIT
#include "query/read_builder.hpp"

#include <kin/error.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "query/entity_read.hpp"
#include "query/expression_resolver.hpp"

namespace kin::query {
namespace {

using detail::FindRequest;
using detail::Op;

std::uint32_t value_count(const detail::Expression& expression) {
  return expression.empty() ? 0 : static_cast<std::uint32_t>(expression.data()->values.size());
}

/// Builds the plan of one request.
class ReadBuilder {
 public:
  ReadBuilder(const metadata::Registry& registry, Strategy default_strategy, const FindRequest& request,
              ReadKind kind, const EntityMetadata& root, PlannedRead& planned)
      : default_strategy_(default_strategy),
        request_(request),
        numbers_(request, kind),
        planned_(planned),
        plan_(planned.plan),
        places_(plan_),
        resolver_(registry, plan_, places_, aliases_, 0) {
    plan_.kind = kind;
    plan_.root = &root;
    plan_.value_count = numbers_.total;
    plan_.lock = static_cast<int>(request.lock);
    plan_.comment = request.comment;
    plan_.distinct = request.distinct;
    plan_.with_deleted = request.with_deleted;
  }

  void build() {
    start();
    plan_.where = resolver_.condition(request_.where, numbers_.where, Clause::where);
    if (request_.items_of) add_items_of(*request_.items_of);
    if (plan_.kind == ReadKind::rows) {
      add_rows();
    } else if (plan_.kind == ReadKind::update) {
      add_assignments();
    } else if (!request_.group_by.empty()) {
      throw ValidationError(
          fmt::format("{}: a grouped query cannot be counted; select kin::count() in it, or count "
                      "its rows.",
                      plan_.root->name),
          {.entity = plan_.root->name});
    }
    if (plan_.kind == ReadKind::rows) add_lock();
    if (request_.tree.node) add_tree(request_.tree);
    list_subquery_sources();
  }

  void build_by_key(bool key_only) {
    start();
    NodeWriter nodes;
    const auto& key = plan_.root->key;
    for (std::uint32_t i = 0; i < key.size(); ++i) {
      nodes.add_field(*key[i], 0);
      Node value;
      value.op = Op::value;
      value.value = i;
      value.kind = key[i]->codec->kind;
      nodes.add(value, 0);
      nodes.add_operator(Op::eq, 2);
    }
    const auto count = static_cast<std::uint32_t>(key.size());
    if (count > 1) nodes.add_operator(Op::and_, count, count);
    plan_.where = nodes.take();
    plan_.value_count = count;
    key_only ? add_key() : add_entities();
    add_lock();
  }

 private:
  void start() {
    for (const detail::JoinTerm& join : request_.joins)
      if (join.alias) places_.reserve_alias(join.alias);
    places_.add_root(*plan_.root);
    for (const detail::JoinTerm& join : request_.joins) add_join(join);
  }

  /// The items of one owner only, whose key stands in front of all values.
  void add_items_of(const Property& relation) {
    NodeWriter nodes;
    std::uint32_t value = 0;
    const auto add = [&](const Column& column, std::uint32_t source) {
      nodes.add_field(column, source);
      Node node;
      node.op = Op::value;
      node.value = value++;
      node.kind = column.codec->kind;
      nodes.add(node, 0);
      nodes.add_operator(Op::eq, 2);
    };
    if (const PivotTable* pivot = EntityMetadata::pivot_of(relation)) {
      const std::uint32_t source = places_.pivot_of_root(*pivot, relation);
      for (const Column& column : relation.owner ? pivot->owner_columns : pivot->target_columns)
        add(column, source);
    } else {
      const Property& owning = *relation.inverse;
      for (std::uint32_t i = 0; i < owning.column_count; ++i)
        add(plan_.root->columns[owning.first_column + i], places_.source(0));
    }
    if (value > 1) nodes.add_operator(Op::and_, value, value);
    std::vector<Node> both = nodes.take();
    if (!plan_.where.empty()) {
      NodeWriter joined;
      joined.add_copy(both);
      joined.add_copy(plan_.where);
      joined.add_operator(Op::and_, 2, 2);
      both = joined.take();
    }
    plan_.where = std::move(both);
  }

  void add_join(const detail::JoinTerm& join) {
    PlaceId place = join.parent_alias ? aliases_.of(join.parent_alias) : 0;
    const Hops hops = hops_of(places_.entity(place), join.path);
    const Source::Join kind = join.left ? Source::Join::left : Source::Join::inner;
    for (const Hop& hop : hops)
      if (!hop.property->is_relation()) refuse(hops, "it is no relation and cannot be joined.");
    for (std::size_t i = 0; i + 1 < hops.size(); ++i) {
      const Property& relation = *hops[i].property;
      place =
          relation.is_to_one() ? places_.to_one(place, relation) : places_.joined(place, relation, kind, {});
    }
    place = places_.joined(place, *hops.back().property, kind, join.alias ? join.alias : "");
    if (join.alias) aliases_.add(join.alias, place);
  }

  void add_rows() {
    plan_.has_limit = request_.limit.has_value();
    plan_.has_offset = request_.offset.has_value();
    if (request_.select.empty()) return add_entities();
    add_select();
    add_order();
  }

  void add_entities() {
    EntityRead read(planned_, places_, request_.strategy, default_strategy_);
    read.add(populate_tree(*plan_.root, request_, resolver_.paths()), 0);
    add_groups();
    add_order();
    if (request_.tree.node && !request_.tree.upward && request_.order.empty()) add_order_of_children();
    if (request_.items_of && request_.order.empty()) add_order_of(*request_.items_of);
    read.add_order();
    plan_.limit_roots = read.multiplies_roots() && (plan_.has_limit || plan_.has_offset);
  }

  void add_key() {
    for (const Column* column : plan_.root->key) {
      NodeWriter nodes;
      nodes.add_field(*column, 0);
      plan_.select.push_back({nodes.take(), {}});
    }
  }

  void add_lock() {
    if (request_.lock < LockMode::pessimistic_read) {
      if (!request_.lock_tables.empty())
        refuse(resolver_.paths().hops(request_.lock_tables.front()),
               "lock_tables says what a pessimistic lock is on, and there is none; say lock(), too.");
      return;
    }
    plan_.lock_sources.push_back(places_.source(0));
    for (const detail::MemberPath& path : request_.lock_tables) {
      PlaceId place = 0;
      for (const Hop& hop : resolver_.paths().hops(path)) place = places_.to_one(place, *hop.property);
      const std::uint32_t source = places_.source(place);
      if (std::ranges::find(plan_.lock_sources, source) == plan_.lock_sources.end())
        plan_.lock_sources.push_back(source);
    }
  }

  void add_select() {
    resolver_.set_selected(request_.select);
    std::uint32_t first_value = numbers_.select;
    for (const detail::SelectTerm& term : request_.select) {
      SelectItem& item = plan_.select.emplace_back();
      item.expression = resolver_.value(term.expression, first_value, Clause::select);
      if (term.name) item.name = term.name;
      first_value += value_count(term.expression);
    }
    add_groups();
  }

  void add_groups() {
    std::uint32_t first_value = numbers_.group_by;
    for (const detail::Expression& term : request_.group_by) {
      plan_.group_by.push_back({resolver_.value(term, first_value, Clause::group_by), {}});
      first_value += value_count(term);
    }
    plan_.having = resolver_.condition(request_.having, numbers_.having, Clause::having);
  }

  void add_order() {
    std::uint32_t first_value = numbers_.order;
    for (const detail::OrderTerm& term : request_.order) {
      plan_.order.push_back(
          {resolver_.order(term.expression, first_value, term.descending), term.descending, term.nulls});
      first_value += value_count(term.expression);
    }
  }

  void add_tree(const detail::TreeTerm& term) {
    if (request_.limit || request_.offset)
      refuse(hops_of(*plan_.root, term.parent),
             "a read of a tree has no limit, since rows come nearest first only when all are there; give it "
             "a depth.");
    plan_.tree = {hops_of(*plan_.root, term.parent).back().property, term.upward, term.depth != 0,
                  plan_.value_count};
    plan_.value_count += static_cast<std::uint32_t>(plan_.root->key.size()) + (plan_.tree.limited ? 1U : 0U);
  }

  /// As the collections want it that the rows go into.
  void add_order_of_children() {
    const Property* children = hops_of(*plan_.root, request_.tree.parent).back().property->inverse;
    if (!children) return;
    for (const Property::Order& order : children->order_by) {
      const Property* member = plan_.root->property_at(order.member->offset());
      if (!member || member->column_count == 0) continue;
      NodeWriter nodes;
      nodes.add_field(plan_.root->columns[member->first_column], 0);
      plan_.order.push_back({nodes.take(), order.descending, 0});
    }
  }

  void add_order_of(const Property& relation) {
    for (const Property::Order& term : relation.order_by) {
      const Property* member = relation.target->property_at(term.member->offset());
      if (!member || member->column_count == 0) continue;
      NodeWriter nodes;
      nodes.add_field(plan_.root->columns[member->first_column], places_.source(0));
      plan_.order.push_back({nodes.take(), term.descending});
    }
  }

  void add_assignments() {
    std::uint32_t first_value = numbers_.assign;
    for (const detail::AssignTerm& term : request_.assign) {
      const Hops hops = hops_of(*plan_.root, term.path);
      const Property& property = *hops.back().property;
      const std::size_t sources = plan_.sources.size();
      for (std::uint32_t i = 0; i < term.columns.size(); ++i) {
        const Column& column = plan_.root->columns[property.first_column + i];
        plan_.assignments.push_back({&column, resolver_.value(term.columns[i], first_value, Clause::where)});
        first_value += value_count(term.columns[i]);
      }
      if (plan_.sources.size() != sources)
        refuse(hops, "what is assigned may be computed from members of the same entity only.");
    }
    if (plan_.root->version) add_next_version(*plan_.root->version);
  }

  /// Whoever holds such an entity is to learn that it has changed.
  void add_next_version(const Column& version) {
    const auto assigned = [&](const Assignment& assignment) { return assignment.column == &version; };
    if (std::ranges::any_of(plan_.assignments, assigned)) return;
    Node node;
    node.op = Op::value;
    node.value = plan_.value_count++;
    node.kind = version.codec->kind;
    NodeWriter nodes;
    if (version.codec->is_integer()) nodes.add_field(version, 0);
    nodes.add(node, 0);
    if (version.codec->is_integer()) nodes.add_operator(Op::add, 2);
    plan_.assignments.push_back({&version, nodes.take()});
  }

  void list_subquery_sources() {
    for (std::uint32_t i = 0; i < plan_.sources.size(); ++i)
      if (const std::uint32_t subquery = plan_.sources[i].subquery; subquery != none)
        plan_.subqueries[subquery].sources.push_back(i);
  }

  Strategy default_strategy_;
  const FindRequest& request_;
  ValueNumbers numbers_;
  PlannedRead& planned_;
  ReadPlan& plan_;
  Places places_;
  Aliases aliases_{};
  ExpressionResolver resolver_;
};

}  // namespace

ValueNumbers::ValueNumbers(const FindRequest& request, ReadKind kind)
    : where(static_cast<std::uint32_t>(request.owner_key.size())),
      having(where + value_count(request.where)) {
  total = having;
  assign = having;
  if (kind == ReadKind::update)
    for (const detail::AssignTerm& term : request.assign)
      for (const detail::Expression& column : term.columns) total += value_count(column);
  if (kind != ReadKind::rows) return;
  select = having + value_count(request.having);
  group_by = select;
  for (const detail::SelectTerm& term : request.select) group_by += value_count(term.expression);
  order = group_by;
  for (const detail::Expression& term : request.group_by) order += value_count(term);
  total = order;
  for (const detail::OrderTerm& term : request.order) total += value_count(term.expression);
}

std::shared_ptr<const PlannedRead> build_read(const metadata::Registry& registry, Strategy default_strategy,
                                              const FindRequest& request, ReadKind kind) {
  auto planned = std::make_shared<PlannedRead>();
  ReadBuilder(registry, default_strategy, request, kind, registry.of(request.root), *planned).build();
  return planned;
}

std::shared_ptr<const PlannedRead> build_read_by_key(const metadata::Registry& registry,
                                                     Strategy default_strategy, const EntityMetadata& entity,
                                                     LockMode lock, bool key_only, bool with_deleted) {
  FindRequest nothing_more;
  nothing_more.lock = lock;
  nothing_more.with_deleted = with_deleted;
  auto planned = std::make_shared<PlannedRead>();
  ReadBuilder(registry, default_strategy, nothing_more, ReadKind::rows, entity, *planned)
      .build_by_key(key_only);
  return planned;
}

}  // namespace kin::query
