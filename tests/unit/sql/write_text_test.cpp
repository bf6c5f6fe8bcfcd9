// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kin/error.hpp>

#include <initializer_list>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "drivers/driver.hpp"
#include "sql/write_texts.hpp"
#include "unit/query/query_testing.hpp"

namespace kin::query::testing {
namespace {

using driver::Operation;
using driver::WriteBatch;
using ::testing::HasSubstr;

/// A dialect with numbered placeholders, whose driver has to ask for generated keys.
class NumberedDialect : public sql::Dialect {
 public:
  void quote(std::string& out, std::string_view identifier) const override { out += identifier; }
  void placeholder(std::string& out, std::uint32_t number) const override {
    out += fmt::format("${}", number);
  }
  std::string column_type(const Column&) const override { return {}; }
  void binary(std::string&, detail::Op, std::string_view, std::string_view, const Column*) const override {}
  void json_value(std::string&, std::string_view, std::string_view) const override {}
  void aggregate(std::string&, detail::Op, std::string_view, const Column*) const override {}
  void order(std::string&, std::string_view, bool, int, const Column*) const override {}
  void limit(std::string&, std::string_view, std::string_view) const override {}
  void lock(std::string&, LockMode, std::span<const std::string_view>) const override {}
};

template <class T>
WriteBatch batch_of(Operation operation, std::initializer_list<std::string_view> members) {
  WriteBatch batch;
  batch.operation = operation;
  batch.entity = &model().of(detail::type_tag<T>);
  for (const std::string_view member : members) {
    const Property& property = *batch.entity->find_property(member);
    for (std::uint32_t i = 0; i < property.column_count; ++i)
      batch.columns.push_back(&batch.entity->columns[property.first_column + i]);
  }
  return batch;
}
const Column* column_of(const EntityMetadata& entity, std::string_view member) {
  return &entity.columns[entity.find_property(member)->first_column];
}
WriteBatch pivot_batch(Operation operation) {
  WriteBatch batch;
  batch.operation = operation;
  batch.pivot = EntityMetadata::pivot_of(*model().of(detail::type_tag<Book>).find_property("tags"));
  return batch;
}
std::string sqlite_text(const WriteBatch& batch) { return sql::write_text(batch, sql::sqlite_dialect()); }
std::string numbered_text(const WriteBatch& batch) { return sql::write_text(batch, NumberedDialect()); }

TEST(WriteText, Insert) {
  const WriteBatch batch = batch_of<Movement>(Operation::insert, {"stock", "amount"});
  EXPECT_EQ(sqlite_text(batch),
            R"(insert into "movement" ("stock_book_id", "stock_place", "amount") values (?, ?, ?))");
  EXPECT_EQ(numbered_text(batch),
            "insert into movement (stock_book_id, stock_place, amount) values ($1, $2, $3)");
}

TEST(WriteText, InsertWithoutColumns) {
  EXPECT_EQ(sqlite_text(batch_of<Tag>(Operation::insert, {})), R"(insert into "tag" default values)");
}

TEST(WriteText, InsertAsksForWhatTheDriverDoesNotKnow) {
  WriteBatch batch = batch_of<Book>(Operation::insert, {"title"});
  batch.returning = {batch.entity->generated_key};
  EXPECT_EQ(sqlite_text(batch), R"(insert into "book" ("title") values (?))");
  EXPECT_EQ(numbered_text(batch), "insert into book (title) values ($1) returning id");
  batch.returning.push_back(column_of(*batch.entity, "price"));
  batch.returning.push_back(column_of(*batch.entity, "meta"));
  EXPECT_EQ(sqlite_text(batch), R"(insert into "book" ("title") values (?) returning "price", "meta")");
  EXPECT_EQ(numbered_text(batch), "insert into book (title) values ($1) returning id, price, meta");
}

TEST(WriteText, Update) {
  WriteBatch batch = batch_of<Book>(Operation::update, {"title", "version"});
  EXPECT_EQ(sqlite_text(batch), R"(update "book" set "title" = ?, "version" = ? where "id" = ?)");
  batch.checks_version = true;
  EXPECT_EQ(sqlite_text(batch),
            R"(update "book" set "title" = ?, "version" = ? where "id" = ? and "version" = ?)");
  batch.returning = {column_of(*batch.entity, "price")};
  EXPECT_EQ(numbered_text(batch),
            "update book set title = $1, version = $2 where id = $3 and version = $4 returning price");
}

TEST(WriteText, UpdateOfACompositeKey) {
  EXPECT_EQ(numbered_text(batch_of<Stock>(Operation::update, {"value"})),
            "update stock set value = $1 where book_id = $2 and place = $3");
}

// The nulls are no parameters: the key has the first number.
TEST(WriteText, UpdateToNull) {
  WriteBatch batch = batch_of<Movement>(Operation::update, {"stock"});
  batch.write_nulls = true;
  EXPECT_EQ(numbered_text(batch),
            "update movement set stock_book_id = null, stock_place = null where id = $1");
}

TEST(WriteText, Remove) {
  WriteBatch batch = batch_of<Book>(Operation::remove, {});
  EXPECT_EQ(sqlite_text(batch), R"(delete from "book" where "id" = ?)");
  batch.checks_version = true;
  EXPECT_EQ(sqlite_text(batch), R"(delete from "book" where "id" = ? and "version" = ?)");
}

TEST(WriteText, ChecksOtherColumnsAfterTheVersion) {
  WriteBatch batch = batch_of<Book>(Operation::update, {"title"});
  batch.checks_version = true;
  batch.checked = {column_of(*batch.entity, "price"), column_of(*batch.entity, "title")};
  EXPECT_EQ(batch.parameters_per_row(), 5u);
  EXPECT_EQ(
      sqlite_text(batch),
      R"(update "book" set "title" = ? where "id" = ? and "version" = ? and "price" is ? and "title" is ?)");
  EXPECT_EQ(
      sql::write_text(batch, sql::mysql_dialect()),
      "update `book` set `title` = ? where `id` = ? and `version` = ? and `price` <=> ? and `title` <=> ?");
  batch.operation = Operation::remove;
  batch.columns.clear();
  batch.checks_version = false;
  EXPECT_EQ(
      numbered_text(batch),
      "delete from book where id = $1 and price is not distinct from $2 and title is not distinct from $3");
}

// Found by its shape again, and not taken for one that checks less.
TEST(WriteText, IsKeptByWhatItChecks) {
  sql::WriteTexts texts(sql::sqlite_dialect());
  WriteBatch batch = batch_of<Book>(Operation::remove, {});
  EXPECT_EQ(texts.of(batch), R"(delete from "book" where "id" = ?)");
  batch.checked = {column_of(*batch.entity, "price")};
  EXPECT_EQ(texts.of(batch), R"(delete from "book" where "id" = ? and "price" is ?)");
  batch.checked = {column_of(*batch.entity, "title")};
  EXPECT_EQ(texts.of(batch), R"(delete from "book" where "id" = ? and "title" is ?)");
}

TEST(WriteText, Upsert) {
  WriteBatch batch = batch_of<Book>(Operation::upsert, {"title", "price", "version"});
  batch.conflict = {column_of(*batch.entity, "title")};
  batch.returning = {batch.entity->generated_key};
  EXPECT_EQ(sqlite_text(batch),
            R"(insert into "book" as "t0" ("title", "price", "version") values (?, ?, ?) on conflict ("title") do )"
            R"(nothing returning "id")");
  EXPECT_EQ(sql::write_text(batch, sql::mysql_dialect()),
            "insert into `book` (`title`, `price`, `version`) values (?, ?, ?) on duplicate key update `title` = "
            "`title`");
  batch.merged = {column_of(*batch.entity, "price"), batch.entity->version};
  EXPECT_EQ(sqlite_text(batch),
            R"(insert into "book" as "t0" ("title", "price", "version") values (?, ?, ?) on conflict ("title") do )"
            R"(update set "price" = excluded."price", "version" = "t0"."version" + 1 returning "id")");
  EXPECT_EQ(sql::write_text(batch, sql::mysql_dialect()),
            "insert into `book` (`title`, `price`, `version`) values (?, ?, ?) as `given` on duplicate key update "
            "`price` = `given`.`price`, `version` = `book`.`version` + 1");
  EXPECT_EQ(sql::write_text(batch, sql::mariadb_dialect()),
            "insert into `book` (`title`, `price`, `version`) values (?, ?, ?) on duplicate key update `price` = "
            "values(`price`), `version` = `book`.`version` + 1 returning `id`");
}

TEST(WriteText, IsKeptByWhatAnUpsertMerges) {
  sql::WriteTexts texts(sql::sqlite_dialect());
  WriteBatch batch = batch_of<Book>(Operation::upsert, {"title", "price"});
  batch.conflict = {column_of(*batch.entity, "title")};
  const std::string nothing = texts.of(batch);
  batch.merged = {column_of(*batch.entity, "price")};
  const std::string price = texts.of(batch);
  EXPECT_NE(price, nothing);
  batch.conflict = {batch.entity->generated_key};
  EXPECT_NE(texts.of(batch), price);
}

TEST(WriteText, Pivots) {
  WriteBatch batch = pivot_batch(Operation::pivot_insert);
  EXPECT_EQ(sqlite_text(batch), R"(insert into "book_tag" ("book_id", "tag_id") values (?, ?))");
  batch.ignore_duplicates = true;
  EXPECT_EQ(sqlite_text(batch),
            R"(insert into "book_tag" ("book_id", "tag_id") values (?, ?) on conflict do nothing)");
  EXPECT_EQ(sqlite_text(pivot_batch(Operation::pivot_remove)),
            R"(delete from "book_tag" where "book_id" = ? and "tag_id" = ?)");
}

std::string executed(std::string_view sql, std::size_t parameters) {
  return sql::execute_text(sql, parameters, NumberedDialect());
}
std::string refusal_of(std::string_view sql, std::size_t parameters) {
  try {
    return "accepted: " + executed(sql, parameters);
  } catch (const ValidationError& error) {
    return error.what();
  }
}

TEST(ExecuteText, BracesAreParameters) {
  EXPECT_EQ(executed("select title from book where price < {} and id = {}", 2),
            "select title from book where price < $1 and id = $2");
  EXPECT_EQ(executed("select 1", 0), "select 1");
  EXPECT_EQ(executed("", 0), "");
}

TEST(ExecuteText, DoubledBracesAreBraces) { EXPECT_EQ(executed("select {{}} || {}", 1), "select {} || $1"); }

TEST(ExecuteText, QuotedTextIsLeftAlone) {
  EXPECT_EQ(executed("select '{}', \"{}\", `{}`, 'it''s {}' from a where b = {}", 1),
            "select '{}', \"{}\", `{}`, 'it''s {}' from a where b = $1");
  EXPECT_EQ(executed("select '{\"a\": {}}'", 0), "select '{\"a\": {}}'");
  EXPECT_EQ(executed("select '{}", 0), "select '{}");
}

TEST(ExecuteText, CommentsAreLeftAlone) {
  EXPECT_EQ(executed("select 1 -- isn't {} one\n, {} /* {} it's */ - {}", 2),
            "select 1 -- isn't {} one\n, $1 /* {} it's */ - $2");
  EXPECT_EQ(executed("select 4 / {} - -{}", 2), "select 4 / $1 - -$2");
}

TEST(ExecuteText, CountsParameters) {
  EXPECT_EQ(refusal_of("select {}, {}", 1),
            "The statement has 2 {} and 1 parameter is given; each {} takes one.");
  EXPECT_EQ(refusal_of("select '{}'", 2),
            "The statement has 0 {} and 2 parameters are given; each {} takes one.");
}

TEST(ExecuteText, RefusesSingleBraces) {
  EXPECT_THAT(refusal_of("select {0}", 1), HasSubstr("\"{0}\"; {} is a parameter, and {{ or }} a brace."));
  EXPECT_THAT(refusal_of("select } + 1", 0), HasSubstr("\"} + 1\""));
}

}  // namespace
}  // namespace kin::query::testing
