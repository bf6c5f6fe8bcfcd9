// SPDX-License-Identifier: MIT
#pragma once

#include <kin/field.hpp>
#include <kin/find.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace kin {

/// A second name for entity T inside one em.query: alias[field<&T::member>] is the member of that T.
template <class T>
class Alias {
 public:
  explicit Alias(std::string_view name) : name_(detail::intern(name)) {}
  template <class Leaf>
  Field<detail::AnyRoot, Leaf> operator[](const Field<T, Leaf>& field) const noexcept {
    return Field<detail::AnyRoot, Leaf>(field.path(), name_);
  }
  template <class R, class Leaf>
  Field<detail::AnyRoot, Leaf> operator[](const Field<R, Leaf>&) const noexcept {
    static_assert(std::is_same_v<R, T>, "kin: the member belongs to another entity than the alias");
    return Field<detail::AnyRoot, Leaf>(detail::MemberPath{}, name_);
  }
  const char* name() const noexcept { return name_; }

 private:
  const char* name_;
};
template <class T>
Alias<T> alias(std::string_view name) {
  return Alias<T>(name);
}

namespace detail {
template <class N>
struct SumType {
  using type = std::conditional_t<std::is_integral_v<N>, std::int64_t, N>;
};
template <class R, class L, class N = strip_optional<L>>
Computed<R, N> aggregate(Op op, const Field<R, L>& field) {
  static_assert(!AnyCollection<L>, "kin: an aggregate needs a column; a Collection has none");
  Expression expression = field.expression();
  expression.push_operator(op);
  return Computed<R, N>(std::move(expression));
}
template <class N>
constexpr void require_number() {
  static_assert((std::is_arithmetic_v<N> && !std::is_same_v<N, bool>) || std::is_same_v<N, Decimal>,
                "kin: sum() and avg() need a number");
}
template <class R, class L>
SelectTerm select_term(const Field<R, L>& field) {
  static_assert(!AnyCollection<L>, "kin: a Collection cannot be selected; join it and select its members");
  return {field.expression(), nullptr};
}
template <class R, class V>
SelectTerm select_term(const Computed<R, V>& computed) {
  return {computed.expression(), nullptr};
}
template <class R>
SelectTerm select_term(const Selection<R>& selection) {
  return {selection.expression(), selection.name()};
}
}  // namespace detail

/// Number of rows of a group in which the member is not null.
template <class R, class L>
Computed<R, std::int64_t> count(const Field<R, L>& field) {
  return detail::aggregate<R, L, std::int64_t>(detail::Op::count, field);
}
template <class R, class L>
Computed<R, std::int64_t> count_distinct(const Field<R, L>& field) {
  return detail::aggregate<R, L, std::int64_t>(detail::Op::count_distinct, field);
}
/// Number of rows of a group.
inline Computed<detail::AnyRoot, std::int64_t> count() {
  detail::Expression expression;
  expression.push_operator(detail::Op::count_all);
  return Computed<detail::AnyRoot, std::int64_t>(std::move(expression));
}
template <class R, class L>
auto sum(const Field<R, L>& field) {
  using N = detail::strip_optional<L>;
  detail::require_number<N>();
  return detail::aggregate<R, L, typename detail::SumType<N>::type>(detail::Op::sum, field);
}
template <class R, class L>
Computed<R, double> avg(const Field<R, L>& field) {
  detail::require_number<detail::strip_optional<L>>();
  return detail::aggregate<R, L, double>(detail::Op::avg, field);
}
template <class R, class L>
auto min(const Field<R, L>& field) {
  return detail::aggregate<R, L>(detail::Op::min, field);
}
template <class R, class L>
auto max(const Field<R, L>& field) {
  return detail::aggregate<R, L>(detail::Op::max, field);
}
/// A column of the result by the name that as() gave it: for order_by and having.
inline Computed<detail::AnyRoot, detail::JsonValue> column(std::string_view name) {
  detail::Expression expression;
  expression.push_column(detail::intern(name));
  return Computed<detail::AnyRoot, detail::JsonValue>(std::move(expression));
}

/// A query over entities that ends in plain rows: joins, groups, aggregates. Made by em.query<T>(); an ordinary value
/// that sends nothing before rows().
template <class T>
class [[nodiscard("kin: a query is only a description; call rows() to run it")]] QueryBuilder {
 public:
  QueryBuilder(detail::Manager& manager, detail::FindRequest request) noexcept
      : manager_(&manager), request_(std::move(request)) {}

  /// Joins a relation of the root (or a path of to-one members ending in one) under an alias.
  template <auto... Members, class U>
  QueryBuilder& join(const Alias<U>& alias) {
    return add_join<U, Members...>(alias.name(), false);
  }
  template <auto... Members, class U>
  QueryBuilder& left_join(const Alias<U>& alias) {
    return add_join<U, Members...>(alias.name(), true);
  }
  /// Joins a relation of an alias: join(b[field<&Book::tags>], t).
  template <class Leaf, class U>
  QueryBuilder& join(const Field<detail::AnyRoot, Leaf>& relation, const Alias<U>& alias) {
    return add_alias_join(relation, alias, false);
  }
  template <class Leaf, class U>
  QueryBuilder& left_join(const Field<detail::AnyRoot, Leaf>& relation, const Alias<U>& alias) {
    return add_alias_join(relation, alias, true);
  }
  template <class R>
  QueryBuilder& where(Condition<R> condition) {
    check_root<R>();
    request_.where.combine(detail::Op::and_, std::move(condition).expression());
    return *this;
  }
  template <class... Terms>
  QueryBuilder& select(const Terms&... terms) {
    (request_.select.push_back(detail::select_term(terms)), ...);
    return *this;
  }
  template <class... R, class... L>
  QueryBuilder& group_by(const Field<R, L>&... fields) {
    (check_root<R>(), ...);
    (request_.group_by.push_back(fields.expression()), ...);
    return *this;
  }
  template <class R>
  QueryBuilder& having(Condition<R> condition) {
    check_root<R>();
    request_.having.combine(detail::Op::and_, std::move(condition).expression());
    return *this;
  }
  template <class... R>
  QueryBuilder& order_by(const Order<R>&... terms) {
    (check_root<R>(), ...);
    (request_.order.push_back({terms.expression(), terms.descending(), terms.nulls()}), ...);
    return *this;
  }
  QueryBuilder& distinct() {
    request_.distinct = true;
    return *this;
  }
  QueryBuilder& limit(std::uint64_t count) {
    request_.limit = count;
    return *this;
  }
  QueryBuilder& offset(std::uint64_t count) {
    request_.offset = count;
    return *this;
  }
  /// Rows that a soft delete has marked count, too: those of the root and of everything that is joined
  /// or asked for in conditions.
  QueryBuilder& with_deleted() {
    request_.with_deleted = true;
    return *this;
  }
  /// Reads from a replica or from the primary, whatever the options and earlier writes would choose.
  QueryBuilder& connection_type(ConnectionType type) {
    request_.connection_type = type;
    return *this;
  }
  QueryBuilder& comment(std::string text) {
    request_.comment = std::move(text);
    return *this;
  }
  /// Runs it: each column goes to the member of D with its name. Throws ValidationError, before anything is sent,
  /// when names don't match.
  template <class D>
  std::vector<D> rows() const {
    std::vector<D> result;
    detail::rows_blocking(*manager_, request_, detail::row_shape<D>(), &result);
    return result;
  }
  template <class D>
  Task<std::vector<D>> rows_async() const {
    return rows_task<D>(manager_, request_);
  }
  std::string sql() const { return detail::sql_of(*manager_, request_); }

 private:
  template <class R>
  static constexpr void check_root() {
    static_assert(std::is_same_v<R, T> || std::is_same_v<R, detail::AnyRoot>,
                  "kin: the member belongs to another entity than the query's root; join it and use its alias");
  }
  template <class U, auto... Members>
  QueryBuilder& add_join(const char* alias, bool left) {
    static_assert(std::is_same_v<detail::path_root<Members...>, T>,
                  "kin: join<> starts at another entity than the query's root");
    static_assert(std::is_same_v<typename detail::StepInto<detail::path_leaf<Members...>>::type, U> &&
                      (detail::is_relation_member<Members> && ...),
                  "kin: join<> needs a relation to the alias's entity");
    request_.joins.push_back({detail::checked_path<Members...>(), nullptr, alias, left});
    return *this;
  }
  template <class Leaf, class U>
  QueryBuilder& add_alias_join(const Field<detail::AnyRoot, Leaf>& relation, const Alias<U>& alias, bool left) {
    static_assert(std::is_same_v<typename detail::StepInto<Leaf>::type, U> &&
                      (detail::AnyRefType<Leaf> || detail::AnyCollectionType<Leaf>),
                  "kin: join() needs a relation to the alias's entity");
    request_.joins.push_back({relation.path(), relation.alias(), alias.name(), left});
    return *this;
  }
  template <class D>
  static Task<std::vector<D>> rows_task(detail::Manager* manager, detail::FindRequest request) {
    std::vector<D> result;
    co_await detail::rows_task(*manager, request, detail::row_shape<D>(), &result);
    co_return result;
  }

  detail::Manager* manager_;
  detail::FindRequest request_;
};

}  // namespace kin
