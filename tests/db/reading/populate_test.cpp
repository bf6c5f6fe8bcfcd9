// SPDX-License-Identifier: MIT
// Relations loaded along, by every strategy: the same graph, what is sent, and what a read leaves alone.
#include <algorithm>
#include <map>

#include <gmock/gmock.h>

#include "db/support/database.hpp"
#include "db/support/library.hpp"

namespace kin::test::reading_populate {

using testing::HasSubstr;
using testing::Not;
using Ids = std::vector<std::int64_t>;
using Statements = std::vector<std::string>;
inline constexpr Strategy strategies[] = {Strategy::select_in, Strategy::joined, Strategy::balanced};

struct Node;
struct Passport;
struct Person;
struct Club;

struct Node {
  std::int64_t id{};
  std::string name{};
  Ref<Node> parent{};
  Collection<Node> children{};
};
inline void describe(Schema<Node>& node) {
  node.on<&Node::parent>(nullable(true));
  node.on<&Node::children>(mapped_by<&Node::parent>, order_by<&Node::name>);
}
struct Person {
  std::int64_t id{};
  std::string name{};
  Ref<Passport> passport{};
  Collection<Club> clubs{};
};
struct Passport {
  std::int64_t id{};
  std::string number{};
  Ref<Person> holder{};
};
struct Club {
  std::int64_t id{};
  std::string name{};
  Collection<Person> members{};
};
inline void describe(Schema<Person>& person) {
  person.on<&Person::passport>(mapped_by<&Passport::holder>);
  person.on<&Person::clubs>(pivot_table("membership"));
}
inline void describe(Schema<Passport>& passport) { passport.on<&Passport::holder>(one_to_one, nullable(true)); }
inline void describe(Schema<Club>& club) { club.on<&Club::members>(mapped_by<&Person::clubs>); }

template <class List>
Ids ids_of(const List& list) {
  Ids ids;
  for (const auto& entity : list) ids.push_back(entity.id());
  std::ranges::sort(ids);
  return ids;
}

class ReadingPopulateLibrary : public DatabaseTest {
 protected:
  void SetUp() override {
    start(library::entities);
    EntityManager em = orm().em();
    using namespace library;
    for (int i = 1; i <= 4; ++i) em.create<Author>({.id = i, .name = "author " + std::to_string(i), .email = std::to_string(i)});
    for (int i = 1; i <= 5; ++i) em.create<Tag>({.id = i, .name = "tag " + std::to_string(i)});
    for (int i = 1; i <= 9; ++i) {
      auto book = em.create<Book>({.id = i, .title = "book " + std::to_string(i), .price = static_cast<double>(i), .author = em.get_reference<Author>(1 + i % 3)});
      for (int tag = 1; tag <= 4; ++tag)
        if (has(i, tag)) book->tags.add(em.get_reference<Tag>(tag));
    }
    em.flush();
    clear_statements();
  }
  static bool has(std::int64_t book, std::int64_t tag) { return book % (tag + 1) == 0; }
  static Ids tags_of(std::int64_t book) {
    Ids ids;
    for (std::int64_t tag = 1; tag <= 5; ++tag)
      if (tag < 5 && has(book, tag)) ids.push_back(tag);
    return ids;
  }
  static Ids books_of_tag(std::int64_t tag) {
    Ids ids;
    for (std::int64_t book = 1; book <= 9; ++book)
      if (tag < 5 && has(book, tag)) ids.push_back(book);
    return ids;
  }
  static Ids books_of(std::int64_t author) {
    Ids ids;
    for (std::int64_t book = 1; book <= 9; ++book)
      if (1 + book % 3 == author) ids.push_back(book);
    return ids;
  }
};

TEST_P(ReadingPopulateLibrary, DepthThreeIsTheSameGraphByEveryStrategy) {
  using namespace library;
  for (Strategy strategy : strategies) {
    EntityManager em = orm().em();
    auto authors = em.find<Author>()
                       .populate<&Author::books>()
                       .populate<&Author::books, &Book::tags>()
                       .populate<&Author::books, &Book::tags, &Tag::books>()
                       .strategy(strategy)
                       .list();
    EXPECT_EQ(ids_of(authors), (Ids{1, 2, 3, 4}));
    clear_statements();
    for (const auto& author : authors) {
      EXPECT_EQ(ids_of(author.get<&Author::books>()), books_of(author->id));
      for (const auto& book : author.get<&Author::books>()) {
        EXPECT_EQ(book->author, author) << "linked from the other side too";
        EXPECT_EQ(book->title, "book " + std::to_string(book->id));
        EXPECT_EQ(ids_of(book.get<&Book::tags>()), tags_of(book->id));
        for (const auto& tag : book.get<&Book::tags>()) {
          EXPECT_EQ(tag->name, "tag " + std::to_string(tag->id));
          EXPECT_EQ(ids_of(tag.get<&Tag::books>()), books_of_tag(tag->id));
          for (const auto& other : tag.get<&Tag::books>()) EXPECT_EQ(other->price, static_cast<double>(other->id));
        }
      }
    }
    EXPECT_TRUE(statements().empty()) << "all of it was loaded";
    EXPECT_FALSE(em.has_changes());
  }
}

TEST_P(ReadingPopulateLibrary, PopulatingTheDeepPathAloneLoadsWhatLiesOnIt) {
  using namespace library;
  for (Strategy strategy : strategies) {
    EntityManager em = orm().em();
    for (const auto& author : em.find<Author>().populate<&Author::books, &Book::tags>().strategy(strategy).list()) {
      EXPECT_EQ(ids_of(author->books), books_of(author->id));
      for (const auto& book : author->books) EXPECT_EQ(ids_of(book->tags), tags_of(book->id));
    }
  }
}

TEST_P(ReadingPopulateLibrary, SelectInSendsOneStatementALevelWithEachKeyOnce) {
  using namespace library;
  EntityManager em = orm().em();
  (void)em.find<Book>(field<&Book::id> <= 3).populate<&Book::author>().populate<&Book::tags>().strategy(Strategy::select_in).list();
  EXPECT_EQ(statements(),
            (Statements{
                R"(select "t0"."id", "t0"."title", "t0"."price", "t0"."author_id" from "book" as "t0" where "t0"."id" <= ?)",
                R"(select "t0"."id", "t0"."name", "t0"."email", "t0"."age", "t0"."mood", "t0"."home_street", "t0"."home_city", )"
                R"("t0"."work_street", "t0"."work_city", "t0"."created_at" from "author" as "t0" where "t0"."id" in (?, ?, ?, ?))",
                R"(select "t0"."book_id", "t1"."id", "t1"."name" from "book_tag" as "t0" )"
                R"(join "tag" as "t1" on "t1"."id" = "t0"."tag_id" where "t0"."book_id" between ? and ?)"}));
  // Nine books have three authors, so three keys are asked for and the last of them fills the list up.
  EntityManager other = orm().em();
  clear_statements();
  (void)other.find<Book>().populate<&Book::author>().strategy(Strategy::select_in).list();
  ASSERT_EQ(statements().size(), 2u);
  EXPECT_EQ(std::ranges::count(statements()[1], '?'), 4);
}

TEST_P(ReadingPopulateLibrary, ItemsAreReadWithTheirForeignKeyOnce) {
  using namespace library;
  EntityManager em = orm().em();
  (void)em.find<Author>().populate<&Author::books>().strategy(Strategy::select_in).list();
  ASSERT_EQ(statements().size(), 2u);
  const std::string items = statements().back();
  EXPECT_EQ(items.substr(0, items.find(" where")),
            R"(select "t0"."id", "t0"."title", "t0"."price", "t0"."author_id" from "book" as "t0")");
}

TEST_P(ReadingPopulateLibrary, BalancedJoinsToOneAndSelectsToMany) {
  using namespace library;
  EntityManager em = orm().em();
  (void)em.find<Book>(field<&Book::id> == 6).populate<&Book::author>().populate<&Book::tags>().list();
  EXPECT_EQ(statements(),
            (Statements{
                R"(select "t0"."id", "t0"."title", "t0"."price", "t0"."author_id", "t1"."id", "t1"."name", "t1"."email", "t1"."age", )"
                R"("t1"."mood", "t1"."home_street", "t1"."home_city", "t1"."work_street", "t1"."work_city", "t1"."created_at" )"
                R"(from "book" as "t0" join "author" as "t1" on "t1"."id" = "t0"."author_id" where "t0"."id" = ?)",
                R"(select "t0"."book_id", "t1"."id", "t1"."name" from "book_tag" as "t0" )"
                R"(join "tag" as "t1" on "t1"."id" = "t0"."tag_id" where "t0"."book_id" = ?)"}));
}

TEST_P(ReadingPopulateLibrary, JoinedIsOneStatement) {
  using namespace library;
  EntityManager em = orm().em();
  auto books = em.find<Book>().populate<&Book::author>().populate<&Book::tags>().strategy(Strategy::joined).list();
  EXPECT_EQ(statements().size(), 1u);
  EXPECT_EQ(ids_of(books), (Ids{1, 2, 3, 4, 5, 6, 7, 8, 9})) << "each once, those without tags too";
  for (const auto& book : books) EXPECT_EQ(ids_of(book.get<&Book::tags>()), tags_of(book->id));
}

// A condition on a collection chooses the roots and not the items that are loaded.
TEST_P(ReadingPopulateLibrary, ConditionsDoNotCutPopulatedCollections) {
  using namespace library;
  for (Strategy strategy : strategies) {
    EntityManager em = orm().em();
    auto authors = em.find<Author>(field<&Author::books, &Book::price> > 7.5)
                       .order_by(field<&Author::books, &Book::price>.desc(), field<&Author::id>.asc())
                       .populate<&Author::books>()
                       .strategy(strategy)
                       .list();
    EXPECT_FALSE(authors.empty());
    for (const auto& author : authors) EXPECT_EQ(ids_of(author.get<&Author::books>()), books_of(author->id));
  }
}

TEST_P(ReadingPopulateLibrary, WhatIsLoadedIsNotLoadedAgain) {
  using namespace library;
  for (Strategy strategy : {Strategy::select_in, Strategy::balanced}) {
    EntityManager em = orm().em();
    (void)em.find<Author>().populate<&Author::books>().populate<&Author::books, &Book::tags>().strategy(strategy).list();
    EXPECT_EQ(count_statements([&] {
                (void)em.find<Author>().populate<&Author::books>().populate<&Author::books, &Book::tags>().strategy(strategy).list();
              }),
              1u)
        << "the authors alone";
    EXPECT_EQ(count_statements([&] { (void)em.find<Book>().populate<&Book::author>().strategy(Strategy::select_in).list(); }), 1u);
  }
}

TEST_P(ReadingPopulateLibrary, OnlyWhatLacksIsLoaded) {
  using namespace library;
  EntityManager em = orm().em();
  em.find_one_or_fail<Author>(2);
  clear_statements();
  (void)em.find<Book>(field<&Book::author>.in({2, 3})).populate<&Book::author>().strategy(Strategy::select_in).list();
  ASSERT_EQ(statements().size(), 2u);
  EXPECT_TRUE(statements()[1].ends_with(R"( where "t0"."id" = ?)")) << statements()[1];
  em.find_one_or_fail<Book>(2)->tags.load();
  clear_statements();
  (void)em.find<Book>(field<&Book::id>.in({2, 4})).populate<&Book::tags>().list();
  ASSERT_EQ(statements().size(), 2u);
  EXPECT_TRUE(statements()[1].ends_with(R"( where "t0"."book_id" = ?)")) << statements()[1];
}

TEST_P(ReadingPopulateLibrary, NothingFoundPopulatesNothing) {
  using namespace library;
  EntityManager em = orm().em();
  EXPECT_EQ(count_statements([&] {
              auto none = em.find<Author>(field<&Author::id> > 99).populate<&Author::books>().populate<&Author::books, &Book::tags>().list();
              EXPECT_TRUE(none.empty());
            }),
            1u);
  auto author = em.find<Author>(field<&Author::id> == 4).populate<&Author::books>().populate<&Author::books, &Book::tags>().one();
  EXPECT_TRUE(author.get<&Author::books>().empty());
}

TEST_P(ReadingPopulateLibrary, UnflushedValuesSurviveARead) {
  using namespace library;
  for (Strategy strategy : strategies) {
    EntityManager em = orm().em();
    auto book = em.find_one_or_fail<Book>(1);
    const auto old_author = book->author;
    book->title = "changed";
    book->author = em.get_reference<Author>(4);
    auto found = em.find<Book>().flush_mode(FlushMode::commit).populate<&Book::author>().strategy(strategy).list();
    EXPECT_EQ(book->title, "changed");
    EXPECT_EQ(book->author, em.get_reference<Author>(4));
    EXPECT_NE(book->author, old_author);
    EXPECT_EQ(book->author->name, "author 4") << "what is populated is the author that the book has now";
    EXPECT_EQ(found.size(), 9u);
    EXPECT_TRUE(em.has_changes());
  }
}

TEST_P(ReadingPopulateLibrary, UnflushedItemsSurviveARead) {
  using namespace library;
  for (Strategy strategy : strategies) {
    for (bool loaded_before : {false, true}) {
      SCOPED_TRACE(loaded_before);
      EntityManager em = orm().em();
      auto book = em.find_one_or_fail<Book>(6);
      auto tag5 = em.get_reference<Tag>(5);
      if (loaded_before) book->tags.load();
      book->tags.add(tag5);
      book->tags.remove(em.get_reference<Tag>(1));
      (void)em.find<Book>(field<&Book::id> == 6).flush_mode(FlushMode::commit).populate<&Book::tags>().strategy(strategy).list();
      Ids wanted = tags_of(6);
      std::erase(wanted, 1);
      wanted.push_back(5);
      EXPECT_EQ(ids_of(book->tags), wanted);
      EXPECT_TRUE(book->tags.is_dirty());
    }
  }
}

TEST_P(ReadingPopulateLibrary, NewItemsOfAnInverseCollectionSurviveARead) {
  using namespace library;
  for (Strategy strategy : strategies) {
    EntityManager em = orm().em();
    auto author = em.find_one_or_fail<Author>(4);
    auto book = em.create<Book>({.id = 100, .title = "new", .author = author});
    auto moved = em.find_one_or_fail<Book>(1);
    moved->author = author;
    auto found = em.find<Author>().flush_mode(FlushMode::commit).populate<&Author::books>().strategy(strategy).list();
    EXPECT_EQ(found.size(), 4u);
    EXPECT_TRUE(author->books.contains(book));
    EXPECT_EQ(book->author, author);
    EXPECT_EQ(moved->author, author);
    em.flush();
    EXPECT_EQ(ids_of(orm().em().find<Book>(field<&Book::author> == 4).list()), (Ids{1, 100}));
    em.remove(book);
    moved->author = em.get_reference<Author>(2);
    em.flush();
  }
}

TEST_P(ReadingPopulateLibrary, ChangesAreFlushedBeforeAReadThatTouchesThem) {
  using namespace library;
  EntityManager em = orm().em();
  auto book = em.find_one_or_fail<Book>(1);
  book->price = 500;
  auto found = em.find<Book>(field<&Book::price> > 100.0).list();
  EXPECT_EQ(ids_of(found), (Ids{1}));
  EXPECT_FALSE(em.has_changes());
}

TEST_P(ReadingPopulateLibrary, RefreshTakesTheRowsValues) {
  using namespace library;
  EntityManager em = orm().em();
  auto book = em.find_one_or_fail<Book>(6);
  const auto author = book->author;
  book->title = "mine";
  book->author = em.get_reference<Author>(4);
  EntityManager other = orm().em();
  other.find_one_or_fail<Book>(6)->price = 66;
  other.flush();
  EXPECT_TRUE(em.refresh(book));
  EXPECT_EQ(book->title, "book 6");
  EXPECT_EQ(book->price, 66.0);
  EXPECT_EQ(book->author, author);
  EXPECT_FALSE(em.has_changes());
  other.remove(other.find_one_or_fail<Book>(6));
  other.flush();
  EXPECT_FALSE(em.refresh(book)) << "the row is gone";
}

TEST_P(ReadingPopulateLibrary, RefreshOfAFindReadsPopulatedRelationsToo) {
  using namespace library;
  for (Strategy strategy : strategies) {
    SCOPED_TRACE(static_cast<int>(strategy));
    EntityManager em = orm().em();
    auto book = em.find<Book>(field<&Book::id> == 6).populate<&Book::tags>().populate<&Book::author>().one();
    const std::string name = book->author->name;
    EntityManager other = orm().em();
    auto theirs = other.find<Book>(field<&Book::id> == 6).populate<&Book::tags>().populate<&Book::author>().one();
    theirs->tags.add(other.get_reference<Tag>(5));
    theirs->tags.remove(other.get_reference<Tag>(1));
    theirs->author->name = "renamed by " + std::to_string(static_cast<int>(strategy));
    other.flush();
    book->title = "mine";
    (void)em.find<Book>(field<&Book::id> == 6).flush_mode(FlushMode::commit).refresh().populate<&Book::tags>().populate<&Book::author>().strategy(strategy).list();
    EXPECT_EQ(book->title, "book 6");
    EXPECT_EQ(ids_of(book->tags), ids_of(theirs->tags));
    EXPECT_EQ(book->author->name, theirs->author->name);
    EXPECT_FALSE(em.has_changes());
    theirs->tags.remove(other.get_reference<Tag>(5));
    theirs->tags.add(other.get_reference<Tag>(1));
    theirs->author->name = name;
    other.flush();
  }
}

// What was read before keeps its values: another read does not overwrite what the user may have looked at.
TEST_P(ReadingPopulateLibrary, ALaterReadKeepsLoadedValues) {
  using namespace library;
  EntityManager em = orm().em();
  auto book = em.find_one_or_fail<Book>(6);
  EntityManager other = orm().em();
  other.find_one_or_fail<Book>(6)->title = "theirs";
  other.flush();
  auto again = em.find<Book>(field<&Book::title> == "theirs").list();
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0], book);
  EXPECT_EQ(book->title, "book 6");
  EXPECT_FALSE(em.has_changes());
}

class ReadingPopulate : public DatabaseTest {
 protected:
  void SetUp() override {
    start(kin::entities<Node, Person, Passport, Club>);
    EntityManager em = orm().em();
    for (std::int64_t i = 1; i <= 21; ++i) {
      auto node = em.create<Node>({.id = i, .name = std::string(1, static_cast<char>('z' - i))});
      if (i > 1) node->parent = em.get_reference<Node>(parent_of(i));
    }
    for (std::int64_t i = 1; i <= 6; ++i) {
      em.create<Person>({.id = i, .name = "person " + std::to_string(i)});
      if (i % 2 == 0) em.create<Passport>({.id = 100 + i, .number = "P" + std::to_string(i), .holder = em.get_reference<Person>(i)});
    }
    em.create<Passport>({.id = 200, .number = "blank"});
    for (std::int64_t club = 1; club <= 3; ++club) {
      auto made = em.create<Club>({.id = club, .name = "club " + std::to_string(club)});
      for (std::int64_t i = 1; i <= 6; ++i)
        if (is_member(i, club)) made->members.add(em.get_reference<Person>(i));
    }
    em.flush();
    clear_statements();
  }
  static std::int64_t parent_of(std::int64_t node) { return (node + 2) / 4; }
  static Ids children_of(std::int64_t parent) {
    Ids ids;
    for (std::int64_t i = 2; i <= 21; ++i)
      if (parent_of(i) == parent) ids.push_back(i);
    return ids;
  }
  static bool is_member(std::int64_t person, std::int64_t club) { return club < 3 && person % (club + 1) == 0; }
};

TEST_P(ReadingPopulate, ATreeOfOneTypeThreeLevelsDown) {
  for (Strategy strategy : strategies) {
    EntityManager em = orm().em();
    auto roots = em.find<Node>(field<&Node::parent>.is_null())
                     .populate<&Node::children>()
                     .populate<&Node::children, &Node::children>()
                     .populate<&Node::children, &Node::children, &Node::children>()
                     .strategy(strategy)
                     .list();
    ASSERT_EQ(ids_of(roots), (Ids{1}));
    for (const auto& a : roots[0].get<&Node::children>()) {
      EXPECT_EQ(a->parent, roots[0]);
      EXPECT_EQ(ids_of(a.get<&Node::children>()), children_of(a->id));
      for (const auto& b : a.get<&Node::children>()) EXPECT_EQ(ids_of(b.get<&Node::children>()), children_of(b->id));
    }
  }
}

TEST_P(ReadingPopulate, ItemsComeInTheRelationsOrder) {
  for (Strategy strategy : strategies) {
    EntityManager em = orm().em();
    for (const auto& node : em.find<Node>().populate<&Node::children>().strategy(strategy).list()) {
      std::string names;
      for (const auto& child : node.get<&Node::children>()) names += child->name;
      EXPECT_TRUE(std::ranges::is_sorted(names)) << names;
      EXPECT_EQ(names.size(), children_of(node->id).size());
    }
  }
}

TEST_P(ReadingPopulate, UpAndDownTheSameTree) {
  for (Strategy strategy : strategies) {
    EntityManager em = orm().em();
    auto nodes = em.find<Node>(field<&Node::id> == 13)
                     .populate<&Node::parent>()
                     .populate<&Node::parent, &Node::parent>()
                     .populate<&Node::parent, &Node::children>()
                     .strategy(strategy)
                     .list();
    ASSERT_EQ(nodes.size(), 1u);
    auto parent = nodes[0].get<&Node::parent>();
    EXPECT_EQ(parent->id, parent_of(13));
    EXPECT_EQ(parent.get<&Node::parent>()->id, parent_of(parent_of(13)));
    EXPECT_EQ(ids_of(parent.get<&Node::children>()), children_of(parent->id));
    bool there = false;
    for (const auto& child : parent.get<&Node::children>()) there = there || child == nodes[0];
    EXPECT_TRUE(there) << "the node that was read is its parent's child";
  }
}

TEST_P(ReadingPopulate, ManyToManyFromBothSides) {
  for (Strategy strategy : strategies) {
    EntityManager em = orm().em();
    auto clubs = em.find<Club>().populate<&Club::members>().populate<&Club::members, &Person::clubs>().strategy(strategy).list();
    EXPECT_EQ(clubs.size(), 3u);
    for (const auto& club : clubs) {
      Ids wanted;
      for (std::int64_t i = 1; i <= 6; ++i)
        if (is_member(i, club->id)) wanted.push_back(i);
      EXPECT_EQ(ids_of(club.get<&Club::members>()), wanted);
      for (const auto& person : club.get<&Club::members>()) {
        Ids theirs;
        for (std::int64_t c = 1; c <= 3; ++c)
          if (is_member(person->id, c)) theirs.push_back(c);
        EXPECT_EQ(ids_of(person.get<&Person::clubs>()), theirs);
      }
    }
  }
}

TEST_P(ReadingPopulate, OneToOneFromTheOwningSide) {
  for (Strategy strategy : strategies) {
    EntityManager em = orm().em();
    for (const auto& passport : em.find<Passport>().populate<&Passport::holder>().strategy(strategy).list()) {
      auto holder = passport.get<&Passport::holder>();
      if (passport->id == 200) {
        EXPECT_EQ(holder, nullptr);
      } else {
        EXPECT_EQ(holder->name, "person " + std::to_string(passport->id - 100));
      }
    }
  }
}

TEST_P(ReadingPopulate, OneToOneFromTheInverseSide) {
  for (Strategy strategy : strategies) {
    EntityManager em = orm().em();
    auto people = em.find<Person>().populate<&Person::passport>().strategy(strategy).list();
    EXPECT_EQ(ids_of(people), (Ids{1, 2, 3, 4, 5, 6}));
    for (const auto& person : people) {
      auto passport = person.get<&Person::passport>();
      if (person->id % 2) {
        EXPECT_EQ(passport, nullptr);
        continue;
      }
      ASSERT_NE(passport, nullptr);
      EXPECT_EQ(passport->number, "P" + std::to_string(person->id));
      EXPECT_EQ(passport->holder, person);
    }
    EXPECT_FALSE(em.has_changes());
  }
}

TEST_P(ReadingPopulate, OneToOneInverseIsNotLoadedAgain) {
  EntityManager em = orm().em();
  (void)em.find<Person>(field<&Person::id>.in({2, 4})).populate<&Person::passport>().strategy(Strategy::select_in).list();
  EXPECT_EQ(count_statements([&] {
              (void)em.find<Person>(field<&Person::id>.in({2, 4})).populate<&Person::passport>().strategy(Strategy::select_in).list();
            }),
            1u);
}

// A passport that was given away in memory is not its old holder's again because the row still says so.
TEST_P(ReadingPopulate, AnUnflushedOneToOneFromTheOtherSideSurvivesARead) {
  for (Strategy strategy : strategies) {
    SCOPED_TRACE(static_cast<int>(strategy));
    EntityManager em = orm().em();
    auto passport = em.find<Passport>(field<&Passport::id> == 102).populate<&Passport::holder>().one();
    auto other = em.find_one_or_fail<Person>(1);
    passport->holder = other;
    (void)em.find<Person>().flush_mode(FlushMode::commit).populate<&Person::passport>().strategy(strategy).list();
    EXPECT_EQ(passport->holder, other);
    em.flush();
    EntityManager fresh = orm().em();
    EXPECT_EQ(fresh.find_one_or_fail<Passport>(102)->holder, fresh.get_reference<Person>(1));
    fresh.find_one_or_fail<Passport>(102)->holder = fresh.get_reference<Person>(2);
    fresh.flush();
  }
}

TEST_P(ReadingPopulate, RefreshClearsAnInverseThatIsGone) {
  for (Strategy strategy : strategies) {
    SCOPED_TRACE(static_cast<int>(strategy));
    EntityManager em = orm().em();
    auto person = em.find<Person>(field<&Person::id> == 4).populate<&Person::passport>().one();
    ASSERT_NE(person->passport, nullptr);
    EntityManager other = orm().em();
    other.find_one_or_fail<Passport>(104)->holder = nullptr;
    other.flush();
    (void)em.find<Person>(field<&Person::id> == 4).refresh().populate<&Person::passport>().strategy(strategy).list();
    EXPECT_EQ(person->passport, nullptr);
    other.find_one_or_fail<Passport>(104)->holder = other.get_reference<Person>(4);
    other.flush();
  }
}

TEST_P(ReadingPopulate, AOneToOneInverseIsKnownBesideALimitAndACollection) {
  for (Strategy strategy : strategies) {
    EntityManager em = orm().em();
    auto people = em.find<Person>()
                      .populate<&Person::clubs>()
                      .order_by(field<&Person::id>.asc())
                      .limit(2)
                      .offset(1)
                      .strategy(strategy)
                      .list();
    ASSERT_EQ(ids_of(people), (Ids{2, 3}));
    ASSERT_NE(people[0]->passport, nullptr);
    EXPECT_EQ(people[0]->passport.id(), 102);
    EXPECT_FALSE(people[0]->passport.is_initialized());
    EXPECT_EQ(people[1]->passport, nullptr);
    auto holders = em.find<Person>(field<&Person::passport, &Passport::number>.starts_with("P"))
                       .populate<&Person::clubs>()
                       .order_by(field<&Person::passport, &Passport::number>.desc())
                       .limit(2)
                       .strategy(strategy)
                       .list();
    ASSERT_EQ(ids_of(holders), (Ids{4, 6}));
    for (const auto& holder : holders) EXPECT_EQ(holder->passport.id(), 100 + holder->id);
    auto clubs = em.find<Club>().populate<&Club::members>().strategy(strategy).list();
    for (const auto& club : clubs)
      for (const auto& person : club.get<&Club::members>())
        EXPECT_EQ(person->passport != nullptr, person->id % 2 == 0);
    EXPECT_FALSE(em.has_changes());
  }
}

TEST_P(ReadingPopulate, OnlyAndExcludeLeaveAOneToOneInverseOut) {
  EntityManager em = orm().em();
  EXPECT_THAT(em.find<Person>().only<&Person::name>().sql(), Not(HasSubstr("passport")));
  EXPECT_THAT(em.find<Person>().exclude<&Person::passport>().sql(), Not(HasSubstr("passport")));
  EXPECT_THAT(em.find<Person>().sql(), HasSubstr("passport"));
}

TEST_P(ReadingPopulate, ConditionsOverAOneToOneInverse) {
  EntityManager em = orm().em();
  EXPECT_EQ(ids_of(em.find<Person>(field<&Person::passport, &Passport::number> == "P4").list()), (Ids{4}));
  EXPECT_EQ(ids_of(em.find<Person>(field<&Person::passport>.is_null()).list()), (Ids{1, 3, 5}));
  EXPECT_EQ(ids_of(em.find<Person>(field<&Person::passport> == 102).list()), (Ids{2}));
}

KIN_ON_EVERY_DATABASE(ReadingPopulateLibrary);
KIN_ON_EVERY_DATABASE(ReadingPopulate);

}  // namespace kin::test::reading_populate
