// SPDX-License-Identifier: MIT
// Conditions, orders and aggregates on decimals, time points, dates, enums and UUIDs.
#include <kin/types/decimal.hpp>
#include <kin/types/enum.hpp>
#include <kin/types/uuid.hpp>

#include "db/support/database.hpp"

#include <algorithm>

namespace kin::test::reading_values {

using namespace std::chrono_literals;

enum class Color { red, green, blue };
using Millis = std::chrono::sys_time<std::chrono::milliseconds>;

struct Item {
  std::int64_t id{};
  Decimal price{};
  std::optional<Decimal> rebate{};
  Decimal rate{};
  Color color{};
  std::optional<Color> accent{};
  std::chrono::sys_seconds at{};
  std::optional<Millis> seen{};
  std::chrono::sys_days day{};
  Uuid token{};
};
inline void describe(Schema<Item>& item) { item.on<&Item::rate>(precision(12, 4)); }

Decimal dec(const char* text) { return Decimal(std::string_view(text)); }

class ReadingValues : public DatabaseTest {
 protected:
  void SetUp() override {
    start(kin::entities<Item>);
    const std::chrono::sys_seconds noon = std::chrono::sys_days(std::chrono::year{2024} / 2 / 29) + 12h;
    const auto day = std::chrono::sys_days(std::chrono::year{2024} / 2 / 29);
    const auto uuid = [](const char* text) { return Uuid::parse(text); };
    items_ = {
        {1, dec("9.50"), dec("1"), dec("1.5"), Color::red, Color::blue, noon, Millis(noon + 1ms), day,
         uuid("00000000-0000-4000-8000-000000000001")},
        {2, dec("10"), std::nullopt, dec("10"), Color::green, std::nullopt, noon + 1s, std::nullopt, day - std::chrono::days(1),
         uuid("ffffffff-ffff-4fff-bfff-ffffffffffff")},
        {3, dec("-2.25"), dec("0.10"), dec("-0.0001"), Color::blue, Color::red, noon - 24h, Millis(noon), day + std::chrono::days(1),
         uuid("0f000000-0000-4000-8000-00000000000a")},
        {4, dec("100.000"), dec("0.1"), dec("99.9999"), Color::red, Color::red, std::chrono::sys_seconds(-1s), Millis(noon + 999ms),
         std::chrono::sys_days(std::chrono::year{1969} / 12 / 31), uuid("f0000000-0000-4000-8000-00000000000b")},
        {5, dec("12345678901234567890.12"), std::nullopt, dec("0"), Color::blue, std::nullopt, noon,
         Millis(noon - 1ms), day, uuid("10000000-0000-4000-8000-000000000002")},
        {6, dec("9.5"), dec("3"), dec("2.5000"), Color::green, Color::green, noon + 1s, std::nullopt, day,
         uuid("a0000000-0000-4000-8000-000000000003")},
    };
    EntityManager em = orm().em();
    for (const Item& item : items_) em.create<Item>(item);
    em.flush();
    clear_statements();
  }
  std::vector<std::int64_t> ids(const Condition<Item>& condition) {
    EntityManager em = orm().em();
    std::vector<std::int64_t> found;
    for (auto item : em.find<Item>(condition).order_by(field<&Item::id>.asc()).list()) found.push_back(item->id);
    return found;
  }
  template <class F>
  std::vector<std::int64_t> expected(F&& predicate) const {
    std::vector<std::int64_t> result;
    for (const Item& item : items_)
      if (predicate(item)) result.push_back(item.id);
    return result;
  }
  template <class Member, class Value>
  void expect_comparisons(const Field<Item, Member>& on, Member Item::*member, const Value& bound) {
    EXPECT_EQ(ids(on == bound), expected([&](const Item& i) { return i.*member == bound; }));
    EXPECT_EQ(ids(on != bound), expected([&](const Item& i) { return i.*member != bound; }));
    EXPECT_EQ(ids(on < bound), expected([&](const Item& i) { return i.*member < bound; }));
    EXPECT_EQ(ids(on <= bound), expected([&](const Item& i) { return i.*member <= bound; }));
    EXPECT_EQ(ids(on > bound), expected([&](const Item& i) { return i.*member > bound; }));
    EXPECT_EQ(ids(on >= bound), expected([&](const Item& i) { return i.*member >= bound; }));
  }
  std::vector<std::int64_t> in_order(const Order<Item>& order) {
    EntityManager em = orm().em();
    std::vector<std::int64_t> found;
    for (auto item : em.find<Item>().order_by(order, field<&Item::id>.asc()).list()) found.push_back(item->id);
    return found;
  }
  template <class F>
  std::vector<std::int64_t> sorted(F&& less) const {
    std::vector<Item> items = items_;
    std::ranges::stable_sort(items, less);
    std::vector<std::int64_t> result;
    for (const Item& item : items) result.push_back(item.id);
    return result;
  }

  std::vector<Item> items_;
};

TEST_P(ReadingValues, DecimalsCompareAsNumbers) {
  for (const char* bound : {"9.5", "9.500", "10", "2", "-3", "100", "12345678901234567890.12", "12345678901234567890.1"}) {
    SCOPED_TRACE(bound);
    expect_comparisons(field<&Item::price>, &Item::price, dec(bound));
  }
  for (const char* bound : {"1.5", "2.5", "-0.0001", "99.9999", "0", "0.0000"}) {
    SCOPED_TRACE(bound);
    expect_comparisons(field<&Item::rate>, &Item::rate, dec(bound));
  }
  EXPECT_EQ(ids(field<&Item::price> == 10), expected([](const Item& i) { return i.price == Decimal(10); }));
  EXPECT_EQ(ids(field<&Item::price> < 10), expected([](const Item& i) { return i.price < Decimal(10); }));
  EXPECT_EQ(ids(field<&Item::rate> >= 10), expected([](const Item& i) { return i.rate >= Decimal(10); }));
}

TEST_P(ReadingValues, DecimalsInListsAndRanges) {
  EXPECT_EQ(ids(field<&Item::price>.in({dec("9.500"), dec("100")})),
            expected([](const Item& i) { return i.price == dec("9.5") || i.price == dec("100"); }));
  EXPECT_EQ(ids(field<&Item::price>.in({dec("9.500")})), expected([](const Item& i) { return i.price == dec("9.5"); }));
  EXPECT_EQ(ids(field<&Item::price>.not_in({dec("9.500"), dec("100")})),
            expected([](const Item& i) { return i.price != dec("9.5") && i.price != dec("100"); }));
  EXPECT_EQ(ids(field<&Item::price>.between(dec("9.5"), dec("100"))),
            expected([](const Item& i) { return i.price >= dec("9.5") && i.price <= dec("100"); }));
  EXPECT_EQ(ids(field<&Item::rate>.between(dec("0"), dec("10"))),
            expected([](const Item& i) { return i.rate >= dec("0") && i.rate <= dec("10"); }));
  EXPECT_EQ(ids(field<&Item::rebate> == dec("0.100")),
            expected([](const Item& i) { return i.rebate && *i.rebate == dec("0.1"); }));
  EXPECT_EQ(ids(field<&Item::rebate>.is_null()), expected([](const Item& i) { return !i.rebate; }));
}

TEST_P(ReadingValues, DecimalMembersCompareWithEachOther) {
  EXPECT_EQ(ids(field<&Item::price> > field<&Item::rebate>),
            expected([](const Item& i) { return i.rebate && i.price > *i.rebate; }));
  EXPECT_EQ(ids(field<&Item::price> < field<&Item::rate>), expected([](const Item& i) { return i.price < i.rate; }));
  EXPECT_EQ(ids(field<&Item::rate> == field<&Item::price>), expected([](const Item& i) { return i.rate == i.price; }));
}

TEST_P(ReadingValues, DecimalsOrderAsNumbers) {
  EXPECT_EQ(in_order(field<&Item::price>.asc()), sorted([](const Item& a, const Item& b) { return a.price < b.price; }));
  EXPECT_EQ(in_order(field<&Item::price>.desc()), sorted([](const Item& a, const Item& b) { return a.price > b.price; }));
  EXPECT_EQ(in_order(field<&Item::rate>.asc()), sorted([](const Item& a, const Item& b) { return a.rate < b.rate; }));
  EXPECT_EQ(in_order(field<&Item::rebate>.asc().nulls_last()), sorted([](const Item& a, const Item& b) {
              if (!a.rebate || !b.rebate) return a.rebate.has_value() && !b.rebate.has_value();
              return *a.rebate < *b.rebate;
            }));
}

struct Totals {
  Decimal total{};
  std::optional<Decimal> least{};
  std::optional<Decimal> most{};
  std::int64_t kinds{};
  std::optional<Decimal> rebates{};
};
TEST_P(ReadingValues, DecimalsSumExactly) {
  EntityManager em = orm().em();
  auto rows = em.query<Item>()
                  .select(kin::sum(field<&Item::price>).as("total"), kin::min(field<&Item::price>).as("least"),
                          kin::max(field<&Item::price>).as("most"), kin::count_distinct(field<&Item::price>).as("kinds"),
                          kin::sum(field<&Item::rebate>).as("rebates"))
                  .rows<Totals>();
  ASSERT_EQ(rows.size(), 1u);
  Decimal total;
  Decimal rebates;
  Decimal least = items_.front().price;
  Decimal most = least;
  std::vector<Decimal> kinds;
  for (const Item& item : items_) {
    total += item.price;
    if (item.rebate) rebates += *item.rebate;
    least = std::min(least, item.price);
    most = std::max(most, item.price);
    if (std::ranges::find(kinds, item.price) == kinds.end()) kinds.push_back(item.price);
  }
  EXPECT_EQ(rows[0].total, total);
  EXPECT_EQ(rows[0].least, least);
  EXPECT_EQ(rows[0].most, most);
  EXPECT_EQ(rows[0].kinds, static_cast<std::int64_t>(kinds.size()));
  EXPECT_EQ(rows[0].rebates, rebates);
}

struct ByColor {
  Color color{};
  Decimal total{};
  Decimal rates{};
};
TEST_P(ReadingValues, DecimalSumsAreFilteredAndOrderedAsNumbers) {
  EntityManager em = orm().em();
  std::vector<std::pair<Color, Decimal>> sums = {{Color::red, {}}, {Color::green, {}}, {Color::blue, {}}};
  for (const Item& item : items_)
    for (auto& [color, sum] : sums)
      if (item.color == color) sum += item.price;
  for (const char* bound : {"19.5", "20", "109.5", "110"}) {
    SCOPED_TRACE(bound);
    std::vector<std::pair<Color, Decimal>> wanted;
    for (const auto& sum : sums)
      if (sum.second >= dec(bound)) wanted.push_back(sum);
    std::ranges::sort(wanted, [](const auto& a, const auto& b) { return a.second > b.second; });
    auto rows = em.query<Item>()
                    .select(field<&Item::color>, kin::sum(field<&Item::price>).as("total"), kin::sum(field<&Item::rate>).as("rates"))
                    .group_by(field<&Item::color>)
                    .having(kin::sum(field<&Item::price>) >= dec(bound))
                    .order_by(kin::column("total").desc())
                    .rows<ByColor>();
    std::vector<std::pair<Color, Decimal>> got;
    for (const ByColor& row : rows) got.emplace_back(row.color, row.total);
    EXPECT_EQ(got, wanted);
  }
}

TEST_P(ReadingValues, TimePointsCompareWhateverTheirUnit) {
  const std::chrono::sys_seconds noon = std::chrono::sys_days(std::chrono::year{2024} / 2 / 29) + 12h;
  expect_comparisons(field<&Item::at>, &Item::at, noon);
  expect_comparisons(field<&Item::at>, &Item::at, noon + 1s);
  expect_comparisons(field<&Item::at>, &Item::at, std::chrono::sys_seconds(0s));
  expect_comparisons(field<&Item::at>, &Item::at, Millis(noon + 1ms));
  expect_comparisons(field<&Item::at>, &Item::at, Millis(noon));
  expect_comparisons(field<&Item::day>, &Item::day, std::chrono::sys_days(std::chrono::year{2024} / 2 / 29));
  EXPECT_EQ(ids(field<&Item::seen> > noon), expected([&](const Item& i) { return i.seen && *i.seen > noon; }));
  EXPECT_EQ(ids(field<&Item::seen> == noon), expected([&](const Item& i) { return i.seen && *i.seen == noon; }));
  EXPECT_EQ(ids(field<&Item::seen> <= Millis(noon + 1ms)),
            expected([&](const Item& i) { return i.seen && *i.seen <= noon + 1ms; }));
  EXPECT_EQ(ids(field<&Item::at>.between(noon, noon + 1s)),
            expected([&](const Item& i) { return i.at >= noon && i.at <= noon + 1s; }));
  EXPECT_EQ(ids(field<&Item::at>.in({noon, noon - 24h})),
            expected([&](const Item& i) { return i.at == noon || i.at == noon - 24h; }));
}

TEST_P(ReadingValues, TimePointsOrder) {
  EXPECT_EQ(in_order(field<&Item::at>.asc()), sorted([](const Item& a, const Item& b) { return a.at < b.at; }));
  EXPECT_EQ(in_order(field<&Item::day>.desc()), sorted([](const Item& a, const Item& b) { return a.day > b.day; }));
  EXPECT_EQ(in_order(field<&Item::seen>.asc().nulls_first()),
            sorted([](const Item& a, const Item& b) { return a.seen < b.seen; }));
}

TEST_P(ReadingValues, EnumsCompareAsNames) {
  EXPECT_EQ(ids(field<&Item::color> == Color::blue), expected([](const Item& i) { return i.color == Color::blue; }));
  EXPECT_EQ(ids(field<&Item::color> != Color::blue), expected([](const Item& i) { return i.color != Color::blue; }));
  EXPECT_EQ(ids(field<&Item::color>.in({Color::red, Color::green})), expected([](const Item& i) { return i.color != Color::blue; }));
  EXPECT_EQ(ids(field<&Item::accent> == Color::red), expected([](const Item& i) { return i.accent == Color::red; }));
  EXPECT_EQ(ids(field<&Item::accent> == std::optional<Color>()), expected([](const Item& i) { return !i.accent; }));
  EXPECT_EQ(ids(field<&Item::color>.starts_with("gr")), expected([](const Item& i) { return i.color == Color::green; }));
  EXPECT_EQ(ids(field<&Item::color> == field<&Item::accent>), expected([](const Item& i) { return i.accent == i.color; }));
}

TEST_P(ReadingValues, UuidsCompareAndOrderByTheirBytes) {
  for (const Item& item : items_) expect_comparisons(field<&Item::token>, &Item::token, item.token);
  EXPECT_EQ(ids(field<&Item::token>.in({items_[1].token, items_[4].token})), (std::vector<std::int64_t>{items_[1].id, items_[4].id}));
  EXPECT_EQ(in_order(field<&Item::token>.asc()), sorted([](const Item& a, const Item& b) { return a.token < b.token; }));
}

TEST_P(ReadingValues, ComeBackAsTheyWere) {
  EntityManager em = orm().em();
  for (const Item& item : items_) {
    auto found = em.find_one_or_fail<Item>(item.id);
    EXPECT_EQ(found->price, item.price);
    if (traits().keeps_decimal_scale) {
      EXPECT_EQ(found->price.to_string(), item.price.to_string());
    }
    EXPECT_EQ(found->rebate, item.rebate);
    EXPECT_EQ(found->rate, item.rate);
    EXPECT_EQ(found->color, item.color);
    EXPECT_EQ(found->accent, item.accent);
    EXPECT_EQ(found->at, item.at);
    EXPECT_EQ(found->seen, item.seen);
    EXPECT_EQ(found->day, item.day);
    EXPECT_EQ(found->token, item.token);
  }
  EXPECT_FALSE(em.has_changes());
}

KIN_ON_EVERY_DATABASE(ReadingValues);

}  // namespace kin::test::reading_values
