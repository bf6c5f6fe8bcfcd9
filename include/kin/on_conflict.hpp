// SPDX-License-Identifier: MIT
#pragma once

#include <kin/condition.hpp>
#include <kin/detail/direct_writes.hpp>
#include <kin/detail/member_path.hpp>

#include <type_traits>
#include <utility>
#include <vector>

namespace kin {

/// What upsert() takes for the same row, and what becomes of a row that is there: an ordinary value, made by
/// on_conflict<&Author::email>(). Without members: the key where the value has one, else the first unique set
/// of members that all have values. Unless told otherwise an existing row takes over the members that the
/// value gives: those that are not as in a new object.
template <class T>
class OnConflict {
 public:
  OnConflict() noexcept { request_.root = detail::type_tag<T>; }

  /// Leaves an existing row as it is; its entity is read.
  OnConflict& ignore() {
    request_.action = detail::UpsertAction::ignore;
    return *this;
  }
  /// An existing row takes over these members only, whatever value they have.
  template <auto... Members>
  OnConflict& merge() {
    add<Members...>(request_.merge);
    request_.action = detail::UpsertAction::merge_listed;
    return *this;
  }
  /// An existing row keeps its own value of these members.
  template <auto... Members>
  OnConflict& exclude() {
    add<Members...>(request_.exclude);
    return *this;
  }
  /// An existing row is changed only when it meets the condition, which is on its own members.
  /// ValidationError on databases that have no such clause: MySQL and MariaDB.
  OnConflict& where(Condition<T> condition) {
    request_.where.combine(detail::Op::and_, std::move(condition).expression());
    return *this;
  }
  /// What is compared; called by on_conflict().
  template <auto... Members>
  OnConflict& target() {
    add<Members...>(request_.conflict);
    return *this;
  }

  const detail::UpsertRequest& request() const noexcept { return request_; }

 private:
  template <auto... Members>
  static void add(std::vector<detail::MemberPath>& list) {
    static_assert((std::is_same_v<detail::member_owner<Members>, T> && ...),
                  "kin: on_conflict() names a member of another entity than the one that is written");
    static_assert((!detail::AnyCollectionType<detail::member_type<Members>> && ...),
                  "kin: on_conflict() can't name a collection, which has no column");
    (list.push_back(detail::checked_path<Members>()), ...);
  }

  detail::UpsertRequest request_{};
};

/// Rows with the same values of these members are the same.
template <auto First, auto... Rest>
OnConflict<detail::member_owner<First>> on_conflict() {
  OnConflict<detail::member_owner<First>> options;
  options.template target<First, Rest...>();
  return options;
}
/// Rows with the same key are the same, or else with the same values of the first unique members that are
/// given.
template <class T>
OnConflict<T> on_conflict() {
  return {};
}

}  // namespace kin
