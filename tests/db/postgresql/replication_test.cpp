// SPDX-License-Identifier: MIT
// A replica that follows its primary, as scripts/servers starts one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kin/kin.hpp>
#include <kin/postgresql.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "db/support/servers.hpp"

namespace kin::test::replication {

using namespace std::chrono_literals;

struct Note {
  std::int64_t id{};
  std::string text{};
};
/// A view of which each server makes its own row.
struct Server {
  std::int64_t id{};
  bool in_recovery{};
};

/// Where both servers are.
struct Pair {
  std::string primary;
  std::string replica;
};
void PrintTo(const Pair&, std::ostream* out) { *out << "PostgreSQL"; }

std::vector<Pair> pairs() {
  const Pair pair{environment("KIN_TEST_POSTGRESQL_URL"), environment("KIN_TEST_POSTGRESQL_REPLICA_URL")};
  if (pair.primary.empty() || pair.replica.empty()) return {};
  return {pair};
}

std::uint16_t port_in(const std::string& url) {
  return static_cast<std::uint16_t>(std::stoi(url.substr(url.find(':', url.find('@')) + 1)));
}

class Replication : public testing::TestWithParam<Pair> {
 protected:
  Replication() : database_(GetParam().primary) {}

  void SetUp() override {
    // Whether the replica follows is one setting for all, so the tests of several processes go one by one.
    primary_ = orm_at(database_.url());
    turn_ = std::make_unique<EntityManager>(primary_->em());
    turn_->begin();
    turn_->execute("select pg_advisory_xact_lock(20250)::text");
    replica_ = orm_at(GetParam().replica);
    follow(true);
  }
  void TearDown() override {
    follow(true);
    orm_.reset();
  }

  Orm& start(const std::function<void(Options&)>& change = {}) {
    Options options = options_at(database_.url());
    ReplicaOptions replica;
    replica.port = port_in(GetParam().replica);
    options.replicas = {replica};
    if (change) change(options);
    orm_ = std::make_unique<Orm>(std::move(options));
    orm_->schema().create();
    EntityManager em = orm_->em();
    em.execute("drop table server");
    em.execute("create view server as select 1::bigint as id, pg_is_in_recovery() as in_recovery");
    catch_up();
    return *orm_;
  }
  Orm& orm() { return *orm_; }

  void follow(bool follows) {
    replica_->em().execute(follows ? "select pg_wal_replay_resume()::text"
                                   : "select pg_wal_replay_pause()::text");
    if (follows) return;
    wait_for("select (pg_get_wal_replay_pause_state() = 'paused')::text as yes");
  }
  void catch_up() {
    const std::string now =
        primary_->em().execute("select pg_current_wal_insert_lsn()::text as lsn")[0].get<std::string>("lsn");
    wait_for("select (pg_last_wal_replay_lsn() >= '" + now + "')::text as yes");
  }
  static bool reads_from_replica(EntityManager& em) {
    em.clear();
    return em.find_one_or_fail<Server>(1)->in_recovery;
  }

 private:
  static Options options_at(const std::string& url) {
    Options options;
    options.driver = postgresql::driver();
    options.client_url = url;
    options.entities = entities<Note, Server>;
    return options;
  }
  static std::unique_ptr<Orm> orm_at(const std::string& url) {
    return std::make_unique<Orm>(options_at(url));
  }
  void wait_for(const std::string& question) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (replica_->em().execute(question)[0].get<std::string>("yes") != "true") {
      if (std::chrono::steady_clock::now() > end)
        throw std::runtime_error("the replica does not follow: " + question);
      std::this_thread::sleep_for(5ms);
    }
  }

  const ServerDatabase database_;
  std::unique_ptr<Orm> primary_;
  std::unique_ptr<EntityManager> turn_;
  std::unique_ptr<Orm> replica_;
  std::unique_ptr<Orm> orm_;
};

TEST_P(Replication, ReadsHitTheReplicaAndAllElseThePrimary) {
  start();
  EntityManager em = orm().em();
  EXPECT_TRUE(reads_from_replica(em));
  em.transactional([](EntityManager& inner) { EXPECT_FALSE(reads_from_replica(inner)); });
  em.begin({.read_only = true});
  EXPECT_FALSE(reads_from_replica(em));
  em.rollback();
  EXPECT_TRUE(reads_from_replica(em));
  em.clear();
  EXPECT_FALSE(em.find<Server>().connection_type(ConnectionType::write).one()->in_recovery);
  em.create<Note>({.text = "a"});
  em.flush();  // a replica would refuse it
  EXPECT_FALSE(em.find_one_or_fail<Server>(1)->in_recovery && em.find<Server>().refresh().one()->in_recovery)
      << "pinned";
}

TEST_P(Replication, WhoHasWrittenSeesItAtOnceAndOthersWhenTheReplicaHasIt) {
  start();
  follow(false);
  EntityManager writer = orm().em();
  writer.create<Note>({.text = "new"});
  writer.flush();
  EXPECT_EQ(writer.count<Note>(), 1u) << "pinned to the primary";
  EXPECT_EQ(orm().em().count<Note>(), 0u) << "the replica lags behind";
  writer.clear();
  EXPECT_EQ(writer.count<Note>(), 0u) << "a new unit of work";
  follow(true);
  catch_up();
  EXPECT_EQ(orm().em().count<Note>(), 1u);
}

TEST_P(Replication, WithoutPinningTheLagShows) {
  start([](Options& options) { options.pin_reads_after_write = false; });
  follow(false);
  EntityManager em = orm().em();
  em.create<Note>({.text = "new"});
  em.flush();
  EXPECT_EQ(em.count<Note>(), 0u);
  EXPECT_EQ(em.find<Note>().connection_type(ConnectionType::write).count(), 1u);
}

TEST_P(Replication, ARawSettingOnTheReplicaIsGoneInTheNextLoan) {
  ManagerOptions own;
  own.on_reserve_connection = [](ConnectionSetup& setup) { setup.execute("set statement_timeout = 77777"); };
  start([](Options& options) { options.pool_size = 1; });
  orm().em().execute("drop view server");
  orm().em().execute(
      "create view server as select 1::bigint as id, current_setting('statement_timeout') = '77777ms' as "
      "in_recovery");
  catch_up();
  EXPECT_TRUE(orm().em(own).find_one_or_fail<Server>(1)->in_recovery);
  EXPECT_FALSE(orm().em().find_one_or_fail<Server>(1)->in_recovery);
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Replication);
INSTANTIATE_TEST_SUITE_P(Db, Replication, testing::ValuesIn(pairs()),
                         [](const auto&) { return std::string("PostgreSQL"); });

}  // namespace kin::test::replication
