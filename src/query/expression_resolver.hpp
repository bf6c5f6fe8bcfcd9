// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/find_request.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

#include "metadata/registry.hpp"
#include "query/condition_tree.hpp"
#include "query/node_writer.hpp"
#include "query/places.hpp"
#include "query/plan.hpp"
#include "query/token_table.hpp"

namespace kin::query {

/// Names that joins have been given, and where they stand.
class Aliases {
 public:
  /// Throws ValidationError when the name is taken.
  void add(const char* name, PlaceId place);
  /// Throws ValidationError when no join has the name.
  PlaceId of(const char* name) const;

 private:
  struct Named {
    std::string_view name;
    PlaceId place;
  };
  std::vector<Named> named_{};
};

/// Which clause an expression stands in; it tells what it may hold beside members and values.
enum class Clause : std::uint8_t { where, having, select, group_by, order_by };

/// Turns the expressions of one request into nodes of its plan, and adds the joins and sub-selects they need.
class ExpressionResolver {
 public:
  ExpressionResolver(const metadata::Registry& registry, ReadPlan& plan, Places& places,
                     const Aliases& aliases, PlaceId root)
      : plan_(plan), places_(places), aliases_(aliases), root_(root), paths_(registry) {}

  /// `first_value` is the number of the expression's first value in the request.
  std::vector<Node> condition(const detail::Expression& expression, std::uint32_t first_value, Clause clause);
  /// A value to select or group by. A path through a collection is refused: it has no one value.
  std::vector<Node> value(const detail::Expression& expression, std::uint32_t first_value, Clause clause);
  /// A value to order by. Of a path through a collection the least item counts, of a descending order the
  /// greatest.
  std::vector<Node> order(const detail::Expression& expression, std::uint32_t first_value, bool descending);
  /// What the select list is made of, so that result columns can be told by name.
  void set_selected(const std::vector<detail::SelectTerm>& terms) { selected_ = &terms; }
  PathTable& paths() { return paths_; }

 private:
  /// What unqualified paths start from: the read itself, or the items of a sub-select.
  struct Scope {
    PlaceId place = 0;
    TermId term = none;     ///< of the sub-select's quantifier
    bool implicit = false;  ///< paths that are not bound to it pass it by
    std::uint32_t subquery = none;
    NodeWriter nodes{};
  };
  struct Frame {
    TermId term;
    std::size_t next_child = 0;
  };

  NodeWriter& nodes() { return scopes_.back().nodes; }
  void enter(Clause clause);
  std::vector<Node> leave();
  std::uint32_t open_subquery(PlaceId outer, const Property& collection, TermId term, bool implicit);
  void close_subquery(std::vector<Node> Subquery::* into, detail::Op op);

  void resolve(const TokenTable& tokens, ConditionTree& tree);
  void open_items(const TokenTable& tokens, ConditionTree& tree, TermId term);
  PlaceId start_of(const TokenTable& tokens, ConditionTree& tree, std::uint32_t field, TermId base) const;
  PlaceId unbound_start(const TokenTable& tokens, std::uint32_t field) const;
  void leaf(const TokenTable& tokens, ConditionTree& tree, const Term& term);

  void values(const TokenTable& tokens);
  void least_item(const TokenTable& tokens, std::uint32_t crossing, bool descending);
  void plain_token(const TokenTable& tokens, std::uint32_t at);
  void field(const TokenTable& tokens, std::uint32_t at, PlaceId start, std::uint32_t first_hop);
  void relation_field(const TokenTable& tokens, std::uint32_t at, PlaceId place);
  void embedded_field(const TokenTable& tokens, std::uint32_t at, PlaceId place);
  void count_items(const Hops& hops, PlaceId start, std::uint32_t first_hop);
  void result_column(const detail::Token& token);
  void check_relations(const TokenTable& tokens, std::uint32_t first, std::uint32_t last) const;
  static void check_orders(const TokenTable& tokens, std::uint32_t first, std::uint32_t last);

  ReadPlan& plan_;
  Places& places_;
  const Aliases& aliases_;
  PlaceId root_;
  PathTable paths_;
  const std::vector<detail::SelectTerm>* selected_ = nullptr;
  std::vector<Scope> scopes_{};
  Clause clause_ = Clause::where;
};

}  // namespace kin::query
