// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "query/plan.hpp"

namespace kin::sql {

/// Writes the logic of one condition of a where or having clause; its predicates are written by the caller.
/// Walks without recursion over the condition's depth.
///
/// Parsers of databases stop at some number of parentheses inside each other (SQLite 3.40's at about
/// 30), so what lies deeper is written as a `case`: the way down to the deepest part becomes a list of
/// `when`s beside each other. Such a `case` is true or false where the condition is unknown. That changes no
/// row: a clause takes rows for which its condition is true, so unknown counts as false there, and as true
/// below a `not`.
class ConditionText {
 public:
  /// Writes the predicate at this node; `negated` for those only that are never unknown.
  using WritePredicate = std::function<void(std::uint32_t node, bool negated)>;

  /// Lifetime: all of them outlive the object.
  ConditionText(const std::vector<query::Node>& nodes, std::string& out,
                const WritePredicate& write_predicate);

  /// `enclosed`: it stands in parentheses or alone, and needs none of its own.
  void write(bool enclosed);

 private:
  /// Where a part of the condition stands.
  struct Context {
    std::uint32_t level = 0;       ///< number of parentheses around it
    bool unknown_is_true = false;  ///< below an odd number of `not`s
    Context deeper() const { return {level + 1, unknown_is_true}; }
    Context negated() const { return {level + 1, !unknown_is_true}; }
  };
  /// What is yet to be written.
  struct Step {
    enum class Kind : std::uint8_t { text, node, chain };
    Kind kind = Kind::text;
    bool enclosed = false;             ///< of a node
    detail::Op op = detail::Op::and_;  ///< of a chain
    std::uint32_t first = 0;           ///< of a node its index, of a chain the range of its operands
    std::uint32_t last = 0;
    Context context{};
    std::string_view text{};
  };

  static Step text(std::string_view text);
  static Step node(std::uint32_t index, bool enclosed, Context context);
  static Step chain(detail::Op op, std::uint32_t first, std::uint32_t last, Context context);

  void write_node(const Step& step);
  void write_chain(const Step& step);
  void write_cases(std::uint32_t node, Context context);
  void add_when(std::uint32_t node, std::uint32_t left_out, bool unknown_is_true, bool value);

  void measure();
  bool is_too_deep(std::uint32_t node, Context context) const;
  std::uint32_t largest_operand(std::uint32_t node) const;
  /// Adds the operands of an and/or, but for one, to operands_; returns where they begin.
  std::uint32_t add_operands(std::uint32_t node, std::uint32_t left_out);
  void schedule();

  const std::vector<query::Node>& nodes_;
  std::string& out_;
  const WritePredicate& write_predicate_;
  std::vector<std::uint32_t> depths_{};    ///< of each node; empty when the condition is small
  std::vector<std::uint32_t> operands_{};  ///< of the chains that are yet to be written
  std::vector<Step> steps_{};              ///< the next one is the last
  std::vector<Step> ahead_{};              ///< what takes the place of the step at hand, in order
};

}  // namespace kin::sql
