// SPDX-License-Identifier: MIT
// SQLite's result codes as typed errors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <kin/error.hpp>

#include <chrono>
#include <fstream>

#include "db/sqlite/support.hpp"

namespace kin::seam_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class SqliteErrors : public testing::Test {
 protected:
  SqliteErrors() {
    execute(loan_, "create table author (id integer primary key, name text not null, email text unique)");
    execute(loan_, "create table book (id integer primary key, author_id integer references author (id))");
    execute(loan_, "insert into author values (1, 'Ursula', 'u@example.org')");
  }

  template <class E>
  E fails(std::string_view sql, std::vector<ValueView> parameters = {}) {
    return caught<E>([&] { execute(loan_, sql, parameters); });
  }

  const std::unique_ptr<driver::Driver> driver_ = make_driver(":memory:");
  const Loan loan_ = lend(*driver_);
};

TEST_F(SqliteErrors, UniqueConstraint) {
  const auto error = fails<UniqueConstraintViolationError>("insert into author values (2, 'x', {})",
                                                           {ValueView::text("u@example.org")});
  EXPECT_EQ(error.code(), std::to_string(SQLITE_CONSTRAINT_UNIQUE));
  EXPECT_EQ(error.constraint(), "author.email");
  EXPECT_EQ(error.table(), "author");
  EXPECT_EQ(error.sql(), "insert into author values (2, 'x', ?)");
  EXPECT_EQ(error.server_text(), "UNIQUE constraint failed: author.email");
  EXPECT_FALSE(error.retryable());
  EXPECT_STREQ(error.what(),
               "unique constraint violated: author.email [insert into author values (2, 'x', ?)]");
}

TEST_F(SqliteErrors, UniqueConstraintsOfEveryKind) {
  EXPECT_EQ(fails<UniqueConstraintViolationError>("insert into author values (1, 'x', 'y')").constraint(),
            "author.id");
  execute(loan_, "create table pair (a, b, unique (a, b))");
  execute(loan_, "insert into pair values (1, 2)");
  const auto pair = fails<UniqueConstraintViolationError>("insert into pair values (1, 2)");
  EXPECT_EQ(pair.constraint(), "pair.a, pair.b");
  EXPECT_EQ(pair.table(), "pair");
  execute(loan_, "create unique index lower_name on author (lower(name))");
  const auto index = fails<UniqueConstraintViolationError>("insert into author values (2, 'URSULA', 'z')");
  EXPECT_EQ(index.constraint(), "index 'lower_name'");
  EXPECT_EQ(index.table(), "");
}

TEST_F(SqliteErrors, NotNullConstraint) {
  const auto error = fails<NotNullConstraintViolationError>("insert into author values (2, null, 'x')");
  EXPECT_EQ(error.code(), std::to_string(SQLITE_CONSTRAINT_NOTNULL));
  EXPECT_EQ(error.constraint(), "author.name");
  EXPECT_EQ(error.table(), "author");
}

TEST_F(SqliteErrors, ForeignKeyConstraint) {
  const auto error = fails<ForeignKeyConstraintViolationError>("insert into book values (1, 99)");
  EXPECT_EQ(error.code(), std::to_string(SQLITE_CONSTRAINT_FOREIGNKEY));
  execute(loan_, "insert into book values (1, 1)");
  EXPECT_THROW(execute(loan_, "delete from author"), ForeignKeyConstraintViolationError);
}

TEST_F(SqliteErrors, ForeignKeyConstraintThatRestricts) {
  execute(loan_, "create table shop (id integer primary key)");
  execute(loan_, "create table sale (shop_id integer references shop (id) on delete restrict)");
  execute(loan_, "insert into shop values (1)");
  execute(loan_, "insert into sale values (1)");
  fails<ForeignKeyConstraintViolationError>("delete from shop");
}

TEST_F(SqliteErrors, CheckConstraint) {
  execute(loan_, "create table price (x constraint price_positive check (x > 0), y check (y > 0))");
  EXPECT_EQ(fails<CheckConstraintViolationError>("insert into price values (0, 1)").constraint(),
            "price_positive");
  EXPECT_EQ(fails<CheckConstraintViolationError>("insert into price values (1, 0)").constraint(), "y > 0");
}

TEST_F(SqliteErrors, OtherConstraints) {
  execute(loan_, "create table strictly (x integer) strict");
  EXPECT_EQ(fails<ConstraintViolationError>("insert into strictly values ('x')").code(),
            std::to_string(SQLITE_CONSTRAINT_DATATYPE));
  execute(loan_, "create trigger no_book before insert on book begin select raise(abort, 'secret'); end");
  const auto error = fails<ConstraintViolationError>("insert into book values (1, 1)");
  EXPECT_EQ(error.server_text(), "secret");
  EXPECT_THAT(error.what(), Not(HasSubstr("secret")));
}

TEST_F(SqliteErrors, MissingAndExistingTables) {
  const auto missing = fails<TableNotFoundError>("select * from nowhere");
  EXPECT_EQ(missing.table(), "nowhere");
  EXPECT_EQ(missing.code(), "1");
  EXPECT_STREQ(missing.what(), "no such table: nowhere [select * from nowhere]");
  EXPECT_EQ(fails<TableExistsError>("create table author (x)").table(), "author");
  execute(loan_, "create index i on author (name)");
  EXPECT_THROW(execute(loan_, "create index i on author (name)"), TableExistsError);
  EXPECT_THROW(execute(loan_, "create index author on author (name)"), TableExistsError);
}

TEST_F(SqliteErrors, WrongColumns) {
  EXPECT_THROW(execute(loan_, "select missing from author"), InvalidFieldNameError);
  EXPECT_EQ(fails<InvalidFieldNameError>("insert into author (missing) values (1)").table(), "author");
  // Not taken for a text, as SQLite does unless told otherwise.
  EXPECT_THROW(execute(loan_, R"(select "missing" from author)"), InvalidFieldNameError);
  EXPECT_THROW(execute(loan_, "select id from author, book"), NonUniqueFieldNameError);
}

TEST_F(SqliteErrors, Syntax) {
  EXPECT_THAT(fails<SyntaxError>("selct 1").what(), HasSubstr(R"(near "selct": syntax error)"));
  EXPECT_THROW(execute(loan_, "select (1"), SyntaxError);
  EXPECT_THROW(execute(loan_, "select 'x"), SyntaxError);
}

TEST_F(SqliteErrors, ExpressionsInsideEachOtherTooDeep) {
  std::string sql = "select 1 where ";
  for (int i = 0; i < 1500; ++i) sql += "not (";
  sql += "1 = 1" + std::string(1500, ')');
  const auto error = fails<ValidationError>(sql);
  EXPECT_THAT(error.what(),
              HasSubstr("nests expressions or sub-selects deeper than this SQLite's parser goes"));
  EXPECT_THAT(error.what(), Not(HasSubstr("not (not (")));
  EXPECT_EQ(error.sql(), sql);
}

TEST(SqliteErrorsOfFiles, NameTheFile) {
  const TemporaryDatabase database;
  std::ofstream(database.path()) << std::string(4096, 'x');
  const auto no_database = caught<ConnectionError>([&] { (void)make_driver(database.path()); });
  EXPECT_THAT(no_database.what(), HasSubstr("file is not a database: '" + database.path() + "'"));
  const std::string missing = database.folder() + "/nowhere/at.db";
  const auto no_folder = caught<ConnectionError>([&] { (void)make_driver(missing); });
  EXPECT_THAT(no_folder.what(),
              HasSubstr("can't open the database '" + missing + "': unable to open database file"));
}

TEST(SqliteErrorsOfFiles, NameTheFileThatIsDamagedLater) {
  const TemporaryDatabase database;
  const auto driver = make_driver(database.path(), {.wal = false});
  execute(lend(*driver), "create table t (x)");
  std::ofstream(database.path()) << std::string(8192, 'x');
  const auto error = caught<ConnectionError>([&] { execute(lend(*driver), "select * from t"); });
  EXPECT_THAT(error.what(), HasSubstr("'" + database.path() + "'"));
}

TEST_F(SqliteErrors, OtherMistakes) {
  EXPECT_THAT(fails<DriverError>("select no_such_function(1)").what(), HasSubstr("no such function"));
  // What fails with values at hand may tell of them, so it stands in server_text() alone.
  const auto error = fails<DriverError>("select json_extract({}, '$')", {ValueView::text("secret")});
  EXPECT_THAT(error.what(), Not(HasSubstr("secret")));
  EXPECT_EQ(error.server_text(), "malformed JSON");
}

TEST_F(SqliteErrors, MissingTableOfAStatementPreparedEarlier) {
  execute(loan_, "create table soon_gone (x)");
  EXPECT_EQ(rows(loan_, "select x from soon_gone").rows.size(), 0u);
  execute(loan_, "drop table soon_gone");
  EXPECT_EQ(fails<TableNotFoundError>("select x from soon_gone").table(), "soon_gone");
}

TEST_F(SqliteErrors, TooBig) {
  EXPECT_EQ(fails<DriverError>("select zeroblob(2000000000)").code(), std::to_string(SQLITE_TOOBIG));
}

TEST(SqliteErrorsOfLimits, Full) {
  sqlite::Options settings;
  settings.on_connect = {"pragma max_page_count = 10"};
  const auto driver = make_driver(":memory:", settings);
  const Loan loan = lend(*driver);
  execute(loan, "create table t (x)");
  const auto error = caught<DriverError>([&] { execute(loan, "insert into t values (zeroblob(100000))"); });
  EXPECT_EQ(error.code(), std::to_string(SQLITE_FULL));
}

TEST(SqliteErrorsOfLimits, Interrupted) {
  sqlite::Options settings;
  settings.configure = [](::sqlite3* handle) {
    sqlite3_progress_handler(handle, 100'000, [](void*) { return 1; }, nullptr);
  };
  const auto driver = make_driver(":memory:", settings);
  const Loan loan = lend(*driver);
  const auto error = caught<DriverError>([&] {
    execute(loan, "with recursive c (i) as (select 1 union all select i + 1 from c) select max(i) from c");
  });
  EXPECT_EQ(error.code(), std::to_string(SQLITE_INTERRUPT));
}

TEST(SqliteErrorsOfFiles, DamagedFile) {
  const TemporaryDatabase database;
  sqlite::Options settings;
  settings.wal = false;
  {
    const auto driver = make_driver(database.path(), settings);
    const Loan loan = lend(*driver);
    execute(loan, "create table t (x)");
    execute(loan, "insert into t values (zeroblob(20000))");
  }
  {
    std::fstream file(database.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);
    file << std::string(4096, '\xff');
  }
  const auto driver = make_driver(database.path(), settings);
  const Loan loan = lend(*driver);
  const auto error = caught<ConnectionError>([&] { execute(loan, "select x from t"); });
  EXPECT_EQ(std::stoi(error.code()) & 0xff, SQLITE_CORRUPT);
}

TEST(SqliteErrorsOfLocks, WriterMeetsWriter) {
  const TemporaryDatabase database;
  sqlite::Options settings;
  settings.busy_timeout = 20ms;
  const auto driver = make_driver(database.path(), settings);
  const Loan first = lend(*driver);
  const Loan second = lend(*driver);
  execute(first, "create table t (x)");
  begin(first);
  const auto start = std::chrono::steady_clock::now();
  const auto error = caught<LockWaitTimeoutError>([&] { begin(second); });
  EXPECT_GE(std::chrono::steady_clock::now() - start, 15ms);
  EXPECT_TRUE(error.retryable());
  EXPECT_EQ(error.code(), std::to_string(SQLITE_BUSY));
  EXPECT_EQ(error.sql(), "begin immediate");
  EXPECT_FALSE(second->transaction_lost());

  EXPECT_EQ(integer(second, "select count(*) from t"), 0);  // a reader waits for nobody
  commit(first);
  begin(second);
  rollback(second);
}

TEST(SqliteErrorsOfLocks, ReaderCannotBecomeWriterOfAnOlderState) {
  const TemporaryDatabase database;
  const auto driver = make_driver(database.path());
  const Loan first = lend(*driver);
  const Loan second = lend(*driver);
  execute(first, "create table t (x)");
  execute(second, "begin");
  EXPECT_EQ(integer(second, "select count(*) from t"), 0);
  execute(first, "insert into t values (1)");
  const auto error = caught<LockWaitTimeoutError>([&] { execute(second, "insert into t values (2)"); });
  EXPECT_EQ(error.code(), std::to_string(SQLITE_BUSY_SNAPSHOT));
  EXPECT_TRUE(error.retryable());
}

// In memory there is no log beside the database: a writer that has written keeps readers out until it
// commits.
TEST(SqliteErrorsOfLocks, ReaderMeetsWriterInMemory) {
  sqlite::Options settings;
  settings.busy_timeout = 5ms;
  const auto driver = make_driver(":memory:", settings);
  const Loan writer = lend(*driver);
  const Loan reader = lend(*driver);
  execute(writer, "create table t (x)");
  begin(writer);
  execute(writer, "insert into t values (1)");
  EXPECT_THROW(execute(reader, "select * from t"), LockWaitTimeoutError);
  commit(writer);
  EXPECT_EQ(integer(reader, "select count(*) from t"), 1);
}

TEST(SqliteErrorsOfLocks, ACommitThatCannotLockLeavesTheTransactionOpen) {
  const TemporaryDatabase database;
  sqlite::Options settings;
  settings.busy_timeout = 5ms;
  settings.wal = false;
  const auto driver = make_driver(database.path(), settings);
  const Loan writer = lend(*driver);
  const Loan reader = lend(*driver);
  execute(writer, "create table t (x)");
  begin(reader, {.read_only = true});
  EXPECT_EQ(integer(reader, "select count(*) from t"), 0);
  begin(writer);
  execute(writer, "insert into t values (1)");
  EXPECT_THROW(commit(writer), LockWaitTimeoutError);
  EXPECT_FALSE(writer->transaction_lost());
  commit(reader);
  commit(writer);
  EXPECT_EQ(integer(reader, "select count(*) from t"), 1);
}

}  // namespace
}  // namespace kin::seam_test
