// SPDX-License-Identifier: MIT
// Updates: only changed columns, of loaded entities and of stubs; flushes before queries.
#include <gmock/gmock.h>

#include "db/support/database.hpp"

namespace kin::test::uow_update {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

struct Shop {
  std::int64_t id{};
  std::string name{};
};
struct Item {
  std::int64_t id{};
  std::string name{};
  std::optional<std::string> note{};
  int stock{};
  double price{};
  Ref<Shop> shop{};
};
inline void describe(Schema<Item>& item) { item.on<&Item::shop>(nullable()); }

inline constexpr EntityList entities = kin::entities<Shop, Item>;

class UowUpdate : public DatabaseTest {
 protected:
  std::int64_t seed() {
    EntityManager em = orm().em();
    auto item = em.create<Item>({.name = "pen", .note = "blue", .stock = 3, .price = 1.5});
    em.flush();
    clear_statements();
    return item->id;
  }
};

TEST_P(UowUpdate, WritesOnlyChangedColumns) {
  start(entities);
  const auto id = seed();
  EntityManager em = orm().em();
  auto item = em.find_one_or_fail<Item>(id);
  clear_statements();
  item->stock = 4;
  em.flush();
  EXPECT_THAT(statements(),
              ElementsAre("begin", R"(update "item" set "stock" = ? where "id" = ?)", "commit"));
  clear_statements();
  item->note.reset();
  item->price = 2.5;
  em.flush();
  EXPECT_THAT(statements(), ElementsAre("begin",
                                        R"(update "item" set "note" = ?, "price" = ? where "id" = ?)", "commit"));
  EntityManager other = orm().em();
  auto again = other.find_one_or_fail<Item>(id);
  EXPECT_EQ(again->name, "pen");
  EXPECT_EQ(again->note, std::nullopt);
  EXPECT_EQ(again->stock, 4);
  EXPECT_EQ(again->price, 2.5);
}

TEST_P(UowUpdate, BatchesRowsWithTheSameChangedColumns) {
  EntityManager em = start(entities).em();
  std::vector<Ref<Item>> items;
  for (int i = 0; i < 6; ++i) items.push_back(em.create<Item>({.name = "i" + std::to_string(i), .stock = i}));
  em.flush();
  clear_statements();
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i % 2 == 0) items[i]->stock += 10;
    if (i % 2 == 1) items[i]->name += "!";
  }
  em.flush();
  EXPECT_THAT(statements(),
              ElementsAre("begin", R"(update "item" set "stock" = ? where "id" = ?)",
                          R"(update "item" set "name" = ? where "id" = ?)", "commit"));
  EXPECT_EQ(em.count<Item>(field<&Item::stock> >= 10), 3u);
  EXPECT_EQ(em.count<Item>(field<&Item::name>.like("%!")), 3u);
}

TEST_P(UowUpdate, OfAStubIsOneStatementWithoutAQuery) {
  start(entities);
  const auto id = seed();
  EntityManager em = orm().em();
  auto stub = em.get_reference<Item>(id);
  stub.unwrap().stock = 9;
  em.flush();
  EXPECT_THAT(statements(),
              ElementsAre("begin", R"(update "item" set "stock" = ? where "id" = ?)", "commit"));
  EXPECT_FALSE(stub.is_initialized());
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
  stub.unwrap().stock = 0;
  EXPECT_TRUE(em.has_changes()) << "back to the default of the type is a change, once the value is known";
  em.flush();
  EntityManager other = orm().em();
  auto item = other.find_one_or_fail<Item>(id);
  EXPECT_EQ(item->stock, 0);
  EXPECT_EQ(item->name, "pen");
}

TEST_P(UowUpdate, OfAStubStaysWhenItIsLoadedBeforeTheFlush) {
  start(entities);
  const auto id = seed();
  EntityManager em = orm().em();
  auto stub = em.get_reference<Item>(id);
  stub.unwrap().stock = 9;
  EXPECT_TRUE(stub.load());
  EXPECT_EQ(stub->name, "pen");
  em.flush();
  EntityManager other = orm().em();
  EXPECT_EQ(other.find_one_or_fail<Item>(id)->stock, stub->stock);
}

TEST_P(UowUpdate, OfAMissingRowIsAnError) {
  EntityManager em = start(entities).em();
  auto stub = em.get_reference<Item>(404);
  stub.unwrap().stock = 9;
  EXPECT_THROW(em.flush(), OptimisticLockError);
}

TEST_P(UowUpdate, OfAPartlyReadEntityLeavesTheOtherColumnsAlone) {
  start(entities);
  const auto id = seed();
  EntityManager em = orm().em();
  auto item = em.find<Item>(field<&Item::id> == id).only<&Item::stock>().one_or_fail();
  clear_statements();
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
  item->stock = 8;
  em.flush();
  EXPECT_THAT(statements(),
              ElementsAre("begin", R"(update "item" set "stock" = ? where "id" = ?)", "commit"));
}

TEST_P(UowUpdate, SetsAReferenceByItsKeyOnly) {
  start(entities);
  const auto id = seed();
  std::int64_t shop_id;
  {
    EntityManager em = orm().em();
    auto shop = em.create<Shop>({.name = "corner"});
    em.flush();
    shop_id = shop->id;
  }
  EntityManager em = orm().em();
  auto item = em.find_one_or_fail<Item>(id);
  clear_statements();
  item->shop = em.get_reference<Shop>(shop_id);
  em.flush();
  EXPECT_THAT(statements(),
              ElementsAre("begin", R"(update "item" set "shop_id" = ? where "id" = ?)", "commit"));
  item->shop = nullptr;
  em.flush();
  EXPECT_EQ(em.count<Item>(field<&Item::shop>.is_null()), 1u);
}

TEST_P(UowUpdate, MaySetAReferenceToANewEntity) {
  start(entities);
  const auto id = seed();
  EntityManager em = orm().em();
  auto item = em.find_one_or_fail<Item>(id);
  clear_statements();
  item->shop = em.create<Shop>({.name = "corner"});
  em.flush();
  EXPECT_THAT(statements(),
              ElementsAre("begin", R"(insert into "shop" ("name") values (?))",
                          R"(update "item" set "shop_id" = ? where "id" = ?)", "commit"));
}

TEST_P(UowUpdate, GoesOutBeforeAQueryOfTheSameType) {
  start(entities);
  const auto id = seed();
  EntityManager em = orm().em();
  auto item = em.find_one_or_fail<Item>(id);
  item->stock = 77;
  clear_statements();
  EXPECT_THAT(em.find<Item>(field<&Item::stock> == 77).list(), SizeIs(1));
  ASSERT_THAT(statements(), SizeIs(4));
  EXPECT_EQ(statements()[1], R"(update "item" set "stock" = ? where "id" = ?)");
  item->stock = 78;
  EXPECT_EQ(em.count<Item>(field<&Item::stock> == 78), 1u);
  item->stock = 79;
  EXPECT_TRUE(em.find<Item>(field<&Item::stock> == 79).exists());
  em.create<Item>({.name = "new"});
  EXPECT_EQ(em.count<Item>(), 2u) << "new entities too";
}

TEST_P(UowUpdate, WaitsWhenTheQueryIsOfAnotherType) {
  start(entities);
  const auto id = seed();
  EntityManager em = orm().em();
  auto item = em.find_one_or_fail<Item>(id);
  item->stock = 77;
  EXPECT_EQ(count_statements([&] { em.find<Shop>().list(); }), 1u);
  EXPECT_EQ(count_statements([&] { em.find<Shop>().flush_mode(FlushMode::always).list(); }), 4u);
}

TEST_P(UowUpdate, GoesOutBeforeAQueryThatJoinsTheType) {
  EntityManager em = start(entities).em();
  auto shop = em.create<Shop>({.name = "corner"});
  em.create<Item>({.name = "pen", .shop = shop});
  em.flush();
  shop->name = "market";
  EXPECT_EQ(em.count<Item>(field<&Item::shop, &Shop::name> == "market"), 1u);
}

TEST_P(UowUpdate, WaitsForTheFlushWhereTheModeIsCommit) {
  start(entities, [](Options& options) { options.flush_mode = FlushMode::commit; });
  const auto id = seed();
  EntityManager em = orm().em();
  auto item = em.find_one_or_fail<Item>(id);
  item->stock = 77;
  EXPECT_EQ(count_statements([&] { EXPECT_EQ(em.count<Item>(field<&Item::stock> == 77), 0u); }), 1u);
  EXPECT_EQ(em.find<Item>(field<&Item::stock> == 77).flush_mode(FlushMode::automatic).count(), 1u);
}

KIN_ON_EVERY_DATABASE(UowUpdate);

}  // namespace kin::test::uow_update
