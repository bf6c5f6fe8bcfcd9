// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/codec.hpp>

#include <cstddef>
#include <cstdint>

/// Comparing whole entities with their snapshots: the question that most entities answer with no change.
///
/// A list of steps, one a column, is made once for an entity type. Each step compares its column and jumps to
/// the next one, all in registers; with Codec::snapshot_equal in a loop the calls alone take longer than
/// that. It answers only whether anything changed: which columns did, Codec::snapshot_equal tells.
namespace kin::detail {

struct SnapshotStep {
  using Function = bool (*)(const SnapshotStep* step, const std::byte* entity, const std::byte* packed);

  Function run = nullptr;
  const Codec* codec = nullptr;
  std::size_t offset = 0;         ///< of the member in the entity
  const void* context = nullptr;  ///< for steps defined elsewhere, which must end with run_next()
};

/// The step of a column whose member lies at a fixed offset.
SnapshotStep make_snapshot_step(const Codec& codec, std::size_t offset);
/// What the list ends with.
SnapshotStep last_snapshot_step();

inline bool run_next(const SnapshotStep* step, const std::byte* entity, const std::byte* packed) {
  return step[1].run(step + 1, entity, packed);
}

/// True when the entity's columns are, in their database form, what was packed.
inline bool equals_snapshot(const SnapshotStep* first, const void* entity, const std::byte* packed) {
  return first->run(first, static_cast<const std::byte*>(entity), packed);
}

}  // namespace kin::detail
