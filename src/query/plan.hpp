// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/expression.hpp>
#include <kin/metadata.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace kin::query {

inline constexpr std::uint32_t none = 0xffffffff;

/// A table that a read takes rows from.
struct Source {
  enum class Join : std::uint8_t { root, inner, left };
  Join join = Join::root;
  const EntityMetadata* entity = nullptr;   ///< null for a pivot table
  const PivotTable* pivot = nullptr;
  std::uint32_t parent = none;              ///< source that the join condition refers to
  const Property* via = nullptr;            ///< relation from the parent's entity to this source
  std::uint32_t subquery = none;            ///< subquery that the source belongs to; none = the read itself
  bool reversed = false;  ///< of a pivot table: the parent is the target of `via`, not its owner
  std::string alias{};
};

/// One step of a resolved expression, in postfix order like the tokens it was made from.
struct Node {
  detail::Op op = detail::Op::always;
  std::uint32_t count = 0;       ///< operands of and/or, values of in/not_in
  std::uint32_t begin = 0;       ///< index of the first node of this node's subtree
  const Column* column = nullptr;   ///< Op::field: the column
  std::uint32_t source = none;      ///< Op::field: where the column comes from
  std::uint32_t value = none;       ///< Op::value: index into the request's values
  ValueKind kind = ValueKind::null; ///< Op::value: what kind of value; plans of other kinds are other plans
  std::uint32_t subquery = none;    ///< some/none/every/size, and min/max of what lies behind a to-many path
  const char* name = nullptr;       ///< Op::column: name in the result
};

/// A correlated sub-select over the items of a collection. Its first source is the collection's entity (or the
/// pivot, for many-to-many, followed by the entity where more than its key is asked for); it is tied to `outer` by
/// `via`. Of some, none and every `where` is the condition as it was given: `every` is met when no item fails it.
struct Subquery {
  std::uint32_t outer = none;            ///< source of the enclosing query (or subquery) that owns the collection
  const Property* via = nullptr;
  std::vector<std::uint32_t> sources{};  ///< indices into ReadPlan::sources
  std::vector<Node> where{};             ///< may be empty
  std::vector<Node> value{};             ///< of an order or operand behind a to-many path: the column whose min is taken
};

struct SelectItem {
  std::vector<Node> expression{};  ///< usually one field node
  std::string name{};              ///< "as" name; empty = none needed
};

struct OrderItem {
  std::vector<Node> expression{};
  bool descending = false;
  int nulls = 0;  ///< 0 as the database does, 1 first, 2 last
};

enum class ReadKind : std::uint8_t {
  rows,
  count,
  exists,
  update,  ///< the rows are not read but written, by the plan's assignments
  remove,  ///< the rows are not read but deleted
};

/// What an update writes into a column of the root.
struct Assignment {
  const Column* column = nullptr;
  std::vector<Node> value{};  ///< of members of the root and values
};

/// The part of a tree that the root's rows must belong to. Its values are the key of the node that it begins at,
/// then the number of levels where that is limited.
struct Tree {
  const Property* parent = nullptr;  ///< to-one relation of the root to itself; null = the read is of no tree
  bool upward = false;
  bool limited = false;
  std::uint32_t first_value = 0;
};

/// A resolved read: values, no text. Made once a shape and shared; immutable but for `compiled`.
struct ReadPlan {
  ReadKind kind = ReadKind::rows;
  const EntityMetadata* root = nullptr;
  std::vector<Source> sources{};
  std::vector<Subquery> subqueries{};
  std::vector<SelectItem> select{};
  std::vector<Node> where{};
  std::vector<SelectItem> group_by{};
  std::vector<Node> having{};
  std::vector<OrderItem> order{};
  std::vector<Assignment> assignments{};  ///< of an update
  Tree tree{};
  bool with_deleted = false;  ///< else every table is without the rows that a soft delete has marked
  bool has_limit = false;    ///< the limit and offset travel with the request as its last values, in this order
  bool has_offset = false;
  bool distinct = false;
  /// When set, limit and offset count root rows although to-many joins multiply them: the root is read from a
  /// sub-select that has where, order, limit and offset of its own.
  bool limit_roots = false;
  std::uint32_t value_count = 0;  ///< values of the expressions, without limit and offset
  int lock = 0;                   ///< kin::LockMode as a number
  std::vector<std::uint32_t> lock_sources{};  ///< whose rows a pessimistic lock is on, the root first
  std::string comment{};

  /// The driver's own form of the plan (SQL text, parameter order), made at first use by whoever comes first.
  mutable std::shared_ptr<const void> compiled{};
  mutable std::once_flag compiled_once{};
};

}  // namespace kin::query
