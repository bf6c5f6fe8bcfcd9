// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/expression.hpp>

#include <type_traits>
#include <utility>

namespace kin {

namespace detail {
/// Root of conditions and orders on aliases; combines with those of any entity in em.query.
struct AnyRoot {};

template <class A, class B>
struct CommonRoot {
  static_assert(std::is_same_v<A, B> || std::is_same_v<A, AnyRoot> || std::is_same_v<B, AnyRoot>,
                "kin: conditions of two different entities cannot be combined; reach the other entity by a path "
                "such as field<&Book::author, &Author::name>");
  using type = std::conditional_t<std::is_same_v<A, AnyRoot>, B, A>;
};
}  // namespace detail

/// A condition on entity T: an ordinary value, copied, stored, returned and combined at run time with && || !
/// &= |=. Made by operators on fields; kin::all<T>() is the one that every row meets.
template <class T>
class [[nodiscard]] Condition {
 public:
  using Root = T;
  Condition() noexcept = default;
  explicit Condition(detail::Expression expression) noexcept : expression_(std::move(expression)) {}

  template <class U>
  Condition& operator&=(Condition<U> other) {
    using Common [[maybe_unused]] = typename detail::CommonRoot<T, U>::type;
    expression_.combine(detail::Op::and_, std::move(other).expression());
    return *this;
  }
  template <class U>
  Condition& operator|=(Condition<U> other) {
    using Common [[maybe_unused]] = typename detail::CommonRoot<T, U>::type;
    expression_.combine(detail::Op::or_, std::move(other).expression());
    return *this;
  }
  friend Condition operator!(Condition condition) {
    condition.expression_.negate();
    return condition;
  }

  const detail::Expression& expression() const& noexcept { return expression_; }
  detail::Expression&& expression() && noexcept { return std::move(expression_); }

 private:
  detail::Expression expression_;
};

template <class A, class B>
Condition<typename detail::CommonRoot<A, B>::type> operator&&(Condition<A> a, Condition<B> b) {
  detail::Expression expression = std::move(a).expression();
  expression.combine(detail::Op::and_, std::move(b).expression());
  return Condition<typename detail::CommonRoot<A, B>::type>(std::move(expression));
}
template <class A, class B>
Condition<typename detail::CommonRoot<A, B>::type> operator||(Condition<A> a, Condition<B> b) {
  detail::Expression expression = std::move(a).expression();
  expression.combine(detail::Op::or_, std::move(b).expression());
  return Condition<typename detail::CommonRoot<A, B>::type>(std::move(expression));
}

/// The condition that every T meets; the start of a filter put together at run time.
template <class T>
Condition<T> all() {
  return {};
}

/// One term of an order.
template <class T>
class Order {
 public:
  Order(detail::Expression expression, bool descending) noexcept
      : expression_(std::move(expression)), descending_(descending) {}
  Order nulls_first() const {
    Order copy = *this;
    copy.nulls_ = 1;
    return copy;
  }
  Order nulls_last() const {
    Order copy = *this;
    copy.nulls_ = 2;
    return copy;
  }
  const detail::Expression& expression() const noexcept { return expression_; }
  bool descending() const noexcept { return descending_; }
  int nulls() const noexcept { return nulls_; }

 private:
  detail::Expression expression_;
  bool descending_ = false;
  int nulls_ = 0;
};

/// One column of a select list.
template <class T>
class Selection {
 public:
  Selection(detail::Expression expression, const char* name) noexcept
      : expression_(std::move(expression)), name_(name) {}
  const detail::Expression& expression() const noexcept { return expression_; }
  const char* name() const noexcept { return name_; }

 private:
  detail::Expression expression_;
  const char* name_ = nullptr;  ///< interned; null = the member's name
};

}  // namespace kin
