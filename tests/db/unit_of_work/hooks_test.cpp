// SPDX-License-Identifier: MIT
// Members that on_create and on_update fill.
#include <gmock/gmock.h>

#include "db/support/database.hpp"

namespace kin::test::uow_hooks {

using testing::ElementsAre;

struct Post {
  std::int64_t id{};
  std::string title{};
  std::string slug{};
  std::string state{};
  int edits{};
};
inline void describe(Schema<Post>& post) {
  post.on<&Post::slug>(on_create([](const Post& p) { return "slug-" + p.title; }));
  post.on<&Post::state>(on_create([] { return std::string("new"); }), on_update([] { return std::string("edited"); }));
  post.on<&Post::edits>(on_update([](const Post& p) { return p.edits + 1; }));
}

class UowHooks : public DatabaseTest {};

TEST_P(UowHooks, OnCreateFillsAtOnceWhatStillHasItsDefault) {
  EntityManager em = start(kin::entities<Post>).em();
  auto post = em.create<Post>({.title = "a"});
  EXPECT_EQ(post->slug, "slug-a");
  EXPECT_EQ(post->state, "new");
  auto other = em.create<Post>({.title = "b", .slug = "mine"});
  EXPECT_EQ(other->slug, "mine");
  em.flush();
  EXPECT_EQ(orm().em().count<Post>(field<&Post::slug>.in({"slug-a", "mine"})), 2u);
}

TEST_P(UowHooks, OnUpdateRunsOnlyWithAnotherChange) {
  EntityManager em = start(kin::entities<Post>).em();
  auto post = em.create<Post>({.title = "a"});
  em.flush();
  EXPECT_EQ(post->edits, 0);
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
  EXPECT_EQ(post->edits, 0);
  post->title = "b";
  em.flush();
  EXPECT_THAT(statements(),
              ElementsAre("begin",
                          R"(update "post" set "title" = ?, "state" = ?, "edits" = ? where "id" = ?)", "commit"));
  EXPECT_EQ(post->edits, 1);
  EXPECT_EQ(post->state, "edited");
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
}

TEST_P(UowHooks, OnCreateRunsForDetachedEntitiesToo) {
  EntityManager em = start(kin::entities<Post>).em();
  auto post = em.create_detached<Post>({.title = "a"});
  EXPECT_EQ(post->slug, "slug-a");
}

TEST_P(UowHooks, DoNotRunForLoadedRows) {
  EntityManager em = start(kin::entities<Post>).em();
  em.execute("insert into post (title, slug, state, edits) values ('x', '', '', 0)");
  auto post = em.find<Post>().one_or_fail();
  EXPECT_EQ(post->slug, "");
  EXPECT_FALSE(em.has_changes());
}

KIN_ON_EVERY_DATABASE(UowHooks);

}  // namespace kin::test::uow_hooks
