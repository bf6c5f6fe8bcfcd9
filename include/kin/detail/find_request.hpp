// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/expression.hpp>
#include <kin/metadata.hpp>
#include <kin/options.hpp>
#include <kin/transaction.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kin::detail {

struct EntityState;
class CollectionBase;

struct OrderTerm {
  Expression expression;
  bool descending;
  int nulls;
};
struct SelectTerm {
  Expression expression;
  const char* name;  ///< interned, null for the member's own name
};
struct JoinTerm {
  MemberPath path;           ///< relation to follow
  const char* parent_alias;  ///< null = the root
  const char* alias;
  bool left;
};

/// What a native update puts into one member.
struct AssignTerm {
  MemberPath path;
  std::shared_ptr<const void> value{};  ///< an object of the member's type; null when it is computed
  Expression computed{};
  std::vector<Expression> columns{};    ///< either of them for each of the member's columns, once that is known
};

/// Which part of a tree is read: rows below or above `node`, along a to-one relation of the root to itself.
struct TreeTerm {
  MemberPath parent{};
  EntityState* node = nullptr;   ///< null = the read is of no tree
  bool upward = false;
  std::uint32_t depth = 0;       ///< how many levels from the node; 0 = all of them
};

/// What find() and query() describe, untyped: no metadata is touched and nothing is resolved before it runs.
struct FindRequest {
  TypeTag root = nullptr;
  Expression where{};
  std::vector<OrderTerm> order{};
  std::vector<MemberPath> populate{};
  std::vector<MemberPath> only{};
  std::vector<MemberPath> exclude{};
  std::vector<SelectTerm> select{};  ///< of query() and as<>(); empty = entities are read
  std::vector<JoinTerm> joins{};
  std::vector<Expression> group_by{};
  Expression having{};
  std::vector<AssignTerm> assign{};  ///< of a native update
  TreeTerm tree{};
  std::optional<Strategy> strategy{};
  std::optional<std::uint64_t> limit{};
  std::optional<std::uint64_t> offset{};
  std::optional<FlushMode> flush_mode{};
  std::optional<ConnectionType> connection_type{};
  LockMode lock = LockMode::none;
  ValueView lock_version{};  ///< that an optimistic lock expects: a number or a time, null = not said
  std::vector<MemberPath> lock_tables{};  ///< to-one relations whose rows a pessimistic lock is on, too
  bool distinct = false;
  bool positional = false;           ///< of as<>: columns go to the struct's members in order, not by name
  bool refresh = false;
  bool read_only = false;
  bool with_deleted = false;         ///< rows that a soft delete has marked count, too
  CollectionBase* collection = nullptr;  ///< of matching(): whose items are found
  const Property* items_of = nullptr;    ///< its relation
  std::vector<Value> owner_key{};        ///< and the key of its owner
  bool store = false;                    ///< the collection is to hold what was found
  std::string comment{};
};

}  // namespace kin::detail
