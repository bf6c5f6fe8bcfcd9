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
  try {
    em.flush();
    ADD_FAILURE() << "no error";
  } catch (const OptimisticLockError& error) {
    EXPECT_THAT(error.what(), HasSubstr("Page " + std::to_string(pages[5]->id) + " "))
        << "the stale one is named";
  }
  EXPECT_EQ(orm().em().count<Page>(field<&Page::text> == "mine"), 0u);
  for (auto page : pages) EXPECT_EQ(page->version, 1);
  EXPECT_TRUE(em.refresh(pages[5]));
  EXPECT_EQ(pages[5]->text, "theirs");
  em.flush();
  EXPECT_EQ(orm().em().count<Page>(field<&Page::text> == "mine"), 9u);
  for (auto page : pages) EXPECT_EQ(page->version, 2);
}

TEST_P(UowVersions, OneStaleRowStopsTheWholeBatchOfDeletes) {
  EntityManager em = start(kin::entities<Page>).em();
  std::vector<Ref<Page>> pages;
  for (int i = 0; i < 10; ++i) pages.push_back(em.create<Page>({.text = "p"}));
  em.flush();
  EntityManager other = orm().em();
  other.find_one_or_fail<Page>(pages[5]->id)->text = "theirs";
  other.flush();
  for (auto page : pages) em.remove(page);
  try {
    em.flush();
    ADD_FAILURE() << "no error";
  } catch (const OptimisticLockError& error) {
    EXPECT_THAT(error.what(), HasSubstr("Page " + std::to_string(pages[5]->id) + " "));
  }
  EXPECT_EQ(orm().em().count<Page>(), 10u);
}

TEST_P(UowVersions, AreCheckedBesideAStubToo) {
  EntityManager em = start(kin::entities<Page>).em();
  std::vector<std::int64_t> keys;
  for (int i = 0; i < 3; ++i) em.create<Page>({.text = "p"});
  em.flush();
  for (auto page : em.find<Page>().order_by(field<&Page::id>.asc()).list()) keys.push_back(page->id);
  EntityManager other = orm().em();
  auto stale = other.find_one_or_fail<Page>(keys[1]);
  em.find_one_or_fail<Page>(keys[1])->text = "mine";
  em.flush();
  other.remove(other.get_reference<Page>(keys[0]));
  other.remove(stale);
  other.remove(other.get_reference<Page>(keys[2]));
  EXPECT_THROW(other.flush(), OptimisticLockError);
  EXPECT_EQ(orm().em().count<Page>(), 3u);
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

template <class Duration>
struct Timed {
  std::int64_t id{};
  int number{};
  std::chrono::sys_time<Duration> changed{};
};
template <class Duration>
void describe(Schema<Timed<Duration>>& timed) {
  timed.table("timed");
  timed.template on<&Timed<Duration>::changed>(kin::version);
}

/// Updates that follow each other faster than the member's unit still have versions of their own.
template <class Duration>
void update_at_once(Orm& orm) {
  using Entity = Timed<Duration>;
  EntityManager em = orm.em();
  auto timed = em.create<Entity>({});
  em.flush();
  EntityManager other = orm.em();
  auto theirs = other.find_one_or_fail<Entity>(timed->id);
  EXPECT_EQ(theirs->changed, timed->changed) << "as it was written";
  for (int i = 1; i <= 5; ++i) {
    const auto before = timed->changed;
    timed->number = i;
    em.flush();
    EXPECT_GT(timed->changed, before);
    theirs->number = -i;
    EXPECT_THROW(other.flush(), OptimisticLockError);
    EXPECT_TRUE(other.refresh(theirs));
    EXPECT_EQ(theirs->changed, timed->changed);
  }
  EXPECT_EQ(other.find_one<Entity>(timed->id, LockMode::optimistic, timed->changed)->number, 5);
}

TEST_P(UowVersions, MayBeTimesOfAnyUnit) {
  update_at_once<std::chrono::minutes>(start(kin::entities<Timed<std::chrono::minutes>>));
  update_at_once<std::chrono::seconds>(start(kin::entities<Timed<std::chrono::seconds>>));
  update_at_once<std::chrono::milliseconds>(start(kin::entities<Timed<std::chrono::milliseconds>>));
  update_at_once<std::chrono::microseconds>(start(kin::entities<Timed<std::chrono::microseconds>>));
  update_at_once<std::chrono::nanoseconds>(start(kin::entities<Timed<std::chrono::nanoseconds>>));
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
