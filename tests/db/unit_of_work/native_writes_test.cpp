// SPDX-License-Identifier: MIT
// native_update and native_delete: rows written by a condition, past the identity map.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kin/kin.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "db/support/database.hpp"

namespace kin::test::uow_native_writes {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

struct Maker;
struct Item;

struct Cents {
  std::int64_t amount{};
};

struct Size {
  int width{};
  int height{};
};

struct Maker {
  std::int64_t id{};
  std::string name{};
  Collection<Item> items{};
};
struct Item {
  std::int64_t id{};
  std::string name{};
  std::optional<std::string> note{};
  int stock{};
  int sold{};
  Cents price{};
  Size size{};
  int version{};
  Ref<Maker> maker{};
  Ref<Item> part_of{};
};
struct Stamp {
  std::int64_t id{};
  std::string text{};
  std::chrono::sys_time<std::chrono::microseconds> changed{};
};
struct Slot {
  std::int64_t row{};
  std::int64_t place{};
  std::string text{};
};
struct Use {
  std::int64_t id{};
  Ref<Slot> slot{};
};

inline void describe(Schema<Maker>& maker) {
  maker.on<&Maker::name>(unique, length(100));
  maker.on<&Maker::items>(mapped_by<&Item::maker>);
}
inline void describe(Schema<Item>& item) {
  item.on<&Item::version>(version);
  item.on<&Item::maker>(nullable());
  item.on<&Item::part_of>(nullable());
}
inline void describe(Schema<Stamp>& stamp) { stamp.on<&Stamp::changed>(version); }
inline void describe(Schema<Slot>& slot) {
  slot.on<&Slot::row>(primary_key);
  slot.on<&Slot::place>(primary_key);
}
inline void describe(Schema<Use>& use) { use.on<&Use::slot>(nullable(), delete_rule(Rule::restrict_)); }

inline constexpr EntityList entities = kin::entities<Maker, Item, Stamp, Slot, Use>;

}  // namespace kin::test::uow_native_writes

template <>
struct kin::CustomType<kin::test::uow_native_writes::Cents> {
  using Stored = std::int64_t;
  static Stored to_database(const kin::test::uow_native_writes::Cents& cents) { return cents.amount; }
  static kin::test::uow_native_writes::Cents from_database(const Stored& stored) { return {stored}; }
};

namespace kin::test::uow_native_writes {

class UowNativeWrites : public DatabaseTest {
 protected:
  void SetUp() override {
    EntityManager em = start(entities).em();
    auto ada = em.create<Maker>({.name = "Ada"});
    auto bob = em.create<Maker>({.name = "Bob"});
    auto box = em.create<Item>({.name = "box", .note = "red", .stock = 3, .price = {250}, .maker = ada});
    em.create<Item>({.name = "lid", .stock = 5, .price = {100}, .maker = ada, .part_of = box});
    em.create<Item>({.name = "pen", .stock = 0, .sold = 7, .price = {90}, .maker = bob});
    em.create<Item>({.name = "ink", .stock = 1, .price = {40}});
    em.flush();
    clear_statements();
  }

  std::vector<std::string> names(const Condition<Item>& condition) {
    EntityManager em = orm().em();
    std::vector<std::string> found;
    for (const auto& item : em.find<Item>(condition).order_by(field<&Item::name>.asc()).list())
      found.push_back(item->name);
    return found;
  }
};

TEST_P(UowNativeWrites, UpdateIsOneStatementAndTellsTheRows) {
  EntityManager em = orm().em();
  const std::uint64_t changed =
      em.native_update<Item>(field<&Item::stock> >= 3).set<&Item::note>("many").set<&Item::sold>(1).run();
  EXPECT_EQ(changed, 2u);
  EXPECT_THAT(sent(), SizeIs(1));
  EXPECT_THAT(names(field<&Item::note> == "many" && field<&Item::sold> == 1), ElementsAre("box", "lid"));
  // Rows that have the value already met the condition as well.
  EXPECT_EQ(em.native_update<Item>(all<Item>()).set<&Item::note>("many").run(), 4u);
  EXPECT_EQ(em.native_update<Item>(field<&Item::stock> > 99).set<&Item::note>("none").run(), 0u);
}

TEST_P(UowNativeWrites, ValuesOfEveryKindOfMember) {
  EntityManager em = orm().em();
  const auto bob = em.find_one_or_fail<Maker>(field<&Maker::name> == "Bob");
  auto update = em.native_update<Item>(field<&Item::name> == "box");
  update.set<&Item::note>(std::nullopt).set<&Item::price>(Cents{275}).set<&Item::size, &Size::width>(12);
  update.set<&Item::maker>(bob).set<&Item::stock>(9);
  EXPECT_EQ(update.run(), 1u);
  EntityManager other = orm().em();
  const auto box = other.find_one_or_fail<Item>(field<&Item::name> == "box");
  EXPECT_EQ(box->note, std::nullopt);
  EXPECT_EQ(box->price.amount, 275);
  EXPECT_EQ(box->size.width, 12);
  EXPECT_EQ(box->size.height, 0);
  EXPECT_EQ(box->stock, 9);
  EXPECT_THAT(names(field<&Item::maker, &Maker::name> == "Bob"), ElementsAre("box", "pen"));
  em.native_update<Item>(field<&Item::name> == "box").set<&Item::maker>(nullptr).run();
  EXPECT_THAT(names(field<&Item::maker>.is_null()), ElementsAre("box", "ink"));
}

TEST_P(UowNativeWrites, TheDatabaseComputesFromTheRowAsItWas) {
  EntityManager em = orm().em();
  auto update = em.native_update<Item>(field<&Item::name> == "lid");
  // Whatever the order, sold is the stock of before.
  update.set<&Item::stock>(field<&Item::stock> - 2).set<&Item::sold>(field<&Item::stock> * 10 + 1);
  EXPECT_EQ(update.run(), 1u);
  EntityManager other = orm().em();
  const auto lid = other.find_one_or_fail<Item>(field<&Item::name> == "lid");
  EXPECT_EQ(lid->stock, 3);
  EXPECT_EQ(lid->sold, 51);
}

TEST_P(UowNativeWrites, ArithmeticStandsInConditionsAndOrders) {
  EXPECT_THAT(names(field<&Item::stock> + field<&Item::sold> > 4), ElementsAre("lid", "pen"));
  EXPECT_THAT(names(10 - field<&Item::stock> == 7), ElementsAre("box"));
  EntityManager em = orm().em();
  const auto first = em.find<Item>().order_by((field<&Item::stock> - field<&Item::sold>).desc()).one();
  EXPECT_EQ(first->name, "lid");
}

TEST_P(UowNativeWrites, ConditionsMayFollowRelations) {
  EntityManager em = orm().em();
  EXPECT_EQ(
      em.native_update<Item>(field<&Item::maker, &Maker::name> == "Ada").set<&Item::note>("by Ada").run(),
      2u);
  EXPECT_THAT(names(field<&Item::note> == "by Ada"), ElementsAre("box", "lid"));
  EXPECT_EQ(
      em.native_update<Item>(field<&Item::part_of, &Item::name> == "box").set<&Item::note>("part").run(), 1u);
  EXPECT_THAT(names(field<&Item::note> == "part"), ElementsAre("lid"));
  EXPECT_EQ(em.native_update<Maker>(field<&Maker::items>.some(field<&Item::stock> == 0))
                .set<&Maker::name>("B.")
                .run(),
            1u);
  EXPECT_EQ(em.count<Maker>(field<&Maker::name> == "B."), 1u);
  EXPECT_EQ(em.native_delete<Item>(field<&Item::part_of, &Item::maker, &Maker::name> == "Ada"), 1u);
  EXPECT_THAT(names(all<Item>()), ElementsAre("box", "ink", "pen"));
}

TEST_P(UowNativeWrites, DeleteIsOneStatementAndTellsTheRows) {
  EntityManager em = orm().em();
  EXPECT_EQ(em.native_delete<Item>(field<&Item::stock> < 3), 2u);
  EXPECT_THAT(sent(), SizeIs(1));
  EXPECT_THAT(names(all<Item>()), ElementsAre("box", "lid"));
  EXPECT_EQ(sync_wait(em.native_delete_async<Item>(field<&Item::name> == "lid")), 1u);
  EXPECT_EQ(em.native_delete<Item>(all<Item>()), 1u);
}

TEST_P(UowNativeWrites, CompositeKeysOfConditionsAndValues) {
  EntityManager em = orm().em();
  auto one = em.create<Slot>({.row = 1, .place = 2, .text = "a"});
  em.create<Slot>({.row = 1, .place = 3, .text = "b"});
  em.create<Use>({.slot = one});
  em.create<Use>({});
  em.flush();
  EXPECT_EQ(em.native_update<Use>(field<&Use::slot>.is_null()).set<&Use::slot>(one).run(), 1u);
  EXPECT_EQ(em.count<Use>(field<&Use::slot, &Slot::place> == 2), 2u);
  EXPECT_EQ(em.native_delete<Use>(field<&Use::slot, &Slot::text> == "a"), 2u);
  EXPECT_EQ(em.native_update<Slot>(field<&Slot::place> == 3).set<&Slot::text>("c").run(), 1u);
}

TEST_P(UowNativeWrites, VersionsMoveOnSoThatHoldersLearnOfIt) {
  EntityManager em = orm().em();
  EntityManager holder = orm().em();
  auto held = holder.find_one_or_fail<Item>(field<&Item::name> == "pen");
  em.native_update<Item>(field<&Item::name> == "pen").set<&Item::stock>(4).run();
  held->note = "mine";
  EXPECT_THROW(holder.flush(), OptimisticLockError);

  EntityManager writer = orm().em();
  auto stamp = writer.create<Stamp>({.text = "a"});
  writer.flush();
  em.native_update<Stamp>(all<Stamp>()).set<&Stamp::text>("b").run();
  stamp->text = "c";
  EXPECT_THROW(writer.flush(), OptimisticLockError);
  // Who sets the version gets it.
  em.native_update<Item>(field<&Item::name> == "pen").set<&Item::version>(40).run();
  EXPECT_EQ(em.find_one_or_fail<Item>(field<&Item::name> == "pen")->version, 40);
}

TEST_P(UowNativeWrites, PendingChangesOfTheTableAreFlushedFirst) {
  EntityManager em = orm().em();
  em.create<Item>({.name = "cap", .stock = 50});
  EXPECT_EQ(em.native_update<Item>(field<&Item::stock> == 50).set<&Item::note>("new").run(), 1u);
  em.create<Item>({.name = "tip", .stock = 50});
  auto update = em.native_update<Item>(field<&Item::stock> == 50).set<&Item::note>("newer");
  EXPECT_EQ(update.flush_mode(FlushMode::commit).run(), 1u);
}

TEST_P(UowNativeWrites, RunInTheOpenTransaction) {
  EntityManager em = orm().em();
  em.begin();
  em.native_update<Item>(all<Item>()).set<&Item::stock>(0).run();
  EXPECT_EQ(em.native_delete<Item>(field<&Item::name> == "lid"), 1u);
  em.rollback();
  EXPECT_THAT(names(field<&Item::stock> > 0), ElementsAre("box", "ink", "lid"));
}

TEST_P(UowNativeWrites, KnownEntitiesKeepTheirValuesUntilTheyAreRefreshed) {
  EntityManager em = orm().em();
  auto pen = em.find_one_or_fail<Item>(field<&Item::name> == "pen");
  em.native_update<Item>(field<&Item::name> == "pen").set<&Item::stock>(4).run();
  EXPECT_EQ(pen->stock, 0);
  em.refresh(pen);
  EXPECT_EQ(pen->stock, 4);
}

TEST_P(UowNativeWrites, ErrorsNameTheMember) {
  EntityManager em = orm().em();
  try {
    em.native_update<Item>(all<Item>()).run();
    ADD_FAILURE();
  } catch (const ValidationError& error) {
    EXPECT_EQ(error.entity(), "Item");
    EXPECT_THAT(error.what(), HasSubstr("nothing is set"));
  }
  const auto fresh = em.create_detached<Maker>({.name = "Eve"});
  try {
    em.native_update<Item>(all<Item>()).set<&Item::maker>(fresh).run();
    ADD_FAILURE();
  } catch (const ValidationError& error) {
    EXPECT_EQ(error.property(), "maker");
    EXPECT_THAT(error.what(), HasSubstr("no key yet"));
  }
  EXPECT_THROW(em.native_update<Item>(all<Item>()).set<&Item::stock>(1).set<&Item::stock>(2).run(),
               ValidationError);
  EXPECT_THROW(
      em.native_update<Item>(all<Item>()).set<&Item::stock>(field<&Item::part_of, &Item::stock> + 1).run(),
      ValidationError);
  EXPECT_THAT(sent(), IsEmpty());
  // What the database refuses is told as always, and nothing is changed.
  EXPECT_THROW(em.native_update<Maker>(all<Maker>()).set<&Maker::name>("same").run(),
               UniqueConstraintViolationError);
  auto slot = em.create<Slot>({.row = 1, .place = 1});
  em.create<Use>({.slot = slot});
  EXPECT_THROW(em.native_delete<Slot>(all<Slot>()), ForeignKeyConstraintViolationError);
  EXPECT_EQ(em.count<Maker>(), 2u);
  EXPECT_EQ(em.count<Slot>(), 1u);
}

TEST_P(UowNativeWrites, TellTheirTextWithoutRunning) {
  EntityManager em = orm().em();
  EXPECT_THAT(em.native_update<Item>(all<Item>()).set<&Item::stock>(0).sql(), HasSubstr("update"));
  EXPECT_THAT(sent(), IsEmpty());
}

KIN_ON_EVERY_DATABASE(UowNativeWrites);

}  // namespace kin::test::uow_native_writes
