// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/type_tag.hpp>

#include <cstddef>
#include <cstdint>

namespace kin {
struct EntityMetadata;
struct Property;
namespace detail {

class Manager;

/// What the manager knows of one entity; lies directly in front of the entity in the manager's arena.
struct alignas(16) EntityState {
  enum Flag : std::uint32_t {
    initialized = 1,     ///< its members hold a row's values, or it was created here
    managed = 2,         ///< known to the identity map, has or will have a row
    scheduled = 4,       ///< new: the next flush inserts it
    removed = 8,         ///< the next flush deletes it
    created_here = 16,   ///< collections without data are empty rather than unknown
    detached = 32,       ///< deleted, or forgotten by the manager; no verb accepts it
    partial = 64,        ///< some columns have not been read
    read_only = 128,
    queued = 256,        ///< scratch mark of graph walks
    dirty_hint = 512,    ///< stands in the current flush's list
    stale = 1024,        ///< to be read again when a query next returns it
    from_event = 2048,   ///< scheduled by a handler in a flush: no longer, when that flush is undone
    hard_delete = 4096,  ///< its row goes for good, although those of the type are only marked
  };

  const EntityMetadata* metadata = nullptr;
  Manager* manager = nullptr;
  std::byte* snapshot = nullptr;  ///< packed columns as of the last read or flush; null when never stored
  std::uint32_t flags = 0;
  std::uint32_t position = 0;  ///< in its type's list of states

  bool has(std::uint32_t flag) const noexcept { return (flags & flag) != 0; }
  void set(std::uint32_t flag) noexcept { flags |= flag; }
  void clear(std::uint32_t flag) noexcept { flags &= ~flag; }
  void* entity() noexcept { return this + 1; }
  const void* entity() const noexcept { return this + 1; }
};
static_assert(sizeof(EntityState) == 32);

/// Throws NotInitializedError for a reference that was never loaded, ValidationError for a null one.
[[noreturn]] void throw_unreadable(const EntityState* state);

inline void* readable_entity(EntityState* state) {
  if (state == nullptr || !state->has(EntityState::initialized)) [[unlikely]] throw_unreadable(state);
  return state->entity();
}

}  // namespace detail
}  // namespace kin
