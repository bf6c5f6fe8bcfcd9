// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "query/plan.hpp"
#include "query/token_table.hpp"

namespace kin::query {

/// Number of a term in its tree.
using TermId = std::uint32_t;

/// A node of a condition's logic.
struct Term {
  enum class Kind : std::uint8_t { leaf, logic, quantifier };
  Kind kind = Kind::leaf;
  detail::Op op = detail::Op::always;  ///< of logic and_, or_, not_; of a quantifier some, none, every
  /// A `some` made from a path through a collection rather than written by the user.
  bool implicit = false;
  std::uint32_t first = 0;  ///< of a leaf its tokens; of a quantifier, both the token of its field
  std::uint32_t last = 0;
  std::uint32_t first_hop = 0;  ///< of a quantifier: where its path goes on from, and the collection
  std::uint32_t hop = 0;
  TermId base = none;         ///< of a quantifier: the implicit one whose items its path goes on from
  TermId merged_into = none;  ///< the term that took this one's place
  std::vector<TermId> children{};
};

/// The logic of a condition as a tree over its tokens, with paths through collections made into quantifiers:
///
/// - A comparison on field<&Book::tags, &Tag::name> is true when some tag of the book meets it.
/// - Operands of one `and` that go through the same collection speak of the same item, and so do those of an
/// `or`
///   among them. A written some() stands for itself.
/// - Under `not` the whole is negated: no tag meets it.
/// - A written none() or every() at the end of such a path speaks of all items that the path leads to.
///
/// Built and walked without recursion over the condition's depth.
class ConditionTree {
 public:
  explicit ConditionTree(const TokenTable& tokens);

  TermId root() const noexcept { return root_; }
  const Term& term(TermId id) const { return terms_[id]; }
  /// The term that stands for `id` now.
  TermId settled(TermId id);
  /// Of Op::field: the hop its path goes on with, and the implicit quantifier whose items it goes on from;
  /// none when it starts where it was written.
  std::uint32_t first_hop(std::uint32_t token) const { return starts_[token].hop; }
  TermId base(std::uint32_t token) const { return starts_[token].base; }

 private:
  struct Start {
    std::uint32_t hop = 0;
    TermId base = none;
  };
  struct Item {
    std::uint32_t first;  ///< token
    TermId term;          ///< none for values
  };
  using Children = std::vector<TermId>;

  void add(std::uint32_t token);
  std::uint32_t drop_operands(std::uint32_t token, std::uint32_t count);
  TermId take_term();
  TermId add_term(Term term);
  TermId leaf(std::uint32_t first, std::uint32_t last);
  TermId negation(TermId operand);
  TermId logic(detail::Op op, Children operands);
  Children merge_items(detail::Op op, const Children& operands);
  void splice(detail::Op op, TermId operand, Children& into) const;
  TermId quantifier(std::uint32_t token);
  TermId lift(TermId inner, bool negated = false);
  std::uint32_t crossing_field(std::uint32_t first, std::uint32_t last) const;
  TermId open_items(std::uint32_t field, std::uint32_t first, std::uint32_t last);
  bool goes_through(std::uint32_t token, const Term& items) const;
  bool same_items(const Term& a, const Term& b);

  const TokenTable& tokens_;
  std::vector<Term> terms_{};
  std::vector<Start> starts_;
  std::vector<Item> stack_{};
  TermId root_ = none;
};

}  // namespace kin::query
