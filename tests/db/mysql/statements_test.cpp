// SPDX-License-Identifier: MIT
// Prepared statements on MySQL and MariaDB: kept, evicted, prepared anew, and what can't be prepared.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kin/error.hpp>

#include "db/mysql/support.hpp"

namespace kin::seam_test {
namespace {

using testing::HasSubstr;

class MysqlStatements : public MysqlTest {
 protected:
  void connect(std::size_t cache_size) {
    mysql::Options settings;
    settings.tls = mysql::Tls::off;
    settings.statement_cache_size = cache_size;
    driver_ = make_driver(settings);
    loan_ = lend(*driver_);
  }

  std::unique_ptr<driver::Driver> driver_;
  Loan loan_;
};

TEST_P(MysqlStatements, RunAgainAfterAResultWithoutRows) {
  connect(10);
  execute(loan_, "create table t (x integer)");
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(rows(loan_, "select x from t where x = {}", {ValueView::integer(1)}).rows.empty());
    EXPECT_EQ(execute(loan_, "select x from t where x > {}", {ValueView::integer(1)}), 0U);
  }
  execute(loan_, "insert into t values (1)");
  EXPECT_EQ(rows(loan_, "select x from t where x = {}", {ValueView::integer(1)}).rows.size(), 1U);
}

TEST_P(MysqlStatements, RunAgainAfterARowWasRefused) {
  connect(10);
  execute(loan_, "create table t (x integer primary key)");
  execute(loan_, "insert into t values (1)");
  const std::string insert =
      is_mariadb() ? "insert into t values ({}) returning x" : "insert into t values ({})";
  EXPECT_THROW(rows(loan_, insert, {ValueView::integer(1)}), UniqueConstraintViolationError);
  EXPECT_EQ(integer(loan_, "select count(*) from t where x < {}", {ValueView::integer(9)}), 1);
  rows(loan_, insert, {ValueView::integer(2)});
  EXPECT_EQ(integer(loan_, "select count(*) from t where x < {}", {ValueView::integer(9)}), 2);
}

TEST_P(MysqlStatements, AreKeptUpToALimit) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{3}, std::size_t{100}}) {
    connect(size);
    for (int round = 0; round < 2; ++round)
      for (int i = 0; i < 20; ++i)
        EXPECT_EQ(integer(loan_, "select {} + " + std::to_string(i), {ValueView::integer(100)}), 100 + i);
    // That of the session alone, which also counts those that it has closed.
    const Rows open = rows(loan_, "show session status like 'Com_stmt_close'");
    const std::string closed(open.rows.at(0).at(1).view().bytes());
    EXPECT_EQ(closed == "0", size == 100) << size;
  }
}

TEST_P(MysqlStatements, SurviveAChangeOfTheirTable) {
  connect(10);
  execute(loan_, "create table t (x integer, y integer)");
  execute(loan_, "insert into t values (1, 2)");
  EXPECT_EQ(rows(loan_, "select * from t where x = {}", {ValueView::integer(1)}).rows.size(), 1U);
  execute(loan_, "alter table t modify y varchar(20)");
  EXPECT_EQ(
      rows(loan_, "select y from t where x = {}", {ValueView::integer(1)}).rows.at(0).at(0).view().bytes(),
      "2");
  EXPECT_EQ(
      rows(loan_, "select y from t where x = {}", {ValueView::integer(1)}).rows.at(0).at(0).view().bytes(),
      "2");
}

TEST_P(MysqlStatements, RunAsTextWhereTheyCantBePrepared) {
  connect(10);
  execute(loan_, "use " + database_name());
  execute(loan_, "create procedure p() begin select 1 as one; select 2 as two; end");
  const Rows result = rows(loan_, "call p()");
  ASSERT_EQ(result.rows.size(), 1U);
  EXPECT_EQ(result.rows[0][0].view().as_integer(), 1);
  EXPECT_EQ(integer(loan_, "select 3"), 3);
}

TEST_P(MysqlStatements, CountTheRowsTheyChange) {
  connect(10);
  execute(loan_, "create table t (x integer)");
  EXPECT_EQ(execute(loan_, "insert into t values (1), (2), (3)"), 3U);
  EXPECT_EQ(execute(loan_, "update t set x = {} where x > 1", {ValueView::integer(3)}), 2U);
  EXPECT_EQ(execute(loan_, "select * from t"), 0U);
  EXPECT_EQ(execute(loan_, "delete from t"), 3U);
}

TEST_P(MysqlStatements, RefuseAnotherNumberOfValues) {
  connect(10);
  const auto error = caught<ValidationError>([&] { rows(loan_, "select '?', ?", {}); });
  EXPECT_THAT(error.what(), HasSubstr("1 parameters, but 0 values"));
}

TEST_P(MysqlStatements, IsolationIsThatOfTheTransaction) {
  connect(10);
  execute(loan_, "create table t (x integer)");
  const Loan other = lend(*driver_);
  TransactionOptions options;
  options.isolation = Isolation::read_committed;
  begin(loan_, options);
  EXPECT_EQ(integer(loan_, "select count(*) from t"), 0);
  execute(other, "insert into t values (1)");
  EXPECT_EQ(integer(loan_, "select count(*) from t"), 1);
  commit(loan_);
  begin(loan_);  // repeatable read, as the server has it
  EXPECT_EQ(integer(loan_, "select count(*) from t"), 1);
  execute(other, "insert into t values (2)");
  EXPECT_EQ(integer(loan_, "select count(*) from t"), 1);
  rollback(loan_);
}

KIN_ON_MYSQL_AND_MARIADB(MysqlStatements);

}  // namespace
}  // namespace kin::seam_test
