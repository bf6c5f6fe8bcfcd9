// SPDX-License-Identifier: MIT
#pragma once

#include <kin/flush_mode.hpp>

#include <optional>

namespace kin {

/// How EntityManager::fork makes a manager: em.fork({.flush_mode = kin::FlushMode::commit}).
struct ForkOptions {
  /// False: the fork has copies of all entities that this manager has read or flushed, as they are in the
  /// database as far as it knows, with the relations among them. Pending changes stay here, and a collection
  /// that has some is not loaded in the fork.
  bool clear{true};
  std::optional<FlushMode> flush_mode{};  ///< of the fork; without it as in the manager that it comes from
  std::optional<bool> disable_transactions{};  ///< the same; see Options::disable_transactions
};

}  // namespace kin
