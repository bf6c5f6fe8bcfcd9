// SPDX-License-Identifier: MIT
// A flush that fails leaves the database and the manager as they were; corrected, it succeeds.
#include <gmock/gmock.h>

#include "db/support/database.hpp"
#include "db/support/library.hpp"

namespace kin::test::uow_failed {

using testing::HasSubstr;
using testing::IsEmpty;
using namespace library;

class UowFailedFlush : public DatabaseTest {
 protected:
  void seed() {
    start(library::entities);
    EntityManager em = orm().em();
    em.create<Author>({.name = "taken", .email = "taken"});
    em.flush();
    clear_statements();
  }
};

TEST_P(UowFailedFlush, TakesEverythingBackAndSucceedsWhenCorrected) {
  seed();
  EntityManager em = orm().em();
  auto stored = em.find<Author>().one_or_fail();
  stored->age = 50;
  auto one = em.create<Author>({.name = "1", .email = "1"});
  auto two = em.create<Author>({.name = "2", .email = "taken"});
  auto tag = em.create<Tag>({.name = "t"});
  auto book = em.create<Book>({.title = "b", .author = one, .tags = {tag}});
  clear_statements();
  try {
    em.flush();
    ADD_FAILURE() << "no error";
  } catch (const UniqueConstraintViolationError& error) {
    EXPECT_EQ(error.entity(), "Author");
    EXPECT_THAT(error.constraint(), HasSubstr("email"));
    EXPECT_THAT(error.sql(), HasSubstr("insert into"));
    EXPECT_FALSE(error.retryable());
  }
  EXPECT_EQ(statements().back(), "rollback");
  EXPECT_EQ(one->id, 0);
  EXPECT_EQ(two->id, 0);
  EXPECT_EQ(tag->id, 0);
  EXPECT_EQ(book->id, 0);
  EXPECT_TRUE(em.has_changes());
  EntityManager other = orm().em();
  EXPECT_EQ(other.count<Author>(), 1u);
  EXPECT_EQ(other.count<Tag>(), 0u);
  EXPECT_EQ(other.find<Author>().one_or_fail()->age, std::nullopt);

  two->email = "2";
  em.flush();
  EXPECT_FALSE(em.has_changes());
  other.clear();
  EXPECT_EQ(other.count<Author>(), 3u);
  EXPECT_EQ(other.count<Author>(field<&Author::age> == 50), 1u);
  EXPECT_EQ(other.count<Book>(field<&Book::tags, &Tag::name> == "t"), 1u);
  EXPECT_EQ(em.find_one<Author>(one->id), one);
}

TEST_P(UowFailedFlush, TellsWhichRowFailedAndNoneOfItsValues) {
  seed();
  EntityManager em = orm().em();
  em.create<Author>({.name = "1", .email = "1"});
  auto two = em.create<Author>({.name = "second", .email = "taken"});
  em.create<Author>({.name = "3", .email = "3"});
  try {
    em.flush();
    ADD_FAILURE() << "no error";
  } catch (const UniqueConstraintViolationError& error) {
    EXPECT_EQ(error.entity(), "Author");
    EXPECT_EQ(error.property(), "email");
    EXPECT_THAT(error.what(), HasSubstr(traits().tells_failed_row ? "in row 2 of 3 of Author" : "in one of 3 rows of Author"));
    EXPECT_THAT(error.what(), testing::Not(testing::AnyOf(HasSubstr("taken"), HasSubstr("second"))));
  }
  two->email = "2";
  em.flush();

  two->email = "taken";
  try {
    em.flush();
    ADD_FAILURE() << "no error";
  } catch (const UniqueConstraintViolationError& error) {
    EXPECT_EQ(error.entity(), "Author");
    EXPECT_THAT(error.what(), HasSubstr("in Author " + std::to_string(two->id) + " ["));
    EXPECT_THAT(error.what(), testing::Not(HasSubstr("taken")));
  }
}

TEST_P(UowFailedFlush, TellsWhichLinkFailed) {
  seed();
  EntityManager em = orm().em();
  auto author = em.find<Author>().one_or_fail();
  auto book = em.create<Book>({.title = "b", .author = author});
  book->tags.add(em.create<Tag>({.name = "t"}));
  book->tags.add(em.get_reference<Tag>(404));
  try {
    em.flush();
    ADD_FAILURE() << "no error";
  } catch (const ForeignKeyConstraintViolationError& error) {
    EXPECT_EQ(error.entity(), "Book");
    EXPECT_THAT(error.what(), testing::AnyOf(HasSubstr("in link 2 of 2 of Book.tags"),
                                              HasSubstr(traits().tells_failed_row ? "-" : "in one of 2 links of Book.tags")));
  }
}

TEST_P(UowFailedFlush, MayBeGivenUpByRemovingTheCulprit) {
  seed();
  EntityManager em = orm().em();
  em.create<Author>({.name = "1", .email = "1"});
  auto two = em.create<Author>({.name = "2", .email = "taken"});
  EXPECT_THROW(em.flush(), UniqueConstraintViolationError);
  em.remove(two);
  em.flush();
  EXPECT_EQ(em.count<Author>(), 2u);
}

TEST_P(UowFailedFlush, InsideATransactionUndoesItselfOnly) {
  seed();
  EntityManager em = orm().em();
  em.begin();
  auto one = em.create<Author>({.name = "1", .email = "1"});
  em.flush();
  const auto id = one->id;
  auto two = em.create<Author>({.name = "2", .email = "2"});
  auto three = em.create<Author>({.name = "3", .email = "taken"});
  EXPECT_THROW(em.flush(), UniqueConstraintViolationError);
  EXPECT_EQ(one->id, id);
  EXPECT_EQ(two->id, 0);
  three->email = "3";
  em.commit();
  EXPECT_EQ(em.count<Author>(), 4u);
}

TEST_P(UowFailedFlush, KeepsRemovalsPending) {
  seed();
  EntityManager em = orm().em();
  auto tag = em.create<Tag>({.name = "t"});
  em.flush();
  em.remove(tag);
  auto bad = em.create<Author>({.name = "2", .email = "taken"});
  EXPECT_THROW(em.flush(), UniqueConstraintViolationError);
  EXPECT_EQ(orm().em().count<Tag>(), 1u);
  bad->email = "2";
  em.flush();
  EXPECT_EQ(orm().em().count<Tag>(), 0u);
}

TEST_P(UowFailedFlush, OfARequiredReferenceSendsNothing) {
  seed();
  EntityManager em = orm().em();
  auto book = em.create<Book>({.title = "b"});
  try {
    em.flush();
    ADD_FAILURE() << "no error";
  } catch (const ValidationError& error) {
    EXPECT_EQ(error.entity(), "Book");
    EXPECT_EQ(error.property(), "author");
    EXPECT_THAT(error.what(), HasSubstr("Book.author"));
  }
  EXPECT_THAT(statements(), IsEmpty());
  book->author = em.create<Author>({.name = "a", .email = "a"});
  em.flush();
  book->author = nullptr;
  clear_statements();
  EXPECT_THROW(em.flush(), ValidationError);
  EXPECT_THAT(statements(), IsEmpty());
}

TEST_P(UowFailedFlush, OfAReferenceToARowThatDoesNotExist) {
  seed();
  EntityManager em = orm().em();
  auto book = em.create<Book>({.title = "b", .author = em.get_reference<Author>(404)});
  EXPECT_THROW(em.flush(), ForeignKeyConstraintViolationError);
  EXPECT_EQ(book->id, 0);
  book->author = em.find<Author>().flush_mode(FlushMode::commit).one_or_fail();
  em.flush();
  EXPECT_EQ(em.count<Book>(), 1u);
}

TEST_P(UowFailedFlush, DoesNotHideBehindALaterOne) {
  seed();
  EntityManager em = orm().em();
  em.create<Author>({.name = "2", .email = "taken"});
  for (int i = 0; i < 3; ++i) EXPECT_THROW(em.flush(), UniqueConstraintViolationError);
  em.clear();
  em.flush();
  EXPECT_EQ(em.count<Author>(), 1u);
}

KIN_ON_EVERY_DATABASE(UowFailedFlush);

}  // namespace kin::test::uow_failed
