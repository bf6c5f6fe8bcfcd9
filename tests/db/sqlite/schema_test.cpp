// SPDX-License-Identifier: MIT
// Tables as SQLite itself understands them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kin/collection.hpp>
#include <kin/entity.hpp>
#include <kin/error.hpp>
#include <kin/reference.hpp>
#include <kin/schema.hpp>
#include <kin/types/decimal.hpp>

#include <chrono>
#include <optional>

#include "db/sqlite/support.hpp"
#include "metadata/registry.hpp"

namespace kin::seam_test {

namespace schema_test {

enum class Color : std::uint8_t { red, green };

struct Tag;
struct Maker {
  std::int64_t id{};
  std::string name{};
};
struct Thing {
  std::int64_t id{};
  std::string name{};
  Decimal price{};
  Color color{};
  std::chrono::sys_days day{};
  std::string upper_name{};
  std::optional<int> count{};
  Ref<Maker> maker{};
  Ref<Thing> part_of{};
  Collection<Tag> tags{};
};
struct Tag {
  std::string name{};
  Collection<Thing> things{};
};
inline void describe(Schema<Thing>& thing) {
  thing.on<&Thing::name>(unique, default_value("it's \"{}\" \\")).on<&Thing::price>(default_value("9.50"));
  thing.on<&Thing::color>(default_value(Color::green)).on<&Thing::day>(default_value("2024-02-29"));
  thing.on<&Thing::upper_name>(generated("upper(name)")).on<&Thing::count>(check("\"count\" > 0"));
  thing.on<&Thing::part_of>(nullable());
  thing.index<&Thing::maker, &Thing::day>();
}
inline void describe(Schema<Tag>& tag) {
  tag.on<&Tag::name>(primary_key).on<&Tag::things>(mapped_by<&Thing::tags>);
}

/// The table of Thing in an older and in a contrary version.
struct Before {
  std::int64_t id{};
  std::string name{};
};
inline void describe(Schema<Before>& before) { before.table("thing"); }

struct Contrary {
  std::int64_t id{};
  int name{};
  std::string missing{};
};
inline void describe(Schema<Contrary>& contrary) { contrary.table("thing"); }

struct Egg;
struct Hen {
  std::int64_t id{};
  Ref<Egg> egg{};
};
struct Egg {
  std::int64_t id{};
  Ref<Hen> hen{};
};
inline void describe(Schema<Egg>& egg) { egg.on<&Egg::hen>(nullable()); }

struct Filed {
  std::int64_t id{};
  std::string name{};
};
inline void describe(Schema<Filed>& filed) { filed.schema("archive").on<&Filed::name>(unique); }

}  // namespace schema_test

namespace {

using schema_test::Before;
using schema_test::Contrary;
using schema_test::Hen;
using schema_test::Maker;
using schema_test::Tag;
using schema_test::Thing;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SqliteSchema : public testing::Test {
 protected:
  /// A generator for other entities over the same database.
  template <class... Ts>
  SchemaGenerator schema() {
    Options options;
    options.entities = entities<Ts...>;
    registries_.push_back(std::make_unique<metadata::Registry>(options));
    return SchemaGenerator(*driver_, *registries_.back());
  }
  std::int64_t tables() {
    return integer(lend(*driver_),
                   "select count(*) from sqlite_master where type = 'table' and name not like 'sqlite%'");
  }
  void run(std::string_view sql) { execute(lend(*driver_), sql); }

  std::vector<std::string> statements_{};
  const std::unique_ptr<driver::Driver> driver_ = make_driver(":memory:", {}, [this](Options& options) {
    options.query_logger = [this](const Query& query) { statements_.push_back(query.sql); };
  });
  std::vector<std::unique_ptr<metadata::Registry>> registries_{};
};

TEST_F(SqliteSchema, CreateMakesTablesThatAreUpToDate) {
  const SchemaGenerator generator = schema<Thing>();
  generator.create();
  EXPECT_EQ(tables(), 4);
  EXPECT_THAT(generator.update_sql(), IsEmpty());
  EXPECT_THROW(generator.create(), TableExistsError);
}

TEST_F(SqliteSchema, CreateRunsInOneTransaction) {
  schema<Thing>().create();
  EXPECT_EQ(statements_.front(), "begin immediate");
  EXPECT_EQ(statements_.back(), "commit");
  run("drop table thing_tags");
  EXPECT_THROW(schema<Thing>().create(), TableExistsError);
  EXPECT_EQ(tables(), 3);
}

TEST_F(SqliteSchema, DefaultsAreWhatTheDriverStores) {
  schema<Thing>().create();
  run("insert into maker (name) values ('m')");
  run("insert into thing (maker_id) values (1)");
  const Loan loan = lend(*driver_);
  EXPECT_EQ(text(loan, "select name from thing"), "it's \"{}\" \\");
  EXPECT_EQ(text(loan, "select price from thing"), "9.50");
  EXPECT_EQ(text(loan, "select color || day from thing"), "green2024-02-29");
  EXPECT_EQ(text(loan, "select upper_name from thing"), "IT'S \"{}\" \\");
}

TEST_F(SqliteSchema, ConstraintsHold) {
  schema<Thing>().create();
  run("insert into maker (name) values ('m')");
  run("insert into thing (name, maker_id) values ('a', 1)");
  EXPECT_THROW(run("insert into thing (name, maker_id) values ('a', 1)"), UniqueConstraintViolationError);
  EXPECT_THROW(run("insert into thing (name, maker_id) values ('b', 7)"), ForeignKeyConstraintViolationError);
  EXPECT_THROW(run("insert into thing (name) values ('b')"), NotNullConstraintViolationError);
  EXPECT_THROW(run("update thing set color = 'blue'"), CheckConstraintViolationError);
  EXPECT_THROW(run("update thing set \"count\" = 0"), CheckConstraintViolationError);
}

TEST_F(SqliteSchema, RulesOfForeignKeysHold) {
  schema<Thing>().create();
  run("insert into maker (name) values ('m')");
  run("insert into thing (name, maker_id) values ('whole', 1)");
  run("insert into thing (name, maker_id, part_of_id) values ('part', 1, 1)");
  run("insert into tag (name) values ('t')");
  run("insert into thing_tags values (1, 't'), (2, 't')");
  EXPECT_THROW(run("delete from maker"), ForeignKeyConstraintViolationError);
  run("delete from thing where id = 1");
  const Loan loan = lend(*driver_);
  EXPECT_EQ(integer(loan, "select count(*) from thing where part_of_id is null"), 1);
  EXPECT_EQ(integer(loan, "select count(*) from thing_tags"), 1);
}

TEST_F(SqliteSchema, KeysOfDeletedRowsAreNotUsedAgain) {
  schema<Maker>().create();
  run("insert into maker (name) values ('a'), ('b')");
  run("delete from maker where id = 2");
  run("insert into maker (name) values ('c')");
  EXPECT_EQ(integer(lend(*driver_), "select max(id) from maker"), 3);
}

TEST_F(SqliteSchema, UpdateMakesAllOfAnEmptyDatabase) {
  schema<Thing>().update();
  EXPECT_EQ(tables(), 4);
  EXPECT_THAT(schema<Thing>().update_sql(), IsEmpty());
}

TEST_F(SqliteSchema, UpdateAddsWhatIsMissingAndKeepsRows) {
  schema<Before, Maker>().create();
  run("insert into thing (name) values ('old')");
  run("alter table thing add column maker_id integer not null default 0");
  schema<Thing>().update();
  const Loan loan = lend(*driver_);
  EXPECT_EQ(text(loan, "select name || price || color || day || upper_name from thing"),
            "old9.50green2024-02-29OLD");
  EXPECT_EQ(integer(loan, "select count(*) from thing where part_of_id is null and \"count\" is null"), 1);
  EXPECT_THAT(schema<Thing>().update_sql(), IsEmpty());
}

TEST_F(SqliteSchema, UpdateWithNothingToDoTakesNoLock) {
  schema<Thing>().create();
  statements_.clear();
  schema<Thing>().update();
  EXPECT_THAT(statements_, ElementsAre(HasSubstr("select"), HasSubstr("select"), HasSubstr("select")));
}

TEST_F(SqliteSchema, UpdateChangesNothingWhenItCannotDoAll) {
  schema<Before>().create();
  const auto error = caught<ValidationError>([&] { schema<Contrary>().update(); });
  EXPECT_THAT(error.what(),
              HasSubstr("Contrary.name: column name of table thing is of type TEXT, and here of integer"));
  EXPECT_THAT(error.what(), HasSubstr("Contrary.missing: table thing has no column missing"));
  EXPECT_THROW((void)schema<Contrary>().update_sql(), ValidationError);
  EXPECT_EQ(tables(), 1);
}

TEST_F(SqliteSchema, UpdateReportsEnumsThatHaveGrown) {
  schema<Thing>().create();
  {
    const Loan loan = lend(*driver_);  // one for both, since the pragma holds as long as the loan
    execute(loan, "pragma writable_schema = on");
    execute(
        loan,
        "update sqlite_master set sql = replace(sql, '''red'', ''green''', '''red''') where name = 'thing'");
  }
  const auto error = caught<ValidationError>([&] { schema<Thing>().update(); });
  EXPECT_THAT(error.what(),
              HasSubstr("Thing.color: the check thing_color_check of table thing allows other values"));
}

TEST_F(SqliteSchema, DropTakesAwayFullTables) {
  const SchemaGenerator generator = schema<Thing>();
  generator.create();
  run("create table other (id integer primary key)");
  run("insert into maker (name) values ('m')");
  run("insert into thing (name, maker_id, part_of_id) values ('a', 1, 1)");
  run("insert into tag (name) values ('t')");
  run("insert into thing_tags values (1, 't')");
  generator.drop();
  EXPECT_EQ(tables(), 1);
  generator.drop();
}

TEST_F(SqliteSchema, DropTakesAwayTablesThatReferToEachOther) {
  const SchemaGenerator generator = schema<Hen>();
  generator.create();
  run("insert into egg (id) values (1)");
  run("insert into hen (id, egg_id) values (1, 1)");
  run("update egg set hen_id = 1");
  generator.drop();
  EXPECT_EQ(tables(), 0);
}

TEST_F(SqliteSchema, RefreshMakesEmptyTables) {
  const SchemaGenerator generator = schema<Maker>();
  generator.refresh();
  run("insert into maker (name) values ('m')");
  generator.refresh();
  EXPECT_EQ(integer(lend(*driver_), "select count(*) from maker"), 0);
}

TEST_F(SqliteSchema, HasAnAsyncFace) {
  const SchemaGenerator generator = schema<Thing>();
  sync_wait(generator.create_async());
  EXPECT_THAT(sync_wait(generator.update_sql_async()), IsEmpty());
  sync_wait(generator.update_async());
  sync_wait(generator.refresh_async());
  sync_wait(generator.drop_async());
  EXPECT_EQ(tables(), 0);
  // A task does not need the generator that made it.
  sync_wait(schema<Thing>().create_async());
  EXPECT_EQ(tables(), 4);
}

TEST_F(SqliteSchema, MakesTablesInAttachedFiles) {
  const TemporaryDatabase file;
  const auto attaching = make_driver(
      ":memory:", sqlite::Options{.on_connect = {"attach database '" + file.path() + "' as archive"}});
  Options options;
  options.entities = entities<schema_test::Filed>;
  const metadata::Registry registry(options);
  const SchemaGenerator generator(*attaching, registry);
  generator.create();
  EXPECT_EQ(integer(lend(*attaching), "select count(*) from archive.sqlite_master where name like 'filed%'"),
            2);
  EXPECT_THAT(generator.update_sql(), IsEmpty());
  generator.drop();
  EXPECT_EQ(integer(lend(*attaching), "select count(*) from archive.sqlite_master where name like 'filed%'"),
            0);
}

}  // namespace
}  // namespace kin::seam_test
