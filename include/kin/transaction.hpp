// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace kin {

enum class Isolation : std::uint8_t { unset, read_uncommitted, read_committed, repeatable_read, serializable };

enum class LockMode : std::uint8_t {
  none,
  optimistic,
  pessimistic_read,
  pessimistic_write,
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
