// SPDX-License-Identifier: MIT
// What create() makes, update() finds as it should be, whatever words the database has for it.
#include <kin/types/blob.hpp>
#include <kin/types/decimal.hpp>
#include <kin/types/json.hpp>
#include <kin/types/uuid.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "db/support/database.hpp"

namespace kin::test::schema_update {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

enum class Mood : std::uint8_t { calm, wild };

struct Place {
  Uuid id{};
};
struct Label {
  std::string name{};
};
struct Thing {
  std::int64_t id{};
  bool flag{};
  std::int8_t i8{};
  std::uint8_t u8{};
  std::int16_t i16{};
  std::uint16_t u16{};
  std::int32_t i32{};
  std::uint32_t u32{};
  std::int64_t i64{};
  std::uint64_t u64{};
  float f32{};
  double f64{};
  std::string text{};
  std::string named{};
  std::optional<std::string> note{};
  std::string code{};
  Mood mood{};
  Blob blob{};
  Decimal amount{};
  Decimal any_amount{};
  std::chrono::sys_days day{};
  std::chrono::hh_mm_ss<std::chrono::milliseconds> clock{};
  std::chrono::sys_seconds second{};
  std::chrono::sys_time<std::chrono::microseconds> moment{};
  Json json{};
  int doubled{};
  Ref<Place> place{};
  Collection<Label> labels{};
};
/// A key of two columns, and references to it.
struct Part {
  Ref<Thing> thing{};
  int number{};
};
struct Remark {
  std::int64_t id{};
  Ref<Part> part{};
};
/// A circle.
struct Hen;
struct Egg {
  std::int64_t id{};
  Ref<Hen> hen{};
};
struct Hen {
  std::int64_t id{};
  Ref<Egg> egg{};
};

void describe(Schema<Label>& label) { label.on<&Label::name>(primary_key); }
void describe(Schema<Thing>& thing) {
  thing.comment("it's \\ all");
  thing.on<&Thing::i32>(check("i32 >= 0"));
  thing.on<&Thing::text>(default_value("it's {} \" \\ ; --"));
  thing.on<&Thing::named>(length(100), comment("a 'name'"));
  thing.on<&Thing::code>(unique, default_value("none"));
  thing.on<&Thing::mood>(default_value(Mood::wild));
  thing.on<&Thing::amount>(precision(12, 2), default_value("9.50"));
  thing.on<&Thing::day>(default_value("2024-02-29"));
  thing.on<&Thing::second>(default_value("2024-02-29T12:00:00Z"));
  thing.on<&Thing::doubled>(generated("i32 * 2"));
  thing.index<&Thing::place, &Thing::mood>();
}
void describe(Schema<Part>& part) { part.on<&Part::thing>(primary_key).on<&Part::number>(primary_key); }
void describe(Schema<Remark>& remark) { remark.on<&Remark::part>(nullable()); }
void describe(Schema<Egg>& egg) { egg.on<&Egg::hen>(nullable()); }

class SchemaUpdate : public DatabaseTest {
 protected:
  void SetUp() override { start(kin::entities<Thing, Remark, Egg>); }
};

TEST_P(SchemaUpdate, HasNothingToDoAfterCreate) { EXPECT_THAT(orm().schema().update_sql(), IsEmpty()); }

TEST_P(SchemaUpdate, MakesWhatCreateMakes) {
  orm().schema().drop();
  EXPECT_THAT(orm().schema().update_sql(), SizeIs(orm().schema().create_sql().size()));
  orm().schema().update();
  EXPECT_THAT(orm().schema().update_sql(), IsEmpty());
}

TEST_P(SchemaUpdate, DropsTablesThatAreNotThere) {
  orm().schema().drop();
  orm().schema().drop();
  orm().schema().create();
  orm().schema().refresh();
  EXPECT_THAT(orm().schema().update_sql(), IsEmpty());
}

TEST_P(SchemaUpdate, AddsColumnsThatAreMissing) {
  EntityManager em = orm().em();
  em.execute("alter table thing drop column note");
  em.execute("alter table thing drop column amount");
  EXPECT_THAT(orm().schema().update_sql(), SizeIs(2));
  EXPECT_THAT(orm().schema().update_sql(), Each(HasSubstr("add column")));
  orm().schema().update();
  EXPECT_THAT(orm().schema().update_sql(), IsEmpty());
}

TEST_P(SchemaUpdate, ReportsAColumnOfAnotherType) {
  EntityManager em = orm().em();
  em.execute("alter table thing drop column note");
  em.execute("alter table thing add column note integer");
  try {
    orm().schema().update();
    FAIL() << "accepted";
  } catch (const ValidationError& error) {
    EXPECT_THAT(error.what(), HasSubstr("Thing.note: column note of table thing is of type "));
  }
}

TEST_P(SchemaUpdate, DefaultsHaveTheValuesThatWereDescribed) {
  EntityManager em = orm().em();
  const auto place = em.create<Place>({.id = Uuid::v4()});
  const auto first = em.create<Thing>({.i32 = 4, .second = {}, .place = place});
  em.flush();
  em.clear();
  const auto thing = em.find_one_or_fail<Thing>(field<&Thing::i32> == 4);
  (void)first;
  EXPECT_EQ(thing->text, "it's {} \" \\ ; --");
  EXPECT_EQ(thing->code, "none");
  EXPECT_EQ(thing->mood, Mood::wild);
  EXPECT_EQ(thing->amount, Decimal("9.50"));
  EXPECT_EQ(thing->day, std::chrono::sys_days(std::chrono::year(2024) / 2 / 29));
  EXPECT_EQ(thing->second, std::chrono::sys_days(std::chrono::year(2024) / 2 / 29) + std::chrono::hours(12));
  EXPECT_EQ(thing->doubled, 8);
}

KIN_ON_EVERY_DATABASE(SchemaUpdate);

}  // namespace kin::test::schema_update
