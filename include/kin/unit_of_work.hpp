// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/entity_state.hpp>
#include <kin/detail/type_tag.hpp>
#include <kin/reference.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace kin {

namespace detail {
std::string_view type_name_of(const EntityState& state) noexcept;
std::string describe_entity(const EntityState& state);
/// The state itself when it is of that type, else null.
EntityState* of_type(EntityState* state, TypeTag tag) noexcept;
}  // namespace detail

/// A handle to an entity of any type. Valid as long as a Ref.
class AnyRef {
 public:
  explicit AnyRef(detail::EntityState* state) noexcept : state_(state) {}
  /// Name of the class, without its namespace.
  std::string_view type() const noexcept { return detail::type_name_of(*state_); }
  /// The Ref, null when the entity is of another type.
  template <class T>
  Ref<T> as() const noexcept {
    return detail::RefAccess::make<T>(detail::of_type(state_, detail::type_tag<T>));
  }
  /// "Author 5", "Book (new)".
  std::string to_string() const { return detail::describe_entity(*state_); }
  friend bool operator==(const AnyRef&, const AnyRef&) noexcept = default;

 private:
  detail::EntityState* state_;
};

/// A stored entity that differs from its row as far as known.
struct PendingUpdate {
  AnyRef entity;
  std::vector<std::string>
      members{};  ///< names of the changed members; inside embedded structs the dotted path
};

/// A collection with changes of its own: what the next flush adds to and takes from it.
struct CollectionUpdate {
  AnyRef owner;
  std::string member{};
  std::vector<AnyRef> added{};
  std::vector<AnyRef> removed{};
};

/// A look at what an EntityManager knows and what its next flush would do, before cascades and hooks, which
/// only the flush runs. Reads the manager anew at each call; valid as long as the manager; sends nothing and
/// changes nothing.
class UnitOfWork {
 public:
  explicit UnitOfWork(detail::Manager& manager) noexcept : manager_(&manager) {}
  /// All entities of the identity map, referenced types first, each in order of arrival.
  std::vector<AnyRef> entities() const;
  /// Those of one type.
  template <class T>
  std::vector<Ref<T>> entities() const {
    std::vector<Ref<T>> found;
    for (detail::EntityState* state : states_of(detail::type_tag<T>))
      found.push_back(detail::RefAccess::make<T>(state));
    return found;
  }
  std::vector<AnyRef> to_insert() const;
  std::vector<PendingUpdate> to_update() const;
  std::vector<AnyRef> to_remove() const;
  std::vector<CollectionUpdate> collection_updates() const;

 private:
  std::vector<detail::EntityState*> states_of(detail::TypeTag tag) const;
  detail::Manager* manager_;
};

}  // namespace kin
