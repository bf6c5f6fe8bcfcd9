// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "query/node_writer.hpp"
#include "query/plan.hpp"

namespace kin::query {

/// A statement on rows of one table that are found by values of their columns: what needs no expression of a
/// user. Its shape is made for one use.
class RowPlan {
 public:
  RowPlan(const EntityMetadata& entity, ReadKind kind) {
    plan_.kind = kind;
    plan_.root = &entity;
    Source& source = plan_.sources.emplace_back();
    source.entity = &entity;
    source.alias = "t0";
  }

  void select(std::span<const Column* const> columns) {
    for (const Column* column : columns) {
      NodeWriter nodes;
      nodes.add_field(*column, 0);
      plan_.select.push_back({nodes.take(), {}});
    }
  }
  /// The row holds this value, null the same as null. Terms of a row are joined by and, rows by or.
  void require(const Column& column, ValueView value) {
    where_.add_field(column, 0);
    if (value.is_null()) {
      where_.add_operator(detail::Op::is_null, 1);
    } else {
      where_.add(value_node(value), 0);
      where_.add_operator(detail::Op::eq, 2);
    }
    ++terms_;
  }
  void end_row() {
    if (terms_ > 1) where_.add_operator(detail::Op::and_, terms_, terms_);
    terms_ = 0;
    ++rows_;
  }
  void assign(const Column& column, ValueView value) {
    NodeWriter nodes;
    nodes.add(value_node(value), 0);
    plan_.assignments.push_back({&column, nodes.take()});
  }
  void assign(const Column& column, std::vector<Node> computed) {
    plan_.assignments.push_back({&column, std::move(computed)});
  }
  /// Values that the nodes of assign() refer to; to be called before any other.
  void begin_with(std::span<const ValueView> values) {
    for (const ValueView& value : values) kept_.emplace_back(value);
  }

  /// Once, when all is said.
  const ReadPlan& finish() {
    if (rows_ > 1) where_.add_operator(detail::Op::or_, rows_, rows_);
    plan_.where = where_.take();
    plan_.value_count = static_cast<std::uint32_t>(kept_.size());
    for (const Value& value : kept_) values_.push_back(value.view());
    return plan_;
  }
  std::span<const ValueView> values() const noexcept { return values_; }

 private:
  Node value_node(ValueView value) {
    Node node;
    node.op = detail::Op::value;
    node.value = static_cast<std::uint32_t>(kept_.size());
    node.kind = value.kind();
    kept_.emplace_back(value);
    return node;
  }

  ReadPlan plan_{};
  NodeWriter where_{};
  std::deque<Value> kept_{};
  std::vector<ValueView> values_{};
  std::uint32_t terms_ = 0;
  std::uint32_t rows_ = 0;
};

}  // namespace kin::query
