// SPDX-License-Identifier: MIT
// begin, commit, rollback, savepoints, transactional and its retries.
#include <gmock/gmock.h>
#include <kin/sqlite.hpp>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "db/support/database.hpp"

namespace kin::test::uow_transactions {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Account {
  std::int64_t id{};
  std::string owner{};
  std::int64_t balance{};
};
inline void describe(Schema<Account>& account) { account.on<&Account::owner>(unique); }
inline constexpr EntityList entities = kin::entities<Account>;

struct Label {
  std::int64_t id{};
  std::string name{};
};
struct Shelf {
  std::int64_t id{};
  std::string name{};
  Collection<Label> labels{};
};

class UowTransactions : public DatabaseTest {
 protected:
  std::int64_t stored(const std::string& owner) {
    EntityManager em = orm().em();
    auto account = em.find_one<Account>(field<&Account::owner> == owner);
    return account ? account->balance : -1;
  }
};

TEST_P(UowTransactions, CommitFlushesAndKeeps) {
  EntityManager em = start(entities).em();
  em.begin();
  em.create<Account>({.owner = "a", .balance = 1});
  em.commit();
  EXPECT_EQ(statements().front(), "begin");
  EXPECT_EQ(statements().back(), "commit");
  EXPECT_EQ(stored("a"), 1);
}

TEST_P(UowTransactions, RollbackMakesWhatWasFlushedPendingAgain) {
  EntityManager em = start(entities).em();
  auto old_account = em.create<Account>({.owner = "old", .balance = 1});
  auto gone = em.create<Account>({.owner = "gone", .balance = 1});
  em.flush();
  em.begin();
  auto added = em.create<Account>({.owner = "added", .balance = 5});
  old_account->balance = 2;
  em.remove(gone);
  em.flush();
  EXPECT_GT(added->id, 0);
  em.rollback();
  EXPECT_EQ(stored("old"), 1);
  EXPECT_EQ(stored("added"), -1);
  EXPECT_EQ(stored("gone"), 1);
  EXPECT_EQ(added->id, 0) << "a generated key is taken back";
  EXPECT_EQ(old_account->balance, 2) << "memory keeps its values";
  EXPECT_TRUE(em.has_changes());
  em.flush();
  EXPECT_EQ(stored("old"), 2);
  EXPECT_EQ(stored("added"), 5);
  EXPECT_EQ(stored("gone"), -1);
}

TEST_P(UowTransactions, NestAsSavepoints) {
  EntityManager em = start(entities).em();
  em.begin();
  em.create<Account>({.owner = "a", .balance = 1});
  em.flush();
  em.begin();
  auto b = em.create<Account>({.owner = "b", .balance = 1});
  em.flush();
  em.rollback();
  EXPECT_EQ(b->id, 0);
  em.remove(b);
  em.begin();
  em.create<Account>({.owner = "c", .balance = 1});
  em.commit();
  em.commit();
  EXPECT_EQ(stored("a"), 1);
  EXPECT_EQ(stored("b"), -1);
  EXPECT_EQ(stored("c"), 1);
  std::size_t begins = 0;
  for (const std::string& sql : statements()) begins += sql.rfind("begin", 0) == 0;
  EXPECT_EQ(begins, 1u);
}

TEST_P(UowTransactions, RollbackOfTheOuterUndoesACommittedInner) {
  EntityManager em = start(entities).em();
  em.begin();
  em.begin();
  auto a = em.create<Account>({.owner = "a", .balance = 1});
  em.commit();
  EXPECT_GT(a->id, 0);
  em.rollback();
  EXPECT_EQ(a->id, 0);
  EXPECT_EQ(stored("a"), -1);
  em.flush();
  EXPECT_EQ(stored("a"), 1);
}

TEST_P(UowTransactions, OpenOnesEndWithTheirManager) {
  start(entities);
  {
    EntityManager em = orm().em();
    em.begin();
    em.create<Account>({.owner = "a", .balance = 1});
    em.flush();
  }
  EXPECT_EQ(stored("a"), -1);
  EntityManager em = orm().em();
  em.create<Account>({.owner = "b", .balance = 1});
  em.flush();
  EXPECT_EQ(stored("b"), 1);
}

TEST_P(UowTransactions, EndingWhatWasNotBegunIsAnError) {
  EntityManager em = start(entities).em();
  EXPECT_THROW(em.commit(), TransactionStateError);
  EXPECT_THROW(em.rollback(), TransactionStateError);
  em.begin();
  em.commit();
  EXPECT_THROW(em.commit(), TransactionStateError);
}

TEST_P(UowTransactions, TransactionalCommitsAndReturnsValues) {
  EntityManager em = start(entities).em();
  const std::string answer = em.transactional([](EntityManager& inner) {
    inner.create<Account>({.owner = "a", .balance = 1});
    return std::string("done");
  });
  EXPECT_EQ(answer, "done");
  EXPECT_THAT(statements(), ElementsAre("begin", HasSubstr("savepoint"), HasSubstr("insert"),
                                        HasSubstr("release savepoint"), "commit"));
  EXPECT_EQ(stored("a"), 1);
}

TEST_P(UowTransactions, TransactionalRollsBackAndRethrows) {
  EntityManager em = start(entities).em();
  Ref<Account> a;
  EXPECT_THROW(em.transactional([&](EntityManager& inner) {
                 a = inner.create<Account>({.owner = "a", .balance = 1});
                 inner.flush();
                 throw std::domain_error("mine");
               }),
               std::domain_error);
  EXPECT_EQ(statements().back(), "rollback");
  EXPECT_EQ(stored("a"), -1);
  EXPECT_EQ(a->id, 0);
  EXPECT_THROW(em.rollback(), TransactionStateError) << "none is left open";
}

TEST_P(UowTransactions, TransactionalNests) {
  EntityManager em = start(entities).em();
  em.transactional([&](EntityManager& outer) {
    outer.create<Account>({.owner = "a", .balance = 1});
    try {
      outer.transactional([&](EntityManager& inner) {
        auto b = inner.create<Account>({.owner = "b", .balance = 1});
        inner.flush();
        inner.remove(b);
        throw std::domain_error("mine");
      });
    } catch (const std::domain_error&) {
    }
  });
  EXPECT_EQ(stored("a"), 1);
}

TEST_P(UowTransactions, TransactionalClosesWhatItsWorkLeftOpen) {
  EntityManager em = start(entities).em();
  EXPECT_THROW(em.transactional([&](EntityManager& inner) {
                 inner.begin();
                 inner.begin();
                 throw std::domain_error("mine");
               }),
               std::domain_error);
  EXPECT_THROW(em.rollback(), TransactionStateError);
}

TEST_P(UowTransactions, ReadOnlyOnesRefuseToWrite) {
  EntityManager em = start(entities).em();
  EXPECT_THROW(em.transactional([](EntityManager& inner) { inner.create<Account>({.owner = "a"}); },
                                {.read_only = true}),
               ReadOnlyError);
  EXPECT_EQ(stored("a"), -1);
  em.flush();
  EXPECT_EQ(stored("a"), 0) << "it is pending still";
}

TEST_P(UowTransactions, ReadOnlyOnesRefuseStatementsThatWrite) {
  EntityManager em = start(entities).em();
  em.create<Account>({.owner = "a", .balance = 1});
  em.flush();
  for (const char* sql : {"insert into account (owner, balance) values ('b', 2)",
                          "update account set balance = 2", "delete from account"}) {
    em.begin({.read_only = true});
    EXPECT_EQ(em.count<Account>(), 1u);
    try {
      em.execute(sql);
      ADD_FAILURE() << sql << " was run";
    } catch (const ReadOnlyError& error) {
      EXPECT_THAT(error.sql(), HasSubstr(sql));
      EXPECT_FALSE(error.retryable());
    }
    em.rollback();
  }
  EXPECT_EQ(stored("a"), 1);
  EXPECT_EQ(stored("b"), -1);
}

TEST_P(UowTransactions, RetriesRunTheWorkAgainOnAManagerAsBefore) {
  EntityManager em = start(entities).em();
  auto a = em.create<Account>({.owner = "a", .balance = 10});
  em.flush();
  int runs = 0;
  em.transactional(
      [&](EntityManager& inner) {
        EXPECT_EQ(a->balance, 10) << "run " << runs;
        a->balance -= 3;
        inner.create<Account>({.owner = "b", .balance = 3});
        inner.flush();
        if (++runs < 3) throw LockWaitTimeoutError("pretended", ErrorDetails{.retryable = true});
      },
      {.retries = 3});
  EXPECT_EQ(runs, 3);
  EXPECT_EQ(stored("a"), 7);
  EXPECT_EQ(stored("b"), 3);
}

TEST_P(UowTransactions, RetriesWriteWhatWasPendingBeforeInEachTry) {
  EntityManager em = start(entities).em();
  auto old_account = em.create<Account>({.owner = "old", .balance = 10});
  auto gone = em.create<Account>({.owner = "gone", .balance = 10});
  em.flush();
  old_account->balance = 20;
  em.remove(gone);
  auto added = em.create<Account>({.owner = "added", .balance = 30});
  int runs = 0;
  em.transactional(
      [&](EntityManager& inner) {
        EXPECT_EQ(old_account->balance, 20) << "run " << runs;
        EXPECT_EQ(added->balance, 30) << "run " << runs;
        EXPECT_GT(added->id, 0) << "run " << runs;
        EXPECT_EQ(inner.count<Account>(), 2u) << "run " << runs;
        old_account->balance += 1;
        added->balance += 1;
        inner.flush();
        added->balance += 1;
        if (++runs < 3) throw LockWaitTimeoutError("pretended", ErrorDetails{.retryable = true});
      },
      {.retries = 3});
  EXPECT_EQ(runs, 3);
  EXPECT_EQ(stored("old"), 21);
  EXPECT_EQ(stored("added"), 32);
  EXPECT_EQ(stored("gone"), -1);
  EXPECT_FALSE(em.has_changes());
}

TEST_P(UowTransactions, RetriesKeepPendingLinks) {
  EntityManager em = start(kin::entities<Shelf, Label>).em();
  auto shelf = em.create<Shelf>({.name = "s"});
  auto one = em.create<Label>({.name = "1"});
  auto two = em.create<Label>({.name = "2"});
  em.flush();
  shelf->labels.add(one);
  int runs = 0;
  em.transactional(
      [&](EntityManager& inner) {
        EXPECT_EQ(shelf->labels.size(), 1u) << "run " << runs;
        shelf->labels.add(two);
        inner.flush();
        shelf->labels.remove(one);
        if (++runs < 3) throw LockWaitTimeoutError("pretended", ErrorDetails{.retryable = true});
      },
      {.retries = 3});
  EXPECT_EQ(runs, 3);
  EntityManager other = orm().em();
  auto again = other.find<Shelf>().populate<&Shelf::labels>().one_or_fail();
  ASSERT_EQ(again.get<&Shelf::labels>().size(), 1u);
  EXPECT_EQ((*again.get<&Shelf::labels>().begin())->name, "2");
}

TEST_P(UowTransactions, GivenUpLeavesPendingWhatWasPendingBefore) {
  EntityManager em = start(entities).em();
  auto added = em.create<Account>({.owner = "added", .balance = 30});
  EXPECT_THROW(em.transactional([&](EntityManager&) { throw std::domain_error("mine"); }, {.retries = 2}),
               std::domain_error);
  EXPECT_EQ(stored("added"), -1) << "all of it or nothing";
  EXPECT_EQ(added->id, 0);
  em.flush();
  EXPECT_EQ(stored("added"), 30);
}

TEST_P(UowTransactions, LinksAddedBeforeTheItemsWereLoadedArePendingAfterARollback) {
  EntityManager em = start(kin::entities<Shelf, Label>).em();
  auto shelf = em.create<Shelf>({.name = "s"});
  shelf->labels.add(em.create<Label>({.name = "1"}));
  auto two = em.create<Label>({.name = "2"});
  em.flush();
  EntityManager other = orm().em();
  auto theirs = other.find<Shelf>().one_or_fail();
  other.begin();
  theirs->labels.add(other.get_reference<Label>(two->id));
  other.flush();
  EXPECT_EQ(theirs->labels.load().size(), 2u);
  other.rollback();
  other.flush();
  EntityManager third = orm().em();
  EXPECT_EQ(third.find<Shelf>().one_or_fail()->labels.load().size(), 2u);
}

TEST_P(UowTransactions, RetriesEndWithTheError) {
  EntityManager em = start(entities).em();
  int runs = 0;
  EXPECT_THROW(em.transactional(
                   [&](EntityManager&) {
                     ++runs;
                     throw LockWaitTimeoutError("pretended", ErrorDetails{.retryable = true});
                   },
                   {.retries = 2}),
               LockWaitTimeoutError);
  EXPECT_EQ(runs, 3);
  runs = 0;
  EXPECT_THROW(em.transactional([&](EntityManager&) { ++runs; throw std::domain_error("mine"); }, {.retries = 2}),
               std::domain_error);
  EXPECT_EQ(runs, 1) << "only what says retryable()";
}

/// With another Orm on the same file.
class UowTransactionsOfTwo : public UowTransactions {};

TEST_P(UowTransactionsOfTwo, RetriesOutwaitAnotherConnectionsLock) {
  std::string file;
  start(entities, [&](Options& options) {
    options.driver = sqlite::driver({.busy_timeout = std::chrono::milliseconds(1)});
    file = options.db_name;
  });
  Orm second({.driver = sqlite::driver(), .db_name = file, .entities = entities});
  EntityManager holder = second.em();
  holder.begin();
  holder.create<Account>({.owner = "holder", .balance = 1});
  holder.flush();

  EntityManager em = orm().em();
  em.create<Account>({.owner = "a", .balance = 1});
  try {
    em.flush();
    ADD_FAILURE() << "the lock was not felt";
  } catch (const LockWaitTimeoutError& error) {
    EXPECT_TRUE(error.retryable());
  }
  EXPECT_TRUE(em.has_changes());
  EXPECT_THROW(em.transactional([](EntityManager&) {}), LockWaitTimeoutError);

  EntityManager other = orm().em();
  int runs = 0;
  clear_statements();
  std::thread releaser([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    holder.commit();
  });
  other.transactional(
      [&](EntityManager& inner) {
        ++runs;
        inner.create<Account>({.owner = "b", .balance = 1});
      },
      {.retries = 20});
  releaser.join();
  EXPECT_EQ(runs, 1) << "the lock is taken by begin, before the work";
  EXPECT_GT(statements().size(), 3u) << "begin was tried again";
  EXPECT_EQ(stored("b"), 1);
  em.flush();
  EXPECT_EQ(stored("a"), 1);
  EXPECT_EQ(stored("holder"), 1);
}

TEST_P(UowTransactionsOfTwo, RetriesOutwaitALockThatThePendingFlushMeets) {
  std::string file;
  start(entities, [&](Options& options) {
    options.driver = sqlite::driver({.busy_timeout = std::chrono::milliseconds(1)});
    file = options.db_name;
  });
  Orm second({.driver = sqlite::driver(), .db_name = file, .entities = entities});
  EntityManager holder = second.em();
  holder.begin();
  holder.create<Account>({.owner = "holder", .balance = 1});
  holder.flush();

  EntityManager em = orm().em();
  auto pending = em.create<Account>({.owner = "pending", .balance = 1});
  std::thread releaser([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    holder.commit();
  });
  EXPECT_NO_THROW(em.transactional([&](EntityManager&) { pending->balance += 1; }, {.retries = 20}));
  releaser.join();
  EXPECT_EQ(stored("pending"), 2);
}

TEST_P(UowTransactions, RollbackKeepsARemovalThatWasNotFlushed) {
  EntityManager em = start(entities).em();
  auto old_account = em.create<Account>({.owner = "old", .balance = 1});
  em.flush();
  em.begin();
  em.create<Account>({.owner = "new", .balance = 1});
  auto both = em.create<Account>({.owner = "both", .balance = 1});
  old_account->balance = 2;
  em.flush();
  em.remove(old_account);
  em.remove(both);
  em.rollback();
  em.flush();
  EXPECT_FALSE(em.has_changes());
  EXPECT_EQ(stored("old"), -1);
  EXPECT_EQ(stored("both"), -1);
  EXPECT_EQ(stored("new"), 1);
}

KIN_ON_EVERY_DATABASE(UowTransactions);
KIN_ON_EVERY_FILE_DATABASE(UowTransactionsOfTwo);

}  // namespace kin::test::uow_transactions
