// SPDX-License-Identifier: MIT
// Statements as they stand: execute(), its counts and columns, and the cache of prepared statements.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <kin/error.hpp>

#include "db/sqlite/support.hpp"
#include "drivers/sqlite/sqlite_database.hpp"
#include "drivers/sqlite/sqlite_statements.hpp"

namespace kin::seam_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class SqliteExecute : public testing::Test {
 protected:
  const std::unique_ptr<driver::Driver> driver_ = make_driver(":memory:");
  const Loan loan_ = lend(*driver_);
};

TEST_F(SqliteExecute, ReturnsTheNumberOfRowsChanged) {
  EXPECT_EQ(execute(loan_, "create table t (x)"), 0u);
  EXPECT_EQ(execute(loan_, "insert into t values (1), (2), (3)"), 3u);
  EXPECT_EQ(execute(loan_, "select * from t"), 0u);
  EXPECT_EQ(execute(loan_, "update t set x = 9 where x > 1"), 2u);
  EXPECT_EQ(execute(loan_, "update t set x = 9 where x > 99"), 0u);
  EXPECT_EQ(execute(loan_, "create index i on t (x)"), 0u);
  EXPECT_EQ(execute(loan_, "delete from t"), 3u);
}

TEST_F(SqliteExecute, TellsColumnsAndRows) {
  const Rows found = rows(loan_, "select 1 as one, 'two' as two union all select {}, {}",
                          {ValueView::real(1.5), ValueView::null()});
  EXPECT_THAT(found.names, ElementsAre("one", "two"));
  ASSERT_EQ(found.rows.size(), 2u);
  EXPECT_EQ(found.rows[0][0].view().as_integer(), 1);
  EXPECT_EQ(found.rows[0][1].view().bytes(), "two");
  EXPECT_EQ(found.rows[1][0].view().as_real(), 1.5);
  EXPECT_TRUE(found.rows[1][1].is_null());
}

TEST_F(SqliteExecute, TellsColumnsOfAnEmptyResult) {
  const Rows found = rows(loan_, "select 1 as one where false");
  EXPECT_THAT(found.names, ElementsAre("one"));
  EXPECT_TRUE(found.rows.empty());
}

TEST_F(SqliteExecute, TellsNewColumnsWhenTheTableHasChanged) {
  execute(loan_, "create table t (a)");
  execute(loan_, "insert into t values (1)");
  EXPECT_THAT(rows(loan_, "select * from t").names, ElementsAre("a"));
  execute(loan_, "alter table t add column b default 2");
  const Rows found = rows(loan_, "select * from t");
  EXPECT_THAT(found.names, ElementsAre("a", "b"));
  EXPECT_EQ(found.rows.at(0).at(1).view().as_integer(), 2);
}

TEST_F(SqliteExecute, ReturnsRowsOfAWrite) {
  execute(loan_, "create table t (id integer primary key, x)");
  const Rows found = rows(loan_, "insert into t (x) values (5), (6) returning id");
  ASSERT_EQ(found.rows.size(), 2u);
  EXPECT_EQ(found.rows[1][0].view().as_integer(), 2);
  // Without a sink the rows are passed over.
  EXPECT_EQ(execute(loan_, "insert into t (x) values (7) returning id"), 1u);
}

TEST_F(SqliteExecute, RunsOneStatementAtATime) {
  EXPECT_EQ(integer(loan_, "select 1; -- and no more"), 1);
  EXPECT_EQ(integer(loan_, " \n select 2 ;; /* none */ "), 2);
  const auto error = caught<ValidationError>([&] { execute(loan_, "select 1; select 2"); });
  EXPECT_THAT(error.what(), HasSubstr("more than one statement"));
  EXPECT_EQ(error.sql(), "select 1; select 2");
  EXPECT_THROW(execute(loan_, "select 1; selct"), SyntaxError);
  EXPECT_THROW(execute(loan_, ""), ValidationError);
  EXPECT_THROW(execute(loan_, "-- nothing"), ValidationError);
}

TEST_F(SqliteExecute, RefusesATextWithANul) {
  EXPECT_THROW(execute(loan_, std::string_view("select 1\0 from nowhere", 22)), ValidationError);
}

TEST_F(SqliteExecute, RefusesAnotherNumberOfValues) {
  const auto error = caught<ValidationError>([&] { execute(loan_, "select ?"); });
  EXPECT_THAT(error.what(), HasSubstr("1 parameters, but 0 values"));
}

TEST_F(SqliteExecute, IsUsableAfterASinkHasThrown) {
  struct Stop {};
  struct Throwing : driver::RowSink {
    void row(const ValueView*) override { throw Stop(); }
  } sink;
  execute(loan_, "create table t (x)");
  execute(loan_, "insert into t values (1), (2)");
  EXPECT_THROW(execute(loan_, "select x from t", {}, &sink), Stop);
  EXPECT_EQ(rows(loan_, "select x from t").rows.size(), 2u);
  EXPECT_EQ(execute(loan_, "drop table t"), 0u);  // would be locked by a statement that is not reset
}

TEST_F(SqliteExecute, LeavesNoReadTransactionOpen) {
  const TemporaryDatabase database;
  const auto driver = make_driver(database.path());
  const Loan reader = lend(*driver);
  const Loan writer = lend(*driver);
  execute(writer, "create table t (x)");
  execute(writer, "insert into t values (1)");
  FirstCell first;
  execute(reader, "select x from t", {}, &first);
  // A reader with an open snapshot would keep this from emptying the log: its first column is 1 then.
  EXPECT_EQ(integer(writer, "pragma wal_checkpoint(truncate)"), 0);
}

// ----------------------------------------------------------------------------------------------------- the
// cache

class SqliteStatementCache : public testing::Test {
 protected:
  const sqlite::Database database_ = sqlite::open_database("file:/kin-test-statements?vfs=memdb");
};

TEST_F(SqliteStatementCache, KeepsStatementsByTheirText) {
  sqlite::StatementCache cache(database_.get(), 8);
  const std::string text = "select 1";
  const std::string same_text_elsewhere = "select 1";
  const sqlite::Statement* first = cache.find_or_prepare(text);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(cache.find_or_prepare(text), first);
  EXPECT_EQ(cache.find_or_prepare(same_text_elsewhere), first);
  EXPECT_EQ(cache.size(), 1u);
}

TEST_F(SqliteStatementCache, NoticesAnotherTextAtTheSameAddress) {
  sqlite::StatementCache cache(database_.get(), 8);
  std::string text = "select 1";
  const sqlite::Statement* one = cache.find_or_prepare(text);
  text = "select 2";
  const sqlite::Statement* two = cache.find_or_prepare(text);
  EXPECT_NE(one, two);
  text = "select 1";
  EXPECT_EQ(cache.find_or_prepare(text), one);
}

TEST_F(SqliteStatementCache, LetsTheOneUnusedForLongestGo) {
  sqlite::StatementCache cache(database_.get(), 2);
  const std::string one = "select 1";
  const std::string two = "select 2";
  const std::string three = "select 3";
  const sqlite3_stmt* handle = cache.find_or_prepare(one)->handle.get();
  cache.find_or_prepare(two);
  cache.find_or_prepare(one);
  cache.find_or_prepare(three);
  EXPECT_EQ(cache.size(), 2u);
  EXPECT_EQ(cache.find_or_prepare(one)->handle.get(), handle);
}

TEST_F(SqliteStatementCache, GivesAStatementInUseASecond) {
  sqlite::StatementCache cache(database_.get(), 1);
  const std::string text = "select 1 union select 2";
  const sqlite::StatementUse outer(cache, text);
  ASSERT_EQ(sqlite3_step(outer.handle()), SQLITE_ROW);
  {
    const sqlite::StatementUse inner(cache, text);
    EXPECT_NE(inner.handle(), outer.handle());
    EXPECT_EQ(sqlite3_step(inner.handle()), SQLITE_ROW);
    const std::string other = "select 3";
    const sqlite::StatementUse third(cache, other);  // evicts no statement in use
    EXPECT_EQ(sqlite3_step(third.handle()), SQLITE_ROW);
  }
  EXPECT_EQ(sqlite3_step(outer.handle()), SQLITE_ROW);
}

TEST_F(SqliteStatementCache, MayKeepNothing) {
  sqlite::StatementCache cache(database_.get(), 0);
  const std::string text = "select 1";
  const sqlite::StatementUse use(cache, text);
  EXPECT_EQ(sqlite3_step(use.handle()), SQLITE_ROW);
  EXPECT_EQ(cache.size(), 0u);
}

TEST_F(SqliteStatementCache, KeepsNoStatementThatFails) {
  sqlite::StatementCache cache(database_.get(), 8);
  const std::string text = "select missing";
  EXPECT_THROW(cache.find_or_prepare(text), InvalidFieldNameError);
  EXPECT_EQ(cache.size(), 0u);
}

}  // namespace
}  // namespace kin::seam_test
