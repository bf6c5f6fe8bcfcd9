// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "metadata/registry.hpp"
#include "query/expression_data.hpp"
#include "query/member_hops.hpp"

namespace kin::query {

/// The resolved paths of one plan: each distinct path is resolved once.
class PathTable {
 public:
  explicit PathTable(const metadata::Registry& registry) : registry_(registry) {}
  /// Valid as long as the table.
  const Hops& hops(detail::MemberPath path);

 private:
  using Key = std::pair<const detail::MemberId* const*, std::uint32_t>;

  const metadata::Registry& registry_;
  boost::unordered_flat_map<Key, const Hops*> found_{};
  std::deque<Hops> storage_{};
};

/// The tokens of one expression with what resolving found out about each.
class TokenTable {
 public:
  TokenTable(const detail::ExpressionData& data, std::uint32_t first_value, PathTable& paths);

  std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(data_.tokens.size()); }
  const detail::Token& operator[](std::uint32_t token) const { return data_.tokens[token]; }
  /// Of Op::field.
  const Hops& hops(std::uint32_t token) const { return *uses_[token].hops; }
  /// Of Op::value: its number in the request.
  std::uint32_t value(std::uint32_t token) const { return first_value_ + uses_[token].value; }
  ValueKind value_kind(std::uint32_t token) const { return data_.values[uses_[token].value].kind; }
  /// True for the field in field<…>.size().
  bool is_counted(std::uint32_t token) const {
    return token + 1 < size() && data_.tokens[token + 1].op == detail::Op::size;
  }
  /// True for the field in field<…>.is_null() and is_not_null().
  bool is_null_tested(std::uint32_t token) const;
  /// True for an operator that is resolved together with the field before it.
  bool belongs_to_field(std::uint32_t token) const;

 private:
  struct Use {
    const Hops* hops = nullptr;
    std::uint32_t value = 0;
  };

  const detail::ExpressionData& data_;
  std::uint32_t first_value_;
  std::vector<Use> uses_;
};

}  // namespace kin::query
