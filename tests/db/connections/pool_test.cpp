// SPDX-License-Identifier: MIT
// How many connections there are, and for how long.
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "db/support/database.hpp"

namespace kin::test::pool {

using namespace std::chrono_literals;
using testing::HasSubstr;

struct Note {
  std::int64_t id{};
  std::string text{};
};

class ConnectionPool : public DatabaseTest {
 protected:
  // On SQLite others need not wait for such a transaction.
  const TransactionOptions reading{.read_only = true};
  std::atomic<int> opened_ = 0;

  void use_at_once(int connections) {
    std::vector<EntityManager> managers;
    for (int i = 0; i < connections; ++i) managers.push_back(orm().em());
    for (EntityManager& em : managers) em.begin(reading);
    for (EntityManager& em : managers) em.rollback();
  }
};

TEST_P(ConnectionPool, SurplusConnectionsAreClosedWhenTheyAreIdleForTooLong) {
  start(entities<Note>, [this](Options& options) {
    options.pool_size = 3;
    options.pool_min = 1;
    options.pool_idle_time = 100ms;
    options.on_create_connection = [this](ConnectionSetup&) { ++opened_; };
  });
  use_at_once(3);
  EXPECT_GE(opened_, 3);
  std::this_thread::sleep_for(600ms);
  opened_ = 0;
  use_at_once(3);
  EXPECT_EQ(opened_, 2) << "one was kept";
  EXPECT_EQ(orm().em().count<Note>(), 0u);
}

TEST_P(ConnectionPool, WithoutAnIdleTimeTheyStay) {
  start(entities<Note>, [this](Options& options) {
    options.pool_size = 3;
    options.on_create_connection = [this](ConnectionSetup&) { ++opened_; };
  });
  use_at_once(3);
  std::this_thread::sleep_for(100ms);
  opened_ = 0;
  use_at_once(3);
  EXPECT_EQ(opened_, 0);
}

TEST_P(ConnectionPool, ANestedManagerAtPoolSizeOneFailsInsteadOfHanging) {
  start(entities<Note>, [](Options& options) {
    options.pool_size = 1;
    options.acquire_timeout = 50ms;
  });
  EntityManager em = orm().em();
  em.begin();
  EntityManager nested = orm().em();
  try {
    (void)nested.count<Note>();
    FAIL() << "the pool lent more than it has";
  } catch (const ConnectionError& error) {
    EXPECT_THAT(error.what(), HasSubstr("hold a transaction while it waits for another manager"));
    EXPECT_THAT(error.what(), HasSubstr("end it first, or raise Options::pool_size"));
  }
  EXPECT_THROW((void)sync_wait(nested.count_async<Note>()), ConnectionError);
  em.rollback();
  EXPECT_EQ(nested.count<Note>(), 0u);
}

TEST_P(ConnectionPool, BoundsThatContradictEachOtherAreRefused) {
  EXPECT_THROW(start(entities<Note>, [](Options& options) { options.pool_size = 0; }), ValidationError);
  const auto change = [](Options& options) {
    options.pool_size = 2;
    options.pool_min = 3;
  };
  EXPECT_THROW(start(entities<Note>, change), ValidationError);
}

KIN_ON_EVERY_DATABASE(ConnectionPool);

}  // namespace kin::test::pool
