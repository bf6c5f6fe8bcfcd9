// SPDX-License-Identifier: MIT
// The texts of native updates and deletes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include <kin/arithmetic.hpp>

#include "unit/query/query_testing.hpp"

namespace kin::query::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto price = field<&Book::price>;
constexpr auto title = field<&Book::title>;

struct Update : Request<Book> {
  using Request<Book>::Request;
  template <auto Member>
  Update& set(detail::Expression expression) {
    detail::AssignTerm term{.path = detail::checked_path<Member>()};
    term.columns.push_back(std::move(expression));
    assign.push_back(std::move(term));
    return *this;
  }
  template <auto Member>
  Update& set(ValueView value) {
    detail::Expression expression;
    expression.push_value(value);
    return set<Member>(std::move(expression));
  }
};

TEST(ModifyText, UpdateWritesTheColumnsAndMovesTheVersionOn) {
  Update update(price < 1.0);
  update.set<&Book::title>(ValueView::text("cheap")).set<&Book::price>((price + 1.0).expression());
  EXPECT_EQ(sql_of(update, ReadKind::update),
            R"(update "book" as "t0" set "title" = ?, "price" = ("t0"."price" + ?), )"
            R"("version" = ("t0"."version" + ?) where "t0"."price" < ?)");
  EXPECT_THAT(values_of(update, ReadKind::update), ElementsAre("'cheap'", "1", "1", "1"));
}

TEST(ModifyText, AVersionThatIsSetIsTakenAsItIs) {
  Update update;
  update.set<&Book::version>(ValueView::integer(7));
  EXPECT_EQ(sql_of(update, ReadKind::update), R"(update "book" as "t0" set "version" = ?)");
}

TEST(ModifyText, RowsAreNamedByTheirKeyWhereTheConditionGoesBeyondThem) {
  Update update(field<&Book::author, &Author::name> == "Ada");
  update.set<&Book::version>(ValueView::integer(7));
  constexpr const char* keys =
      R"(select "t0"."id" from "book" as "t0" join "author" as "t1" on "t1"."id" = "t0"."author_id" )"
      R"(where "t1"."name" = ?)";
  EXPECT_EQ(sql_of(update, ReadKind::update),
            std::string(R"(update "book" as "t0" set "version" = ? where "t0"."id" in ()") + keys + ")");
  EXPECT_EQ(sql_of(update, ReadKind::remove),
            std::string(R"(delete from "book" as "t0" where "t0"."id" in ()") + keys + ")");
}

TEST(ModifyText, MysqlReadsItsOwnTableThroughAResult) {
  const Request<Book> request(field<&Book::author, &Author::name> == "Ada");
  EXPECT_EQ(sql_of(request, ReadKind::remove, sql::mysql_dialect()),
            "delete `t0` from `book` as `t0` where `t0`.`id` in (select * from (select `t0`.`id` from `book` "
            "as `t0` "
            "join `author` as `t1` on `t1`.`id` = `t0`.`author_id` where `t1`.`name` = ?) as `own`)");
}

TEST(ModifyText, MysqlAssignsInAnOrderThatReadsEachValueAsItWas) {
  Update update;
  update.set<&Book::price>(ValueView::real(0)).set<&Book::version>((price * 2).expression());
  EXPECT_EQ(sql_of(update, ReadKind::update, sql::mysql_dialect()),
            "update `book` as `t0` set `version` = (`t0`.`price` * ?), `price` = ?");
  update.assign.front().columns = {(field<&Book::version> + 1).expression()};
  EXPECT_NO_THROW(sql_of(update, ReadKind::update));
  EXPECT_THROW(sql_of(update, ReadKind::update, sql::mysql_dialect()), ValidationError);
}

TEST(ModifyText, WhatIsAssignedComesFromTheRowItself) {
  Update update;
  update.set<&Book::title>(field<&Book::author, &Author::name>.expression());
  EXPECT_THAT(refusal_of(update, ReadKind::update), HasSubstr("members of the same entity only"));
  Update counted;
  counted.set<&Book::version>(kin::count(title).expression());
  EXPECT_THAT(refusal_of(counted, ReadKind::update), HasSubstr("aggregate"));
}

TEST(ModifyText, UpdatesOfOneShapeShareAPlan) {
  Planner planner(model(), Strategy::balanced);
  Update one(price < 1.0);
  Update other(price < 2.0);
  one.set<&Book::title>(ValueView::text("a"));
  other.set<&Book::title>(ValueView::text("b"));
  EXPECT_EQ(planner.plan(one, ReadKind::update), planner.plan(other, ReadKind::update));
  Update third(price < 2.0);
  third.set<&Book::price>(ValueView::real(1));
  EXPECT_NE(planner.plan(one, ReadKind::update), planner.plan(third, ReadKind::update));
  EXPECT_NE(planner.plan(one, ReadKind::update), planner.plan(one, ReadKind::remove));
}

}  // namespace
}  // namespace kin::query::testing
