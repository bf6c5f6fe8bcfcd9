// SPDX-License-Identifier: MIT
// Enums in the database's own enum types where it has them, and as before where it has none.
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "db/support/database.hpp"

namespace kin::test::schema_native_enum {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

enum class Mood { calm, merry, wild };

struct Person {
  std::int64_t id{};
  std::string name{};
  Mood mood{};
  std::optional<Mood> before{};
  std::vector<Mood> moods{};
  std::vector<std::byte> photo{};
};
struct Pet {
  std::int64_t id{};
  Mood mood{};
};
inline void describe(Schema<Person>& person) {
  person.on<&Person::mood>(native_enum("mood"), index).on<&Person::before>(native_enum("mood"));
  person.on<&Person::moods>(native_enum("mood"));
}
inline void describe(Schema<Pet>& pet) {
  pet.on<&Pet::mood>(native_enum("mood"), default_value(Mood::merry));
}

/// The entities as they were, before the enum grew.
namespace early {
enum class Mood { calm, wild };
struct Person {
  std::int64_t id{};
  std::string name{};
  Mood mood{};
  std::optional<Mood> before{};
  std::vector<Mood> moods{};
  std::vector<std::byte> photo{};
};
inline void describe(Schema<Person>& person) {
  person.on<&Person::mood>(native_enum("mood"), index).on<&Person::before>(native_enum("mood"));
  person.on<&Person::moods>(native_enum("mood"));
}
}  // namespace early

class NativeEnum : public DatabaseTest {
 protected:
  void SetUp() override { start(kin::entities<Person, Pet>); }
  std::vector<std::string> names(const Condition<Person>& condition) {
    EntityManager em = orm().em();
    std::vector<std::string> found;
    for (const auto& person : em.find<Person>(condition).order_by(field<&Person::name>.asc()).list())
      found.push_back(person->name);
    return found;
  }
};

TEST_P(NativeEnum, IsWrittenAndReadInBatches) {
  const std::vector<std::byte> photo = {std::byte{1}, std::byte{0}, std::byte{255}};
  EntityManager em = orm().em();
  em.create<Person>({.name = "a",
                     .mood = Mood::wild,
                     .before = Mood::calm,
                     .moods = {Mood::wild, Mood::merry},
                     .photo = photo});
  em.create<Person>({.name = "b", .mood = Mood::calm});
  em.create<Person>({.name = "c", .mood = Mood::merry, .before = Mood::merry, .moods = {Mood::calm}});
  em.flush();
  em.clear();
  const auto people = em.find<Person>().order_by(field<&Person::id>.asc()).list();
  ASSERT_EQ(people.size(), 3u);
  EXPECT_EQ(people[0]->mood, Mood::wild);
  EXPECT_EQ(people[0]->before, Mood::calm);
  EXPECT_THAT(people[0]->moods, ElementsAre(Mood::wild, Mood::merry));
  EXPECT_EQ(people[0]->photo, photo);
  EXPECT_EQ(people[1]->before, std::nullopt);
  EXPECT_THAT(people[1]->moods, IsEmpty());
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);

  for (const auto& person : people) person->mood = Mood::wild;
  people[0]->before.reset();
  people[2]->moods = {Mood::merry, Mood::merry};
  em.flush();
  em.clear();
  EXPECT_EQ(em.count<Person>(field<&Person::mood> == Mood::wild), 3u);
  EXPECT_EQ(em.count<Person>(field<&Person::before>.is_null()), 2u);
  EXPECT_THAT(em.find_one_or_fail<Person>(field<&Person::name> == "c")->moods,
              ElementsAre(Mood::merry, Mood::merry));
}

TEST_P(NativeEnum, IsFoundByConditions) {
  EntityManager em = orm().em();
  em.create<Person>(
      {.name = "a", .mood = Mood::wild, .before = Mood::calm, .moods = {Mood::wild, Mood::merry}});
  em.create<Person>({.name = "b", .mood = Mood::calm, .before = Mood::calm});
  em.create<Person>({.name = "c", .mood = Mood::merry, .moods = {Mood::calm}});
  em.flush();
  EXPECT_THAT(names(field<&Person::mood> == Mood::wild), ElementsAre("a"));
  EXPECT_THAT(names(field<&Person::mood> != Mood::wild), ElementsAre("b", "c"));
  EXPECT_THAT(names(field<&Person::mood>.in({Mood::wild, Mood::merry})), ElementsAre("a", "c"));
  EXPECT_THAT(names(field<&Person::mood> == field<&Person::before>), ElementsAre("b"));
  EXPECT_THAT(names(field<&Person::mood>.starts_with("me")), ElementsAre("c"));
  EXPECT_THAT(names(field<&Person::mood>.like("%il%")), ElementsAre("a"));
  EXPECT_THAT(names(field<&Person::mood>.ilike("C%")), ElementsAre("b"));
  EXPECT_THAT(names(field<&Person::moods>.overlaps({Mood::merry, Mood::calm})), ElementsAre("a", "c"));
  EXPECT_THAT(names(field<&Person::moods>.contains_all({Mood::wild, Mood::merry})), ElementsAre("a"));

  std::vector<std::string> in_order;
  for (const auto& person : em.find<Person>().order_by(field<&Person::mood>.desc()).list())
    in_order.push_back(person->name);
  EXPECT_THAT(in_order, ElementsAre("a", "c", "b"));
}

TEST_P(NativeEnum, IsPartOfPlainRowsAndGroups) {
  struct Row {
    Mood mood{};
    std::int64_t people{};
  };
  EntityManager em = orm().em();
  for (const Mood mood : {Mood::wild, Mood::calm, Mood::wild}) em.create<Person>({.name = "x", .mood = mood});
  em.flush();
  const auto rows = em.query<Person>()
                        .select(field<&Person::mood>, kin::count(field<&Person::id>).as("people"))
                        .group_by(field<&Person::mood>)
                        .order_by(field<&Person::mood>.asc())
                        .rows<Row>();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].mood, Mood::calm);
  EXPECT_EQ(rows[1].mood, Mood::wild);
  EXPECT_EQ(rows[1].people, 2);
}

TEST_P(NativeEnum, TakesTheDefaultOfTheColumn) {
  EntityManager em = orm().em();
  em.create<Pet>({});
  em.flush();
  em.clear();
  EXPECT_EQ(em.find<Pet>().one_or_fail()->mood, Mood::merry);
}

TEST_P(NativeEnum, TheDatabaseRefusesOtherItems) {
  EntityManager em = orm().em();
  em.create<Pet>({});
  em.flush();
  EXPECT_THROW(em.execute("update pet set mood = 'mad'"), DriverError);
}

TEST_P(NativeEnum, IsMadeOnceAndDropped) {
  EXPECT_THAT(orm().schema().update_sql(), IsEmpty());
  orm().schema().refresh();
  orm().schema().drop();
  orm().schema().drop();
  orm().schema().update();
  EXPECT_THAT(orm().schema().update_sql(), IsEmpty());
}

KIN_ON_EVERY_DATABASE(NativeEnum);

class NativeEnumType : public DatabaseTest {};

TEST_P(NativeEnumType, GrowsAndIsNotCutShort) {
  Options options;
  start(kin::entities<early::Person>, [&](Options& own) { options = own; });
  EntityManager before = orm().em();
  before.create<early::Person>({.name = "a", .mood = early::Mood::wild, .moods = {early::Mood::calm}});
  before.flush();

  options.entities = kin::entities<Person>;
  Orm now(options);
  now.schema().update();
  EXPECT_THAT(now.schema().update_sql(), IsEmpty());
  EntityManager em = now.em();
  em.create<Person>({.name = "b", .mood = Mood::merry, .before = Mood::merry, .moods = {Mood::merry}});
  em.flush();
  em.clear();
  const auto people = em.find<Person>().order_by(field<&Person::mood>.asc()).list();
  ASSERT_EQ(people.size(), 2u);
  EXPECT_EQ(people[0]->name, "b") << "the new item sorts where it is declared";
  EXPECT_EQ(people[1]->mood, Mood::wild);

  try {
    orm().schema().update();
    FAIL() << "accepted";
  } catch (const ValidationError& error) {
    EXPECT_THAT(error.what(), HasSubstr("has other items too in the database"));
  }
}

std::vector<Database> with_enum_types() {
  std::vector<Database> found;
  for (const Database& database : databases())
    if (database.traits.has_enum_types) found.push_back(database);
  return found;
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(NativeEnumType);
INSTANTIATE_TEST_SUITE_P(Db, NativeEnumType, testing::ValuesIn(with_enum_types()),
                         [](const auto& info) { return info.param.name; });

}  // namespace kin::test::schema_native_enum
