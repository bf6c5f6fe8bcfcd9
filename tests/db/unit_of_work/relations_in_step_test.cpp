// SPDX-License-Identifier: MIT
// Both sides of a relation say the same: at once where a verb changes one, at the flush where a Ref is assigned.
#include <gmock/gmock.h>

#include "db/support/database.hpp"
#include "db/support/library.hpp"

namespace kin::test::uow_step {

using testing::ElementsAre;
using testing::UnorderedElementsAre;
using namespace library;

template <class T>
std::vector<Ref<T>> items(const Collection<T>& collection) {
  return {collection.begin(), collection.end()};
}

class UowRelationsInStep : public DatabaseTest {};

TEST_P(UowRelationsInStep, CreateEntersTheParentsCollection) {
  EntityManager em = start(library::entities).em();
  auto author = em.create<Author>({.name = "U", .email = "u"});
  auto book = em.create<Book>({.title = "a", .author = author});
  EXPECT_THAT(items(author->books), ElementsAre(book));
}

TEST_P(UowRelationsInStep, AddSetsTheReference) {
  EntityManager em = start(library::entities).em();
  auto author = em.create<Author>({.name = "U", .email = "u"});
  auto book = em.create<Book>({.title = "a"});
  EXPECT_TRUE(author->books.add(book));
  EXPECT_FALSE(author->books.add(book));
  EXPECT_EQ(book->author, author);
  EXPECT_EQ(author->books.size(), 1u);
}

TEST_P(UowRelationsInStep, AddToAnotherParentLeavesTheFirst) {
  EntityManager em = start(library::entities).em();
  auto one = em.create<Author>({.name = "1", .email = "1"});
  auto two = em.create<Author>({.name = "2", .email = "2"});
  auto book = em.create<Book>({.title = "a", .author = one});
  two->books.add(book);
  EXPECT_TRUE(one->books.empty());
  EXPECT_THAT(items(two->books), ElementsAre(book));
  EXPECT_EQ(book->author, two);
}

TEST_P(UowRelationsInStep, RemoveTakesTheReferenceAway) {
  EntityManager em = start(library::entities).em();
  auto author = em.create<Author>({.name = "U", .email = "u"});
  auto book = em.create<Book>({.title = "a", .author = author});
  EXPECT_TRUE(author->books.remove(book));
  EXPECT_FALSE(author->books.remove(book));
  EXPECT_EQ(book->author, nullptr);
}

TEST_P(UowRelationsInStep, AssigningAReferenceOfAStoredEntityMovesItAtTheFlush) {
  EntityManager em = start(library::entities).em();
  auto one = em.create<Author>({.name = "1", .email = "1"});
  auto two = em.create<Author>({.name = "2", .email = "2"});
  auto book = em.create<Book>({.title = "a", .author = one});
  em.flush();
  book->author = two;
  em.flush();
  EXPECT_TRUE(one->books.empty());
  EXPECT_THAT(items(two->books), ElementsAre(book));
}

TEST_P(UowRelationsInStep, AssigningAReferenceOfANewEntityMovesItAtTheFlush) {
  EntityManager em = start(library::entities).em();
  auto one = em.create<Author>({.name = "1", .email = "1"});
  auto two = em.create<Author>({.name = "2", .email = "2"});
  auto book = em.create<Book>({.title = "a", .author = one});
  book->author = two;
  em.flush();
  EXPECT_TRUE(one->books.empty());
  EXPECT_THAT(items(two->books), ElementsAre(book));
  em.clear();
  EXPECT_EQ(em.find<Book>().one_or_fail()->author, em.find_one<Author>(field<&Author::name> == "2"));
}

TEST_P(UowRelationsInStep, AssigningAReferenceOfANewEntityWithoutOneEntersTheCollectionAtTheFlush) {
  EntityManager em = start(library::entities).em();
  auto author = em.create<Author>({.name = "1", .email = "1"});
  auto book = em.create<Book>({.title = "a"});
  book->author = author;
  em.flush();
  EXPECT_THAT(items(author->books), ElementsAre(book));
}

TEST_P(UowRelationsInStep, ManyToManyFromEitherSide) {
  EntityManager em = start(library::entities).em();
  auto author = em.create<Author>({.name = "1", .email = "1"});
  auto a = em.create<Book>({.title = "a", .author = author});
  auto b = em.create<Book>({.title = "b", .author = author});
  auto sf = em.create<Tag>({.name = "sf"});
  a->tags.add(sf);
  EXPECT_THAT(items(sf->books), ElementsAre(a));
  sf->books.add(b);
  EXPECT_THAT(items(b->tags), ElementsAre(sf));
  sf->books.remove(a);
  EXPECT_TRUE(a->tags.empty());
  b->tags.remove(sf);
  EXPECT_TRUE(sf->books.empty());
}

TEST_P(UowRelationsInStep, AddToAnUnloadedCollectionSendsNoQueryAndIsMergedByALaterLoad) {
  start(library::entities);
  {
    EntityManager em = orm().em();
    auto author = em.create<Author>({.name = "1", .email = "1"});
    em.create<Book>({.title = "a", .author = author});
    em.flush();
  }
  EntityManager em = orm().em();
  auto author = em.find<Author>().one_or_fail();
  clear_statements();
  auto book = em.create<Book>({.title = "b"});
  EXPECT_TRUE(author->books.add(book));
  EXPECT_EQ(book->author, author);
  EXPECT_FALSE(author->books.is_initialized());
  EXPECT_THROW(static_cast<void>(author->books.size()), NotInitializedError);
  em.flush();
  EXPECT_EQ(statements().size(), 3u) << "begin, insert, commit: nothing is read";
  author->books.load();
  EXPECT_EQ(author->books.size(), 2u);
}

TEST_P(UowRelationsInStep, ALoadBeforeTheFlushKeepsWhatWasAdded) {
  start(library::entities, [](Options& options) { options.flush_mode = FlushMode::commit; });
  {
    EntityManager em = orm().em();
    auto author = em.create<Author>({.name = "1", .email = "1"});
    em.create<Book>({.title = "a", .author = author});
    em.create<Book>({.title = "b", .author = author});
    em.flush();
  }
  EntityManager em = orm().em();
  auto author = em.find<Author>().one_or_fail();
  auto a = em.find_one_or_fail<Book>(field<&Book::title> == "a");
  auto c = em.create<Book>({.title = "c"});
  author->books.add(c);
  author->books.remove(a);
  author->books.load();
  EXPECT_EQ(author->books.size(), 2u);
  EXPECT_TRUE(author->books.contains(c));
  EXPECT_FALSE(author->books.contains(a));
  em.flush();
  EXPECT_EQ(author->books.size(), 2u);
  EXPECT_EQ(em.count<Book>(), 2u) << "a was an orphan";
}

TEST_P(UowRelationsInStep, MovingWithinTheSameManagerIsSeenInALoadedCollectionOfAnotherQuery) {
  start(library::entities);
  {
    EntityManager em = orm().em();
    auto one = em.create<Author>({.name = "1", .email = "1"});
    em.create<Author>({.name = "2", .email = "2"});
    em.create<Book>({.title = "a", .author = one});
    em.flush();
  }
  EntityManager em = orm().em();
  auto authors = em.find<Author>().order_by(field<&Author::id>.asc()).populate<&Author::books>().list();
  auto book = authors[0]->books[0];
  authors[1]->books.add(book);
  em.flush();
  EXPECT_TRUE(authors[0]->books.empty());
  em.clear();
  auto again = em.find<Author>().order_by(field<&Author::id>.asc()).populate<&Author::books>().list();
  EXPECT_EQ(again[0]->books.size(), 0u);
  EXPECT_EQ(again[1]->books.size(), 1u);
}

KIN_ON_EVERY_DATABASE(UowRelationsInStep);

}  // namespace kin::test::uow_step
