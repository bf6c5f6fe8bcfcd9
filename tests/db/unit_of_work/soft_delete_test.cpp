// SPDX-License-Identifier: MIT
// Rows that are marked as deleted: what removes them, what sees them, and what brings them back.
#include <gmock/gmock.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "db/support/database.hpp"

namespace kin::test::uow_soft_delete {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Time = std::chrono::sys_time<std::chrono::milliseconds>;

struct Book;
struct Author {
  std::int64_t id{};
  std::string name{};
  std::optional<Time> deleted_at{};
  Collection<Book> books{};
};
struct Tag {
  std::int64_t id{};
  std::string name{};
  bool gone = false;
  Collection<Book> books{};
};
struct Book {
  std::int64_t id{};
  std::string title{};
  int version{};
  std::optional<Time> deleted_at{};
  Ref<Author> author{};
  Collection<Tag> tags{};
};
struct Review {
  std::int64_t id{};
  std::string text{};
  Ref<Book> book{};
};
inline void describe(Schema<Author>& author) {
  author.on<&Author::name>(unique);
  author.on<&Author::books>(mapped_by<&Book::author>, cascade(Cascade::all), orphan_removal);
  author.soft_delete<&Author::deleted_at>();
}
inline void describe(Schema<Tag>& tag) {
  tag.soft_delete<&Tag::gone>();
  tag.on<&Tag::books>(mapped_by<&Book::tags>);
}
inline void describe(Schema<Book>& book) {
  book.on<&Book::version>(version);
  book.on<&Book::author>(nullable());
  book.soft_delete<&Book::deleted_at>();
}

struct Shelf {
  std::int64_t id{};
};
struct Box {
  std::int64_t id{};
  std::optional<Time> deleted_at{};
  Ref<Shelf> shelf{};
};
struct Item {
  std::int64_t id{};
  Ref<Box> box{};
};
inline void describe(Schema<Box>& box) {
  box.on<&Box::shelf>(delete_rule(Rule::cascade));
  box.soft_delete<&Box::deleted_at>();
}
inline void describe(Schema<Item>& item) { item.on<&Item::box>(nullable()); }

class UowSoftDelete : public DatabaseTest {
 protected:
  /// Ann with Dawn and Dusk; Dawn has the tags sea and sky and a review.
  EntityManager library() {
    EntityManager em = start(kin::entities<Author, Review>).em();
    auto author = em.create<Author>({.name = "Ann"});
    auto dawn = em.create<Book>({.title = "Dawn", .author = author});
    em.create<Book>({.title = "Dusk", .author = author});
    dawn->tags.add(em.create<Tag>({.name = "sea"}));
    dawn->tags.add(em.create<Tag>({.name = "sky"}));
    em.create<Review>({.text = "good", .book = dawn});
    em.flush();
    em.clear();
    clear_statements();
    return em;
  }
  static Ref<Book> book(EntityManager& em, const char* title) {
    return em.find_one<Book>(field<&Book::title> == title);
  }
  /// Marks a row and forgets it.
  static void remove_book(EntityManager& em, const char* title) {
    em.remove(book(em, title));
    em.flush();
    em.clear();
  }
  static std::int64_t rows_in(EntityManager& em, const char* table) {
    return em.execute("select count(*) as n from " + std::string(table))[0].get<std::int64_t>("n");
  }
};

TEST_P(UowSoftDelete, RemoveMarksTheRowAndTheEntityIsGone) {
  EntityManager em = library();
  auto dawn = book(em, "Dawn");
  em.remove(dawn);
  clear_statements();
  em.flush();
  EXPECT_THAT(
      statements(),
      ElementsAre("begin",
                  R"(update "book" set "version" = ?, "deleted_at" = ? where "id" = ? and "version" = ?)",
                  "commit"));
  EXPECT_TRUE(dawn->deleted_at.has_value());
  EXPECT_EQ(em.find_one<Book>(std::int64_t{1}), nullptr);
  EXPECT_EQ(em.count<Book>(), 1U);
  EXPECT_EQ(rows_in(em, "book"), 2);
}

TEST_P(UowSoftDelete, EveryReadLeavesMarkedRowsOut) {
  EntityManager em = library();
  remove_book(em, "Dawn");
  EXPECT_THAT(em.find<Book>().list(), SizeIs(1));
  EXPECT_THAT(em.find<Book>().limit(5).populate<&Book::tags>().list(), SizeIs(1));
  EXPECT_EQ(em.find_one<Book>(std::int64_t{1}), nullptr);
  EXPECT_FALSE(em.find<Book>(field<&Book::title> == "Dawn").exists());
  EXPECT_EQ(em.count<Author>(field<&Author::books>.some(field<&Book::title> == "Dawn")), 0U);
  EXPECT_EQ(em.count<Author>(field<&Author::books>.none(field<&Book::title> == "Dawn")), 1U);
  EXPECT_EQ(em.count<Author>(field<&Author::books>.every(field<&Book::title> == "Dusk")), 1U);
  EXPECT_EQ(em.count<Author>(field<&Author::books>.size() == 1), 1U);
  EXPECT_EQ(em.count<Review>(field<&Review::book, &Book::title> == "Dawn"), 0U);
  EXPECT_EQ(em.find<Author>().one()->books.load_count(), 1U);
}

TEST_P(UowSoftDelete, CollectionsArePopulatedWithoutThem) {
  for (const Strategy strategy : {Strategy::select_in, Strategy::joined}) {
    EntityManager em = library();
    remove_book(em, "Dawn");
    auto author = em.find<Author>().strategy(strategy).populate<&Author::books>().one_or_fail();
    ASSERT_EQ(author->books.size(), 1U);
    EXPECT_EQ((*author->books.begin())->title, "Dusk");
    em.clear();
    auto all = em.find<Author>().strategy(strategy).with_deleted().populate<&Author::books>().one_or_fail();
    EXPECT_EQ(all->books.size(), 2U);
  }
}

TEST_P(UowSoftDelete, AMarkedItemOfAManyToManyRelationIsNone) {
  for (const Strategy strategy : {Strategy::select_in, Strategy::joined}) {
    EntityManager em = library();
    em.remove(em.find_one_or_fail<Tag>(field<&Tag::name> == "sea"));
    em.flush();
    em.clear();
    auto dawn =
        em.find<Book>(field<&Book::title> == "Dawn").strategy(strategy).populate<&Book::tags>().one_or_fail();
    EXPECT_EQ(dawn->tags.size(), 1U);
    em.clear();
    EXPECT_EQ(em.count<Book>(field<&Book::tags>.size() == 1), 1U);
    EXPECT_EQ(em.count<Book>(field<&Book::tags>.some(field<&Tag::id> == 1)), 0U);
    EXPECT_EQ(book(em, "Dawn")->tags.load_count(), 1U);
  }
}

TEST_P(UowSoftDelete, AReferenceToAMarkedRowStaysUnread) {
  EntityManager em = library();
  remove_book(em, "Dawn");
  const auto reviews = em.find<Review>().populate<&Review::book>().list();
  ASSERT_THAT(reviews, SizeIs(1));
  Ref<Review> review = em.find<Review>().one();
  ASSERT_NE(review->book, nullptr);
  EXPECT_FALSE(review->book.is_initialized());
  EXPECT_FALSE(review->book.load());
  em.clear();
  auto all = em.find<Review>().with_deleted().populate<&Review::book>().one_or_fail();
  EXPECT_EQ(all->book->title, "Dawn");
}

TEST_P(UowSoftDelete, CascadesAndOrphansFollow) {
  EntityManager em = library();
  auto author = em.find<Author>().populate<&Author::books>().one_or_fail();
  author->books.remove(*author->books.begin());
  em.flush();
  EXPECT_EQ(em.count<Book>(), 1U);
  em.remove(em.find<Author>().one());
  em.flush();
  EXPECT_EQ(em.count<Book>(), 0U);
  EXPECT_EQ(em.count<Author>(), 0U);
  EXPECT_EQ(rows_in(em, "book"), 2);
  EXPECT_EQ(rows_in(em, "author"), 1);
}

TEST_P(UowSoftDelete, CollectionsInMemoryLoseIt) {
  EntityManager em = library();
  auto author = em.find<Author>().populate<&Author::books>().one_or_fail();
  em.remove(*author->books.begin());
  em.flush();
  EXPECT_EQ(author->books.size(), 1U);
  EXPECT_FALSE(em.has_changes());
}

TEST_P(UowSoftDelete, RestoreBringsItBack) {
  EntityManager em = library();
  remove_book(em, "Dawn");
  auto dawn = em.find<Book>(field<&Book::title> == "Dawn").with_deleted().one_or_fail();
  EXPECT_TRUE(dawn->deleted_at.has_value());
  em.restore(dawn);
  em.flush();
  em.clear();
  ASSERT_NE(book(em, "Dawn"), nullptr);
  EXPECT_FALSE(book(em, "Dawn")->deleted_at.has_value());

  dawn = book(em, "Dawn");
  em.remove(dawn);
  em.restore(dawn);
  EXPECT_FALSE(em.has_changes());
}

TEST_P(UowSoftDelete, HardDeleteDeletes) {
  EntityManager em = library();
  auto review = em.find<Review>().one();
  em.remove(review);
  em.flush();
  em.remove(book(em, "Dusk"), hard_delete);
  em.flush();
  EXPECT_EQ(rows_in(em, "book"), 1);
  remove_book(em, "Dawn");
  auto author = em.find<Author>().with_deleted().populate<&Author::books>().one_or_fail();
  em.remove(author, hard_delete);
  em.flush();
  EXPECT_EQ(rows_in(em, "book"), 0);
  EXPECT_EQ(rows_in(em, "author"), 0);
}

TEST_P(UowSoftDelete, WhatTheDatabaseDeletesIsGoneForGood) {
  EntityManager em = start(kin::entities<Item>).em();
  auto shelf = em.create<Shelf>({});
  auto item = em.create<Item>({.box = em.create<Box>({.shelf = shelf})});
  em.flush();
  em.remove(shelf);
  em.flush();
  EXPECT_EQ(rows_in(em, "box"), 0);
  EXPECT_EQ(item->box, nullptr);
  EXPECT_FALSE(em.has_changes());
}

TEST_P(UowSoftDelete, NativeWritesLeaveMarkedRowsAlone) {
  EntityManager em = library();
  remove_book(em, "Dawn");
  EXPECT_EQ(em.native_update<Book>(all<Book>()).set<&Book::title>("x").run(), 1U);
  EXPECT_EQ(em.native_update<Book>(all<Book>()).set<&Book::title>("y").with_deleted().run(), 2U);
  EXPECT_EQ(em.native_delete<Review>(all<Review>()), 1U);
  em.execute("delete from book_tags");
  EXPECT_EQ(em.native_delete<Book>(field<&Book::deleted_at>.is_not_null()), 0U);
  EXPECT_EQ(em.native_delete<Book>(field<&Book::deleted_at>.is_not_null(), with_deleted), 1U);
  EXPECT_EQ(rows_in(em, "book"), 1);
}

TEST_P(UowSoftDelete, QueriesJoinWithoutThem) {
  struct Row {
    std::string name;
    std::optional<std::string> title;
  };
  EntityManager em = library();
  remove_book(em, "Dawn");
  const auto b = alias<Book>("b");
  auto query = em.query<Author>();
  query.left_join<&Author::books>(b).select(field<&Author::name>, b[field<&Book::title>]);
  EXPECT_THAT(query.rows<Row>(), SizeIs(1));
  EXPECT_THAT(query.with_deleted().rows<Row>(), SizeIs(2));
}

TEST_P(UowSoftDelete, AUniqueValueIsFreeAgain) {
  EntityManager em = library();
  em.remove(em.find<Author>().one());
  em.flush();
  em.create<Author>({.name = "Ann"});
  if (traits().has_partial_indexes) {
    em.flush();
    EXPECT_EQ(em.count<Author>(field<&Author::name> == "Ann"), 1U);
    em.create<Author>({.name = "Ann"});
  }
  EXPECT_THROW(em.flush(), UniqueConstraintViolationError);
}

TEST_P(UowSoftDelete, ARollbackTakesTheMarkBack) {
  EntityManager em = library();
  auto dawn = book(em, "Dawn");
  em.begin();
  em.remove(dawn);
  em.flush();
  em.rollback();
  EXPECT_FALSE(dawn->deleted_at.has_value());
  EXPECT_EQ(dawn->version, 1);
  em.flush();
  EXPECT_TRUE(dawn->deleted_at.has_value());
  EXPECT_EQ(em.count<Book>(), 1U);
}

TEST_P(UowSoftDelete, TheVersionIsChecked) {
  EntityManager em = library();
  auto dawn = book(em, "Dawn");
  em.execute("update book set version = 7");
  em.remove(dawn);
  EXPECT_THROW(em.flush(), OptimisticLockError);
  EXPECT_FALSE(dawn->deleted_at.has_value());
  EXPECT_EQ(dawn->version, 1);
}

TEST_P(UowSoftDelete, ThePlanTellsOfIt) {
  EntityManager em = library();
  auto dawn = book(em, "Dawn");
  em.remove(dawn);
  const Plan plan = em.plan();
  ASSERT_THAT(plan.statements(), SizeIs(1));
  EXPECT_EQ(plan.statements()[0].rows[0].reason, "removed, by its mark of a soft delete");
  EXPECT_FALSE(dawn->deleted_at.has_value());
}

TEST_P(UowSoftDelete, Misuse) {
  EntityManager em = library();
  auto review = em.find<Review>().one();
  EXPECT_THROW(em.restore(review), ValidationError);
  EXPECT_THROW(em.restore(em.get_reference<Tag>(std::int64_t{1})), ValidationError);
  EXPECT_THROW(em.restore(Ref<Book>()), ValidationError);
}

KIN_ON_EVERY_DATABASE(UowSoftDelete);

}  // namespace kin::test::uow_soft_delete
