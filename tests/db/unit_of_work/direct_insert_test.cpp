// SPDX-License-Identifier: MIT
// insert and insert_many past the identity map, and count_by.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kin/kin.hpp>

#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "db/support/database.hpp"

namespace kin::test::uow_direct_insert {

using testing::AllOf;
using testing::HasSubstr;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;

struct Book;
struct Author {
  std::int64_t id{};
  std::string name{};
  Collection<Book> books{};
};
struct Book {
  std::int64_t id{};
  std::string title{};
  std::string genre{};
  std::string origin{};
  int version{};
  Ref<Author> author{};
};
struct Country {
  std::string code{};
  std::string name{};
};
struct Place {
  std::int64_t row{};
  std::int64_t number{};
};

inline void describe(Schema<Author>& author) { author.on<&Author::books>(mapped_by<&Book::author>); }
inline void describe(Schema<Book>& book) {
  book.on<&Book::genre>(length(50), default_value("novel"));
  book.on<&Book::origin>(on_create([](const Book&) { return std::string("here"); }));
  book.on<&Book::version>(version);
  book.on<&Book::author>(nullable());
}
inline void describe(Schema<Country>& country) { country.on<&Country::code>(primary_key, length(10)); }
inline void describe(Schema<Place>& place) {
  place.on<&Place::row>(primary_key);
  place.on<&Place::number>(primary_key);
}

inline constexpr EntityList entities = kin::entities<Author, Book, Country, Place>;

class UowDirectInsert : public DatabaseTest {
 protected:
  void SetUp() override { start(entities); }
};

TEST_P(UowDirectInsert, ReturnsTheKeyAndManagesNothing) {
  EntityManager em = orm().em();
  const std::int64_t author = em.insert<Author>({.name = "Ada"});
  EXPECT_THAT(sent(), SizeIs(1));
  const std::int64_t id = em.insert<Book>({.title = "Notes", .author = em.get_reference<Author>(author)});
  EXPECT_GT(id, 0);
  EXPECT_FALSE(em.has_changes());
  clear_statements();
  Ref<Book> book = em.find_one_or_fail<Book>(id);
  EXPECT_THAT(sent(), SizeIs(1));  // it was not in the identity map
  EXPECT_EQ(book->title, "Notes");
  EXPECT_EQ(book->genre, "novel");
  EXPECT_EQ(book->origin, "here");
  EXPECT_EQ(book->version, 1);
  EXPECT_EQ(book->author.id(), author);
}

TEST_P(UowDirectInsert, ManyRowsAreFewStatementsAndKeysInOrder) {
  EntityManager em = orm().em();
  std::vector<Book> books;
  for (int i = 0; i < 30; ++i) books.push_back({.title = std::to_string(i)});
  clear_statements();
  const std::vector<std::int64_t> ids = em.insert_many<Book>(books);
  EXPECT_THAT(statements(), SizeIs(3));  // begin, insert, commit
  ASSERT_THAT(ids, SizeIs(30));
  for (std::size_t i = 0; i < ids.size(); ++i)
    EXPECT_EQ(em.find_one_or_fail<Book>(ids[i])->title, std::to_string(i));
}

TEST_P(UowDirectInsert, KeysOfOtherMembers) {
  EntityManager em = orm().em();
  const std::string code = em.insert<Country, &Country::code>({.code = "no", .name = "Norway"});
  EXPECT_EQ(code, "no");
  const std::tuple<std::int64_t, std::int64_t> place =
      em.insert<Place, &Place::row, &Place::number>({.row = 3, .number = 4});
  EXPECT_EQ(place, std::make_tuple(3, 4));
  static_assert(std::is_void_v<decltype(em.insert<Country>({.code = "se"}))>);
  em.insert<Country>({.code = "se"});
  EXPECT_EQ(em.count<Country>(), 2u);
}

TEST_P(UowDirectInsert, WhatMayNotBeInsertedIsRefusedBeforeAnythingIsSent) {
  EntityManager em = orm().em();
  Ref<Author> fresh = em.create<Author>({.name = "New"});
  try {
    em.insert<Book>({.title = "x", .author = fresh});
    FAIL();
  } catch (const ValidationError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("Book.author"), HasSubstr("flush() first")));
  }
  Author owner{.name = "Owner"};
  owner.books.add(em.create_detached<Book>({.title = "y"}));
  std::vector<Author> owners;
  owners.push_back(std::move(owner));
  try {
    em.insert_many<Author>(std::move(owners));
    FAIL();
  } catch (const ValidationError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("Author.books"), HasSubstr("flush()")));
  }
  EXPECT_THAT(sent(), SizeIs(0));
}

TEST_P(UowDirectInsert, AFailureLeavesNoRow) {
  EntityManager em = orm().em();
  em.insert<Country>({.code = "no"});
  std::vector<Country> countries{{.code = "dk"}, {.code = "no"}};
  EXPECT_THROW(em.insert_many<Country>(countries), UniqueConstraintViolationError);
  EXPECT_EQ(em.count<Country>(), 1u);
}

TEST_P(UowDirectInsert, Awaited) {
  EntityManager em = orm().em();
  auto work = [](EntityManager& inner) -> Task<std::int64_t> {
    Author author{.name = "Ada"};
    const std::int64_t id = co_await inner.insert_async(author);
    std::vector<Book> books(2);
    const std::vector<std::int64_t> ids = co_await inner.insert_many_async<Book>(books);
    co_return id > 0 && ids.size() == 2 ? ids[1] : 0;
  };
  EXPECT_GT(sync_wait(work(em)), 0);
}

TEST_P(UowDirectInsert, CountsByMembersAndRelations) {
  EntityManager em = orm().em();
  auto ada = em.create<Author>({.name = "Ada"});
  auto bob = em.create<Author>({.name = "Bob"});
  em.create<Book>({.title = "1", .genre = "sf", .author = ada});
  em.create<Book>({.title = "2", .genre = "sf", .author = ada});
  em.create<Book>({.title = "3", .genre = "novel", .author = bob});
  em.create<Book>({.title = "4", .genre = "novel"});
  em.flush();
  clear_statements();
  const auto by_author = em.count_by<&Book::author>();
  EXPECT_THAT(sent(), SizeIs(1));
  EXPECT_THAT(by_author, UnorderedElementsAre(Pair(ada->id, 2u), Pair(bob->id, 1u), Pair(std::nullopt, 1u)));
  EXPECT_THAT(em.count_by<&Book::genre>(field<&Book::title> > "1"),
              UnorderedElementsAre(Pair("sf", 1u), Pair("novel", 2u)));
  const auto by_both = em.count_by<&Book::genre, &Book::author>(field<&Book::author, &Author::name> == "Ada");
  EXPECT_THAT(by_both,
              UnorderedElementsAre(Pair(std::make_tuple(std::string("sf"), std::optional(ada->id)), 2u)));
  EXPECT_EQ(sync_wait(em.count_by_async<&Book::genre>()).at("sf"), 2u);
}

KIN_ON_EVERY_DATABASE(UowDirectInsert);

}  // namespace kin::test::uow_direct_insert
