// SPDX-License-Identifier: MIT
// The numbers of MySQL and MariaDB as typed errors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kin/error.hpp>

#include <future>
#include <limits>

#include "db/mysql/support.hpp"

namespace kin::seam_test {
namespace {

using testing::HasSubstr;
using testing::Not;

class MysqlErrors : public MysqlTest {
 protected:
  MysqlErrors() : driver_(make_driver({.tls = mysql::Tls::off})), loan_(lend(*driver_)) {
    execute(loan_,
            "create table author (id integer primary key, name varchar(20) not null, email varchar(255), "
            "constraint email_unique unique (email), constraint name_long check (length(name) > 2))");
    execute(loan_,
            "create table book (id integer primary key, author_id integer, "
            "constraint book_author foreign key (author_id) references author (id))");
    execute(loan_, "insert into author values (1, 'Ursula', 'u@example.org')");
  }

  template <class E>
  E fails(std::string_view sql, std::vector<ValueView> parameters = {}) {
    return caught<E>([&] { execute(loan_, sql, parameters); });
  }

  const std::unique_ptr<driver::Driver> driver_;
  const Loan loan_;
};

TEST_P(MysqlErrors, UniqueConstraint) {
  const auto error = fails<UniqueConstraintViolationError>("insert into author values (2, 'Anne', {})",
                                                           {ValueView::text("u@example.org")});
  EXPECT_EQ(error.code(), "1062");
  EXPECT_EQ(error.constraint(), "email_unique");
  EXPECT_EQ(error.sql(), "insert into author values (2, 'Anne', ?)");
  EXPECT_THAT(error.server_text(), HasSubstr("u@example.org"));
  EXPECT_THAT(error.what(), Not(HasSubstr("u@example.org")));
  EXPECT_FALSE(error.retryable());
}

TEST_P(MysqlErrors, UniqueConstraintWhoseValueLooksLikeAName) {
  execute(loan_, "insert into author values (2, 'Anne', 'for key \\'x\\'')");
  const auto error = fails<UniqueConstraintViolationError>("insert into author values (3, 'Anne', {})",
                                                           {ValueView::text("for key 'x'")});
  EXPECT_EQ(error.constraint(), "email_unique");
  EXPECT_EQ(fails<UniqueConstraintViolationError>("insert into author values (1, 'Anne', null)").constraint(),
            "PRIMARY");
}

TEST_P(MysqlErrors, ForeignKeyConstraint) {
  const auto missing = fails<ForeignKeyConstraintViolationError>("insert into book values (1, 99)");
  EXPECT_EQ(missing.code(), "1452");
  EXPECT_EQ(missing.constraint(), "book_author");
  EXPECT_EQ(missing.table(), "book");
  execute(loan_, "insert into book values (1, 1)");
  const auto referred = fails<ForeignKeyConstraintViolationError>("delete from author");
  EXPECT_EQ(referred.code(), "1451");
  EXPECT_EQ(referred.constraint(), "book_author");
}

TEST_P(MysqlErrors, NotNullConstraint) {
  const auto null = fails<NotNullConstraintViolationError>("insert into author values (2, null, 'x')");
  EXPECT_EQ(null.code(), "1048");
  EXPECT_EQ(null.constraint(), "name");
  EXPECT_EQ(fails<NotNullConstraintViolationError>("insert into author (id) values (2)").code(), "1364");
}

TEST_P(MysqlErrors, CheckConstraint) {
  const auto error = fails<CheckConstraintViolationError>("insert into author values (2, 'x', 'y')");
  EXPECT_EQ(error.code(), is_mariadb() ? "4025" : "3819");
  EXPECT_EQ(error.constraint(), "name_long");
}

TEST_P(MysqlErrors, MistakesInTheText) {
  EXPECT_EQ(fails<TableNotFoundError>("select * from writer").table(), "writer");
  EXPECT_EQ(fails<TableNotFoundError>("drop table writer").code(), "1051");
  EXPECT_EQ(fails<TableExistsError>("create table author (id integer)").table(), "author");
  EXPECT_EQ(fails<InvalidFieldNameError>("select surname from author").code(), "1054");
  EXPECT_EQ(fails<NonUniqueFieldNameError>("select id from author, book").code(), "1052");
  EXPECT_EQ(fails<SyntaxError>("selec 1").code(), "1064");
}

TEST_P(MysqlErrors, ValuesThatDoNotFit) {
  const auto longer =
      fails<DriverError>("update author set name = {}", {ValueView::text("a name of over 20 letters")});
  EXPECT_EQ(longer.code(), "1406");
  EXPECT_THAT(longer.what(), HasSubstr("name"));
  EXPECT_EQ(fails<DriverError>("insert into book values ({}, 1)", {ValueView::integer(1LL << 40)}).code(),
            "1264");
  const auto wrong = fails<DriverError>("update author set id = {}", {ValueView::text("secret")});
  EXPECT_THAT(wrong.what(), Not(HasSubstr("secret")));
}

TEST_P(MysqlErrors, RefusesWhatTheServersCantStore) {
  const auto refused = [&](ValueView value) {
    return caught<ValidationError>([&] { execute(loan_, "select {}", {value}); });
  };
  EXPECT_THAT(refused(ValueView::real(std::numeric_limits<double>::quiet_NaN())).what(), HasSubstr("NaN"));
  EXPECT_THAT(refused(ValueView::real(std::numeric_limits<double>::infinity())).what(),
              HasSubstr("infinity"));
  EXPECT_THAT(refused(ValueView::date(3'000'000)).what(), HasSubstr("range"));
}

TEST_P(MysqlErrors, ReadOnlyTransaction) {
  TransactionOptions options;
  options.read_only = true;
  begin(loan_, options);
  EXPECT_EQ(fails<ReadOnlyError>("delete from author").code(), "1792");
  rollback(loan_);
  execute(loan_, "delete from author");
}

TEST_P(MysqlErrors, LockThatIsNotGranted) {
  const Loan other = lend(*driver_);
  begin(loan_);
  execute(loan_, "update author set name = 'Ursula K.'");
  execute(other, "set innodb_lock_wait_timeout = 1");
  begin(other);
  const auto error = caught<LockWaitTimeoutError>([&] { execute(other, "update author set name = 'Anne'"); });
  EXPECT_EQ(error.code(), "1205");
  EXPECT_TRUE(error.retryable());
  EXPECT_FALSE(other->transaction_lost());
  const auto at_once =
      caught<LockWaitTimeoutError>([&] { execute(other, "select * from author for update nowait"); });
  EXPECT_TRUE(at_once.retryable());
}

TEST_P(MysqlErrors, TheLoserOfADeadlockHasLostItsTransaction) {
  execute(loan_, "insert into author values (2, 'Anne', 'a@example.org')");
  const Loan other = lend(*driver_);
  begin(loan_);
  begin(other);
  execute(loan_, "update author set email = 'x' where id = 1");
  execute(other, "update author set email = 'y' where id = 2");
  const auto update = [](const Loan& loan, int id) {
    try {
      execute(loan, "update author set email = 'z' where id = " + std::to_string(id));
    } catch (const DeadlockError& error) {
      EXPECT_EQ(error.code(), "1213");
      EXPECT_TRUE(error.retryable());
      EXPECT_TRUE(loan->transaction_lost());
      return true;
    }
    return false;
  };
  auto first = std::async(std::launch::async, [&] {
    const bool lost = update(loan_, 2);
    rollback(loan_);
    return lost;
  });
  const bool second_lost = update(other, 1);
  rollback(other);
  EXPECT_NE(first.get(), second_lost);
  EXPECT_EQ(text(loan_, "select email from author where id = 1"), "u@example.org");
}

KIN_ON_MYSQL_AND_MARIADB(MysqlErrors);

}  // namespace
}  // namespace kin::seam_test
