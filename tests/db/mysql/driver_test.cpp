// SPDX-License-Identifier: MIT
// Opening, the pool and the two faces of the driver for MySQL and MariaDB.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kin/error.hpp>
#include <kin/task.hpp>

#include <chrono>
#include <thread>

#include "db/mysql/support.hpp"

namespace kin::seam_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class MysqlDriver : public MysqlTest {
 protected:
  std::unique_ptr<driver::Driver> at(const std::string& url, mysql::Options settings = {}) const {
    return make_driver(std::move(settings), [&](Options& options) { options.client_url = url; });
  }
  std::string without_password() const {
    std::string text = url();
    return text.replace(text.find("kin:kin@"), 8, "kin@");
  }
};

TEST_P(MysqlDriver, TellsWhichServerItIs) {
  EXPECT_EQ(make_driver()->capabilities().name, is_mariadb() ? "mariadb" : "mysql");
}

TEST_P(MysqlDriver, GivesASessionItsSettings) {
  const auto driver = make_driver();
  const Loan loan = lend(*driver);
  EXPECT_EQ(text(loan, "select @@time_zone"), "+00:00");
  EXPECT_EQ(text(loan, "select @@character_set_client"), "utf8mb4");
  EXPECT_THAT(text(loan, "select @@sql_mode"), HasSubstr("STRICT_ALL_TABLES"));
  EXPECT_EQ(text(loan, "select database()"), database_name());
}

TEST_P(MysqlDriver, RunsTheUsersStatementsOnEveryConnection) {
  mysql::Options settings;
  settings.on_connect = {"set innodb_lock_wait_timeout = 7", "select 1"};
  const auto driver = make_driver(settings);
  const Loan first = lend(*driver);
  const Loan second = lend(*driver);
  EXPECT_EQ(integer(first, "select @@innodb_lock_wait_timeout"), 7);
  EXPECT_EQ(integer(second, "select @@innodb_lock_wait_timeout"), 7);
}

TEST_P(MysqlDriver, FindsAUnixSocket) {
  const std::string& socket = GetParam().socket;
  const auto by_url = at(url("socket=" + socket));
  EXPECT_EQ(integer(lend(*by_url), "select 1"), 1);
  const auto by_host = make_driver({}, [&](Options& options) {
    options.client_url.clear();
    options.host = socket;
    options.user = "kin";
    options.password = "kin";
    options.db_name = database_name();
  });
  EXPECT_EQ(text(lend(*by_host), "select database()"), database_name());
}

TEST_P(MysqlDriver, AsksForThePasswordOfEachConnection) {
  int asked = 0;
  mysql::Options settings;
  settings.password = [&asked] {
    ++asked;
    return std::string("kin");
  };
  const auto driver = at(without_password(), settings);
  const Loan first = lend(*driver);
  const Loan second = lend(*driver);
  EXPECT_EQ(asked, 2);
}

TEST_P(MysqlDriver, EncryptsAsItIsTold) {
  const auto cipher = [&](const std::string& settings) {
    const auto driver = at(url(settings));
    return std::string(rows(lend(*driver), "show status like 'Ssl_cipher'").rows.at(0).at(1).view().bytes());
  };
  EXPECT_EQ(cipher("ssl-mode=disabled"), "");
  EXPECT_NE(cipher("ssl-mode=preferred"), "");
  EXPECT_NE(cipher("ssl-mode=required"), "");
  EXPECT_NE(cipher("ssl-mode=verify-full&ssl-ca=" + GetParam().ca), "");
  // An authority that the system does not know.
  EXPECT_THROW(at(url("ssl-mode=verify-full")), ConnectionError);
}

TEST_P(MysqlDriver, RefusesAWrongPasswordAndNamesThePlace) {
  const auto error = caught<ConnectionError>([&] { at(without_password()); });
  EXPECT_EQ(error.code(), "1045");
  EXPECT_THAT(error.what(), HasSubstr("127.0.0.1"));
  EXPECT_THAT(error.what(), HasSubstr(database_name()));
  EXPECT_FALSE(error.retryable());
}

TEST_P(MysqlDriver, SaysThatNobodyListens) {
  const auto error = caught<ConnectionError>([&] { at("mysql://kin:secret@127.0.0.1:1/library"); });
  EXPECT_THAT(error.what(), HasSubstr("127.0.0.1:1"));
  EXPECT_THAT(error.what(), Not(HasSubstr("secret")));
  EXPECT_TRUE(error.retryable());
}

TEST_P(MysqlDriver, RefusesAUrlThatItCantRead) {
  for (const char* const wrong :
       {"postgresql://localhost/x", "mysql://localhost:port/x", "mysql://u:%4@localhost/x",
        "mysql://localhost/x?ssl-mode=maybe", "mysql://localhost/x?color=red"}) {
    const auto error = caught<ValidationError>([&] { at(wrong); });
    EXPECT_THAT(error.what(), HasSubstr("client_url"));
  }
}

TEST_P(MysqlDriver, ReplacesAConnectionThatTheServerHasClosed) {
  const auto driver = make_driver();
  const Loan killer = lend(*driver);
  std::int64_t id = 0;
  {
    const Loan loan = lend(*driver);
    id = integer(loan, "select connection_id()");
  }
  execute(killer, "kill " + std::to_string(id));
  std::this_thread::sleep_for(100ms);
  const Loan loan = lend(*driver);
  EXPECT_NE(integer(loan, "select connection_id()"), id);
}

TEST_P(MysqlDriver, ReportsAConnectionThatBreaksInUse) {
  const auto driver = make_driver({}, [](Options& options) { options.pool_size = 2; });
  const Loan killer = lend(*driver);
  {
    const Loan loan = lend(*driver);
    begin(loan);
    execute(killer, "kill " + std::to_string(integer(loan, "select connection_id()")));
    const auto error = caught<ConnectionError>([&] { integer(loan, "select 1"); });
    EXPECT_TRUE(error.retryable());
    EXPECT_TRUE(loan->transaction_lost());
  }
  EXPECT_EQ(integer(lend(*driver), "select 1"), 1);
}

TEST_P(MysqlDriver, RollsBackWhatALoanLeavesOpen) {
  const auto driver = make_driver({}, [](Options& options) { options.pool_size = 1; });
  {
    const Loan loan = lend(*driver);
    execute(loan, "create table t (x integer)");
    begin(loan);
    execute(loan, "insert into t values (1)");
  }
  EXPECT_EQ(integer(lend(*driver), "select count(*) from t"), 0);
}

Task<std::uint64_t> sleep_in(const Loan& loan) {
  FirstCell cell;
  const std::span<const ValueView> no_parameters;
  co_return co_await loan->execute("select sleep(0.4)", no_parameters, &cell);
}

TEST_P(MysqlDriver, SuspendsWhileItWaits) {
  for (const mysql::Tls tls : {mysql::Tls::off, mysql::Tls::required}) {
    mysql::Options settings;
    settings.tls = tls;
    const auto driver = make_driver(settings);
    const Loan first = lend(*driver);
    const Loan second = lend(*driver);
    const auto start = std::chrono::steady_clock::now();
    std::vector<Task<std::uint64_t>> both;
    both.push_back(sleep_in(first));
    both.push_back(sleep_in(second));
    sync_wait(when_all(std::move(both)));
    EXPECT_LT(std::chrono::steady_clock::now() - start, 700ms);
  }
}

/// Where nobody ever looks.
struct Drawer final : Executor {
  void post(std::coroutine_handle<>) override {}
};

TEST_P(MysqlDriver, ATaskDroppedWhileItWaitsCostsItsConnection) {
  for (const mysql::Tls tls : {mysql::Tls::off, mysql::Tls::required}) {
    mysql::Options settings;
    settings.tls = tls;
    const auto driver = make_driver(settings, [](Options& options) { options.pool_size = 1; });
    const auto start = std::chrono::steady_clock::now();
    {
      Drawer nowhere;
      const Loan loan = lend(*driver);
      const Task<std::uint64_t> task = resume_on(nowhere, sleep_in(loan));
      detail::resume(detail::TaskAccess::handle(task));
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, 300ms);
    EXPECT_EQ(integer(lend(*driver), "select 1"), 1);
  }
}

TEST_P(MysqlDriver, GivesUpOnASilentServer) {
  for (const mysql::Tls tls : {mysql::Tls::off, mysql::Tls::required}) {
    mysql::Options settings;
    settings.read_timeout = 1s;
    settings.tls = tls;
    const auto driver = make_driver(settings);
    const auto error = caught<ConnectionError>([&] { integer(lend(*driver), "select sleep(5)"); });
    EXPECT_TRUE(error.retryable());
    EXPECT_EQ(integer(lend(*driver), "select 1"), 1);
  }
}

KIN_ON_MYSQL_AND_MARIADB(MysqlDriver);

}  // namespace
}  // namespace kin::seam_test
