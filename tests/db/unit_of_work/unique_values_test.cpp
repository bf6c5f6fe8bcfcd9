// SPDX-License-Identifier: MIT
// Unique values and keys that one row gives up and another takes in the same flush.
#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

#include "db/support/database.hpp"

namespace kin::test::uow_unique {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct User {
  std::int64_t id{};
  std::string email{};
  std::optional<std::string> nick{};
  Ref<User> friend_of{};
};
inline void describe(Schema<User>& user) {
  user.on<&User::email>(unique);
  user.on<&User::nick>(unique);
  user.on<&User::friend_of>(nullable());
}

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

struct Part {
  std::int64_t id{};
  std::string name{};
  Ref<Kind> kind{};
};
inline void describe(Schema<Part>& part) { part.on<&Part::kind>(nullable(), delete_rule(Rule::restrict_)); }
struct Piece {
  std::int64_t id{};
  Ref<Kind> kind{};
};

struct Loop {
  std::int64_t id{};
  std::string name{};
  Ref<Loop> next{};
};
inline void describe(Schema<Loop>& loop) {
  loop.on<&Loop::name>(unique);
  loop.on<&Loop::next>(nullable(), delete_rule(Rule::restrict_));
}

struct Draft {
  std::int64_t id{};
  std::string name{};
  std::optional<int> code{};
  Ref<Draft> next{};
  int version{};
};
inline void describe(Schema<Draft>& draft) {
  draft.on<&Draft::name>(unique);
  draft.on<&Draft::code>(unique);
  draft.on<&Draft::next>(nullable());
  draft.on<&Draft::version>(kin::version);
}

struct Key {
  std::int64_t id{};
  int number{};
};
struct Owner {
  std::int64_t id{};
  std::string name{};
  Ref<Key> key{};
};
inline void describe(Schema<Owner>& owner) { owner.on<&Owner::key>(one_to_one, nullable()); }
struct Tenant {
  std::int64_t id{};
  Ref<Key> key{};
};
inline void describe(Schema<Tenant>& tenant) { tenant.on<&Tenant::key>(one_to_one); }

struct Print {
  std::int64_t id{};
  Blob digest{};
};
inline void describe(Schema<Print>& print) { print.on<&Print::digest>(unique); }

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
              ElementsAre("begin", R"(delete from "user" where "id" = ?)",
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
              ElementsAre("begin", R"(update "user" set "email" = ? where "id" = ?)",
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
  EXPECT_THAT(statements(), ElementsAre("begin", R"(delete from "user" where "id" = ?)",
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

TEST_P(UowUniqueValues, ExchangedWhereNullIsAllowed) {
  EntityManager em = start(kin::entities<User>).em();
  auto a = em.create<User>({.email = "a", .nick = "1"});
  auto b = em.create<User>({.email = "b", .nick = "2"});
  em.flush();
  clear_statements();
  a->nick = "2";
  b->nick = "1";
  em.flush();
  EXPECT_THAT(statements(),
              ElementsAre("begin", R"(update "user" set "nick" = null where "id" = ?)",
                          R"(update "user" set "nick" = ? where "id" = ?)", "commit"));
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
  EntityManager other = orm().em();
  EXPECT_EQ(other.find_one_or_fail<User>(a->id)->nick, "2");
  EXPECT_EQ(other.find_one_or_fail<User>(b->id)->nick, "1");
}

TEST_P(UowUniqueValues, ExchangedInSeveralRingsWithRowsBehindThem) {
  EntityManager em = start(kin::entities<User>).em();
  std::vector<Ref<User>> users;
  for (int i = 0; i < 90; ++i)
    users.push_back(em.create<User>({.email = std::to_string(i), .nick = std::to_string(i)}));
  em.flush();
  // Thirty rings of three, across a chain of e-mail addresses that can move in one order only.
  for (std::size_t i = 0; i < 90; ++i) users[i]->nick = std::to_string(i % 3 == 2 ? i - 2 : i + 1);
  for (std::size_t i = 0; i < 90; ++i) users[i]->email = std::to_string(i + 1);
  em.flush();
  EntityManager other = orm().em();
  for (std::size_t i = 0; i < 90; ++i) {
    auto user = other.find_one_or_fail<User>(users[i]->id);
    EXPECT_EQ(user->nick, users[i]->nick);
    EXPECT_EQ(user->email, std::to_string(i + 1));
  }
}

TEST_P(UowUniqueValues, ExchangedInBothColumnsAtOnce) {
  EntityManager em = start(kin::entities<Seat>).em();
  auto a = em.create<Seat>({.row = 1, .place = 1, .who = "a"});
  auto b = em.create<Seat>({.row = 1, .place = 2, .who = "b"});
  em.flush();
  a->place = 2;
  b->place = 1;
  EXPECT_THROW(em.flush(), ValidationError) << "neither column may be null";
  b->place = 3;
  em.flush();
  EXPECT_EQ(orm().em().count<Seat>(field<&Seat::place> > 1), 2u);
}

TEST_P(UowUniqueValues, ExchangedWhereNullIsNotAllowedAreRefusedBeforeAnythingIsSent) {
  EntityManager em = start(kin::entities<User>).em();
  auto a = em.create<User>({.email = "1"});
  auto b = em.create<User>({.email = "2"});
  em.flush();
  a->email = "2";
  b->email = "1";
  clear_statements();
  try {
    em.flush();
    ADD_FAILURE() << "no error";
  } catch (const ValidationError& error) {
    EXPECT_EQ(error.entity(), "User");
    EXPECT_EQ(error.property(), "email");
    EXPECT_THAT(error.what(), HasSubstr("User.email"));
    EXPECT_THAT(error.what(), HasSubstr("nullable"));
  }
  EXPECT_THAT(statements(), IsEmpty());
  b->email = "3";
  em.flush();
  EXPECT_EQ(em.count<User>(field<&User::email>.in({"2", "3"})), 2u);
}

TEST_P(UowUniqueValues, GivenToARowThatGivesItsOwnToANewOne) {
  EntityManager em = start(kin::entities<User>).em();
  auto a = em.create<User>({.email = "1"});
  auto b = em.create<User>({.email = "2"});
  em.flush();
  em.create<User>({.email = "1"});
  a->email = "2";
  b->email = "3";
  em.flush();
  EXPECT_EQ(orm().em().count<User>(field<&User::email>.in({"1", "2", "3"})), 3u);
}

TEST_P(UowUniqueValues, ExchangedAndGivenToANewRowInOneFlush) {
  EntityManager em = start(kin::entities<User>).em();
  auto a = em.create<User>({.email = "1", .nick = "x"});
  auto b = em.create<User>({.email = "2", .nick = "y"});
  em.flush();
  em.create<User>({.email = "1", .nick = "z"});
  a->email = "3";
  a->nick = "y";
  b->nick = "x";
  em.flush();
  EntityManager other = orm().em();
  EXPECT_EQ(other.find_one_or_fail<User>(a->id)->nick, "y");
  EXPECT_EQ(other.find_one_or_fail<User>(b->id)->nick, "x");
  EXPECT_EQ(other.count<User>(), 3u);
}

TEST_P(UowUniqueValues, OfAVersionedRowThatNowRefersToTheNewOne) {
  EntityManager em = start(kin::entities<Draft>).em();
  auto old_draft = em.create<Draft>({.name = "x"});
  em.flush();
  old_draft->name = "y";
  old_draft->next = em.create<Draft>({.name = "x"});
  em.flush();
  EXPECT_EQ(old_draft->version, 2);
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
  EntityManager other = orm().em();
  auto again = other.find_one_or_fail<Draft>(old_draft->id);
  EXPECT_EQ(again->version, 2);
  ASSERT_NE(again->next, nullptr);
  EXPECT_EQ(again->next.id(), old_draft->next->id);
  again->name = "z";
  other.flush();
  EXPECT_EQ(again->version, 3);
}

TEST_P(UowUniqueValues, ExchangedByVersionedRows) {
  EntityManager em = start(kin::entities<Draft>).em();
  auto a = em.create<Draft>({.name = "a", .code = 1});
  auto b = em.create<Draft>({.name = "b", .code = 2});
  em.flush();
  std::swap(a->code, b->code);
  em.flush();
  EXPECT_EQ(a->version, 2);
  EXPECT_EQ(b->version, 2);
  EntityManager other = orm().em();
  EXPECT_EQ(other.find_one_or_fail<Draft>(a->id)->code, 2);
  auto theirs = other.find_one_or_fail<Draft>(b->id);
  EXPECT_EQ(theirs->version, 2);
  theirs->name = "theirs";
  other.flush();
  std::swap(a->code, b->code);
  EXPECT_THROW(em.flush(), OptimisticLockError);
  EXPECT_EQ(orm().em().find_one_or_fail<Draft>(a->id)->code, 2) << "nothing of it is written";
}

TEST_P(UowUniqueValues, AReferenceThatMovesToANewRowAndIsTakenByAnother) {
  EntityManager em = start(kin::entities<Owner, Key>).em();
  auto key = em.create<Key>({.number = 1});
  auto ada = em.create<Owner>({.name = "Ada", .key = key});
  em.flush();
  auto bob = em.create<Owner>({.name = "Bob", .key = key});
  ada->key = em.create<Key>({.number = 2});
  em.flush();
  EntityManager other = orm().em();
  EXPECT_EQ(other.find_one_or_fail<Owner>(bob->id)->key.id(), key->id);
  EXPECT_EQ(other.find_one_or_fail<Owner>(ada->id)->key.id(), ada->key->id);
}

TEST_P(UowUniqueValues, ARequiredReferenceThatMovesToANewRowAndIsTakenByAnotherIsRefused) {
  EntityManager em = start(kin::entities<Tenant, Key>).em();
  auto key = em.create<Key>({.number = 1});
  auto ada = em.create<Tenant>({.key = key});
  em.flush();
  em.create<Tenant>({.key = key});
  ada->key = em.create<Key>({.number = 2});
  try {
    em.flush();
    ADD_FAILURE() << "no error";
  } catch (const ValidationError& error) {
    EXPECT_THAT(error.what(), HasSubstr("Tenant.key"));
  }
  EXPECT_EQ(orm().em().count<Tenant>(), 1u);
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
  EXPECT_THAT(statements(), ElementsAre("begin", R"(delete from "kind" where "code" = ?)",
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

TEST_P(UowUniqueValues, ARowRefersToTheKeysNewHolder) {
  EntityManager em = start(kin::entities<Kind, Part>).em();
  auto old_kind = em.create<Kind>({.code = "a", .name = "old"});
  auto part = em.create<Part>({.name = "p", .kind = old_kind});
  em.flush();
  em.remove(old_kind);
  auto kind = em.create<Kind>({.code = "a", .name = "new"});
  part->kind = kind;
  em.flush();
  EXPECT_EQ(part->kind, kind);
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
  EntityManager other = orm().em();
  auto again = other.find_one_or_fail<Part>(part->id);
  ASSERT_NE(again->kind, nullptr);
  EXPECT_TRUE(again->kind.load());
  EXPECT_EQ(again->kind->name, "new");
}

TEST_P(UowUniqueValues, ARowThatMustReferCannotWaitForTheKeysNewHolder) {
  EntityManager em = start(kin::entities<Kind, Piece>).em();
  auto old_kind = em.create<Kind>({.code = "a", .name = "old"});
  auto piece = em.create<Piece>({.kind = old_kind});
  em.flush();
  em.remove(old_kind);
  piece->kind = em.create<Kind>({.code = "a", .name = "new"});
  clear_statements();
  try {
    em.flush();
    ADD_FAILURE() << "no error";
  } catch (const ValidationError& error) {
    EXPECT_EQ(error.entity(), "Piece");
    EXPECT_THAT(error.what(), HasSubstr("Piece.kind"));
  }
  EXPECT_THAT(statements(), IsEmpty());
  EXPECT_EQ(orm().em().find_one_or_fail<Kind>("a")->name, "old");
}

TEST_P(UowUniqueValues, ARowThatStillRefersToTheKeysOldHolderStopsTheFlush) {
  EntityManager em = start(kin::entities<Kind, Part>).em();
  auto old_kind = em.create<Kind>({.code = "a", .name = "old"});
  auto part = em.create<Part>({.name = "p", .kind = old_kind});
  em.flush();
  em.remove(old_kind);
  auto kind = em.create<Kind>({.code = "a", .name = "new"});
  EXPECT_THROW(em.flush(), ForeignKeyConstraintViolationError);
  part->kind = kind;
  em.flush();
  EXPECT_EQ(orm().em().find_one_or_fail<Kind>("a")->name, "new");
}

TEST_P(UowUniqueValues, ARowMovesFromADeletedHolderToTheNewOne) {
  EntityManager em = start(kin::entities<User>).em();
  auto old_user = em.create<User>({.email = "x"});
  auto other = em.create<User>({.email = "y", .friend_of = old_user});
  em.flush();
  em.remove(old_user);
  auto new_user = em.create<User>({.email = "x"});
  other->friend_of = new_user;
  em.flush();
  EXPECT_EQ(other->friend_of, new_user);
  EXPECT_EQ(orm().em().find_one_or_fail<User>(other->id)->friend_of.id(), new_user->id);
}

TEST_P(UowUniqueValues, MoveFromDeletedRowsThatReferToEachOther) {
  EntityManager em = start(kin::entities<Loop>).em();
  auto a = em.create<Loop>({.name = "a"});
  auto b = em.create<Loop>({.name = "b", .next = a});
  a->next = b;
  em.flush();
  em.remove(a);
  em.remove(b);
  em.create<Loop>({.name = "a"});
  em.create<Loop>({.name = "b"});
  em.flush();
  EXPECT_EQ(orm().em().count<Loop>(field<&Loop::next>.is_null()), 2u);
}

TEST_P(UowUniqueValues, PersistDoesNotTakeAKeyBackFromItsNewHolder) {
  EntityManager em = start(kin::entities<Kind>).em();
  auto old_kind = em.create<Kind>({.code = "a", .name = "old"});
  em.flush();
  em.remove(old_kind);
  auto kind = em.create<Kind>({.code = "a", .name = "new"});
  try {
    em.persist(old_kind);
    ADD_FAILURE() << "no error";
  } catch (const ValidationError& error) {
    EXPECT_EQ(error.entity(), "Kind");
    EXPECT_THAT(error.what(), HasSubstr("Kind 'a'"));
  }
  em.remove(kind);
  EXPECT_EQ(em.find_one<Kind>("a"), nullptr) << "it is to be deleted";
  em.persist(old_kind);
  EXPECT_EQ(em.find_one<Kind>("a"), old_kind);
  EXPECT_EQ(em.get_reference<Kind>("a"), old_kind);
  EXPECT_FALSE(em.has_changes());
  EXPECT_EQ(em.find<Kind>().list().size(), 1u);
}

TEST_P(UowUniqueValues, AnotherTryFindsTheOldHolderOfAKey) {
  EntityManager em = start(kin::entities<Kind>).em();
  auto old_kind = em.create<Kind>({.code = "a", .name = "old"});
  em.flush();
  int runs = 0;
  em.transactional(
      [&](EntityManager& inner) {
        EXPECT_EQ(inner.find_one<Kind>("a"), old_kind) << "run " << runs;
        inner.remove(old_kind);
        inner.create<Kind>({.code = "a", .name = "new"});
        if (++runs < 3) throw LockWaitTimeoutError("pretended", ErrorDetails{.retryable = true});
      },
      {.retries = 3});
  EXPECT_EQ(runs, 3);
  EXPECT_EQ(orm().em().find_one_or_fail<Kind>("a")->name, "new");
}

TEST_P(UowUniqueValues, BlobsOfTheSameSizeAreOthers) {
  EntityManager em = start(kin::entities<Print>).em();
  const auto blob = [](char fill) { return Blob(4, static_cast<std::byte>(fill)); };
  auto first = em.create<Print>({.digest = blob('a')});
  auto second = em.create<Print>({.digest = blob('b')});
  em.flush();
  clear_statements();
  first->digest = blob('c');
  second->digest = blob('d');
  em.flush();
  EXPECT_THAT(statements(), ElementsAre("begin", R"(update "print" set "digest" = ? where "id" = ?)", "commit"));
  EXPECT_EQ(orm().em().find_one_or_fail<Print>(second->id)->digest, blob('d'));
  // The true handing over is still found.
  clear_statements();
  first->digest = blob('d');
  second->digest = blob('e');
  em.flush();
  EXPECT_EQ(orm().em().find_one_or_fail<Print>(first->id)->digest, blob('d'));
}

KIN_ON_EVERY_DATABASE(UowUniqueValues);

}  // namespace kin::test::uow_unique
