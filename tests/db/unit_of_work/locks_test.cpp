// SPDX-License-Identifier: MIT
// Pessimistic locks: what they send, what they need, and whom they keep out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kin/kin.hpp>

#include <string>
#include <vector>

#include "db/support/database.hpp"

namespace kin::test::uow_locks {

struct Account {
  std::int64_t id{};
  int balance{};
};

class UowLocks : public DatabaseTest {
 protected:
  void start_accounts() {
    EntityManager em = start(entities<Account>).em();
    em.create<Account>({.balance = 1});
    em.create<Account>({.balance = 2});
    em.flush();
    clear_statements();
  }
};

constexpr LockMode pessimistic[] = {
    LockMode::pessimistic_read,          LockMode::pessimistic_write,        LockMode::pessimistic_partial_read,
    LockMode::pessimistic_partial_write, LockMode::pessimistic_read_or_fail, LockMode::pessimistic_write_or_fail};

TEST_P(UowLocks, NeedATransaction) {
  start_accounts();
  EntityManager em = orm().em();
  for (const LockMode mode : pessimistic) {
    EXPECT_THROW(em.find_one<Account>(1, mode), TransactionStateError);
    EXPECT_THROW(em.find<Account>().lock(mode).list(), TransactionStateError);
  }
  EXPECT_TRUE(statements().empty());
}

TEST_P(UowLocks, ReadTheRowAlsoWhenItIsKnown) {
  start_accounts();
  EntityManager em = orm().em();
  const auto known = em.find_one_or_fail<Account>(1);
  em.begin();
  for (const LockMode mode : pessimistic) {
    clear_statements();
    EXPECT_EQ(em.find_one_or_fail<Account>(1, mode), known);
    ASSERT_EQ(statements().size(), 1u);
    const std::string& sent_text = sent().front();
    const bool locks = sent_text.find(" for ") != std::string::npos || sent_text.find(" lock in ") != std::string::npos;
    EXPECT_EQ(locks, traits().locks_rows) << sent_text;
    EXPECT_EQ(em.find<Account>().order_by(field<&Account::id>.asc()).lock(mode).list().size(), 2u);
  }
  em.rollback();
}

/// Where a lock is on rows: SQLite's writer has the whole database.
class UowRowLocks : public UowLocks {};

TEST_P(UowRowLocks, LeaveOutRowsOrFailAtOnceWhereOthersHaveThem) {
  start_accounts();
  EntityManager holder = orm().em();
  holder.begin();
  holder.find_one_or_fail<Account>(1, LockMode::pessimistic_write);
  EntityManager em = orm().em();
  em.begin();
  const auto rest = em.find<Account>().lock(LockMode::pessimistic_partial_write).list();
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0]->balance, 2);
  EXPECT_FALSE(em.find_one<Account>(1, LockMode::pessimistic_partial_read));
  EXPECT_THROW(em.find_one<Account>(1, LockMode::pessimistic_write_or_fail), LockWaitTimeoutError);
  em.rollback();
  em.begin();
  EXPECT_THROW(em.find_one<Account>(1, LockMode::pessimistic_read_or_fail), LockWaitTimeoutError);
  em.rollback();
  holder.rollback();
  em.begin();
  EXPECT_TRUE(em.find_one<Account>(1, LockMode::pessimistic_write_or_fail));
  em.rollback();
}

std::vector<Database> row_locking_databases() {
  std::vector<Database> found;
  for (const Database& database : databases())
    if (database.traits.locks_rows) found.push_back(database);
  return found;
}

KIN_ON_EVERY_DATABASE(UowLocks);
INSTANTIATE_TEST_SUITE_P(Db, UowRowLocks, testing::ValuesIn(row_locking_databases()),
                         [](const auto& info) { return info.param.name; });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(UowRowLocks);

}  // namespace kin::test::uow_locks
