// SPDX-License-Identifier: MIT
#pragma once

#include <kin/options.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

struct sqlite3;

/// kin on SQLite. Options::db_name is a file, a URI such as "file:library.db?mode=ro", or ":memory:" for one
/// database that all managers of the Orm share and that ends with the Orm.
///
/// What to know of SQLite here:
/// - Text is UTF-8. Text that is not is refused with a ValidationError before it is sent. Text read from a
///   database that others wrote is handed over byte by byte as it is stored, valid or not.
/// - A NUL inside text is stored and read back whole; but SQLite's own functions, such as length() and like,
///   see only what is in front of it.
/// - There is no NaN: SQLite would store null, so a NaN is refused. Infinities are stored.
/// - Integers are signed with 64 bits: a larger unsigned one is refused.
/// - Transactions that write begin with `begin immediate`, so they wait for each other at their begin and not
///   at their first write, where waiting may be in vain. Whoever waits longer than busy_timeout gets a
///   LockWaitTimeoutError, which is retryable(). Isolation is always serializable, whatever is asked for.
/// - A statement that writes is refused with a ReadOnlyError in a transaction that was begun as read_only.
/// - In a file, readers and a writer don't wait for each other (write-ahead log). In ":memory:" they do: a
///   read waits while another manager has a transaction open that writes.
/// - A commit that fails with a LockWaitTimeoutError leaves the transaction open: commit again, or roll back.
/// - The plan of a statement doesn't depend on the values of its parameters, so it is made once and kept:
///   `like ?` never uses an index (SQLITE_DBCONFIG_ENABLE_QPSG; Options::configure may switch it off).
/// - A name in double quotes is a name: SQLite's habit to take an unknown one for a text is switched off.
namespace kin::sqlite {

/// How often the file is flushed to the disk; see SQLite's `pragma synchronous`.
enum class Synchronous : std::uint8_t {
  off,     ///< never: a power cut may damage the file
  normal,  ///< with the write-ahead log a power cut may undo the last commits, but damages nothing
  full,    ///< with every commit
  extra,
};

/// Settings of the driver. Every connection of the pool gets them.
struct Options {
  /// How long a statement waits for a lock of another connection.
  std::chrono::milliseconds busy_timeout{5000};
  /// Switches files to the write-ahead log; they stay as they are where that can't be, such as on read-only
  /// media.
  bool wal = true;
  Synchronous synchronous = Synchronous::normal;
  /// Prepared statements that a connection keeps; 0 = none.
  std::size_t statement_cache_size{256};
  /// Most threads that the `_async` verbs run on; blocking verbs use the caller's thread. 0 = one for each connection
  /// of the pool: with fewer, statements that wait for a lock could keep the one that would release it from running.
  std::size_t threads{0};
  /// Statements that each new connection runs after kin's own settings, such as "pragma cache_size = -65536".
  std::vector<std::string> on_connect{};
  /// Called with each new connection's handle after that, to register functions and the like. The handle
  /// stays kin's.
  std::function<void(::sqlite3* handle)> configure{};
};

/// The driver for kin::Options::driver. Errors of opening the database are thrown by the Orm's constructor.
std::shared_ptr<const DriverFactory> driver(Options options = {});

}  // namespace kin::sqlite
