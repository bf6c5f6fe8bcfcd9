// SPDX-License-Identifier: MIT
#pragma once

#include <kin/collection.hpp>
#include <kin/condition.hpp>
#include <kin/detail/codec_of.hpp>
#include <kin/detail/member_path.hpp>
#include <kin/reference.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace kin {

class Decimal;

namespace detail {

template <class T>
struct StripOptional {
  using type = T;
  static constexpr bool optional = false;
};
template <class T>
struct StripOptional<std::optional<T>> {
  using type = T;
  static constexpr bool optional = true;
};
template <class T>
using strip_optional = typename StripOptional<std::remove_cvref_t<T>>::type;
template <class T>
inline constexpr bool is_optional = StripOptional<std::remove_cvref_t<T>>::optional;
template <class T>
concept AnyRef = requires(const std::remove_cvref_t<T>& value) { RefAccess::state(value); };
template <class T>
concept AnyCollection = std::derived_from<std::remove_cvref_t<T>, CollectionBase>;
template <class T>
inline constexpr bool is_array = false;
template <ArrayElement T>
inline constexpr bool is_array<std::vector<T>> = has_codec<std::vector<T>> && CodecOf<std::vector<T>>::shape.kind == ValueKind::array;
template <class T>
inline constexpr bool is_time_point = false;
template <class D>
inline constexpr bool is_time_point<std::chrono::time_point<std::chrono::system_clock, D>> = true;

/// False for two points in time with different database forms, such as a date and a point in time, or seconds and
/// microseconds: where a database holds them as text, the shorter form would come first.
template <class A, class B>
constexpr bool same_time_form() {
  if constexpr (is_time_point<A> && is_time_point<B>) {
    constexpr CodecShape a = CodecOf<A>::shape;
    constexpr CodecShape b = CodecOf<B>::shape;
    return a.kind == b.kind && a.fraction_digits == b.fraction_digits;
  } else {
    return true;
  }
}

/// Whether a member of type L (optional stripped) can be compared with a value of type V.
template <class L, class V>
constexpr bool comparable() {
  if constexpr (AnyRef<L>) {
    return AnyRef<V> || std::integral<V> || std::convertible_to<const V&, std::string_view> ||
           (has_codec<V> && !std::is_arithmetic_v<V>);
  } else if constexpr (AnyRef<V>) {
    return false;
  } else if constexpr (std::is_same_v<L, JsonValue>) {
    return std::is_arithmetic_v<V> || std::convertible_to<const V&, std::string_view>;
  } else if constexpr (std::is_same_v<L, bool> || std::is_same_v<V, bool>) {
    return std::is_same_v<L, V>;
  } else if constexpr (std::is_arithmetic_v<L>) {
    return std::is_arithmetic_v<V> || std::is_same_v<V, Decimal>;
  } else if constexpr (std::is_same_v<L, Decimal>) {
    return std::is_same_v<V, Decimal> || std::integral<V>;
  } else if constexpr (std::convertible_to<const L&, std::string_view>) {
    return std::convertible_to<const V&, std::string_view>;
  } else if constexpr (is_time_point<L>) {
    return is_time_point<V>;
  } else {
    return std::is_same_v<L, V>;
  }
}

/// Hands the database form of `value` to `sink(ValueView)`; null optionals and null Refs as null.
template <class L, class V, class Sink>
void capture(const V& value, Sink&& sink) {
  if constexpr (std::is_same_v<V, std::nullopt_t> || std::is_same_v<V, std::nullptr_t>) {
    sink(ValueView::null());
  } else if constexpr (is_optional<V>) {
    if (value) {
      capture<L>(*value, sink);
    } else {
      sink(ValueView::null());
    }
  } else if constexpr (AnyRef<V>) {
    static_assert(comparable<L, V>(),
                  "kin: this member cannot be compared with an entity; compare with a value of its own type");
    const Value key = key_value(RefAccess::state(value));
    sink(key.view());
  } else if constexpr (std::convertible_to<const V&, std::string_view>) {
    static_assert(comparable<L, V>(),
                  "kin: this member cannot be compared with text; compare with a value of its own type");
    sink(ValueView::text(std::string_view(value)));
  } else if constexpr (is_time_point<L> && is_time_point<V> && !std::is_same_v<L, V>) {
    // In the member's own unit where that loses nothing, so that text forms of equal length are compared.
    const L converted = std::chrono::floor<typename L::duration>(value);
    if (converted == value) {
      capture<L>(converted, sink);
    } else {
      capture<V>(value, sink);
    }
  } else {
    static_assert(comparable<L, V>(),
                  "kin: this member cannot be compared with a value of that type; compare with a value of its "
                  "own type");
    if constexpr (comparable<L, V>()) {
      Scratch scratch;
      const Codec& codec = codec_of<V>();
      sink(codec.view(codec, &value, scratch));
    }
  }
}

template <class L, class V>
Expression compare(Op op, MemberPath path, const char* alias, const V& value) {
  static_assert(!AnyCollection<L>,
                "kin: a collection cannot be compared; use some(), none(), every() or size()");
  Expression expression;
  capture<strip_optional<L>>(value,
                             [&](ValueView view) { expression = comparison(op, path, alias, view); });
  return expression;
}

}  // namespace detail

template <class Root, class Value>
class Computed;

/// A member, reached by a path from entity Root; Leaf is the member's declared type. Cheap constant: it holds the
/// path and, in em.query, the alias it is taken from.
template <class Root, class Leaf>
class Field {
  using Bare = detail::strip_optional<Leaf>;

 public:
  constexpr explicit Field(detail::MemberPath path, const char* alias = nullptr) noexcept
      : path_(path), alias_(alias) {}

  /// True for rows where the member is one of the values; an empty list is true for none.
  template <class Range>
  Condition<Root> in(const Range& values) const {
    return list(detail::Op::in, values);
  }
  template <class V>
  Condition<Root> in(std::initializer_list<V> values) const {
    return list(detail::Op::in, values);
  }
  /// An empty list is true for every row.
  template <class Range>
  Condition<Root> not_in(const Range& values) const {
    return list(detail::Op::not_in, values);
  }
  template <class V>
  Condition<Root> not_in(std::initializer_list<V> values) const {
    return list(detail::Op::not_in, values);
  }
  template <class Low, class High>
  Condition<Root> between(const Low& low, const High& high) const {
    static_assert(!detail::AnyCollection<Leaf> && !detail::AnyRef<Leaf>,
                  "kin: between() needs a plain member, not a relation");
    detail::Expression expression = detail::field_expression(path_, alias_);
    auto push = [&](ValueView view) { expression.push_value(view); };
    detail::capture<Bare>(low, push);
    detail::capture<Bare>(high, push);
    expression.push_operator(detail::Op::between);
    return Condition<Root>(std::move(expression));
  }
  Condition<Root> is_null() const {
    static_assert(!detail::AnyCollection<Leaf>,
                  "kin: a collection is never null; use none() for one without items");
    return Condition<Root>(detail::unary(detail::Op::is_null, path_, alias_));
  }
  Condition<Root> is_not_null() const {
    static_assert(!detail::AnyCollection<Leaf>,
                  "kin: a collection is never null; use some() for one with items");
    return Condition<Root>(detail::unary(detail::Op::is_not_null, path_, alias_));
  }

  /// SQL's LIKE with % and _; upper and lower case as the database's own LIKE does.
  Condition<Root> like(std::string_view pattern) const { return text(detail::Op::like, pattern); }
  /// LIKE that ignores case.
  Condition<Root> ilike(std::string_view pattern) const { return text(detail::Op::ilike, pattern); }
  /// Exact search of a part, % and _ are ordinary characters, case matters.
  Condition<Root> contains(std::string_view part) const { return text(detail::Op::contains, part); }
  Condition<Root> starts_with(std::string_view part) const { return text(detail::Op::starts_with, part); }
  Condition<Root> ends_with(std::string_view part) const { return text(detail::Op::ends_with, part); }
  /// Regular expression in the database's syntax; on SQLite RE2's. Everywhere (?i) in front ignores case.
  Condition<Root> matches(std::string_view pattern) const { return text(detail::Op::matches, pattern); }
  /// Full-text query in the database's syntax; on SQLite the table has to be an FTS5 one.
  Condition<Root> fulltext(std::string_view query) const { return text(detail::Op::fulltext, query); }

  /// JSON objects with this key.
  Condition<Root> has_key(std::string_view key) const {
    require_json();
    return Condition<Root>(
        detail::comparison(detail::Op::has_key, path_, alias_, ValueView::text(key)));
  }
  /// Arrays, also JSON ones, that share an element with `array`.
  template <class Array>
  Condition<Root> overlaps(const Array& array) const {
    return array_condition(detail::Op::overlaps, array);
  }
  template <class V>
  Condition<Root> overlaps(std::initializer_list<V> array) const {
    return array_condition(detail::Op::overlaps, array);
  }
  /// Arrays, also JSON ones, that hold every element of `array`.
  template <class Array>
  Condition<Root> contains_all(const Array& array) const {
    return array_condition(detail::Op::contains_all, array);
  }
  template <class V>
  Condition<Root> contains_all(std::initializer_list<V> array) const {
    return array_condition(detail::Op::contains_all, array);
  }
  /// Arrays, also JSON ones, whose elements all stand in `array`.
  template <class Array>
  Condition<Root> contained_in(const Array& array) const {
    return array_condition(detail::Op::contained_in, array);
  }
  template <class V>
  Condition<Root> contained_in(std::initializer_list<V> array) const {
    return array_condition(detail::Op::contained_in, array);
  }
  /// A value inside a JSON member; compare it with text, a number or a bool.
  Computed<Root, detail::JsonValue> operator[](std::string_view key) const;

  /// To-many: at least one item; with a condition, one that meets it.
  Condition<Root> some() const { return quantified(detail::Op::some); }
  Condition<Root> none() const { return quantified(detail::Op::none); }
  template <class Item>
  Condition<Root> some(Condition<Item> condition) const {
    return quantified(detail::Op::some, std::move(condition));
  }
  template <class Item>
  Condition<Root> none(Condition<Item> condition) const {
    return quantified(detail::Op::none, std::move(condition));
  }
  template <class Item>
  Condition<Root> every(Condition<Item> condition) const {
    return quantified(detail::Op::every, std::move(condition));
  }
  /// To-many: the number of items, to be compared.
  Computed<Root, std::int64_t> size() const;

  Order<Root> asc() const { return {detail::field_expression(path_, alias_), false}; }
  Order<Root> desc() const { return {detail::field_expression(path_, alias_), true}; }
  /// In a select list: the name of the result's column.
  Selection<Root> as(std::string_view name) const {
    return {detail::field_expression(path_, alias_), detail::intern(name)};
  }

  constexpr detail::MemberPath path() const noexcept { return path_; }
  constexpr const char* alias() const noexcept { return alias_; }
  detail::Expression expression() const { return detail::field_expression(path_, alias_); }

 private:
  template <class Range>
  Condition<Root> list(detail::Op op, const Range& values) const {
    static_assert(!detail::AnyCollection<Leaf>,
                  "kin: in() does not apply to a collection; use some() with a condition on its entity");
    detail::ListBuilder builder(op, detail::field_expression(path_, alias_));
    for (const auto& value : values)
      detail::capture<Bare>(value, [&](ValueView view) { builder.add(view); });
    return Condition<Root>(builder.finish());
  }
  Condition<Root> text(detail::Op op, std::string_view value) const {
    static_assert(std::convertible_to<const Bare&, std::string_view> || std::is_enum_v<Bare>,
                  "kin: this operator needs a text member");
    return Condition<Root>(detail::comparison(op, path_, alias_, ValueView::text(value)));
  }
  static constexpr void require_json() {
    static_assert(detail::is_json<Bare>, "kin: this operator needs a kin::Json member");
  }
  template <class Array>
  Condition<Root> array_condition(detail::Op op, const Array& array) const {
    static_assert(detail::is_json<Bare> || detail::is_array<Bare>,
                  "kin: this operator needs an array member (std::vector) or a kin::Json member");
    if constexpr (detail::is_json<Bare>) {
      return captured(op, Bare(array));
    } else if constexpr (detail::is_array<Bare>) {
      return captured(op, Bare(std::begin(array), std::end(array)));
    } else {
      return Condition<Root>(detail::Expression());
    }
  }
  Condition<Root> captured(detail::Op op, const Bare& value) const {
    detail::Expression expression;
    detail::capture<Bare>(value, [&](ValueView view) { expression = detail::comparison(op, path_, alias_, view); });
    return Condition<Root>(std::move(expression));
  }
  Condition<Root> quantified(detail::Op op) const {
    static_assert(detail::AnyCollection<Leaf>, "kin: some(), none() and every() need a Collection member");
    return Condition<Root>(detail::unary(op, path_, alias_));
  }
  template <class Item>
  Condition<Root> quantified(detail::Op op, Condition<Item> condition) const {
    static_assert(detail::AnyCollection<Leaf>, "kin: some(), none() and every() need a Collection member");
    if constexpr (detail::AnyCollection<Leaf>)
      static_assert(std::is_same_v<typename detail::CollectionTarget<Bare>::type, Item>,
                    "kin: the condition is on another entity than the collection's items");
    return Condition<Root>(detail::quantified(op, path_, alias_, std::move(condition).expression()));
  }

  detail::MemberPath path_;
  const char* alias_;
};

/// A value computed from members: an aggregate, a size, a value inside JSON, arithmetic.
template <class Root, class Value>
class Computed {
 public:
  explicit Computed(detail::Expression expression) noexcept : expression_(std::move(expression)) {}
  Order<Root> asc() const { return {expression_, false}; }
  Order<Root> desc() const { return {expression_, true}; }
  Selection<Root> as(std::string_view name) const { return {expression_, detail::intern(name)}; }
  Condition<Root> is_null() const {
    detail::Expression expression = expression_;
    expression.push_operator(detail::Op::is_null);
    return Condition<Root>(std::move(expression));
  }
  /// One step deeper into JSON.
  Computed operator[](std::string_view key) const {
    static_assert(std::is_same_v<Value, detail::JsonValue>, "kin: [] needs a kin::Json member");
    return Computed(detail::deeper_json(expression_, key));
  }
  const detail::Expression& expression() const noexcept { return expression_; }

 private:
  detail::Expression expression_;
};

template <class Root, class Leaf>
Computed<Root, detail::JsonValue> Field<Root, Leaf>::operator[](std::string_view key) const {
  require_json();
  return Computed<Root, detail::JsonValue>(detail::deeper_json(detail::field_expression(path_, alias_), key));
}
template <class Root, class Leaf>
Computed<Root, std::int64_t> Field<Root, Leaf>::size() const {
  static_assert(detail::AnyCollection<Leaf>, "kin: size() needs a Collection member");
  detail::Expression expression = detail::field_expression(path_, alias_);
  expression.push_operator(detail::Op::size);
  return Computed<Root, std::int64_t>(std::move(expression));
}

// clang-format off
template <class R, class L, class V> Condition<R> operator==(const Field<R, L>& f, const V& v) { return Condition<R>(detail::compare<L>(detail::Op::eq, f.path(), f.alias(), v)); }
template <class R, class L, class V> Condition<R> operator!=(const Field<R, L>& f, const V& v) { return Condition<R>(detail::compare<L>(detail::Op::ne, f.path(), f.alias(), v)); }
template <class R, class L, class V> Condition<R> operator<(const Field<R, L>& f, const V& v) { return Condition<R>(detail::compare<L>(detail::Op::lt, f.path(), f.alias(), v)); }
template <class R, class L, class V> Condition<R> operator<=(const Field<R, L>& f, const V& v) { return Condition<R>(detail::compare<L>(detail::Op::le, f.path(), f.alias(), v)); }
template <class R, class L, class V> Condition<R> operator>(const Field<R, L>& f, const V& v) { return Condition<R>(detail::compare<L>(detail::Op::gt, f.path(), f.alias(), v)); }
template <class R, class L, class V> Condition<R> operator>=(const Field<R, L>& f, const V& v) { return Condition<R>(detail::compare<L>(detail::Op::ge, f.path(), f.alias(), v)); }
// clang-format on

namespace detail {
template <class A, class LA, class B, class LB>
Condition<typename CommonRoot<A, B>::type> compare_fields(Op op, const Field<A, LA>& a, const Field<B, LB>& b) {
  static_assert(comparable<strip_optional<LA>, strip_optional<LB>>(),
                "kin: these two members cannot be compared with each other");
  static_assert(same_time_form<strip_optional<LA>, strip_optional<LB>>(),
                "kin: these two members are points in time of different units, which are not stored alike; give "
                "both the same unit");
  return Condition<typename CommonRoot<A, B>::type>(comparison(op, a.expression(), b.expression()));
}
template <class R, class N, class V>
Condition<R> compare_computed(Op op, const Computed<R, N>& computed, const V& value) {
  Expression expression;
  capture<N>(value, [&](ValueView view) { expression = comparison(op, computed.expression(), view); });
  return Condition<R>(std::move(expression));
}
}  // namespace detail

// Member against member.
// clang-format off
template <class A, class LA, class B, class LB> auto operator==(const Field<A, LA>& a, const Field<B, LB>& b) { return detail::compare_fields(detail::Op::eq, a, b); }
template <class A, class LA, class B, class LB> auto operator!=(const Field<A, LA>& a, const Field<B, LB>& b) { return detail::compare_fields(detail::Op::ne, a, b); }
template <class A, class LA, class B, class LB> auto operator<(const Field<A, LA>& a, const Field<B, LB>& b) { return detail::compare_fields(detail::Op::lt, a, b); }
template <class A, class LA, class B, class LB> auto operator<=(const Field<A, LA>& a, const Field<B, LB>& b) { return detail::compare_fields(detail::Op::le, a, b); }
template <class A, class LA, class B, class LB> auto operator>(const Field<A, LA>& a, const Field<B, LB>& b) { return detail::compare_fields(detail::Op::gt, a, b); }
template <class A, class LA, class B, class LB> auto operator>=(const Field<A, LA>& a, const Field<B, LB>& b) { return detail::compare_fields(detail::Op::ge, a, b); }

// Computed value against a value.
template <class R, class N, class V> Condition<R> operator==(const Computed<R, N>& c, const V& v) { return detail::compare_computed(detail::Op::eq, c, v); }
template <class R, class N, class V> Condition<R> operator!=(const Computed<R, N>& c, const V& v) { return detail::compare_computed(detail::Op::ne, c, v); }
template <class R, class N, class V> Condition<R> operator<(const Computed<R, N>& c, const V& v) { return detail::compare_computed(detail::Op::lt, c, v); }
template <class R, class N, class V> Condition<R> operator<=(const Computed<R, N>& c, const V& v) { return detail::compare_computed(detail::Op::le, c, v); }
template <class R, class N, class V> Condition<R> operator>(const Computed<R, N>& c, const V& v) { return detail::compare_computed(detail::Op::gt, c, v); }
template <class R, class N, class V> Condition<R> operator>=(const Computed<R, N>& c, const V& v) { return detail::compare_computed(detail::Op::ge, c, v); }
// clang-format on

/// A member or a path of members: field<&Book::title>, field<&Book::author, &Author::name>.
template <auto... Members>
inline constexpr auto field = Field<detail::path_root<Members...>, detail::path_leaf<Members...>>(
    detail::checked_path<Members...>());

}  // namespace kin
