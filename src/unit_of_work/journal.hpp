// SPDX-License-Identifier: MIT
#pragma once

#include <kin/collection.hpp>
#include <kin/detail/entity_state.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "unit_of_work/computed_value.hpp"

namespace kin::unit_of_work {

/// What flushes changed in the manager's books since a transaction began, so that a rollback can undo it: the
/// entities' flags, snapshots and generated keys. The values in their other members stay as the user left them,
/// so that a later flush sends them again.
struct JournalEntry {
  detail::EntityState* state = nullptr;
  std::byte* snapshot = nullptr;       ///< before the change
  std::uint32_t flags = 0;             ///< before the change
  bool key_assigned = false;           ///< the database made the key: forget it on undo
  bool unregistered = false;           ///< taken out of the identity map: enter it again on undo
  bool version_changed = false;        ///< the version member moved on: take it back on undo
  detail::CollectionBase* collection = nullptr;
  std::vector<detail::EntityState*> stored{};  ///< of a collection: its stored items before the change
  std::vector<detail::EntityState*> added{};   ///< of a collection that is not loaded: the changes that were pending
  std::vector<detail::EntityState*> taken{};
  std::vector<ComputedValue> computed{};  ///< members that the database computed: pending again on undo
};

using Journal = std::vector<JournalEntry>;

}  // namespace kin::unit_of_work
