// SPDX-License-Identifier: MIT
// Entities that a relation with orphan removal lets go are deleted, unless something takes them in again.
#include <gmock/gmock.h>

#include "db/support/database.hpp"
#include "db/support/library.hpp"

namespace kin::test::uow_orphans {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace library;

class UowOrphanRemoval : public DatabaseTest {
 protected:
  std::int64_t seed() {
    EntityManager em = orm().em();
    auto author = em.create<Author>({.name = "U", .email = "u"});
    for (const char* title : {"a", "b", "c"}) em.create<Book>({.title = title, .author = author});
    em.create<Author>({.name = "V", .email = "v"});
    em.flush();
    clear_statements();
    return author->id;
  }
  std::vector<std::string> titles() {
    EntityManager em = orm().em();
    std::vector<std::string> result;
    for (auto book : em.find<Book>().order_by(field<&Book::title>.asc()).list()) result.push_back(book->title);
    return result;
  }
};

TEST_P(UowOrphanRemoval, DeletesWhatTheCollectionLetsGo) {
  start(library::entities);
  const auto id = seed();
  EntityManager em = orm().em();
  auto author = em.find<Author>(field<&Author::id> == id).populate<&Author::books>().one_or_fail();
  clear_statements();
  EXPECT_TRUE(author->books.remove(author->books[1]));
  EXPECT_EQ(author->books.size(), 2u);
  em.flush();
  EXPECT_THAT(statements(), ElementsAre("begin", R"(delete from "book" where "id" = ?)", "commit"));
  EXPECT_THAT(titles(), ElementsAre("a", "c"));
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
}

TEST_P(UowOrphanRemoval, DeletesWhatSetLeavesOut) {
  start(library::entities);
  const auto id = seed();
  EntityManager em = orm().em();
  auto author = em.find<Author>(field<&Author::id> == id).populate<&Author::books>().one_or_fail();
  clear_statements();
  author->books.set({author->books[2], em.create<Book>({.title = "d"})});
  em.flush();
  EXPECT_THAT(titles(), ElementsAre("c", "d"));
  EXPECT_EQ(author->books.size(), 2u);
}

TEST_P(UowOrphanRemoval, DeletesAllOnRemoveAll) {
  start(library::entities);
  const auto id = seed();
  EntityManager em = orm().em();
  auto author = em.find<Author>(field<&Author::id> == id).populate<&Author::books>().one_or_fail();
  author->books.remove_all();
  em.flush();
  EXPECT_THAT(titles(), IsEmpty());
}

TEST_P(UowOrphanRemoval, IsCancelledByAddingAgain) {
  start(library::entities);
  const auto id = seed();
  EntityManager em = orm().em();
  auto author = em.find<Author>(field<&Author::id> == id).populate<&Author::books>().one_or_fail();
  auto book = author->books[0];
  author->books.remove(book);
  author->books.add(book);
  EXPECT_FALSE(em.has_changes());
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
  EXPECT_THAT(titles(), ElementsAre("a", "b", "c"));
}

TEST_P(UowOrphanRemoval, IsCancelledByAnotherParent) {
  start(library::entities);
  const auto id = seed();
  EntityManager em = orm().em();
  auto author = em.find<Author>(field<&Author::id> == id).populate<&Author::books>().one_or_fail();
  auto other = em.find_one_or_fail<Author>(field<&Author::name> == "V");
  auto book = author->books[0];
  clear_statements();
  author->books.remove(book);
  other->books.add(book);
  em.flush();
  EXPECT_THAT(statements(), ElementsAre("begin", R"(update "book" set "author_id" = ? where "id" = ?)",
                                        "commit"));
  EXPECT_THAT(titles(), ElementsAre("a", "b", "c"));
}

TEST_P(UowOrphanRemoval, DoesNotMindAMoveByTheOtherSide) {
  start(library::entities);
  const auto id = seed();
  EntityManager em = orm().em();
  auto author = em.find<Author>(field<&Author::id> == id).populate<&Author::books>().one_or_fail();
  auto other = em.find<Author>(field<&Author::name> == "V").populate<&Author::books>().one_or_fail();
  auto book = author->books[0];
  other->books.add(book);
  EXPECT_FALSE(author->books.contains(book));
  em.flush();
  EXPECT_THAT(titles(), ElementsAre("a", "b", "c"));
}

TEST_P(UowOrphanRemoval, ForgetsANewEntityThatWasNeverStored) {
  start(library::entities);
  const auto id = seed();
  EntityManager em = orm().em();
  auto author = em.find<Author>(field<&Author::id> == id).populate<&Author::books>().one_or_fail();
  clear_statements();
  auto book = em.create<Book>({.title = "d", .author = author});
  author->books.remove(book);
  em.flush();
  EXPECT_THAT(statements(), IsEmpty());
  EXPECT_THAT(titles(), ElementsAre("a", "b", "c"));
}

TEST_P(UowOrphanRemoval, MovesChildrenAndRemovesTheOldParentInOneFlush) {
  start(library::entities);
  const auto id = seed();
  EntityManager em = orm().em();
  auto author = em.find<Author>(field<&Author::id> == id).populate<&Author::books>().one_or_fail();
  auto other = em.find<Author>(field<&Author::name> == "V").populate<&Author::books>().one_or_fail();
  const std::vector<Ref<Book>> books(author->books.begin(), author->books.end());
  clear_statements();
  for (auto book : books) other->books.add(book);
  em.remove(em.get_reference<Author>(id));
  em.flush();
  EXPECT_THAT(statements(), ElementsAre("begin", R"(update "book" set "author_id" = ? where "id" = ?)",
                                        R"(delete from "author" where "id" = ?)", "commit"));
  EXPECT_THAT(titles(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(other->books.size(), 3u);
}

TEST_P(UowOrphanRemoval, WorksOnACollectionThatWasNotLoaded) {
  start(library::entities);
  const auto id = seed();
  EntityManager em = orm().em();
  auto author = em.find_one_or_fail<Author>(id);
  auto book = em.find_one_or_fail<Book>(field<&Book::title> == "b");
  EXPECT_TRUE(author->books.remove(book));
  em.flush();
  EXPECT_THAT(titles(), ElementsAre("a", "c"));
}

TEST_P(UowOrphanRemoval, OfANewEntityThatWasAssignedElsewhereFirst) {
  EntityManager em = start(library::entities).em();
  auto one = em.create<Author>({.name = "1", .email = "1"});
  auto two = em.create<Author>({.name = "2", .email = "2"});
  auto book = em.create<Book>({.title = "b", .author = one});
  book->author = two;
  EXPECT_TRUE(two->books.remove(book));
  em.flush();
  EXPECT_THAT(titles(), IsEmpty());
}

TEST_P(UowOrphanRemoval, OfANewEntityEndsWithTheFlush) {
  EntityManager em = start(library::entities).em();
  auto one = em.create<Author>({.name = "1", .email = "1"});
  em.flush();
  auto book = em.create<Book>({.title = "b", .author = one});
  one->books.remove(book);
  em.flush();
  em.persist(book);
  EXPECT_THROW(em.flush(), ValidationError) << "it is persisted again, without its author";
}

TEST_P(UowOrphanRemoval, IsTakenBackWithAFlushThatFailed) {
  start(library::entities);
  const auto id = seed();
  EntityManager em = orm().em();
  auto author = em.find<Author>(field<&Author::id> == id).populate<&Author::books>().one_or_fail();
  auto book = author->books[0];
  author->books.remove(book);
  auto bad = em.create<Author>({.name = "W", .email = "v"});
  EXPECT_THROW(em.flush(), UniqueConstraintViolationError);
  author->books.add(book);
  bad->email = "w";
  em.flush();
  EXPECT_THAT(titles(), ElementsAre("a", "b", "c"));
}

TEST_P(UowOrphanRemoval, IsCancelledByTheReferenceToo) {
  start(library::entities);
  const auto id = seed();
  EntityManager em = orm().em();
  auto author = em.find<Author>(field<&Author::id> == id).populate<&Author::books>().one_or_fail();
  auto book = author->books[0];
  author->books.remove(book);
  book->author = em.get_reference<Author>(id);
  em.flush();
  EXPECT_THAT(titles(), ElementsAre("a", "b", "c"));
  EXPECT_TRUE(author->books.contains(book));
}

KIN_ON_EVERY_DATABASE(UowOrphanRemoval);

}  // namespace kin::test::uow_orphans
