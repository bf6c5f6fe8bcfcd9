// SPDX-License-Identifier: MIT
#pragma once

#include <kin/loaded.hpp>
#include <kin/types/json.hpp>

#include <concepts>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace kin {

/// How serialize() writes entities. Copyable.
class SerializeOptions {
 public:
  /// Writes the relations of this path as objects, and others as keys. Without one, what was populated with a
  /// handle that knows it decides, and of other handles what is loaded.
  template <auto... Members>
  SerializeOptions& populate() {
    if constexpr (sizeof...(Members) > 0) populated_.push_back(detail::checked_path<Members...>());
    follows_paths_ = true;
    return *this;
  }
  /// Writes these members and no others, of whatever entity is reached.
  template <auto... Members>
  SerializeOptions& only() {
    (only_.push_back(&detail::member_id<Members>), ...);
    restricted_ = true;
    return *this;
  }
  /// Leaves these members out, wherever they stand; goes before only().
  template <auto... Members>
  SerializeOptions& exclude() {
    (excluded_.push_back(&detail::member_id<Members>), ...);
    return *this;
  }
  SerializeOptions& skip_null(bool value = true) {
    null_skipped = value;
    return *this;
  }
  /// Relations that are not written out become objects that hold their key, in place of the key alone.
  SerializeOptions& force(bool value = true) {
    objects_forced = value;
    return *this;
  }
  /// Writes members that are described as hidden, too.
  SerializeOptions& include_hidden(bool value = true) {
    hidden_included = value;
    return *this;
  }

  const std::vector<detail::MemberPath>& populated_paths() const noexcept { return populated_; }
  const std::vector<const detail::MemberId*>& only_members() const noexcept { return only_; }
  const std::vector<const detail::MemberId*>& excluded_members() const noexcept { return excluded_; }
  bool follows_paths() const noexcept { return follows_paths_; }
  bool is_restricted() const noexcept { return restricted_; }

  bool null_skipped = false;
  bool objects_forced = false;
  bool hidden_included = false;

 private:
  std::vector<detail::MemberPath> populated_{};
  std::vector<const detail::MemberId*> only_{};
  std::vector<const detail::MemberId*> excluded_{};
  bool follows_paths_ = false;
  bool restricted_ = false;
};

namespace detail {
Json serialize_entity(const EntityState* state, const SerializeOptions& options);
Json serialize_entities(const std::vector<EntityState*>& states, const SerializeOptions& options);

/// Takes the paths that a handle knows, unless the options name some.
template <class... Paths>
struct KnownPaths {
  static SerializeOptions added_to(SerializeOptions options) {
    if (!options.follows_paths()) (add(options, Paths{}), ...);
    return options;
  }

 private:
  template <auto... Members>
  static void add(SerializeOptions& options, Path<Members...>) {
    options.populate<Members...>();
  }
};
template <class T>
std::true_type is_handle_of(const Ref<T>&);
template <class R>
concept Handles = requires(const R& list) {
  { is_handle_of(*list.begin()) } -> std::same_as<std::true_type>;
};
template <class T>
SerializeOptions options_for(const Ref<T>&, const SerializeOptions& options) {
  return options;
}
template <class T, class... Paths>
SerializeOptions options_for(const Loaded<T, PathList<Paths...>>&, const SerializeOptions& options) {
  return KnownPaths<Paths...>::added_to(options);
}
template <class T>
EntityState* handle_state(const Ref<T>& handle) noexcept {
  return RefAccess::state(handle);
}
}  // namespace detail

/// An entity as a JSON object: its members by name, dates as ISO 8601 text, bytes as base64. Sends nothing:
/// relations that are not loaded are written as keys (of several columns: as an object of them), collections
/// that are not loaded are left out, and so are hidden members and those that were not read. An entity that
/// stands above itself already is written as its key; of a handle that does not know what was populated, so
/// is one that stands anywhere already. A null Ref is null. Nested at most 500 deep; what lies deeper is
/// written as keys.
template <class T>
Json serialize(const Ref<T>& entity, const SerializeOptions& options = {}) {
  return detail::serialize_entity(detail::RefAccess::state(entity), options);
}
template <class T, class... Paths>
Json serialize(const Loaded<T, detail::PathList<Paths...>>& entity, const SerializeOptions& options = {}) {
  return detail::serialize_entity(detail::handle_state(entity), detail::options_for(entity, options));
}
/// A list of entities as an array of such objects.
template <detail::Handles R>
Json serialize(const R& entities, const SerializeOptions& options = {}) {
  std::vector<detail::EntityState*> states;
  SerializeOptions known = options;
  for (const auto& entity : entities) {
    if (states.empty()) known = detail::options_for(entity, options);
    states.push_back(detail::handle_state(entity));
  }
  return detail::serialize_entities(states, known);
}

}  // namespace kin
