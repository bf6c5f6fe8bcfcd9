// SPDX-License-Identifier: MIT
#include "drivers/sqlite/sqlite_database.hpp"

#include <fmt/format.h>
#include <sqlite3.h>
#include <kin/error.hpp>

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "drivers/sqlite/sqlite_errors.hpp"
#include "drivers/sqlite/sqlite_functions.hpp"

namespace kin::sqlite {
namespace {

void check(sqlite3* connection, int code) {
  if (code != SQLITE_OK) throw_error(connection, code, ErrorContext());
}

void run(sqlite3* connection, const std::string& sql) {
  const int code = sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw_error(connection, code, ErrorContext{sql, nullptr, true});
}

void set_option(sqlite3* connection, int option, bool value) {
  check(connection, sqlite3_db_config(connection, option, value ? 1 : 0, nullptr));
}

std::string_view name_of(Synchronous synchronous) {
  switch (synchronous) {
    case Synchronous::off:
      return "off";
    case Synchronous::normal:
      return "normal";
    case Synchronous::full:
      return "full";
    case Synchronous::extra:
      return "extra";
  }
  return "full";
}

void set_busy_timeout(sqlite3* connection, std::chrono::milliseconds timeout) {
  constexpr std::chrono::milliseconds::rep longest = std::numeric_limits<int>::max();
  check(connection,
        sqlite3_busy_timeout(connection, static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(
                                             timeout.count(), 0, longest))));
}

// Not possible on a file that is read-only or in use in another mode: then it keeps its own.
void switch_to_wal(sqlite3* connection) {
  const int code = sqlite3_exec(connection, "pragma journal_mode = wal", nullptr, nullptr, nullptr);
  switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_BUSY:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return;
    default:
      check(connection, code);
  }
}

}  // namespace

void CloseDatabase::operator()(sqlite3* connection) const noexcept { sqlite3_close_v2(connection); }

Database open_database(const std::string& name) {
  constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &connection, flags, nullptr);
  Database database(connection);
  if (code == SQLITE_OK) return database;

  ErrorDetails details;
  details.code = std::to_string(connection == nullptr ? code : sqlite3_extended_errcode(connection));
  details.server_text = connection == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(connection);
  const std::string message = fmt::format("can't open the database '{}': {}", name, details.server_text);
  throw ConnectionError(message, std::move(details));
}

void configure(sqlite3* connection, const Options& options) {
  check(connection, sqlite3_extended_result_codes(connection, 1));
  set_busy_timeout(connection, options.busy_timeout);
  set_option(connection, SQLITE_DBCONFIG_ENABLE_FKEY, true);
  // Otherwise SQLite takes "misspelled_column" for the text 'misspelled_column'.
  set_option(connection, SQLITE_DBCONFIG_DQS_DML, false);
  set_option(connection, SQLITE_DBCONFIG_DQS_DDL, false);
  // Otherwise SQLite looks at the values of a `like ?` to plan it and plans it anew each time: five times the
  // cost.
  set_option(connection, SQLITE_DBCONFIG_ENABLE_QPSG, true);
  check(connection, register_functions(connection));
  if (options.wal) switch_to_wal(connection);
  run(connection, fmt::format("pragma synchronous = {}", name_of(options.synchronous)));
  run(connection, "pragma schema_version");
  for (const std::string& statement : options.on_connect) run(connection, statement);
  if (options.configure) options.configure(connection);
}

}  // namespace kin::sqlite
