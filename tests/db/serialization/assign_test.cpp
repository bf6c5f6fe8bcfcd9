// SPDX-License-Identifier: MIT
// EntityManager::assign and create from JSON.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "db/serialization/shop.hpp"

namespace kin::test::json_assign {

using namespace json_shop;
using testing::ElementsAre;
using testing::HasSubstr;

class JsonAssign : public DatabaseTest {
 protected:
  EntityManager filled() {
    EntityManager em = start(entities).em();
    auto maker = em.create<Maker>({.name = "Acme", .password = "secret"});
    auto product = em.create<Product>({.name = "Anvil", .stock = 3, .size = {1, 2}, .maker = maker});
    product->labels.add(em.create<Label>({.code = "heavy", .text = "Heavy"}));
    product->labels.add(em.create<Label>({.code = "old", .text = "Old"}));
    em.flush();
    em.clear();
    return em;
  }
  static Ref<Product> product(EntityManager& em) {
    return em.find_one_or_fail<Product>(field<&Product::name> == "Anvil");
  }
  template <class F>
  static std::string error_of(F&& work) {
    try {
      work();
    } catch (const ValidationError& error) {
      return error.what();
    }
    return "no error";
  }
};

TEST_P(JsonAssign, ValuesOfEveryKindAreConvertedAndStored) {
  EntityManager em = filled();
  auto anvil = product(em);
  em.assign(anvil,
            Json::parse(R"({"stock": 7, "price": "12.50", "state": "sold", "rating": 4, "picture": "AQL/",
    "madeAt": "2024-02-29T13:05:09Z", "extra": {"a": [1, 2]}, "size": {"height": 9}, "box": {"width": 5},
    "no such member": 1})"));
  em.flush();
  em.clear();
  anvil = product(em);
  EXPECT_EQ(anvil->stock, 7);
  EXPECT_EQ(anvil->price, Decimal("12.5"));
  EXPECT_EQ(anvil->state, State::sold);
  EXPECT_EQ(anvil->rating, 4);
  EXPECT_EQ(anvil->picture, (std::vector<std::byte>{std::byte{1}, std::byte{2}, std::byte{255}}));
  EXPECT_EQ(anvil->made_at, std::chrono::sys_seconds(std::chrono::seconds(1709211909)));
  EXPECT_EQ(anvil->extra, Json::parse(R"({"a": [1, 2]})"));
  EXPECT_EQ(anvil->size.width, 1);
  EXPECT_EQ(anvil->size.height, 9);
  ASSERT_TRUE(anvil->box);
  EXPECT_EQ(anvil->box->width, 5);

  em.assign(anvil, Json::parse(R"({"rating": null, "box": null, "extra": {"b": 1}, "size": {"width": 4}})"),
            AssignOptions().merge_embedded(false).merge_json());
  EXPECT_FALSE(anvil->rating);
  EXPECT_FALSE(anvil->box);
  EXPECT_EQ(anvil->extra, Json::parse(R"({"a": [1, 2], "b": 1})"));
  EXPECT_EQ(anvil->size.width, 4);
  EXPECT_EQ(anvil->size.height, 0);
  em.assign(anvil, Json{{"rating", nullptr}, {"stock", 8.0}}, AssignOptions().ignore_null());
  EXPECT_EQ(anvil->stock, 8);
}

TEST_P(JsonAssign, WhatDoesNotFitIsNamedAndNothingIsAssigned) {
  EntityManager em = filled();
  auto anvil = product(em);
  auto refused = [&](const char* json, const AssignOptions& options = {}) {
    const std::string error = error_of([&] { em.assign(anvil, Json::parse(json), options); });
    EXPECT_FALSE(em.has_changes()) << json;
    return error;
  };
  EXPECT_EQ(refused(R"({"name": "x", "stock": "many"})"),
            "Product.stock: a JSON string does not convert to int; a whole number is expected");
  EXPECT_THAT(refused(R"({"name": "x", "stock": 1.5})"), HasSubstr("a whole number"));
  EXPECT_THAT(refused(R"({"name": "x", "stock": null})"), HasSubstr("Product.stock: null"));
  EXPECT_THAT(refused(R"({"name": 1})"), HasSubstr("a string is expected"));
  EXPECT_THAT(refused(R"({"name": "x", "state": "lost"})"), HasSubstr("an enumerator of State: draft, sold"));
  EXPECT_THAT(refused(R"({"name": "x", "madeAt": "yesterday"})"),
              HasSubstr("Product.made_at: 'yesterday' is not"));
  EXPECT_THAT(refused(R"({"name": "x", "size": {"width": "wide"}})"), HasSubstr("Product.size.width"));
  EXPECT_THAT(refused(R"({"name": "x", "size": 7})"), HasSubstr("an object is expected"));
  EXPECT_THAT(refused(R"({"name": "x", "maker": {"name": 5}})"), HasSubstr("Maker.name"));
  EXPECT_THAT(refused(R"({"name": "x", "maker": true})"), HasSubstr("Maker.id"));
  EXPECT_THAT(refused(R"({"name": "x", "id": 77})"), HasSubstr("Product.id: it is a key"));
  EXPECT_THAT(refused(R"({"name": "x", "revision": 77})"), HasSubstr("Product.revision: it is the version"));
  EXPECT_THAT(refused(R"({"name": "x", "odd": 1})", AssignOptions().refuse_unknown()),
              HasSubstr("Product.odd"));
  EXPECT_THROW(em.assign(anvil, Json::parse(R"({"name": "x", "labels": []})")), NotInitializedError);
  EXPECT_THROW(em.assign(anvil, Json::array()), ValidationError);
  EXPECT_FALSE(em.has_changes());
}

TEST_P(JsonAssign, KeysAndVersionsAreProtected) {
  EntityManager em = filled();
  auto anvil = product(em);
  const auto id = anvil->id;
  em.assign(anvil, Json{{"id", id}, {"revision", anvil->revision}});
  em.assign(anvil, Json{{"id", id + 1}, {"revision", 9}}, AssignOptions().skip_protected());
  EXPECT_FALSE(em.has_changes());
  EXPECT_THROW(em.create<Maker>(Json{{"id", 50}}), ValidationError);
  auto maker = em.create<Maker>(Json{{"id", 50}, {"name", "Fifty"}}, AssignOptions().allow_protected());
  EXPECT_EQ(maker->id, 50);
}

TEST_P(JsonAssign, InputThatIsNotTrustedReachesListedMembersOnly) {
  EntityManager em = filled();
  auto anvil = em.find<Product>().populate<&Product::maker>().one();
  const Json input =
      Json::parse(R"({"name": "New", "stock": 99, "size": {"width": 8}, "maker": {"password": "p"}})");
  em.assign(anvil, input, AssignOptions().only<&Product::name, &Product::size>());
  EXPECT_EQ(anvil->name, "New");
  EXPECT_EQ(anvil->stock, 3);
  EXPECT_EQ(anvil->size.width, 8);
  em.assign(anvil, input, AssignOptions().deny<&Product::stock, &Maker::password>().update_by_key(false));
  EXPECT_EQ(anvil->stock, 3);
  EXPECT_EQ(anvil->maker->password, "secret");
  EXPECT_THAT(
      error_of([&] { em.assign(anvil, input, AssignOptions().only<&Product::name>().refuse_unknown()); }),
      HasSubstr("Product."));
}

TEST_P(JsonAssign, AToOneRelationTakesKeysAndObjects) {
  EntityManager em = filled();
  auto other = em.create<Maker>({.name = "Other"});
  em.flush();
  const auto other_id = other->id;
  em.clear();
  auto anvil = em.find<Product>().populate<&Product::maker>().one();
  const auto acme = anvil->maker;

  clear_statements();
  em.assign(anvil, Json{{"maker", other_id}});
  EXPECT_EQ(anvil->maker.id(), other_id);
  EXPECT_FALSE(anvil->maker.is_initialized());
  em.assign(anvil, Json{{"maker", Json{{"id", acme->id}}}});
  EXPECT_EQ(anvil->maker, acme);
  em.assign(anvil, Json{{"maker", Json{{"id", acme->id}, {"name", "Acme 2"}}}});
  EXPECT_EQ(anvil->maker, acme);
  EXPECT_EQ(acme->name, "Acme 2");
  em.assign(anvil, Json{{"maker", Json{{"name", "Acme 3"}}}}, AssignOptions().update_by_key(false));
  EXPECT_EQ(anvil->maker, acme);
  EXPECT_EQ(acme->name, "Acme 3");
  EXPECT_TRUE(statements().empty());

  em.assign(anvil, Json{{"maker", Json{{"name", "Brand new"}}}});
  EXPECT_NE(anvil->maker, acme);
  em.flush();
  em.clear();
  EXPECT_EQ(em.find<Product>().populate<&Product::maker>().one()->maker->name, "Brand new");
  EXPECT_EQ(em.count<Maker>(field<&Maker::name> == "Acme 3"), 1u);

  // A key that is not known stands for a row that is there, whose named members are updated without reading
  // it.
  em.clear();
  anvil = em.find<Product>().populate<&Product::maker>().one();
  em.assign(anvil, Json{{"maker", Json{{"id", other_id}, {"name", "Other 2"}}}});
  em.flush();
  em.clear();
  EXPECT_EQ(em.find_one_or_fail<Maker>(other_id)->name, "Other 2");
  auto stored = product(em);
  em.assign(stored, Json{{"maker", nullptr}});
  em.flush();
  em.clear();
  EXPECT_EQ(product(em)->maker, nullptr);
}

TEST_P(JsonAssign, AnArrayReplacesTheItemsOfACollection) {
  EntityManager em = filled();
  auto anvil = em.find<Product>().populate<&Product::labels>().one();
  auto old = em.get_reference<Label>(std::string("old"));
  em.assign(anvil,
            Json::parse(R"({"labels": [{"code": "new", "text": "New"}, {"code": "old", "text": "Older"}]})"));
  ASSERT_EQ(anvil->labels.size(), 2u);
  EXPECT_EQ(anvil->labels[0]->text, "New");
  EXPECT_EQ(anvil->labels[1], old);
  EXPECT_EQ(old->text, "Older");
  em.flush();
  em.assign(anvil, Json{{"labels", "heavy"}});
  EXPECT_EQ(anvil->labels.size(), 3u);
  em.assign(anvil, Json::parse(R"({"labels": ["heavy", "new"]})"));
  em.flush();
  em.clear();
  anvil = em.find<Product>().populate<&Product::labels>().one();
  std::vector<std::string> texts;
  for (auto label : anvil->labels) texts.push_back(label->text);
  EXPECT_THAT(texts, testing::UnorderedElementsAre("Heavy", "New"));
  EXPECT_EQ(em.count<Label>(), 3u);
}

TEST_P(JsonAssign, ADocumentMakesAGraph) {
  EntityManager em = start(entities).em();
  auto maker = em.create<Maker>(Json::parse(R"({"name": "Acme", "products": [
    {"name": "Anvil", "labels": [{"code": "heavy", "text": "Heavy"}]}, {"name": "Rope", "price": 2.5}]})"));
  EXPECT_EQ(maker->products.size(), 2u);
  EXPECT_EQ(maker->products[0]->maker, maker);
  em.flush();
  em.clear();
  maker = em.find<Maker>().populate<&Maker::products, &Product::labels>().one();
  ASSERT_EQ(maker->products.size(), 2u);
  EXPECT_EQ(em.count<Label>(), 1u);
  EXPECT_EQ(em.find_one_or_fail<Product>(field<&Product::name> == "Rope")->price, Decimal("2.5"));

  em.assign(maker, Json{{"products", Json::array()}}, AssignOptions().only_owning());
  EXPECT_EQ(maker->products.size(), 2u);
}

TEST_P(JsonAssign, OptionsOfTheOrmAreThoseOfACallThatSaysNone) {
  EntityManager em = start(entities, [](Options& options) { options.assign.refuse_unknown(); }).em();
  auto maker = em.create<Maker>({.name = "Acme"});
  EXPECT_THROW(em.assign(maker, Json{{"odd", 1}}), ValidationError);
  em.assign(maker, Json{{"odd", 1}}, AssignOptions());
}

TEST_P(JsonAssign, NewEntitiesMayWaitForACascade) {
  EntityManager em = start(entities).em();
  auto maker = em.create<Maker>(Json{{"name", "Acme"}}, AssignOptions().persist(false));
  EXPECT_FALSE(em.has_changes());
  em.persist(maker);
  em.flush();
  EXPECT_EQ(em.count<Maker>(), 1u);
}

KIN_ON_EVERY_DATABASE(JsonAssign);

}  // namespace kin::test::json_assign
