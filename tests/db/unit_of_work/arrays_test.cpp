// SPDX-License-Identifier: MIT
// Vectors and intervals as members: written, read, changed, and what is refused.
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "db/support/database.hpp"

namespace kin::test::uow_arrays {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

enum class Mood { calm, wild };
using Micros = std::chrono::sys_time<std::chrono::microseconds>;

struct Extra {
  std::vector<std::string> labels{};
  std::optional<std::vector<int>> marks{};
};
struct Shelf {
  std::int64_t id{};
  std::string name{};
  std::vector<std::int16_t> shorts{};
  std::vector<std::int64_t> numbers{};
  std::vector<std::uint64_t> sizes{};
  std::vector<float> floats{};
  std::vector<double> reals{};
  std::vector<bool> flags{};
  std::vector<std::string> tags{};
  std::vector<Decimal> prices{};
  std::vector<Uuid> tokens{};
  std::vector<Mood> moods{};
  std::vector<Micros> times{};
  std::vector<std::chrono::sys_seconds> seconds{};
  std::vector<std::chrono::sys_days> days{};
  std::vector<std::optional<std::string>> gaps{};
  std::optional<std::vector<std::string>> notes{};
  std::vector<std::string> defaulted{};
  std::vector<std::byte> bytes{};
  Extra extra{};
  std::optional<Extra> more{};
};
inline void describe(Schema<Shelf>& shelf) {
  shelf.on<&Shelf::defaulted>(default_value(std::vector<std::string>{"it's", "a \"default\""}));
}

struct Trip {
  std::int64_t id{};
  Interval length{};
  std::optional<Interval> rest{};
  std::vector<Interval> stops{};
};

Shelf full() {
  Shelf shelf;
  shelf.name = "full";
  shelf.shorts = {std::numeric_limits<std::int16_t>::min(), 0, std::numeric_limits<std::int16_t>::max()};
  shelf.numbers = {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
  shelf.sizes = {0, std::numeric_limits<std::uint64_t>::max()};
  shelf.floats = {0.1F, -1.0F};
  shelf.reals = {0.1, -0.0, 1e300, 5e-324, std::numeric_limits<double>::infinity()};
  shelf.flags = {true, false, true};
  shelf.tags = {"plain",       "",         "\"quotes\"", "{braces, [brackets]}",
                "back\\slash", "NULL",     "null",       "é 漢 \U0001F600",
                "it's",        "new\nline"};
  shelf.prices = {Decimal("9.5"), Decimal("-12345678901234567890.123"), Decimal(0)};
  shelf.tokens = {Uuid::v4(), Uuid()};
  shelf.moods = {Mood::wild, Mood::calm, Mood::wild};
  const std::chrono::sys_days day = std::chrono::year(2024) / 2 / 29;
  shelf.times = {Micros(day + 13h + 1us), Micros(-1us)};
  shelf.seconds = {day + 5s};
  shelf.days = {day, std::chrono::sys_days()};
  shelf.gaps = {"a", std::nullopt, "NULL"};
  shelf.notes = std::vector<std::string>{"x"};
  shelf.defaulted = {"own"};
  shelf.bytes = {std::byte{0}, std::byte{255}};
  shelf.extra = {{"in", "side"}, std::vector<int>{1, 2}};
  shelf.more = Extra{{"more"}, std::nullopt};
  return shelf;
}

void expect_equal(const Shelf& a, const Shelf& b) {
  EXPECT_EQ(a.shorts, b.shorts);
  EXPECT_EQ(a.numbers, b.numbers);
  EXPECT_EQ(a.sizes, b.sizes);
  EXPECT_EQ(a.floats, b.floats);
  EXPECT_EQ(a.reals, b.reals);
  EXPECT_EQ(a.flags, b.flags);
  EXPECT_EQ(a.tags, b.tags);
  EXPECT_EQ(a.prices, b.prices);
  EXPECT_EQ(a.tokens, b.tokens);
  EXPECT_EQ(a.moods, b.moods);
  EXPECT_EQ(a.times, b.times);
  EXPECT_EQ(a.seconds, b.seconds);
  EXPECT_EQ(a.days, b.days);
  EXPECT_EQ(a.gaps, b.gaps);
  EXPECT_EQ(a.notes, b.notes);
  EXPECT_EQ(a.defaulted, b.defaulted);
  EXPECT_EQ(a.bytes, b.bytes);
  EXPECT_EQ(a.extra.labels, b.extra.labels);
  EXPECT_EQ(a.extra.marks, b.extra.marks);
  ASSERT_EQ(a.more.has_value(), b.more.has_value());
  if (a.more) {
    EXPECT_EQ(a.more->labels, b.more->labels);
  }
}

class UowArrays : public DatabaseTest {
 protected:
  void SetUp() override { start(kin::entities<Shelf, Trip>); }
  Ref<Shelf> stored(EntityManager& em, const Shelf& shelf) {
    EntityManager writer = orm().em();
    const std::int64_t id = [&] {
      auto entity = writer.create<Shelf>(shelf);
      writer.flush();
      return entity->id;
    }();
    return em.find_one_or_fail<Shelf>(id);
  }
};

TEST_P(UowArrays, ComeBackAsTheyWere) {
  EntityManager em = orm().em();
  const Ref<Shelf> again = stored(em, full());
  expect_equal(
      *again, full().tokens == again->tokens ? full() : [&] {
        Shelf wanted = full();
        wanted.tokens = again->tokens;  // made at random
        return wanted;
      }());
  EXPECT_TRUE(std::signbit(again->reals[1]));
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u) << "nothing has changed since it was read";
}

TEST_P(UowArrays, AreEmptyOrNull) {
  EntityManager em = orm().em();
  Shelf shelf;
  shelf.defaulted = {"own"};
  const Ref<Shelf> again = stored(em, shelf);
  expect_equal(*again, shelf);
  EXPECT_EQ(again->notes, std::nullopt);
  again->notes.emplace();
  em.flush();
  em.clear();
  const auto emptied = em.find_one_or_fail<Shelf>(field<&Shelf::notes>.is_not_null());
  ASSERT_TRUE(emptied->notes.has_value());
  EXPECT_THAT(*emptied->notes, IsEmpty());
}

TEST_P(UowArrays, AreWrittenInBatches) {
  EntityManager em = orm().em();
  std::vector<Shelf> shelves;
  for (int i = 0; i < 50; ++i) {
    Shelf shelf = full();
    shelf.name = std::to_string(i);
    shelf.numbers.assign(static_cast<std::size_t>(i % 4), i);
    if (i % 3 == 0) shelf.notes.reset();
    if (i % 5 == 0) shelf.more.reset();
    shelves.push_back(shelf);
    em.create<Shelf>(shelf);
  }
  em.flush();
  em.clear();
  const auto read = em.find<Shelf>().order_by(field<&Shelf::id>.asc()).list();
  ASSERT_EQ(read.size(), shelves.size());
  for (std::size_t i = 0; i < shelves.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(read[i]->name, shelves[i].name);
    expect_equal(*read[i], shelves[i]);
  }
  for (const auto& shelf : read) shelf->numbers.push_back(7);
  em.flush();
  em.clear();
  for (const auto& shelf : em.find<Shelf>().list()) EXPECT_EQ(shelf->numbers.back(), 7);
}

TEST_P(UowArrays, AChangeOfContentIsWrittenAndNothingElse) {
  EntityManager em = orm().em();
  const Ref<Shelf> shelf = stored(em, full());
  const std::vector<std::string> same = shelf->tags;
  shelf->tags.clear();
  shelf->tags = same;
  shelf->prices.front() = Decimal("9.500");
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);

  shelf->tags.push_back("more");
  shelf->flags[1] = true;
  shelf->extra.labels.clear();
  em.flush();
  EXPECT_THAT(statements(), ElementsAre("begin", HasSubstr("update"), "commit"));
  const std::int64_t id = shelf->id;
  em.clear();
  const auto again = em.find_one_or_fail<Shelf>(id);
  EXPECT_EQ(again->tags.back(), "more");
  EXPECT_THAT(again->flags, ElementsAre(true, true, true));
  EXPECT_THAT(again->extra.labels, IsEmpty());
  EXPECT_THAT(again->moods, ElementsAre(Mood::wild, Mood::calm, Mood::wild));
}

TEST_P(UowArrays, TakeTheDefaultOfTheColumn) {
  EntityManager em = orm().em();
  const Ref<Shelf> again = stored(em, {});
  EXPECT_THAT(again->defaulted, ElementsAre("it's", "a \"default\""));
}

TEST_P(UowArrays, AreWholeInPlainRows) {
  struct Row {
    std::string name{};
    std::vector<std::string> tags{};
    std::optional<std::vector<std::string>> notes{};
  };
  EntityManager em = orm().em();
  stored(em, full());
  const auto rows =
      em.find<Shelf>().as<Row>(field<&Shelf::name>, field<&Shelf::tags>, field<&Shelf::notes>).list();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].tags, full().tags);
  EXPECT_EQ(rows[0].notes, full().notes);
}

TEST_P(UowArrays, AnItemThatTheEnumLacksIsTold) {
  EntityManager em = orm().em();
  Shelf shelf;
  shelf.tags = {"calm", "mad"};
  stored(em, shelf);
  em.execute("update shelf set moods = tags");
  em.clear();
  try {
    em.find<Shelf>().list();
    FAIL() << "accepted";
  } catch (const ValidationError& error) {
    EXPECT_THAT(error.what(), HasSubstr("'mad' is not an enumerator of Mood: calm, wild"));
    EXPECT_EQ(error.entity(), "Shelf");
    EXPECT_EQ(error.property(), "moods");
  }
}

TEST_P(UowArrays, WhatNoDatabaseCanHoldIsRefusedBeforeItIsSent) {
  EntityManager em = orm().em();
  auto shelf = em.create<Shelf>({.moods = {static_cast<Mood>(99)}});
  EXPECT_THROW(em.flush(), ValidationError);
  shelf->moods.clear();
  shelf->tags = {"\xff"};
  EXPECT_THROW(em.flush(), ValidationError);
  EXPECT_EQ(orm().em().count<Shelf>(), 0u);
}

TEST_P(UowArrays, IntervalsComeBackAsTheyWere) {
  EntityManager em = orm().em();
  const std::vector<Interval> samples = {
      {}, {14, 3, 4h + 5min + 6500ms}, {-14, -3, -1us}, {1, -1, 1us}, {0, 0, 100h}, {0, 45, 0us}};
  for (const Interval& sample : samples)
    em.create<Trip>({.length = sample, .rest = sample, .stops = {sample, {1, 0, {}}}});
  em.create<Trip>({});
  em.flush();
  em.clear();
  const auto trips = em.find<Trip>().order_by(field<&Trip::id>.asc()).list();
  ASSERT_EQ(trips.size(), samples.size() + 1);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    EXPECT_EQ(trips[i]->length, samples[i]) << samples[i].to_string();
    EXPECT_EQ(trips[i]->rest, samples[i]);
    EXPECT_THAT(trips[i]->stops, ElementsAre(samples[i], Interval{1, 0, {}}));
  }
  EXPECT_EQ(trips.back()->rest, std::nullopt);
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
  trips[0]->length.months = 2;
  em.flush();
  em.clear();
  EXPECT_EQ(em.find_one_or_fail<Trip>(field<&Trip::length> == Interval{2, 0, {}})->rest, Interval());
}

TEST_P(UowArrays, IntervalsAndArraysAreNeitherLessNorGreater) {
  EntityManager em = orm().em();
  EXPECT_THROW(em.find<Trip>(field<&Trip::length> < Interval{1, 0, {}}).list(), ValidationError);
  EXPECT_THROW(em.find<Trip>(field<&Trip::rest>.between(Interval(), Interval())).list(), ValidationError);
  EXPECT_THROW(em.find<Shelf>(field<&Shelf::numbers> >= std::vector<std::int64_t>{1}).list(),
               ValidationError);
}

TEST_P(UowArrays, TheSchemaHasNothingToUpdate) { EXPECT_THAT(orm().schema().update_sql(), IsEmpty()); }

KIN_ON_EVERY_DATABASE(UowArrays);

}  // namespace kin::test::uow_arrays
