// SPDX-License-Identifier: MIT
// Entities of which only some members were read, and entities in the identity map.
#include "db/support/database.hpp"
#include "db/support/library.hpp"

namespace kin::test::reading_partial {

using namespace library;
using Statements = std::vector<std::string>;

class ReadingPartial : public DatabaseTest {
 protected:
  void SetUp() override {
    start(library::entities);
    EntityManager em = orm().em();
    auto author = em.create<Author>({.id = 1, .name = "Ursula", .email = "u@example.org", .age = 88, .home = {"Oak", "Portland"}});
    em.create<Author>({.id = 2, .name = "Stanislaw", .email = "s@example.org"});
    em.create<Book>({.id = 1, .title = "The Dispossessed", .price = 9.5, .author = author});
    em.create<Book>({.id = 2, .title = "The Lathe of Heaven", .price = 7.25, .author = author});
    em.flush();
    clear_statements();
  }
};

TEST_P(ReadingPartial, OnlyReadsTheKeyAndWhatIsNamed) {
  EntityManager em = orm().em();
  auto book = em.find<Book>(field<&Book::id> == 1).only<&Book::title>().one();
  EXPECT_EQ(statements(), (Statements{R"(select "t0"."id", "t0"."title" from "book" as "t0" where "t0"."id" = ? limit ?)"}));
  EXPECT_EQ(book->id, 1);
  EXPECT_EQ(book->title, "The Dispossessed");
  EXPECT_EQ(book->price, 0.0) << "the default";
  EXPECT_EQ(book->author, nullptr);
  EXPECT_FALSE(em.has_changes()) << "defaults of what was not read are no changes";
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
}

TEST_P(ReadingPartial, ExcludeReadsTheRest) {
  EntityManager em = orm().em();
  auto book = em.find<Book>(field<&Book::id> == 1).exclude<&Book::title>().one();
  EXPECT_EQ(statements(), (Statements{R"(select "t0"."id", "t0"."price", "t0"."author_id" from "book" as "t0" where "t0"."id" = ? limit ?)"}));
  EXPECT_EQ(book->title, "");
  EXPECT_EQ(book->price, 9.5);
  EXPECT_EQ(book->author, em.get_reference<Author>(1));
}

TEST_P(ReadingPartial, AFullReadCompletesAndKeepsChanges) {
  EntityManager em = orm().em();
  auto book = em.find<Book>(field<&Book::id> == 1).only<&Book::title>().one();
  book->title = "changed";
  book->price = 1.0;  // set without having been read
  (void)em.find<Book>().flush_mode(FlushMode::commit).list();
  EXPECT_EQ(book->title, "changed");
  EXPECT_EQ(book->author, em.get_reference<Author>(1)) << "completed";
  clear_statements();
  em.flush();
  EXPECT_EQ(statements().size(), 3u);
  EntityManager other = orm().em();
  auto stored = other.find_one_or_fail<Book>(1);
  EXPECT_EQ(stored->title, "changed");
  EXPECT_EQ(stored->author, other.get_reference<Author>(1));
  EXPECT_EQ(stored->price, book->price) << "what the manager shows is what it wrote";
}

TEST_P(ReadingPartial, FindByKeyCompletesToo) {
  EntityManager em = orm().em();
  auto book = em.find<Book>(field<&Book::id> == 1).only<&Book::title>().one();
  EXPECT_EQ(em.find_one<Book>(1), book);
  EXPECT_EQ(book->price, 9.5);
  EXPECT_EQ(count_statements([&] { em.find_one<Book>(1); }), 0u) << "complete now";
  auto second = em.find<Book>(field<&Book::id> == 2).only<&Book::price>().one();
  EXPECT_TRUE(second.load());
  EXPECT_EQ(second->title, "The Lathe of Heaven");
}

TEST_P(ReadingPartial, TwoPartialReadsAddUp) {
  EntityManager em = orm().em();
  auto book = em.find<Book>(field<&Book::id> == 1).only<&Book::title>().one();
  (void)em.find<Book>(field<&Book::id> == 1).only<&Book::price>().one();
  EXPECT_EQ(book->title, "The Dispossessed");
  EXPECT_EQ(book->price, 9.5);
  EXPECT_FALSE(em.has_changes());
  book->price = 10;
  book->title = "both";
  clear_statements();
  em.flush();
  EXPECT_EQ(statements(), (Statements{"begin", R"(update "book" set "title" = ?, "price" = ? where "id" = ?)", "commit"}));
}

TEST_P(ReadingPartial, APartialReadTakesNothingAway) {
  EntityManager em = orm().em();
  auto book = em.find_one_or_fail<Book>(1);
  book->price = 1.5;
  (void)em.find<Book>(field<&Book::id> == 1).flush_mode(FlushMode::commit).only<&Book::title>().one();
  EXPECT_EQ(book->price, 1.5);
  EXPECT_EQ(book->author, em.get_reference<Author>(1));
  clear_statements();
  em.flush();
  EXPECT_EQ(statements(), (Statements{"begin", R"(update "book" set "price" = ? where "id" = ?)", "commit"}));
}

TEST_P(ReadingPartial, OnlyWritesWhatChanged) {
  EntityManager em = orm().em();
  auto author = em.find<Author>(field<&Author::id> == 1).only<&Author::name, &Author::home>().one();
  EXPECT_EQ(author->home.city, "Portland");
  EXPECT_EQ(author->age, std::nullopt);
  author->home.street = "Elm";
  clear_statements();
  em.flush();
  EXPECT_EQ(statements(), (Statements{"begin", R"(update "author" set "home_street" = ? where "id" = ?)", "commit"}));
  EntityManager other = orm().em();
  EXPECT_EQ(other.find_one_or_fail<Author>(1)->age, 88);
}

TEST_P(ReadingPartial, PopulatingAPartialEntityCompletesIt) {
  EntityManager em = orm().em();
  auto author = em.find<Author>(field<&Author::id> == 1).only<&Author::name>().one();
  (void)em.find<Book>(field<&Book::id> == 1).populate<&Book::author>().strategy(Strategy::select_in).one();
  EXPECT_EQ(author->email, "u@example.org");
  EXPECT_EQ(author->age, 88);
}

TEST_P(ReadingPartial, PopulateWithOnlyStillLinks) {
  for (Strategy strategy : {Strategy::select_in, Strategy::joined, Strategy::balanced}) {
    EntityManager em = orm().em();
    auto book = em.find<Book>(field<&Book::id> == 1).only<&Book::title>().populate<&Book::author>().strategy(strategy).one();
    EXPECT_EQ(book.get<&Book::author>()->name, "Ursula");
    EXPECT_EQ(book->price, 0.0);
    auto author = em.find<Author>(field<&Author::id> == 1).only<&Author::name>().populate<&Author::books>().strategy(strategy).one();
    EXPECT_EQ(author.get<&Author::books>().size(), 2u);
  }
}

class ReadingIdentity : public ReadingPartial {};

TEST_P(ReadingIdentity, OneRowIsOneEntityWhateverFoundIt) {
  EntityManager em = orm().em();
  auto stub = em.get_reference<Book>(1);
  auto by_key = em.find_one<Book>(1);
  auto by_condition = em.find_one<Book>(field<&Book::title> == "The Dispossessed");
  auto listed = em.find<Book>(field<&Book::price> > 9.0).list();
  auto by_author = em.find<Author>(field<&Author::id> == 1).populate<&Author::books>().one();
  EXPECT_EQ(stub, by_key);
  EXPECT_EQ(stub, by_condition);
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(stub, listed[0]);
  EXPECT_TRUE(by_author->books.contains(stub));
  EXPECT_EQ(&*stub, &*by_key) << "the very same object";
}

TEST_P(ReadingIdentity, KeysAreServedFromMemory) {
  EntityManager em = orm().em();
  (void)em.find<Book>().list();
  EXPECT_EQ(count_statements([&] {
              em.find_one<Book>(1);
              em.find_one_or_fail<Book>(2);
            }),
            0u);
  EXPECT_EQ(count_statements([&] { em.find_one<Book>(3); }), 1u);
  em.clear();
  EXPECT_EQ(count_statements([&] { em.find_one<Book>(1); }), 1u);
}

TEST_P(ReadingIdentity, ManagersShareNothing) {
  EntityManager a = orm().em();
  EntityManager b = orm().em();
  auto first = a.find_one_or_fail<Book>(1);
  auto second = b.find_one_or_fail<Book>(1);
  EXPECT_NE(first, second);
  first->title = "mine";
  EXPECT_EQ(second->title, "The Dispossessed");
}

TEST_P(ReadingIdentity, ARemovedEntityIsNotFoundByItsKey) {
  EntityManager em = orm().em();
  auto book = em.find_one_or_fail<Book>(1);
  em.remove(book);
  EXPECT_EQ(em.find_one<Book>(1), nullptr);
  em.flush();
  EXPECT_EQ(em.find_one<Book>(1), nullptr);
  EXPECT_EQ(em.count<Book>(), 1u);
}

class ReadingReferences : public ReadingPartial {};

TEST_P(ReadingReferences, AReferenceAsksNothingUntilItIsLoaded) {
  EntityManager em = orm().em();
  auto stub = em.get_reference<Book>(1);
  EXPECT_EQ(stub.id(), 1);
  EXPECT_FALSE(stub.is_initialized());
  EXPECT_TRUE(statements().empty());
  EXPECT_TRUE(stub.load());
  EXPECT_TRUE(stub.is_initialized());
  EXPECT_EQ(stub->title, "The Dispossessed");
  EXPECT_EQ(count_statements([&] { EXPECT_TRUE(stub.load()); }), 0u);
  EXPECT_FALSE(em.get_reference<Book>(99).load());
}

TEST_P(ReadingReferences, ReadingAStubNamesThePopulatePath) {
  EntityManager em = orm().em();
  auto book = em.find_one_or_fail<Book>(1);
  try {
    (void)book->author->name;
    FAIL() << "must throw";
  } catch (const NotInitializedError& error) {
    EXPECT_EQ(error.entity(), "Author");
    EXPECT_STREQ(error.what(),
                 "Author 1 has not been loaded, only its key is known; add .populate<&Book::author>() to the find, or call "
                 "load() on the Ref first");
  }
  EXPECT_THROW((void)*book->author, NotInitializedError);
  EXPECT_EQ(book->author.id(), 1);
}

TEST_P(ReadingReferences, ReadingACollectionThatIsNotLoadedNamesThePopulatePath) {
  EntityManager em = orm().em();
  auto author = em.find_one_or_fail<Author>(1);
  EXPECT_FALSE(author->books.is_initialized());
  const std::vector<std::function<void()>> reads = {[&] { (void)author->books.size(); }, [&] { (void)author->books.begin(); },
                                                    [&] { (void)author->books.empty(); }, [&] { (void)author->books[0]; }};
  for (const auto& read : reads) {
    try {
      read();
      ADD_FAILURE() << "must throw";
    } catch (const NotInitializedError& error) {
      EXPECT_NE(std::string_view(error.what()).find("populate<&Author::books>()"), std::string_view::npos) << error.what();
    }
  }
  EXPECT_EQ(author->books.load().size(), 2u);
  EXPECT_EQ(count_statements([&] { author->books.load(); }), 0u);
}

TEST_P(ReadingReferences, ANullReferenceIsRefused) {
  const Ref<Book> none;
  EXPECT_THROW((void)none->title, ValidationError);
  EXPECT_THROW((void)none.load(), ValidationError);
  EXPECT_THROW((void)none.id(), ValidationError);
  EXPECT_FALSE(none);
}

TEST_P(ReadingReferences, LoadCountCountsWithoutLoading) {
  EntityManager em = orm().em();
  auto author = em.find_one_or_fail<Author>(1);
  clear_statements();
  EXPECT_EQ(author->books.load_count(), 2u);
  EXPECT_EQ(statements(), (Statements{R"(select count(*) from "book" as "t0" where "t0"."author_id" = ?)"}));
  EXPECT_FALSE(author->books.is_initialized());
  author->books.load();
  EXPECT_EQ(count_statements([&] { EXPECT_EQ(author->books.load_count(), 2u); }), 0u);
}

KIN_ON_EVERY_DATABASE(ReadingPartial);
KIN_ON_EVERY_DATABASE(ReadingIdentity);
KIN_ON_EVERY_DATABASE(ReadingReferences);

}  // namespace kin::test::reading_partial
