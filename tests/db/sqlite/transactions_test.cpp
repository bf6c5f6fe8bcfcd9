// SPDX-License-Identifier: MIT
// Transactions through the seam, and what the query logger hears of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kin/error.hpp>

#include "db/sqlite/support.hpp"

namespace kin::seam_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class SqliteTransactions : public testing::Test {
 protected:
  SqliteTransactions() {
    execute(loan_, "create table t (x integer primary key)");
    queries_.clear();
  }

  std::int64_t count() { return integer(loan_, "select count(*) from t"); }
  std::vector<std::string> statements() const {
    std::vector<std::string> statements;
    for (const Query& query : queries_) statements.push_back(query.sql);
    return statements;
  }

  std::vector<Query> queries_;
  const std::unique_ptr<driver::Driver> driver_ = make_driver(":memory:", {}, [this](Options& options) {
    options.query_logger = [this](const Query& query) { queries_.push_back(query); };
  });
  Loan loan_ = lend(*driver_);
};

TEST_F(SqliteTransactions, CommitKeepsAndRollbackDrops) {
  begin(loan_);
  execute(loan_, "insert into t values (1)");
  commit(loan_);
  begin(loan_);
  execute(loan_, "insert into t values (2)");
  rollback(loan_);
  EXPECT_EQ(count(), 1);
}

TEST_F(SqliteTransactions, NestAsSavepoints) {
  begin(loan_);
  execute(loan_, "insert into t values (1)");
  run_blocking(loan_->savepoint(1));
  execute(loan_, "insert into t values (2)");
  run_blocking(loan_->savepoint(2));
  execute(loan_, "insert into t values (3)");
  run_blocking(loan_->release_savepoint(2));
  run_blocking(loan_->rollback_to_savepoint(1));
  execute(loan_, "insert into t values (4)");
  commit(loan_);
  EXPECT_EQ(count(), 2);
  EXPECT_THAT(statements(),
              ElementsAre("begin immediate", "insert into t values (1)", R"(savepoint "kin_1")",
                          "insert into t values (2)", R"(savepoint "kin_2")", "insert into t values (3)",
                          R"(release savepoint "kin_2")", R"(rollback to savepoint "kin_1")",
                          "insert into t values (4)", "commit", "select count(*) from t"));
}

TEST_F(SqliteTransactions, OfReadersDoNotWrite) {
  begin(loan_, {.read_only = true});
  EXPECT_EQ(count(), 0);
  const auto error = caught<ReadOnlyError>([&] { execute(loan_, "insert into t values (1)"); });
  EXPECT_THAT(error.what(), HasSubstr("read-only"));
  EXPECT_EQ(error.sql(), "insert into t values (1)");
  run_blocking(loan_->savepoint(1));
  run_blocking(loan_->release_savepoint(1));
  commit(loan_);
  execute(loan_, "insert into t values (1)");
  begin(loan_);
  execute(loan_, "insert into t values (2)");
  commit(loan_);
  EXPECT_EQ(count(), 2);
  EXPECT_EQ(statements().front(), "begin deferred");
}

TEST_F(SqliteTransactions, AReaderThatIsDroppedLeavesAConnectionThatWrites) {
  begin(loan_, {.read_only = true});
  loan_ = Loan();
  loan_ = lend(*driver_);
  EXPECT_EQ(execute(loan_, "insert into t values (1)"), 1u);
}

TEST_F(SqliteTransactions, MayBeEndedByTheDatabase) {
  execute(loan_, "insert into t values (1)");
  begin(loan_);
  EXPECT_FALSE(loan_->transaction_lost());
  EXPECT_THROW(execute(loan_, "insert or rollback into t values (1)"), UniqueConstraintViolationError);
  EXPECT_TRUE(loan_->transaction_lost());
  queries_.clear();
  rollback(loan_);
  EXPECT_FALSE(loan_->transaction_lost());
  EXPECT_THAT(statements(), ElementsAre());  // there was nothing to send
}

TEST_F(SqliteTransactions, AFailedStatementLeavesTheOthersOfItsTransaction) {
  begin(loan_);
  execute(loan_, "insert into t values (1)");
  EXPECT_THROW(execute(loan_, "insert into t values (1)"), UniqueConstraintViolationError);
  EXPECT_FALSE(loan_->transaction_lost());
  commit(loan_);
  EXPECT_EQ(count(), 1);
}

// ------------------------------------------------------------------------------------------------------- the
// log

TEST_F(SqliteTransactions, TheLoggerHearsWhatRan) {
  execute(loan_, "insert into t values ({}), ({})", {ValueView::integer(7), ValueView::integer(8)});
  rows(loan_, "select x from t");
  EXPECT_THROW(execute(loan_, "insert into t values (7)"), UniqueConstraintViolationError);
  ASSERT_EQ(queries_.size(), 3u);
  EXPECT_EQ(queries_[0].sql, "insert into t values (?), (?)");
  ASSERT_EQ(queries_[0].parameters.size(), 2u);
  EXPECT_EQ(queries_[0].parameters[1].view().as_integer(), 8);
  EXPECT_EQ(queries_[0].rows, 2u);
  EXPECT_EQ(queries_[0].executions, 1u);
  EXPECT_FALSE(queries_[0].failed);
  EXPECT_GT(queries_[0].duration.count(), 0);
  EXPECT_EQ(queries_[1].rows, 2u);
  EXPECT_TRUE(queries_[2].failed);
}

TEST_F(SqliteTransactions, TheLoggerHearsOfTheRollbackOfADroppedTransaction) {
  begin(loan_);
  loan_ = Loan();
  EXPECT_THAT(statements(), ElementsAre("begin immediate", "rollback"));
}

TEST(SqliteLogger, DoesNoHarmWhenItThrows) {
  const auto driver = make_driver(":memory:", {}, [](Options& options) {
    options.query_logger = [](const Query&) { throw std::runtime_error("the disk of the log is full"); };
  });
  const Loan loan = lend(*driver);
  begin(loan);
  execute(loan, "create table t (x)");
  commit(loan);
  EXPECT_EQ(integer(loan, "select count(*) from t"), 0);
  EXPECT_THROW(execute(loan, "select missing"), InvalidFieldNameError);
}

}  // namespace
}  // namespace kin::seam_test
