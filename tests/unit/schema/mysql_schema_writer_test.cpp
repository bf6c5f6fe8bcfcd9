// SPDX-License-Identifier: MIT
#include "schema/mysql_schema_writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <string_view>

#include "schema/mysql_ddl.hpp"
#include "sql/dialect.hpp"
#include "unit/schema/schema_model.hpp"
#include "unit/schema/schema_testing.hpp"

namespace {

using kin::ValidationError;
using kin::ValueView;
using kin::schema::mariadb_schema_writer;
using kin::schema::mysql_schema_writer;
using schema_writer_test::create;
using schema_writer_test::DescribedDatabase;
using schema_writer_test::differences;
using schema_writer_test::drop;
using schema_writer_test::Statements;
using schema_writer_test::update;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace library = schema_writer_test::library;
namespace composite = schema_writer_test::composite;
namespace types = schema_writer_test::types;

#define MYSQL_TABLE " engine = InnoDB default character set utf8mb4 collate utf8mb4_0900_bin"

TEST(MysqlSchemaWriter, CreatesTheLibrary) {
  EXPECT_THAT(
      (create<library::Book, library::Author, library::Tag>(mysql_schema_writer())),
      ElementsAre(
          "create table `author` (`id` bigint not null auto_increment primary key, "
          "`name` varchar(100) not null, `email` varchar(255) not null, `age` int, "
          "`mood` varchar(255) not null, unique index `author_email_unique` (`email`), "
          "constraint `author_mood_check` check (`mood` in ('calm', 'wild')))" MYSQL_TABLE,
          "create table `tag` (`name` varchar(255) not null, primary key (`name`))" MYSQL_TABLE,
          "create table `book` (`id` bigint not null auto_increment primary key, "
          "`title` longtext not null, `price` double not null, "
          "`slug` longtext generated always as (lower(title)) stored not null, "
          "`author_id` bigint not null, `editor_id` bigint, "
          "index `book_author_id_price_index` (`author_id`, `price`), "
          "index `book_editor_id_index` (`editor_id`), "
          "constraint `book_author_id_foreign` foreign key (`author_id`) references `author` (`id`) "
          "on update no action on delete cascade, "
          "constraint `book_editor_id_foreign` foreign key (`editor_id`) references `author` (`id`) "
          "on delete set null, constraint `book_check` check (title <> ''), "
          "constraint `book_price_check` check (price >= 0))" MYSQL_TABLE,
          "create table `book_tags` (`book_id` bigint not null, `tag_name` varchar(255) not null, "
          "primary key (`book_id`, `tag_name`), index `book_tags_tag_name_index` (`tag_name`), "
          "constraint `book_tags_book_id_foreign` foreign key (`book_id`) references `book` (`id`) "
          "on update cascade on delete cascade, "
          "constraint `book_tags_tag_name_foreign` foreign key (`tag_name`) references `tag` (`name`) "
          "on update cascade on delete cascade)" MYSQL_TABLE));
}

TEST(MariadbSchemaWriter, CreatesTheLibrary) {
  const Statements statements = create<library::Book>(mariadb_schema_writer());
  EXPECT_THAT(statements, Each(HasSubstr(" collate utf8mb4_nopad_bin")));
  EXPECT_THAT(statements, Contains(HasSubstr("`slug` longtext generated always as (lower(title)) stored, ")));
}

TEST(MysqlSchemaWriter, HasATypeForEachMember) {
  EXPECT_THAT(
      (create<types::Every>(mysql_schema_writer())),
      Contains(HasSubstr(
          "`flag` boolean not null, `i8` tinyint not null, `u8` tinyint unsigned not null, "
          "`i16` smallint not null, `u16` smallint unsigned not null, `i32` int not null, "
          "`u32` int unsigned not null, `i64` bigint not null, `u64` bigint unsigned not null, "
          "`f32` float not null, `f64` double not null, `text` longtext not null, "
          "`named` varchar(100) not null comment 'a name', `code` varchar(255) not null, "
          "`blob` longblob not null, `digest` varbinary(255) not null, `amount` decimal(12,2) not null, "
          "`any_amount` decimal(65,30) not null, `day` date not null, `clock` time(3) not null, "
          "`second` datetime not null, `moment` datetime(6) not null, `json` json not null, "
          "`own` char(3) not null, `parent_id` binary(16) not null,")));
}

TEST(MysqlSchemaWriter, ForeignKeysHaveTheTypeOfTheKey) {
  const Statements statements = create<types::Child>(mysql_schema_writer());
  EXPECT_THAT(statements, Contains(HasSubstr("`every` (`id` bigint unsigned not null auto_increment")));
  EXPECT_THAT(statements, Contains(HasSubstr("`every_id` bigint unsigned not null")));
}

TEST(MysqlSchemaWriter, WritesComments) {
  EXPECT_THAT((create<types::Every>(mysql_schema_writer())),
              Contains(testing::EndsWith(MYSQL_TABLE " comment = 'it''s \\\\ all'")));
}

TEST(MysqlSchemaWriter, AddsForeignKeysToLaterTablesAtTheEnd) {
  const Statements statements = create<composite::Egg>(mysql_schema_writer());
  EXPECT_EQ(statements.at(0),
            "create table `egg` (`id` bigint not null auto_increment primary key, `hen_id` bigint, "
            "index `egg_hen_id_index` (`hen_id`))" MYSQL_TABLE);
  EXPECT_EQ(statements.at(2),
            "alter table `egg` add constraint `egg_hen_id_foreign` foreign key (`hen_id`) "
            "references `hen` (`id`) on delete set null");
}

// A table without a schema is that of the connection, which nobody knows the name of.
TEST(MysqlSchemaWriter, MakesDatabases) {
  const Statements statements = create<composite::Elsewhere>(mysql_schema_writer());
  EXPECT_EQ(statements.at(0), "create database if not exists `other`");
  EXPECT_EQ(statements.at(2),
            "create table `other`.`what \"is\" it` (`id` bigint not null auto_increment primary key, "
            "`order_id` bigint not null, index `what \"is\" it_order_id_index` (`order_id`))" MYSQL_TABLE);
}

TEST(MysqlSchemaWriter, DropsAllTablesAtOnce) {
  EXPECT_THAT((drop<library::Book>(mysql_schema_writer())),
              ElementsAre("drop table if exists `book_tags`, `book`, `tag`, `author`"));
  EXPECT_THAT((drop<composite::Egg>(mysql_schema_writer())),
              ElementsAre("drop table if exists `hen`, `egg`"));
}

TEST(MariadbSchemaWriter, DropsCirclesOfForeignKeysFirst) {
  EXPECT_THAT((drop<composite::Egg>(mariadb_schema_writer())),
              ElementsAre("alter table if exists `egg` drop foreign key if exists `egg_hen_id_foreign`",
                          "drop table if exists `hen`, `egg`"));
}

TEST(MysqlDdl, WritesLiterals) {
  const kin::schema::MysqlDdl ddl(kin::sql::mysql_dialect());
  EXPECT_EQ(ddl.literal(ValueView::boolean(true)), "1");
  EXPECT_EQ(ddl.literal(ValueView::unsigned_integer(std::numeric_limits<std::uint64_t>::max())),
            "18446744073709551615");
  EXPECT_EQ(ddl.literal(ValueView::real(1e300)), "1e+300");
  EXPECT_THROW(ddl.literal(ValueView::real(std::numeric_limits<double>::infinity())), ValidationError);
  EXPECT_EQ(ddl.literal(ValueView::text("it's \\ ; --")), "'it''s \\\\ ; --'");
  EXPECT_EQ(ddl.literal(ValueView::text(std::string_view("a\0b", 3))), "'a\\0b'");
  EXPECT_EQ(ddl.literal(ValueView::blob("\x00\xff'", 3)), "x'00ff27'");
  EXPECT_EQ(ddl.literal(ValueView::timestamp(1'500'000, 3)), "'1970-01-01 00:00:01.500'");
  EXPECT_EQ(ddl.literal(ValueView::uuid("\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef")),
            "x'0123456789abcdef0123456789abcdef'");
}

// Types of any length take expressions only.
TEST(MysqlSchemaWriter, WritesDefaults) {
  const Statements statements = create<schema_writer_test::defaults::Thing>(mysql_schema_writer());
  EXPECT_THAT(statements.at(0), HasSubstr("`text` longtext not null default ('it''s {} \" \\\\ ; --'), "
                                          "`flag` boolean not null default 1, `number` int not null default "
                                          "-5, `real` double not null default 2.0"));
  EXPECT_THAT(statements.at(0), HasSubstr("`color` varchar(255) not null default 'it_s', "
                                          "`day` date not null default '2024-02-29', "
                                          "`moment` datetime not null default '2024-02-29 12:00:00'"));
}

/// The tables of the library as MySQL tells of what create() makes.
DescribedDatabase library_database() {
  DescribedDatabase database;
  database.tables = {
      {"author",
       {{"id", "bigint", true, 1, 1},
        {"name", "varchar(100)"},
        {"email", "varchar(255)"},
        {"age", "int", false},
        {"mood", "varchar(255)"}},
       {{"author_email_unique", {"email"}, true}, {"PRIMARY", {"id"}, true}},
       {{"author_mood_check", R"((`mood` in (_utf8mb4\'calm\',_utf8mb4\'wild\')))"}}},
      {"book",
       {{"id", "bigint", true, 1, 1},
        {"title", "longtext"},
        {"price", "double"},
        {"slug", "longtext", true, 0, 2},
        {"author_id", "bigint"},
        {"editor_id", "bigint", false}},
       {{"book_author_id_price_index", {"author_id", "price"}}, {"book_editor_id_index", {"editor_id"}}},
       {{"book_check", R"((`title` <> _utf8mb4\'\'))"}, {"book_price_check", "(`price` >= 0)"}}},
      {"tag", {{"name", "varchar(255)", true, 1}}},
      {"book_tags",
       {{"book_id", "bigint", true, 1}, {"tag_name", "varchar(255)", true, 2}},
       {{"book_tags_tag_name_index", {"tag_name"}}}},
  };
  return database;
}

TEST(MysqlUpdate, HasNothingToDoWhenNothingIsMissing) {
  DescribedDatabase database = library_database();
  EXPECT_THAT((update<library::Author, library::Book>(mysql_schema_writer(), database)), IsEmpty());
  EXPECT_THAT(database.questions, Each(HasSubstr("database()")));
  // As MariaDB tells of them.
  database.column("author", "id").type = "bigint(20)";
  database.column("author", "age").type = "int(11)";
  database.table("author").checks.front().text = "`mood` in ('calm','wild')";
  EXPECT_THAT((update<library::Author, library::Book>(mariadb_schema_writer(), database)), IsEmpty());
}

TEST(MysqlUpdate, AddsColumnsWithTheirConstraints) {
  DescribedDatabase database = library_database();
  database.erase_column("book", "slug");
  database.erase_column("book", "editor_id");
  database.table("book").indexes.pop_back();
  database.table("book").checks.pop_back();
  EXPECT_THAT(
      (update<library::Author, library::Book>(mysql_schema_writer(), database)),
      ElementsAre(
          "alter table `book` add column `slug` longtext generated always as (lower(title)) stored not null",
          "alter table `book` add column `editor_id` bigint",
          "alter table `book` add constraint `book_price_check` check (price >= 0)",
          "create index `book_editor_id_index` on `book` (`editor_id`)",
          "alter table `book` add constraint `book_editor_id_foreign` foreign key (`editor_id`) "
          "references `author` (`id`) on delete set null"));
}

TEST(MysqlUpdate, AllowsTwoTablesAnIndexOfTheSameName) {
  DescribedDatabase database = library_database();
  database.table("author").indexes.clear();
  database.table("tag").indexes = {{"author_email_unique", {"name"}}};
  EXPECT_THAT((update<library::Author, library::Book>(mysql_schema_writer(), database)),
              ElementsAre("create unique index `author_email_unique` on `author` (`email`)"));
}

TEST(MysqlUpdate, TakesTypesThatKeepTheSameValues) {
  DescribedDatabase database = library_database();
  database.column("author", "name").type = "tinytext";
  database.column("author", "age").type = "bigint";
  database.column("author", "mood").type = "enum('calm','wild')";
  EXPECT_THAT((update<library::Author, library::Book>(mysql_schema_writer(), database)), IsEmpty());
}

TEST(MysqlUpdate, ReportsColumnsOfAnotherShape) {
  DescribedDatabase database = library_database();
  database.column("author", "id").made = 0;
  database.column("author", "name").type = "int";
  database.column("author", "age").type = "int unsigned";
  database.column("book", "price").type = "float";
  EXPECT_THAT(
      (differences<library::Author, library::Book>(mysql_schema_writer(), database)),
      ElementsAre(
          HasSubstr("Author.id: column id of table author is not numbered by MySQL"),
          HasSubstr("Author.name: column name of table author is of type int, and here of varchar(100)"),
          HasSubstr("Author.age: column age of table author is of type int unsigned, and here of int"),
          HasSubstr("Book.price: column price of table book is of type float, and here of double")));
}

// JSON is text on MariaDB.
TEST(MysqlUpdate, KnowsJsonByItsOwnType) {
  const kin::schema::MysqlDdl mysql(kin::sql::mysql_dialect());
  const kin::schema::MariadbDdl mariadb(kin::sql::mariadb_dialect());
  const kin::metadata::testing::Entities<types::Every> entities;
  const kin::Column& json = entities.column<types::Every>("json");
  EXPECT_TRUE(mysql.fits("json", json));
  EXPECT_FALSE(mysql.fits("longtext", json));
  EXPECT_TRUE(mariadb.fits("longtext", json));
}

}  // namespace
