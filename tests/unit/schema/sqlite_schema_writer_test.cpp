// SPDX-License-Identifier: MIT
#include "schema/sqlite_schema_writer.hpp"

#include <kin/collection.hpp>
#include <kin/reference.hpp>
#include <kin/types/blob.hpp>
#include <kin/types/decimal.hpp>
#include <kin/types/uuid.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/sqlite_literal.hpp"
#include "unit/metadata/chinook_model.hpp"
#include "unit/metadata/metadata_testing.hpp"
#include "unit/schema/schema_model.hpp"

namespace {

using kin::Task;
using kin::ValidationError;
using kin::ValueView;
using kin::metadata::testing::Entities;
using kin::metadata::testing::lines_of;
using kin::schema::sqlite_literal;
using kin::schema::sqlite_schema_writer;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Statements = std::vector<std::string>;

template <class... Ts>
Statements create() {
  const Entities<Ts...> entities;
  return sqlite_schema_writer().create(entities.entities());
}
template <class... Ts>
Statements drop() {
  const Entities<Ts...> entities;
  return sqlite_schema_writer().drop(entities.entities());
}

}  // namespace

// ---- create() and drop().
// ----------------------------------------------------------------------------------------

namespace library = schema_writer_test::library;

namespace {

TEST(SqliteSchemaWriter, CreatesTablesInCommitOrderAndPivotTablesLast) {
  EXPECT_THAT(
      (create<library::Book, library::Author, library::Tag>()),
      ElementsAre(
          R"(create table "author" ("id" integer primary key autoincrement, "name" varchar(100) not null, )"
          R"("email" text not null, "age" integer, "mood" text not null, )"
          R"(constraint "author_mood_check" check ("mood" in ('calm', 'wild'))))",
          R"(create unique index "author_email_unique" on "author" ("email"))",
          R"(create table "tag" ("name" text not null, primary key ("name")))",
          R"(create table "book" ("id" integer primary key autoincrement, "title" text not null, )"
          R"("price" real not null, "slug" text generated always as (lower(title)) virtual not null, )"
          R"("author_id" integer not null references "author" ("id") on update no action on delete cascade, )"
          R"("editor_id" integer references "author" ("id") on delete set null, )"
          R"(constraint "book_check" check (title <> ''), constraint "book_price_check" check (price >= 0)))",
          R"(create index "book_author_id_price_index" on "book" ("author_id", "price"))",
          R"(create index "book_editor_id_index" on "book" ("editor_id"))",
          R"(create table "book_tags" ("book_id" integer not null references "book" ("id") )"
          R"(on update cascade on delete cascade, "tag_name" text not null references "tag" ("name") )"
          R"(on update cascade on delete cascade, primary key ("book_id", "tag_name")) without rowid)",
          R"(create index "book_tags_tag_name_index" on "book_tags" ("tag_name"))"));
}

TEST(SqliteSchemaWriter, WritesTheSameTextEachTime) {
  EXPECT_EQ((create<library::Book>()), (create<library::Book>()));
  EXPECT_EQ((drop<library::Book>()), (drop<library::Book>()));
}

TEST(SqliteSchemaWriter, DropsTablesThatReferToOthersFirst) {
  EXPECT_THAT((drop<library::Author, library::Book>()),
              ElementsAre(R"(drop table if exists "book_tags")", R"(drop table if exists "book")",
                          R"(drop table if exists "tag")", R"(drop table if exists "author")"));
}

}  // namespace

namespace composite = schema_writer_test::composite;

namespace {

TEST(SqliteSchemaWriter, WritesKeysOfSeveralColumns) {
  const Statements statements = create<composite::Remark>();
  EXPECT_EQ(statements.at(1),
            R"(create table "line" ("order_id" integer not null references "order" ("id") on update cascade )"
            R"(on delete cascade, "number" integer not null, primary key ("order_id", "number")))");
  EXPECT_EQ(statements.at(2),
            R"(create table "remark" ("id" integer primary key autoincrement, "line_order_id" integer, )"
            R"("line_number" integer, foreign key ("line_order_id", "line_number") references "line" )"
            R"(("order_id", "number") on update cascade on delete set null))");
  EXPECT_EQ(
      statements.at(4),
      R"(create table "remark_similar" ("remark_id" integer not null references "remark" ("id") )"
      R"(on update cascade on delete cascade, "line_order_id" integer not null, "line_number" integer not null, )"
      R"(primary key ("remark_id", "line_order_id", "line_number"), foreign key ("line_order_id", "line_number") )"
      R"(references "line" ("order_id", "number") on update cascade on delete cascade) without rowid)");
}

TEST(SqliteSchemaWriter, QuotesNamesAndWritesSchemas) {
  const Statements statements = create<composite::Elsewhere>();
  // There are no foreign keys into another file.
  EXPECT_EQ(statements.at(1),
            R"(create table "other"."what ""is"" it" ("id" integer primary key autoincrement, )"
            R"("order_id" integer not null))");
  EXPECT_EQ(statements.at(2),
            R"(create index "other"."what ""is"" it_order_id_index" on "what ""is"" it" ("order_id"))");
}

TEST(SqliteSchemaWriter, DropsNoTableWhoseRowsOthersHoldOnTo) {
  // An egg gives its hen up, a hen does not give up its egg.
  EXPECT_THAT((drop<composite::Egg>()),
              ElementsAre(R"(drop table if exists "hen")", R"(drop table if exists "egg")"));
}

TEST(SqliteSchemaWriter, CreatesTablesWithGivenNames) {
  const Statements statements = create<chinook::Artist, chinook::Album, chinook::Track, chinook::Playlist,
                                       chinook::Employee, chinook::Customer>();
  EXPECT_THAT(
      statements,
      Contains(R"(create table "Track" ("TrackId" integer primary key autoincrement, "Name" text not null, )"
               R"("AlbumId" integer references "Album" ("AlbumId") on delete set null, "Bytes" integer, )"
               R"("UnitPrice" numeric(10,2) not null))"));
  EXPECT_THAT(statements, Contains(HasSubstr(R"(create table "PlaylistTrack" ("PlaylistId" integer not null )"
                                             R"(references "Playlist" ("PlaylistId"))")));
}

}  // namespace

// ---- Default values.
// ---------------------------------------------------------------------------------------------

namespace defaults = schema_writer_test::defaults;

namespace {

TEST(SqliteSchemaWriter, WritesDefaultsAsTheDriverWouldStoreThem) {
  EXPECT_EQ(
      create<defaults::Thing>().front(),
      R"(create table "thing" ("id" integer primary key autoincrement, )"
      R"("text" text not null default 'it''s {} " \ ; --', "flag" boolean not null default 1, )"
      R"("number" integer not null default -5, "real" real not null default 2.0, )"
      R"("price" text not null default '9.50', "color" text not null default 'it_s', )"
      R"("day" date not null default '2024-02-29', "moment" datetime not null default '2024-02-29 12:00:00', )"
      R"("now" text not null default (datetime('now')), "maybe" integer default 1, )"
      R"(constraint "thing_color_check" check ("color" in ('red', 'it_s'))))");
}

TEST(SqliteLiteral, IsSafeForAnyBytes) {
  EXPECT_EQ(sqlite_literal(ValueView::null()), "null");
  EXPECT_EQ(sqlite_literal(ValueView::boolean(false)), "0");
  EXPECT_EQ(sqlite_literal(ValueView::integer(std::numeric_limits<std::int64_t>::min())),
            "-9223372036854775808");
  EXPECT_EQ(sqlite_literal(ValueView::unsigned_integer(7)), "7");
  EXPECT_THROW(sqlite_literal(ValueView::unsigned_integer(std::numeric_limits<std::uint64_t>::max())),
               ValidationError);
  EXPECT_EQ(sqlite_literal(ValueView::real(0.1)), "0.1");
  EXPECT_EQ(sqlite_literal(ValueView::real(1e300)), "1e+300");
  EXPECT_EQ(sqlite_literal(ValueView::real(3)), "3.0");
  EXPECT_EQ(sqlite_literal(ValueView::real(std::numeric_limits<double>::infinity())), "9e999");
  EXPECT_EQ(sqlite_literal(ValueView::real(-std::numeric_limits<double>::infinity())), "-9e999");
  EXPECT_THROW(sqlite_literal(ValueView::real(std::numeric_limits<double>::quiet_NaN())), ValidationError);
  EXPECT_EQ(sqlite_literal(ValueView::text("'';'")), "''''';'''");
  using namespace std::string_view_literals;
  EXPECT_EQ(sqlite_literal(ValueView::text("a\0'"sv)), "(cast(x'610027' as text))");
  EXPECT_EQ(sqlite_literal(ValueView::blob("\x00\xff'", 3)), "x'00ff27'");
  EXPECT_EQ(sqlite_literal(ValueView::blob(nullptr, 0)), "x''");
  EXPECT_EQ(sqlite_literal(ValueView::json(R"({"a":"'"})")), R"('{"a":"''"}')");
  EXPECT_EQ(sqlite_literal(ValueView::date(0)), "'1970-01-01'");
  EXPECT_EQ(sqlite_literal(ValueView::time(3'600'500'000)), "'01:00:00.500'");
  EXPECT_EQ(sqlite_literal(ValueView::timestamp(1'500'000, 3)), "'1970-01-01 00:00:01.500'");
  EXPECT_EQ(
      sqlite_literal(ValueView::uuid("\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef")),
      "'01234567-89ab-cdef-0123-456789abcdef'");
}

}  // namespace

// ---- update().
// ---------------------------------------------------------------------------------------------------

namespace {

/// Answers the questions of update() about tables that a test describes; real ones are asked in tests/db.
class FakeDatabase final : public kin::driver::Connection {
 public:
  struct Column {
    std::string name;
    std::string type;
    bool not_null = true;
    int key = 0;
    int hidden = 0;
  };
  struct Index {
    std::string name;
    std::vector<std::string> columns;
    bool unique = false;
    bool partial = false;
  };
  struct Table {
    std::string name;
    std::vector<Column> columns;
    std::vector<Index> indexes{};
    std::string sql{};
    std::string type = "table";
    std::string schema = "main";
  };
  std::vector<Table> tables{};
  std::vector<std::string> questions{};

  Task<std::uint64_t> modify(const kin::driver::ReadRequest&) override {
    throw std::logic_error("no modification is expected");
  }
  Task<std::uint64_t> execute(std::string_view sql, std::span<const ValueView>,
                              kin::driver::RowSink* sink) override {
    questions.emplace_back(sql);
    for (const Table& table : tables) {
      if (sql.find('"' + table.schema + "\".sqlite_master") == std::string_view::npos) continue;
      if (sql.find("pragma_table_xinfo") != std::string_view::npos) {
        tell_columns(table, *sink);
      } else if (sql.find("pragma_index_list") != std::string_view::npos) {
        tell_indexes(table, *sink);
      } else {
        const ValueView cells[] = {text(table.name), text(table.type), text(table.sql)};
        sink->row(cells);
      }
    }
    co_return std::uint64_t{0};
  }

  Task<void> read(const kin::driver::ReadRequest&, kin::driver::RowSink&) override { co_return; }
  Task<void> write(kin::driver::WriteBatch&) override { co_return; }
  std::string text_of(const kin::query::ReadPlan&) override { return {}; }
  Task<void> begin(const kin::TransactionOptions&) override { co_return; }
  Task<void> commit() override { co_return; }
  Task<void> rollback() override { co_return; }
  Task<void> savepoint(int) override { co_return; }
  Task<void> release_savepoint(int) override { co_return; }
  Task<void> rollback_to_savepoint(int) override { co_return; }
  bool transaction_lost() const override { return false; }

 private:
  static ValueView text(const std::string& value) { return ValueView::text(value); }
  static ValueView flag(int value) { return ValueView::integer(value); }

  static void tell_columns(const Table& table, kin::driver::RowSink& sink) {
    for (const Column& column : table.columns) {
      const ValueView cells[] = {text(table.name),      text(column.name),   text(column.type),
                                 flag(column.not_null), flag(column.hidden), flag(column.key)};
      sink.row(cells);
    }
  }
  static void tell_indexes(const Table& table, kin::driver::RowSink& sink) {
    for (const Index& index : table.indexes)
      for (const std::string& column : index.columns) {
        const ValueView cells[] = {text(table.name), text(index.name), flag(index.unique),
                                   flag(index.partial), text(column)};
        sink.row(cells);
      }
  }
};

template <class... Ts>
Statements update(FakeDatabase& database) {
  const Entities<Ts...> entities;
  return kin::detail::run_blocking(sqlite_schema_writer().update(entities.entities(), database));
}

/// The differences in the message of the error, without the line in front of them.
template <class... Ts>
Statements differences(FakeDatabase& database) {
  try {
    (void)update<Ts...>(database);
  } catch (const ValidationError& error) {
    Statements lines = lines_of(error.what());
    lines.erase(lines.begin());
    return lines;
  }
  return {};
}

/// The tables of the library as create() makes them.
FakeDatabase library_database() {
  FakeDatabase database;
  database.tables = {
      {"author",
       {{"id", "integer", false, 1},
        {"name", "varchar(100)"},
        {"email", "text"},
        {"age", "integer", false},
        {"mood", "text"}},
       {{"author_email_unique", {"email"}, true}},
       R"(create table "author" (…, constraint "author_mood_check" check ("mood" in ('calm', 'wild'))))"},
      {"book",
       {{"id", "integer", false, 1},
        {"title", "text"},
        {"price", "real"},
        {"slug", "text", true, 0, 2},
        {"author_id", "integer"},
        {"editor_id", "integer", false}},
       {{"book_author_id_price_index", {"author_id", "price"}}, {"book_editor_id_index", {"editor_id"}}},
       R"(create table "book" (…, constraint "book_check" check (title <> ''), )"
       R"(constraint "book_price_check" check (price >= 0)))"},
      {"tag", {{"name", "text", true, 1}}},
      {"book_tags",
       {{"book_id", "integer", true, 1}, {"tag_name", "text", true, 2}},
       {{"book_tags_tag_name_index", {"tag_name"}}}},
  };
  return database;
}

FakeDatabase::Table& table(FakeDatabase& database, std::string_view name) {
  for (FakeDatabase::Table& table : database.tables)
    if (table.name == name) return table;
  throw std::out_of_range(std::string(name));
}
void erase_column(FakeDatabase& database, std::string_view table_name, std::string_view column) {
  std::erase_if(table(database, table_name).columns, [&](const auto& c) { return c.name == column; });
}
FakeDatabase::Column& column(FakeDatabase& database, std::string_view table_name, std::string_view name) {
  for (FakeDatabase::Column& column : table(database, table_name).columns)
    if (column.name == name) return column;
  throw std::out_of_range(std::string(name));
}

TEST(SqliteUpdate, CreatesEverythingInAnEmptyDatabase) {
  FakeDatabase database;
  EXPECT_EQ((update<library::Author, library::Book>(database)), (create<library::Author, library::Book>()));
  EXPECT_EQ(database.questions.size(), 3u);
}

TEST(SqliteUpdate, HasNothingToDoWhenNothingIsMissing) {
  FakeDatabase database = library_database();
  EXPECT_THAT((update<library::Author, library::Book>(database)), IsEmpty());
}

TEST(SqliteUpdate, ComparesNamesAsSqliteDoes) {
  FakeDatabase database = library_database();
  table(database, "book").name = "BOOK";
  column(database, "author", "name").name = "Name";
  table(database, "author").indexes[0].columns = {"EMAIL"};
  EXPECT_THAT((update<library::Author, library::Book>(database)), IsEmpty());
}

TEST(SqliteUpdate, LeavesAloneWhatNoEntityHas) {
  FakeDatabase database = library_database();
  database.tables.push_back({"legacy", {{"x", ""}}});
  table(database, "book").columns.push_back({"old", "text", false});
  table(database, "book").indexes.push_back({"old_index", {"old"}});
  EXPECT_THAT((update<library::Author, library::Book>(database)), IsEmpty());
}

TEST(SqliteUpdate, AddsTablesColumnsAndIndexes) {
  FakeDatabase database = library_database();
  std::erase_if(database.tables, [](const auto& table) { return table.name == "book_tags"; });
  erase_column(database, "author", "age");
  erase_column(database, "book", "slug");
  erase_column(database, "book", "editor_id");
  table(database, "book").indexes.clear();
  EXPECT_THAT(
      (update<library::Author, library::Book>(database)),
      ElementsAre(
          R"(alter table "author" add column "age" integer)",
          R"(alter table "book" add column "slug" text generated always as (lower(title)) virtual not null)",
          R"(alter table "book" add column "editor_id" integer references "author" ("id") on delete set null)",
          R"(create index "book_author_id_price_index" on "book" ("author_id", "price"))",
          R"(create index "book_editor_id_index" on "book" ("editor_id"))",
          HasSubstr(R"(create table "book_tags")"),
          R"(create index "book_tags_tag_name_index" on "book_tags" ("tag_name"))"));
}

TEST(SqliteUpdate, AddsColumnsThatHaveADefaultWithTheirChecks) {
  FakeDatabase database;
  database.tables = {{"thing", {{"id", "integer", false, 1}}}};
  const Statements statements = [&] {
    const Entities<defaults::Thing> entities;
    try {
      return kin::detail::run_blocking(sqlite_schema_writer().update(entities.entities(), database));
    } catch (const ValidationError& error) {
      EXPECT_THAT(
          lines_of(error.what()),
          ElementsAre(
              "The database differs from the entities in a way that update() cannot mend:",
              "Thing.now: table thing has no column now, and SQLite adds columns with a constant "
              "default only, not (datetime('now')); say kin::default_value, or make the table anew in "
              "a migration, or by refresh() without its rows."));
    }
    database.tables[0].columns.push_back({"now", "text"});
    return kin::detail::run_blocking(sqlite_schema_writer().update(entities.entities(), database));
  }();
  EXPECT_THAT(statements, Contains(R"(alter table "thing" add column "flag" boolean not null default 1)"));
  EXPECT_THAT(statements, Contains(R"(alter table "thing" add column "color" text not null default 'it_s' )"
                                   R"(constraint "thing_color_check" check ("color" in ('red', 'it_s')))"));
}

TEST(SqliteUpdate, TakesOtherIndexesThatServe) {
  FakeDatabase database = library_database();
  table(database, "author").indexes = {{"sqlite_autoindex_author_1", {"email"}, true}};
  table(database, "book").indexes = {{"a", {"author_id", "price"}, true}, {"b", {"editor_id"}}};
  EXPECT_THAT((update<library::Author, library::Book>(database)), IsEmpty());
  table(database, "author").indexes = {{"a", {"email"}, true, true}};  // partial
  table(database, "book").indexes = {{"b", {"author_id", "price"}}, {"c", {"editor_id", "price"}}};
  EXPECT_THAT((update<library::Author, library::Book>(database)),
              ElementsAre(HasSubstr("author_email_unique"), HasSubstr("book_editor_id_index")));
}

TEST(SqliteUpdate, TakesTypesThatKeepTheSameValues) {
  FakeDatabase database = library_database();
  column(database, "author", "name").type = "NVARCHAR(120)";
  column(database, "author", "age").type = "numeric";
  column(database, "book", "price").type = "DOUBLE PRECISION";
  column(database, "book", "author_id").type = "bigint";
  column(database, "tag", "name").type = "character(20)";
  EXPECT_THAT((update<library::Author, library::Book>(database)), IsEmpty());

  FakeDatabase chinook;
  chinook.tables = {
      {"Employee",
       {{"EmployeeId", "INTEGER", true, 1}, {"LastName", "NVARCHAR(20)"}, {"ReportsTo", "INTEGER", false}},
       {{"IFK_EmployeeReportsTo", {"ReportsTo"}}}},
      {"Customer",
       {{"CustomerId", "INTEGER", true, 1},
        {"Email", "NVARCHAR(60)"},
        {"Joined", "TEXT"},
        {"SupportRepId", "INTEGER", false}}}};
  EXPECT_THAT((update<chinook::Customer, chinook::Employee>(chinook)),
              ElementsAre(R"(create index "Customer_SupportRepId_index" on "Customer" ("SupportRepId"))"));
}

TEST(SqliteUpdate, LeavesViewsAlone) {
  FakeDatabase database = library_database();
  table(database, "author").type = "view";
  table(database, "author").columns.clear();
  EXPECT_THAT((update<library::Author, library::Book>(database)), IsEmpty());
}

TEST(SqliteUpdate, ReportsColumnsThatRowsCouldNotHave) {
  FakeDatabase database = library_database();
  erase_column(database, "author", "name");
  erase_column(database, "book", "author_id");
  EXPECT_THAT(
      (differences<library::Author, library::Book>(database)),
      ElementsAre(
          "Author.name: table author has no column name, and rows that are there would have no value for it; "
          "say kin::default_value or let it be null, or make the table anew in a migration, or by refresh() "
          "without its rows.",
          HasSubstr("Book.author: table book has no column author_id, and rows that are there")));
}

TEST(SqliteUpdate, ReportsColumnsOfAnotherShape) {
  FakeDatabase database = library_database();
  column(database, "author", "name").type = "integer";
  column(database, "author", "email").type = "";
  column(database, "author", "age").not_null = true;
  column(database, "book", "id").type = "INT";
  column(database, "book", "slug").hidden = 0;
  column(database, "book", "title").hidden = 3;
  EXPECT_THAT(
      (differences<library::Author, library::Book>(database)),
      ElementsAre(
          "Author.name: column name of table author is of type integer, and here of varchar(100); change the "
          "member's "
          "type or say kin::column_type, or make the table anew in a migration, or by refresh() without its "
          "rows.",
          HasSubstr("Author.email: column email of table author is of type none, and here of text"),
          HasSubstr(
              "Author.age: column age of table author is not null, and here it may be; take std::optional"),
          HasSubstr(
              "Book.id: column id of table book is of type INT, and SQLite makes keys of type integer only"),
          HasSubstr("Book.title: column title of table book is generated in the database"),
          HasSubstr("Book.slug: column slug of table book is not generated in the database")));
}

TEST(SqliteUpdate, ReportsAnotherKey) {
  FakeDatabase database = library_database();
  column(database, "author", "id").key = 0;
  erase_column(database, "tag", "name");
  std::swap(column(database, "book_tags", "book_id").key, column(database, "book_tags", "tag_name").key);
  EXPECT_THAT(
      (differences<library::Author, library::Book>(database)),
      ElementsAre(
          HasSubstr("Author: the key of table author is (), and here (id); correct the description"),
          HasSubstr("Tag: the key of table tag is (), and here (name)"),
          HasSubstr("Book.tags: the key of table book_tags is (tag_name, book_id), and here (book_id, "
                    "tag_name)")));
}

TEST(SqliteUpdate, ReportsChecksThatDiffer) {
  FakeDatabase database = library_database();
  table(database, "author").sql =
      R"(create table "author" (…, constraint "author_mood_check" check ("mood" in ('calm'))))";
  table(database, "book").sql = "CREATE TABLE book (…, CHECK(title<>''))";
  EXPECT_THAT(
      (differences<library::Author, library::Book>(database)),
      ElementsAre(HasSubstr("Author.mood: the check author_mood_check of table author allows other values in "
                            "the database"),
                  HasSubstr("Book.price: table book lacks the check book_price_check, and SQLite cannot add "
                            "one")));
}

TEST(SqliteUpdate, AsksNoCheckOfAnEnumInTheTableOfSomeoneElse) {
  FakeDatabase database = library_database();
  table(database, "author").sql = "create table author (mood text)";
  EXPECT_THAT((update<library::Author, library::Book>(database)), IsEmpty());
}

TEST(SqliteUpdate, ReportsNamesThatAreTaken) {
  FakeDatabase database = library_database();
  table(database, "author").indexes = {};
  table(database, "tag").indexes = {{"author_email_unique", {"name"}}};
  EXPECT_THAT(
      (differences<library::Author, library::Book>(database)),
      ElementsAre("Author: there is something else named author_email_unique; drop it, or give the index "
                  "another name."));
}

TEST(SqliteUpdate, ReportsForeignKeysOverSeveralColumns) {
  FakeDatabase database;
  database.tables = {{"order", {{"id", "integer", false, 1}}},
                     {"line", {{"order_id", "integer", true, 1}, {"number", "integer", true, 2}}},
                     {"remark", {{"id", "integer", false, 1}}}};
  EXPECT_THAT(
      (differences<composite::Remark>(database)),
      ElementsAre(HasSubstr("Remark.line: table remark has no column line_order_id, and SQLite cannot add a "
                            "foreign key over several columns"),
                  HasSubstr("Remark.line: table remark has no column line_number")));
}

TEST(SqliteUpdate, CountsTheDifferences) {
  FakeDatabase database = library_database();
  erase_column(database, "author", "name");
  erase_column(database, "author", "email");
  try {
    (void)update<library::Author>(database);
    FAIL();
  } catch (const ValidationError& error) {
    EXPECT_THAT(
        error.what(),
        HasSubstr(
            "The database differs from the entities in 2 ways that update() cannot mend:\nAuthor.name"));
  }
}

TEST(SqliteUpdate, LooksIntoTheSchemaOfEachTable) {
  FakeDatabase database;
  database.tables = {
      {"what \"is\" it", {{"id", "integer", false, 1}, {"order_id", "integer"}}, {}, "", "table", "other"}};
  EXPECT_THAT((update<composite::Elsewhere>(database)),
              ElementsAre(R"(create table "order" ("id" integer primary key autoincrement))",
                          HasSubstr(R"(create index "other".)")));
  EXPECT_THAT(database.questions, Contains(HasSubstr(R"(from "other".sqlite_master)")));
}

}  // namespace
