// SPDX-License-Identifier: MIT
// Embedded structs: columns of their owner, tracked one by one; an optional one may be absent.
#include <gmock/gmock.h>

#include "db/support/database.hpp"

namespace kin::test::uow_embedded {

using testing::ElementsAre;

struct Point {
  double x{};
  double y{};
};
struct Place {
  std::string name{};
  std::optional<std::string> code{};
  std::optional<Point> at{};
};
struct Event {
  std::int64_t id{};
  std::string title{};
  Place where{};
  std::optional<Place> fallback{};
};

class UowEmbedded : public DatabaseTest {};

TEST_P(UowEmbedded, WritesOnlyTheChangedColumn) {
  EntityManager em = start(kin::entities<Event>).em();
  auto event = em.create<Event>({.title = "t", .where = {.name = "hall", .at = Point{1, 2}}});
  em.flush();
  clear_statements();
  event->where.code = "H1";
  em.flush();
  EXPECT_THAT(statements(),
              ElementsAre("begin", R"(update "event" set "where_code" = ? where "id" = ?)", "commit"));
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
}

TEST_P(UowEmbedded, OptionalOnesBecomeNullAndBack) {
  EntityManager em = start(kin::entities<Event>).em();
  auto event = em.create<Event>({.title = "t", .where = {.name = "hall"}, .fallback = Place{.name = "barn"}});
  em.flush();
  const auto id = event->id;
  const auto read = [&] {
    EntityManager other = orm().em();
    return other.find_one_or_fail<Event>(id)->fallback;
  };
  ASSERT_TRUE(read());
  EXPECT_EQ(read()->name, "barn");
  EXPECT_FALSE(read()->at);

  event->fallback.reset();
  em.flush();
  EXPECT_FALSE(read());
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);

  event->fallback = Place{.name = "field", .code = "F", .at = Point{3, 4}};
  em.flush();
  ASSERT_TRUE(read());
  EXPECT_EQ(read()->name, "field");
  EXPECT_EQ(read()->code, "F");
  ASSERT_TRUE(read()->at);
  EXPECT_EQ(read()->at->y, 4);

  event->fallback->at.reset();
  em.flush();
  ASSERT_TRUE(read());
  EXPECT_FALSE(read()->at);
  EXPECT_EQ(read()->code, "F");
}

TEST_P(UowEmbedded, AnAbsentOneIsNoChangeAfterARead) {
  EntityManager em = start(kin::entities<Event>).em();
  em.create<Event>({.title = "t", .where = {.name = "hall"}});
  em.flush();
  EntityManager other = orm().em();
  auto event = other.find<Event>().one_or_fail();
  EXPECT_FALSE(event->fallback);
  EXPECT_FALSE(event->where.at);
  EXPECT_EQ(count_statements([&] { other.flush(); }), 0u);
  event->fallback = Place{.name = "x"};
  event->fallback.reset();
  EXPECT_EQ(count_statements([&] { other.flush(); }), 0u);
}

TEST_P(UowEmbedded, AFailedRetryRestoresThem) {
  EntityManager em = start(kin::entities<Event>).em();
  auto event = em.create<Event>({.title = "t", .where = {.name = "hall"}});
  em.flush();
  int runs = 0;
  em.transactional(
      [&](EntityManager&) {
        EXPECT_FALSE(event->fallback) << "run " << runs;
        event->fallback = Place{.name = "x"};
        event->where.name += "!";
        if (++runs < 2) throw DeadlockError("pretended", ErrorDetails{.retryable = true});
      },
      {.retries = 1});
  EXPECT_EQ(event->where.name, "hall!");
  EXPECT_EQ(orm().em().find<Event>().one_or_fail()->where.name, "hall!");
}

TEST_P(UowEmbedded, ServesInConditions) {
  EntityManager em = start(kin::entities<Event>).em();
  em.create<Event>({.title = "t", .where = {.name = "hall", .at = Point{1, 2}}});
  em.flush();
  EXPECT_EQ((em.count<Event>(field<&Event::where, &Place::name> == "hall")), 1u);
}

KIN_ON_EVERY_DATABASE(UowEmbedded);

}  // namespace kin::test::uow_embedded
