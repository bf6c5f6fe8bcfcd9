// SPDX-License-Identifier: MIT
#include <kin/error.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kin/detail/expression.hpp>

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "query/expression_data.hpp"
#include "query_testing.hpp"

namespace kin::query::testing {
namespace {

using detail::Expression;
using detail::Op;

constexpr auto price = field<&Book::price>;
constexpr auto title = field<&Book::title>;
constexpr auto author_age = field<&Book::author, &Author::age>;

std::string name_of(const detail::Token& token) {
  switch (token.op) {
    case Op::field:
      return std::string(token.path[token.path_length - 1]->name());
    case Op::always:
      return "always";
    case Op::eq:
      return "==";
    case Op::lt:
      return "<";
    case Op::in:
      return fmt::format("in/{}", token.count);
    case Op::not_in:
      return fmt::format("not_in/{}", token.count);
    case Op::is_null:
      return "is_null";
    case Op::is_not_null:
      return "is_not_null";
    case Op::and_:
      return fmt::format("and/{}", token.count);
    case Op::or_:
      return fmt::format("or/{}", token.count);
    case Op::not_:
      return "not";
    case Op::json_path:
      return "json_path";
    case Op::some:
      return fmt::format("some/{}", token.count);
    default:
      return fmt::format("op{}", static_cast<int>(token.op));
  }
}

/// The tokens in one line, values as a logger shows them.
std::string text_of(const Expression& expression) {
  if (expression.empty()) return "";
  const detail::ExpressionData& data = *expression.data();
  std::string text;
  std::size_t value = 0;
  for (const detail::Token& token : data.tokens) {
    if (!text.empty()) text += ' ';
    text += token.op == Op::value ? Value(data.value(value++)).to_string() : name_of(token);
  }
  return text;
}
template <class T>
std::string text_of(const Condition<T>& condition) {
  return text_of(condition.expression());
}

TEST(Expression, IsInPostfixOrder) {
  EXPECT_EQ(text_of(price < 10.0), "price 10 <");
  EXPECT_EQ(text_of(author_age == 7), "age 7 ==");
}

TEST(Expression, ChainsBecomeOneNode) {
  EXPECT_EQ(text_of(price < 1.0 && price < 2.0 && price < 3.0), "price 1 < price 2 < price 3 < and/3");
  EXPECT_EQ(text_of(price < 1.0 && (price < 2.0 && price < 3.0)), "price 1 < price 2 < price 3 < and/3");
  EXPECT_EQ(text_of((price < 1.0 && price < 2.0) && (price < 3.0 && price < 4.0)),
            "price 1 < price 2 < price 3 < price 4 < and/4");
  EXPECT_EQ(text_of(price < 1.0 || (price < 2.0 && price < 3.0)), "price 1 < price 2 < price 3 < and/2 or/2");
  auto where = price < 1.0;
  where |= price < 2.0;
  where |= price < 3.0;
  EXPECT_EQ(text_of(where), "price 1 < price 2 < price 3 < or/3");
}

TEST(Expression, NoConditionIsTrue) {
  const auto all = kin::all<Book>();
  EXPECT_TRUE(all.expression().empty());
  EXPECT_EQ(text_of(all && price < 1.0), "price 1 <");
  EXPECT_EQ(text_of(price < 1.0 && all), "price 1 <");
  EXPECT_EQ(text_of(all || price < 1.0), "");
  EXPECT_EQ(text_of(price < 1.0 || all), "");
  EXPECT_EQ(text_of(!all), "always not");
  EXPECT_EQ(text_of(!!all), "always");
}

TEST(Expression, TwoNegationsAreNone) {
  EXPECT_EQ(text_of(!(price < 1.0)), "price 1 < not");
  EXPECT_EQ(text_of(!!(price < 1.0)), "price 1 <");
}

TEST(Expression, NullIsTestedAndNotCompared) {
  EXPECT_EQ(text_of(author_age == std::nullopt), "age is_null");
  EXPECT_EQ(text_of(author_age != std::nullopt), "age is_not_null");
  EXPECT_EQ(text_of(author_age == std::optional<int>()), "age is_null");
  EXPECT_EQ(text_of(author_age < std::optional<int>()), "always not");
  EXPECT_EQ(text_of(field<&Book::author> == kin::Ref<Author>()), "author is_null");
}

TEST(Expression, ListsTellNullApart) {
  using Ages = std::vector<std::optional<int>>;
  EXPECT_EQ(text_of(author_age.in({1, 2})), "age 1 2 in/2");
  EXPECT_EQ(text_of(author_age.in(Ages{})), "always not");
  EXPECT_EQ(text_of(author_age.in(Ages{std::nullopt})), "age is_null");
  EXPECT_EQ(text_of(author_age.in(Ages{1, std::nullopt})), "age 1 in/1 age is_null or/2");
  EXPECT_EQ(text_of(author_age.not_in({1, 2})), "age 1 2 not_in/2");
  EXPECT_EQ(text_of(author_age.not_in(Ages{})), "");
  EXPECT_EQ(text_of(author_age.not_in(Ages{std::nullopt})), "age is_not_null");
  EXPECT_EQ(text_of(author_age.not_in(Ages{1, std::nullopt})), "age 1 not_in/1 age is_not_null and/2");
}

TEST(Expression, JsonPathsQuoteTheirKeys) {
  EXPECT_EQ(text_of(meta_at({"a"}) == 1), R"(meta '$."a"' json_path 1 ==)");
  EXPECT_EQ(text_of(meta_at({"a", "b c", "d.e"}) == 1), R"(meta '$."a"."b c"."d.e"' json_path 1 ==)");
  EXPECT_THROW((void)meta_at({R"(x"."y)"}), ValidationError) << "SQLite has no path to such a key";
  EXPECT_EQ(text_of(meta_at({"a\\\n"}) == 1), R"(meta '$."a\\\u000a"' json_path 1 ==)");
  // Each step makes a value of its own.
  const auto a = meta_at({"a"});
  const auto b = detail::deeper_json(a.expression(), "b");
  EXPECT_EQ(text_of(a.expression()), R"(meta '$."a"' json_path)");
  EXPECT_EQ(text_of(b), R"(meta '$."a"."b"' json_path)");
}

TEST(Expression, CopiesAreIndependent) {
  auto first = title == "a long title that no small buffer holds, with some more words at its end";
  const auto copy = first;
  first &= price < 1.0;
  EXPECT_EQ(text_of(copy),
            "title 'a long title that no small buffer holds, with some more words at its end' ==");
  auto assigned = price < 2.0;
  assigned = first;
  EXPECT_EQ(text_of(assigned), text_of(first));
  const auto& self = assigned;
  assigned = self;
  EXPECT_EQ(text_of(assigned), text_of(first));
  const auto moved = std::move(assigned);
  EXPECT_EQ(text_of(moved), text_of(first));
}

TEST(Expression, KeepsTextsApartWhenTheyAreJoined) {
  const auto where = (title == "one" && title == "") || (title == "three" && author_age == 4);
  EXPECT_EQ(text_of(where), "title 'one' == title '' == and/2 title 'three' == age 4 == and/2 or/2");
}

TEST(Expression, HoldsEveryKindOfValue) {
  const char bytes[17] = "0123456789abcdef";
  const std::vector<ValueView> views = {
      ValueView::boolean(true),       ValueView::integer(-5),  ValueView::unsigned_integer(~0ull),
      ValueView::real(2.5),           ValueView::text("text"), ValueView::blob("\0\1", 2),
      ValueView::decimal("12.50"),    ValueView::date(19000),  ValueView::time(1'000'000),
      ValueView::timestamp(5'250, 3), ValueView::uuid(bytes),  ValueView::json("{}")};
  Expression expression;
  for (const ValueView& view : views) expression.push_value(view);
  Expression twice = expression;
  twice.append(expression);
  twice.append(twice);
  for (std::size_t i = 0; i < views.size() * 4; ++i) {
    const ValueView& expected = views[i % views.size()];
    const ValueView held = twice.data()->value(i);
    EXPECT_EQ(held.kind(), expected.kind());
    EXPECT_EQ(held.fraction_digits(), expected.fraction_digits());
    if (expected.has_bytes()) {
      EXPECT_EQ(held.bytes(), expected.bytes());
    } else {
      EXPECT_EQ(held.as_integer(), expected.as_integer());
    }
  }
}

TEST(Expression, QuantifiersHoldAConditionOnTheItem) {
  EXPECT_EQ(text_of(field<&Author::books>.some()), "books some/0");
  EXPECT_EQ(text_of(field<&Author::books>.some(price < 5.0)), "price 5 < books some/1");
  EXPECT_EQ(text_of(field<&Author::books>.some(kin::all<Book>())), "always books some/1");
}

// Quadratic work would take minutes.
TEST(Expression, GrowsInLinearTime) {
  constexpr int count = 100'000;
  auto back = price < 0.0;
  auto front = price < 0.0;
  auto nested = price < 0.0;
  for (int i = 1; i < count; ++i) {
    back = std::move(back) || price < i;
    front = price < i || std::move(front);
    nested = i % 2 == 0 ? std::move(nested) || price < i : std::move(nested) && price < i;
  }
  EXPECT_EQ(back.expression().data()->tokens.back().count, count);
  EXPECT_EQ(front.expression().data()->tokens.back().count, count);
  EXPECT_EQ(back.expression().data()->tokens.size(), count * 3u + 1);
  EXPECT_EQ(front.expression().data()->values.size(), static_cast<std::size_t>(count));
  EXPECT_EQ(nested.expression().data()->values.size(), static_cast<std::size_t>(count));
}

TEST(Intern, IsOnePointerForOneText) {
  const std::string name = "a name";
  const char* const first = detail::intern(name);
  EXPECT_EQ(first, detail::intern("a name"));
  EXPECT_NE(first, detail::intern("another"));
  EXPECT_STREQ(first, "a name");
}

}  // namespace
}  // namespace kin::query::testing
