// SPDX-License-Identifier: MIT
// Which server a statement goes to. The "replicas" here are databases of their own on the same server, where
// what is read tells which one it was; tests/db/postgresql has one that follows its primary.
#include <gmock/gmock.h>
#include <kin/sqlite.hpp>

#include <set>

#include "db/support/database.hpp"

namespace kin::test::replicas {

using testing::HasSubstr;

struct Shelf;
struct Place {
  std::int64_t id{};
  std::string name{};
  Collection<Shelf> shelves{};
};
struct Shelf {
  std::int64_t id{};
  std::string name{};
  Ref<Place> place{};
};
inline void describe(Schema<Place>& place) { place.on<&Place::shelves>(mapped_by<&Shelf::place>); }

class Replicas : public DatabaseTest {
 protected:
  static constexpr EntityList all = entities<Place, Shelf>;

  /// Another database with these tables and one row of each, which bear the name.
  ReplicaOptions replica(const std::string& name) {
    Options options;
    places_.push_back(GetParam().prepare(options));
    options.entities = all;
    Orm orm(options);
    orm.schema().create();
    fill(orm, name);
    ReplicaOptions replica;
    replica.client_url = options.client_url;
    return replica;
  }
  void start_with(std::vector<ReplicaOptions> replicas, std::function<void(Options&)> change = {}) {
    start(all, [&](Options& options) {
      options.replicas = std::move(replicas);
      if (change) change(options);
    });
    fill(orm(), "primary");
    clear_statements();
  }
  static void fill(Orm& orm, const std::string& name) {
    EntityManager em = orm.em();
    auto place = em.create<Place>({.name = name});
    em.create<Shelf>({.name = name, .place = place});
    em.flush();
  }
  static std::string name(EntityManager& em) {
    em.clear();
    return em.find<Place>().limit(1).one()->name;
  }
  std::string name() {
    EntityManager em = orm().em();
    return name(em);
  }

 private:
  std::vector<std::shared_ptr<const void>> places_;
};

TEST_P(Replicas, ReadsGoToTheReplica) {
  start_with({replica("replica")});
  EntityManager em = orm().em();
  const auto places = em.find<Place>().populate<&Place::shelves>().list();
  ASSERT_EQ(places.size(), 1u);
  EXPECT_EQ(places[0]->name, "replica");
  EXPECT_EQ(places[0].get<&Place::shelves>()[0]->name, "replica");
  EXPECT_EQ(orm().em().find_one<Place>(1)->name, "replica");
  EXPECT_EQ(em.count<Place>(field<&Place::name> == "replica"), 1u);
  EXPECT_TRUE(em.find<Place>(field<&Place::name> == "replica").exists());
  EXPECT_EQ(sync_wait(em.count_async<Place>(field<&Place::name> == "replica")), 1u);
  struct Name {
    std::string name{};
  };
  EXPECT_EQ(em.query<Place>().select(field<&Place::name>).rows<Name>()[0].name, "replica");
  EXPECT_EQ(em.find<Place>().as<Name>(field<&Place::name>).list()[0].name, "replica");
}

TEST_P(Replicas, RawStatementsAndTransactionsGoToThePrimary) {
  start_with({replica("replica")});
  EntityManager em = orm().em();
  EXPECT_EQ(em.execute("select name from place")[0].get<std::string>("name"), "primary");
  EXPECT_EQ(name(em), "replica") << "a query of the user's own pins nothing";
  em.transactional([](EntityManager& inner) { EXPECT_EQ(name(inner), "primary"); });
  em.begin();
  EXPECT_EQ(em.find<Place>().connection_type(ConnectionType::read).one()->name, "primary");
  em.clear();
  EXPECT_EQ(em.find_one<Place>(1, LockMode::pessimistic_write)->name, "primary");
  em.rollback();
  EXPECT_EQ(name(em), "replica");
}

TEST_P(Replicas, ReadsAfterAWriteStayAtThePrimaryUntilTheManagerIsCleared) {
  start_with({replica("replica")});
  EntityManager em = orm().em();
  em.create<Place>({.name = "new"});
  em.flush();
  EXPECT_EQ(em.count<Place>(), 2u);
  EXPECT_EQ(em.find<Place>(field<&Place::name> == "primary").list().size(), 1u);
  EXPECT_EQ(em.find<Place>().connection_type(ConnectionType::read).count(), 1u) << "said so";
  EXPECT_EQ(orm().em().count<Place>(), 1u) << "other managers are free";
  em.clear();
  EXPECT_EQ(em.count<Place>(), 1u);
  em.execute("update place set name = {} where id = {}", "changed", 77);
  EXPECT_EQ(em.count<Place>(), 2u);
}

TEST_P(Replicas, PinningCanBeSwitchedOff) {
  start_with({replica("replica")}, [](Options& options) { options.pin_reads_after_write = false; });
  EntityManager em = orm().em();
  em.create<Place>({.name = "new"});
  em.flush();
  EXPECT_EQ(em.count<Place>(), 1u);
}

TEST_P(Replicas, AReadMayAskForThePrimary) {
  start_with({replica("replica")});
  EntityManager em = orm().em();
  const auto places =
      em.find<Place>().connection_type(ConnectionType::write).populate<&Place::shelves>().list();
  EXPECT_EQ(places[0]->name, "primary");
  EXPECT_EQ(places[0].get<&Place::shelves>()[0]->name, "primary")
      << "what is populated comes from there, too";
  EXPECT_EQ(name(em), "replica") << "the next read is free again";
  struct Name {
    std::string name{};
  };
  auto query = em.query<Place>();
  query.connection_type(ConnectionType::write).select(field<&Place::name>);
  EXPECT_EQ(query.rows<Name>()[0].name, "primary");
}

TEST_P(Replicas, ReplicasMayBeForThoseWhoAsk) {
  start_with({replica("replica")}, [](Options& options) { options.prefer_read_replicas = false; });
  EntityManager em = orm().em();
  EXPECT_EQ(name(em), "primary");
  em.clear();
  EXPECT_EQ(em.find<Place>().connection_type(ConnectionType::read).one()->name, "replica");
}

TEST_P(Replicas, SeveralTakeTurns) {
  start_with({replica("one"), replica("two")});
  std::multiset<std::string> names;
  for (int i = 0; i < 6; ++i) names.insert(name());
  EXPECT_EQ(names.count("one"), 3u);
  EXPECT_EQ(names.count("two"), 3u);
}

TEST_P(Replicas, OneThatIsDownIsReplacedByAnotherOne) {
  ReplicaOptions down = replica("down");
  down.port = 1;  // where nobody listens
  start_with({down, replica("up")});
  for (int i = 0; i < 4; ++i) EXPECT_EQ(name(), "up");
}

TEST_P(Replicas, WhenAllAreDownThePrimaryReads) {
  ReplicaOptions down;
  down.port = 1;
  start_with({down, down});
  for (int i = 0; i < 4; ++i) EXPECT_EQ(name(), "primary");
  EntityManager em = orm().em();
  EXPECT_EQ(sync_wait(em.count_async<Place>()), 1u);
}

TEST_P(Replicas, EmptyMembersAreThePrimarys) {
  start_with({ReplicaOptions()});
  EXPECT_EQ(name(), "primary");
}

TEST_P(Replicas, HooksRunOnTheirConnectionsToo) {
  start_with({replica("replica")}, [](Options& options) {
    options.on_reserve_connection = [](ConnectionSetup& setup) { setup.execute("select 'lent' as a"); };
  });
  EXPECT_EQ(name(), "replica");
  EXPECT_EQ(sent().size(), 2u);
  EXPECT_THAT(sent()[0], HasSubstr("'lent'"));
}

TEST_P(Replicas, AUrlThatCannotBeReadIsRefusedWithoutIt) {
  ReplicaOptions wrong;
  wrong.client_url = "no://url at all:secret@";
  try {
    start_with({wrong});
    FAIL() << "nobody knows where that is";
  } catch (const ValidationError& error) {
    EXPECT_THAT(error.what(), HasSubstr("client_url"));
    EXPECT_THAT(error.what(), testing::Not(HasSubstr("secret")));
  }
}

KIN_ON_EVERY_DATABASE_SERVER(Replicas);

TEST(ReplicasOfSqlite, AreRefused) {
  Options options;
  options.driver = sqlite::driver();
  options.db_name = ":memory:";
  options.entities = entities<Place, Shelf>;
  options.replicas.resize(1);
  try {
    const Orm orm(options);
    FAIL() << "a file has no replica";
  } catch (const ValidationError& error) {
    EXPECT_THAT(error.what(), HasSubstr("Options::replicas"));
  }
}

}  // namespace kin::test::replicas
