// SPDX-License-Identifier: MIT
// kin::serialize.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "db/serialization/shop.hpp"

namespace kin::test::json_serialize {

using namespace json_shop;

struct Link {
  std::int64_t id{};
  Ref<Link> next{};
};

class JsonSerialize : public DatabaseTest {
 protected:
  EntityManager filled() {
    EntityManager em = start(entities).em();
    auto maker = em.create<Maker>({.name = "Acme", .password = "secret"});
    auto product = em.create<Product>({.name = "Anvil",
                                       .stock = 3,
                                       .price = Decimal("12.5"),
                                       .state = State::sold,
                                       .made_at = std::chrono::sys_seconds(std::chrono::seconds(1709211909)),
                                       .picture = {std::byte{1}, std::byte{2}, std::byte{255}, std::byte{4}},
                                       .extra = Json{{"a", 1}},
                                       .size = {1, 2},
                                       .maker = maker});
    product->labels.add(em.create<Label>({.code = "heavy", .text = "Heavy"}));
    em.flush();
    em.clear();
    return em;
  }
};

TEST_P(JsonSerialize, MembersAreWrittenByNameAndUnloadedRelationsAsKeys) {
  EntityManager em = filled();
  auto anvil = em.find_one_or_fail<Product>(field<&Product::name> == "Anvil");
  clear_statements();
  Json json = serialize(anvil);
  EXPECT_TRUE(statements().empty());
  EXPECT_EQ(Decimal(json["price"].get<std::string>()),
            Decimal("12.5"));  // some databases keep zeros at the end
  json.erase("price");
  EXPECT_EQ(json, (Json{{"id", anvil->id},
                        {"name", "Anvil"},
                        {"stock", 3},
                        {"state", "sold"},
                        {"rating", nullptr},
                        {"madeAt", "2024-02-29T13:05:09Z"},
                        {"picture", "AQL/BA=="},
                        {"extra", {{"a", 1}}},
                        {"size", {{"width", 1}, {"height", 2}}},
                        {"box", nullptr},
                        {"revision", anvil->revision},
                        {"maker", anvil->maker.id()}}));
  json = serialize(anvil, SerializeOptions().skip_null().force().exclude<&Product::picture>());
  EXPECT_FALSE(json.contains("rating"));
  EXPECT_FALSE(json.contains("picture"));
  EXPECT_EQ(json["maker"], (Json{{"id", anvil->maker.id()}}));
  EXPECT_EQ(serialize(anvil, SerializeOptions().only<&Product::name, &Product::size, &Size::width>()),
            (Json{{"name", "Anvil"}, {"size", {{"width", 1}}}}));
  EXPECT_EQ(serialize(anvil->maker), (Json{{"id", anvil->maker.id()}}));
  EXPECT_EQ(serialize(Ref<Product>()), Json());
}

TEST_P(JsonSerialize, LoadedRelationsAreObjectsAndCyclesAreCut) {
  EntityManager em = filled();
  auto maker = em.find<Maker>().populate<&Maker::products, &Product::labels>().one();
  const Ref<Maker> plain = maker;
  Json json = serialize(plain);
  EXPECT_FALSE(json.contains("password"));
  ASSERT_EQ(json["products"].size(), 1u);
  EXPECT_EQ(json["products"][0]["maker"], maker->id);
  EXPECT_EQ(json["products"][0]["labels"], (Json{{{"code", "heavy"}, {"text", "Heavy"}}}));
  EXPECT_EQ(serialize(plain, SerializeOptions().include_hidden())["password"], "secret");
  EXPECT_EQ(serialize(plain, SerializeOptions().populate<>())["products"], Json{maker->products[0]->id});
}

TEST_P(JsonSerialize, WhatWasPopulatedWithAHandleIsWritten) {
  EntityManager em = filled();
  auto makers = em.find<Maker>().populate<&Maker::products>().list();
  em.find<Product>().populate<&Product::labels>().list();
  const Json json = serialize(makers);
  ASSERT_EQ(json.size(), 1u);
  EXPECT_EQ(json[0]["products"][0]["name"], "Anvil");
  EXPECT_EQ(json[0]["products"][0]["labels"], Json{"heavy"});
  EXPECT_EQ(serialize(makers[0]), json[0]);
  EXPECT_EQ(serialize(makers[0]->products)[0]["maker"]["name"], "Acme");
}

TEST_P(JsonSerialize, MembersThatWereNotReadAreLeftOut) {
  EntityManager em = filled();
  auto anvil = em.find<Product>().only<&Product::name>().one();
  EXPECT_EQ(serialize(anvil), (Json{{"id", anvil->id}, {"name", "Anvil"}, {"revision", anvil->revision}}));
  auto fresh = em.create<Maker>({.name = "New"});
  EXPECT_EQ(serialize(fresh), (Json{{"name", "New"}, {"products", Json::array()}}));
}

TEST_P(JsonSerialize, WhatWasWrittenCanBeAssigned) {
  EntityManager em = filled();
  auto anvil = em.find<Product>().populate<&Product::labels>().populate<&Product::maker>().one();
  const Json json = serialize(anvil);
  em.assign(anvil, json);
  EXPECT_FALSE(em.has_changes());
}

TEST_P(JsonSerialize, ALongChainNeedsNoStack) {
  EntityManager em = start(kin::entities<Link>).em();
  Ref<Link> first = em.create_detached<Link>({});
  for (int i = 0; i < 100'000; ++i) first = em.create_detached<Link>({.next = first});
  Json json = serialize(first, SerializeOptions().skip_null());
  EXPECT_FALSE(json.dump().empty());
  for (int i = 0; i < 300; ++i) json = Json(json["next"]);
  EXPECT_TRUE(json.is_object());
}

KIN_ON_EVERY_DATABASE(JsonSerialize);

}  // namespace kin::test::json_serialize
