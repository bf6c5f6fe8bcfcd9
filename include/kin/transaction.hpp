// SPDX-License-Identifier: MIT
#pragma once

#include <kin/flush_mode.hpp>

#include <cstdint>
#include <optional>

namespace kin {

enum class Isolation : std::uint8_t { unset, read_uncommitted, read_committed, repeatable_read, serializable };

/// Pessimistic modes lock the rows that are read until the end of the transaction, without which they are refused.
/// SQLite needs none: a transaction that writes has the whole database.
enum class LockMode : std::uint8_t {
  none,
  optimistic,                 ///< compares the entity's version with an expected one; sends nothing by itself
  pessimistic_read,           ///< others may read and lock for reading, but not change
  pessimistic_write,          ///< others may only read without a lock
  pessimistic_partial_read,   ///< as pessimistic_read, leaving out rows that others have locked (skip locked)
  pessimistic_partial_write,  ///< as pessimistic_write, leaving out rows that others have locked
  pessimistic_read_or_fail,   ///< as pessimistic_read, or LockWaitTimeoutError at once (nowait)
  pessimistic_write_or_fail,  ///< as pessimistic_write, or LockWaitTimeoutError at once
};

/// What transactional() makes of the transaction that is open when it is called. A joined transaction has no
/// savepoint: an error in joined work leaves what it flushed in the transaction, and whoever catches the
/// error decides what becomes of it. A fork is a manager of its own (see EntityManager::fork), which ends
/// with the work: entities of the outer manager are refused there, and its own do not outlive it.
enum class Propagation : std::uint8_t {
  nested,         ///< a savepoint inside of it; else a new transaction
  required,       ///< joins it; else a new transaction
  requires_new,   ///< the work gets a fork, in a transaction of its own; the open one waits
  supports,       ///< joins it; else no transaction
  mandatory,      ///< joins it; else TransactionStateError
  never,          ///< TransactionStateError; else no transaction
  not_supported,  ///< the work gets a fork without a transaction; the open one waits
};

/// How a transaction runs. Designated initialisers: {.isolation = kin::Isolation::serializable, .retries = 3}.
///
/// Isolation, read_only and deferrable belong to the outermost transaction: inside of one they may only
/// repeat what it has, and without one there is nothing that could have them.
struct TransactionOptions {
  Propagation propagation{};
  Isolation isolation{};
  bool read_only{};
  /// PostgreSQL: a serializable read-only transaction waits at its start until it can neither fail nor make
  /// others fail. UnsupportedError on other databases.
  bool deferrable{};
  /// How often the work is run again after an error that says retryable(): with a manager as it was before
  /// the first try, and a growing pause in between. Of the outermost transaction of a manager only: inside of
  /// one the error passes on to it, and without one there is nothing that could be rolled back.
  int retries{};
  /// The manager's flush mode until the transaction or the work ends.
  std::optional<FlushMode> flush_mode{};
  /// The work starts with an empty manager, as after clear(). ValidationError when changes are pending.
  bool clear{};
  /// The work runs as if propagation were not asked for: no transaction is opened, by it and inside of it.
  /// See Options::disable_transactions.
  bool disabled{};
};

}  // namespace kin
