// SPDX-License-Identifier: MIT
#pragma once

#include <kin/arithmetic.hpp>
#include <kin/condition.hpp>
#include <kin/detail/manager_api.hpp>
#include <kin/field.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace kin {

/// One update of all rows that meet a condition, as native_update() begins it: set<>() says what, run() sends
/// it. Rows are written where they lie: nothing is read, no hook runs, and entities that the manager holds
/// keep the values they have until they are refreshed. What is pending is flushed first, as before a read. A
/// version member moves on by itself, so that whoever holds one of the entities learns of it.
///
/// Errors: ValidationError for what cannot be set, DriverError for what the database reports.
template <class T>
class [[nodiscard("kin: an update is only a description; call run() to send it")]] NativeUpdate {
 public:
  NativeUpdate(detail::Manager& manager, detail::FindRequest request) noexcept
      : manager_(&manager), request_(std::move(request)) {}

  /// Sets a member, or a path of embedded structs that ends in one: to a value, to null by std::nullopt, to
  /// an entity by a kin::Ref, or to what the database computes from the row as it was:
  /// set<&Book::stock>(field<&Book::stock> - 1).
  template <auto... Members, class V>
  NativeUpdate& set(const V& value) {
    using Member = detail::path_leaf<Members...>;
    static_assert(std::is_same_v<detail::path_root<Members...>, T>,
                  "kin: set<> names a member of another entity than the one that is updated");
    static_assert(!detail::AnyCollectionType<Member>,
                  "kin: set<> can't set a collection; its items hold the foreign key, so update those");
    detail::AssignTerm term{.path = detail::checked_path<Members...>()};
    if constexpr (detail::ArithmeticTerm<V>::is_member) {
      static_assert(std::is_same_v<typename detail::ArithmeticTerm<V>::root, T>,
                    "kin: set<> computes from members of the entity that is updated only");
      static_assert(detail::comparable<detail::strip_optional<Member>, typename detail::ArithmeticTerm<V>::value>(),
                    "kin: set<> needs a value of the member's type");
      term.computed = value.expression();
    } else {
      static_assert(std::is_convertible_v<const V&, Member> || std::is_same_v<V, std::nullptr_t>,
                    "kin: set<> needs a value of the member's type");
      static_assert(!(std::is_floating_point_v<V> && std::is_integral_v<detail::strip_optional<Member>>),
                    "kin: set<> needs a whole number for this member");
      if constexpr (std::is_same_v<V, std::nullptr_t>) {
        term.value = std::make_shared<const Member>();
      } else if constexpr (std::is_convertible_v<const V&, Member>) {
        term.value = std::make_shared<const Member>(static_cast<Member>(value));
      }
    }
    request_.assign.push_back(std::move(term));
    return *this;
  }
  /// Narrows the condition further.
  NativeUpdate& where(Condition<T> condition) {
    request_.where.combine(detail::Op::and_, std::move(condition).expression());
    return *this;
  }
  /// Rows that a soft delete has marked count, too: those of the root and of everything that is joined,
  /// populated or asked for in conditions.
  NativeUpdate& with_deleted() {
    request_.with_deleted = true;
    return *this;
  }
  NativeUpdate& flush_mode(FlushMode mode) {
    request_.flush_mode = mode;
    return *this;
  }

  /// Returns the number of rows that met the condition.
  std::uint64_t run() const {
    return detail::modify_blocking(*manager_, request_, detail::Modification::update);
  }
  Task<std::uint64_t> run_async() const {
    return detail::modify_task(*manager_, request_, detail::Modification::update);
  }
  /// The statement without running it.
  std::string sql() const { return detail::sql_of(*manager_, request_, detail::Modification::update); }

 private:
  detail::Manager* manager_;
  detail::FindRequest request_;
};

}  // namespace kin
