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
struct Author {
  std::int64_t id{};
  std::string name{};
};
struct Book {
  std::int64_t id{};
  std::string title{};
  Ref<Author> author{};
  Ref<Author> translator{};
  Collection<Author> readers{};
};
inline void describe(Schema<Book>& book) { book.on<&Book::translator>(nullable()); }

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

TEST_P(UowLocks, OfAnEntityKeepItsUnflushedChanges) {
  start_accounts();
  EntityManager em = orm().em();
  const auto account = em.find_one_or_fail<Account>(1);
  em.begin();
  account->balance = 7;
  for (const LockMode mode : pessimistic) {
    clear_statements();
    em.lock(account, mode);
    ASSERT_EQ(statements().size(), 1u) << "nothing is flushed";
    EXPECT_THAT(statements().front(),
                testing::StartsWith(R"(select "t0"."id" from "account" as "t0" where "t0"."id" = ?)"));
  }
  EXPECT_EQ(account->balance, 7);
  em.commit();
  EXPECT_EQ(orm().em().find_one_or_fail<Account>(1)->balance, 7);
  EXPECT_EQ(count_statements([&] { em.lock(account, LockMode::none); }), 0u);
}

TEST_P(UowLocks, OfAnEntityNeedATransactionAndARow) {
  start_accounts();
  EntityManager em = orm().em();
  const auto account = em.find_one_or_fail<Account>(1);
  EXPECT_THROW(em.lock(account, LockMode::pessimistic_write), TransactionStateError);
  EXPECT_THROW(em.lock(Ref<Account>(), LockMode::pessimistic_write), ValidationError);
  EntityManager other = orm().em();
  other.remove(other.find_one_or_fail<Account>(1));
  other.flush();
  em.begin();
  const auto made = em.create<Account>({.balance = 3});
  EXPECT_THROW(em.lock(made, LockMode::pessimistic_write), ValidationError) << "it has no row yet";
  try {
    em.lock(account, LockMode::pessimistic_write);
    ADD_FAILURE() << "a row that is gone was locked";
  } catch (const NotFoundError& error) {
    EXPECT_EQ(error.entity(), "Account");
    EXPECT_THAT(error.what(), testing::HasSubstr("Account 1 "));
  }
  em.lock(em.get_reference<Account>(2), LockMode::pessimistic_write);
  em.rollback();
}

TEST_P(UowLocks, OfAnEntityCanBeAwaited) {
  start_accounts();
  EntityManager em = orm().em();
  const auto work = [&]() -> Task<void> {
    const auto account = co_await em.find_one_or_fail_async<Account>(2);
    co_await em.begin_async();
    co_await em.lock_async(account, LockMode::pessimistic_write);
    account->balance = 9;
    co_await em.commit_async();
  };
  sync_wait(work());
  EXPECT_EQ(orm().em().find_one_or_fail<Account>(2)->balance, 9);
}

class UowLockTables : public DatabaseTest {
 protected:
  void start_books() {
    EntityManager em = start(entities<Author, Book>).em();
    const auto writer = em.create<Author>({.name = "writer"});
    const auto translator = em.create<Author>({.name = "translator"});
    em.create<Book>({.title = "a", .author = writer, .translator = translator});
    em.create<Book>({.title = "b", .author = writer});
    em.flush();
    clear_statements();
  }
  /// Whether another transaction holds the author's row.
  bool is_locked(std::string_view name) {
    EntityManager em = orm().em();
    em.begin();
    const auto found =
        em.find<Author>(field<&Author::name> == name).lock(LockMode::pessimistic_partial_write).list();
    em.rollback();
    return found.empty();
  }
};

TEST_P(UowLockTables, AreJoinedAndSaidOnlyWithAPessimisticLock) {
  start_books();
  EntityManager em = orm().em();
  EXPECT_THROW(em.find<Book>().lock_tables<&Book::author>().list(), ValidationError);
  EXPECT_THROW(em.find<Book>().lock_tables<&Book::author>().lock(LockMode::pessimistic_write).list(),
               TransactionStateError);
  EXPECT_TRUE(statements().empty());
  em.begin();
  clear_statements();
  EXPECT_EQ(em.find<Book>().lock_tables<&Book::author>().lock(LockMode::pessimistic_write).list().size(), 2u);
  EXPECT_THAT(statements().front(), testing::HasSubstr(R"( join "author" as "t1" on )"));
  em.rollback();
}

TEST_P(UowLockTables, OfANullableRelationAreRefusedWhereTheDatabaseCannot) {
  start_books();
  EntityManager em = orm().em();
  em.begin();
  clear_statements();
  auto find = em.find<Book>();
  find.lock_tables<&Book::translator>().lock(LockMode::pessimistic_write);
  if (traits().locks_left_joins) {
    EXPECT_EQ(find.list().size(), 2u);
  } else {
    try {
      find.list();
      ADD_FAILURE() << "no error";
    } catch (const ValidationError& error) {
      EXPECT_EQ(error.entity(), "Book");
      EXPECT_EQ(error.property(), "translator");
    }
    EXPECT_TRUE(statements().empty());
  }
  em.rollback();
}

class UowRowLockTables : public UowLockTables {};

TEST_P(UowRowLockTables, AreLockedWithTheRoot) {
  start_books();
  EntityManager em = orm().em();
  em.begin();
  em.find<Book>(field<&Book::title> == "b").lock(LockMode::pessimistic_write).list();
  EXPECT_FALSE(is_locked("writer"));
  em.find<Book>(field<&Book::title> == "b")
      .populate<&Book::author>()
      .lock(LockMode::pessimistic_write)
      .list();
  EXPECT_EQ(is_locked("writer"), !traits().locks_named_tables_only);
  em.rollback();
  em.begin();
  em.find<Book>(field<&Book::title> == "b")
      .lock(LockMode::pessimistic_write)
      .lock_tables<&Book::author>()
      .populate<&Book::author>()
      .list();
  EXPECT_TRUE(is_locked("writer"));
  // MariaDB also keeps the locks of rows that it came by on its way.
  EXPECT_EQ(is_locked("translator"), !traits().locks_named_tables_only);
  em.rollback();
  EXPECT_FALSE(is_locked("writer"));
}

TEST_P(UowRowLockTables, AreLockedForTheRowsThatALimitLetsThrough) {
  start_books();
  EntityManager em = orm().em();
  em.begin();
  const auto books = em.find<Book>()
                         .order_by(field<&Book::title>.asc())
                         .limit(1)
                         .strategy(Strategy::joined)
                         .lock(LockMode::pessimistic_write)
                         .lock_tables<&Book::author>()
                         .populate<&Book::readers>()
                         .list();
  ASSERT_EQ(books.size(), 1u);
  EXPECT_TRUE(is_locked("writer"));
  EXPECT_FALSE(is_locked("translator"));
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

TEST_P(UowRowLocks, OfAnEntityKeepOthersOut) {
  start_accounts();
  EntityManager holder = orm().em();
  const auto held = holder.find_one_or_fail<Account>(1);
  holder.begin();
  holder.lock(held, LockMode::pessimistic_write);
  EntityManager em = orm().em();
  const auto wanted = em.find_one_or_fail<Account>(1);
  em.begin();
  try {
    em.lock(wanted, LockMode::pessimistic_partial_write);
    ADD_FAILURE() << "locked twice";
  } catch (const NotFoundError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("another transaction has locked it"));
  }
  EXPECT_THROW(em.lock(wanted, LockMode::pessimistic_write_or_fail), LockWaitTimeoutError);
  em.rollback();
  holder.rollback();
  em.begin();
  em.lock(wanted, LockMode::pessimistic_write_or_fail);
  em.rollback();
}

std::vector<Database> row_locking_databases() {
  std::vector<Database> found;
  for (const Database& database : databases())
    if (database.traits.locks_rows) found.push_back(database);
  return found;
}

KIN_ON_EVERY_DATABASE(UowLocks);
KIN_ON_EVERY_DATABASE(UowLockTables);
INSTANTIATE_TEST_SUITE_P(Db, UowRowLocks, testing::ValuesIn(row_locking_databases()),
                         [](const auto& info) { return info.param.name; });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(UowRowLocks);
INSTANTIATE_TEST_SUITE_P(Db, UowRowLockTables, testing::ValuesIn(row_locking_databases()),
                         [](const auto& info) { return info.param.name; });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(UowRowLockTables);

}  // namespace kin::test::uow_locks
