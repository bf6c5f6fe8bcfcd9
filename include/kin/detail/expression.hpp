// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/type_tag.hpp>
#include <kin/value.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kin::detail {

struct EntityState;

/// What a token of an expression stands for.
enum class Op : std::uint8_t {
  // Leaves.
  field,          ///< a path over members, of the root or of an alias
  value,          ///< the next value
  column,         ///< a column of the result by its name (an alias given by as())
  always,         ///< true
  // Comparisons: operand, operand.
  eq, ne, lt, le, gt, ge,
  like, ilike, contains, starts_with, ends_with, matches, fulltext,
  overlaps, contains_all, contained_in, has_key,
  between,        ///< operand, low, high
  in, not_in,     ///< operand, then `count` values
  is_null, is_not_null,
  // Logic.
  and_, or_,      ///< `count` operands
  not_,
  // Collections: with count == 1 a condition on the items' entity, then a field that ends in the collection.
  some, none, every,
  size,           ///< number of items, as a value to compare
  // Values computed from values.
  json_path,      ///< operand, then the path as a value
  add, subtract, multiply, divide,
  count_all, count, count_distinct, sum, avg, min, max,
};

/// One step of an expression in postfix order.
struct Token {
  Op op = Op::always;
  std::uint8_t path_length = 0;
  std::uint16_t unused = 0;
  std::uint32_t count = 0;
  const MemberId* const* path = nullptr;  ///< static storage
  const char* alias = nullptr;            ///< interned name: of Op::field the alias, of Op::column the column
};

struct ExpressionData;

/// An untyped expression as an ordinary value: tokens in postfix order and the values they refer to. Being flat, a
/// condition of 100 000 terms is built, copied and destroyed without recursion. Not thread-safe; copy to share.
class Expression {
 public:
  Expression() noexcept = default;
  Expression(const Expression& other);
  Expression(Expression&& other) noexcept : data_(other.data_) { other.data_ = nullptr; }
  Expression& operator=(const Expression& other);
  Expression& operator=(Expression&& other) noexcept;
  ~Expression() {
    if (data_) destroy();
  }

  bool empty() const noexcept { return data_ == nullptr; }
  void push_field(MemberPath path, const char* alias);
  void push_column(const char* interned_name);
  void push_value(ValueView value);
  void push_operator(Op op, std::uint32_t count = 0);
  /// Appends the tokens and values of another expression.
  void append(const Expression& other);
  void append(Expression&& other);
  /// Joins with another condition; chains of the same operator become one node. An empty side counts as true.
  void combine(Op and_or_or, Expression&& other);
  void negate();

  const ExpressionData* data() const noexcept { return data_; }

 private:
  ExpressionData& mutable_data();
  void destroy() noexcept;
  ExpressionData* data_ = nullptr;
};

/// `field op value`. A null value turns == into `is null` and != into `is not null`.
Expression comparison(Op op, MemberPath path, const char* alias, ValueView value);
Expression comparison(Op op, Expression left, ValueView value);
Expression comparison(Op op, Expression left, Expression right);
Expression unary(Op op, MemberPath path, const char* alias);
Expression field_expression(MemberPath path, const char* alias);
/// some, none or every item of a collection that meets a condition; the condition's memory goes on in it.
Expression quantified(Op op, MemberPath collection, const char* alias, Expression condition);

/// The value under `key` of a JSON value; goes deeper when `json` is such a value already.
Expression deeper_json(Expression json, std::string_view key);

/// Collects the values of in() and not_in(); nulls in the list become `is null` / `is not null`.
class ListBuilder {
 public:
  ListBuilder(Op op, Expression operand);
  void add(ValueView value);
  Expression finish();

 private:
  Op op_;
  Expression expression_;
  Expression operand_;
  std::uint32_t count_ = 0;
  bool has_null_ = false;
};

/// The key of an entity as a value. Throws ValidationError when it has none yet or has a composite one.
Value key_value(const EntityState* state);

/// The same pointer for the same text, valid for the whole process.
const char* intern(std::string_view text);

}  // namespace kin::detail
