// SPDX-License-Identifier: MIT
// Removal: what is sent, in which order, and what the manager knows afterwards.
#include <gmock/gmock.h>

#include "db/support/database.hpp"
#include "db/support/library.hpp"

namespace kin::test::uow_remove {

using testing::ElementsAre;
using namespace library;

class UowRemove : public DatabaseTest {};

TEST_P(UowRemove, SendsOneDeleteOfTheKey) {
  EntityManager em = start(library::entities).em();
  auto tag = em.create<Tag>({.name = "sf"});
  em.flush();
  const auto id = tag->id;
  clear_statements();
  em.remove(tag);
  em.remove(tag);
  em.flush();
  EXPECT_THAT(statements(), ElementsAre("begin", R"(delete from "tag" where "id" = ?)", "commit"));
  EXPECT_EQ(em.find_one<Tag>(id), nullptr);
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
}

TEST_P(UowRemove, OfAStubNeedsNoQuery) {
  EntityManager em = start(library::entities).em();
  auto tag = em.create<Tag>({.name = "sf"});
  em.flush();
  EntityManager other = orm().em();
  clear_statements();
  other.remove(other.get_reference<Tag>(tag->id));
  other.flush();
  EXPECT_THAT(statements(), ElementsAre("begin", R"(delete from "tag" where "id" = ?)", "commit"));
}

TEST_P(UowRemove, DeletesChildrenBeforeParents) {
  EntityManager em = start(library::entities).em();
  auto author = em.create<Author>({.name = "U", .email = "u"});
  auto book = em.create<Book>({.title = "B", .author = author});
  em.flush();
  clear_statements();
  em.remove(author);
  em.remove(book);
  em.flush();
  EXPECT_THAT(statements(), ElementsAre("begin", R"(delete from "book" where "id" = ?)",
                                        R"(delete from "author" where "id" = ?)", "commit"));
}

TEST_P(UowRemove, WritesChangesOfASurvivorFirst) {
  EntityManager em = start(library::entities).em();
  auto old_author = em.create<Author>({.name = "old", .email = "o"});
  auto book = em.create<Book>({.title = "B", .author = old_author});
  em.flush();
  clear_statements();
  auto new_author = em.create<Author>({.name = "new", .email = "n"});
  book->author = new_author;
  em.remove(old_author);
  em.flush();
  ASSERT_EQ(statements().size(), 5u);
  EXPECT_EQ(statements()[1].substr(0, 20), R"(insert into "author")");
  EXPECT_EQ(statements()[2], R"(update "book" set "author_id" = ? where "id" = ?)");
  EXPECT_EQ(statements()[3], R"(delete from "author" where "id" = ?)");
  EXPECT_EQ(em.count<Book>(), 1u);
  EXPECT_TRUE(new_author->books.contains(book));
}

TEST_P(UowRemove, LeavesTheCollectionsOfOthers) {
  EntityManager em = start(library::entities).em();
  auto author = em.create<Author>({.name = "U", .email = "u"});
  auto tag = em.create<Tag>({.name = "sf"});
  auto one = em.create<Book>({.title = "1", .author = author, .tags = {tag}});
  auto two = em.create<Book>({.title = "2", .author = author, .tags = {tag}});
  em.flush();
  em.remove(one);
  em.flush();
  EXPECT_THAT(std::vector<Ref<Book>>(author->books.begin(), author->books.end()), ElementsAre(two));
  EXPECT_THAT(std::vector<Ref<Book>>(tag->books.begin(), tag->books.end()), ElementsAre(two));
  EXPECT_EQ(em.execute("select count(*) as n from book_tag")[0].get<int>("n"), 1);
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
}

TEST_P(UowRemove, IsTakenBackByPersist) {
  EntityManager em = start(library::entities).em();
  auto tag = em.create<Tag>({.name = "sf"});
  em.flush();
  em.remove(tag);
  em.persist(tag);
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
  EXPECT_EQ(em.count<Tag>(), 1u);
}

TEST_P(UowRemove, IsNotFoundBetweenRemoveAndFlush) {
  EntityManager em = start(library::entities, [](Options& o) { o.flush_mode = FlushMode::commit; }).em();
  auto tag = em.create<Tag>({.name = "sf"});
  em.flush();
  em.remove(tag);
  EXPECT_EQ(em.find_one<Tag>(tag->id), nullptr);
}

TEST_P(UowRemove, DropsUnwrittenChanges) {
  EntityManager em = start(library::entities).em();
  auto tag = em.create<Tag>({.name = "sf"});
  em.flush();
  clear_statements();
  tag->name = "changed";
  em.remove(tag);
  em.flush();
  EXPECT_EQ(statements().size(), 3u) << "no update of what goes anyway";
}

TEST_P(UowRemove, FollowsTheDatabasesCascadeInTheManager) {
  EntityManager em = start(library::entities).em();
  auto author = em.create<Author>({.name = "U", .email = "u"});
  auto book = em.create<Book>({.title = "B", .author = author});
  em.flush();
  clear_statements();
  em.remove(author);
  em.flush();
  EXPECT_THAT(statements(), ElementsAre("begin", R"(delete from "author" where "id" = ?)", "commit"));
  EXPECT_THROW(em.persist(book), ValidationError);
  EXPECT_EQ(em.count<Book>(), 0u);
}

TEST_P(UowRemove, FollowsTheDatabasesCascadeThoughTheCollectionIsNotLoaded) {
  EntityManager em = start(library::entities).em();
  em.create<Book>({.title = "B", .author = em.create<Author>({.name = "U", .email = "u"})});
  em.flush();
  EntityManager other = orm().em();
  auto book = other.find<Book>().one_or_fail();
  auto author = other.find<Author>().one_or_fail();
  other.remove(author);
  other.flush();
  book->title = "changed";
  EXPECT_EQ(count_statements([&] { other.flush(); }), 0u) << "its row is gone with the author's";
  EXPECT_THROW(other.persist(book), ValidationError);
}

KIN_ON_EVERY_DATABASE(UowRemove);

}  // namespace kin::test::uow_remove
