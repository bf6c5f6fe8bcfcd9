// SPDX-License-Identifier: MIT
#include "query/token_table.hpp"

namespace kin::query {

using detail::Op;

const Hops& PathTable::hops(detail::MemberPath path) {
  const auto [entry, is_new] = found_.try_emplace(Key(path.steps, path.length), nullptr);
  if (is_new) entry->second = &storage_.emplace_back(hops_of(registry_, path));
  return *entry->second;
}

TokenTable::TokenTable(const detail::ExpressionData& data, std::uint32_t first_value, PathTable& paths)
    : data_(data), first_value_(first_value), uses_(data.tokens.size()) {
  std::uint32_t values = 0;
  for (std::uint32_t i = 0; i < size(); ++i) {
    const detail::Token& token = data.tokens[i];
    if (token.op == Op::field) uses_[i].hops = &paths.hops({token.path, token.path_length});
    if (token.op == Op::value) uses_[i].value = values++;
  }
}

bool TokenTable::is_null_tested(std::uint32_t token) const {
  if (token + 1 >= size()) return false;
  const Op next = data_.tokens[token + 1].op;
  return next == Op::is_null || next == Op::is_not_null;
}

bool TokenTable::belongs_to_field(std::uint32_t token) const {
  if (token == 0 || data_.tokens[token - 1].op != Op::field) return false;
  if (data_.tokens[token].op == Op::size) return true;
  return is_null_tested(token - 1) && hops(token - 1).back().property->kind == PropertyKind::embedded;
}

}  // namespace kin::query
