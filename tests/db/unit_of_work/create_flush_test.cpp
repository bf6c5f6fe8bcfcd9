// SPDX-License-Identifier: MIT
// What a flush of new entities sends, and that a flush without work sends nothing.
#include <gmock/gmock.h>

#include "db/support/database.hpp"
#include "db/support/library.hpp"

namespace kin::test::uow_create {

using testing::ElementsAre;
using testing::IsEmpty;

struct Country;
struct City;

struct Continent {
  std::int64_t id{};
  std::string name{};
  Collection<Country> countries{};
};
struct Country {
  std::int64_t id{};
  std::string name{};
  Ref<Continent> continent{};
  Collection<City> cities{};
};
struct City {
  std::int64_t id{};
  std::string name{};
  std::int64_t people{};
  Ref<Country> country{};
};
inline void describe(Schema<Continent>& continent) {
  continent.on<&Continent::countries>(mapped_by<&Country::continent>);
}
inline void describe(Schema<Country>& country) { country.on<&Country::cities>(mapped_by<&City::country>); }
inline void describe(Schema<City>& city) { city.on<&City::people>(default_value(7)); }

inline constexpr EntityList entities = kin::entities<City, Country, Continent>;

class UowCreateFlush : public DatabaseTest {};

TEST_P(UowCreateFlush, WritesParentsFirstWhateverTheOrderOfCreation) {
  EntityManager em = start(entities).em();
  auto oslo = em.create<City>({.name = "Oslo", .people = 1});
  auto norway = em.create<Country>({.name = "Norway"});
  oslo->country = norway;
  auto europe = em.create<Continent>({.name = "Europe", .countries = {norway}});
  em.flush();
  EXPECT_THAT(statements(),
              ElementsAre("begin", R"(insert into "continent" ("name") values (?))",
                          R"(insert into "country" ("name", "continent_id") values (?, ?))",
                          R"(insert into "city" ("name", "people", "country_id") values (?, ?, ?))",
                          "commit"));
  EXPECT_GT(oslo->id, 0);
  EXPECT_GT(norway->id, 0);
  EXPECT_GT(europe->id, 0);

  EntityManager other = orm().em();
  auto city = other.find_one_or_fail<City>(oslo->id);
  city->country.load();
  city->country->continent.load();
  EXPECT_EQ(city->country->name, "Norway");
  EXPECT_EQ(city->country->continent->name, "Europe");
}

TEST_P(UowCreateFlush, PutsRowsOfOneKindIntoOneBatch) {
  std::vector<std::pair<std::string, std::uint64_t>> queries;
  EntityManager em = start(entities, [&](Options& options) {
                       options.query_logger = [&](const Query& query) {
                         queries.emplace_back(query.sql, query.executions);
                       };
                     }).em();
  queries.clear();
  auto land = em.create<Country>({.name = "Land", .continent = em.create<Continent>({.name = "C"})});
  for (int i = 0; i < 5; ++i)
    em.create<City>({.name = "town " + std::to_string(i), .people = 1 + i, .country = land});
  em.flush();
  std::size_t inserts = 0;
  for (const auto& [sql, executions] : queries) inserts += sql.starts_with("insert");
  EXPECT_EQ(inserts, 3u) << "a batch for each of three types";
  EXPECT_EQ(em.count<City>(), 5u);
  EXPECT_EQ(land->cities.size(), 5u);
}

TEST_P(UowCreateFlush, LeavesOutAMemberAtItsDefaultWhereTheColumnHasOne) {
  EntityManager em = start(entities).em();
  auto land = em.create<Country>({.name = "Land", .continent = em.create<Continent>({.name = "C"})});
  em.flush();
  clear_statements();
  auto city = em.create<City>({.name = "Bergen", .country = land});
  em.flush();
  std::string insert = R"(insert into "city" ("name", "country_id") values (?, ?))";
  if (traits().returns_defaults) insert += R"( returning "people")";  // else a select follows
  EXPECT_THAT(statements(), ElementsAre("begin", insert, "commit"));
  EXPECT_EQ(city->people, 7) << "the database's default is read back";
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
}

TEST_P(UowCreateFlush, WithoutWorkSendsNothing) {
  EntityManager em = start(entities).em();
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u) << "an empty manager";
  em.create<Continent>({.name = "Asia"});
  em.flush();
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u) << "after a flush";
  EntityManager other = orm().em();
  auto asia = other.find<Continent>().one_or_fail();
  asia->name = "Africa";
  asia->name = "Asia";
  EXPECT_FALSE(other.has_changes());
  EXPECT_EQ(count_statements([&] { other.flush(); }), 0u) << "a value set and set back";
}

TEST_P(UowCreateFlush, TellsWhetherThereIsWork) {
  EntityManager em = start(entities).em();
  EXPECT_FALSE(em.has_changes());
  auto asia = em.create<Continent>({.name = "Asia"});
  EXPECT_TRUE(em.has_changes());
  em.flush();
  EXPECT_FALSE(em.has_changes());
  asia->name = "ASIA";
  EXPECT_TRUE(em.has_changes());
  em.flush();
  em.remove(asia);
  EXPECT_TRUE(em.has_changes());
  em.persist(asia);
  EXPECT_FALSE(em.has_changes());
}

TEST_P(UowCreateFlush, GivesTheSameObjectForTheSameRow) {
  EntityManager em = start(entities).em();
  auto asia = em.create<Continent>({.name = "Asia"});
  em.flush();
  EXPECT_EQ(count_statements([&] {
              EXPECT_EQ(em.find_one<Continent>(asia->id), asia);
              EXPECT_EQ(em.get_reference<Continent>(asia->id), asia);
            }),
            0u);
  EXPECT_EQ(em.find<Continent>(field<&Continent::name> == "Asia").one(), asia);
  EXPECT_EQ(em.find<Continent>().list().front(), asia);
  EXPECT_EQ(em.find<Continent>().list().front().get(), asia.get());

  EntityManager other = orm().em();
  auto stub = other.get_reference<Continent>(asia->id);
  EXPECT_FALSE(stub.is_initialized());
  auto found = other.find<Continent>().one();
  EXPECT_EQ(found, stub);
  EXPECT_TRUE(stub.is_initialized());
  EXPECT_NE(found, asia) << "each manager has objects of its own";
}

TEST_P(UowCreateFlush, KeepsChangesThatARereadFinds) {
  EntityManager em = start(entities, [](Options& options) { options.flush_mode = FlushMode::commit; }).em();
  auto asia = em.create<Continent>({.name = "Asia"});
  em.flush();
  asia->name = "Changed";
  em.find<Continent>().list();
  EXPECT_EQ(asia->name, "Changed");
  em.find<Continent>().refresh().list();
  EXPECT_EQ(asia->name, "Asia");
  asia->name = "Changed";
  EXPECT_TRUE(em.refresh(asia));
  EXPECT_EQ(asia->name, "Asia");
  EXPECT_FALSE(em.has_changes());
}

TEST_P(UowCreateFlush, NeverSendsWhatWasCreatedAndRemoved) {
  EntityManager em = start(entities).em();
  auto asia = em.create<Continent>({.name = "Asia"});
  em.remove(asia);
  EXPECT_FALSE(em.has_changes());
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
}

TEST_P(UowCreateFlush, NeverSendsWhatWasCreatedAndRemovedThoughACollectionHoldsIt) {
  EntityManager em = start(library::entities).em();
  auto ursula = em.create<library::Author>({.name = "Ursula", .email = "u"});
  em.flush();
  auto book = em.create<library::Book>({.title = "Lathe", .author = ursula});
  ASSERT_EQ(ursula->books.size(), 1u);
  em.remove(book);
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
  EXPECT_TRUE(ursula->books.empty());
  EXPECT_EQ(em.count<library::Book>(), 0u);
  em.persist(book);
  em.flush();
  EXPECT_EQ(em.count<library::Book>(), 1u);
  EXPECT_EQ(ursula->books.size(), 1u);
}

TEST_P(UowCreateFlush, PersistTakesBackARemovalOfANewEntity) {
  EntityManager em = start(entities).em();
  auto asia = em.create<Continent>({.name = "Asia"});
  em.remove(asia);
  em.persist(asia);
  em.flush();
  EXPECT_EQ(em.count<Continent>(), 1u);
}

TEST_P(UowCreateFlush, DetachedStaysOutUntilPersisted) {
  EntityManager em = start(entities).em();
  auto asia = em.create_detached<Continent>({.name = "Asia"});
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
  em.persist(asia);
  em.persist(asia);
  em.flush();
  EXPECT_EQ(em.count<Continent>(), 1u);
}

TEST_P(UowCreateFlush, RunsTwiceOverClearedManager) {
  EntityManager em = start(entities).em();
  em.create<Continent>({.name = "Asia"});
  em.clear();
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
  em.create<Continent>({.name = "Africa"});
  em.flush();
  em.clear();
  EXPECT_EQ(em.find<Continent>().one_or_fail()->name, "Africa");
}

KIN_ON_EVERY_DATABASE(UowCreateFlush);

}  // namespace kin::test::uow_create
