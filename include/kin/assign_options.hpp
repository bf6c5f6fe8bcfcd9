// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/member_path.hpp>

#include <vector>

namespace kin {

/// How EntityManager::assign() and create() read a JSON object: em.assign(book, json, kin::AssignOptions()
/// .only<&Book::title>().refuse_unknown()). Those of all calls that say none are Options::assign. Copyable.
class AssignOptions {
 public:
  /// Takes these members and no others, of whatever entity is reached: for input that is not trusted. Of an
  /// embedded struct that is named, all members count as named unless one of them is.
  template <auto... Members>
  AssignOptions& only() {
    (only_.push_back(&detail::member_id<Members>), ...);
    restricted_ = true;
    return *this;
  }
  /// Takes all members but these. Both lists treat what they leave out as keys that are not known.
  template <auto... Members>
  AssignOptions& deny() {
    (denied_.push_back(&detail::member_id<Members>), ...);
    return *this;
  }
  /// Keys that name no member, or one that may not be assigned, are errors; else they are passed over.
  AssignOptions& refuse_unknown(bool value = true) { return set(&AssignOptions::unknown_refused, value); }
  /// Also takes primary keys, versions and generated members. Else a value that differs from what such a
  /// member holds is an error, as is one for a key that the database makes.
  AssignOptions& allow_protected(bool value = true) { return set(&AssignOptions::protected_allowed, value); }
  /// Passes over primary keys, versions and generated members.
  AssignOptions& skip_protected(bool value = true) { return set(&AssignOptions::protected_skipped, value); }
  /// False: an object for a relation makes a new entity, whatever the relation holds.
  AssignOptions& update_nested(bool value) { return set(&AssignOptions::nested_updated, value); }
  /// False: an object without a key changes the loaded entity that a to-one relation holds, in place of
  /// making a new one.
  AssignOptions& update_by_key(bool value) { return set(&AssignOptions::by_key, value); }
  /// False: an object for an embedded struct replaces it: members that are not named get their defaults.
  AssignOptions& merge_embedded(bool value) { return set(&AssignOptions::embedded_merged, value); }
  /// An object for a JSON member that holds one is merged into it, at every level.
  AssignOptions& merge_json(bool value = true) { return set(&AssignOptions::json_merged, value); }
  /// Passes over the sides of relations that another entity owns.
  AssignOptions& only_owning(bool value = true) { return set(&AssignOptions::owning_only, value); }
  /// Passes over null.
  AssignOptions& ignore_null(bool value = true) { return set(&AssignOptions::null_ignored, value); }
  /// An object whose key the manager does not know stands for a row that is there, in place of a new one.
  /// Keys that the database makes always do.
  AssignOptions& merge(bool value = true) { return set(&AssignOptions::merged, value); }
  /// False: new entities are inserted only when persist() or a cascade reaches them.
  AssignOptions& persist(bool value) { return set(&AssignOptions::persisted, value); }

  const std::vector<const detail::MemberId*>& only_members() const noexcept { return only_; }
  const std::vector<const detail::MemberId*>& denied_members() const noexcept { return denied_; }
  bool is_restricted() const noexcept { return restricted_; }

  bool unknown_refused = false;
  bool protected_allowed = false;
  bool protected_skipped = false;
  bool nested_updated = true;
  bool by_key = true;
  bool embedded_merged = true;
  bool json_merged = false;
  bool owning_only = false;
  bool null_ignored = false;
  bool merged = false;
  bool persisted = true;

 private:
  AssignOptions& set(bool AssignOptions::* which, bool value) {
    this->*which = value;
    return *this;
  }
  std::vector<const detail::MemberId*> only_{};
  std::vector<const detail::MemberId*> denied_{};
  bool restricted_ = false;
};

}  // namespace kin
