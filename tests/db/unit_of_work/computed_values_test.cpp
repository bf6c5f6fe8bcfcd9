// SPDX-License-Identifier: MIT
// EntityManager::set: members whose next value the database computes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kin/kin.hpp>

#include <string>

#include "db/support/database.hpp"

namespace kin::test::uow_computed_values {

using testing::AllOf;
using testing::HasSubstr;
using testing::SizeIs;

struct Book {
  std::int64_t id{};
  std::string title{};
  int stock{};
  int sold{};
  int version{};
};
struct Plain {
  std::int64_t id{};
  int number{};
};

inline void describe(Schema<Book>& book) {
  book.on<&Book::title>(unique, length(50));
  book.on<&Book::version>(version);
}

inline constexpr EntityList entities = kin::entities<Book, Plain>;

class UowComputedValues : public DatabaseTest {
 protected:
  void SetUp() override {
    EntityManager em = start(entities).em();
    auto book = em.create<Book>({.title = "one", .stock = 10});
    auto plain = em.create<Plain>({.number = 5});
    em.flush();
    id_ = book->id;
    plain_ = plain->id;
  }
  void change_elsewhere(int stock) {
    orm().em().execute("update book set stock = {} where id = {}", stock, id_);
    clear_statements();
  }
  Book stored() {
    EntityManager em = orm().em();
    return *em.find_one_or_fail<Book>(id_);
  }
  std::int64_t id_ = 0;
  std::int64_t plain_ = 0;
};

TEST_P(UowComputedValues, TheDatabaseComputesFromWhatItHolds) {
  EntityManager em = orm().em();
  auto book = em.find_one_or_fail<Book>(id_);
  change_elsewhere(100);
  em.set<&Book::stock>(book, field<&Book::stock> - 1);
  EXPECT_EQ(book->stock, 10);
  EXPECT_TRUE(em.has_changes());
  book->title = "two";
  em.flush();
  EXPECT_THAT(statements(), SizeIs(4));  // begin, one update, one read, commit
  EXPECT_EQ(book->stock, 99);
  EXPECT_EQ(book->version, 2);
  EXPECT_FALSE(em.has_changes());
  EXPECT_EQ(stored().stock, 99);
  EXPECT_EQ(stored().title, "two");
  EXPECT_EQ(stored().version, 2);
  clear_statements();
  em.flush();
  EXPECT_THAT(sent(), SizeIs(0));
}

TEST_P(UowComputedValues, SeveralMembersAtOnceReadTheRowAsItWas) {
  EntityManager em = orm().em();
  auto book = em.find_one_or_fail<Book>(id_);
  em.set<&Book::sold>(book, field<&Book::sold> + field<&Book::stock>);
  em.set<&Book::stock>(book, field<&Book::stock> * 2);
  em.flush();
  EXPECT_EQ(book->sold, 10);
  EXPECT_EQ(book->stock, 20);
}

TEST_P(UowComputedValues, AValueThatIsAssignedAfterwardsWins) {
  EntityManager em = orm().em();
  auto book = em.find_one_or_fail<Book>(id_);
  em.set<&Book::stock>(book, field<&Book::stock> - 1);
  book->stock = 50;
  em.flush();
  EXPECT_EQ(stored().stock, 50);
  book->stock = 60;
  em.set<&Book::stock>(book, field<&Book::stock> + 1);  // and the other way round
  em.flush();
  EXPECT_EQ(book->stock, 51);
  EXPECT_EQ(stored().stock, 51);
}

TEST_P(UowComputedValues, TheVersionIsChecked) {
  EntityManager em = orm().em();
  auto book = em.find_one_or_fail<Book>(id_);
  orm().em().native_update<Book>(all<Book>()).set<&Book::sold>(1).run();
  em.set<&Book::stock>(book, field<&Book::stock> - 1);
  EXPECT_THROW(em.flush(), OptimisticLockError);
  EXPECT_EQ(book->stock, 10);
  EXPECT_EQ(book->version, 1);
  EXPECT_TRUE(em.has_changes());
  em.refresh(book);
  EXPECT_FALSE(em.has_changes());
}

TEST_P(UowComputedValues, AFailedFlushKeepsItPending) {
  EntityManager em = orm().em();
  auto book = em.find_one_or_fail<Book>(id_);
  em.set<&Book::stock>(book, field<&Book::stock> - 1);
  auto plain = em.find_one_or_fail<Plain>(plain_);
  plain->number = 6;
  orm().em().execute("delete from plain where id = {}", plain_);
  EXPECT_THROW(em.flush(), OptimisticLockError);
  EXPECT_EQ(book->stock, 10);
  EXPECT_EQ(stored().stock, 10);
  plain->number = 5;
  em.flush();
  EXPECT_EQ(book->stock, 9);
  EXPECT_EQ(stored().stock, 9);
}

TEST_P(UowComputedValues, ARollbackMakesItPendingAgain) {
  EntityManager em = orm().em();
  auto book = em.find_one_or_fail<Book>(id_);
  em.begin();
  em.set<&Book::stock>(book, field<&Book::stock> - 1);
  em.flush();
  EXPECT_EQ(book->stock, 9);
  em.rollback();
  EXPECT_EQ(book->stock, 10);
  EXPECT_TRUE(em.has_changes());
  change_elsewhere(20);
  em.flush();
  EXPECT_EQ(book->stock, 19);
  EXPECT_EQ(stored().stock, 19);
  EXPECT_EQ(stored().version, 2);
}

TEST_P(UowComputedValues, AnEntityThatWasNeverRead) {
  EntityManager em = orm().em();
  Ref<Book> stub = em.get_reference<Book>(id_);
  em.set<&Book::stock>(stub, field<&Book::stock> - 4);
  em.flush();
  EXPECT_FALSE(stub.is_initialized());
  EXPECT_EQ(stub.unwrap().stock, 6);
  EXPECT_FALSE(em.has_changes());
  EXPECT_EQ(stored().stock, 6);
  EXPECT_EQ(stored().version, 2);  // whoever holds the entity learns of it
  stub.load();
  EXPECT_EQ(stub->stock, 6);
  EXPECT_EQ(stub->title, "one");
}

TEST_P(UowComputedValues, WhatCannotBeComputedIsRefused) {
  EntityManager em = orm().em();
  auto fresh = em.create<Book>({.title = "new"});
  try {
    em.set<&Book::stock>(fresh, field<&Book::stock> + 1);
    FAIL();
  } catch (const ValidationError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("Book.stock"), HasSubstr("flush() first")));
  }
  auto book = em.find_one_or_fail<Book>(id_);
  EXPECT_THROW(em.set<&Book::id>(book, field<&Book::id> + 1), ValidationError);
  EXPECT_THROW(em.set<&Book::version>(book, field<&Book::version> + 1), ValidationError);
  em.remove(book);
  EXPECT_THROW(em.set<&Book::stock>(book, field<&Book::stock> + 1), ValidationError);
}

KIN_ON_EVERY_DATABASE(UowComputedValues);

}  // namespace kin::test::uow_computed_values
