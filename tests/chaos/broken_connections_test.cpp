// SPDX-License-Identifier: MIT
// Connections that break: the typed error, what the database holds then, and that the next unit of work succeeds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kin/kin.hpp>

#include <chrono>
#include <string>

#include "chaos/servers.hpp"

namespace kin::test::broken_connections {

struct Account {
  std::int64_t id{};
  std::string name{};
  int balance{};
};

namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class BrokenConnections : public ServerTest {
 protected:
  void start_accounts() {
    start(entities<Account>);
    EntityManager em = direct().em();
    for (int i = 1; i <= 3; ++i) em.create<Account>({.name = "account " + std::to_string(i), .balance = 100});
    em.flush();
  }

  std::uint64_t rows() { return direct().em().count<Account>(); }
  int sum() {
    int sum = 0;
    EntityManager em = direct().em();
    for (const auto& account : em.find<Account>().list()) sum += account->balance;
    return sum;
  }

  void expect_working() {
    const std::uint64_t before = rows();
    EntityManager em = orm().em();
    em.create<Account>({.name = "afterwards"});
    em.flush();
    EXPECT_EQ(rows(), before + 1);
  }

  /// Not with a parameter, which MySQL's kill does not take.
  void kill(std::int64_t id) {
    std::string text = harm().kill;
    direct().em().execute(text.replace(text.find("{}"), 2, std::to_string(id)));
  }
  std::int64_t own_id(EntityManager& em) { return em.execute(harm().own_id)[0].get<std::int64_t>("id"); }
};

TEST_P(BrokenConnections, AnIdleOneThatWasEndedIsReplacedUnnoticed) {
  start_accounts();
  std::int64_t id = 0;
  {
    EntityManager em = orm().em();
    id = own_id(em);
  }
  kill(id);
  std::this_thread::sleep_for(50ms);
  expect_working();
}

TEST_P(BrokenConnections, OneThatEndsInATransactionIsAConnectionError) {
  start_accounts();
  EntityManager em = orm().em();
  em.begin();
  const Ref<Account> account = em.find_one<Account>(1);
  account->balance = 0;
  kill(own_id(em));
  EXPECT_THROW(em.flush(), ConnectionError);
  em.rollback();
  EXPECT_EQ(sum(), 300);
  // What was to be written still is.
  em.flush();
  EXPECT_EQ(sum(), 200);
}

TEST_P(BrokenConnections, CutInTheMiddleOfAResult) {
  start_accounts();
  {
    EntityManager em = direct().em();
    for (int i = 0; i < 2000; ++i) em.create<Account>({.name = std::string(100, 'x')});
    em.flush();
  }
  EntityManager em = orm().em();
  EXPECT_EQ(em.find<Account>().list().size(), 2003u);
  em.clear();
  proxy().cut_after_answer_bytes(50'000);
  try {
    em.find<Account>().list();
    FAIL() << "a broken result was taken for a whole one";
  } catch (const ConnectionError& error) {
    EXPECT_TRUE(error.retryable());
    EXPECT_THAT(error.sql(), HasSubstr("select"));
  }
  proxy().start();
  EXPECT_EQ(em.find<Account>().list().size(), 2003u);
}

TEST_P(BrokenConnections, CutInTheMiddleOfAFlushLeavesNothingHalfWritten) {
  start_accounts();
  EntityManager em = orm().em();
  const Ref<Account> account = em.find_one<Account>(1);
  account->balance = 0;
  em.create<Account>({.name = "new"});
  proxy().cut_before_request("update");
  EXPECT_THROW(em.flush(), ConnectionError);
  EXPECT_EQ(rows(), 3u);
  EXPECT_EQ(sum(), 300);
  em.flush();  // all is still pending
  EXPECT_EQ(rows(), 4u);
  EXPECT_EQ(sum(), 200);
}

TEST_P(BrokenConnections, CutInCommitSaysThatTheOutcomeIsUnknownAndIsNotRetried) {
  start_accounts();
  EntityManager em = orm().em();
  int tries = 0;
  proxy().cut_after_request("commit");
  try {
    em.transactional(
        [&](EntityManager& inner) {
          ++tries;
          inner.find_one<Account>(1)->balance += 5;
        },
        {.retries = 3});
    FAIL() << "a commit without an answer was taken for one that succeeded";
  } catch (const ConnectionError& error) {
    EXPECT_FALSE(error.retryable());
    EXPECT_THAT(error.what(), HasSubstr("unknown"));
  }
  EXPECT_EQ(tries, 1);
  // It did take effect here, which nobody could know: to run it again would have done it twice.
  std::this_thread::sleep_for(100ms);
  EXPECT_EQ(sum(), 305);
  em.clear();
  expect_working();
}

TEST_P(BrokenConnections, AServerThatStopsAndStartsNeedsNoNewOrm) {
  start_accounts();
  EntityManager em = orm().em();
  EXPECT_EQ(em.count<Account>(), 3u);
  proxy().stop();
  EXPECT_THROW(em.count<Account>(), ConnectionError);
  EXPECT_THROW(em.count<Account>(), ConnectionError);
  proxy().start();
  EXPECT_EQ(em.count<Account>(), 3u);
  expect_working();
}

TEST_P(BrokenConnections, TransactionalWithRetriesSurvivesOne) {
  start_accounts();
  EntityManager em = orm().em();
  int tries = 0;
  em.transactional(
      [&](EntityManager& inner) {
        const Ref<Account> account = inner.find_one<Account>(1);
        account->balance -= 10;
        if (++tries == 1) kill(own_id(inner));
      },
      {.retries = 2});
  EXPECT_EQ(tries, 2);
  EXPECT_EQ(sum(), 290);
}

TEST_P(BrokenConnections, AsyncVerbsGetTheSameErrors) {
  start_accounts();
  EntityManager em = orm().em();
  em.create<Account>({.name = "new"});
  proxy().cut_before_request("commit");
  EXPECT_THROW(sync_wait(em.flush_async()), ConnectionError);
  EXPECT_EQ(rows(), 3u);
  sync_wait(em.flush_async());
  EXPECT_EQ(rows(), 4u);
}

KIN_ON_EVERY_SERVER(BrokenConnections);

}  // namespace
}  // namespace kin::test::broken_connections
