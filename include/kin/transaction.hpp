// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

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

/// How a transaction runs. Designated initialisers: {.isolation = kin::Isolation::serializable, .retries = 3}.
struct TransactionOptions {
  Isolation isolation{};
  bool read_only{};
  /// How often the work is run again after an error that says retryable(): with a manager as it was before the
  /// first try, and a growing pause in between.
  int retries{};
};

}  // namespace kin
