// SPDX-License-Identifier: MIT
// Paths over to-one, to-many and embedded members, and the quantifiers, against the same filter in C++.
#include <algorithm>
#include <set>

#include "db/support/database.hpp"

namespace kin::test::reading_paths {

struct Town;
struct Shop;
struct Good;

struct Place {
  std::string street{};
  std::optional<int> number{};
};
struct Town {
  std::int64_t id{};
  std::string name{};
  std::optional<int> people{};
  Ref<Town> county{};
  Collection<Shop> shops{};
};
struct Shop {
  std::int64_t id{};
  std::string name{};
  Place place{};
  std::optional<Place> store{};
  Ref<Town> town{};
  Collection<Good> goods{};
};
struct Good {
  std::int64_t id{};
  std::string name{};
  int price{};
  Collection<Shop> sellers{};
};
inline void describe(Schema<Town>& town) {
  town.on<&Town::county>(nullable(true));
  town.on<&Town::shops>(mapped_by<&Shop::town>);
}
inline void describe(Schema<Shop>& shop) {
  shop.on<&Shop::town>(nullable(true));
  shop.on<&Shop::goods>(pivot_table("shop_good"));
}
inline void describe(Schema<Good>& good) { good.on<&Good::sellers>(mapped_by<&Shop::goods>); }

/// The same rows as plain structs.
struct TownRow {
  std::int64_t id;
  std::string name;
  std::optional<int> people;
  std::int64_t county;
};
struct ShopRow {
  std::int64_t id;
  std::string name;
  Place place;
  std::optional<Place> store;
  std::int64_t town;
  std::set<std::int64_t> goods;
};
struct GoodRow {
  std::int64_t id;
  std::string name;
  int price;
};

using Ids = std::vector<std::int64_t>;

class ReadingPaths : public DatabaseTest {
 protected:
  void SetUp() override {
    start(kin::entities<Town, Shop, Good>);
    towns_ = {{1, "Shire", 900, 0}, {2, "Oak", 50, 1}, {3, "Elm", std::nullopt, 1}, {4, "Ash", 70, 2}, {5, "Void", 0, 0}};
    goods_ = {{1, "tea", 3}, {2, "milk", 2}, {3, "gold", 900}, {4, "salt", 1}, {5, "air", 0}};
    shops_ = {
        {1, "Corner", {"High", 1}, Place{"Back", 9}, 2, {1, 2}},
        {2, "Mill", {"Low", std::nullopt}, std::nullopt, 2, {3}},
        {3, "Kiosk", {"High", 3}, Place{"Dock", std::nullopt}, 4, {}},
        {4, "Stall", {"", 4}, std::nullopt, 0, {1, 2, 3, 4}},
        {5, "Depot", {"Low", 5}, std::nullopt, 3, {4}},
    };
    EntityManager em = orm().em();
    std::vector<Ref<Town>> towns;
    for (const TownRow& row : towns_) {
      auto town = em.create<Town>({.id = row.id, .name = row.name, .people = row.people});
      if (row.county) town->county = towns[static_cast<std::size_t>(row.county - 1)];
      towns.push_back(town);
    }
    std::vector<Ref<Good>> goods;
    for (const GoodRow& row : goods_) goods.push_back(em.create<Good>({.id = row.id, .name = row.name, .price = row.price}));
    for (const ShopRow& row : shops_) {
      auto shop = em.create<Shop>({.id = row.id, .name = row.name, .place = row.place, .store = row.store});
      if (row.town) shop->town = towns[static_cast<std::size_t>(row.town - 1)];
      for (std::int64_t good : row.goods) shop->goods.add(goods[static_cast<std::size_t>(good - 1)]);
    }
    em.flush();
    clear_statements();
  }

  const TownRow* town(std::int64_t id) const { return id ? &towns_[static_cast<std::size_t>(id - 1)] : nullptr; }
  const TownRow* town_of(const ShopRow& shop) const { return town(shop.town); }
  const GoodRow& good(std::int64_t id) const { return goods_[static_cast<std::size_t>(id - 1)]; }
  template <class F>
  bool sells(const ShopRow& shop, F&& test) const {
    return std::ranges::any_of(shop.goods, [&](std::int64_t id) { return test(good(id)); });
  }
  template <class F>
  bool has_shop(const TownRow& town, F&& test) const {
    return std::ranges::any_of(shops_, [&](const ShopRow& shop) { return shop.town == town.id && test(shop); });
  }
  template <class F>
  bool is_sold(const GoodRow& good, F&& test) const {
    return std::ranges::any_of(shops_, [&](const ShopRow& shop) { return shop.goods.contains(good.id) && test(shop); });
  }

  template <class T>
  Ids found(const Condition<T>& condition) {
    EntityManager em = orm().em();
    Ids ids;
    for (auto entity : em.find<T>(condition).order_by(field<&T::id>.asc()).list()) ids.push_back(entity->id);
    EXPECT_EQ(em.count<T>(condition), ids.size()) << em.find<T>(condition).sql();
    EXPECT_EQ(em.find<T>(condition).exists(), !ids.empty());
    // A limit counts entities, however many rows there are behind the condition.
    EXPECT_EQ(em.find<T>(condition).limit(2).list().size(), std::min<std::size_t>(2, ids.size()));
    return ids;
  }
  template <class Row, class F>
  static Ids wanted(const std::vector<Row>& rows, F&& predicate) {
    Ids ids;
    for (const Row& row : rows)
      if (predicate(row)) ids.push_back(row.id);
    return ids;
  }

  std::vector<TownRow> towns_;
  std::vector<ShopRow> shops_;
  std::vector<GoodRow> goods_;
};

TEST_P(ReadingPaths, OverToOneMembers) {
  EXPECT_EQ(found<Shop>(field<&Shop::town, &Town::name> == "Oak"),
            wanted(shops_, [&](const ShopRow& s) { return town_of(s) && town_of(s)->name == "Oak"; }));
  EXPECT_EQ(found<Shop>(field<&Shop::town, &Town::county, &Town::name> == "Shire"), wanted(shops_, [&](const ShopRow& s) {
              const TownRow* county = town_of(s) ? town(town_of(s)->county) : nullptr;
              return county && county->name == "Shire";
            }));
  EXPECT_EQ(found<Shop>(field<&Shop::town, &Town::county, &Town::county, &Town::people> > 100), wanted(shops_, [&](const ShopRow& s) {
              const TownRow* county = town_of(s) ? town(town_of(s)->county) : nullptr;
              const TownRow* above = county ? town(county->county) : nullptr;
              return above && above->people && *above->people > 100;
            }));
}

// A member behind a reference that is null is null itself, as after a left join.
TEST_P(ReadingPaths, BehindNothingAllIsNull) {
  EXPECT_EQ(found<Shop>(field<&Shop::town, &Town::people>.is_null()),
            wanted(shops_, [&](const ShopRow& s) { return !town_of(s) || !town_of(s)->people; }));
  EXPECT_EQ(found<Shop>(field<&Shop::town, &Town::people>.is_not_null()),
            wanted(shops_, [&](const ShopRow& s) { return town_of(s) && town_of(s)->people; }));
  EXPECT_EQ(found<Shop>(!(field<&Shop::town, &Town::name> == "Oak")),
            wanted(shops_, [&](const ShopRow& s) { return town_of(s) && town_of(s)->name != "Oak"; }));
  EXPECT_EQ(found<Shop>(field<&Shop::town, &Town::name> == "Oak" || field<&Shop::name> == "Stall"),
            wanted(shops_, [&](const ShopRow& s) { return (town_of(s) && town_of(s)->name == "Oak") || s.name == "Stall"; }));
}

TEST_P(ReadingPaths, AReferenceIsItsKey) {
  EntityManager em = orm().em();
  const auto oak = em.get_reference<Town>(2);
  const Ids in_oak = wanted(shops_, [](const ShopRow& s) { return s.town == 2; });
  EXPECT_EQ(found<Shop>(field<&Shop::town> == oak), in_oak);
  EXPECT_EQ(found<Shop>(field<&Shop::town> == 2), in_oak);
  EXPECT_EQ(found<Shop>(field<&Shop::town, &Town::id> == 2), in_oak);
  EXPECT_EQ(found<Shop>(field<&Shop::town> != oak), wanted(shops_, [](const ShopRow& s) { return s.town && s.town != 2; }));
  EXPECT_EQ(found<Shop>(field<&Shop::town>.is_null()), wanted(shops_, [](const ShopRow& s) { return !s.town; }));
  EXPECT_EQ(found<Shop>(field<&Shop::town> == nullptr), wanted(shops_, [](const ShopRow& s) { return !s.town; }));
  EXPECT_EQ(found<Shop>(field<&Shop::town> == Ref<Town>()), wanted(shops_, [](const ShopRow& s) { return !s.town; }));
  EXPECT_EQ(found<Shop>(field<&Shop::town>.in({em.get_reference<Town>(3), em.get_reference<Town>(4)})),
            wanted(shops_, [](const ShopRow& s) { return s.town == 3 || s.town == 4; }));
  EXPECT_EQ(found<Town>(field<&Town::county, &Town::county> == 1),
            wanted(towns_, [&](const TownRow& t) { return town(t.county) && town(t.county)->county == 1; }));
}

TEST_P(ReadingPaths, JoinOnceAndOnlyWhatIsNeeded) {
  EntityManager em = orm().em();
  const std::string columns = R"(select "t0"."id", "t0"."name", "t0"."place_street", "t0"."place_number", )"
                              R"("t0"."store_street", "t0"."store_number", "t0"."town_id" from "shop" as "t0")";
  const auto sql = [&](const Condition<Shop>& condition) { return canonical(em.find<Shop>(condition).sql()); };
  EXPECT_EQ(sql(field<&Shop::town> == 1), columns + R"( where "t0"."town_id" = ?)");
  EXPECT_EQ(sql(field<&Shop::town, &Town::id> == 1), columns + R"( where "t0"."town_id" = ?)");
  EXPECT_EQ(sql(field<&Shop::town, &Town::name> == "a" && field<&Shop::town, &Town::people> == 1),
            columns + R"( left join "town" as "t1" on "t1"."id" = "t0"."town_id" where "t1"."name" = ? and "t1"."people" = ?)");
  EXPECT_EQ(sql(field<&Shop::place, &Place::street> == "a"), columns + R"( where "t0"."place_street" = ?)");
  EXPECT_EQ(sql(field<&Shop::goods, &Good::name> == "a"),
            columns + R"( where exists (select 1 from "shop_good" as "t1" join "good" as "t2" on "t2"."id" = "t1"."good_id" )"
                      R"(where "t1"."shop_id" = "t0"."id" and "t2"."name" = ?))");
  EXPECT_EQ(sql(field<&Shop::goods, &Good::id> == 1),
            columns + R"( where exists (select 1 from "shop_good" as "t1" where "t1"."shop_id" = "t0"."id" and "t1"."good_id" = ?))");
}

TEST_P(ReadingPaths, OverEmbeddedMembers) {
  EXPECT_EQ(found<Shop>(field<&Shop::place, &Place::street> == "High"),
            wanted(shops_, [](const ShopRow& s) { return s.place.street == "High"; }));
  EXPECT_EQ(found<Shop>(field<&Shop::place, &Place::number> > 3),
            wanted(shops_, [](const ShopRow& s) { return s.place.number && *s.place.number > 3; }));
  EXPECT_EQ(found<Shop>(field<&Shop::store, &Place::street>.in({"Back", "Dock"})),
            wanted(shops_, [](const ShopRow& s) { return s.store.has_value(); }));
  EXPECT_EQ(found<Shop>(field<&Shop::store>.is_null()), wanted(shops_, [](const ShopRow& s) { return !s.store; }));
  EXPECT_EQ(found<Shop>(field<&Shop::store>.is_not_null()), wanted(shops_, [](const ShopRow& s) { return s.store.has_value(); }));
  EXPECT_EQ(found<Good>(field<&Good::sellers, &Shop::place, &Place::street> == "Low"), wanted(goods_, [&](const GoodRow& g) {
              return is_sold(g, [](const ShopRow& s) { return s.place.street == "Low"; });
            }));
}

TEST_P(ReadingPaths, OverToManyMembersMeansSome) {
  EXPECT_EQ(found<Shop>(field<&Shop::goods, &Good::price> > 1),
            wanted(shops_, [&](const ShopRow& s) { return sells(s, [](const GoodRow& g) { return g.price > 1; }); }));
  EXPECT_EQ(found<Town>(field<&Town::shops, &Shop::name>.contains("i")), wanted(towns_, [&](const TownRow& t) {
              return has_shop(t, [](const ShopRow& s) { return s.name.find('i') != std::string::npos; });
            }));
  EXPECT_EQ(found<Town>(field<&Town::shops, &Shop::goods, &Good::name> == "gold"), wanted(towns_, [&](const TownRow& t) {
              return has_shop(t, [&](const ShopRow& s) { return sells(s, [](const GoodRow& g) { return g.name == "gold"; }); });
            }));
  EXPECT_EQ(found<Good>(field<&Good::sellers, &Shop::town, &Town::county, &Town::name> == "Shire"), wanted(goods_, [&](const GoodRow& g) {
              return is_sold(g, [&](const ShopRow& s) { return town_of(s) && town(town_of(s)->county) && town(town_of(s)->county)->name == "Shire"; });
            }));
  EXPECT_EQ(found<Good>(field<&Good::sellers, &Shop::town> == 2),
            wanted(goods_, [&](const GoodRow& g) { return is_sold(g, [](const ShopRow& s) { return s.town == 2; }); }));
}

// Conditions on one collection that are joined by && speak of one and the same item.
TEST_P(ReadingPaths, TwoConditionsOnOneCollectionMeetInOneItem) {
  EXPECT_EQ(found<Shop>(field<&Shop::goods, &Good::price> > 1 && field<&Shop::goods, &Good::name> == "tea"),
            wanted(shops_, [&](const ShopRow& s) { return sells(s, [](const GoodRow& g) { return g.price > 1 && g.name == "tea"; }); }));
  EXPECT_EQ(found<Shop>(field<&Shop::goods, &Good::price> > 100 && field<&Shop::goods, &Good::name> == "tea"), Ids());
  EXPECT_EQ(found<Shop>(field<&Shop::goods, &Good::price> > 100 || field<&Shop::goods, &Good::name> == "tea"),
            wanted(shops_, [&](const ShopRow& s) { return sells(s, [](const GoodRow& g) { return g.price > 100 || g.name == "tea"; }); }));
  EXPECT_EQ(found<Shop>(!(field<&Shop::goods, &Good::price> > 100)),
            wanted(shops_, [&](const ShopRow& s) { return !sells(s, [](const GoodRow& g) { return g.price > 100; }); }));
}

TEST_P(ReadingPaths, SomeNoneEvery) {
  const auto dear = [](const GoodRow& g) { return g.price >= 3; };
  const auto is_dear = field<&Good::price> >= 3;
  const auto cheap = [&](const GoodRow& g) { return !dear(g); };
  EXPECT_EQ(found<Shop>(field<&Shop::goods>.some(is_dear)), wanted(shops_, [&](const ShopRow& s) { return sells(s, dear); }));
  EXPECT_EQ(found<Shop>(field<&Shop::goods>.none(is_dear)), wanted(shops_, [&](const ShopRow& s) { return !sells(s, dear); }));
  EXPECT_EQ(found<Shop>(field<&Shop::goods>.every(is_dear)), wanted(shops_, [&](const ShopRow& s) { return !sells(s, cheap); }));
  EXPECT_EQ(found<Shop>(!field<&Shop::goods>.some(is_dear)), found<Shop>(field<&Shop::goods>.none(is_dear)));
  EXPECT_EQ(found<Shop>(!field<&Shop::goods>.none(is_dear)), found<Shop>(field<&Shop::goods>.some(is_dear)));
  EXPECT_EQ(found<Shop>(!field<&Shop::goods>.every(is_dear)), wanted(shops_, [&](const ShopRow& s) { return sells(s, cheap); }));
  EXPECT_EQ(found<Shop>(field<&Shop::goods>.some()), wanted(shops_, [](const ShopRow& s) { return !s.goods.empty(); }));
  EXPECT_EQ(found<Shop>(field<&Shop::goods>.none()), wanted(shops_, [](const ShopRow& s) { return s.goods.empty(); }));
  EXPECT_EQ(found<Shop>(field<&Shop::goods>.some(kin::all<Good>())), wanted(shops_, [](const ShopRow& s) { return !s.goods.empty(); }));
  EXPECT_EQ(found<Shop>(field<&Shop::goods>.every(kin::all<Good>())).size(), shops_.size());
  EXPECT_EQ(found<Town>(field<&Town::shops>.none()), wanted(towns_, [&](const TownRow& t) { return !has_shop(t, [](const ShopRow&) { return true; }); }));
}

// An item for which the condition is unknown does not meet it.
TEST_P(ReadingPaths, EveryTakesUnknownForFailed) {
  EXPECT_EQ(found<Town>(field<&Town::shops>.every(field<&Shop::place, &Place::number> > 0)), wanted(towns_, [&](const TownRow& t) {
              return !has_shop(t, [](const ShopRow& s) { return !(s.place.number && *s.place.number > 0); });
            }));
  EXPECT_EQ(found<Town>(field<&Town::shops>.none(field<&Shop::place, &Place::number> > 0)), wanted(towns_, [&](const TownRow& t) {
              return !has_shop(t, [](const ShopRow& s) { return s.place.number && *s.place.number > 0; });
            }));
}

TEST_P(ReadingPaths, QuantifiersInsideQuantifiers) {
  EXPECT_EQ(found<Town>(field<&Town::shops>.some(field<&Shop::goods>.every(field<&Good::price> < 4) && field<&Shop::goods>.some())),
            wanted(towns_, [&](const TownRow& t) {
              return has_shop(t, [&](const ShopRow& s) { return !s.goods.empty() && !sells(s, [](const GoodRow& g) { return g.price >= 4; }); });
            }));
  EXPECT_EQ(found<Town>(field<&Town::shops>.every(field<&Shop::goods>.none(field<&Good::name> == "gold"))), wanted(towns_, [&](const TownRow& t) {
              return !has_shop(t, [&](const ShopRow& s) { return sells(s, [](const GoodRow& g) { return g.name == "gold"; }); });
            }));
  EXPECT_EQ(found<Good>(field<&Good::sellers>.some(field<&Shop::town, &Town::people> > 10 && field<&Shop::place, &Place::street> == "High")),
            wanted(goods_, [&](const GoodRow& g) {
              return is_sold(g, [&](const ShopRow& s) { return town_of(s) && town_of(s)->people.value_or(0) > 10 && s.place.street == "High"; });
            }));
}

TEST_P(ReadingPaths, QuantifiersBehindAPath) {
  const auto neighbours = [&](const ShopRow& s, auto&& test) { return town_of(s) && has_shop(*town_of(s), test); };
  EXPECT_EQ(found<Shop>(field<&Shop::town, &Town::shops>.some(field<&Shop::name> == "Mill")),
            wanted(shops_, [&](const ShopRow& s) { return neighbours(s, [](const ShopRow& n) { return n.name == "Mill"; }); }));
  EXPECT_EQ(found<Shop>(field<&Shop::town, &Town::shops>.none(field<&Shop::name> == "Mill")),
            wanted(shops_, [&](const ShopRow& s) { return !neighbours(s, [](const ShopRow& n) { return n.name == "Mill"; }); }));
}

TEST_P(ReadingPaths, SizeIsCompared) {
  for (std::size_t bound = 0; bound < 5; ++bound) {
    SCOPED_TRACE(bound);
    const auto number = static_cast<int>(bound);
    EXPECT_EQ(found<Shop>(field<&Shop::goods>.size() == number), wanted(shops_, [&](const ShopRow& s) { return s.goods.size() == bound; }));
    EXPECT_EQ(found<Shop>(field<&Shop::goods>.size() > number), wanted(shops_, [&](const ShopRow& s) { return s.goods.size() > bound; }));
    EXPECT_EQ(found<Shop>(!(field<&Shop::goods>.size() <= number)), wanted(shops_, [&](const ShopRow& s) { return s.goods.size() > bound; }));
    EXPECT_EQ(found<Town>(field<&Town::shops>.size() >= number), wanted(towns_, [&](const TownRow& t) {
                return static_cast<std::size_t>(std::ranges::count(shops_, t.id, &ShopRow::town)) >= bound;
              }));
  }
  EXPECT_EQ(found<Town>(field<&Town::shops>.some(field<&Shop::goods>.size() == 1)),
            wanted(towns_, [&](const TownRow& t) { return has_shop(t, [](const ShopRow& s) { return s.goods.size() == 1; }); }));
}

/// `depth` conditions on collections inside each other: towns with a shop whose goods are sold by a shop whose …
Condition<Shop> sold_next_to(int depth) {
  Condition<Shop> shop = field<&Shop::name> != "";
  for (int i = 0; i < depth; i += 2) {
    Condition<Good> good = field<&Good::sellers>.some(std::move(shop));
    shop = field<&Shop::goods>.some(std::move(good));
  }
  return shop;
}

TEST_P(ReadingPaths, QuantifiersInsideEachOther) {
  EXPECT_EQ(found<Shop>(sold_next_to(4)), wanted(shops_, [](const ShopRow& s) { return !s.goods.empty(); }));
}

TEST_P(ReadingPaths, QuantifiersInsideEachOtherTooDeepForTheDatabaseAreRefusedClearly) {
  // MySQL makes a semijoin of each, and plans 20 or 60 of them for minutes: docs/mysql.md.
  for (const int depth : traits().plans_deep_conditions ? std::vector<int>{20, 60, 200} : std::vector<int>{6, 200}) {
    SCOPED_TRACE(depth);
    try {
      EXPECT_EQ(found<Shop>(sold_next_to(depth)), wanted(shops_, [](const ShopRow& s) { return !s.goods.empty(); }));
    } catch (const ValidationError& error) {
      EXPECT_NE(std::string_view(error.what()).find(depth > 64 ? "more than 64 deep" : "deeper"), std::string_view::npos)
          << error.what();
    }
  }
}

KIN_ON_EVERY_DATABASE(ReadingPaths);

}  // namespace kin::test::reading_paths
