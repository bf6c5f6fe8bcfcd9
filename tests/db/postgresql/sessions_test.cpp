// SPDX-License-Identifier: MIT
// What is PostgreSQL's own of sessions: row level security by hooks, advisory locks, prepared statements, and
// what goes over the wire.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include "db/support/database.hpp"

namespace kin::test::postgresql_sessions {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

struct Order {
  std::int64_t id{};
  std::string tenant{};
  std::string what{};
};
inline void describe(Schema<Order>& order) { order.table("orders"); }

std::vector<Database> postgresql_databases() {
  std::vector<Database> found;
  for (const Database& database : databases())
    if (database.name == "PostgreSQL") found.push_back(database);
  return found;
}

class PostgresqlSessions : public DatabaseTest {
 protected:
  /// Starts an Orm with one connection, and keeps the options for others on the same database.
  void start_with_one_connection() {
    start(entities<Order>, [this](Options& options) {
      options.pool_size = 1;
      options_ = options;
    });
    options_.query_logger = {};
  }
  Options options_;

  static EntityManager em_of(Orm& orm, const std::string& tenant) {
    ManagerOptions options;
    options.on_reserve_connection = [tenant](ConnectionSetup& setup) {
      setup.execute("select set_config('app.tenant', {}, false)", tenant);
    };
    return orm.em(std::move(options));
  }
  /// The text that the pool's one connection has run last, as the server tells it.
  std::string last_query(Orm& observer, std::int64_t process) {
    return observer.em()
        .execute("select query from pg_stat_activity where pid = {}", process)[0]
        .get<std::string>("query");
  }
};

TEST_P(PostgresqlSessions, TwoTenantsOnOnePoolSeeTheirOwnRows) {
  const std::string role = "kin_tenant_" + std::to_string(getpid());
  start_with_one_connection();
  // A superuser sees everything, so the connections take on a role that is none.
  EntityManager admin = orm().em();
  admin.execute("drop role if exists " + role);
  admin.execute("create role " + role);
  const std::string schema = admin.execute("select current_schema()::text as s")[0].get<std::string>("s");
  admin.execute("grant usage on schema " + schema + " to " + role);
  admin.execute("grant all on all tables in schema " + schema + " to " + role);
  admin.execute("grant all on all sequences in schema " + schema + " to " + role);
  admin.execute("alter table orders enable row level security");
  admin.execute("create policy own on orders using (tenant = current_setting('app.tenant', true))");

  Options options = options_;
  options.on_create_connection = [role](ConnectionSetup& setup) { setup.execute("set role " + role); };
  {
    Orm shop(options);
    for (const std::string tenant : {"red", "blue", "red"}) {
      EntityManager em = em_of(shop, tenant);
      em.create<Order>({.tenant = tenant, .what = "a chair"});
      em.flush();
    }
    EntityManager red = em_of(shop, "red");
    EntityManager blue = em_of(shop, "blue");
    EXPECT_EQ(red.count<Order>(), 2u);
    EXPECT_EQ(blue.count<Order>(), 1u);
    EXPECT_EQ(sync_wait(red.count_async<Order>()), 2u);
    red.transactional([](EntityManager& em) { EXPECT_EQ(em.find<Order>().list().size(), 2u); });
    EXPECT_EQ(shop.em().count<Order>(), 0u) << "no tenant, no rows: nothing is left of the last one";
    blue.create<Order>({.tenant = "red", .what = "what is not theirs"});
    EXPECT_THROW(blue.flush(), DriverError);
  }
  EXPECT_EQ(orm().em().count<Order>(), 3u) << "the superuser sees all";
  admin.execute("drop owned by " + role);
  admin.execute("drop role " + role);
}

TEST_P(PostgresqlSessions, AnAdvisoryLockThatWasLeftIsFreeSoon) {
  start_with_one_connection();
  Orm other(options_);
  orm().em().execute("select pg_advisory_lock(77001)::text");
  EntityManager em = other.em();
  em.begin();
  bool is_free = false;
  for (int i = 0; i < 400 && !is_free; ++i) {
    is_free = em.execute("select pg_try_advisory_xact_lock(77001) as yes")[0].get<bool>("yes");
    if (!is_free) std::this_thread::sleep_for(5ms);
  }
  EXPECT_TRUE(is_free) << "although nobody has used the connection since";
  em.rollback();
}

TEST_P(PostgresqlSessions, OrdinaryUseSendsNothingBetweenLoansAndARawStatementDoes) {
  start_with_one_connection();
  Orm observer(options_);
  const std::int64_t process =
      orm().em().execute("select pg_backend_pid()::bigint as id")[0].get<std::int64_t>("id");
  (void)orm().em().count<Order>();
  EXPECT_THAT(last_query(observer, process), StartsWith("select count"));
  (void)orm().em().execute("select id from orders where id = {}", 1);
  EXPECT_THAT(last_query(observer, process), StartsWith("select id"));
  orm().em().execute("set statement_timeout = 5000");
  std::string last = last_query(observer, process);
  // It is sent without waiting for it.
  for (int i = 0; i < 400 && last.find("reset all") == std::string::npos; ++i) {
    std::this_thread::sleep_for(5ms);
    last = last_query(observer, process);
  }
  EXPECT_THAT(last, HasSubstr("reset all"));
}

TEST_P(PostgresqlSessions, APreparedStatementByAUsersOwnNameIsGone) {
  start_with_one_connection();
  EntityManager em = orm().em();
  for (int i = 0; i < 3; ++i) {
    em.execute("prepare mine as select 1");  // would be refused if it were there already
    EXPECT_EQ(em.count<Order>(), 0u);
  }
}

TEST_P(PostgresqlSessions, ARoleThatWasTakenOnIsGone) {
  start_with_one_connection();
  EntityManager em = orm().em();
  em.execute("set role pg_monitor");
  EXPECT_EQ(em.execute("select current_user::text as name")[0].get<std::string>("name"),
            em.execute("select session_user::text as name")[0].get<std::string>("name"));
  EXPECT_EQ(em.count<Order>(), 0u);
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(PostgresqlSessions);
INSTANTIATE_TEST_SUITE_P(Db, PostgresqlSessions, testing::ValuesIn(postgresql_databases()),
                         [](const auto& info) { return info.param.name; });

}  // namespace kin::test::postgresql_sessions
