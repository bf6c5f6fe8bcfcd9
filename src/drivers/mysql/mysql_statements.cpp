// SPDX-License-Identifier: MIT
#include "drivers/mysql/mysql_statements.hpp"

namespace kin::mysql {

Statement* StatementCache::find(std::string_view text) noexcept {
  const auto found = statements_.find(text);
  if (found == statements_.end()) return nullptr;
  found->second.last_used = ++uses_;
  return &found->second;
}

Statement* StatementCache::insert(const std::string& text, StatementHandle handle) {
  Statement& statement = statements_[text];
  statement.handle = std::move(handle);
  statement.last_used = ++uses_;
  return &statement;
}

StatementHandle StatementCache::evict() noexcept {
  auto oldest = statements_.end();
  for (auto at = statements_.begin(); at != statements_.end(); ++at) {
    if (at->second.in_use) continue;
    if (oldest == statements_.end() || at->second.last_used < oldest->second.last_used) oldest = at;
  }
  if (oldest == statements_.end()) return nullptr;
  StatementHandle handle = std::move(oldest->second.handle);
  statements_.erase(oldest);
  return handle;
}

StatementHandle StatementCache::erase(std::string_view text) noexcept {
  const auto found = statements_.find(text);
  if (found == statements_.end() || found->second.in_use) return nullptr;
  StatementHandle handle = std::move(found->second.handle);
  statements_.erase(found);
  return handle;
}

StatementUse::~StatementUse() {
  if (handle_ == nullptr) return;
  if (!session_->is_usable()) session_->abandon();
  // The library frees what it has stored only where there are rows left to fetch. Where there were none it
  // would forget that they were stored, and wait for them when the statement runs again.
  if (mysql_stmt_num_rows(handle_) != 0) {
    mysql_stmt_data_seek(handle_, 0);
    mysql_stmt_free_result(handle_);
  }
  if (kept_ != nullptr) kept_->in_use = false;
}

}  // namespace kin::mysql
