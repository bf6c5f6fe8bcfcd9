// SPDX-License-Identifier: MIT
#pragma once

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

/// As little as one can put around SQLite's C functions and still close what was opened.
namespace bench::raw {

class Database {
 public:
  Database(const std::string& file, bool serialized) {
    const int mutex = serialized ? SQLITE_OPEN_FULLMUTEX : SQLITE_OPEN_NOMUTEX;
    check(
        sqlite3_open_v2(file.c_str(), &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | mutex, nullptr));
    execute("pragma journal_mode = wal");
    execute("pragma synchronous = off");
    execute("pragma foreign_keys = on");
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() { sqlite3_close(handle_); }

  void execute(const char* sql) { check(sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr)); }
  std::int64_t last_key() const noexcept { return sqlite3_last_insert_rowid(handle_); }
  sqlite3* handle() const noexcept { return handle_; }

 private:
  void check(int code) const {
    if (code != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(handle_));
  }
  sqlite3* handle_ = nullptr;
};

class Statement {
 public:
  Statement(Database& database, const char* sql) : database_(database) {
    if (sqlite3_prepare_v2(database.handle(), sql, -1, &handle_, nullptr) != SQLITE_OK) fail();
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() { sqlite3_finalize(handle_); }

  // Text must live until run() or reset().
  void bind(int at, std::string_view text) {
    sqlite3_bind_text(handle_, at, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  }
  void bind(int at, std::int64_t number) { sqlite3_bind_int64(handle_, at, number); }
  void bind(int at, int number) { sqlite3_bind_int(handle_, at, number); }
  void bind(int at, double number) { sqlite3_bind_double(handle_, at, number); }
  template <class T>
  void bind(int at, const std::optional<T>& value) {
    value ? bind(at, T(*value)) : bind_null(at);
  }
  void bind(int at, const std::optional<std::string>& text) {
    text ? bind(at, std::string_view(*text)) : bind_null(at);
  }

  /// True when there is a row.
  bool step() {
    const int code = sqlite3_step(handle_);
    if (code != SQLITE_ROW && code != SQLITE_DONE) fail();
    return code == SQLITE_ROW;
  }
  void reset() noexcept { sqlite3_reset(handle_); }
  /// Of a statement without rows.
  void run() {
    step();
    reset();
  }

  bool is_null(int at) const noexcept { return sqlite3_column_type(handle_, at) == SQLITE_NULL; }
  std::int64_t integer(int at) const noexcept { return sqlite3_column_int64(handle_, at); }
  double real(int at) const noexcept { return sqlite3_column_double(handle_, at); }
  std::string text(int at) const {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_, at));
    return std::string(data, static_cast<std::size_t>(sqlite3_column_bytes(handle_, at)));
  }

 private:
  void bind_null(int at) { sqlite3_bind_null(handle_, at); }
  [[noreturn]] void fail() const { throw std::runtime_error(sqlite3_errmsg(database_.handle())); }

  Database& database_;
  sqlite3_stmt* handle_ = nullptr;
};

}  // namespace bench::raw
