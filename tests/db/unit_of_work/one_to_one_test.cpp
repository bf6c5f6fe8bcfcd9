// SPDX-License-Identifier: MIT
// One-to-one relations: both sides in step, the old partner let go, orphans.
#include <gmock/gmock.h>

#include "db/support/database.hpp"

namespace kin::test::uow_one_to_one {

using testing::ElementsAre;

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

class UowOneToOne : public DatabaseTest {};

TEST_P(UowOneToOne, CreateTellsTheOtherSide) {
  EntityManager em = start(kin::entities<Person, Passport>).em();
  auto passport = em.create<Passport>({.number = "1"});
  auto ada = em.create<Person>({.name = "Ada", .passport = passport});
  EXPECT_EQ(passport->holder, ada);
  em.flush();
  EXPECT_THAT(statements(), ElementsAre("begin immediate", R"(insert into "passport" ("number") values (?))",
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
              ElementsAre("begin immediate", R"(update "person" set "passport_id" = ? where "id" = ?)", "commit"));
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
              ElementsAre("begin immediate", R"(insert into "engine" ("name") values (?))",
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

KIN_ON_EVERY_DATABASE(UowOneToOne);

}  // namespace kin::test::uow_one_to_one
