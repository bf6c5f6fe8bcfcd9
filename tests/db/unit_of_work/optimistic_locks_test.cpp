// SPDX-License-Identifier: MIT
// Optimistic locks that are asked for: by a find, of an entity, and what refuses them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kin/kin.hpp>

#include <chrono>
#include <cstdint>
#include <string>

#include "db/support/database.hpp"

namespace kin::test::uow_optimistic_locks {

using testing::AllOf;
using testing::HasSubstr;

struct Page {
  std::int64_t id{};
  std::string text{};
  std::uint32_t version{};
};
struct Note {
  std::int64_t id{};
  std::string text{};
  std::chrono::sys_time<std::chrono::milliseconds> changed{};
};
struct Plain {
  std::int64_t id{};
};
inline void describe(Schema<Page>& page) { page.on<&Page::version>(kin::version); }
inline void describe(Schema<Note>& note) { note.on<&Note::changed>(kin::version); }

class UowOptimisticLocks : public DatabaseTest {
 protected:
  /// One page of version 2.
  void start_pages() {
    EntityManager em = start(entities<Page, Note, Plain>).em();
    const auto page = em.create<Page>({.text = "a"});
    em.create<Note>({.text = "a"});
    em.create<Plain>({});
    em.flush();
    page->text = "b";
    em.flush();
    clear_statements();
  }
  template <class Work>
  static std::string refusal(Work&& work) {
    try {
      work();
    } catch (const OptimisticLockError& error) {
      return std::string("optimistic: ") + error.what();
    } catch (const ValidationError& error) {
      return error.what();
    }
    return "accepted";
  }
};

TEST_P(UowOptimisticLocks, FindTheVersionThatIsExpected) {
  start_pages();
  EntityManager em = orm().em();
  const auto by_id = field<&Page::id> == std::int64_t{1};
  EXPECT_EQ(em.find_one<Page>(1, LockMode::optimistic, 2)->text, "b");
  EXPECT_EQ(em.find_one_or_fail<Page>(by_id, LockMode::optimistic, 2u)->text, "b");
  EXPECT_EQ(em.find<Page>().lock(LockMode::optimistic).lock_version(2).one_or_fail()->text, "b");
  EXPECT_FALSE(em.find_one<Page>(7, LockMode::optimistic, 2));
  EXPECT_THROW(em.find_one_or_fail<Page>(7, LockMode::optimistic, 2), NotFoundError);
}

TEST_P(UowOptimisticLocks, RefuseAnyOtherVersion) {
  start_pages();
  const auto by_id = field<&Page::id> == std::int64_t{1};
  const auto is_named = HasSubstr("optimistic: Page 1 has version 2, and version 1 was expected");
  EXPECT_THAT(refusal([&] { orm().em().find_one<Page>(1, LockMode::optimistic, 1); }), is_named);
  EXPECT_THAT(refusal([&] { orm().em().find_one_or_fail<Page>(by_id, LockMode::optimistic, 1); }), is_named);
  EXPECT_THAT(refusal([&] { orm().em().find<Page>().lock(LockMode::optimistic).lock_version(1).list(); }),
              is_named);
  EntityManager em = orm().em();
  em.find_one<Page>(1);
  EXPECT_EQ(count_statements([&] {
              EXPECT_THAT(refusal([&] { em.find_one<Page>(1, LockMode::optimistic, 1); }), is_named);
              EXPECT_EQ(em.find_one<Page>(1, LockMode::optimistic, 2)->text, "b");
            }),
            0u)
      << "the entity is known";
  try {
    em.find_one<Page>(1, LockMode::optimistic, -1);
    ADD_FAILURE() << "no error";
  } catch (const OptimisticLockError& error) {
    EXPECT_EQ(error.entity(), "Page");
    EXPECT_EQ(error.property(), "version");
  }
}

TEST_P(UowOptimisticLocks, KeepUnflushedChanges) {
  start_pages();
  EntityManager em = orm().em();
  const auto page = em.find_one<Page>(1);
  page->text = "mine";
  em.find<Page>().lock(LockMode::optimistic).lock_version(2).flush_mode(FlushMode::commit).list();
  EXPECT_EQ(page->text, "mine");
  em.lock(page, LockMode::optimistic, 2);
  EXPECT_EQ(page->text, "mine");
  em.flush();
  EXPECT_EQ(orm().em().find_one<Page>(1, LockMode::optimistic, 3)->text, "mine");
}

TEST_P(UowOptimisticLocks, OfAnEntityCompareWhatWasRead) {
  start_pages();
  EntityManager em = orm().em();
  const auto page = em.find_one<Page>(1);
  EXPECT_EQ(count_statements([&] {
              em.lock(page, LockMode::optimistic, 2);
              EXPECT_THAT(refusal([&] { em.lock(page, LockMode::optimistic, 3); }),
                          HasSubstr("Page 1 has version 2, and version 3 was expected"));
            }),
            0u);
  EntityManager other = orm().em();
  const auto stub = other.get_reference<Page>(1);
  EXPECT_EQ(count_statements([&] { other.lock(stub, LockMode::optimistic, 2); }), 1u)
      << "a stub is read first";
  EXPECT_THROW(other.lock(other.get_reference<Page>(8), LockMode::optimistic, 1), NotFoundError);
  // Another manager changes the row: refresh() shows it.
  page->text = "c";
  em.flush();
  other.lock(stub, LockMode::optimistic, 2);
  EXPECT_TRUE(other.refresh(stub));
  EXPECT_THROW(other.lock(stub, LockMode::optimistic, 2), OptimisticLockError);
  other.lock(stub, LockMode::optimistic, 3);
}

TEST_P(UowOptimisticLocks, OfWhatIsNotStoredYet) {
  start_pages();
  EntityManager em = orm().em();
  const auto page = em.create<Page>({.id = 20, .text = "new", .version = 5});
  EXPECT_THROW(em.lock(page, LockMode::optimistic, 5), ValidationError);
  EXPECT_EQ(em.find_one<Page>(20, LockMode::optimistic, 5), page);
  EXPECT_THROW(em.find_one<Page>(20, LockMode::optimistic, 4), OptimisticLockError);
}

TEST_P(UowOptimisticLocks, CanBeAwaited) {
  start_pages();
  EntityManager em = orm().em();
  int errors = 0;
  const auto work = [&]() -> Task<void> {
    const auto page = co_await em.find_one_async<Page>(1, LockMode::optimistic, 2);
    co_await em.find_one_or_fail_async<Page>(1, LockMode::optimistic, 2);
    co_await em.lock_async(page, LockMode::optimistic, 2);
    try {
      co_await em.lock_async(page, LockMode::optimistic, 3);
    } catch (const OptimisticLockError&) {
      ++errors;
    }
    const auto where = field<&Page::text> == "b";
    try {
      co_await em.find_one_async<Page>(where, LockMode::optimistic, 1);
    } catch (const OptimisticLockError&) {
      ++errors;
    }
  };
  sync_wait(work());
  EXPECT_EQ(errors, 2);
}

TEST_P(UowOptimisticLocks, CompareTimes) {
  start_pages();
  EntityManager em = orm().em();
  const auto note = em.find<Note>().one_or_fail();
  const auto read = note->changed;
  EXPECT_EQ(em.find_one<Note>(note->id, LockMode::optimistic, read), note);
  EXPECT_THROW(em.find_one<Note>(note->id, LockMode::optimistic, read + std::chrono::milliseconds(1)),
               OptimisticLockError);
  note->text = "b";
  em.flush();
  EXPECT_THROW(em.lock(note, LockMode::optimistic, read), OptimisticLockError);
  EXPECT_THAT(refusal([&] { em.lock(note, LockMode::optimistic, 1); }), HasSubstr("Note.changed"));
  EXPECT_THAT(refusal([&] { em.find_one<Page>(1, LockMode::optimistic, read); }), HasSubstr("Page.version"));
}

TEST_P(UowOptimisticLocks, NeedAVersionOnBothSides) {
  start_pages();
  EntityManager em = orm().em();
  const auto page = em.find_one_or_fail<Page>(1);
  const auto plain = em.find<Plain>().one_or_fail();
  clear_statements();
  const auto unversioned = HasSubstr("Plain: an optimistic lock needs a version, and the entity has none");
  EXPECT_THAT(refusal([&] { em.lock(plain, LockMode::optimistic, 1); }),
              AllOf(unversioned, HasSubstr("kin::version")));
  EXPECT_THAT(refusal([&] { em.find_one<Plain>(plain->id, LockMode::optimistic, 1); }), unversioned);
  EXPECT_THAT(refusal([&] { em.find<Plain>().lock(LockMode::optimistic).lock_version(1).list(); }),
              unversioned);
  const auto unsaid = HasSubstr("Page: an optimistic lock needs the version that is expected");
  EXPECT_THAT(refusal([&] { em.lock(page, LockMode::optimistic); }), unsaid);
  EXPECT_THAT(refusal([&] { em.find_one<Page>(1, LockMode::optimistic); }), unsaid);
  EXPECT_THAT(refusal([&] { em.find<Page>().lock(LockMode::optimistic).list(); }), unsaid);
  const auto too_much = HasSubstr("Page: an expected version belongs to LockMode::optimistic");
  EXPECT_THAT(refusal([&] { em.lock(page, LockMode::pessimistic_write, 2); }), too_much);
  EXPECT_THAT(refusal([&] { em.find_one<Page>(1, LockMode::pessimistic_write, 2); }), too_much);
  EXPECT_THAT(refusal([&] { em.find<Page>().lock_version(2).list(); }), too_much);
  struct Text {
    std::string text{};
  };
  EXPECT_THAT(
      refusal([&] {
        em.find<Page>().lock(LockMode::optimistic).lock_version(2).as<Text>(field<&Page::text>).list();
      }),
      HasSubstr("plain rows have no version"));
  EXPECT_TRUE(statements().empty());
}

KIN_ON_EVERY_DATABASE(UowOptimisticLocks);

}  // namespace kin::test::uow_optimistic_locks
