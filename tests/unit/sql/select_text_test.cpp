// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "unit/query/query_testing.hpp"

namespace kin::query::testing {
namespace {

using detail::Op;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr auto id = field<&Book::id>;
constexpr auto title = field<&Book::title>;
constexpr auto price = field<&Book::price>;
constexpr auto tag = field<&Book::tags, &Tag::name>;
constexpr auto tag_id = field<&Book::tags, &Tag::id>;

#define BOOK_COLUMNS                                                             \
  R"("t0"."id", "t0"."title", "t0"."price", "t0"."version", "t0"."author_id", )" \
  R"("t0"."translator_id", "t0"."meta")"
#define AUTHOR_COLUMNS(t)                                                                               \
  t R"(."id", )" t R"(."name", )" t R"(."age", )" t R"(."address_street", )" t R"(."address_city", )" t \
    R"(."summer_house_street", )" t R"(."summer_house_city")"
// The items of a collection, up to the condition on them.
#define SOME_TAG                                                                                 \
  R"(exists (select 1 from "book_tag" as "t1" join "tag" as "t2" on "t2"."id" = "t1"."tag_id" )" \
  R"(where "t1"."book_id" = "t0"."id")"

TEST(SelectText, NamesEveryColumnAndBindsEveryValue) {
  Request<Book> request(price < 10.0 && title == "Robert'); drop table book; --");
  EXPECT_EQ(sql_of(request),
            "select " BOOK_COLUMNS R"( from "book" as "t0" where "t0"."price" < ? and "t0"."title" = ?)");
  EXPECT_THAT(values_of(request), ElementsAre("10", "'Robert''); drop table book; --'"));
}

TEST(SelectText, Comparisons) {
  EXPECT_EQ(counted(title != "a" && price <= 3 && price > 2 && price >= 1),
            R"("book" as "t0" where "t0"."title" <> ? and "t0"."price" <= ? and "t0"."price" > ? )"
            R"(and "t0"."price" >= ?)");
  EXPECT_EQ(counted(price.in({1.0, 2.0}) || price.not_in({1.0}) || price.between(1, 2)),
            R"("book" as "t0" where "t0"."price" in (?, ?) or "t0"."price" not in (?) )"
            R"(or "t0"."price" between ? and ?)");
  EXPECT_EQ(counted(field<&Author::age>.is_null() && field<&Author::age>.is_not_null()),
            R"("author" as "t0" where "t0"."age" is null and "t0"."age" is not null)");
  EXPECT_EQ(counted(price < field<&Book::version>), R"("book" as "t0" where "t0"."price" < "t0"."version")");
}

TEST(SelectText, TextOperators) {
  EXPECT_EQ(counted(title.like("a%") && title.ilike("b%") && title.matches("x.*") && title.fulltext("x")),
            R"("book" as "t0" where "t0"."title" like ? and "t0"."title" like ? and "t0"."title" regexp ? )"
            R"(and "t0"."title" match ?)");
  EXPECT_EQ(counted(title.contains("a")), R"("book" as "t0" where instr("t0"."title", ?) > 0)");
  const Request<Book> starts(title.starts_with("a") && title == "b");
  EXPECT_EQ(sql_of(starts, ReadKind::count),
            R"(select count(*) from "book" as "t0" where substr("t0"."title", 1, length(?)) = ? )"
            R"(and "t0"."title" = ?)");
  EXPECT_THAT(values_of(starts, ReadKind::count), ElementsAre("'a'", "'a'", "'b'"));
  EXPECT_EQ(counted(title.ends_with("a")),
            R"("book" as "t0" where substr("t0"."title", length("t0"."title") - length(?) + 1) = ?)");
}

TEST(SelectText, Logic) {
  EXPECT_EQ(counted(!(price < 1.0)), R"("book" as "t0" where not ("t0"."price" < ?))");
  EXPECT_EQ(counted(!(price < 1.0 && price > 2.0)),
            R"("book" as "t0" where not ("t0"."price" < ? and "t0"."price" > ?))");
  EXPECT_EQ(counted(price < 1.0 && (price > 2.0 || price > 3.0)),
            R"("book" as "t0" where "t0"."price" < ? and ("t0"."price" > ? or "t0"."price" > ?))");
  EXPECT_EQ(counted(price < 1.0 || (price > 2.0 && price > 3.0)),
            R"("book" as "t0" where "t0"."price" < ? or ("t0"."price" > ? and "t0"."price" > ?))");
}

TEST(SelectText, AlwaysAndNever) {
  EXPECT_EQ(counted(kin::all<Book>()), R"("book" as "t0")");
  EXPECT_EQ(counted(!!kin::all<Book>()), R"("book" as "t0")");
  EXPECT_EQ(counted(!kin::all<Book>()), R"("book" as "t0" where 1 = 0)");
  EXPECT_EQ(counted(price.in(std::vector<double>{}) || price < 1.0),
            R"("book" as "t0" where 1 = 0 or "t0"."price" < ?)");
  EXPECT_EQ(counted(price.not_in(std::vector<double>{}) && price < 1.0),
            R"("book" as "t0" where "t0"."price" < ?)");
  EXPECT_EQ(counted(field<&Author::age>.in(std::vector<std::optional<int>>{1, std::nullopt})),
            R"("author" as "t0" where "t0"."age" in (?) or "t0"."age" is null)");
}

/// Deepest nesting of parentheses.
std::size_t depth_of(const std::string& text) {
  std::size_t depth = 0;
  std::size_t deepest = 0;
  for (const char c : text) {
    if (c == '(') deepest = std::max(deepest, ++depth);
    if (c == ')') --depth;
  }
  return deepest;
}

// SQLite takes no expression of more than 1000 levels, and a chain of n terms for n levels.
TEST(SelectText, LongChainsAreBalanced) {
  auto where = price < 0.0;
  for (int i = 1; i < 64; ++i) where |= price < i;
  const std::string text = counted(where);
  EXPECT_THAT(text, StartsWith(R"("book" as "t0" where ("t0"."price" < ? or "t0"."price" < ?)"));
  EXPECT_THAT(text, HasSubstr(R"("t0"."price" < ?) or ("t0"."price" < ?)"));
  for (int i = 64; i < 10'000; ++i) where |= price < i;
  const Request<Book> request(std::move(where));
  EXPECT_LT(depth_of(sql_of(request, ReadKind::count)), 12u);
  const std::vector<std::string> values = values_of(request, ReadKind::count);
  ASSERT_EQ(values.size(), 10'000u);
  EXPECT_EQ(values[9'999], "9999");
}

TEST(SelectText, HasNoRecursionOverDepth) {
  auto where = tag == "a";
  for (int i = 0; i < 20'000; ++i)
    where = i % 2 == 0 ? std::move(where) || price < i : !(std::move(where) && tag_id == i);
  EXPECT_EQ(values_of(Request<Book>(std::move(where)), ReadKind::count).size(), 20'001u);
}

TEST(SelectText, ToOnePathsJoin) {
  EXPECT_EQ(counted(field<&Book::author, &Author::name> == "x" && field<&Book::author, &Author::age> > 3),
            R"("book" as "t0" join "author" as "t1" on "t1"."id" = "t0"."author_id" )"
            R"(where "t1"."name" = ? and "t1"."age" > ?)");
  // What may be missing must not hide the row.
  EXPECT_EQ(counted(field<&Book::translator, &Author::profile, &Profile::text> == "x"),
            R"("book" as "t0" left join "author" as "t1" on "t1"."id" = "t0"."translator_id" )"
            R"(left join "profile" as "t2" on "t2"."author_id" = "t1"."id" where "t2"."text" = ?)");
  EXPECT_EQ(
      counted(field<&Book::author, &Author::address, &Address::city> == "x"),
      R"("book" as "t0" join "author" as "t1" on "t1"."id" = "t0"."author_id" where "t1"."address_city" = ?)");
}

TEST(SelectText, KeysOfRelationsNeedNoJoin) {
  EXPECT_EQ(counted(field<&Book::author> == 3 && field<&Book::author, &Author::id> == 4),
            R"("book" as "t0" where "t0"."author_id" = ? and "t0"."author_id" = ?)");
  EXPECT_EQ(counted(field<&Movement::stock, &Stock::place> == "a" &&
                    field<&Movement::stock, &Stock::book, &Book::id> == 3),
            R"("movement" as "t0" where "t0"."stock_place" = ? and "t0"."stock_book_id" = ?)");
  EXPECT_EQ(counted(field<&Movement::stock, &Stock::book, &Book::title> == "x"),
            R"("movement" as "t0" join "stock" as "t1" on "t1"."book_id" = "t0"."stock_book_id" )"
            R"(and "t1"."place" = "t0"."stock_place" join "book" as "t2" on "t2"."id" = "t1"."book_id" )"
            R"(where "t2"."title" = ?)");
  EXPECT_EQ(counted(field<&Movement::stock>.is_null()),
            R"("movement" as "t0" where "t0"."stock_book_id" is null)");
  EXPECT_EQ(counted(field<&Category::parent, &Category::parent, &Category::code> == "x"),
            R"("category" as "t0" left join "category" as "t1" on "t1"."code" = "t0"."parent_code" )"
            R"(where "t1"."parent_code" = ?)");
  // The side without the column has to look.
  EXPECT_EQ(
      counted(field<&Author::profile>.is_null()),
      R"("author" as "t0" left join "profile" as "t1" on "t1"."author_id" = "t0"."id" where "t1"."id" is null)");
}

TEST(SelectText, AnEmbeddedStructIsNullWhenAllOfItIs) {
  EXPECT_EQ(
      counted(field<&Author::summer_house>.is_null()),
      R"("author" as "t0" where "t0"."summer_house_street" is null and "t0"."summer_house_city" is null)");
  EXPECT_EQ(
      counted(field<&Author::summer_house>.is_not_null() && field<&Author::age> == 1),
      R"("author" as "t0" where not ("t0"."summer_house_street" is null and "t0"."summer_house_city" is null) )"
      R"(and "t0"."age" = ?)");
}

TEST(SelectText, PathsThroughCollectionsLookForAnItem) {
  EXPECT_EQ(counted(tag == "x"), R"("book" as "t0" where )" SOME_TAG R"( and "t2"."name" = ?))");
  EXPECT_EQ(counted(!(tag == "x")), R"("book" as "t0" where not )" SOME_TAG R"( and "t2"."name" = ?))");
  // The pivot table knows the keys.
  EXPECT_EQ(
      counted(tag_id.in({1, 2})),
      R"("book" as "t0" where exists (select 1 from "book_tag" as "t1" where "t1"."book_id" = "t0"."id" )"
      R"(and "t1"."tag_id" in (?, ?)))");
  EXPECT_EQ(counted(field<&Author::books, &Book::translator, &Author::name> == "x"),
            R"("author" as "t0" where exists (select 1 from "book" as "t1" left join "author" as "t2" )"
            R"(on "t2"."id" = "t1"."translator_id" where "t1"."author_id" = "t0"."id" and "t2"."name" = ?))");
  EXPECT_EQ(
      counted(field<&Author::books, &Book::price> > field<&Author::age>),
      R"("author" as "t0" where exists (select 1 from "book" as "t1" where "t1"."author_id" = "t0"."id" )"
      R"(and "t1"."price" > "t0"."age"))");
  EXPECT_EQ(counted(field<&Book::author, &Author::books, &Book::price> > 3.0),
            R"("book" as "t0" join "author" as "t1" on "t1"."id" = "t0"."author_id" where exists )"
            R"((select 1 from "book" as "t2" where "t2"."author_id" = "t1"."id" and "t2"."price" > ?))");
}

TEST(SelectText, OperandsOfAndSpeakOfTheSameItem) {
  EXPECT_EQ(counted(tag == "x" && price < 1.0 && tag_id == 3),
            R"("book" as "t0" where )" SOME_TAG
            R"( and "t2"."name" = ? and "t1"."tag_id" = ?) and "t0"."price" < ?)");
  EXPECT_EQ(counted((tag == "x" || tag == "y") && tag_id > 3),
            R"("book" as "t0" where )" SOME_TAG
            R"( and ("t2"."name" = ? or "t2"."name" = ?) and "t1"."tag_id" > ?))");
  EXPECT_EQ(
      counted(field<&Author::books, &Book::tags, &Tag::name> == "x" &&
              field<&Author::books, &Book::price> < 3.0),
      R"("author" as "t0" where exists (select 1 from "book" as "t1" where "t1"."author_id" = "t0"."id" )"
      R"(and exists (select 1 from "book_tag" as "t2" join "tag" as "t3" on "t3"."id" = "t2"."tag_id" )"
      R"(where "t2"."book_id" = "t1"."id" and "t3"."name" = ?) and "t1"."price" < ?))");
  // Values follow their conditions.
  EXPECT_THAT(values_of(Request<Book>(tag == "x" && price < 1.0 && tag_id == 3)),
              ElementsAre("'x'", "3", "1"));
}

TEST(SelectText, WrittenQuantifiersStandForThemselves) {
  EXPECT_EQ(counted(field<&Book::tags>.some(field<&Tag::name> == "x") &&
                    field<&Book::tags>.some(field<&Tag::id> == 2)),
            R"("book" as "t0" where )" SOME_TAG
            R"( and "t2"."name" = ?) and exists (select 1 from "book_tag" as "t3" )"
            R"(where "t3"."book_id" = "t0"."id" and "t3"."tag_id" = ?))");
  // One that is negated is not the same item either.
  EXPECT_EQ(
      counted(tag_id == 1 && !(tag_id == 2)),
      R"("book" as "t0" where exists (select 1 from "book_tag" as "t1" where "t1"."book_id" = "t0"."id" )"
      R"(and "t1"."tag_id" = ?) and not exists (select 1 from "book_tag" as "t2" )"
      R"(where "t2"."book_id" = "t0"."id" and "t2"."tag_id" = ?))");
}

TEST(SelectText, Quantifiers) {
  constexpr auto books = field<&Author::books>;
#define AUTHOR_WITH(how) \
  R"("author" as "t0" where )" how R"((select 1 from "book" as "t1" where "t1"."author_id" = "t0"."id")"
  EXPECT_EQ(counted(books.some()), AUTHOR_WITH("exists ") ")");
  EXPECT_EQ(counted(books.none()), AUTHOR_WITH("not exists ") ")");
  EXPECT_EQ(counted(books.some(price < 5.0 || price > 9.0)),
            AUTHOR_WITH("exists ") R"( and ("t1"."price" < ? or "t1"."price" > ?)))");
  EXPECT_EQ(counted(books.none(price < 5.0)), AUTHOR_WITH("not exists ") R"( and "t1"."price" < ?))");
  EXPECT_EQ(counted(!books.none(price < 5.0)), AUTHOR_WITH("exists ") R"( and "t1"."price" < ?))");
  EXPECT_EQ(counted(books.some(kin::all<Book>())), AUTHOR_WITH("exists ") ")");
  // An item for which the condition is unknown does not meet it.
  EXPECT_EQ(counted(books.every(price < 5.0)),
            AUTHOR_WITH("not exists ") R"( and ("t1"."price" < ?) is not true))");
  EXPECT_EQ(counted(!books.every(price < 5.0)),
            AUTHOR_WITH("exists ") R"( and ("t1"."price" < ?) is not true))");
  EXPECT_EQ(counted(books.every(kin::all<Book>())), AUTHOR_WITH("not exists ") " and 1 = 0)");
#undef AUTHOR_WITH
}

TEST(SelectText, QuantifiersInsideQuantifiers) {
  EXPECT_EQ(
      counted(field<&Author::books>.some(field<&Book::tags>.none(field<&Tag::id> == 3) && price < 5.0)),
      R"("author" as "t0" where exists (select 1 from "book" as "t1" where "t1"."author_id" = "t0"."id" )"
      R"(and not exists (select 1 from "book_tag" as "t2" where "t2"."book_id" = "t1"."id" )"
      R"(and "t2"."tag_id" = ?) and "t1"."price" < ?))");
  // At the end of a path through another collection: all tags of all books.
  EXPECT_EQ(
      counted(field<&Author::books, &Book::tags>.none(field<&Tag::id> == 3)),
      R"("author" as "t0" where not exists (select 1 from "book" as "t1" where "t1"."author_id" = "t0"."id" )"
      R"(and exists (select 1 from "book_tag" as "t2" where "t2"."book_id" = "t1"."id" and "t2"."tag_id" = ?)))");
  EXPECT_EQ(
      counted(field<&Author::books, &Book::tags>.every(field<&Tag::id> == 3)),
      R"("author" as "t0" where not exists (select 1 from "book" as "t1" where "t1"."author_id" = "t0"."id" )"
      R"(and exists (select 1 from "book_tag" as "t2" where "t2"."book_id" = "t1"."id" )"
      R"(and ("t2"."tag_id" = ?) is not true)))");
  EXPECT_EQ(
      counted(
          field<&Category::children>.some(field<&Category::children>.some(field<&Category::code> == "x"))),
      R"("category" as "t0" where exists (select 1 from "category" as "t1" where "t1"."parent_code" = "t0"."code" )"
      R"(and exists (select 1 from "category" as "t2" where "t2"."parent_code" = "t1"."code" )"
      R"(and "t2"."code" = ?)))");
}

TEST(SelectText, Sizes) {
  EXPECT_EQ(
      counted(field<&Author::books>.size() > 3),
      R"("author" as "t0" where (select count(*) from "book" as "t1" where "t1"."author_id" = "t0"."id") > ?)");
  EXPECT_EQ(
      counted(field<&Book::tags>.size() == 0),
      R"("book" as "t0" where (select count(*) from "book_tag" as "t1" where "t1"."book_id" = "t0"."id") = ?)");
  EXPECT_EQ(counted(field<&Book::author, &Author::books>.size() == 3),
            R"("book" as "t0" join "author" as "t1" on "t1"."id" = "t0"."author_id" where )"
            R"((select count(*) from "book" as "t2" where "t2"."author_id" = "t1"."id") = ?)");
  // Of all books together.
  EXPECT_EQ(counted(field<&Author::books, &Book::tags>.size() > 3),
            R"("author" as "t0" where (select count(*) from "book" as "t1" join "book_tag" as "t2" )"
            R"(on "t2"."book_id" = "t1"."id" join "tag" as "t3" on "t3"."id" = "t2"."tag_id" )"
            R"(where "t1"."author_id" = "t0"."id") > ?)");
}

TEST(SelectText, Json) {
  EXPECT_EQ(counted(meta_at({"a", "b"}) == "x"), R"("book" as "t0" where json_extract("t0"."meta", ?) = ?)");
  EXPECT_THAT(values_of(Request<Book>(meta_at({"a", "b"}) == "x")), ElementsAre(R"('$."a"."b"')", "'x'"));
  EXPECT_EQ(counted(meta_at({"a"}).is_null()),
            R"("book" as "t0" where json_extract("t0"."meta", ?) is null)");
  EXPECT_EQ(
      counted(meta(Op::has_key, ValueView::text("k"))),
      R"("book" as "t0" where case when "t0"."meta" is not null then exists (select 1 from json_each("t0"."meta") as )"
      R"("_have" where "_have"."key" = ?) end)");
#define SAME                                                                                \
  R"("_have"."value" is "_want"."value" and replace("_have"."type", 'real', 'integer') = )" \
  R"(replace("_want"."type", 'real', 'integer'))"
  EXPECT_EQ(counted(meta(Op::overlaps, ValueView::json("[1]"))),
            R"("book" as "t0" where case when "t0"."meta" is not null then exists (select 1 from )"
            R"(json_each("t0"."meta") as "_have" join json_each(?) as "_want" on )" SAME ") end");
  EXPECT_EQ(
      counted(meta(Op::contains_all, ValueView::json("[1]"))),
      R"("book" as "t0" where case when "t0"."meta" is not null then not exists (select 1 from json_each(?) )"
      R"(as "_want" where not exists (select 1 from json_each("t0"."meta") as "_have" where )" SAME ")) end");
  EXPECT_EQ(
      counted(meta(Op::contained_in, ValueView::json("[1]"))),
      R"("book" as "t0" where case when "t0"."meta" is not null then not exists (select 1 from )"
      R"(json_each("t0"."meta") as "_have" where not exists (select 1 from json_each(?) as "_want" where )" SAME
      ")) end");
#undef SAME
}

// Without a precision they are text, which only the driver's collation and sum can tell by size.
TEST(SelectText, Decimals) {
  constexpr auto value = field<&Stock::value>;
  EXPECT_EQ(
      counted(value < kin::Decimal("3") && value.in({kin::Decimal(1)}) &&
              value.between(kin::Decimal(1), kin::Decimal(2))),
      R"("stock" as "t0" where "t0"."value" collate decimal < ? and "t0"."value" collate decimal in (?) )"
      R"(and "t0"."value" collate decimal between ? and ?)");
  EXPECT_EQ(sql_of(Request<Stock>().by(value.desc())),
            R"(select "t0"."book_id", "t0"."place", "t0"."value" from "stock" as "t0" )"
            R"(order by "t0"."value" collate decimal desc)");
  Request<Stock> sums;
  sums.column(kin::sum(value).as("total"))
      .column(kin::min(value))
      .column(kin::avg(value))
      .column(kin::count_distinct(value));
  sums.group_by.push_back(value.expression());
  sums.having = (kin::sum(value) > kin::Decimal(3)).expression();
  sums.by(kin::column("total").desc());
  EXPECT_EQ(
      sql_of(sums),
      R"(select decimal_sum("t0"."value") as "total", min("t0"."value" collate decimal), avg("t0"."value"), )"
      R"(count(distinct "t0"."value" collate decimal) from "stock" as "t0" )"
      R"(group by "t0"."value" collate decimal )"
      R"(having cast(decimal_sum("t0"."value") as text) collate decimal > ? )"
      R"(order by "total" collate decimal desc)");
}

TEST(SelectText, DecimalsOfAPrecisionAreNumbers) {
  constexpr auto amount = field<&Movement::amount>;
  EXPECT_EQ(counted(amount < kin::Decimal("3")), R"("movement" as "t0" where "t0"."amount" < ?)");
  Request<Movement> sums;
  sums.column(kin::sum(amount).as("total"));
  sums.having = (kin::sum(amount) > kin::Decimal(3)).expression();
  sums.by(kin::column("total").desc());
  EXPECT_EQ(sql_of(sums), R"(select sum("t0"."amount") as "total" from "movement" as "t0" )"
                          R"(having cast(sum("t0"."amount") as numeric) > ? order by "total" desc)");
}

TEST(SelectText, OrderLimitAndOffset) {
  const Request<Book> request =
      Request<Book>().by(title.asc()).by(price.desc().nulls_last()).by(id.asc().nulls_first()).rows(1, 2);
  EXPECT_EQ(sql_of(request), "select " BOOK_COLUMNS
                             R"( from "book" as "t0" order by "t0"."title", "t0"."price" desc nulls last, )"
                             R"("t0"."id" nulls first limit ? offset ?)");
  EXPECT_THAT(values_of(request), ElementsAre("1", "2"));
  EXPECT_EQ(sql_of(Request<Book>().rows({}, 2)),
            "select " BOOK_COLUMNS R"( from "book" as "t0" limit -1 offset ?)");
  EXPECT_THAT(values_of(Request<Book>().rows(~0ull)), ElementsAre("9223372036854775807"));
}

TEST(SelectText, OrderByPaths) {
  EXPECT_EQ(
      sql_of(Request<Book>().by(field<&Book::author, &Author::name>.asc()).by(field<&Book::author>.desc())),
      "select " BOOK_COLUMNS R"( from "book" as "t0" join "author" as "t1" on "t1"."id" = "t0"."author_id" )"
      R"(order by "t1"."name", "t0"."author_id" desc)");
  EXPECT_EQ(sql_of(Request<Book>().by(tag.asc())),
            "select " BOOK_COLUMNS
            R"( from "book" as "t0" order by (select min("t2"."name") from "book_tag" as "t1" )"
            R"(join "tag" as "t2" on "t2"."id" = "t1"."tag_id" where "t1"."book_id" = "t0"."id"))");
  EXPECT_EQ(sql_of(Request<Book>().by(field<&Book::tags>.size().desc()).by(tag_id.desc())),
            "select " BOOK_COLUMNS
            R"( from "book" as "t0" order by (select count(*) from "book_tag" as "t1" )"
            R"(where "t1"."book_id" = "t0"."id") desc, (select max("t2"."tag_id") from "book_tag" as "t2" )"
            R"(where "t2"."book_id" = "t0"."id") desc)");
}

TEST(SelectText, CountAndExists) {
  const Request<Book> request = Request<Book>(price < 1.0).by(tag.asc()).with<&Book::tags>().rows(5);
  EXPECT_EQ(sql_of(request, ReadKind::count),
            R"(select count(*) from "book" as "t0" where "t0"."price" < ?)");
  EXPECT_EQ(sql_of(request, ReadKind::exists),
            R"(select 1 from "book" as "t0" where "t0"."price" < ? limit 1)");
  EXPECT_THAT(values_of(request, ReadKind::exists), ElementsAre("1"));
}

TEST(SelectText, CommentsCannotBeEnded) {
  Request<Book> request(price < 1.0);
  request.comment = "a */ drop table book; /* b *";
  EXPECT_EQ(
      sql_of(request, ReadKind::count),
      R"(/* a * / drop table book; / * b * */ select count(*) from "book" as "t0" where "t0"."price" < ?)");
}

TEST(SelectText, QueriesJoinGroupAndNameColumns) {
  const auto author = kin::alias<Author>("a");
  const auto label = kin::alias<Tag>("t3");  // as one of our own would be called
  Request<Book> query(
      (author[field<&Author::name>] == "x" && author[field<&Author::profile, &Profile::text>] == "z") ||
      label[field<&Tag::id>] == 3);
  query.joins.push_back({detail::checked_path<&Book::author>(), nullptr, author.name(), false});
  query.joins.push_back({detail::checked_path<&Book::tags>(), nullptr, label.name(), true});
  query.column(author[field<&Author::name>].as("name"))
      .column(kin::count(id).as("books"))
      .column(kin::count());
  query.group_by.push_back(author[field<&Author::name>].expression());
  query.having = (kin::count(id) > 1 && kin::column("books") < 5).expression();
  query.by(kin::column("books").desc()).by(kin::avg(price).asc()).rows(9);
  EXPECT_EQ(
      sql_of(query),
      R"(select "a"."name" as "name", count("t0"."id") as "books", count(*) from "book" as "t0" )"
      R"(join "author" as "a" on "a"."id" = "t0"."author_id" )"
      R"(left join "book_tag" as "t2" on "t2"."book_id" = "t0"."id" )"
      R"(left join "tag" as "t3" on "t3"."id" = "t2"."tag_id" )"
      R"(left join "profile" as "t4" on "t4"."author_id" = "a"."id" )"
      R"(where ("a"."name" = ? and "t4"."text" = ?) or "t3"."id" = ? group by "a"."name" )"
      R"(having count("t0"."id") > ? and count("t0"."id") < ? order by "books" desc, avg("t0"."price") limit ?)");
  EXPECT_THAT(values_of(query), ElementsAre("'x'", "'z'", "3", "1", "5", "9"));
}

TEST(SelectText, OurAliasesStepAside) {
  const auto label = kin::alias<Author>("t2");
  Request<Book> query(label[field<&Author::profile, &Profile::text>] == "z");
  query.joins.push_back({detail::checked_path<&Book::author>(), nullptr, label.name(), false});
  EXPECT_EQ(sql_of(query, ReadKind::count),
            R"(select count(*) from "book" as "t0" join "author" as "t2" on "t2"."id" = "t0"."author_id" )"
            R"(left join "profile" as "t2_" on "t2_"."author_id" = "t2"."id" where "t2_"."text" = ?)");
}

TEST(SelectText, RowsOfMembers) {
  Request<Book> query;
  query.column(title)
      .column(field<&Book::author, &Author::name>)
      .column(field<&Book::translator, &Author::name>);
  query.column(field<&Book::author>.as("author"));
  query.distinct = true;
  EXPECT_EQ(sql_of(query),
            R"(select distinct "t0"."title", "t1"."name", "t2"."name", "t0"."author_id" as "author" )"
            R"(from "book" as "t0" join "author" as "t1" on "t1"."id" = "t0"."author_id" )"
            R"(left join "author" as "t2" on "t2"."id" = "t0"."translator_id")");
  EXPECT_EQ(sql_of(query, ReadKind::count),
            R"(select count(*) from (select distinct "t0"."id" from "book" as "t0") as "counted")");
}

// Parsers stop at some number of parentheses inside each other.
TEST(SelectText, WritesDeepConditionsAsCases) {
  Condition<Book> deep = id == 0;
  for (int i = 1; i <= 14; ++i) deep = i % 2 == 0 ? std::move(deep) && id == i : std::move(deep) || id == i;
  std::string cases;
  for (int i = 13; i > 2; --i)
    cases += i % 2 == 0 ? R"( when ("t0"."id" = ?) is not true then 1 = 0)"
                        : R"( when ("t0"."id" = ?) is true then 1 = 1)";
  EXPECT_EQ(
      counted(deep),
      R"("book" as "t0" where case)" + cases +
          R"( else (("t0"."id" = ? or "t0"."id" = ?) and "t0"."id" = ?) is true end and "t0"."id" = ?)");
  const Request<Book> request(deep);
  EXPECT_THAT(values_of(request),
              ElementsAre("13", "12", "11", "10", "9", "8", "7", "6", "5", "4", "3", "0", "1", "2", "14"));
}

TEST(SelectText, WritesDeepConditionsBelowNotAsCasesThatAreTrueWhenUnknown) {
  Condition<Book> deep = id == 0;
  for (int i = 1; i <= 12; ++i) deep = i % 2 == 0 ? std::move(deep) && id == i : std::move(deep) || id == i;
  const std::string text = counted(!std::move(deep));
  EXPECT_THAT(text, StartsWith(R"("book" as "t0" where not (case when ("t0"."id" = ?) is false then 1 = 0)"
                               R"( when ("t0"."id" = ?) is not false then 1 = 1)"));
  EXPECT_THAT(text, HasSubstr(R"( and "t0"."id" = ?) is not false end)"));
}

TEST(SelectText, JoinsWhatIsPopulated) {
  EXPECT_EQ(
      sql_of(Request<Book>(field<&Book::author, &Author::name> == "x").with<&Book::author>().rows(2)),
      "select " BOOK_COLUMNS ", " AUTHOR_COLUMNS(
          R"("t1")") R"(, "t2"."id", "t2"."author_id")"
                     R"( from "book" as "t0" join "author" as "t1" on "t1"."id" = "t0"."author_id" )"
                     R"(left join "profile" as "t2" on "t2"."author_id" = "t1"."id" where "t1"."name" = ? limit ?)");
  EXPECT_EQ(
      sql_of(Request<Author>().with<&Author::books>().how(Strategy::joined).by(field<&Author::name>.asc())),
      "select " AUTHOR_COLUMNS(
          R"("t0")") R"(, "t1"."id", "t1"."author_id")"
                     R"(, "t2"."id", "t2"."title", "t2"."price", "t2"."version", "t2"."author_id", "t2"."translator_id", "t2"."meta")"
                     R"( from "author" as "t0" left join "profile" as "t1" on "t1"."author_id" = "t0"."id" )"
                     R"(left join "book" as "t2" on "t2"."author_id" = "t0"."id" )"
                     R"(order by "t0"."name", "t0"."id", "t2"."title")");
}

// The rows of a joined collection must not count, nor those that a condition or order joins be missing.
TEST(SelectText, LimitsCountRoots) {
  const Request<Book> request = Request<Book>(price < 3.0 && field<&Book::translator, &Author::name> == "x")
                                    .with<&Book::tags>()
                                    .by(field<&Book::author, &Author::name>.asc())
                                    .how(Strategy::joined)
                                    .rows(5, 10);
  EXPECT_EQ(
      sql_of(request),
      "select " BOOK_COLUMNS R"(, "t3"."id", "t3"."name" from (select "t0".* from "book" as "t0" )"
      R"(left join "author" as "t1" on "t1"."id" = "t0"."translator_id" )"
      R"(join "author" as "t4" on "t4"."id" = "t0"."author_id" )"
      R"(where "t0"."price" < ? and "t1"."name" = ? order by "t4"."name", "t0"."id" limit ? offset ?) as "t0" )"
      R"(left join "book_tag" as "t2" on "t2"."book_id" = "t0"."id" )"
      R"(left join "tag" as "t3" on "t3"."id" = "t2"."tag_id" )"
      R"(join "author" as "t4" on "t4"."id" = "t0"."author_id" order by "t4"."name", "t0"."id")");
  EXPECT_THAT(values_of(request), ElementsAre("3", "'x'", "5", "10"));
  // A value of the order is needed in both.
  const Request<Book> twice =
      Request<Book>().with<&Book::tags>().by(meta_at({"a"}).asc()).how(Strategy::joined).rows(5);
  EXPECT_THAT(values_of(twice), ElementsAre(R"('$."a"')", "5", R"('$."a"')"));
}

TEST(SelectText, QuotesIdentifiers) {
  std::string text;
  sql::sqlite_dialect().quote(text, R"(a"b)");
  EXPECT_EQ(text, R"("a""b")");
}

TEST(SelectText, ColumnTypes) {
  const auto type_of = [](const EntityMetadata& entity, std::string_view member) {
    return sql::sqlite_dialect().column_type(entity.columns[entity.find_property(member)->first_column]);
  };
  const EntityMetadata& book = model().of(detail::type_tag<Book>);
  EXPECT_EQ(type_of(book, "id"), "integer");
  EXPECT_EQ(type_of(book, "title"), "text");
  EXPECT_EQ(type_of(book, "price"), "real");
  EXPECT_EQ(type_of(book, "author"), "integer");
  EXPECT_EQ(type_of(book, "meta"), "json text");
  EXPECT_EQ(type_of(model().of(detail::type_tag<Category>), "parent"), "text");
  EXPECT_EQ(type_of(model().of(detail::type_tag<Stock>), "value"), "text");
  EXPECT_EQ(type_of(model().of(detail::type_tag<Movement>), "amount"), "numeric(12,2)");
}

}  // namespace
}  // namespace kin::query::testing
