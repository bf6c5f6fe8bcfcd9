// SPDX-License-Identifier: MIT
// Pivot rows: only the differences are written, from either side, loaded or not.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>

#include "db/support/database.hpp"
#include "db/support/library.hpp"

namespace kin::test::uow_pivot {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace library;

class UowManyToMany : public DatabaseTest {
 protected:
  /// One book with the tags a, b and c; tag d has none.
  void seed() {
    start(library::entities);
    EntityManager em = orm().em();
    auto author = em.create<Author>({.name = "U", .email = "u"});
    auto book = em.create<Book>({.title = "B", .author = author});
    for (const char* name : {"a", "b", "c"}) book->tags.add(em.create<Tag>({.name = name}));
    em.create<Tag>({.name = "d"});
    em.flush();
    clear_statements();
  }
  std::vector<std::string> tags() {
    EntityManager em = orm().em();
    std::vector<std::string> names;
    auto book = em.find<Book>().populate<&Book::tags>().one_or_fail();
    for (auto tag : book->tags) names.push_back(tag->name);
    std::sort(names.begin(), names.end());
    clear_statements();
    return names;
  }
  static constexpr const char* insert = R"(insert into "book_tag" ("book_id", "tag_id") values (?, ?))";
  static constexpr const char* remove = R"(delete from "book_tag" where "book_id" = ? and "tag_id" = ?)";
};

TEST_P(UowManyToMany, WritesRowsOfANewGraph) {
  EntityManager em = start(library::entities).em();
  auto author = em.create<Author>({.name = "U", .email = "u"});
  em.create<Book>({.title = "B", .author = author, .tags = {em.create<Tag>({.name = "a"})}});
  em.flush();
  ASSERT_EQ(statements().size(), 6u);
  EXPECT_EQ(statements()[4], insert);
  EXPECT_THAT(tags(), ElementsAre("a"));
}

TEST_P(UowManyToMany, WritesOnlyDifferences) {
  seed();
  EntityManager em = orm().em();
  auto book = em.find<Book>().populate<&Book::tags>().one_or_fail();
  auto d = em.find_one_or_fail<Tag>(field<&Tag::name> == "d");
  auto b = em.find_one_or_fail<Tag>(field<&Tag::name> == "b");
  auto c = em.find_one_or_fail<Tag>(field<&Tag::name> == "c");
  clear_statements();
  book->tags.set({b, c, d});
  em.flush();
  EXPECT_THAT(statements(), ElementsAre("begin", remove, insert, "commit"));
  EXPECT_THAT(tags(), ElementsAre("b", "c", "d"));
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
}

TEST_P(UowManyToMany, SendsNothingWhenSetToTheSame) {
  seed();
  EntityManager em = orm().em();
  auto book = em.find<Book>().populate<&Book::tags>().one_or_fail();
  const std::vector<Ref<Tag>> same(book->tags.begin(), book->tags.end());
  clear_statements();
  book->tags.set(same);
  EXPECT_FALSE(em.has_changes());
  em.flush();
  EXPECT_THAT(statements(), IsEmpty());
}

TEST_P(UowManyToMany, SendsNothingWhenAChangeIsTakenBack) {
  seed();
  EntityManager em = orm().em();
  auto book = em.find<Book>().populate<&Book::tags>().one_or_fail();
  auto tag = book->tags[0];
  clear_statements();
  book->tags.remove(tag);
  book->tags.add(tag);
  EXPECT_FALSE(em.has_changes());
  em.flush();
  EXPECT_THAT(statements(), IsEmpty());
}

TEST_P(UowManyToMany, AddsToAnUnloadedCollectionWithoutReadingIt) {
  seed();
  EntityManager em = orm().em();
  auto book = em.find<Book>().one_or_fail();
  auto d = em.find_one_or_fail<Tag>(field<&Tag::name> == "d");
  clear_statements();
  EXPECT_TRUE(book->tags.add(d));
  em.flush();
  ASSERT_EQ(statements().size(), 3u);
  EXPECT_EQ(statements()[1].substr(0, 6), "insert");
  EXPECT_THAT(tags(), ElementsAre("a", "b", "c", "d"));
}

TEST_P(UowManyToMany, AddsToAnUnloadedCollectionWhatItHoldsAlready) {
  seed();
  EntityManager em = orm().em();
  auto book = em.find<Book>().one_or_fail();
  book->tags.add(em.find_one_or_fail<Tag>(field<&Tag::name> == "a"));
  em.flush();
  EXPECT_THAT(tags(), ElementsAre("a", "b", "c"));
}

TEST_P(UowManyToMany, RemovesFromAnUnloadedCollection) {
  seed();
  EntityManager em = orm().em();
  auto book = em.find<Book>().one_or_fail();
  auto a = em.find_one_or_fail<Tag>(field<&Tag::name> == "a");
  clear_statements();
  EXPECT_TRUE(book->tags.remove(a));
  em.flush();
  EXPECT_THAT(statements(), ElementsAre("begin", remove, "commit"));
  EXPECT_THAT(tags(), ElementsAre("b", "c"));
}

TEST_P(UowManyToMany, WritesFromTheInverseSide) {
  seed();
  EntityManager em = orm().em();
  auto book = em.find<Book>().one_or_fail();
  auto d = em.find<Tag>(field<&Tag::name> == "d").populate<&Tag::books>().one_or_fail();
  auto a = em.find<Tag>(field<&Tag::name> == "a").populate<&Tag::books>().one_or_fail();
  clear_statements();
  d->books.add(book);
  a->books.remove(book);
  em.flush();
  EXPECT_EQ(statements().size(), 4u);
  EXPECT_THAT(tags(), ElementsAre("b", "c", "d"));
}

TEST_P(UowManyToMany, OfARemovedOwnerOrTargetAreGone) {
  seed();
  EntityManager em = orm().em();
  auto book = em.find<Book>().populate<&Book::tags>().one_or_fail();
  em.remove(book->tags[0]);
  em.flush();
  EXPECT_EQ(book->tags.size(), 2u);
  EXPECT_EQ(em.execute("select count(*) as n from book_tag")[0].get<int>("n"), 2);
  em.remove(book);
  em.flush();
  EXPECT_EQ(em.execute("select count(*) as n from book_tag")[0].get<int>("n"), 0);
  EXPECT_EQ(em.count<Tag>(), 3u);
}

TEST_P(UowManyToMany, ByAReferenceThatWasNeverLoaded) {
  seed();
  EntityManager em = orm().em();
  auto tag = em.find_one_or_fail<Tag>(field<&Tag::name> == "d");
  auto book = em.find<Book>().one_or_fail();
  EntityManager other = orm().em();
  clear_statements();
  other.get_reference<Book>(book->id).unwrap().tags.add(other.get_reference<Tag>(tag->id));
  other.flush();
  EXPECT_EQ(statements().size(), 3u);
  EXPECT_THAT(tags(), ElementsAre("a", "b", "c", "d"));
}

TEST_P(UowManyToMany, GoOutBeforeAQueryOverThem) {
  seed();
  EntityManager em = orm().em();
  auto book = em.find<Book>().populate<&Book::tags>().one_or_fail();
  book->tags.add(em.find_one_or_fail<Tag>(field<&Tag::name> == "d"));
  EXPECT_EQ(em.count<Book>(field<&Book::tags, &Tag::name> == "d"), 1u);
}

TEST_P(UowManyToMany, AreWrittenAgainAfterARollback) {
  seed();
  EntityManager em = orm().em();
  auto book = em.find<Book>().populate<&Book::tags>().one_or_fail();
  auto d = em.find_one_or_fail<Tag>(field<&Tag::name> == "d");
  em.begin();
  book->tags.add(d);
  em.flush();
  em.rollback();
  EXPECT_THAT(tags(), ElementsAre("a", "b", "c"));
  em.flush();
  EXPECT_THAT(tags(), ElementsAre("a", "b", "c", "d"));
}

TEST_P(UowManyToMany, OfAnUnloadedCollectionAreWrittenAgainAfterARollback) {
  seed();
  EntityManager em = orm().em();
  auto book = em.find<Book>().one_or_fail();
  auto d = em.find_one_or_fail<Tag>(field<&Tag::name> == "d");
  auto a = em.find_one_or_fail<Tag>(field<&Tag::name> == "a");
  em.begin();
  book->tags.add(d);
  book->tags.remove(a);
  em.flush();
  em.rollback();
  EXPECT_THAT(tags(), ElementsAre("a", "b", "c"));
  em.flush();
  EXPECT_THAT(tags(), ElementsAre("b", "c", "d"));
}

TEST_P(UowManyToMany, ManyChangesOfAnUnloadedCollectionAddUp) {
  seed();
  constexpr int count = 60;
  {
    EntityManager em = orm().em();
    for (int i = 0; i < count; ++i) em.create<Tag>({.name = std::to_string(100 + i)});
    em.flush();
  }
  EntityManager em = orm().em();
  auto book = em.find<Book>().one_or_fail();
  std::vector<Ref<Tag>> more = em.find<Tag>(field<&Tag::name>.starts_with("1")).list();
  ASSERT_EQ(more.size(), static_cast<std::size_t>(count));
  for (auto tag : more) EXPECT_TRUE(book->tags.add(tag));
  for (auto tag : more) EXPECT_FALSE(book->tags.add(tag));
  for (std::size_t i = 0; i < more.size(); i += 2) EXPECT_TRUE(book->tags.remove(more[i]));
  em.flush();
  EXPECT_EQ(tags().size(), 3u + count / 2);
  for (auto tag : more) EXPECT_TRUE(book->tags.remove(tag));
  for (auto tag : more) EXPECT_FALSE(book->tags.remove(tag));
  for (std::size_t i = 1; i < more.size(); i += 2) EXPECT_TRUE(book->tags.add(more[i]));
  EXPECT_EQ(book->tags.load().size(), 3u + count / 2);
  em.flush();
  EXPECT_EQ(tags().size(), 3u + count / 2);
}

TEST_P(UowManyToMany, ChangesOfAnUnloadedCollectionTakeLinearTime) {
  seed();
  const auto time_of = [&](std::int64_t count) {
    auto best = std::chrono::nanoseconds::max();
    for (int attempt = 0; attempt < 5; ++attempt) {
      EntityManager em = orm().em();
      auto book = em.find<Book>().one_or_fail();
      std::vector<Ref<Tag>> tags;
      for (std::int64_t i = 0; i < count; ++i) tags.push_back(em.get_reference<Tag>(1000 + i));
      const auto begin = std::chrono::steady_clock::now();
      for (const auto& tag : tags) book->tags.add(tag);
      best = std::min<std::chrono::nanoseconds>(best, std::chrono::steady_clock::now() - begin);
    }
    return best;
  };
  // Eight times as many: a scan for each would take sixty-four times as long.
  EXPECT_LT(time_of(24'000), time_of(3'000) * 30);
}

TEST_P(UowManyToMany, LinksOfDetachedEntitiesWaitForThem) {
  seed();
  EntityManager em = orm().em();
  auto author = em.create<Author>({.name = "V", .email = "v"});
  em.flush();
  auto book = em.create_detached<Book>({.title = "C"});
  auto tag = em.create_detached<Tag>({.name = "e"});
  tag->books.add(book);
  em.flush();
  EXPECT_FALSE(em.has_changes());
  book->author = author;
  em.persist(book);
  em.flush();
  EXPECT_EQ(orm().em().count<Book>(field<&Book::tags, &Tag::name> == "e"), 1u);
}

TEST_P(UowManyToMany, ALinkToANewEntityThatWasRemovedIsNone) {
  seed();
  EntityManager em = orm().em();
  auto book = em.find<Book>().one_or_fail();
  auto tag = em.create<Tag>({.name = "e"});
  book->tags.add(tag);
  em.remove(tag);
  em.flush();
  EXPECT_THAT(tags(), ElementsAre("a", "b", "c"));
}

KIN_ON_EVERY_DATABASE(UowManyToMany);

}  // namespace kin::test::uow_pivot
