// SPDX-License-Identifier: MIT
#pragma once

#include <kin/field.hpp>

#include <type_traits>
#include <utility>

/// Values computed by the database: field<&Book::stock> - 1, in conditions, orders, select lists and native
/// updates.
namespace kin {

namespace detail {

/// A term of a computation: its entity and the type of its value.
template <class T>
struct ArithmeticTerm {
  static constexpr bool is_member = false;
};
template <class R, class L>
struct ArithmeticTerm<Field<R, L>> {
  static constexpr bool is_member = true;
  using root = R;
  using value = strip_optional<L>;
};
template <class R, class V>
struct ArithmeticTerm<Computed<R, V>> {
  static constexpr bool is_member = true;
  using root = R;
  using value = V;
};

template <class A, class B>
concept Computable = ArithmeticTerm<A>::is_member || ArithmeticTerm<B>::is_member;

template <class N>
constexpr bool is_number() {
  return (std::is_arithmetic_v<N> && !std::is_same_v<N, bool>) || std::is_same_v<N, Decimal>;
}

template <class T>
struct ValueOf {
  using type = T;
};
template <class T>
  requires(ArithmeticTerm<T>::is_member)
struct ValueOf<T> {
  using type = typename ArithmeticTerm<T>::value;
};

template <class A, class B>
struct ArithmeticResult {
  using type = std::conditional_t<std::is_same_v<A, Decimal>, A, B>;
};
template <class A, class B>
  requires(std::is_arithmetic_v<A> && std::is_arithmetic_v<B>)
struct ArithmeticResult<A, B> {
  using type = std::common_type_t<A, B>;
};

template <class A, class B>
struct ArithmeticRoot {
  using type = typename ArithmeticTerm<std::conditional_t<ArithmeticTerm<A>::is_member, A, B>>::root;
};
template <class A, class B>
  requires(ArithmeticTerm<A>::is_member && ArithmeticTerm<B>::is_member)
struct ArithmeticRoot<A, B> {
  using type = typename CommonRoot<typename ArithmeticTerm<A>::root, typename ArithmeticTerm<B>::root>::type;
};

template <class Other, class T>
Expression arithmetic_operand(const T& term) {
  if constexpr (ArithmeticTerm<T>::is_member) {
    return term.expression();
  } else {
    Expression expression;
    capture<Other>(term, [&](ValueView view) { expression.push_value(view); });
    return expression;
  }
}

template <class A, class B>
auto compute(Op op, const A& a, const B& b) {
  using First = typename ValueOf<A>::type;
  using Second = typename ValueOf<B>::type;
  static_assert(is_number<First>() && is_number<Second>(),
                "kin: only numbers can be added, subtracted, multiplied and divided");
  Expression expression = arithmetic_operand<Second>(a);
  expression.append(arithmetic_operand<First>(b));
  expression.push_operator(op);
  return Computed<typename ArithmeticRoot<A, B>::type, typename ArithmeticResult<First, Second>::type>(
      std::move(expression));
}

}  // namespace detail

template <class A, class B>
  requires detail::Computable<A, B>
auto operator+(const A& a, const B& b) {
  return detail::compute(detail::Op::add, a, b);
}
template <class A, class B>
  requires detail::Computable<A, B>
auto operator-(const A& a, const B& b) {
  return detail::compute(detail::Op::subtract, a, b);
}
template <class A, class B>
  requires detail::Computable<A, B>
auto operator*(const A& a, const B& b) {
  return detail::compute(detail::Op::multiply, a, b);
}
/// Of integers as the database divides them.
template <class A, class B>
  requires detail::Computable<A, B>
auto operator/(const A& a, const B& b) {
  return detail::compute(detail::Op::divide, a, b);
}

}  // namespace kin
