// SPDX-License-Identifier: MIT
// What hooks and subscribers hear of upserts.
#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "db/support/database.hpp"

namespace kin::test::upsert_events {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> calls;

struct Country {
  std::int64_t id{};
  std::string code{};
  std::string name{};
  std::string slug{};
};
inline void describe(Schema<Country>& country) {
  country.on<&Country::code>(unique, length(10));
  country.hook(Event::before_upsert, [](Country& c) {
    calls.push_back("before " + c.code);
    c.slug = "slug-" + c.name;
  });
  country.hook(Event::after_upsert, [](Country& c) {
    calls.push_back("after " + c.code + (c.id != 0 ? " with its key" : " without a key"));
  });
}

class Listener final : public EventSubscriber {
 public:
  void before_upsert(EntityEventArgs&) override { calls.push_back("subscriber before"); }
  void after_upsert(EntityEventArgs&) override { calls.push_back("subscriber after"); }
};

class UpsertEvents : public DatabaseTest {
 protected:
  void SetUp() override {
    start(kin::entities<Country>);
    calls.clear();
  }
};

TEST_P(UpsertEvents, AreHeardBeforeAndAfterOfEachRow) {
  EntityManager em = orm().em();
  em.upsert<Country>({.code = "fr", .name = "France"});
  EXPECT_THAT(calls, ElementsAre("before fr", "after fr with its key"));
  calls.clear();
  std::vector<Country> rows{{.code = "fr", .name = "La France"}, {.code = "it", .name = "Italia"}};
  em.upsert_many<Country>(rows);
  EXPECT_THAT(calls, ElementsAre("before fr", "before it", "after fr with its key", "after it with its key"));
}

TEST_P(UpsertEvents, WhatABeforeHookSetsIsWrittenToNewAndExistingRows) {
  EntityManager em = orm().em();
  em.upsert<Country>({.code = "fr", .name = "France"});
  EXPECT_EQ(orm().em().find<Country>().one()->slug, "slug-France");
  em.upsert<Country>({.code = "fr", .name = "La France"});
  EXPECT_EQ(orm().em().find<Country>().one()->slug, "slug-La France");
}

TEST_P(UpsertEvents, SubscribersHearThemAfterTheHooks) {
  EntityManager em = orm().em();
  em.add_subscriber(std::make_shared<Listener>());
  em.upsert<Country>({.code = "fr", .name = "France"});
  EXPECT_THAT(calls,
              ElementsAre("before fr", "subscriber before", "after fr with its key", "subscriber after"));
}

TEST_P(UpsertEvents, NativeWritesAreNotHeard) {
  EntityManager em = orm().em();
  em.upsert<Country>({.code = "fr", .name = "France"});
  calls.clear();
  em.native_update<Country>(all<Country>()).set<&Country::name>("x").run();
  em.insert<Country>({.code = "it", .name = "Italia"});
  EXPECT_THAT(calls, IsEmpty());
}

KIN_ON_EVERY_DATABASE(UpsertEvents);

}  // namespace kin::test::upsert_events
