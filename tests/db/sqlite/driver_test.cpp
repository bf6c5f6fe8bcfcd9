// SPDX-License-Identifier: MIT
// Opening, the pool and the two faces of the SQLite driver.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <kin/error.hpp>

#include <chrono>
#include <fstream>
#include <thread>

#include "db/sqlite/support.hpp"

namespace kin::seam_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(SqliteOpening, GivesAFileItsSettings) {
  const TemporaryDatabase database;
  const auto driver = make_driver(database.path());
  const Loan loan = lend(*driver);
  EXPECT_EQ(integer(loan, "pragma foreign_keys"), 1);
  EXPECT_EQ(text(loan, "pragma journal_mode"), "wal");
  EXPECT_EQ(integer(loan, "pragma synchronous"), 1);
  EXPECT_EQ(integer(loan, "pragma busy_timeout"), 5000);
}

TEST(SqliteOpening, TakesOtherSettings) {
  const TemporaryDatabase database;
  sqlite::Options settings;
  settings.wal = false;
  settings.synchronous = sqlite::Synchronous::full;
  settings.busy_timeout = 17ms;
  const auto driver = make_driver(database.path(), settings);
  const Loan loan = lend(*driver);
  EXPECT_EQ(text(loan, "pragma journal_mode"), "delete");
  EXPECT_EQ(integer(loan, "pragma synchronous"), 2);
  EXPECT_EQ(integer(loan, "pragma busy_timeout"), 17);
}

TEST(SqliteOpening, RunsTheUsersStatementsAndHookOnEveryConnection) {
  const TemporaryDatabase database;
  int configured = 0;
  sqlite::Options settings;
  settings.on_connect = {"pragma cache_size = -77"};
  settings.configure = [&configured](::sqlite3* handle) {
    EXPECT_NE(handle, nullptr);
    ++configured;
  };
  const auto driver = make_driver(database.path(), settings);
  const int at_first = configured;
  const Loan first = lend(*driver);
  const Loan second = lend(*driver);
  EXPECT_EQ(configured, at_first + 2);
  EXPECT_EQ(integer(first, "pragma cache_size"), -77);
  EXPECT_EQ(integer(second, "pragma cache_size"), -77);
}

TEST(SqliteOpening, FailsWhereNoFileCanBe) {
  const auto error = caught<ConnectionError>([] { make_driver("/no/such/folder/x.db"); });
  EXPECT_EQ(error.code(), "14");
  EXPECT_THAT(error.what(), HasSubstr("/no/such/folder/x.db"));
}

TEST(SqliteOpening, FailsOnAFileThatIsNoDatabase) {
  const TemporaryDatabase database;
  std::ofstream(database.path()) << std::string(4096, 'x');
  EXPECT_EQ(caught<ConnectionError>([&] { make_driver(database.path()); }).code(), "26");
}

TEST(SqliteOpening, FailsOnAStatementOfTheUserThatDoes) {
  sqlite::Options settings;
  settings.on_connect = {"selct 1"};
  EXPECT_THROW(make_driver(":memory:", settings), SyntaxError);
}

TEST(SqliteOpening, RefusesNamesThatCannotBeMeant) {
  EXPECT_THROW(make_driver(""), ValidationError);
  EXPECT_THROW(make_driver("file::memory:"), ValidationError);
  EXPECT_THROW(make_driver("file:x?mode=memory"), ValidationError);
  EXPECT_THROW(make_driver(":memory:", {}, [](Options& options) { options.pool_size = 0; }), ValidationError);
}

TEST(SqliteOpening, LeavesAReadOnlyFileAsItIs) {
  const TemporaryDatabase database;
  {
    sqlite::Options settings;
    settings.wal = false;
    execute(lend(*make_driver(database.path(), settings)), "create table t (x)");
  }
  const auto driver = make_driver("file:" + database.path() + "?mode=ro");
  const Loan loan = lend(*driver);
  EXPECT_EQ(text(loan, "pragma journal_mode"), "delete");
  EXPECT_EQ(integer(loan, "select count(*) from t"), 0);
  EXPECT_EQ(caught<ReadOnlyError>([&] { execute(loan, "insert into t values (1)"); }).code(), "8");
}

TEST(SqliteMemory, IsOneDatabaseForAllConnections) {
  const auto driver = make_driver(":memory:");
  const Loan first = lend(*driver);
  const Loan second = lend(*driver);
  execute(first, "create table t (x)");
  execute(second, "insert into t values (7)");
  EXPECT_EQ(integer(first, "select x from t"), 7);
}

TEST(SqliteMemory, LivesWhenNoConnectionIsOnLoan) {
  const auto driver = make_driver(":memory:");
  execute(lend(*driver), "create table t (x)");
  EXPECT_EQ(execute(lend(*driver), "insert into t values (1)"), 1u);
}

TEST(SqliteMemory, BelongsToOneDriver) {
  const auto driver = make_driver(":memory:");
  const auto other = make_driver(":memory:");
  execute(lend(*driver), "create table t (x)");
  EXPECT_THROW(execute(lend(*other), "select x from t"), TableNotFoundError);
}

TEST(SqliteCapabilities, AreAskedOfTheLibrary) {
  const auto driver = make_driver(":memory:");
  const driver::Capabilities& capabilities = driver->capabilities();
  EXPECT_EQ(capabilities.name, "sqlite");
  EXPECT_TRUE(capabilities.sequential_batches);
  EXPECT_TRUE(capabilities.savepoints);
  EXPECT_TRUE(capabilities.json);
  EXPECT_TRUE(capabilities.regular_expressions);
  EXPECT_GE(capabilities.max_parameters, 999u);

  sqlite::Options settings;
  settings.configure = [](::sqlite3* handle) { sqlite3_limit(handle, SQLITE_LIMIT_VARIABLE_NUMBER, 123); };
  EXPECT_EQ(make_driver(":memory:", settings)->capabilities().max_parameters, 123u);
}

TEST(SqlitePool, LendsTheSameConnectionAgain) {
  const auto driver = make_driver(":memory:");
  const driver::Connection* connection = &*lend(*driver);
  Loan loan;
  ASSERT_TRUE(driver->try_acquire(loan));
  EXPECT_EQ(&*loan, connection);
  Loan other;
  EXPECT_FALSE(driver->try_acquire(other));
}

TEST(SqlitePool, SaysWhenNoConnectionBecomesFree) {
  const auto driver = make_driver(":memory:", {}, [](Options& options) {
    options.pool_size = 2;
    options.acquire_timeout = 10ms;
  });
  const Loan first = lend(*driver);
  const Loan second = lend(*driver);
  const auto error = caught<ConnectionError>([&] { lend(*driver); });
  EXPECT_THAT(error.what(), HasSubstr("none of the 2 connections"));
  EXPECT_THAT(error.what(), HasSubstr("10 ms"));
}

TEST(SqlitePool, RollsBackWhatALoanLeftOpen) {
  const TemporaryDatabase database;
  const auto driver = make_driver(database.path());
  execute(lend(*driver), "create table t (x)");
  {
    const Loan loan = lend(*driver);
    begin(loan);
    execute(loan, "insert into t values (1)");
  }
  {
    const Loan loan = lend(*driver);
    execute(loan, "begin");  // behind the driver's back
    execute(loan, "insert into t values (1)");
  }
  const Loan loan = lend(*driver);
  EXPECT_EQ(integer(loan, "select count(*) from t"), 0);
  EXPECT_FALSE(loan->transaction_lost());
  begin(loan);
  commit(loan);
}

// ------------------------------------------------------------------------------------------------- the two
// faces

struct ThreadOfRows : driver::RowSink {
  void row(const ValueView*) override { thread = std::this_thread::get_id(); }
  std::thread::id thread;
};

Task<void> read_something(driver::Driver& driver, ThreadOfRows& sink) {
  Loan loan = co_await driver.acquire();
  const std::span<const ValueView> none;
  co_await loan->execute("select 1", none, &sink);
  const TransactionOptions options;
  co_await loan->begin(options);
  co_await loan->savepoint(1);
  co_await loan->commit();
}

TEST(SqliteFaces, BlockingVerbsNeverSuspend) {
  const auto driver = make_driver(":memory:");
  const std::uint64_t before = detail::suspension_count();
  ThreadOfRows sink;
  run_blocking(read_something(*driver, sink));
  run_blocking(driver->pause(1ms));
  EXPECT_EQ(sink.thread, std::this_thread::get_id());
  EXPECT_EQ(detail::suspension_count(), before);
}

TEST(SqliteFaces, AwaitedVerbsRunOnOtherThreads) {
  const auto driver = make_driver(":memory:");
  ThreadOfRows sink;
  const std::uint64_t before = detail::suspension_count();
  sync_wait(read_something(*driver, sink));
  EXPECT_NE(sink.thread, std::thread::id());
  EXPECT_NE(sink.thread, std::this_thread::get_id());
  EXPECT_GE(detail::suspension_count(), before + 1);
}

Task<void> insert_one(driver::Driver& driver, std::int64_t number) {
  Loan loan = co_await driver.acquire();
  const ValueView value = ValueView::integer(number);
  co_await loan->execute("insert into t values ({})", std::span(&value, 1), nullptr);
}

TEST(SqliteFaces, ManyTasksShareThePool) {
  const TemporaryDatabase database;
  const auto driver = make_driver(database.path(), {}, [](Options& options) { options.pool_size = 3; });
  execute(lend(*driver), "create table t (x)");
  std::vector<Task<void>> tasks;
  for (int number = 0; number < 100; ++number) tasks.push_back(insert_one(*driver, number));
  sync_wait(when_all(std::move(tasks)));
  EXPECT_EQ(integer(lend(*driver), "select count(distinct x) from t"), 100);
}

Task<void> fail(driver::Driver& driver) {
  Loan loan = co_await driver.acquire();
  const std::span<const ValueView> none;
  co_await loan->execute("select missing", none, nullptr);
}

TEST(SqliteFaces, ErrorsReachWhoAwaits) {
  const auto driver = make_driver(":memory:");
  EXPECT_THROW(sync_wait(fail(*driver)), InvalidFieldNameError);
  EXPECT_THROW(run_blocking(fail(*driver)), InvalidFieldNameError);
}

Task<std::chrono::steady_clock::duration> pause_twice(driver::Driver& driver) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<Task<void>> pauses;
  pauses.push_back(driver.pause(20ms));
  pauses.push_back(driver.pause(10ms));
  co_await when_all(std::move(pauses));
  co_return std::chrono::steady_clock::now() - start;
}

TEST(SqliteFaces, PausesRunSideBySide) {
  const auto driver = make_driver(":memory:");
  const auto awaited = sync_wait(pause_twice(*driver));
  EXPECT_GE(awaited, 20ms);
  EXPECT_GE(run_blocking(pause_twice(*driver)), 30ms);
  run_blocking(driver->pause(0ms));
}

TEST(SqliteFaces, APauseMayBeAbandoned) {
  struct Queue final : Executor {
    void post(std::coroutine_handle<> handle) override { posted.push_back(handle); }
    std::vector<std::coroutine_handle<>> posted;
  } queue;
  const auto driver = make_driver(":memory:");
  Task<void> pause = resume_on(queue, driver->pause(std::chrono::hours(24)));
  detail::resume(detail::TaskAccess::handle(pause));
  pause = Task<void>();
  EXPECT_TRUE(queue.posted.empty());
}

}  // namespace
}  // namespace kin::seam_test
