// SPDX-License-Identifier: MIT
#include "drivers/sqlite/sqlite_statements.hpp"

#include <sqlite3.h>
#include <kin/error.hpp>

#include <algorithm>
#include <utility>

#include "drivers/sqlite/sqlite_errors.hpp"

namespace kin::sqlite {
namespace {

struct Prepared {
  std::unique_ptr<sqlite3_stmt, FinalizeStatement> handle;  // null when the text holds no statement
  std::string_view rest;
};

// A connection that could not look at the database, because another one had it locked, says of a new table
// that there is none. This waits for the lock and looks; false when that fails too.
bool sees_current_schema(sqlite3* connection) {
  return sqlite3_exec(connection, "pragma schema_version", nullptr, nullptr, nullptr) == SQLITE_OK;
}

// `text` is the end of a std::string: with its terminator counted in, SQLite makes no copy of it.
Prepared prepare_first(sqlite3* connection, std::string_view text, std::string_view whole) {
  sqlite3_stmt* handle = nullptr;
  const char* rest = nullptr;
  const auto prepare = [&] {
    return sqlite3_prepare_v3(connection, text.data(), static_cast<int>(text.size() + 1),
                              SQLITE_PREPARE_PERSISTENT, &handle, &rest);
  };
  int code = prepare();
  if (code == SQLITE_ERROR)
    code = sees_current_schema(connection) ? prepare() : sqlite3_extended_errcode(connection);
  if (code != SQLITE_OK) throw_error(connection, code, ErrorContext{whole, nullptr, true});
  Prepared prepared;
  prepared.handle.reset(handle);
  prepared.rest = text.substr(static_cast<std::size_t>(rest - text.data()));
  return prepared;
}

[[noreturn]] void refuse(const std::string& text, const char* reason) {
  ErrorDetails details;
  details.sql = text;
  throw ValidationError(reason + (" [" + text + "]"), std::move(details));
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n;") == std::string_view::npos; }

}  // namespace

void FinalizeStatement::operator()(sqlite3_stmt* handle) const noexcept { sqlite3_finalize(handle); }

StatementCache::StatementCache(sqlite3* connection, std::size_t capacity)
    : connection_(connection), capacity_(capacity) {}

Statement StatementCache::prepare(const std::string& text) const {
  const std::string_view whole = text;
  const int limit = sqlite3_limit(connection_, SQLITE_LIMIT_SQL_LENGTH, -1);
  if (text.size() > static_cast<std::size_t>(limit)) {
    throw_error(SQLITE_TOOBIG, "statement too long", ErrorContext{whole.substr(0, 1000), nullptr, true});
  }
  if (whole.find('\0') != std::string_view::npos)
    refuse(text, "the text holds a NUL, where SQLite takes it to end");
  Prepared prepared = prepare_first(connection_, whole, whole);
  if (!prepared.handle) refuse(text, "the text holds no statement");
  if (!is_blank(prepared.rest) && prepare_first(connection_, prepared.rest, whole).handle) {
    refuse(text, "the text holds more than one statement; run them one by one");
  }
  Statement statement;
  statement.parameter_count = static_cast<std::size_t>(sqlite3_bind_parameter_count(prepared.handle.get()));
  statement.read_only = sqlite3_stmt_readonly(prepared.handle.get()) != 0;
  statement.handle = std::move(prepared.handle);
  return statement;
}

Statement* StatementCache::find_or_prepare(const std::string& text) {
  if (capacity_ == 0) return nullptr;
  Entry*& recent_entry = recent(text);
  Entry* entry = recent_entry;
  if (entry == nullptr || entry->first != text) {
    entry = look_up(text);
    recent_entry = entry;
  }
  if (entry->second.in_use) return nullptr;
  entry->second.last_used = ++uses_;
  return &entry->second;
}

StatementCache::Entry*& StatementCache::recent(const std::string& text) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(text.data());
  return recent_[((address >> 4) ^ (address >> 10)) % recent_.size()];
}

StatementCache::Entry* StatementCache::look_up(const std::string& text) {
  const auto found = statements_.find(std::string_view(text));
  return found != statements_.end() ? &*found : &insert(text);
}

StatementCache::Entry& StatementCache::insert(const std::string& text) {
  Statement statement = prepare(text);
  if (statements_.size() >= capacity_) evict_one();
  return *statements_.emplace(text, std::move(statement)).first;
}

void StatementCache::evict_one() {
  auto oldest = statements_.end();
  for (auto at = statements_.begin(); at != statements_.end(); ++at) {
    if (at->second.in_use) continue;
    if (oldest == statements_.end() || at->second.last_used < oldest->second.last_used) oldest = at;
  }
  if (oldest == statements_.end()) return;
  std::replace(recent_.begin(), recent_.end(), &*oldest, static_cast<Entry*>(nullptr));
  statements_.erase(oldest);
}

StatementUse::StatementUse(StatementCache& cache, const std::string& text)
    : statement_(cache.find_or_prepare(text)) {
  if (statement_ == nullptr) {
    own_ = cache.prepare(text);
    statement_ = &own_;
  }
  statement_->in_use = true;
  handle_ = statement_->handle.get();
}

StatementUse::~StatementUse() {
  // The result repeats the error of the last step, which was reported then.
  sqlite3_reset(handle_);
  if (statement_->parameter_count != 0) sqlite3_clear_bindings(handle_);
  statement_->in_use = false;
}

}  // namespace kin::sqlite
