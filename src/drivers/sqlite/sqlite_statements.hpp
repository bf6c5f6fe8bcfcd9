// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace kin::sqlite {

struct FinalizeStatement {
  void operator()(sqlite3_stmt* handle) const noexcept;
};

/// A prepared statement and what is known of it for good.
struct Statement {
  std::unique_ptr<sqlite3_stmt, FinalizeStatement> handle;
  std::size_t parameter_count = 0;
  bool read_only = false;  ///< does not change the database
  bool in_use = false;
  std::uint64_t last_used = 0;
};

/// The prepared statements of one connection by their texts; the one unused for longest goes first.
/// Thread-safety: none. Lifetime: ends before the connection.
class StatementCache {
 public:
  StatementCache(sqlite3* connection, std::size_t capacity);
  StatementCache(const StatementCache&) = delete;
  StatementCache& operator=(const StatementCache&) = delete;

  /// The statement of this text, prepared now or earlier; null when it may not be kept or is in use already.
  Statement* find_or_prepare(const std::string& text);
  /// Prepares a statement that the caller keeps. Throws the typed error when SQLite refuses it,
  /// ValidationError when the text holds no statement or more than one.
  Statement prepare(const std::string& text) const;

  std::size_t size() const noexcept { return statements_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };
  using Statements = std::unordered_map<std::string, Statement, Hash, std::equal_to<>>;
  using Entry = Statements::value_type;

  Entry*& recent(const std::string& text) noexcept;
  Entry* look_up(const std::string& text);
  Entry& insert(const std::string& text);
  void evict_one();

  sqlite3* const connection_;
  const std::size_t capacity_;
  std::uint64_t uses_ = 0;
  Statements statements_;
  // Texts come again at the address where they were before: found there, a text is only compared, not hashed.
  std::array<Entry*, 64> recent_{};
};

/// A statement for the time of its use. At the end it is reset, so that no read transaction stays open, and
/// forgets its values.
class StatementUse {
 public:
  StatementUse(StatementCache& cache, const std::string& text);
  StatementUse(const StatementUse&) = delete;
  StatementUse& operator=(const StatementUse&) = delete;
  ~StatementUse();

  sqlite3_stmt* handle() const noexcept { return handle_; }
  std::size_t parameter_count() const noexcept { return statement_->parameter_count; }
  bool is_read_only() const noexcept { return statement_->read_only; }

 private:
  Statement own_;  // where the cache has none to lend
  Statement* statement_;
  sqlite3_stmt* handle_;
};

}  // namespace kin::sqlite
