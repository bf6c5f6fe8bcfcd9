// SPDX-License-Identifier: MIT
// Values and rows from elsewhere as managed entities, entities that are forgotten, and a look at the unit of
// work.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "db/support/database.hpp"
#include "db/support/library.hpp"

namespace kin::test::uow_merge {

using namespace library;
using testing::ElementsAre;
using testing::IsEmpty;

class BookRepository : public Repository<Book> {
 public:
  using Repository::Repository;
  std::vector<Ref<Book>> cheap() const {
    std::vector<Ref<Book>> books;
    for (auto book : find(field<&Book::price> < 5.0).list()) books.push_back(book);
    return books;
  }
};

class UowMerge : public DatabaseTest {
 protected:
  EntityManager filled() {
    EntityManager em = start(library::entities).em();
    auto author =
        em.create<Author>({.name = "Ursula", .email = "u@example.org", .age = 88, .work = Address{"a", "b"}});
    author->books.add(em.create<Book>({.title = "Dispossessed", .price = 9.5, .author = author}));
    em.flush();
    author_id_ = author->id;
    book_id_ = author->books[0]->id;
    em.clear();
    return em;
  }
  std::int64_t author_id_{};
  std::int64_t book_id_{};
};

TEST_P(UowMerge, AValueWithAKeyBecomesManagedWithoutAQuery) {
  EntityManager em = filled();
  clear_statements();
  auto author = em.get_reference<Author>(author_id_);
  auto book = em.merge<Book>({.id = book_id_, .title = "Dispossessed", .price = 9.5, .author = author});
  EXPECT_TRUE(em.is_managed(book));
  EXPECT_TRUE(book.is_initialized());
  EXPECT_FALSE(book->tags.is_initialized());
  EXPECT_FALSE(em.has_changes());
  EXPECT_EQ(em.find_one<Book>(book_id_), book);
  EXPECT_TRUE(statements().empty());
  book->price = 4;
  em.flush();
  em.clear();
  book = em.find_one_or_fail<Book>(book_id_);
  EXPECT_EQ(book->price, 4);
  EXPECT_EQ(book->author.id(), author_id_);
}

TEST_P(UowMerge, AnEntityThatIsLoadedStaysUnlessItIsRefreshed) {
  EntityManager em = filled();
  auto book = em.find_one_or_fail<Book>(book_id_);
  book->title = "Mine";
  EXPECT_EQ(em.merge<Book>({.id = book_id_, .title = "Theirs"}), book);
  EXPECT_EQ(book->title, "Mine");
  EXPECT_EQ(em.merge<Book>({.id = book_id_, .title = "Theirs"}, Merge::refresh), book);
  EXPECT_EQ(book->title, "Theirs");
  EXPECT_EQ(em.original<&Book::title>(book), "Theirs");
  EXPECT_FALSE(em.has_changes());
  EXPECT_THROW(em.merge<Book>({.title = "no key"}), ValidationError);
  auto made = em.create<Book>({.id = 77, .title = "made"});
  EXPECT_EQ(em.merge<Book>({.id = 77, .title = "other"}, Merge::refresh), made);
  EXPECT_EQ(made->title, "made");
}

TEST_P(UowMerge, ARowBecomesAnEntityByTheNamesOfItsColumns) {
  EntityManager em = filled();
  const Rows rows = em.execute("select id, name, age, work_street, work_city, 7 as other from author");
  auto author = em.map<Author>(rows[0]);
  EXPECT_EQ(author->name, "Ursula");
  EXPECT_EQ(author->age, 88);
  ASSERT_TRUE(author->work);
  EXPECT_EQ(author->work->city, "b");
  EXPECT_FALSE(em.has_changes());
  EXPECT_EQ(em.original<&Author::email>(author), std::nullopt);
  author->name = "Le Guin";
  em.flush();
  em.clear();
  author = em.map<Author>(em.execute("select id, name, work_city from author")[0]);
  EXPECT_FALSE(author->work) << "of an optional struct all columns are needed";
  EXPECT_FALSE(em.has_changes());
  const Rows books = em.execute("select * from book");
  auto book = em.map<Book>(books[0]);
  EXPECT_EQ(book->author, author);
  EXPECT_EQ(book->price, 9.5);
  EXPECT_THROW(em.map<Book>(em.execute("select title from book")[0]), ValidationError);
  em.execute("update book set price = 1");
  em.map<Book>(em.execute("select id, price from book")[0], Merge::refresh);
  EXPECT_EQ(book->price, 1);
  EXPECT_EQ(book->title, "Dispossessed");
  EXPECT_FALSE(em.has_changes());
  em.clear();
  author = em.find_one_or_fail<Author>(author_id_);
  EXPECT_EQ(author->name, "Le Guin");
  EXPECT_EQ(author->email, "u@example.org");
}

TEST_P(UowMerge, ADetachedEntityIsForgotten) {
  EntityManager em = filled();
  auto book = em.find_one_or_fail<Book>(book_id_);
  auto author = em.find_one_or_fail<Author>(author_id_);
  book->title = "changed";
  EXPECT_TRUE(em.is_managed(book));
  em.detach(book);
  EXPECT_FALSE(em.is_managed(book));
  EXPECT_FALSE(em.is_managed(Ref<Book>()));
  EXPECT_FALSE(em.has_changes());
  EXPECT_THROW(em.persist(book), ValidationError);
  auto again = em.find_one_or_fail<Book>(book_id_);
  EXPECT_NE(again, book);
  EXPECT_EQ(again->title, "Dispossessed");
  em.create<Book>({.title = "pending", .author = author});
  em.clear<Book>();
  EXPECT_TRUE(em.is_managed(author));
  EXPECT_FALSE(em.is_managed(again));
  em.flush();
  EXPECT_EQ(em.count<Book>(), 1u);
}

TEST_P(UowMerge, WhatTheOpenTransactionHasWrittenCannotBeForgotten) {
  EntityManager em = filled();
  auto book = em.find_one_or_fail<Book>(book_id_);
  em.begin();
  book->title = "changed";
  em.flush();
  EXPECT_THROW(em.detach(book), TransactionStateError);
  EXPECT_THROW(em.clear<Book>(), TransactionStateError);
  em.rollback();
  em.detach(book);
  EXPECT_FALSE(em.has_changes());
}

TEST_P(UowMerge, RefreshOrFailNamesTheRowThatIsGone) {
  EntityManager em = filled();
  auto book = em.find_one_or_fail<Book>(book_id_);
  book->title = "changed";
  em.refresh_or_fail(book);
  EXPECT_EQ(book->title, "Dispossessed");
  em.native_delete<Book>(all<Book>());
  EXPECT_THROW(em.refresh_or_fail(book), NotFoundError);
  EXPECT_THROW(sync_wait(em.refresh_or_fail_async(book)), NotFoundError);
}

TEST_P(UowMerge, TheUnitOfWorkTellsWhatAFlushWouldWrite) {
  EntityManager em = filled();
  auto book = em.find<Book>().populate<&Book::tags>().one();
  auto author = em.find_one_or_fail<Author>(author_id_);
  clear_statements();
  book->title = "changed";
  book->author = nullptr;
  auto tag = em.create<Tag>({.name = "sf"});
  book->tags.add(tag);
  author->home.city = "Portland";
  const UnitOfWork unit = em.unit_of_work();
  EXPECT_THAT(unit.entities<Book>(), ElementsAre(book));
  EXPECT_EQ(unit.entities().size(), 3u);
  ASSERT_EQ(unit.to_insert().size(), 1u);
  EXPECT_EQ(unit.to_insert()[0].type(), "Tag");
  EXPECT_EQ(unit.to_insert()[0].as<Tag>(), tag);
  EXPECT_EQ(unit.to_insert()[0].as<Book>(), nullptr);
  const std::vector<PendingUpdate> updates = unit.to_update();
  ASSERT_EQ(updates.size(), 2u);
  const bool author_first = updates[0].entity.type() == "Author";
  EXPECT_THAT(updates[author_first ? 0 : 1].members, ElementsAre("home.city"));
  EXPECT_THAT(updates[author_first ? 1 : 0].members, ElementsAre("title", "author"));
  std::vector<CollectionUpdate> collections = unit.collection_updates();
  std::erase_if(collections, [](const CollectionUpdate& update) { return update.owner.type() != "Book"; });
  ASSERT_EQ(collections.size(), 1u);
  EXPECT_EQ(collections[0].member, "tags");
  EXPECT_EQ(collections[0].added[0].as<Tag>(), tag);
  EXPECT_EQ(em.original<&Book::title>(book), "Dispossessed");
  EXPECT_EQ(em.original<&Book::author>(book), author);
  EXPECT_EQ(em.original<&Author::home>(author)->city, "");
  EXPECT_EQ(em.original<&Tag::name>(tag), std::nullopt);
  em.remove(author);
  EXPECT_THAT(unit.to_remove(), ElementsAre(AnyRef(unit.to_remove()[0])));
  EXPECT_EQ(unit.to_remove()[0].as<Author>(), author);
  EXPECT_TRUE(statements().empty());
}

TEST_P(UowMerge, ARepositoryHasTheVerbsOfOneEntity) {
  EntityManager em = filled();
  auto books = em.repository<BookRepository>();
  auto pamphlet =
      books.create({.title = "Pamphlet", .price = 1, .author = em.get_reference<Author>(author_id_)});
  em.flush();
  EXPECT_THAT(books.cheap(), ElementsAre(pamphlet));
  EXPECT_EQ(books.count(), 2u);
  EXPECT_EQ(books.count(field<&Book::price> > 5.0), 1u);
  EXPECT_EQ(books.find_one(pamphlet->id), pamphlet);
  EXPECT_EQ(books.get_reference(pamphlet->id), pamphlet);
  EXPECT_THROW(books.find_one_or_fail(-1), NotFoundError);
  EXPECT_EQ(books.native_update(field<&Book::price> < 5.0).set<&Book::price>(2.0).run(), 1u);
  EXPECT_EQ(books.native_delete(field<&Book::price> < 5.0), 1u);
  EXPECT_EQ(em.repository<Author>().find_one_or_fail(author_id_)->name, "Ursula");
  EXPECT_EQ(sync_wait(em.repository<Author>().count_async()), 1u);
  EXPECT_EQ(&books.em(), &em);
}

KIN_ON_EVERY_DATABASE(UowMerge);

}  // namespace kin::test::uow_merge
