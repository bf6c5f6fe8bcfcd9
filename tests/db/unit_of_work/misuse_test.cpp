// SPDX-License-Identifier: MIT
// Wrong uses of a manager and its entities get typed errors, and leave the manager usable.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "db/support/database.hpp"
#include "db/support/library.hpp"

namespace kin::test::uow_misuse {

using testing::HasSubstr;
using testing::IsEmpty;
using namespace library;

template <class Error, class F>
std::string message(F&& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("another error: ") + error.what();
  }
  return "no error";
}

class UowMisuse : public DatabaseTest {};

TEST_P(UowMisuse, EntityOfAnotherManager) {
  start(library::entities);
  EntityManager one = orm().em();
  EntityManager two = orm().em();
  auto author = one.create<Author>({.name = "U", .email = "u"});
  one.flush();
  auto book = two.create<Book>({.title = "b"});
  auto theirs = two.create<Author>({.name = "V", .email = "v"});
  const auto other = HasSubstr("another EntityManager");
  EXPECT_THAT(message<ValidationError>([&] { two.remove(author); }), other);
  EXPECT_THAT(message<ValidationError>([&] { two.persist(author); }), other);
  EXPECT_THAT(message<ValidationError>([&] { author->books.add(book); }), other);
  EXPECT_THAT(message<ValidationError>([&] { theirs->books.add(one.create_detached<Book>({.title = "x"})); }), other);
  EXPECT_THAT(message<ValidationError>([&] { two.create<Book>({.title = "c", .author = author}); }), other);
  book->author = author;
  clear_statements();
  EXPECT_THAT(message<ValidationError>([&] { two.flush(); }), other);
  EXPECT_THAT(statements(), IsEmpty());
  book->author = two.get_reference<Author>(author->id);
  two.flush();
  EXPECT_EQ(two.count<Book>(), 1u) << "the create that failed left nothing behind";
}

TEST_P(UowMisuse, EntityThatIsRemoved) {
  EntityManager em = start(library::entities).em();
  auto author = em.create<Author>({.name = "U", .email = "u"});
  auto other = em.create<Author>({.name = "V", .email = "v"});
  em.flush();
  auto book = em.create<Book>({.title = "b", .author = other});
  em.flush();
  em.remove(author);
  book->author = author;
  EXPECT_THAT(message<ValidationError>([&] { em.flush(); }), HasSubstr("deleted"));
  book->author = other;
  em.flush();
  EXPECT_EQ(em.count<Author>(), 1u);
  const auto deleted = HasSubstr("deleted");
  EXPECT_THAT(message<ValidationError>([&] { em.remove(author); }), deleted);
  EXPECT_THAT(message<ValidationError>([&] { em.persist(author); }), deleted);
  EXPECT_THAT(message<ValidationError>([&] { em.refresh(author); }), deleted);
  book->author = author;
  EXPECT_THAT(message<ValidationError>([&] { em.flush(); }), deleted);
}

TEST_P(UowMisuse, ChangedKey) {
  EntityManager em = start(library::entities).em();
  auto author = em.create<Author>({.name = "U", .email = "u"});
  em.flush();
  const auto id = author->id;
  clear_statements();
  author->id = id + 100;
  EXPECT_THAT(message<ValidationError>([&] { em.flush(); }), HasSubstr("Author.id"));
  EXPECT_THAT(statements(), IsEmpty());
  author->id = id;
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
}

TEST_P(UowMisuse, ChangedKeyNeverHitsAnotherRow) {
  EntityManager em = start(library::entities).em();
  auto one = em.create<Tag>({.name = "one"});
  auto two = em.create<Tag>({.name = "two"});
  em.flush();
  const auto id = one->id;
  one->id = two->id;
  one->name = "changed";
  EXPECT_THAT(message<ValidationError>([&] { em.flush(); }), HasSubstr("Tag.id"));
  em.remove(one);
  EXPECT_THAT(message<ValidationError>([&] { em.flush(); }), HasSubstr("Tag.id"));
  EXPECT_EQ(orm().em().find_one_or_fail<Tag>(two->id)->name, "two");
  one->id = id;
  em.flush();
  EXPECT_EQ(orm().em().find<Tag>().one_or_fail()->name, "two");
}

TEST_P(UowMisuse, NullRef) {
  EntityManager em = start(library::entities).em();
  Ref<Author> nobody;
  auto author = em.create<Author>({.name = "U", .email = "u"});
  EXPECT_THROW(em.remove(nobody), ValidationError);
  EXPECT_THROW(em.persist(nobody), ValidationError);
  EXPECT_THROW(static_cast<void>(em.refresh(nobody)), ValidationError);
  EXPECT_THROW(static_cast<void>(nobody->name), ValidationError);
  EXPECT_THROW(static_cast<void>(*nobody), ValidationError);
  EXPECT_THROW(static_cast<void>(nobody.get()), ValidationError);
  EXPECT_THROW(static_cast<void>(nobody.unwrap()), ValidationError);
  EXPECT_THROW(static_cast<void>(nobody.id()), ValidationError);
  EXPECT_THROW(static_cast<void>(nobody.load()), ValidationError);
  EXPECT_THROW(author->books.add(Ref<Book>()), ValidationError);
  EXPECT_THROW(author->books.remove(Ref<Book>()), ValidationError);
  EXPECT_FALSE(author->books.contains(Ref<Book>()));
  EXPECT_FALSE(nobody.is_initialized());
}

TEST_P(UowMisuse, ReferenceThatIsNotLoaded) {
  EntityManager em = start(library::entities).em();
  em.create<Book>({.title = "b", .author = em.create<Author>({.name = "U", .email = "u"})});
  em.flush();
  EntityManager other = orm().em();
  auto book = other.find<Book>().one_or_fail();
  EXPECT_THAT(message<NotInitializedError>([&] { static_cast<void>(book->author->name); }),
              HasSubstr(".populate<&Book::author>()"));
  EXPECT_THAT(message<NotInitializedError>([&] { static_cast<void>(book->tags.size()); }),
              HasSubstr(".populate<&Book::tags>()"));
  EXPECT_THROW(static_cast<void>(*book->tags.begin()), NotInitializedError);
  EXPECT_FALSE(other.get_reference<Book>(404).load());
}

TEST_P(UowMisuse, CollectionOfAManagedEntityIsNotReplaced) {
  EntityManager em = start(library::entities).em();
  auto author = em.create<Author>({.name = "U", .email = "u"});
  EXPECT_THROW(author->books = Collection<Book>(), ValidationError);
}

TEST_P(UowMisuse, ManagerInsideItsOwnQueryLogger) {
  EntityManager* inside = nullptr;
  std::string found;
  EntityManager em = start(library::entities, [&](Options& options) {
                       options.query_logger = [&](const Query&) {
                         if (!inside) return;
                         EntityManager* once = std::exchange(inside, nullptr);
                         found = message<TransactionStateError>([&] { once->count<Author>(); });
                       };
                     }).em();
  em.create<Author>({.name = "U", .email = "u"});
  inside = &em;
  em.flush();
  EXPECT_THAT(found, HasSubstr("this EntityManager is in the middle of another call"));
  EXPECT_EQ(em.count<Author>(), 1u);
}

TEST_P(UowMisuse, ManagerInASecondThread) {
  std::atomic<int> stage{0};
  EntityManager em = start(library::entities, [&](Options& options) {
                       options.query_logger = [&](const Query&) {
                         if (stage != 1) return;
                         stage = 2;
                         while (stage != 3) std::this_thread::yield();
                       };
                     }).em();
  em.create<Author>({.name = "U", .email = "u"});
  stage = 1;
  std::thread first([&] { em.flush(); });
  while (stage != 2) std::this_thread::yield();
  EXPECT_THROW(em.flush(), TransactionStateError);
  EXPECT_THROW(em.count<Author>(), TransactionStateError);
  EXPECT_THROW(em.begin(), TransactionStateError);
  stage = 3;
  first.join();
  EXPECT_EQ(em.count<Author>(), 1u);
}

TEST_P(UowMisuse, ErrorOfTheQueryLoggerLeavesTheManagerUsable) {
  bool throws = false;
  EntityManager em = start(library::entities, [&](Options& options) {
                       options.query_logger = [&](const Query& query) {
                         if (throws && query.sql.rfind("insert", 0) == 0) throw std::runtime_error("logger");
                       };
                     }).em();
  auto author = em.create<Author>({.name = "U", .email = "u"});
  throws = true;
  try {
    em.flush();
  } catch (const std::runtime_error&) {
    EXPECT_EQ(author->id, 0);
  }
  throws = false;
  em.flush();
  EXPECT_EQ(em.count<Author>(), 1u);
}

KIN_ON_EVERY_DATABASE(UowMisuse);

}  // namespace kin::test::uow_misuse
