// SPDX-License-Identifier: MIT
#include "query/condition_tree.hpp"

#include <kin/error.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace kin::query {
namespace {

using detail::Op;

enum class Role : std::uint8_t { value, predicate, logic, quantifier };

Role role_of(Op op) {
  switch (op) {
    case Op::and_:
    case Op::or_:
    case Op::not_:
      return Role::logic;
    case Op::some:
    case Op::none:
    case Op::every:
      return Role::quantifier;
    case Op::always:
      return Role::predicate;
    default:
      return op >= Op::eq && op <= Op::is_not_null ? Role::predicate : Role::value;
  }
}

bool same_aliases(const char* a, const char* b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a == b || std::string_view(a) == b;
}

}  // namespace

ConditionTree::ConditionTree(const TokenTable& tokens) : tokens_(tokens), starts_(tokens.size()) {
  for (std::uint32_t i = 0; i < tokens.size(); ++i) add(i);
  if (tokens.size() == 0) return;
  root_ = take_term();
  if (!stack_.empty()) throw ValidationError("The condition has operands that no operator joins.");
}

TermId ConditionTree::settled(TermId id) {
  if (id == none) return none;
  while (terms_[id].merged_into != none) {
    // Each walk halves the way of later ones, so that long chains of merges stay linear.
    const TermId next = terms_[id].merged_into;
    if (terms_[next].merged_into != none) terms_[id].merged_into = terms_[next].merged_into;
    id = next;
  }
  return id;
}

void ConditionTree::add(std::uint32_t token) {
  const detail::Token& at = tokens_[token];
  const std::uint32_t operands = operand_count(at);
  switch (role_of(at.op)) {
    case Role::value:
      stack_.push_back({drop_operands(token, operands), none});
      return;
    case Role::predicate: {
      const std::uint32_t first = drop_operands(token, operands);
      stack_.push_back({first, leaf(first, token)});
      return;
    }
    case Role::quantifier: {
      const TermId term = quantifier(token);
      stack_.push_back({token, term});
      return;
    }
    case Role::logic:
      break;
  }
  Children children(operands);
  for (std::uint32_t i = operands; i > 0; --i) children[i - 1] = take_term();
  const TermId term = at.op == Op::not_ ? negation(children.front()) : logic(at.op, std::move(children));
  stack_.push_back({token, term});
}

/// Takes operands that are values; returns the first token of all.
std::uint32_t ConditionTree::drop_operands(std::uint32_t token, std::uint32_t count) {
  if (count == 0) return token;
  if (stack_.size() < count) throw ValidationError("An operator of the condition lacks an operand.");
  const std::uint32_t first = stack_[stack_.size() - count].first;
  stack_.resize(stack_.size() - count);
  return first;
}

TermId ConditionTree::take_term() {
  if (stack_.empty() || stack_.back().term == none)
    throw ValidationError("A value stands where a condition is expected; compare it with something.");
  const TermId term = stack_.back().term;
  stack_.pop_back();
  return term;
}

TermId ConditionTree::add_term(Term term) {
  terms_.push_back(std::move(term));
  return static_cast<TermId>(terms_.size() - 1);
}

TermId ConditionTree::leaf(std::uint32_t first, std::uint32_t last) {
  Term term;
  term.op = tokens_[last].op;
  term.first = first;
  term.last = last;
  return lift(add_term(std::move(term)));
}

TermId ConditionTree::negation(TermId operand) {
  Term term;
  term.kind = Term::Kind::logic;
  term.op = Op::not_;
  term.children.push_back(operand);
  return add_term(std::move(term));
}

TermId ConditionTree::logic(Op op, Children operands) {
  operands = merge_items(op, operands);
  if (operands.size() == 1) return operands.front();
  Term term;
  term.kind = Term::Kind::logic;
  term.op = op;
  term.children = std::move(operands);
  return add_term(std::move(term));
}

/// Makes one of all operands that go through the same collection. Recursion is as deep as paths have
/// collections.
ConditionTree::Children ConditionTree::merge_items(Op op, const Children& operands) {
  struct Group {
    TermId items;
    Children conditions;
  };
  std::vector<Group> groups;
  Children merged;
  for (const TermId operand : operands) {
    const Term& term = terms_[operand];
    if (!term.implicit) {
      merged.push_back(operand);
      continue;
    }
    const auto same = [&](const Group& group) { return same_items(terms_[group.items], term); };
    const auto found = std::ranges::find_if(groups, same);
    if (found == groups.end()) {
      merged.push_back(operand);
      groups.push_back({operand, {}});
      splice(op, term.children.front(), groups.back().conditions);
    } else {
      splice(op, term.children.front(), found->conditions);
      terms_[operand].merged_into = found->items;
    }
  }
  for (Group& group : groups) {
    const TermId condition = logic(op, std::move(group.conditions));
    terms_[group.items].children.front() = condition;
  }
  return merged;
}

/// Appends the operand, or the operands of the same operator that it is made of.
void ConditionTree::splice(Op op, TermId operand, Children& into) const {
  const Term& term = terms_[operand];
  if (term.kind == Term::Kind::logic && term.op == op) {
    into.insert(into.end(), term.children.begin(), term.children.end());
  } else {
    into.push_back(operand);
  }
}

TermId ConditionTree::quantifier(std::uint32_t token) {
  const detail::Token& at = tokens_[token];
  const std::uint32_t field = drop_operands(token, 1);
  Children condition;
  if (at.count != 0) condition.push_back(take_term());
  const bool on_field = tokens_[field].op == Op::field;
  if (!on_field || !tokens_.hops(field).back().property->is_to_many())
    throw ValidationError("some(), none() and every() need a Collection member.");

  const bool crosses = first_crossing(tokens_.hops(field), 0) < tokens_.hops(field).size();
  Term term;
  term.kind = Term::Kind::quantifier;
  term.op = crosses && at.op == Op::none ? Op::some : at.op;
  term.first = term.last = field;
  term.children = std::move(condition);
  const TermId inner = add_term(std::move(term));
  if (!crosses || at.op == Op::some) return lift(inner);
  // Of all items that the path leads to: none meets it, or none fails it.
  return negation(lift(inner, at.op == Op::every));
}

/// Puts quantifiers around a leaf or quantifier (negated if asked for) whose paths go through collections;
/// the outermost one is returned.
TermId ConditionTree::lift(TermId inner, bool negated) {
  const std::uint32_t first = terms_[inner].first;
  const std::uint32_t last = terms_[inner].last;
  TermId outermost = none;
  TermId around = none;
  for (;;) {
    const std::uint32_t field = crossing_field(first, last);
    if (field == none) break;
    const TermId items = open_items(field, first, last);
    if (outermost == none) outermost = items;
    if (around != none) terms_[around].children.push_back(items);
    around = items;
  }
  Term& term = terms_[inner];
  if (term.kind == Term::Kind::quantifier) {
    term.base = starts_[first].base;
    term.first_hop = starts_[first].hop;
    term.hop = static_cast<std::uint32_t>(tokens_.hops(first).size() - 1);
  }
  if (around == none) return inner;
  const TermId content = negated ? negation(inner) : inner;
  terms_[around].children.push_back(content);
  return outermost;
}

/// A field of these tokens whose path goes through a collection; size() goes through collections by itself.
std::uint32_t ConditionTree::crossing_field(std::uint32_t first, std::uint32_t last) const {
  for (std::uint32_t i = first; i <= last; ++i) {
    if (tokens_[i].op != Op::field || tokens_.is_counted(i)) continue;
    const Hops& hops = tokens_.hops(i);
    if (first_crossing(hops, starts_[i].hop) < hops.size()) return i;
  }
  return none;
}

TermId ConditionTree::open_items(std::uint32_t field, std::uint32_t first, std::uint32_t last) {
  Term term;
  term.kind = Term::Kind::quantifier;
  term.op = Op::some;
  term.implicit = true;
  term.first = term.last = field;
  term.base = starts_[field].base;
  term.first_hop = starts_[field].hop;
  term.hop = static_cast<std::uint32_t>(first_crossing(tokens_.hops(field), term.first_hop));
  const TermId id = add_term(std::move(term));
  for (std::uint32_t i = first; i <= last; ++i)
    if (tokens_[i].op == Op::field && !tokens_.is_counted(i) && goes_through(i, terms_[id]))
      starts_[i] = {terms_[id].hop + 1, id};
  return id;
}

bool ConditionTree::goes_through(std::uint32_t token, const Term& items) const {
  const Hops& hops = tokens_.hops(token);
  const Start start = starts_[token];
  if (start.base != items.base || start.hop != items.first_hop || hops.size() <= items.hop + 1) return false;
  if (items.base == none && !same_aliases(tokens_[token].alias, tokens_[items.first].alias)) return false;
  const Hops& path = tokens_.hops(items.first);
  for (std::uint32_t i = items.first_hop; i <= items.hop; ++i)
    if (hops[i].property != path[i].property) return false;
  return true;
}

bool ConditionTree::same_items(const Term& a, const Term& b) {
  if (settled(a.base) != settled(b.base) || a.hop - a.first_hop != b.hop - b.first_hop) return false;
  if (a.base == none && !same_aliases(tokens_[a.first].alias, tokens_[b.first].alias)) return false;
  const Hops& hops_a = tokens_.hops(a.first);
  const Hops& hops_b = tokens_.hops(b.first);
  for (std::uint32_t i = 0; i <= a.hop - a.first_hop; ++i)
    if (hops_a[a.first_hop + i].property != hops_b[b.first_hop + i].property) return false;
  return true;
}

}  // namespace kin::query
