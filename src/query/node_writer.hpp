// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "query/plan.hpp"

namespace kin::query {

/// Collects nodes in postfix order and tells each where its subtree begins.
class NodeWriter {
 public:
  /// Appends a node whose `operands` are the last that were written.
  void add(Node node, std::uint32_t operands) {
    const auto position = static_cast<std::uint32_t>(nodes_.size());
    node.begin = operands == 0 ? position : begins_[begins_.size() - operands];
    begins_.resize(begins_.size() - operands);
    begins_.push_back(node.begin);
    nodes_.push_back(node);
  }
  void add_field(const Column& column, std::uint32_t source) {
    Node node;
    node.op = detail::Op::field;
    node.column = &column;
    node.source = source;
    add(node, 0);
  }
  void add_operator(detail::Op op, std::uint32_t operands, std::uint32_t count = 0) {
    Node node;
    node.op = op;
    node.count = count;
    add(node, operands);
  }
  /// Appends a whole expression as one operand.
  void add_copy(const std::vector<Node>& expression) {
    const auto shift = static_cast<std::uint32_t>(nodes_.size());
    for (Node node : expression) {
      node.begin += shift;
      nodes_.push_back(node);
    }
    begins_.push_back(shift);
  }
  std::vector<Node> take() { return std::move(nodes_); }

 private:
  std::vector<Node> nodes_{};
  std::vector<std::uint32_t> begins_{};  ///< of the operands that no operator has taken yet
};

}  // namespace kin::query
