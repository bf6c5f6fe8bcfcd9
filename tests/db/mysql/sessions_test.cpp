// SPDX-License-Identifier: MIT
// What a raw statement leaves in a session of MySQL or MariaDB, and how it is taken back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include "db/mysql/support.hpp"

namespace kin::seam_test {
namespace {

using namespace std::chrono_literals;

class MysqlSessions : public MysqlTest {
 protected:
  std::unique_ptr<driver::Driver> make_driver_with_one_connection(mysql::Options settings = {}) const {
    settings.on_connect.emplace_back("set @kept = 'kept'");
    return make_driver(std::move(settings), [](Options& options) { options.pool_size = 1; });
  }
};

TEST_P(MysqlSessions, VariablesAndModesAreAsTheyWereAtTheBeginning) {
  for (const mysql::Tls tls : {mysql::Tls::off, mysql::Tls::required}) {
    mysql::Options settings;
    settings.tls = tls;
    const auto driver = make_driver_with_one_connection(settings);
    std::int64_t id = 0;
    {
      const Loan loan = lend(*driver);
      id = integer(loan, "select cast(connection_id() as signed)");
      execute(loan, "set @left = 1, sql_mode = '', time_zone = '+05:00'");
      execute(loan, "set names latin1");
    }
    for (int i = 0; i < 2; ++i) {
      const Loan loan = lend(*driver);
      EXPECT_EQ(integer(loan, "select cast(connection_id() as signed)"), id) << "renewed, and not replaced";
      EXPECT_TRUE(value(loan, "select @left").is_null());
      EXPECT_EQ(text(loan, "select @kept"), "kept");
      EXPECT_EQ(text(loan, "select @@time_zone"), "+00:00");
      EXPECT_THAT(text(loan, "select @@sql_mode"), testing::HasSubstr("STRICT_ALL_TABLES"));
      EXPECT_EQ(text(loan, "select @@character_set_client"), "utf8mb4");
    }
  }
}

TEST_P(MysqlSessions, TheDatabaseIsTheConnectionsOwnAgain) {
  const auto driver = make_driver_with_one_connection();
  execute(lend(*driver), "use information_schema");
  EXPECT_EQ(text(lend(*driver), "select database()"), database_name());
}

TEST_P(MysqlSessions, ALockByNameThatWasLeftIsFreeSoon) {
  const auto driver = make_driver_with_one_connection();
  const auto other = make_driver_with_one_connection();
  const std::string name = database_name();
  const ValueView parameter = ValueView::text(name);
  EXPECT_EQ(integer(lend(*driver), "select get_lock({}, 0)", {parameter}), 1);
  const Loan waiting = lend(*other);
  EXPECT_EQ(integer(waiting, "select get_lock({}, 5)", {parameter}), 1)
      << "although nobody has used the connection since";
}

TEST_P(MysqlSessions, AConnectionThatEndsBeforeItIsRenewedEndsQuietly) {
  {
    const auto driver = make_driver_with_one_connection();
    execute(lend(*driver), "set @left = 1");
  }
  const auto driver = make_driver_with_one_connection();
  EXPECT_EQ(integer(lend(*driver), "select 1"), 1);
}

TEST_P(MysqlSessions, AConnectionThatWasKilledBeforeItIsRenewedIsReplaced) {
  const auto driver = make_driver_with_one_connection();
  const auto other = make_driver_with_one_connection();
  std::int64_t id = 0;
  {
    const Loan loan = lend(*driver);
    id = integer(loan, "select cast(connection_id() as signed)");
  }
  execute(lend(*other), "kill " + std::to_string(id));
  std::this_thread::sleep_for(50ms);
  EXPECT_NE(integer(lend(*driver), "select cast(connection_id() as signed)"), id);
}

TEST_P(MysqlSessions, ATransactionThatWasLeftOpenIsRolledBackFirst) {
  const auto driver = make_driver_with_one_connection();
  execute(lend(*driver), "create table t (id int primary key)");
  {
    const Loan loan = lend(*driver);
    begin(loan);
    execute(loan, "insert into t values (1)");
    execute(loan, "set @left = 1");
  }
  EXPECT_EQ(integer(lend(*driver), "select count(*) from t"), 0);
}

KIN_ON_MYSQL_AND_MARIADB(MysqlSessions);

}  // namespace
}  // namespace kin::seam_test
