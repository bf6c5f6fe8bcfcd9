// SPDX-License-Identifier: MIT
#include "sql/condition_text.hpp"

#include <algorithm>

namespace kin::sql {
namespace {

using detail::Op;
using query::Node;
using query::none;

/// Longer chains are cut into halves in parentheses: databases take a chain for as many expressions inside
/// each other as it has terms, and SQLite allows 1000.
constexpr std::uint32_t longest_chain = 32;

/// More parentheses inside each other are avoided. Each costs SQLite's parser three of its hundred places,
/// and a sub-select costs ten.
constexpr std::uint32_t deepest_parentheses = 12;

/// What is not deeper is left to stand at the end of a `case`.
constexpr std::uint32_t depth_of_rest = 2;

bool is_chain(Op op) { return op == Op::and_ || op == Op::or_; }

/// Predicates whose opposite reads better than a `not` around them; none of them is ever unknown.
bool is_turned_easily(Op op) {
  return op == Op::always || op == Op::some || op == Op::none || op == Op::every;
}

/// The test that is true where the part, with unknown taken as said, is true, or where it is not.
std::string_view test(bool unknown_is_true, bool negated) {
  if (unknown_is_true) return negated ? ") is false" : ") is not false";
  return negated ? ") is not true" : ") is true";
}

}  // namespace

ConditionText::ConditionText(const std::vector<Node>& nodes, std::string& out,
                             const WritePredicate& write_predicate)
    : nodes_(nodes), out_(out), write_predicate_(write_predicate) {
  // Each level has an operator and something to work on.
  if (nodes.size() > 2 * deepest_parentheses) measure();
}

void ConditionText::write(bool enclosed) {
  steps_.push_back(node(static_cast<std::uint32_t>(nodes_.size() - 1), enclosed, {}));
  while (!steps_.empty()) {
    const Step step = steps_.back();
    steps_.pop_back();
    switch (step.kind) {
      case Step::Kind::text:
        out_ += step.text;
        break;
      case Step::Kind::node:
        write_node(step);
        break;
      case Step::Kind::chain:
        write_chain(step);
        break;
    }
    schedule();
  }
}

ConditionText::Step ConditionText::text(std::string_view text) {
  Step step;
  step.text = text;
  return step;
}

ConditionText::Step ConditionText::node(std::uint32_t index, bool enclosed, Context context) {
  Step step;
  step.kind = Step::Kind::node;
  step.first = index;
  step.enclosed = enclosed;
  step.context = context;
  return step;
}

ConditionText::Step ConditionText::chain(Op op, std::uint32_t first, std::uint32_t last, Context context) {
  Step step;
  step.kind = Step::Kind::chain;
  step.op = op;
  step.first = first;
  step.last = last;
  step.context = context;
  return step;
}

/// `not` is SQL's own: of a comparison with null it is as unknown as the comparison, so that neither
/// field == x nor !(field == x) is true where the field is null.
void ConditionText::write_node(const Step& step) {
  const std::uint32_t at = step.first;
  const Op op = nodes_[at].op;
  if (!is_chain(op) && op != Op::not_) {
    write_predicate_(at, false);
  } else if (op == Op::not_ && is_turned_easily(nodes_[at - 1].op)) {
    write_predicate_(at - 1, true);
  } else if (is_too_deep(at, step.context)) {
    write_cases(at, step.context);
  } else if (op == Op::not_) {
    ahead_.push_back(text("not ("));
    ahead_.push_back(node(at - 1, true, step.context.negated()));
    ahead_.push_back(text(")"));
  } else {
    const std::uint32_t first = add_operands(at, none);
    const auto last = static_cast<std::uint32_t>(operands_.size());
    if (!step.enclosed) ahead_.push_back(text("("));
    ahead_.push_back(chain(op, first, last, step.context.deeper()));
    if (!step.enclosed) ahead_.push_back(text(")"));
  }
}

void ConditionText::write_chain(const Step& step) {
  const bool is_and = step.op == Op::and_;
  const std::uint32_t length = step.last - step.first;
  if (length > longest_chain) {
    const std::uint32_t middle = step.first + length / 2;
    ahead_.push_back(text("("));
    ahead_.push_back(chain(step.op, step.first, middle, step.context));
    ahead_.push_back(text(is_and ? ") and (" : ") or ("));
    ahead_.push_back(chain(step.op, middle, step.last, step.context));
    ahead_.push_back(text(")"));
    return;
  }
  for (std::uint32_t i = step.first; i < step.last; ++i) {
    if (i > step.first) ahead_.push_back(text(is_and ? " and " : " or "));
    ahead_.push_back(node(operands_[i], length == 1, step.context));
  }
}

/// Goes down along the largest operands. On the way, an `and` is false as soon as the rest of it is, an `or`
/// true; else its largest operand decides, and so on. The rest has at most half of the nodes, so that only a
/// few `case`s can stand inside each other.
void ConditionText::write_cases(std::uint32_t at, Context context) {
  bool unknown_is_true = context.unknown_is_true;
  bool negated = false;
  ahead_.push_back(text("case"));
  while (depths_[at] > depth_of_rest) {
    if (nodes_[at].op == Op::not_) {
      unknown_is_true = !unknown_is_true;
      negated = !negated;
      at = at - 1;
      continue;
    }
    const std::uint32_t largest = largest_operand(at);
    const bool decided = nodes_[at].op == Op::or_;
    add_when(at, largest, unknown_is_true, decided != negated);
    at = largest;
  }
  ahead_.push_back(text(" else ("));
  ahead_.push_back(node(at, true, {1, unknown_is_true}));
  ahead_.push_back(text(test(unknown_is_true, negated)));
  ahead_.push_back(text(" end"));
}

void ConditionText::add_when(std::uint32_t at, std::uint32_t left_out, bool unknown_is_true, bool value) {
  const Op op = nodes_[at].op;
  const std::uint32_t first = add_operands(at, left_out);
  const auto last = static_cast<std::uint32_t>(operands_.size());
  ahead_.push_back(text(" when ("));
  ahead_.push_back(chain(op, first, last, {1, unknown_is_true}));
  ahead_.push_back(text(test(unknown_is_true, op == Op::and_)));
  ahead_.push_back(text(value ? " then 1 = 1" : " then 1 = 0"));
}

/// Operands stand before their operator, so that one pass is enough.
void ConditionText::measure() {
  depths_.assign(nodes_.size(), 0);
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].op == Op::not_) depths_[i] = 1 + depths_[i - 1];
    if (!is_chain(nodes_[i].op)) continue;
    std::uint32_t operand = i - 1;
    for (std::uint32_t left = nodes_[i].count; left > 0; --left) {
      depths_[i] = std::max(depths_[i], 1 + depths_[operand]);
      operand = nodes_[operand].begin - 1;
    }
  }
}

bool ConditionText::is_too_deep(std::uint32_t node, Context context) const {
  // What stands outside of all parentheses is left as it is: there, databases look for indexes they can use.
  if (depths_.empty() || context.level == 0) return false;
  return depths_[node] > depth_of_rest && context.level + depths_[node] > deepest_parentheses;
}

std::uint32_t ConditionText::largest_operand(std::uint32_t node) const {
  std::uint32_t largest = none;
  std::uint32_t largest_size = 0;
  std::uint32_t operand = node - 1;
  for (std::uint32_t left = nodes_[node].count; left > 0; --left) {
    const std::uint32_t begin = nodes_[operand].begin;
    if (operand - begin + 1 > largest_size) {
      largest_size = operand - begin + 1;
      largest = operand;
    }
    operand = begin - 1;
  }
  return largest;
}

std::uint32_t ConditionText::add_operands(std::uint32_t node, std::uint32_t left_out) {
  const auto first = static_cast<std::uint32_t>(operands_.size());
  std::uint32_t operand = node - 1;
  for (std::uint32_t left = nodes_[node].count; left > 0; --left) {
    if (operand != left_out) operands_.push_back(operand);
    operand = nodes_[operand].begin - 1;
  }
  std::reverse(operands_.begin() + first, operands_.end());
  return first;
}

void ConditionText::schedule() {
  steps_.insert(steps_.end(), ahead_.rbegin(), ahead_.rend());
  ahead_.clear();
}

}  // namespace kin::sql
