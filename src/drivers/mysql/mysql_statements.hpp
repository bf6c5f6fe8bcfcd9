// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <mysql.h>

#include "drivers/mysql/mysql_session.hpp"

namespace kin::mysql {

struct CloseStatement {
  void operator()(MYSQL_STMT* statement) const noexcept { mysql_stmt_close(statement); }
};
using StatementHandle = std::unique_ptr<MYSQL_STMT, CloseStatement>;

/// A statement that the server has prepared.
struct Statement {
  StatementHandle handle{};
  bool in_use = false;
  std::uint64_t last_used = 0;
};

/// The prepared statements of one connection by their texts; the one unused for longest goes first.
/// Lifetime: ends after the connection, so that the end of the connection closes them all at once.
/// Thread-safety: none.
class StatementCache {
 public:
  explicit StatementCache(std::size_t capacity) noexcept : capacity_(capacity) {}

  /// Null when it is not prepared.
  Statement* find(std::string_view text) noexcept;
  bool has_room() const noexcept { return statements_.size() < capacity_; }
  bool keeps_any() const noexcept { return capacity_ != 0; }
  Statement* insert(const std::string& text, StatementHandle handle);
  /// Takes the statement out that was unused for longest; null when all are in use.
  StatementHandle evict() noexcept;
  StatementHandle erase(std::string_view text) noexcept;
  void clear() noexcept { statements_.clear(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };

  const std::size_t capacity_;
  std::uint64_t uses_ = 0;
  std::unordered_map<std::string, Statement, Hash, std::equal_to<>> statements_;
};

/// A statement for the time of its use. At the end its result is freed.
class StatementUse {
 public:
  StatementUse() noexcept = default;
  StatementUse(Session& session, Statement& kept) noexcept
      : session_(&session), kept_(&kept), handle_(kept.handle.get()) {
    kept.in_use = true;
  }
  StatementUse(Session& session, StatementHandle own) noexcept
      : session_(&session), own_(std::move(own)), handle_(own_.get()) {}
  StatementUse(StatementUse&& other) noexcept
      : session_(other.session_),
        own_(std::move(other.own_)),
        kept_(std::exchange(other.kept_, nullptr)),
        handle_(std::exchange(other.handle_, nullptr)) {}
  StatementUse& operator=(StatementUse&&) = delete;
  ~StatementUse();

  explicit operator bool() const noexcept { return handle_ != nullptr; }
  MYSQL_STMT* handle() const noexcept { return handle_; }
  std::size_t parameter_count() const noexcept { return mysql_stmt_param_count(handle_); }
  std::size_t column_count() const noexcept { return mysql_stmt_field_count(handle_); }

 private:
  Session* session_ = nullptr;
  StatementHandle own_{};  // where the cache has none to lend
  Statement* kept_ = nullptr;
  MYSQL_STMT* handle_ = nullptr;
};

}  // namespace kin::mysql
