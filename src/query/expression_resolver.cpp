// SPDX-License-Identifier: MIT
#include "query/expression_resolver.hpp"

#include <kin/error.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "query/value_kinds.hpp"

namespace kin::query {
namespace {

using detail::Op;

/// Sub-selects inside each other; databases stop at a depth of their own that tells nobody what is wrong.
constexpr std::size_t deepest_nesting = 64;

bool is_aggregate(Op op) { return op >= Op::count_all && op <= Op::max; }
bool is_order_comparison(Op op) { return op >= Op::eq && op <= Op::ge; }
bool is_text_or_json_operator(Op op) { return op >= Op::like && op <= Op::has_key; }
bool compares_values(Op op) {
  return is_order_comparison(op) || op == Op::in || op == Op::not_in || op == Op::between;
}

std::uint32_t crossing_field(const TokenTable& tokens) {
  for (std::uint32_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].op != Op::field || tokens.is_counted(i)) continue;
    if (first_crossing(tokens.hops(i), 0) < tokens.hops(i).size()) return i;
  }
  return none;
}

bool begins_alike(const Hops& a, const Hops& b, std::size_t length) {
  if (a.size() <= length || b.size() <= length) return false;
  for (std::size_t i = 0; i < length; ++i)
    if (a[i].property != b[i].property) return false;
  return true;
}

/// The name that a selected column has when none was given: its member's.
std::string_view result_name(const detail::SelectTerm& term) {
  if (term.name) return term.name;
  const detail::ExpressionData& data = *term.expression.data();
  const detail::Token& token = data.tokens.back();
  return token.op == Op::field ? token.path[token.path_length - 1]->name() : std::string_view();
}

}  // namespace

void Aliases::add(const char* name, PlaceId place) {
  if (std::ranges::find(named_, std::string_view(name), &Named::name) != named_.end())
    throw ValidationError(
        fmt::format("The alias \"{}\" names two joins; give one of them another name.", name));
  named_.push_back({name, place});
}

PlaceId Aliases::of(const char* name) const {
  const auto found = std::ranges::find(named_, std::string_view(name), &Named::name);
  if (found != named_.end()) return found->place;
  throw ValidationError(
      fmt::format("The alias \"{}\" belongs to no join of this query; add .join<...>(alias) before "
                  "it is used.",
                  name));
}

std::vector<Node> ExpressionResolver::condition(const detail::Expression& expression,
                                                std::uint32_t first_value, Clause clause) {
  if (expression.empty()) return {};
  const TokenTable tokens(*expression.data(), first_value, paths_);
  ConditionTree tree(tokens);
  enter(clause);
  resolve(tokens, tree);
  std::vector<Node> nodes = leave();
  if (nodes.size() == 1 && nodes.front().op == Op::always) nodes.clear();
  return nodes;
}

std::vector<Node> ExpressionResolver::value(const detail::Expression& expression, std::uint32_t first_value,
                                            Clause clause) {
  const TokenTable tokens(*expression.data(), first_value, paths_);
  if (const std::uint32_t crossing = crossing_field(tokens); crossing != none)
    refuse(tokens.hops(crossing),
           "the path leads through a collection, so a row has no one value for it; join the "
           "collection in em.query with kin::alias.");
  enter(clause);
  values(tokens);
  return leave();
}

std::vector<Node> ExpressionResolver::order(const detail::Expression& expression, std::uint32_t first_value,
                                            bool descending) {
  const TokenTable tokens(*expression.data(), first_value, paths_);
  enter(Clause::order_by);
  const std::uint32_t crossing = crossing_field(tokens);
  if (crossing == none) {
    values(tokens);
  } else {
    least_item(tokens, crossing, descending);
  }
  return leave();
}

void ExpressionResolver::enter(Clause clause) {
  clause_ = clause;
  scopes_.clear();
  Scope& scope = scopes_.emplace_back();
  scope.place = root_;
}

std::vector<Node> ExpressionResolver::leave() { return scopes_.front().nodes.take(); }

std::uint32_t ExpressionResolver::open_subquery(PlaceId outer, const Property& collection, TermId term,
                                                bool implicit) {
  if (scopes_.size() > deepest_nesting)
    throw ValidationError(fmt::format("{}.{}: conditions on collections lie more than {} deep in each other.",
                                      collection.entity->name, collection.name, deepest_nesting),
                          {.entity = collection.entity->name, .property = collection.name});
  const auto subquery = static_cast<std::uint32_t>(plan_.subqueries.size());
  plan_.subqueries.emplace_back().via = &collection;
  Scope scope;
  scope.place = places_.items(outer, collection, subquery);
  scope.term = term;
  scope.implicit = implicit;
  scope.subquery = subquery;
  plan_.subqueries[subquery].outer = places_.source(outer);
  scopes_.push_back(std::move(scope));
  return subquery;
}

void ExpressionResolver::close_subquery(std::vector<Node> Subquery::* into, Op op) {
  Node node;
  node.op = op;
  node.subquery = scopes_.back().subquery;
  std::vector<Node> inner = nodes().take();
  if (inner.size() == 1 && inner.front().op == Op::always) inner.clear();
  plan_.subqueries[node.subquery].*into = std::move(inner);
  scopes_.pop_back();
  nodes().add(node, 0);
}

void ExpressionResolver::resolve(const TokenTable& tokens, ConditionTree& tree) {
  std::vector<Frame> frames{{tree.root()}};
  while (!frames.empty()) {
    Frame& frame = frames.back();
    const TermId id = frame.term;
    const Term& term = tree.term(id);
    if (term.kind == Term::Kind::quantifier && frame.next_child == 0) open_items(tokens, tree, id);
    if (frame.next_child < term.children.size()) {
      frames.push_back({term.children[frame.next_child++]});
      continue;
    }
    if (term.kind == Term::Kind::leaf) leaf(tokens, tree, term);
    if (term.kind == Term::Kind::quantifier) close_subquery(&Subquery::where, term.op);
    if (term.kind == Term::Kind::logic) {
      const auto operands = static_cast<std::uint32_t>(term.children.size());
      nodes().add_operator(term.op, operands, term.op == Op::not_ ? 0 : operands);
    }
    frames.pop_back();
  }
}

void ExpressionResolver::open_items(const TokenTable& tokens, ConditionTree& tree, TermId id) {
  const Term& term = tree.term(id);
  const Hops& hops = tokens.hops(term.first);
  PlaceId place = start_of(tokens, tree, term.first, term.base);
  for (std::uint32_t i = term.first_hop; i < term.hop; ++i) place = places_.to_one(place, *hops[i].property);
  open_subquery(place, *hops[term.hop].property, id, term.implicit);
}

PlaceId ExpressionResolver::start_of(const TokenTable& tokens, ConditionTree& tree, std::uint32_t field,
                                     TermId base) const {
  if (base == none) return unbound_start(tokens, field);
  const TermId term = tree.settled(base);
  std::size_t i = scopes_.size() - 1;
  while (scopes_[i].term != term) --i;
  return scopes_[i].place;
}

PlaceId ExpressionResolver::unbound_start(const TokenTable& tokens, std::uint32_t field) const {
  std::size_t i = scopes_.size() - 1;
  while (scopes_[i].implicit) --i;
  const char* alias = tokens[field].alias;
  const PlaceId place = alias ? aliases_.of(alias) : scopes_[i].place;
  const EntityMetadata& here = places_.entity(place);
  const Hops& hops = tokens.hops(field);
  if (hops.front().entity == &here) return place;
  refuse(hops,
         alias ? fmt::format("the alias \"{}\" stands for {}.", alias, here.name)
               : fmt::format("{0} is read here; reach {1} by a path that starts at {0}, or by the alias of a "
                             "join.",
                             here.name, hops.front().entity->name));
}

void ExpressionResolver::leaf(const TokenTable& tokens, ConditionTree& tree, const Term& term) {
  check_relations(tokens, term.first, term.last);
  check_orders(tokens, term.first, term.last);
  for (std::uint32_t i = term.first; i <= term.last; ++i) {
    if (tokens[i].op == Op::field) {
      field(tokens, i, start_of(tokens, tree, i, tree.base(i)), tree.first_hop(i));
    } else {
      plain_token(tokens, i);
    }
  }
}

void ExpressionResolver::values(const TokenTable& tokens) {
  for (std::uint32_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].op == Op::field) {
      field(tokens, i, unbound_start(tokens, i), 0);
    } else {
      plain_token(tokens, i);
    }
  }
}

/// The whole expression as the least or greatest of a sub-select over the items its paths lead to.
void ExpressionResolver::least_item(const TokenTable& tokens, std::uint32_t crossing, bool descending) {
  const Hops& path = tokens.hops(crossing);
  const std::size_t collection = first_crossing(path, 0);
  PlaceId place = unbound_start(tokens, crossing);
  for (std::size_t i = 0; i < collection; ++i) place = places_.to_one(place, *path[i].property);
  open_subquery(place, *path[collection].property, none, true);
  const PlaceId items = scopes_.back().place;
  for (std::uint32_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].op != Op::field) {
      plain_token(tokens, i);
    } else if (begins_alike(tokens.hops(i), path, collection + 1) && !tokens.is_counted(i)) {
      field(tokens, i, items, static_cast<std::uint32_t>(collection + 1));
    } else if (first_crossing(tokens.hops(i), 0) < tokens.hops(i).size()) {
      refuse(tokens.hops(i), "an order cannot follow two collections at once; order by one of them.");
    } else {
      field(tokens, i, unbound_start(tokens, i), 0);
    }
  }
  close_subquery(&Subquery::value, descending ? Op::max : Op::min);
}

/// Any token but a field.
void ExpressionResolver::plain_token(const TokenTable& tokens, std::uint32_t at) {
  const detail::Token& token = tokens[at];
  if (tokens.belongs_to_field(at)) return;
  if (token.op == Op::column) return result_column(token);
  if (is_aggregate(token.op) &&
      (clause_ == Clause::where || clause_ == Clause::group_by || scopes_.size() > 1))
    throw ValidationError(
        "An aggregate such as kin::count() stands in a condition on single rows; put the condition "
        "into having() of em.query.");
  Node node;
  node.op = token.op;
  node.count = token.count;
  if (token.op == Op::value) {
    node.value = tokens.value(at);
    node.kind = tokens.value_kind(at);
  }
  nodes().add(node, operand_count(token));
}

void ExpressionResolver::field(const TokenTable& tokens, std::uint32_t at, PlaceId start,
                               std::uint32_t first_hop) {
  const Hops& hops = tokens.hops(at);
  if (tokens.is_counted(at)) return count_items(hops, start, first_hop);
  PlaceId place = start;
  for (std::size_t i = first_hop; i + 1 < hops.size(); ++i) place = places_.shared(place, *hops[i].property);
  const Property& property = *hops.back().property;
  if (property.is_to_many()) refuse(hops, "a collection is no value; use some(), none(), every() or size().");
  if (property.is_to_one()) return relation_field(tokens, at, place);
  if (property.kind == PropertyKind::embedded) return embedded_field(tokens, at, place);
  const FieldAt found = places_.field(place, property.entity->columns[property.first_column]);
  nodes().add_field(*found.column, found.source);
}

/// A to-one relation as a value is its foreign key; seen from the side without one, the other side's key.
void ExpressionResolver::relation_field(const TokenTable& tokens, std::uint32_t at, PlaceId place) {
  const Hops& hops = tokens.hops(at);
  const Property& relation = *hops.back().property;
  if (relation.target->key.size() > 1 && !tokens.is_null_tested(at))
    refuse(hops,
           fmt::format("the key of {} has several members, so the relation is no single value; name one of "
                       "them at the end of the path.",
                       relation.target->name));
  const FieldAt found = relation.owner ? places_.field(place, relation.entity->columns[relation.first_column])
                                       : places_.key(places_.to_one(place, relation), 0);
  nodes().add_field(*found.column, found.source);
}

/// An embedded struct is null when all of its columns are.
void ExpressionResolver::embedded_field(const TokenTable& tokens, std::uint32_t at, PlaceId place) {
  const Property& property = *tokens.hops(at).back().property;
  if (!tokens.is_null_tested(at) || property.column_count == 0)
    refuse(tokens.hops(at),
           "an embedded struct is no single value; name one of its members at the end of the path.");
  for (std::uint32_t i = 0; i < property.column_count; ++i) {
    const FieldAt found = places_.field(place, property.entity->columns[property.first_column + i]);
    nodes().add_field(*found.column, found.source);
    nodes().add_operator(Op::is_null, 1);
  }
  if (property.column_count > 1) nodes().add_operator(Op::and_, property.column_count, property.column_count);
  if (tokens[at + 1].op == Op::is_not_null) nodes().add_operator(Op::not_, 1);
}

/// The number of all items that the path leads to.
void ExpressionResolver::count_items(const Hops& hops, PlaceId start, std::uint32_t first_hop) {
  if (!hops.back().property->is_to_many()) refuse(hops, "size() needs a Collection member.");
  PlaceId place = start;
  std::size_t i = first_hop;
  for (; !hops[i].property->is_to_many(); ++i) place = places_.to_one(place, *hops[i].property);
  open_subquery(place, *hops[i].property, none, true);
  place = scopes_.back().place;
  for (++i; i < hops.size(); ++i) place = places_.shared(place, *hops[i].property);
  close_subquery(&Subquery::where, Op::size);
}

void ExpressionResolver::result_column(const detail::Token& token) {
  const std::string_view name = token.alias;
  const auto refuse_name = [&](std::string_view why) {
    throw ValidationError(fmt::format("kin::column(\"{}\"): {}", name, why));
  };
  if (clause_ == Clause::where || clause_ == Clause::select || scopes_.size() > 1)
    refuse_name(
        "columns of the result can be named in order_by(), group_by() and having() only; name a member.");
  std::size_t index = 0;
  const std::size_t count = selected_ ? selected_->size() : 0;
  while (index < count && result_name((*selected_)[index]) != name) ++index;
  if (index == count)
    refuse_name("no selected column has that name; select it with .as(\"...\"), or name a member.");
  // An order may name a result's column everywhere; elsewhere some databases want the expression itself.
  SelectItem& item = plan_.select[index];
  if (clause_ != Clause::order_by) return nodes().add_copy(item.expression);
  item.name = name;
  Node node;
  node.op = Op::column;
  node.name = token.alias;
  nodes().add(node, 0);
}

/// What the types leave open: operators that make no sense on a key, and values of another kind than the key.
void ExpressionResolver::check_relations(const TokenTable& tokens, std::uint32_t first,
                                         std::uint32_t last) const {
  const Op op = tokens[last].op;
  for (std::uint32_t i = first; i <= last; ++i) {
    if (tokens[i].op != Op::field) continue;
    const Property& property = *tokens.hops(i).back().property;
    if (!property.is_to_one()) continue;
    const EntityMetadata& target = *property.target;
    if (is_text_or_json_operator(op))
      refuse(tokens.hops(i),
             fmt::format("a relation is neither text nor JSON; go on to a member of {} with a path.",
                         target.name));
    if (!compares_values(op) || target.key.size() != 1) continue;
    for (std::uint32_t v = first; v < last; ++v) {
      if (tokens[v].op != Op::value || fits(target.key.front()->codec->kind, tokens.value_kind(v))) continue;
      refuse(tokens.hops(i),
             fmt::format("it is compared with {}, but the key of {} is {}; compare with {} or with a "
                         "kin::Ref<{}>.",
                         noun(tokens.value_kind(v)), target.name, noun(target.key.front()->codec->kind),
                         noun(target.key.front()->codec->kind), target.name));
    }
  }
}

/// Databases put arrays and intervals in orders of their own, where they have any; JSON and text have none.
void ExpressionResolver::check_orders(const TokenTable& tokens, std::uint32_t first, std::uint32_t last) {
  const Op op = tokens[last].op;
  const bool asks_for_order = (op >= Op::lt && op <= Op::ge) || op == Op::between;
  if (!asks_for_order) return;
  for (std::uint32_t i = first; i <= last; ++i) {
    if (tokens[i].op != Op::field) continue;
    const detail::Codec* codec = tokens.hops(i).back().property->codec;
    if (codec && codec->kind == ValueKind::array)
      refuse(tokens.hops(i),
             "an array is neither less nor greater; compare with ==, overlaps() or contains_all().");
    if (codec && codec->kind == ValueKind::interval)
      refuse(tokens.hops(i),
             "an interval is neither less nor greater, for months have no fixed length; compare with ==, or "
             "keep a "
             "std::chrono duration.");
  }
}

}  // namespace kin::query
