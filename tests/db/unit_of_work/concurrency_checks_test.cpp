// SPDX-License-Identifier: MIT
// kin::concurrency_check: a row is written only while it holds what was read of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kin/kin.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "db/support/database.hpp"

namespace kin::test::uow_concurrency_checks {

using testing::ElementsAre;
using testing::HasSubstr;

enum class Colour { red, green };

struct Account {
  std::int64_t id{};
  std::string owner{};
  int balance{};
  std::optional<int> limit{};
  std::string note{};
};
struct Everything {
  std::int64_t id{};
  int touched{};
  bool flag{};
  std::int64_t number{};
  std::uint64_t large{};
  float share{};
  double rate{};
  std::string text{};
  Blob blob{};
  Decimal price{};
  Decimal exact{};
  Uuid uuid{};
  Colour colour{};
  std::chrono::sys_days day{};
  std::chrono::sys_seconds second{};
  std::chrono::sys_time<std::chrono::microseconds> micro{};
  std::optional<int> maybe{};
  std::optional<std::string> maybe_text{};
  std::optional<double> maybe_rate{};
};
struct Place {
  std::string city{};
  int floor{};
};
struct Desk {
  std::int64_t id{};
  std::optional<int> number{};
  Place place{};
  Ref<Account> user{};
  int version{};
  std::string note{};
};
struct Node {
  std::int64_t id{};
  Ref<Node> next{};
};

inline void describe(Schema<Account>& account) {
  account.on<&Account::balance>(concurrency_check).on<&Account::limit>(concurrency_check);
}
inline void describe(Schema<Everything>& everything) {
  everything.on<&Everything::flag>(concurrency_check).on<&Everything::number>(concurrency_check);
  everything.on<&Everything::large>(concurrency_check).on<&Everything::share>(concurrency_check);
  everything.on<&Everything::rate>(concurrency_check).on<&Everything::text>(concurrency_check);
  everything.on<&Everything::blob>(concurrency_check).on<&Everything::uuid>(concurrency_check);
  everything.on<&Everything::price>(concurrency_check, precision(10, 2));
  everything.on<&Everything::exact>(concurrency_check, precision(40, 20));
  everything.on<&Everything::colour>(concurrency_check).on<&Everything::day>(concurrency_check);
  everything.on<&Everything::second>(concurrency_check).on<&Everything::micro>(concurrency_check);
  everything.on<&Everything::maybe>(concurrency_check).on<&Everything::maybe_text>(concurrency_check);
  everything.on<&Everything::maybe_rate>(concurrency_check);
}
inline void describe(Schema<Place>& place) { place.on<&Place::floor>(concurrency_check); }
inline void describe(Schema<Desk>& desk) {
  desk.on<&Desk::number>(unique, concurrency_check).on<&Desk::version>(kin::version);
  desk.on<&Desk::user>(nullable(), concurrency_check);
}
inline void describe(Schema<Node>& node) { node.on<&Node::next>(nullable(), concurrency_check); }

class UowConcurrencyChecks : public DatabaseTest {
 protected:
  template <class T>
  void store(T value) {
    EntityManager em = orm().em();
    em.create<T>(std::move(value));
    em.flush();
    clear_statements();
  }
  static std::string refusal(EntityManager& em) {
    try {
      em.flush();
    } catch (const OptimisticLockError& error) {
      return error.entity() + ": " + error.what();
    }
    return "written";
  }
};

TEST_P(UowConcurrencyChecks, JoinTheConditionOfUpdatesAndDeletes) {
  start(entities<Account>);
  store<Account>({.owner = "a", .balance = 5});
  EntityManager em = orm().em();
  const auto account = em.find<Account>().one_or_fail();
  clear_statements();
  account->owner = "b";
  em.flush();
  em.remove(account);
  em.flush();
  EXPECT_THAT(
      statements(),
      ElementsAre("begin",
                  R"(update "account" set "owner" = ? where "id" = ? and "balance" is ? and "limit" is ?)",
                  "commit", "begin",
                  R"(delete from "account" where "id" = ? and "balance" is ? and "limit" is ?)", "commit"));
}

TEST_P(UowConcurrencyChecks, AStaleRowIsRefusedUntilItIsRefreshed) {
  start(entities<Account>);
  store<Account>({.owner = "a", .balance = 5});
  EntityManager em = orm().em();
  EntityManager other = orm().em();
  const auto mine = em.find<Account>().one_or_fail();
  const auto theirs = other.find<Account>().one_or_fail();
  mine->balance = 4;
  em.flush();
  theirs->balance = 3;
  EXPECT_THAT(refusal(other), testing::AllOf(HasSubstr("Account: Account 1 "), HasSubstr("refresh()")));
  EXPECT_EQ(theirs->balance, 3) << "it stays pending";
  EXPECT_THAT(refusal(other), HasSubstr("Account 1 "));
  other.remove(theirs);
  EXPECT_THAT(refusal(other), HasSubstr("Account 1 "));
  other.persist(theirs);
  EXPECT_TRUE(other.refresh(theirs));
  EXPECT_EQ(theirs->balance, 4);
  theirs->balance -= 1;
  other.flush();
  EXPECT_EQ(orm().em().find<Account>().one_or_fail()->balance, 3);
}

TEST_P(UowConcurrencyChecks, ConcernTheDescribedMembersOnly) {
  start(entities<Account>);
  store<Account>({.owner = "a", .balance = 5});
  EntityManager em = orm().em();
  EntityManager other = orm().em();
  other.find<Account>().one_or_fail()->owner = "theirs";
  const auto mine = em.find<Account>().one_or_fail();
  other.flush();
  mine->note = "mine";  // none of the checked members is changed, which is no error
  em.flush();
  EntityManager third = orm().em();
  const auto now = third.find<Account>().one_or_fail();
  EXPECT_EQ(now->owner, "theirs");
  EXPECT_EQ(now->note, "mine");
}

// What counts as false in other languages is a value like any other here.
TEST_P(UowConcurrencyChecks, CompareEveryTypeWithItsEmptyValue) {
  start(entities<Everything>);
  using Set = std::function<void(Everything&)>;
  const std::vector<std::pair<std::string, Set>> values = {
      {"flag", [](Everything& row) { row.flag = true; }},
      {"number", [](Everything& row) { row.number = -7; }},
      {"large", [](Everything& row) { row.large = 9'000'000'000; }},
      {"share", [](Everything& row) { row.share = 0.1F; }},
      {"rate", [](Everything& row) { row.rate = 1.0 / 3; }},
      {"text", [](Everything& row) { row.text = "a "; }},
      {"blob", [](Everything& row) { row.blob = Blob(3, std::byte{7}); }},
      {"price", [](Everything& row) { row.price = Decimal("9.5"); }},
      {"exact", [](Everything& row) { row.exact = Decimal("0.12345678901234567890"); }},
      {"uuid", [](Everything& row) { row.uuid = Uuid::parse("01234567-89ab-cdef-0123-456789abcdef"); }},
      {"colour", [](Everything& row) { row.colour = Colour::green; }},
      {"day", [](Everything& row) { row.day += std::chrono::days(1); }},
      {"second", [](Everything& row) { row.second += std::chrono::seconds(1); }},
      {"micro", [](Everything& row) { row.micro += std::chrono::microseconds(1); }},
      {"maybe", [](Everything& row) { row.maybe = 0; }},
      {"maybe_text", [](Everything& row) { row.maybe_text = ""; }},
      {"maybe_rate", [](Everything& row) { row.maybe_rate = 0.1; }},
  };
  store<Everything>({});
  EntityManager em = orm().em();
  const auto mine = em.find<Everything>().one_or_fail();
  const Everything empty = *mine;
  int touched = 0;
  const auto stale_after = [&](const Set& change) {
    EntityManager other = orm().em();
    const auto theirs = other.find<Everything>().one_or_fail();
    change(*mine);
    em.flush();
    theirs->touched = --touched;
    const std::string refused = refusal(other);
    EXPECT_TRUE(other.refresh(theirs));
    theirs->touched = --touched;
    other.flush();
    mine->touched = touched - 1000;  // what the row holds is still what was written of the member
    em.flush();
    return refused;
  };
  for (const auto& [name, set] : values) {
    EXPECT_THAT(stale_after(set), HasSubstr("Everything 1 ")) << name;
    EXPECT_THAT(stale_after([&](Everything& row) {
                  row = empty;
                  row.touched = touched - 2000;
                }),
                HasSubstr("Everything 1 "))
        << name << ", back to empty";
  }
}

TEST_P(UowConcurrencyChecks, NameTheStaleRowOfABatch) {
  start(entities<Account>);
  EntityManager em = orm().em();
  std::vector<Ref<Account>> accounts;
  for (int i = 0; i < 30; ++i)
    accounts.push_back(
        em.create<Account>({.owner = "a", .balance = i, .limit = i % 2 ? std::optional(i) : std::nullopt}));
  em.flush();
  EntityManager other = orm().em();
  other.find_one_or_fail<Account>(accounts[17]->id)->limit.reset();
  other.flush();
  const std::string name = "Account " + std::to_string(accounts[17]->id) + " ";
  for (const auto& account : accounts) account->balance += 100;
  EXPECT_THAT(refusal(em), HasSubstr(name));
  EXPECT_EQ(orm().em().count<Account>(field<&Account::balance> >= 100), 0u);
  EXPECT_TRUE(em.refresh(accounts[17]));
  accounts[17]->balance += 100;
  em.flush();
  EXPECT_EQ(orm().em().count<Account>(field<&Account::balance> >= 100), 30u);
  other.find_one_or_fail<Account>(accounts[3]->id);
  other.refresh(other.find_one_or_fail<Account>(accounts[17]->id));
  other.find_one_or_fail<Account>(accounts[17]->id)->balance = 0;
  other.flush();
  for (const auto& account : accounts) em.remove(account);
  EXPECT_THAT(refusal(em), HasSubstr(name));
  EXPECT_EQ(orm().em().count<Account>(), 30u);
}

TEST_P(UowConcurrencyChecks, AreReadAlongWithParts) {
  start(entities<Account>);
  store<Account>({.owner = "a", .balance = 5});
  EntityManager em = orm().em();
  EntityManager other = orm().em();
  const auto part = em.find<Account>().only<&Account::owner>().one_or_fail();
  EXPECT_EQ(part->balance, 5);
  other.find<Account>().one_or_fail()->balance = 6;
  other.flush();
  part->owner = "b";
  EXPECT_THAT(refusal(em), HasSubstr("Account 1 "));
}

TEST_P(UowConcurrencyChecks, OfAStubAreNone) {
  start(entities<Account>);
  store<Account>({.owner = "a", .balance = 5});
  EntityManager em = orm().em();
  em.get_reference<Account>(1).unwrap().owner = "b";
  em.flush();
  EXPECT_EQ(orm().em().find<Account>().one_or_fail()->owner, "b");
}

TEST_P(UowConcurrencyChecks, MayBeReferencesMembersOfEmbeddedStructsAndBesideAVersion) {
  start(entities<Account, Desk>);
  EntityManager em = orm().em();
  const auto user = em.create<Account>({.owner = "a"});
  const auto desk = em.create<Desk>({.place = {.city = "x", .floor = 2}, .user = user});
  em.flush();
  EntityManager other = orm().em();
  const auto theirs = other.find<Desk>().one_or_fail();
  clear_statements();
  desk->user = nullptr;
  em.flush();
  EXPECT_EQ(
      statements()[1],
      R"(update "desk" set "user_id" = ?, "version" = ? where "id" = ? and "version" = ? and "number" is ? )"
      R"(and "place_floor" is ? and "user_id" is ?)");
  EXPECT_EQ(desk->version, 2);
  theirs->note = "theirs";
  EXPECT_THAT(refusal(other), HasSubstr("Desk 1 "));
  // Somebody who does not know of the version changes a checked column.
  em.execute("update desk set place_floor = 3");
  desk->note = "mine";
  EXPECT_THAT(refusal(em), HasSubstr("Desk 1 "));
  EXPECT_EQ(desk->version, 2) << "taken back";
  EXPECT_TRUE(em.refresh(desk));
  desk->note = "mine";
  em.flush();
  EXPECT_EQ(desk->version, 3);
}

// Each row gives its number up for a moment by a null, which is no change by someone else.
TEST_P(UowConcurrencyChecks, AllowAnExchangeOfUniqueValues) {
  start(entities<Account, Desk>);
  EntityManager em = orm().em();
  const auto one = em.create<Desk>({.number = 1});
  const auto two = em.create<Desk>({.number = 2});
  em.flush();
  EntityManager other = orm().em();
  std::swap(one->number, two->number);
  em.flush();
  EXPECT_EQ(other.find_one_or_fail<Desk>(one->id)->number, 2);
  const auto theirs = other.find_one_or_fail<Desk>(two->id);
  em.execute("update desk set number = 7 where id = {}", one->id);
  std::swap(other.find_one_or_fail<Desk>(one->id)->number, theirs->number);
  EXPECT_THAT(refusal(other), HasSubstr("Desk " + std::to_string(one->id) + " "));
  EXPECT_EQ(orm().em().find_one_or_fail<Desk>(one->id)->number, 7);
}

TEST_P(UowConcurrencyChecks, AllowARingToBeDeleted) {
  start(entities<Node>);
  EntityManager em = orm().em();
  const auto a = em.create<Node>({});
  const auto b = em.create<Node>({.next = a});
  a->next = b;
  em.flush();
  em.remove(a);
  em.remove(b);
  em.flush();
  EXPECT_EQ(orm().em().count<Node>(), 0u);
}

KIN_ON_EVERY_DATABASE(UowConcurrencyChecks);

}  // namespace kin::test::uow_concurrency_checks
