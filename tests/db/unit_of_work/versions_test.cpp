// SPDX-License-Identifier: MIT
// Optimistic locking: a version that moves with every update, and what a stale one gets.
#include <gmock/gmock.h>

#include "db/support/database.hpp"

namespace kin::test::uow_versions {

using testing::ElementsAre;
using testing::HasSubstr;

struct Page {
  std::int64_t id{};
  std::string text{};
  int version{};
};
inline void describe(Schema<Page>& page) { page.on<&Page::version>(kin::version); }

struct Note {
  std::int64_t id{};
  std::string text{};
  std::chrono::sys_seconds changed{};
};
inline void describe(Schema<Note>& note) { note.on<&Note::changed>(kin::version); }

struct Named {
  std::int64_t id{};
  std::string name{};
  int version{};
};
inline void describe(Schema<Named>& named) {
  named.on<&Named::name>(unique);
  named.on<&Named::version>(kin::version);
}

class UowVersions : public DatabaseTest {};

TEST_P(UowVersions, StartAtOneAndMoveWithEveryUpdate) {
  EntityManager em = start(kin::entities<Page>).em();
  auto page = em.create<Page>({.text = "a"});
  em.flush();
  EXPECT_EQ(page->version, 1);
  clear_statements();
  page->text = "b";
  em.flush();
  EXPECT_THAT(statements(),
              ElementsAre("begin",
                          R"(update "page" set "text" = ?, "version" = ? where "id" = ? and "version" = ?)",
                          "commit"));
  EXPECT_EQ(page->version, 2);
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
  EntityManager other = orm().em();
  EXPECT_EQ(other.find<Page>().one_or_fail()->version, 2);
}

TEST_P(UowVersions, AStaleUpdateIsRefused) {
  EntityManager em = start(kin::entities<Page>).em();
  auto page = em.create<Page>({.text = "a"});
  em.flush();
  EntityManager other = orm().em();
  auto theirs = other.find<Page>().one_or_fail();
  page->text = "mine";
  em.flush();
  theirs->text = "theirs";
  try {
    other.flush();
    ADD_FAILURE() << "no error";
  } catch (const OptimisticLockError& error) {
    EXPECT_EQ(error.entity(), "Page");
    EXPECT_THAT(error.what(), HasSubstr("Page " + std::to_string(page->id)));
  }
  EXPECT_EQ(theirs->version, 1) << "the version is taken back";
  EXPECT_THROW(other.flush(), OptimisticLockError);
  EXPECT_TRUE(other.refresh(theirs));
  EXPECT_EQ(theirs->text, "mine");
  theirs->text = "both";
  other.flush();
  EXPECT_EQ(theirs->version, 3);
}

TEST_P(UowVersions, AStaleDeleteIsRefused) {
  EntityManager em = start(kin::entities<Page>).em();
  auto page = em.create<Page>({.text = "a"});
  em.flush();
  EntityManager other = orm().em();
  auto theirs = other.find<Page>().one_or_fail();
  page->text = "mine";
  em.flush();
  clear_statements();
  other.remove(theirs);
  EXPECT_THROW(other.flush(), OptimisticLockError);
  EXPECT_EQ(statements()[1], R"(delete from "page" where "id" = ? and "version" = ?)");
  EXPECT_EQ(em.count<Page>(), 1u);
}

TEST_P(UowVersions, ADeletedRowIsAStaleOne) {
  EntityManager em = start(kin::entities<Page>).em();
  auto page = em.create<Page>({.text = "a"});
  em.flush();
  EntityManager other = orm().em();
  auto theirs = other.find<Page>().one_or_fail();
  em.remove(page);
  em.flush();
  theirs->text = "b";
  EXPECT_THROW(other.flush(), OptimisticLockError);
}

TEST_P(UowVersions, OneStaleRowStopsTheWholeBatch) {
  EntityManager em = start(kin::entities<Page>).em();
  std::vector<Ref<Page>> pages;
  for (int i = 0; i < 10; ++i) pages.push_back(em.create<Page>({.text = "p"}));
  em.flush();
  EntityManager other = orm().em();
  auto theirs = other.find_one_or_fail<Page>(pages[5]->id);
  theirs->text = "theirs";
  other.flush();
  for (auto page : pages) page->text = "mine";
  EXPECT_THROW(em.flush(), OptimisticLockError);
  EXPECT_EQ(orm().em().count<Page>(field<&Page::text> == "mine"), 0u);
  for (auto page : pages) EXPECT_EQ(page->version, 1);
}

TEST_P(UowVersions, AreTakenBackByARollback) {
  EntityManager em = start(kin::entities<Page>).em();
  auto page = em.create<Page>({.text = "a"});
  em.flush();
  em.begin();
  page->text = "b";
  em.flush();
  EXPECT_EQ(page->version, 2);
  page->text = "c";
  em.flush();
  EXPECT_EQ(page->version, 3);
  em.rollback();
  EXPECT_EQ(page->version, 1);
  em.flush();
  EXPECT_EQ(page->version, 2);
  EXPECT_EQ(orm().em().find<Page>().one_or_fail()->text, "c");
}

TEST_P(UowVersions, MayBeTimes) {
  EntityManager em = start(kin::entities<Note>).em();
  auto note = em.create<Note>({.text = "a"});
  em.flush();
  const auto first = note->changed;
  EXPECT_GT(first, std::chrono::sys_seconds{});
  EntityManager other = orm().em();
  auto theirs = other.find<Note>().one_or_fail();
  note->text = "b";
  em.flush();
  EXPECT_GT(note->changed, first) << "within the same second too";
  theirs->text = "c";
  EXPECT_THROW(other.flush(), OptimisticLockError);
}

TEST_P(UowVersions, AreKeptInStepWhereAUniqueValueMovesToANewRow) {
  EntityManager em = start(kin::entities<Named>).em();
  auto old_one = em.create<Named>({.name = "x"});
  em.flush();
  old_one->name = "y";
  em.create<Named>({.name = "x"});
  em.flush();
  EXPECT_EQ(old_one->version, 2);
  EXPECT_EQ(orm().em().count<Named>(field<&Named::version> == 2), 1u);
}

TEST_P(UowVersions, OfAStubAreNotChecked) {
  EntityManager em = start(kin::entities<Page>).em();
  auto page = em.create<Page>({.text = "a"});
  em.flush();
  EntityManager other = orm().em();
  other.get_reference<Page>(page->id).unwrap().text = "b";
  other.flush();
  EXPECT_EQ(orm().em().find<Page>().one_or_fail()->text, "b");
}

KIN_ON_EVERY_DATABASE(UowVersions);

}  // namespace kin::test::uow_versions
