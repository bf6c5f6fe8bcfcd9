// SPDX-License-Identifier: MIT
// What a collection does: replaced without being loaded, ranges and predicates, queries over the items, parts
// of them.
#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "db/support/database.hpp"
#include "db/support/library.hpp"

namespace kin::test::uow_collections {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;
using namespace library;

class UowCollections : public DatabaseTest {
 protected:
  /// U has the books a (1, tags x y), b (2, tag y) and c (3); V has d (4); nothing has the tag z.
  void seed() {
    start(library::entities);
    EntityManager em = orm().em();
    auto u = em.create<Author>({.name = "U", .email = "u"});
    auto v = em.create<Author>({.name = "V", .email = "v"});
    auto x = em.create<Tag>({.name = "x"});
    auto y = em.create<Tag>({.name = "y"});
    em.create<Tag>({.name = "z"});
    em.create<Book>({.title = "a", .price = 1, .author = u, .tags = {x, y}});
    em.create<Book>({.title = "b", .price = 2, .author = u, .tags = {y}});
    em.create<Book>({.title = "c", .price = 3, .author = u});
    em.create<Book>({.title = "d", .price = 4, .author = v});
    em.flush();
    clear_statements();
  }
  static Ref<Author> author(EntityManager& em, const char* name) {
    return em.find_one_or_fail<Author>(field<&Author::name> == name);
  }
  static Ref<Book> book(EntityManager& em, const char* title) {
    return em.find_one_or_fail<Book>(field<&Book::title> == title);
  }
  static Ref<Tag> tag(EntityManager& em, const char* name) {
    return em.find_one_or_fail<Tag>(field<&Tag::name> == name);
  }
  template <class Items>
  static std::vector<std::string> titles(const Items& items) {
    std::vector<std::string> result;
    for (const auto& item : items) result.push_back(item->title);
    std::sort(result.begin(), result.end());
    return result;
  }
  template <class Items>
  static std::vector<std::string> names(const Items& items) {
    std::vector<std::string> result;
    for (const auto& item : items) result.push_back(item->name);
    std::sort(result.begin(), result.end());
    return result;
  }
  /// As the database has them.
  std::vector<std::string> books_of(const char* name) {
    EntityManager em = orm().em();
    return titles(author(em, name)->books.load());
  }
  std::vector<std::string> tags_of(const char* title) {
    EntityManager em = orm().em();
    return names(book(em, title)->tags.load());
  }
  /// What was sent, but for the beginning and the end of the transaction, by its first words.
  std::vector<std::string> verbs() const {
    std::vector<std::string> result;
    for (const std::string& statement : statements())
      if (statement.find(' ') != std::string::npos)
        result.push_back(statement.substr(0, statement.find(' ')));
    return result;
  }
  static constexpr const char* insert = R"(insert into "book_tag" ("book_id", "tag_id") values (?, ?))";
  static constexpr const char* remove = R"(delete from "book_tag" where "book_id" = ? and "tag_id" = ?)";
};

TEST_P(UowCollections, AManyToManyIsReplacedUnloadedByOneReadAndTheDifferences) {
  seed();
  EntityManager em = orm().em();
  auto a = book(em, "a");
  auto y = tag(em, "y");
  auto z = tag(em, "z");
  clear_statements();
  a->tags.set({z, y});
  EXPECT_THAT(statements(), IsEmpty());
  EXPECT_THAT(names(a->tags), ElementsAre("y", "z")) << "known from here on";
  EXPECT_TRUE(a->tags.is_initialized());
  EXPECT_TRUE(a->tags.is_dirty());
  EXPECT_TRUE(em.has_changes());
  em.flush();
  ASSERT_THAT(statements(), SizeIs(5));
  EXPECT_THAT(statements()[0], StartsWith("select"));
  EXPECT_EQ(statements()[2], remove);
  EXPECT_EQ(statements()[3], insert);
  EXPECT_THAT(tags_of("a"), ElementsAre("y", "z"));
  EXPECT_EQ(a->tags[0], z) << "in the order that was given";
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
}

TEST_P(UowCollections, AManyToManyIsEmptiedAndFilledAgainUnloaded) {
  seed();
  EntityManager em = orm().em();
  auto a = book(em, "a");
  auto x = tag(em, "x");
  a->tags.remove_all();
  EXPECT_TRUE(a->tags.empty());
  a->tags.add(x);
  clear_statements();
  em.flush();
  ASSERT_THAT(statements(), SizeIs(4));
  EXPECT_EQ(statements()[2], remove) << "the row of x stays";
  EXPECT_THAT(tags_of("a"), ElementsAre("x"));
  EXPECT_THAT(tags_of("b"), ElementsAre("y"));
}

TEST_P(UowCollections, SetToWhatTheDatabaseHoldsWritesNothing) {
  seed();
  EntityManager em = orm().em();
  auto a = book(em, "a");
  auto x = tag(em, "x");
  auto y = tag(em, "y");
  clear_statements();
  a->tags.set({x, y});
  em.flush();
  EXPECT_THAT(verbs(), ElementsAre("select"));
  EXPECT_FALSE(em.has_changes());
}

TEST_P(UowCollections, AManyToManyIsReplacedUnloadedFromItsInverseSide) {
  seed();
  EntityManager em = orm().em();
  auto y = tag(em, "y");
  y->books.set({book(em, "b"), book(em, "c")});
  em.flush();
  EXPECT_THAT(tags_of("a"), ElementsAre("x"));
  EXPECT_THAT(tags_of("b"), ElementsAre("y"));
  EXPECT_THAT(tags_of("c"), ElementsAre("y"));
}

TEST_P(UowCollections, AOneToManyIsReplacedUnloadedAndItsOrphansAreDeleted) {
  seed();
  EntityManager em = orm().em();
  auto u = author(em, "U");
  auto d = book(em, "d");
  auto b = book(em, "b");
  clear_statements();
  u->books.set({b, d, em.create<Book>({.title = "e"})});
  EXPECT_THAT(titles(u->books), ElementsAre("b", "d", "e"));
  em.flush();
  EXPECT_THAT(books_of("U"), ElementsAre("b", "d", "e"));
  EXPECT_THAT(books_of("V"), IsEmpty());
  EXPECT_EQ(em.count<Book>(), 3u) << "a and c are gone";
}

TEST_P(UowCollections, CollectionsOfARelationAreReplacedByOneRead) {
  seed();
  EntityManager em = orm().em();
  auto u = author(em, "U");
  auto v = author(em, "V");
  auto d = book(em, "d");
  clear_statements();
  u->books.set({d});
  v->books.remove_all();
  em.flush();
  EXPECT_EQ(verbs(), (std::vector<std::string>{"select", "update", "delete"}));
  EXPECT_THAT(books_of("U"), ElementsAre("d"));
  EXPECT_THAT(books_of("V"), IsEmpty());
}

TEST_P(UowCollections, WhatGetsAnotherOwnerIsNoOrphanOfAReplacedCollection) {
  seed();
  EntityManager em = orm().em();
  auto u = author(em, "U");
  auto v = author(em, "V");
  auto a = book(em, "a");
  u->books.remove_all();
  v->books.add(a);
  em.flush();
  EXPECT_THAT(books_of("U"), IsEmpty());
  EXPECT_THAT(books_of("V"), ElementsAre("a", "d"));
}

TEST_P(UowCollections, ReplacedOnesGoOutBeforeAQuery) {
  seed();
  EntityManager em = orm().em();
  author(em, "U")->books.remove_all();
  EXPECT_EQ(em.count<Book>(), 1u);
}

TEST_P(UowCollections, AReplacedCollectionOfARemovedOwnerIsNotRead) {
  seed();
  EntityManager em = orm().em();
  auto a = book(em, "a");
  a->tags.set({tag(em, "z")});
  em.remove(a);
  clear_statements();
  em.flush();
  EXPECT_EQ(verbs(), (std::vector<std::string>{"delete"}));
  EXPECT_EQ(em.execute("select count(*) as n from book_tag")[0].get<int>("n"), 1);
}

TEST_P(UowCollections, RefreshDropsAReplacement) {
  seed();
  EntityManager em = orm().em();
  auto a = book(em, "a");
  a->tags.remove_all();
  em.find<Book>(field<&Book::id> == a->id)
      .populate<&Book::tags>()
      .refresh()
      .flush_mode(FlushMode::commit)
      .one_or_fail();
  EXPECT_THAT(names(a->tags), ElementsAre("x", "y"));
  EXPECT_FALSE(em.has_changes());
}

TEST_P(UowCollections, AReplacementIsWrittenAgainAfterARollback) {
  seed();
  EntityManager em = orm().em();
  auto a = book(em, "a");
  auto z = tag(em, "z");
  em.begin();
  a->tags.set({z});
  em.flush();
  em.rollback();
  EXPECT_THAT(tags_of("a"), ElementsAre("x", "y"));
  em.flush();
  EXPECT_THAT(tags_of("a"), ElementsAre("z"));
}

TEST_P(UowCollections, ARowKnownByKeyOnlyMovesToAnUnloadedCollection) {
  seed();
  EntityManager em = orm().em();
  const auto id = book(em, "d")->id;
  EntityManager other = orm().em();
  auto u = author(other, "U");
  clear_statements();
  u->books.add(other.get_reference<Book>(id));
  other.flush();
  EXPECT_THAT(statements(),
              ElementsAre("begin", R"(update "book" set "author_id" = ? where "id" = ?)", "commit"));
  EXPECT_THAT(books_of("U"), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(books_of("V"), IsEmpty());
}

TEST_P(UowCollections, AnUnloadedCollectionWithoutItemsGetsSome) {
  seed();
  EntityManager em = orm().em();
  auto c = book(em, "c");
  auto x = tag(em, "x");
  auto z = tag(em, "z");
  clear_statements();
  EXPECT_EQ(c->tags.add({x, z}), 2u);
  em.flush();
  EXPECT_EQ(verbs(), (std::vector<std::string>{"insert"}));
  EXPECT_THAT(tags_of("c"), ElementsAre("x", "z"));
}

TEST_P(UowCollections, TakesRangesAndCountsWhatChanged) {
  seed();
  EntityManager em = orm().em();
  auto a = book(em, "a");
  const auto x = tag(em, "x");
  const auto y = tag(em, "y");
  const auto z = tag(em, "z");
  a->tags.load();
  EXPECT_EQ(a->tags.add({y, z}), 1u);
  EXPECT_EQ(a->tags.add(std::vector{x, y, z}), 0u);
  EXPECT_EQ(a->tags.remove({x, x}), 1u);
  EXPECT_EQ(a->tags.remove(std::vector{x, y}), 1u);
  EXPECT_THAT(names(a->tags), ElementsAre("z"));
  EXPECT_EQ(a->tags.remove(a->tags), 1u) << "also of itself";
  EXPECT_EQ(a->tags.add(em.find<Tag>(field<&Tag::name> != "y").populate<&Tag::books>().list()), 2u);
  em.flush();
  EXPECT_THAT(tags_of("a"), ElementsAre("x", "z"));
}

TEST_P(UowCollections, RemovesByAPredicate) {
  seed();
  EntityManager em = orm().em();
  auto u = author(em, "U");
  const auto cheap = [](const Ref<Book>& item) { return item->price < 2.5; };
  EXPECT_THROW(u->books.remove(cheap), NotInitializedError);
  EXPECT_EQ(u->books.load().remove(cheap), 2u);
  em.flush();
  EXPECT_THAT(books_of("U"), ElementsAre("c"));
}

TEST_P(UowCollections, LoadedItemsAreSearched) {
  seed();
  EntityManager em = orm().em();
  auto u = author(em, "U");
  EXPECT_THROW(u->books.slice(0, 1), NotInitializedError);
  u->books.load();
  clear_statements();
  EXPECT_EQ(u->books.find_item([](const auto& item) { return item->title == "b"; })->price, 2);
  EXPECT_EQ(u->books.find_item([](const auto& item) { return item->title == "d"; }), nullptr);
  EXPECT_TRUE(u->books.exists([](const auto& item) { return item->price > 2; }));
  EXPECT_FALSE(u->books.exists([](const auto& item) { return item->price > 3; }));
  EXPECT_THAT(titles(u->books.filter([](const auto& item) { return item->price < 3; })),
              ElementsAre("a", "b"));
  EXPECT_THAT(u->books.slice(1, 1), ElementsAre(u->books[1]));
  EXPECT_THAT(u->books.slice(1, 9), SizeIs(2));
  EXPECT_THAT(u->books.slice(3, 9), IsEmpty());
  const auto by_title = u->books.index_by<&Book::title>();
  ASSERT_EQ(by_title.size(), 3u);
  EXPECT_EQ(by_title.at("c")->price, 3);
  EXPECT_THAT(u->books.identifiers(), ElementsAre(u->books[0]->id, u->books[1]->id, u->books[2]->id));
  EXPECT_EQ(u->books.identifiers<&Book::id>(), u->books.identifiers());
  EXPECT_THAT(statements(), IsEmpty());
}

TEST_P(UowCollections, MatchingReadsAPartAndLeavesTheCollectionAlone) {
  seed();
  EntityManager em = orm().em();
  auto u = author(em, "U");
  const auto found =
      u->books.matching(field<&Book::price> > 1.5).order_by(field<&Book::price>.desc()).limit(1);
  clear_statements();
  EXPECT_THAT(titles(found.list()), ElementsAre("c"));
  EXPECT_THAT(statements(), SizeIs(1));
  EXPECT_EQ(found.count(), 2u);
  EXPECT_TRUE(found.exists());
  EXPECT_THAT(titles(u->books.matching().list()), ElementsAre("a", "b", "c"));
  EXPECT_THAT(titles(u->books.matching(field<&Book::price> < 1.5 || field<&Book::price> > 2.5).list()),
              ElementsAre("a", "c"));
  EXPECT_FALSE(u->books.is_initialized());
  EXPECT_THROW(u->books.size(), NotInitializedError);
  EXPECT_EQ(u->books.load_count(field<&Book::price> >= 2.0), 2u);
}

TEST_P(UowCollections, MatchingGoesThroughPivotTablesFromBothSides) {
  seed();
  EntityManager em = orm().em();
  auto a = book(em, "a");
  EXPECT_THAT(names(a->tags.matching(field<&Tag::name> > "x").list()), ElementsAre("y"));
  EXPECT_THAT(names(a->tags.matching().list()), ElementsAre("x", "y"));
  EXPECT_EQ(a->tags.matching(field<&Tag::books, &Book::title> == "b").count(), 1u);
  auto y = tag(em, "y");
  const auto page = y->books.matching(field<&Book::author, &Author::name> == "U")
                        .order_by(field<&Book::title>.asc())
                        .populate<&Book::author>()
                        .populate<&Book::tags>()
                        .strategy(Strategy::joined)
                        .limit(1)
                        .offset(1)
                        .list();
  ASSERT_THAT(page, SizeIs(1));
  EXPECT_EQ(page[0]->title, "b");
  EXPECT_EQ(page[0].get<&Book::author>()->name, "U");
  EXPECT_THAT(names(page[0]->tags), ElementsAre("y"));
}

TEST_P(UowCollections, MatchingSeesWhatIsPending) {
  seed();
  EntityManager em = orm().em();
  auto a = book(em, "a");
  a->tags.add(tag(em, "z"));
  EXPECT_EQ(a->tags.matching(field<&Tag::name> == "z").count(), 1u);
}

TEST_P(UowCollections, MatchingWantsAnOwnerWithARow) {
  start(library::entities);
  EntityManager em = orm().em();
  auto u = em.create<Author>({.name = "U", .email = "u"});
  try {
    static_cast<void>(u->books.matching());
    FAIL();
  } catch (const ValidationError& error) {
    EXPECT_THAT(error.what(), HasSubstr("Author"));
    EXPECT_THAT(error.what(), HasSubstr("flush"));
  }
}

TEST_P(UowCollections, AStoredPartIsReadOnlyUntilAllIsLoaded) {
  seed();
  EntityManager em = orm().em();
  auto u = author(em, "U");
  auto d = book(em, "d");
  const auto part = u->books.matching(field<&Book::price> < 2.5).store().list();
  EXPECT_THAT(part, SizeIs(2));
  clear_statements();
  EXPECT_THAT(titles(u->books), ElementsAre("a", "b"));
  EXPECT_TRUE(u->books.is_partial());
  EXPECT_TRUE(u->books.contains(part[0]));
  EXPECT_FALSE(u->books.contains(d));
  EXPECT_THAT(statements(), IsEmpty());
  EXPECT_THROW(u->books.remove(part[0]), ValidationError);
  EXPECT_THROW(u->books.set({d}), ValidationError);
  EXPECT_THROW(u->books.remove_all(), ValidationError);
  try {
    u->books.add(d);
    FAIL();
  } catch (const ValidationError& error) {
    EXPECT_THAT(error.what(), HasSubstr("Author.books"));
    EXPECT_THAT(error.what(), HasSubstr("load()"));
  }
  EXPECT_FALSE(em.has_changes());
  EXPECT_EQ(u->books.load_count(), 3u) << "asks the database";
  u->books.load();
  EXPECT_FALSE(u->books.is_partial());
  EXPECT_THAT(titles(u->books), ElementsAre("a", "b", "c"));
  EXPECT_TRUE(u->books.add(d));
  em.flush();
  EXPECT_THAT(books_of("U"), ElementsAre("a", "b", "c", "d"));
}

TEST_P(UowCollections, AStoredPartFollowsTheOtherSideOnceLoaded) {
  seed();
  EntityManager em = orm().em();
  auto a = book(em, "a");
  auto x = tag(em, "x");
  auto z = tag(em, "z");
  a->tags.matching(field<&Tag::name> == "y").store().list();
  z->books.add(a);
  x->books.remove(a);
  em.flush();
  EXPECT_THAT(tags_of("a"), ElementsAre("y", "z"));
  EXPECT_THAT(names(a->tags.load()), ElementsAre("y", "z"));
}

TEST_P(UowCollections, StoreRefusesToDropChangesAndOtherFinds) {
  seed();
  EntityManager em = orm().em();
  auto a = book(em, "a");
  a->tags.add(tag(em, "z"));
  EXPECT_THROW(a->tags.matching().store().flush_mode(FlushMode::commit).list(), ValidationError);
  EXPECT_THROW(em.find<Tag>().store().list(), ValidationError);
  em.flush();
  EXPECT_THAT(tags_of("a"), ElementsAre("x", "y", "z"));
}

TEST_P(UowCollections, PopulateLoadsRelationsOfWhatIsThere) {
  seed();
  EntityManager em = orm().em();
  const auto authors = em.find<Author>().order_by(field<&Author::name>.asc()).list();
  clear_statements();
  const auto loaded = em.populate<&Author::books, &Book::tags>(authors);
  EXPECT_THAT(statements(), SizeIs(2));
  ASSERT_THAT(loaded, SizeIs(2));
  std::size_t tags = 0;
  for (auto item : loaded[0].get<&Author::books>()) tags += item.get<&Book::tags>().size();
  EXPECT_EQ(tags, 3u);
  EXPECT_THAT(titles(authors[0]->books), ElementsAre("a", "b", "c"));
  EXPECT_EQ(count_statements([&] { em.populate<&Author::books, &Book::tags>(authors); }), 0u) << "is there";
}

TEST_P(UowCollections, PopulateTakesOneEntityReferencesAndNothing) {
  seed();
  std::int64_t id = 0;
  {
    EntityManager em = orm().em();
    id = book(em, "a")->id;
  }
  EntityManager em = orm().em();
  const auto a = em.get_reference<Book>(id);
  const auto loaded = em.populate<&Book::author>(a);
  EXPECT_EQ(loaded->title, "a");
  EXPECT_EQ(loaded.get<&Book::author>()->name, "U");
  EXPECT_EQ(em.populate<&Book::author>(Ref<Book>()), nullptr);
  EXPECT_THAT(em.populate<&Book::author>(std::vector<Ref<Book>>()), IsEmpty());
  EXPECT_THAT(em.populate<&Book::tags>(std::vector{a, a}), SizeIs(2));
  EXPECT_THAT(names(a->tags), ElementsAre("x", "y")) << "each item once";
}

TEST_P(UowCollections, PopulateKeepsChanges) {
  seed();
  EntityManager em = orm().em();
  auto u = author(em, "U");
  auto d = book(em, "d");
  u->books.add(d);
  em.populate<&Author::books>(u);
  EXPECT_THAT(titles(u->books), ElementsAre("a", "b", "c", "d"));
  em.flush();
  EXPECT_THAT(books_of("U"), ElementsAre("a", "b", "c", "d"));
}

TEST_P(UowCollections, AReferenceIsLoadedOrItsRowMissed) {
  seed();
  EntityManager em = orm().em();
  const auto id = em.find_one_or_fail<Tag>(field<&Tag::name> == "x")->id;
  EntityManager other = orm().em();
  EXPECT_EQ(other.get_reference<Tag>(id).load_or_fail()->name, "x");
  const auto gone = other.get_reference<Tag>(id + 1000);
  EXPECT_FALSE(gone.load());
  try {
    gone.load_or_fail();
    FAIL();
  } catch (const NotFoundError& error) {
    EXPECT_THAT(error.what(), HasSubstr("Tag " + std::to_string(id + 1000)));
  }
}

Task<void> use_the_tasks(EntityManager& em, std::int64_t id, std::vector<std::string>& seen) {
  Ref<Author> u = em.get_reference<Author>(id);
  co_await u.load_or_fail_async();
  const auto loaded = co_await em.populate_async<&Author::books>(u);
  for (auto item : loaded.get<&Author::books>()) seen.push_back(item->title);
  const std::size_t count = co_await u->books.load_count_async();
  seen.push_back(std::to_string(count));
}

TEST_P(UowCollections, TasksDoTheSame) {
  seed();
  EntityManager em = orm().em();
  const auto id = author(em, "U")->id;
  EntityManager other = orm().em();
  std::vector<std::string> seen;
  kin::sync_wait(use_the_tasks(other, id, seen));
  std::sort(seen.begin(), seen.end());
  EXPECT_THAT(seen, ElementsAre("3", "a", "b", "c"));
}

TEST_P(UowCollections, AManyToManyIsCountedWithoutLoadingFromBothSides) {
  seed();
  EntityManager em = orm().em();
  EXPECT_EQ(book(em, "a")->tags.load_count(), 2u);
  EXPECT_EQ(book(em, "c")->tags.load_count(), 0u);
  EXPECT_EQ(tag(em, "y")->books.load_count(), 2u);
  EXPECT_EQ(tag(em, "x")->books.load_count(), 1u);
}

KIN_ON_EVERY_DATABASE(UowCollections);

// Without orphan removal: what a replaced collection lets go stays, if it can.

struct Player;
struct Fan;
struct Seat;
struct Team {
  std::int64_t id{};
  Collection<Player> players{};
  Collection<Fan> fans{};
  Collection<Seat> seats{};
};
struct Player {
  std::int64_t id{};
  Ref<Team> team{};
};
struct Fan {
  std::int64_t id{};
  Ref<Team> team{};
};
struct Seat {
  Ref<Team> team{};
  int number{};
};
inline void describe(Schema<Team>& team) {
  team.on<&Team::players>(mapped_by<&Player::team>);
  team.on<&Team::fans>(mapped_by<&Fan::team>);
  team.on<&Team::seats>(mapped_by<&Seat::team>, order_by<&Seat::number>);
}
inline void describe(Schema<Fan>& fan) { fan.on<&Fan::team>(nullable()); }
inline void describe(Schema<Seat>& seat) {
  seat.on<&Seat::team>(primary_key);
  seat.on<&Seat::number>(primary_key);
}

class UowReplacedCollections : public DatabaseTest {
 protected:
  void seed() {
    start(kin::entities<Team, Player, Fan, Seat>);
    EntityManager em = orm().em();
    auto team = em.create<Team>({});
    for (int i = 1; i <= 2; ++i) {
      em.create<Player>({.team = team});
      em.create<Fan>({.team = team});
      em.create<Seat>({.team = team, .number = 3 - i});
    }
    em.flush();
    clear_statements();
  }
};

TEST_P(UowReplacedCollections, AnOptionalReferenceIsSetToNull) {
  seed();
  EntityManager em = orm().em();
  auto team = em.find<Team>().one_or_fail();
  team->fans.remove_all();
  em.flush();
  EXPECT_EQ(em.count<Fan>(field<&Fan::team> == nullptr), 2u);
}

TEST_P(UowReplacedCollections, ARequiredReferenceIsAnErrorOfTheFlush) {
  seed();
  EntityManager em = orm().em();
  auto team = em.find<Team>().one_or_fail();
  team->players.remove_all();
  try {
    em.flush();
    FAIL();
  } catch (const ValidationError& error) {
    EXPECT_THAT(error.what(), HasSubstr("Player.team is required"));
  }
  for (const auto& player : em.find<Player>().flush_mode(FlushMode::commit).list()) player->team = team;
  em.flush();
  EXPECT_EQ(em.count<Player>(field<&Player::team> == team), 2u) << "given back";
}

TEST_P(UowReplacedCollections, AnOwnerInTheKeyIsAnErrorOfTheFlushAndTheSetStays) {
  seed();
  EntityManager em = orm().em();
  auto team = em.find<Team>().one_or_fail();
  team->seats.remove_all();
  for (int attempt = 0; attempt < 2; ++attempt) {
    try {
      em.flush();
      FAIL();
    } catch (const ValidationError& error) {
      EXPECT_THAT(error.what(), HasSubstr("Team.seats"));
      EXPECT_THAT(error.what(), HasSubstr("kin::orphan_removal"));
    }
    EXPECT_TRUE(team->seats.empty());
    EXPECT_TRUE(team->seats.is_dirty());
  }
}

TEST_P(UowReplacedCollections, MatchingKnowsCompositeKeysAndTheRelationsOrder) {
  seed();
  EntityManager em = orm().em();
  auto team = em.find<Team>().one_or_fail();
  std::vector<int> numbers;
  for (const auto& seat : team->seats.matching().list()) numbers.push_back(seat->number);
  EXPECT_THAT(numbers, ElementsAre(1, 2));
  EXPECT_EQ(team->seats.matching(field<&Seat::number> == 2).count(), 1u);
  EXPECT_THAT(team->seats.load().identifiers<&Seat::number>(), ElementsAre(1, 2));
}

KIN_ON_EVERY_DATABASE(UowReplacedCollections);

// Many-to-many between composite keys.

struct Room;
struct Course {
  int year{};
  int number{};
  Collection<Room> rooms{};
};
struct Room {
  std::string house{};
  int number{};
  Collection<Course> courses{};
};
inline void describe(Schema<Course>& course) {
  course.on<&Course::year>(primary_key);
  course.on<&Course::number>(primary_key);
}
inline void describe(Schema<Room>& room) {
  room.on<&Room::house>(primary_key, length(20));
  room.on<&Room::number>(primary_key);
  room.on<&Room::courses>(mapped_by<&Course::rooms>);
}

class UowCompositeCollections : public DatabaseTest {};

TEST_P(UowCompositeCollections, AreWrittenPopulatedSearchedReplacedAndCounted) {
  start(kin::entities<Course, Room>);
  {
    EntityManager em = orm().em();
    auto course = em.create<Course>({.year = 1, .number = 2});
    em.create<Course>({.year = 2, .number = 1})->rooms.add(em.create<Room>({.house = "b", .number = 2}));
    course->rooms.add(
        {em.create<Room>({.house = "a", .number = 1}), em.create<Room>({.house = "a", .number = 2})});
    em.flush();
  }
  EntityManager em = orm().em();
  auto course = em.get_reference<Course>(1, 2);
  EXPECT_EQ(course.unwrap().rooms.load_count(), 2u);
  EXPECT_EQ(course.unwrap().rooms.matching(field<&Room::number> == 2).list()[0]->house, "a");
  auto room = em.get_reference<Room>("b", 2);
  EXPECT_EQ(room.unwrap().courses.matching().list()[0]->year, 2);
  course.unwrap().rooms.set({room, em.get_reference<Room>("a", 1)});
  em.flush();
  EntityManager other = orm().em();
  const auto again = other.populate<&Course::rooms>(other.get_reference<Course>(1, 2));
  std::vector<std::string> names;
  for (const auto& item : again->rooms) names.push_back(item->house + std::to_string(item->number));
  std::sort(names.begin(), names.end());
  EXPECT_THAT(names, ElementsAre("a1", "b2"));
  EXPECT_EQ(other.get_reference<Room>("b", 2).unwrap().courses.load_count(), 2u);
}

KIN_ON_EVERY_DATABASE(UowCompositeCollections);

// Many-to-many between entities of one type, without an inverse side.

struct Person {
  std::int64_t id{};
  std::string name{};
  Collection<Person> friends{};
};
inline void describe(Schema<Person>& person) { person.on<&Person::friends>(pivot_table("friendship")); }

class UowOneSidedCollections : public DatabaseTest {
 protected:
  static Ref<Person> person(EntityManager& em, const char* name) {
    return em.find_one_or_fail<Person>(field<&Person::name> == name);
  }
  template <class Items>
  static std::vector<std::string> names(const Items& items) {
    std::vector<std::string> result;
    for (const auto& item : items) result.push_back(item->name);
    std::sort(result.begin(), result.end());
    return result;
  }
  /// a likes b and c, b likes a.
  void seed() {
    start(kin::entities<Person>);
    EntityManager em = orm().em();
    auto a = em.create<Person>({.name = "a"});
    auto b = em.create<Person>({.name = "b"});
    a->friends.add({b, em.create<Person>({.name = "c"})});
    b->friends.add(a);
    em.flush();
    clear_statements();
  }
};

TEST_P(UowOneSidedCollections, MatchingGoesFromTheOwnerToTheItems) {
  seed();
  EntityManager em = orm().em();
  EXPECT_THAT(names(person(em, "a")->friends.matching().list()), ElementsAre("b", "c"));
  EXPECT_THAT(names(person(em, "b")->friends.matching().list()), ElementsAre("a"));
  EXPECT_THAT(names(person(em, "c")->friends.matching().list()), IsEmpty());
  EXPECT_EQ(person(em, "a")->friends.load_count(field<&Person::name> == "c"), 1u);
}

TEST_P(UowOneSidedCollections, AreCountedWithoutLoading) {
  seed();
  EntityManager em = orm().em();
  auto a = person(em, "a");
  clear_statements();
  EXPECT_EQ(a->friends.load_count(), 2u);
  EXPECT_EQ(statements().size(), 1u);
  EXPECT_FALSE(a->friends.is_initialized());
  EXPECT_EQ(person(em, "b")->friends.load_count(), 1u);
  EXPECT_EQ(person(em, "c")->friends.load_count(), 0u);
}

TEST_P(UowOneSidedCollections, AreReplacedUnloaded) {
  seed();
  EntityManager em = orm().em();
  auto a = person(em, "a");
  a->friends.set({a, person(em, "c")});
  em.flush();
  EntityManager other = orm().em();
  EXPECT_THAT(names(person(other, "a")->friends.load()), ElementsAre("a", "c"));
  EXPECT_THAT(names(person(other, "b")->friends.load()), ElementsAre("a"));
}

KIN_ON_EVERY_DATABASE(UowOneSidedCollections);

}  // namespace kin::test::uow_collections
