// SPDX-License-Identifier: MIT
// One-to-one relations: both sides in step, the old partner let go, orphans.
#include <gmock/gmock.h>

#include <utility>

#include "db/support/database.hpp"

namespace kin::test::uow_one_to_one {

using testing::ElementsAre;
using testing::HasSubstr;

struct Passport;
struct Person {
  std::int64_t id{};
  std::string name{};
  Ref<Passport> passport{};
};
struct Passport {
  std::int64_t id{};
  std::string number{};
  Ref<Person> holder{};
};
inline void describe(Schema<Person>& person) { person.on<&Person::passport>(one_to_one, nullable()); }
inline void describe(Schema<Passport>& passport) {
  passport.on<&Passport::holder>(one_to_one, mapped_by<&Person::passport>);
}

struct Engine {
  std::int64_t id{};
  std::string name{};
};
struct Car {
  std::int64_t id{};
  Ref<Engine> engine{};
};
inline void describe(Schema<Car>& car) { car.on<&Car::engine>(one_to_one, nullable(), orphan_removal); }

struct Picture;
struct Frame {
  std::int64_t id{};
  std::string name{};
  Ref<Picture> picture{};
};
struct Picture {
  std::int64_t id{};
  std::string title{};
  Ref<Frame> frame{};
  int version{};
};
inline void describe(Schema<Frame>& frame) {
  frame.on<&Frame::picture>(one_to_one, mapped_by<&Picture::frame>, orphan_removal);
}
inline void describe(Schema<Picture>& picture) {
  picture.on<&Picture::frame>(one_to_one, nullable());
  picture.on<&Picture::version>(version);
}

struct Pupil {
  std::int64_t id{};
  std::string name{};
  Ref<Pupil> mentor{};
  Ref<Pupil> protege{};
};
inline void describe(Schema<Pupil>& pupil) {
  pupil.on<&Pupil::mentor>(one_to_one, nullable());
  pupil.on<&Pupil::protege>(one_to_one, mapped_by<&Pupil::mentor>);
}

struct Profile;
struct Login {
  std::int64_t id{};
  std::string name{};
  Ref<Profile> profile{};
};
struct Profile {
  Ref<Login> login{};
  std::string text{};
};
inline void describe(Schema<Login>& login) {
  login.on<&Login::profile>(one_to_one, mapped_by<&Profile::login>, orphan_removal);
}
inline void describe(Schema<Profile>& profile) { profile.on<&Profile::login>(one_to_one, primary_key); }

class UowOneToOne : public DatabaseTest {
 protected:
  /// Ada has passport 1, Bob has passport 2, and passport 3 is nobody's.
  void seed() {
    EntityManager em = start(kin::entities<Person, Passport>).em();
    em.create<Person>({.name = "Ada", .passport = em.create<Passport>({.number = "1"})});
    em.create<Person>({.name = "Bob", .passport = em.create<Passport>({.number = "2"})});
    em.create<Passport>({.number = "3"});
    em.flush();
    clear_statements();
  }
  static Ref<Passport> passport(EntityManager& em, const std::string& number) {
    return em.find_one_or_fail<Passport>(field<&Passport::number> == number);
  }
  static Ref<Person> person(EntityManager& em, const std::string& name) {
    return em.find_one_or_fail<Person>(field<&Person::name> == name);
  }
  /// The number of a person's passport as the database has it; empty for none.
  std::string stored(const std::string& name) {
    EntityManager em = orm().em();
    auto found = person(em, name);
    return found->passport && found->passport.load() ? found->passport->number : std::string();
  }
};

TEST_P(UowOneToOne, CreateTellsTheOtherSide) {
  EntityManager em = start(kin::entities<Person, Passport>).em();
  auto passport = em.create<Passport>({.number = "1"});
  auto ada = em.create<Person>({.name = "Ada", .passport = passport});
  EXPECT_EQ(passport->holder, ada);
  em.flush();
  EXPECT_THAT(statements(), ElementsAre("begin", R"(insert into "passport" ("number") values (?))",
                                        R"(insert into "person" ("name", "passport_id") values (?, ?))", "commit"));
}

TEST_P(UowOneToOne, AssigningTellsTheOtherSideAtTheFlush) {
  EntityManager em = start(kin::entities<Person, Passport>).em();
  auto one = em.create<Passport>({.number = "1"});
  auto two = em.create<Passport>({.number = "2"});
  auto ada = em.create<Person>({.name = "Ada", .passport = one});
  em.flush();
  clear_statements();
  ada->passport = two;
  em.flush();
  EXPECT_THAT(statements(),
              ElementsAre("begin", R"(update "person" set "passport_id" = ? where "id" = ?)", "commit"));
  EXPECT_EQ(one->holder, nullptr);
  EXPECT_EQ(two->holder, ada);
}

TEST_P(UowOneToOne, TakingAPartnerLetsItsOldOneGoInTheSameFlush) {
  EntityManager em = start(kin::entities<Person, Passport>).em();
  auto passport = em.create<Passport>({.number = "1"});
  auto ada = em.create<Person>({.name = "Ada", .passport = passport});
  auto bob = em.create<Person>({.name = "Bob"});
  em.flush();
  bob->passport = passport;
  em.flush();
  EXPECT_EQ(ada->passport, nullptr);
  EXPECT_EQ(passport->holder, bob);
  EXPECT_FALSE(em.has_changes());
  em.clear();
  EXPECT_EQ(em.find_one_or_fail<Person>(field<&Person::name> == "Ada")->passport, nullptr);
  EXPECT_NE(em.find_one_or_fail<Person>(field<&Person::name> == "Bob")->passport, nullptr);
}

TEST_P(UowOneToOne, ANewEntityThatTakesAPartnerLetsItsOldOneGo) {
  EntityManager em = start(kin::entities<Person, Passport>).em();
  auto passport = em.create<Passport>({.number = "1"});
  auto ada = em.create<Person>({.name = "Ada", .passport = passport});
  em.flush();
  auto bob = em.create<Person>({.name = "Bob", .passport = passport});
  EXPECT_EQ(passport->holder, bob);
  em.flush();
  EXPECT_EQ(ada->passport, nullptr);
  em.clear();
  EXPECT_EQ(em.find_one_or_fail<Person>(field<&Person::name> == "Ada")->passport, nullptr);
}

TEST_P(UowOneToOne, CreatingTheInverseSideSetsTheOwner) {
  EntityManager em = start(kin::entities<Person, Passport>).em();
  auto ada = em.create<Person>({.name = "Ada"});
  auto passport = em.create<Passport>({.number = "1", .holder = ada});
  em.flush();
  EXPECT_EQ(ada->passport, passport);
  em.clear();
  EXPECT_NE(em.find<Person>().one_or_fail()->passport, nullptr);
}

TEST_P(UowOneToOne, RemovingTheTargetClearsTheOwner) {
  EntityManager em = start(kin::entities<Person, Passport>).em();
  auto passport = em.create<Passport>({.number = "1"});
  auto ada = em.create<Person>({.name = "Ada", .passport = passport});
  em.flush();
  em.remove(passport);
  em.flush();
  EXPECT_EQ(ada->passport, nullptr);
  EXPECT_FALSE(em.has_changes());
}

TEST_P(UowOneToOne, OrphanRemovalDeletesTheReplacedPartner) {
  EntityManager em = start(kin::entities<Car, Engine>).em();
  auto v8 = em.create<Engine>({.name = "v8"});
  auto car = em.create<Car>({.engine = v8});
  em.flush();
  clear_statements();
  car->engine = em.create<Engine>({.name = "electric"});
  em.flush();
  EXPECT_THAT(statements(),
              ElementsAre("begin", R"(insert into "engine" ("name") values (?))",
                          R"(update "car" set "engine_id" = ? where "id" = ?)",
                          R"(delete from "engine" where "id" = ?)", "commit"));
  EXPECT_EQ(em.find<Engine>().one_or_fail()->name, "electric");
}

TEST_P(UowOneToOne, OrphanRemovalDeletesTheOldPartnerOfNull) {
  EntityManager em = start(kin::entities<Car, Engine>).em();
  auto car = em.create<Car>({.engine = em.create<Engine>({.name = "v8"})});
  em.flush();
  car->engine = nullptr;
  em.flush();
  EXPECT_EQ(em.count<Engine>(), 0u);
  EXPECT_EQ(em.count<Car>(), 1u);
}

TEST_P(UowOneToOne, AReadKnowsTheInverseSide) {
  seed();
  EntityManager em = orm().em();
  auto one = passport(em, "1");
  EXPECT_THAT(
      statements(),
      ElementsAre(R"(select "t0"."id", "t0"."number", "t1"."id", "t1"."passport_id" from "passport" as "t0" )"
                  R"(left join "person" as "t1" on "t1"."passport_id" = "t0"."id" )"
                  R"(where "t0"."number" = ? limit ?)"));
  ASSERT_NE(one->holder, nullptr);
  EXPECT_FALSE(one->holder.is_initialized());
  try {
    (void)one->holder->name;
    ADD_FAILURE() << "no error";
  } catch (const NotInitializedError& error) {
    EXPECT_THAT(error.what(), HasSubstr("&Passport::holder"));
  }
  EXPECT_EQ(passport(em, "3")->holder, nullptr);
  EXPECT_FALSE(em.has_changes());
  EXPECT_TRUE(one->holder.load());
  EXPECT_EQ(one->holder->name, "Ada");
  EXPECT_EQ(one->holder->passport, one);
  EXPECT_EQ(person(em, "Ada"), one->holder);
  EXPECT_FALSE(em.has_changes());
}

TEST_P(UowOneToOne, AReadByKeyAndAPopulatedPathKnowTheInverseSide) {
  seed();
  EntityManager em = orm().em();
  auto people = em.find<Person>().populate<&Person::passport>().order_by(field<&Person::id>.asc()).list();
  ASSERT_EQ(people.size(), 2u);
  for (auto& someone : people) EXPECT_EQ(someone->passport->holder.id(), someone->id);
  EntityManager other = orm().em();
  auto found = other.find_one_or_fail<Passport>(people[0]->passport.id());
  EXPECT_EQ(found->holder.id(), people[0]->id);
  EntityManager third = orm().em();
  auto stub = third.get_reference<Person>(people[0]->id);
  stub.load();
  EXPECT_TRUE(stub->passport.load());
  EXPECT_EQ(stub->passport->holder, stub);
  EntityManager fourth = orm().em();
  auto listed = fourth.find<Person>().populate<&Person::passport>().strategy(Strategy::select_in).list();
  for (auto& someone : listed) EXPECT_EQ(someone->passport->holder.id(), someone->id);
}

TEST_P(UowOneToOne, PopulateReadsWhomTheInverseSideRefersTo) {
  seed();
  for (const Strategy strategy : {Strategy::select_in, Strategy::joined}) {
    EntityManager em = orm().em();
    auto one = passport(em, "1");
    ASSERT_FALSE(one->holder.is_initialized());
    em.find<Passport>().populate<&Passport::holder>().strategy(strategy).list();
    ASSERT_TRUE(one->holder.is_initialized());
    EXPECT_EQ(one->holder->name, "Ada");
    EXPECT_EQ(passport(em, "3")->holder, nullptr);
    EXPECT_FALSE(em.has_changes());
  }
}

TEST_P(UowOneToOne, AssigningTheInverseSideIsWritten) {
  seed();
  EntityManager em = orm().em();
  auto one = passport(em, "1");
  auto two = passport(em, "2");
  auto ada = person(em, "Ada");
  auto bob = person(em, "Bob");
  one->holder = bob;
  EXPECT_TRUE(em.has_changes());
  em.flush();
  EXPECT_EQ(bob->passport, one);
  EXPECT_EQ(ada->passport, nullptr);
  EXPECT_EQ(two->holder, nullptr);
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
  EXPECT_EQ(stored("Bob"), "1");
  EXPECT_EQ(stored("Ada"), "");
}

TEST_P(UowOneToOne, AssigningTheInverseSideLetsAnUnreadPartnerGo) {
  seed();
  std::int64_t bob = 0;
  {
    EntityManager em = orm().em();
    bob = person(em, "Bob")->id;
  }
  EntityManager em = orm().em();
  passport(em, "1")->holder = em.get_reference<Person>(bob);
  em.flush();
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
  EXPECT_EQ(stored("Bob"), "1");
  EXPECT_EQ(stored("Ada"), "");
}

TEST_P(UowOneToOne, InverseSidesMayBeExchanged) {
  seed();
  EntityManager em = orm().em();
  auto one = passport(em, "1");
  auto two = passport(em, "2");
  std::swap(one->holder, two->holder);
  em.flush();
  EXPECT_FALSE(em.has_changes());
  EXPECT_EQ(stored("Ada"), "2");
  EXPECT_EQ(stored("Bob"), "1");
}

TEST_P(UowOneToOne, ANullInverseSideIsWritten) {
  seed();
  EntityManager em = orm().em();
  auto one = passport(em, "1");
  auto ada = person(em, "Ada");
  one->holder = nullptr;
  EXPECT_EQ(em.find<Passport>(field<&Passport::number> == "1").one(), one);
  EXPECT_EQ(one->holder, nullptr) << "a read leaves what was assigned";
  em.flush();
  EXPECT_EQ(ada->passport, nullptr);
  EXPECT_EQ(stored("Ada"), "");
}

TEST_P(UowOneToOne, ARefreshDropsWhatWasAssignedToTheInverseSide) {
  seed();
  EntityManager em = orm().em();
  auto one = passport(em, "1");
  one->holder = nullptr;
  EXPECT_TRUE(em.refresh(one));
  EXPECT_NE(one->holder, nullptr);
  EXPECT_FALSE(em.has_changes());
  EXPECT_EQ(stored("Ada"), "1");
}

TEST_P(UowOneToOne, AssigningBothSidesLetsBothOldPartnersGo) {
  seed();
  EntityManager em = orm().em();
  auto one = passport(em, "1");
  auto two = passport(em, "2");
  auto ada = person(em, "Ada");
  auto bob = person(em, "Bob");
  one->holder = bob;
  bob->passport = one;
  em.flush();
  EXPECT_EQ(ada->passport, nullptr);
  EXPECT_EQ(two->holder, nullptr);
  EXPECT_EQ(stored("Bob"), "1");
  EXPECT_EQ(stored("Ada"), "");
}

TEST_P(UowOneToOne, AssigningTheInverseSideOfANewEntityIsWritten) {
  seed();
  EntityManager em = orm().em();
  auto ada = person(em, "Ada");
  auto fresh = em.create<Passport>({.number = "4"});
  fresh->holder = ada;
  em.flush();
  EXPECT_EQ(ada->passport, fresh);
  EXPECT_EQ(stored("Ada"), "4");
  passport(em, "3")->holder = em.create<Person>({.name = "Eve"});
  em.flush();
  EXPECT_EQ(stored("Eve"), "3");
}

TEST_P(UowOneToOne, AssigningTheInverseSideGoesOutBeforeAQueryForTheOwner) {
  seed();
  EntityManager em = orm().em();
  passport(em, "3")->holder = person(em, "Bob");
  EXPECT_EQ(em.count<Person>(field<&Person::passport, &Passport::number> == "3"), 1u);
}

TEST_P(UowOneToOne, TheInverseSideMayNotReferToADeletedEntity) {
  seed();
  EntityManager em = orm().em();
  auto three = passport(em, "3");
  auto bob = person(em, "Bob");
  em.remove(bob);
  three->holder = bob;
  try {
    em.flush();
    ADD_FAILURE() << "no error";
  } catch (const ValidationError& error) {
    EXPECT_EQ(error.entity(), "Passport");
    EXPECT_EQ(error.property(), "holder");
    EXPECT_THAT(error.what(), HasSubstr("Passport.holder"));
  }
  three->holder = nullptr;
  em.flush();
  EXPECT_EQ(em.count<Person>(), 1u);
}

TEST_P(UowOneToOne, OrphanRemovalFollowsTheInverseSide) {
  start(kin::entities<Frame, Picture>);
  {
    EntityManager em = orm().em();
    auto frame = em.create<Frame>({.name = "f"});
    em.create<Picture>({.title = "old", .frame = frame});
    em.flush();
  }
  EntityManager em = orm().em();
  auto frame = em.find<Frame>().one_or_fail();
  frame->picture = em.create<Picture>({.title = "new"});
  em.flush();
  EXPECT_EQ(em.find<Picture>().one_or_fail(), frame->picture);
  EXPECT_EQ(frame->picture->version, 1);
  frame->picture = nullptr;
  em.flush();
  EXPECT_EQ(orm().em().count<Picture>(), 0u);
}

TEST_P(UowOneToOne, BothSidesMayBeOfOneType) {
  start(kin::entities<Pupil>);
  {
    EntityManager em = orm().em();
    auto first = em.create<Pupil>({.name = "1"});
    auto second = em.create<Pupil>({.name = "2", .mentor = first});
    em.create<Pupil>({.name = "3", .mentor = second});
    em.flush();
  }
  EntityManager em = orm().em();
  auto pupils = em.find<Pupil>().order_by(field<&Pupil::name>.asc()).list();
  ASSERT_EQ(pupils.size(), 3u);
  EXPECT_EQ(pupils[0]->protege, pupils[1]);
  EXPECT_EQ(pupils[1]->protege, pupils[2]);
  EXPECT_EQ(pupils[2]->protege, nullptr);
  EXPECT_EQ(pupils[2]->mentor, pupils[1]);
  EXPECT_FALSE(em.has_changes());
  pupils[0]->protege = pupils[2];
  em.flush();
  EXPECT_EQ(pupils[1]->mentor, nullptr);
  EXPECT_EQ(pupils[1]->protege, nullptr);
  EntityManager other = orm().em();
  EXPECT_EQ(other.find_one_or_fail<Pupil>(pupils[2]->id)->mentor.id(), pupils[0]->id);
  EXPECT_EQ(other.find_one_or_fail<Pupil>(pupils[1]->id)->mentor, nullptr);
}

TEST_P(UowOneToOne, TheKeyMayBeTheReference) {
  start(kin::entities<Login, Profile>);
  std::int64_t id = 0;
  {
    EntityManager em = orm().em();
    auto login = em.create<Login>({.name = "ada"});
    em.flush();
    login->profile = em.create<Profile>({.text = "t"});
    em.flush();
    id = login->id;
  }
  EntityManager em = orm().em();
  auto login = em.find_one_or_fail<Login>(id);
  ASSERT_NE(login->profile, nullptr);
  EXPECT_TRUE(login->profile.load());
  EXPECT_EQ(login->profile->text, "t");
  login->profile = nullptr;
  em.flush();
  EXPECT_EQ(orm().em().count<Profile>(), 0u) << "orphan removal";
  EXPECT_FALSE(em.has_changes());
}

TEST_P(UowOneToOne, AnotherTryFindsTheInverseSideAsItWas) {
  seed();
  EntityManager em = orm().em();
  auto one = passport(em, "1");
  auto ada = person(em, "Ada");
  auto bob = person(em, "Bob");
  int runs = 0;
  em.transactional(
      [&](EntityManager&) {
        EXPECT_EQ(one->holder, ada) << "run " << runs;
        EXPECT_EQ(ada->passport, one) << "run " << runs;
        one->holder = bob;
        if (++runs < 3) throw LockWaitTimeoutError("pretended", ErrorDetails{.retryable = true});
      },
      {.retries = 3});
  EXPECT_EQ(stored("Bob"), "1");
}

TEST_P(UowOneToOne, ANewOwnerMayGiveItsPartnerUpBeforeItsFirstFlush) {
  EntityManager em = start(kin::entities<Person, Passport>).em();
  auto one = em.create<Passport>({.number = "1"});
  auto two = em.create<Passport>({.number = "2"});
  auto ada = em.create<Person>({.name = "Ada", .passport = one});
  auto eve = em.create<Person>({.name = "Eve", .passport = two});
  ada->passport = nullptr;
  em.remove(eve);
  em.flush();
  EXPECT_EQ(ada->passport, nullptr);
  EXPECT_EQ(one->holder, nullptr);
  EXPECT_EQ(two->holder, nullptr);
  EXPECT_EQ(stored("Ada"), "");
}

TEST_P(UowOneToOne, ANewOwnerThatMovedOnKeepsItsNewPartner) {
  EntityManager em = start(kin::entities<Person, Passport>).em();
  auto one = em.create<Passport>({.number = "1"});
  auto two = em.create<Passport>({.number = "2"});
  auto ada = em.create<Person>({.name = "Ada", .passport = one});
  ada->passport = two;
  em.create<Person>({.name = "Bob", .passport = one});
  em.flush();
  EXPECT_EQ(stored("Ada"), "2");
  EXPECT_EQ(stored("Bob"), "1");
}

TEST_P(UowOneToOne, ARemovedOwnerThatWasSetToNullIsForgottenByItsPartner) {
  EntityManager em = start(kin::entities<Person, Passport>).em();
  auto passport = em.create<Passport>({.number = "1"});
  auto ada = em.create<Person>({.name = "Ada", .passport = passport});
  em.flush();
  ada->passport = nullptr;
  em.remove(ada);
  em.flush();
  EXPECT_EQ(passport->holder, nullptr);
}

KIN_ON_EVERY_DATABASE(UowOneToOne);

}  // namespace kin::test::uow_one_to_one
