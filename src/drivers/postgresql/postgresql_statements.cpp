// SPDX-License-Identifier: MIT
#include "drivers/postgresql/postgresql_statements.hpp"

#include <algorithm>
#include <utility>

namespace kin::postgresql {

const Statement* StatementCache::find(std::string_view text) noexcept {
  const auto found = statements_.find(text);
  if (found == statements_.end()) return nullptr;
  found->second.last_used = ++uses_;
  return &found->second;
}

std::string StatementCache::insert(const std::string& text, Statement statement) {
  std::string evicted;
  if (statements_.size() >= capacity_ && !statements_.empty()) {
    const auto oldest = std::min_element(
        statements_.begin(), statements_.end(),
        [](const auto& a, const auto& b) { return a.second.last_used < b.second.last_used; });
    evicted = oldest->second.name;
    statements_.erase(oldest);
  }
  statement.last_used = ++uses_;
  statements_.insert_or_assign(text, std::move(statement));
  return evicted;
}

void StatementCache::erase(std::string_view text) noexcept {
  const auto found = statements_.find(text);
  if (found != statements_.end()) statements_.erase(found);
}

}  // namespace kin::postgresql
