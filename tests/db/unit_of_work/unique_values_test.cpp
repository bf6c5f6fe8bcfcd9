// SPDX-License-Identifier: MIT
// Unique values and keys that one row gives up and another takes in the same flush.
#include <gmock/gmock.h>

#include "db/support/database.hpp"

namespace kin::test::uow_unique {

using testing::ElementsAre;

struct User {
  std::int64_t id{};
  std::string email{};
  std::optional<std::string> nick{};
  Ref<User> friend_of{};
};
inline void describe(Schema<User>& user) {
  user.on<&User::email>(unique);
  user.on<&User::friend_of>(nullable());
}

struct Unit;
struct Kind {
  std::string code{};
  std::string name{};
};
inline void describe(Schema<Kind>& kind) { kind.on<&Kind::code>(primary_key); }

struct Seat {
  std::int64_t id{};
  int row{};
  int place{};
  std::string who{};
};
inline void describe(Schema<Seat>& seat) { seat.unique<&Seat::row, &Seat::place>(); }

class UowUniqueValues : public DatabaseTest {};

TEST_P(UowUniqueValues, MoveFromADeletedRowToANewOne) {
  EntityManager em = start(kin::entities<User>).em();
  auto old_user = em.create<User>({.email = "x"});
  em.flush();
  clear_statements();
  em.remove(old_user);
  em.create<User>({.email = "x"});
  em.flush();
  EXPECT_THAT(statements(),
              ElementsAre("begin immediate", R"(delete from "user" where "id" = ?)",
                          R"(insert into "user" ("email", "nick", "friend_of_id") values (?, ?, ?))", "commit"));
  EXPECT_EQ(em.count<User>(), 1u);
}

TEST_P(UowUniqueValues, MoveFromAnUpdatedRowToANewOne) {
  EntityManager em = start(kin::entities<User>).em();
  auto old_user = em.create<User>({.email = "x"});
  em.flush();
  clear_statements();
  old_user->email = "y";
  em.create<User>({.email = "x"});
  em.flush();
  EXPECT_THAT(statements(),
              ElementsAre("begin immediate", R"(update "user" set "email" = ? where "id" = ?)",
                          R"(insert into "user" ("email", "nick", "friend_of_id") values (?, ?, ?))", "commit"));
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
}

TEST_P(UowUniqueValues, MoveFromAnUpdatedRowThatNowRefersToTheNewOne) {
  EntityManager em = start(kin::entities<User>).em();
  auto old_user = em.create<User>({.email = "x"});
  em.flush();
  old_user->email = "y";
  old_user->friend_of = em.create<User>({.email = "x"});
  em.flush();
  em.clear();
  auto again = em.find_one_or_fail<User>(field<&User::email> == "y");
  ASSERT_NE(again->friend_of, nullptr);
  EXPECT_TRUE(again->friend_of.load());
  EXPECT_EQ(again->friend_of->email, "x");
}

TEST_P(UowUniqueValues, MoveFromADeletedRowToAnUpdatedOne) {
  EntityManager em = start(kin::entities<User>).em();
  auto one = em.create<User>({.email = "x"});
  auto two = em.create<User>({.email = "y"});
  em.flush();
  clear_statements();
  em.remove(one);
  two->email = "x";
  em.flush();
  EXPECT_THAT(statements(), ElementsAre("begin immediate", R"(delete from "user" where "id" = ?)",
                                        R"(update "user" set "email" = ? where "id" = ?)", "commit"));
}

TEST_P(UowUniqueValues, MoveAlongAChainOfUpdates) {
  EntityManager em = start(kin::entities<User>).em();
  auto a = em.create<User>({.email = "1"});
  auto b = em.create<User>({.email = "2"});
  auto c = em.create<User>({.email = "3"});
  em.flush();
  a->email = "2";
  b->email = "3";
  c->email = "4";
  em.flush();
  em.clear();
  EXPECT_EQ(em.count<User>(field<&User::email>.in({"2", "3", "4"})), 3u);
}

TEST_P(UowUniqueValues, SwappedAreTheDatabasesToRefuse) {
  EntityManager em = start(kin::entities<User>).em();
  auto a = em.create<User>({.email = "1"});
  auto b = em.create<User>({.email = "2"});
  em.flush();
  a->email = "2";
  b->email = "1";
  EXPECT_THROW(em.flush(), UniqueConstraintViolationError);
  b->email = "3";
  em.flush();
  EXPECT_EQ(em.count<User>(field<&User::email>.in({"2", "3"})), 2u);
}

TEST_P(UowUniqueValues, OfSeveralColumns) {
  EntityManager em = start(kin::entities<Seat>).em();
  auto a = em.create<Seat>({.row = 1, .place = 1, .who = "a"});
  em.flush();
  a->place = 2;
  em.create<Seat>({.row = 1, .place = 1, .who = "b"});
  em.flush();
  EXPECT_EQ(em.count<Seat>(), 2u);
}

TEST_P(UowUniqueValues, ATextKeyIsDeletedAndCreatedAgain) {
  EntityManager em = start(kin::entities<Kind>).em();
  auto old_kind = em.create<Kind>({.code = "a", .name = "old"});
  em.flush();
  clear_statements();
  em.remove(old_kind);
  auto kind = em.create<Kind>({.code = "a", .name = "new"});
  em.flush();
  EXPECT_THAT(statements(), ElementsAre("begin immediate", R"(delete from "kind" where "code" = ?)",
                                        R"(insert into "kind" ("code", "name") values (?, ?))", "commit"));
  EXPECT_EQ(em.find_one<Kind>("a"), kind);
  EXPECT_EQ(em.get_reference<Kind>("a"), kind);
  EntityManager other = orm().em();
  EXPECT_EQ(other.find_one_or_fail<Kind>("a")->name, "new");
}

TEST_P(UowUniqueValues, AKeyOfALiveEntityIsRefused) {
  EntityManager em = start(kin::entities<Kind>).em();
  em.create<Kind>({.code = "a", .name = "1"});
  EXPECT_THROW(em.create<Kind>({.code = "a", .name = "2"}), ValidationError);
  em.flush();
  EXPECT_THROW(em.create<Kind>({.code = "a", .name = "2"}), ValidationError);
  EXPECT_EQ(em.count<Kind>(), 1u);
}

KIN_ON_EVERY_DATABASE(UowUniqueValues);

}  // namespace kin::test::uow_unique
