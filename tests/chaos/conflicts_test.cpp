// SPDX-License-Identifier: MIT
// Two managers in each other's way: deadlocks, serialization failures, locks and statements that take too long.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kin/kin.hpp>

#include <atomic>
#include <chrono>
#include <latch>
#include <string>
#include <thread>

#include "chaos/servers.hpp"

namespace kin::test::conflicts {

struct Account {
  std::int64_t id{};
  int balance{};
};

namespace {

using namespace std::chrono_literals;

class Conflicts : public ServerTest {
 protected:
  void start_accounts() {
    start(entities<Account>, 4);
    EntityManager em = direct().em();
    em.create<Account>({.balance = 100});
    em.create<Account>({.balance = 100});
    em.flush();
  }
  int balance(int id) { return direct().em().find_one_or_fail<Account>(id)->balance; }
};

TEST_P(Conflicts, ADeadlockEndsOneOfTwoAndTheWorkRunsAgain) {
  start_accounts();
  std::latch both_hold_one(2);
  std::atomic<int> tries{0};
  const auto move_money = [&](int from, int to) {
    EntityManager em = orm().em();
    bool first = true;
    em.transactional(
        [&](EntityManager& inner) {
          ++tries;
          inner.find_one_or_fail<Account>(from, LockMode::pessimistic_write)->balance -= 10;
          if (std::exchange(first, false)) both_hold_one.arrive_and_wait();
          inner.find_one_or_fail<Account>(to, LockMode::pessimistic_write)->balance += 10;
        },
        {.retries = 5});
  };
  std::thread other([&] { move_money(1, 2); });
  move_money(2, 1);
  other.join();
  EXPECT_GE(tries, 3);
  EXPECT_EQ(balance(1), 100);
  EXPECT_EQ(balance(2), 100);
}

// Some databases undo the whole transaction then, and not the savepoint alone: what came next would be for
// good at once.
TEST_P(Conflicts, WorkThatPutsUpWithADeadlockIsWrittenAsAWholeOrNotAtAll) {
  start_accounts();
  std::latch both_hold_one(2);
  std::atomic<int> deadlocks{0};
  const auto move_money = [&](int from, int to) {
    EntityManager em = orm().em();
    bool first = true;
    em.transactional(
        [&](EntityManager& outer) {
          outer.find_one_or_fail<Account>(from, LockMode::pessimistic_write)->balance -= 10;
          outer.flush();
          if (std::exchange(first, false)) both_hold_one.arrive_and_wait();
          try {
            outer.transactional(
                [&](EntityManager& inner) {
                  inner.find_one_or_fail<Account>(to, LockMode::pessimistic_write)->balance += 10;
                },
                {.propagation = Propagation::nested});
          } catch (const DeadlockError&) {
            ++deadlocks;
            outer.create<Account>({.balance = 10});
          }
        },
        {.retries = 5});
  };
  std::thread other([&] { move_money(1, 2); });
  move_money(2, 1);
  other.join();
  EXPECT_GE(deadlocks, 1);
  int sum = 0;
  EntityManager em = direct().em();
  for (const Ref<Account>& account : em.find<Account>().list()) sum += account->balance;
  EXPECT_EQ(sum, 200);
}

TEST_P(Conflicts, ADeadlockWithoutRetriesIsATypedErrorAndTheManagerGoesOn) {
  start_accounts();
  std::latch both_hold_one(2);
  std::atomic<int> deadlocks{0};
  const auto lock_both = [&](int first, int second) {
    EntityManager em = orm().em();
    try {
      em.begin();
      em.find_one_or_fail<Account>(first, LockMode::pessimistic_write);
      both_hold_one.arrive_and_wait();
      em.find_one_or_fail<Account>(second, LockMode::pessimistic_write);
      em.commit();
    } catch (const DeadlockError& error) {
      EXPECT_TRUE(error.retryable());
      ++deadlocks;
      em.rollback();
    }
    EXPECT_EQ(em.count<Account>(), 2u);
  };
  std::thread other([&] { lock_both(1, 2); });
  lock_both(2, 1);
  other.join();
  EXPECT_EQ(deadlocks, 1);
}

TEST_P(Conflicts, SerializableWorkThatCollidesRunsAgain) {
  start_accounts();
  std::latch both_have_read(2);
  const auto add = [&] {
    EntityManager em = orm().em();
    bool first = true;
    em.transactional(
        [&](EntityManager& inner) {
          const Ref<Account> account = inner.find_one_or_fail<Account>(1);
          if (std::exchange(first, false)) both_have_read.arrive_and_wait();
          account->balance += 1;
        },
        {.isolation = Isolation::serializable, .retries = 10});
  };
  std::thread other(add);
  add();
  other.join();
  EXPECT_EQ(balance(1), 102);
}

TEST_P(Conflicts, ALockThatIsNotGrantedInTime) {
  start_accounts();
  EntityManager holder = orm().em();
  holder.begin();
  holder.find_one_or_fail<Account>(1, LockMode::pessimistic_write);
  EntityManager em = orm().em();
  em.begin();
  em.execute(harm().limit_locks);
  try {
    em.find_one_or_fail<Account>(1, LockMode::pessimistic_write);
    FAIL() << "a lock was granted twice";
  } catch (const LockWaitTimeoutError& error) {
    EXPECT_TRUE(error.retryable());
  }
  em.rollback();
  holder.rollback();
  EXPECT_TRUE(em.find_one<Account>(1));
}

TEST_P(Conflicts, AStatementThatTakesTooLong) {
  start_accounts();
  EntityManager em = orm().em();
  em.begin();
  em.execute(harm().limit_sleep);
  const auto begin = std::chrono::steady_clock::now();
  try {
    em.execute(harm().sleep);
    // MySQL lets a sleep end early and tells of no error.
  } catch (const DriverError& error) {
    EXPECT_FALSE(error.code().empty());
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 1900ms);
  em.rollback();
  EXPECT_EQ(em.count<Account>(), 2u);
}

KIN_ON_EVERY_SERVER(Conflicts);

}  // namespace
}  // namespace kin::test::conflicts
