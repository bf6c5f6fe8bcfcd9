// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/entity_state.hpp>
#include <kin/metadata.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "types/codecs_steps.hpp"
#include "unit_of_work/arena.hpp"
#include "unit_of_work/column_mask.hpp"

namespace kin::unit_of_work {

using detail::EntityState;

/// One member that snapshots cover: a column with its codec, or a reference, which is kept as a pointer because the
/// identity map has one state for each row.
struct Tracked {
  std::uint32_t offset = 0;
  const detail::Codec* codec = nullptr;   ///< null for references
  const Column* column = nullptr;         ///< the first column
  const MemberAccess* access = nullptr;   ///< set when the member lies below an optional embeddable
  const Property* property = nullptr;
  bool is_key = false;
};

/// What the unit of work prepares once for each entity type of an Orm. Immutable, shared by all managers.
class EntityRuntime {
 public:
  explicit EntityRuntime(const EntityMetadata& metadata);
  EntityRuntime(const EntityRuntime&) = delete;
  EntityRuntime& operator=(const EntityRuntime&) = delete;
  ~EntityRuntime();

  const EntityMetadata& metadata() const noexcept { return metadata_; }
  const std::vector<Tracked>& tracked() const noexcept { return tracked_; }

  /// Packs all tracked members of an entity; in front of them its inverse to-one members, which have no column.
  std::byte* take_snapshot(const void* entity, Arena& arena) const;
  /// Packs only the members whose columns are in `loaded`; the snapshot starts with that mask.
  std::byte* take_partial_snapshot(const void* entity, const ColumnMask& loaded, Arena& arena) const;

  /// True when no tracked member differs from the snapshot: the hot path of a flush.
  bool is_unchanged(const EntityState& state) const;
  /// The columns that differ from the snapshot; those that it does not cover (of stubs, all but the key) are compared
  /// with a fresh object, so that setting a member that was never read is a change, too.
  ColumnMask changes(const EntityState& state) const;
  /// Columns that the snapshot covers; none without a snapshot.
  ColumnMask covered(const EntityState& state) const;
  /// Whether a member still has the value that a fresh object has.
  bool has_default(const void* entity, const Property& property) const;

  /// Stores the snapshot's values back into the entity.
  void restore(EntityState& state) const;
  void restore(void* entity, const std::byte* packed, bool partial) const;
  /// Some columns hold the snapshot's values again, or those of a fresh object where it does not cover them. No
  /// references.
  void reset(EntityState& state, const ColumnMask& columns) const;
  /// A column's value in the snapshot; null view when the column is not part of it.
  ValueView stored_value(const EntityState& state, const Column& column, Scratch& scratch) const;
  /// The reference that the snapshot holds for a to-one member with a column.
  EntityState* stored_reference(const EntityState& state, const Property& property) const;

  /// The to-one members whose foreign key the other side holds.
  const std::vector<const Property*>& inverses() const noexcept { return inverses_; }
  /// What such a member referred to when it was last read, flushed, or set by the other side.
  EntityState* stored_inverse(const EntityState& state, const Property& property) const noexcept;
  /// Makes the snapshot hold what the member refers to: it does not count as assigned by the user.
  void store_inverse(EntityState& state, const Property& property) const noexcept;
  /// After a new snapshot: what was assigned by the user before still counts as assigned.
  void keep_inverses(EntityState& state, const std::byte* before) const noexcept;

 private:
  template <class Visit>
  void walk(const std::byte* packed, bool partial, Visit&& visit) const;
  const std::byte* skip(const Tracked& member, const std::byte* packed) const;
  void restore_member(const Tracked& member, void* entity, const std::byte*& packed) const;
  std::size_t packed_size(const void* entity, const ColumnMask* loaded) const;
  std::byte* pack(const void* entity, const ColumnMask* loaded, std::byte* to) const;
  /// Room for a snapshot of this size behind the inverse members, which are written.
  std::byte* make_room(std::size_t size, const void* entity, Arena& arena) const;
  std::size_t place_of(const Property& inverse) const noexcept;

  const EntityMetadata& metadata_;
  std::vector<Tracked> tracked_{};
  std::vector<const Property*> inverses_{};
  std::vector<detail::SnapshotStep> steps_{};  ///< the comparison of is_unchanged; empty when a member lies below an optional
  void* fresh_object_ = nullptr;              ///< a default-constructed entity
  Arena arena_{};                             ///< holds the fresh object and its snapshot
  std::byte* fresh_snapshot_ = nullptr;
};

/// The value that a column has in an entity; for foreign keys the target's key. Bytes point into the entity or
/// into `scratch`. Null when the reference is null or the target has no key yet.
ValueView column_value(const Column& column, const void* entity, Scratch& scratch);

/// The state that a to-one member refers to.
inline EntityState* reference_of(const void* entity, std::uint32_t offset) noexcept {
  return *reinterpret_cast<EntityState* const*>(static_cast<const std::byte*>(entity) + offset);
}
inline void set_reference_at(void* entity, std::uint32_t offset, EntityState* target) noexcept {
  *reinterpret_cast<EntityState**>(static_cast<std::byte*>(entity) + offset) = target;
}

}  // namespace kin::unit_of_work
