// SPDX-License-Identifier: MIT
// EntityManager::fork, empty and with copies of the entities.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "db/support/database.hpp"
#include "db/support/library.hpp"

namespace kin::test::uow_forks {

using testing::ElementsAre;
using testing::IsEmpty;

struct Account {
  std::int64_t id{};
  std::string owner{};
  std::int64_t balance{};
};

class UowForks : public DatabaseTest {
 protected:
  std::int64_t stored(const std::string& owner) {
    EntityManager em = orm().em();
    auto account = em.find_one<Account>(field<&Account::owner> == owner);
    return account ? account->balance : -1;
  }
};

TEST_P(UowForks, AForkIsEmptyAndHasTheSettings) {
  EntityManager em = start(entities<Account>).em();
  auto mine = em.create<Account>({.owner = "a"});
  em.flush();
  em.create<Account>({.owner = "pending"});
  em.set_flush_mode(FlushMode::commit);
  em.begin();
  EntityManager fork = em.fork();
  EXPECT_EQ(fork.flush_mode(), FlushMode::commit);
  EXPECT_FALSE(fork.is_in_transaction());
  EXPECT_FALSE(fork.has_changes());
  em.rollback();
  auto theirs = fork.find_one_or_fail<Account>(mine->id);
  EXPECT_NE(theirs, mine);
  theirs->balance = 7;
  fork.flush();
  EXPECT_EQ(mine->balance, 0);
  EXPECT_THROW(fork.remove(mine), ValidationError);
  EXPECT_EQ(em.fork({.flush_mode = FlushMode::always}).flush_mode(), FlushMode::always);
  EXPECT_EQ(em.fork({.disable_transactions = true}).fork().flush_mode(), FlushMode::commit);
  EXPECT_EQ(stored("a"), 7);
  EXPECT_EQ(stored("pending"), -1);
}

TEST_P(UowForks, AForkWithoutTransactions) {
  EntityManager em = start(entities<Account>).em();
  EntityManager fork = em.fork({.disable_transactions = true}).fork();
  fork.begin();
  EXPECT_FALSE(fork.is_in_transaction());
  fork.create<Account>({.owner = "a"});
  fork.commit();
  EXPECT_EQ(stored("a"), 0);
}

// With copies: {.clear = false}

class UowForksWithCopies : public DatabaseTest {
 protected:
  /// An author with two books, of which the first has a tag.
  EntityManager start_library() {
    using namespace library;
    EntityManager em = start(library::entities).em();
    auto author = em.create<Author>({.name = "Ursula",
                                     .email = "u@example.org",
                                     .age = 88,
                                     .home = {.city = "Portland"},
                                     .work = Address{.city = "Salem"}});
    auto one = em.create<Book>({.title = "one", .price = 1, .author = author});
    auto two = em.create<Book>({.title = "two", .price = 2, .author = author});
    one->tags.add(em.create<Tag>({.name = "sf"}));
    author->books.set(std::vector{one, two});
    em.flush();
    clear_statements();
    return em;
  }
};

using library::Author;
using library::Book;
using library::Tag;

TEST_P(UowForksWithCopies, KnowWhatWasReadOrFlushed) {
  EntityManager em = start_library();
  EntityManager fork = em.fork({.clear = false});
  auto author = fork.find_one_or_fail<Author>(1);
  EXPECT_NE(author, em.find_one_or_fail<Author>(1));
  EXPECT_EQ(author->name, "Ursula");
  EXPECT_EQ(author->age, 88);
  EXPECT_EQ(author->home.city, "Portland");
  ASSERT_TRUE(author->work.has_value());
  EXPECT_EQ(author->work->city, "Salem");
  ASSERT_EQ(author->books.size(), 2u);
  auto one = author->books[0];
  EXPECT_EQ(one->title, "one");
  EXPECT_EQ(one->author, author);
  ASSERT_EQ(one->tags.size(), 1u);
  EXPECT_EQ(one->tags[0]->name, "sf");
  EXPECT_TRUE(author->books[1]->tags.empty());
  EXPECT_FALSE(fork.has_changes());
  EXPECT_THAT(statements(), IsEmpty());
  em.clear();
  EXPECT_EQ(one->author->name, "Ursula") << "they are the fork's own";
}

TEST_P(UowForksWithCopies, WriteTheirOwnChanges) {
  EntityManager em = start_library();
  EntityManager fork = em.fork({.clear = false});
  auto author = fork.find_one_or_fail<Author>(1);
  author->age = 1;
  author->work.reset();
  author->books[0]->tags.remove(author->books[0]->tags[0]);
  fork.remove(author->books[1]);
  fork.flush();
  EXPECT_EQ(em.find_one_or_fail<Author>(1)->age, 88);
  EXPECT_EQ(em.find_one_or_fail<Author>(1)->books.size(), 2u);
  EntityManager other = orm().em();
  auto again =
      other.find<Author>().populate<&Author::books>().populate<&Author::books, &Book::tags>().one_or_fail();
  EXPECT_EQ(again->age, 1);
  EXPECT_FALSE(again->work.has_value());
  ASSERT_EQ(again->books.size(), 1u);
  EXPECT_TRUE(again->books[0]->tags.empty());
}

TEST_P(UowForksWithCopies, HaveNoPendingChanges) {
  EntityManager em = start_library();
  auto author = em.find_one_or_fail<Author>(1);
  auto one = em.find_one_or_fail<Book>(1);
  auto two = em.find_one_or_fail<Book>(2);
  author->name = "changed";
  auto added = em.create<Author>({.name = "added", .email = "added"});
  one->author = added;
  one->tags.add(em.create<Tag>({.name = "added"}));
  em.remove(two);
  EntityManager fork = em.fork({.clear = false});
  EXPECT_FALSE(fork.has_changes());
  EXPECT_EQ(fork.find_one_or_fail<Author>(1)->name, "Ursula");
  EXPECT_EQ(fork.find_one_or_fail<Book>(1)->author->name, "Ursula");
  EXPECT_EQ(fork.find_one_or_fail<Book>(2)->title, "two");
  EXPECT_THAT(statements(), IsEmpty());
  auto& tags = fork.find_one_or_fail<Book>(1)->tags.load();
  ASSERT_EQ(tags.size(), 1u) << "a collection with changes is read again";
  EXPECT_EQ(fork.find_one_or_fail<Book>(1)->tags[0]->name, "sf");
  EXPECT_EQ(fork.count<Author>(), 1u);
  EXPECT_TRUE(em.has_changes());
  em.flush();
  EXPECT_EQ(em.count<Author>(), 2u);
  EXPECT_EQ(em.count<Book>(), 1u);
}

TEST_P(UowForksWithCopies, LeaveUnknownWhatIsNotLoaded) {
  start_library();
  EntityManager em = orm().em();
  auto book = em.find<Book>()
                  .only<&Book::title, &Book::author>()
                  .order_by(field<&Book::id>.asc())
                  .limit(1)
                  .one_or_fail();
  clear_statements();
  EntityManager fork = em.fork({.clear = false});
  auto copy = fork.get_reference<Book>(book->id);
  EXPECT_EQ(copy->title, "one");
  EXPECT_THROW((void)copy->author->name, NotInitializedError);
  EXPECT_THROW((void)copy->tags.size(), NotInitializedError);
  EXPECT_THAT(statements(), IsEmpty());
  copy->title = "changed";
  fork.flush();
  EntityManager other = orm().em();
  EXPECT_EQ(other.find_one_or_fail<Book>(book->id)->price, 1) << "what was not read is not written";
  EXPECT_EQ(other.find_one_or_fail<Book>(book->id)->title, "changed");
}

struct Passport;
struct Person {
  std::int64_t id{};
  std::string name{};
  Ref<Person> boss{};
  Ref<Passport> passport{};
};
struct Passport {
  std::int64_t id{};
  std::string number{};
  Ref<Person> person{};
};
struct Visa {
  Ref<Passport> passport{};
  std::string country{};
  std::int64_t days{};
};
inline void describe(Schema<Person>& person) {
  person.on<&Person::boss>(nullable(true));
  person.on<&Person::passport>(one_to_one, mapped_by<&Passport::person>);
}
inline void describe(Schema<Passport>& passport) { passport.on<&Passport::person>(one_to_one); }
inline void describe(Schema<Visa>& visa) {
  visa.on<&Visa::passport>(primary_key);
  visa.on<&Visa::country>(primary_key, length(2));
}

TEST_P(UowForksWithCopies, KeepCirclesOneToOnesAndKeysOfSeveralColumns) {
  EntityManager em = start(kin::entities<Person, Passport, Visa>).em();
  auto ada = em.create<Person>({.name = "Ada"});
  auto bob = em.create<Person>({.name = "Bob", .boss = ada});
  ada->boss = bob;
  auto passport = em.create<Passport>({.number = "7", .person = ada});
  em.create<Visa>({.passport = passport, .country = "NZ", .days = 30});
  em.flush();
  clear_statements();
  EntityManager fork = em.fork({.clear = false});
  auto copy = fork.find_one_or_fail<Person>(ada->id);
  EXPECT_EQ(copy->boss->name, "Bob");
  EXPECT_EQ(copy->boss->boss, copy);
  ASSERT_TRUE(copy->passport);
  EXPECT_EQ(copy->passport->number, "7");
  EXPECT_EQ(copy->passport->person, copy);
  auto visa = fork.get_reference<Visa>(passport->id, std::string("NZ"));
  EXPECT_EQ(visa->days, 30);
  EXPECT_EQ(visa->passport, copy->passport);
  EXPECT_FALSE(fork.has_changes());
  EXPECT_THAT(statements(), IsEmpty());
}

KIN_ON_EVERY_DATABASE(UowForks);
KIN_ON_EVERY_DATABASE(UowForksWithCopies);

}  // namespace kin::test::uow_forks
