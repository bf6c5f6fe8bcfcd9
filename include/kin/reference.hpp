// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/entity_state.hpp>
#include <kin/task.hpp>

#include <concepts>
#include <cstddef>

namespace kin {

template <class T>
class Ref;

namespace detail {

struct RefAccess;

Task<bool> load_reference(EntityState* state);
bool load_reference_blocking(EntityState* state);
/// Throw NotFoundError where the row is gone.
Task<void> load_reference_or_fail(EntityState* state);
void load_reference_or_fail_blocking(EntityState* state);
/// Sets a to-one member and keeps the other side of the relation in step.
void set_reference(EntityState* state, const MemberId& member, EntityState* target);
/// Throws ValidationError unless `state` is a live entity of `metadata_tag`'s type.
EntityState* live_state(EntityState* state);

}  // namespace detail

/// Handle of an entity, the size of a pointer; a null Ref means "no entity". The EntityManager owns the entity:
/// a Ref is valid until that manager's clear() or end. Copying is free; two Refs to the same row are equal.
/// As a member of an entity it is a to-one relation.
///
/// `*` and `->` throw NotInitializedError, naming the populate path to add, when only the key of the entity is
/// known, and ValidationError when the Ref is null.
template <class T>
class Ref {
 public:
  constexpr Ref() noexcept = default;
  constexpr Ref(std::nullptr_t) noexcept {}

  T& operator*() const { return *static_cast<T*>(detail::readable_entity(state_)); }
  T* operator->() const { return static_cast<T*>(detail::readable_entity(state_)); }
  /// Pointer to the entity; throws like ->.
  T* get() const { return static_cast<T*>(detail::readable_entity(state_)); }
  explicit operator bool() const noexcept { return state_ != nullptr; }

  /// True when the entity's members have been read; false for a null Ref.
  bool is_initialized() const noexcept {
    return state_ != nullptr && state_->has(detail::EntityState::initialized);
  }
  /// The entity whether loaded or not: of a reference that was never loaded, only the key holds its value.
  /// Members set here are updated by the next flush, without reading the row first.
  T& unwrap() const {
    if (state_ == nullptr) detail::throw_unreadable(state_);
    return *static_cast<T*>(state_->entity());
  }
  /// The key, known even when the entity is not loaded. For entities whose key is the member `id`.
  auto id() const { return unwrap().id; }

  /// Reads the entity if only its key is known; returns false when the row does not exist.
  bool load() const { return detail::load_reference_blocking(state_); }
  Task<bool> load_async() const { return detail::load_reference(state_); }
  /// As load, but throws NotFoundError, naming entity and key, when the row does not exist.
  const Ref& load_or_fail() const {
    detail::load_reference_or_fail_blocking(state_);
    return *this;
  }
  Task<void> load_or_fail_async() const { return detail::load_reference_or_fail(state_); }

  friend bool operator==(const Ref& a, const Ref& b) noexcept { return a.state_ == b.state_; }
  friend bool operator==(const Ref& a, std::nullptr_t) noexcept { return a.state_ == nullptr; }

 protected:
  friend struct detail::RefAccess;
  explicit constexpr Ref(detail::EntityState* state) noexcept : state_(state) {}
  detail::EntityState* state_ = nullptr;
};

namespace detail {
/// The core's way from handle to state and back.
struct RefAccess {
  template <class T>
  static EntityState* state(const Ref<T>& reference) noexcept {
    return reference.state_;
  }
  template <class T>
  static Ref<T> make(EntityState* state) noexcept {
    return Ref<T>(state);
  }
};
template <class T>
struct RefTarget {};
template <class T>
struct RefTarget<Ref<T>> {
  using type = T;
};
}  // namespace detail

}  // namespace kin
