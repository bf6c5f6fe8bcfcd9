// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "drivers/driver.hpp"
#include "sql/mysql_batches.hpp"
#include "unit/query/query_testing.hpp"

namespace kin::query::testing {
namespace {

using detail::Op;
using driver::Operation;
using driver::WriteBatch;
using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr auto title = field<&Book::title>;
constexpr auto price = field<&Book::price>;
constexpr auto version = field<&Book::version>;

// A value inside of meta.
#define IN_MYSQL "nullif(json_extract(`t0`.`meta`, ?), cast('null' as json))"
#define IN_MARIADB "nullif(json_extract(`t0`.`meta`, ?), 'null')"
#define NUMBERS "('INTEGER', 'UNSIGNED INTEGER', 'DOUBLE', 'DECIMAL')"

const sql::Dialect& mysql() { return sql::mysql_dialect(); }
const sql::Dialect& mariadb() { return sql::mariadb_dialect(); }

/// What follows the condition's `where`.
template <class T>
std::string where(const Condition<T>& condition, const sql::Dialect& dialect = mysql()) {
  const std::string text = counted(condition, dialect);
  return text.substr(text.find(" where ") + 7);
}
std::string text_of(const detail::FindRequest& request, const sql::Dialect& dialect = mysql()) {
  return sql_of(request, ReadKind::rows, dialect);
}
std::string selected(const detail::FindRequest& request, const sql::Dialect& dialect = mysql()) {
  const std::string text = text_of(request, dialect);
  return text.substr(7, text.find(" from ") - 7);
}
/// What follows the table of a request.
std::string clauses(const detail::FindRequest& request, const sql::Dialect& dialect = mysql()) {
  const std::string text = text_of(request, dialect);
  return text.substr(text.find(" as `t0`") + 8);
}

TEST(MysqlDialect, Comparisons) {
  EXPECT_EQ(where(title != "a" && price <= 3), "`t0`.`title` <> ? and `t0`.`price` <= ?");
  EXPECT_EQ(where(price.in({1.0, 2.0}) || price.not_in({1.0}) || price.between(1, 2)),
            "`t0`.`price` in (?, ?) or `t0`.`price` not in (?) or `t0`.`price` between ? and ?");
  EXPECT_EQ(where(version > 3.5), "`t0`.`version` > ?");
  // As text it would be compared as a double.
  EXPECT_EQ(where(field<&Movement::amount> > Decimal("1.5")), "`t0`.`amount` > cast(? as decimal(65,30))");
  EXPECT_EQ(where(field<&Author::age>.is_null()), "`t0`.`age` is null");
}

TEST(MysqlDialect, QuotesIdentifiers) {
  std::string text;
  mysql().quote(text, "a`b\"");
  EXPECT_EQ(text, "`a``b\"`");
}

TEST(MysqlDialect, TextOperators) {
  EXPECT_EQ(where(title.like("a%") && title.ilike("b%")),
            "`t0`.`title` like ? and lower(`t0`.`title`) like lower(?)");
  EXPECT_EQ(where(title.matches("x.*")), "regexp_like(`t0`.`title`, ?, 'c')");
  EXPECT_EQ(where(title.contains("a")),
            "instr(convert(`t0`.`title` using utf8mb4) collate utf8mb4_0900_bin, ?) > 0");
  EXPECT_EQ(where(title.starts_with("a")), "left(`t0`.`title`, char_length(?)) = ? collate utf8mb4_0900_bin");
  EXPECT_EQ(where(title.ends_with("a")), "right(`t0`.`title`, char_length(?)) = ? collate utf8mb4_0900_bin");
  EXPECT_EQ(where(title.fulltext("x")), "match (`t0`.`title`) against (? in boolean mode)");
}

TEST(MariadbDialect, TextOperators) {
  EXPECT_EQ(where(title.matches("x.*"), mariadb()), "`t0`.`title` regexp ? collate utf8mb4_nopad_bin");
  EXPECT_EQ(where(title.contains("a"), mariadb()),
            "instr(convert(`t0`.`title` using utf8mb4) collate utf8mb4_nopad_bin, ?) > 0");
  EXPECT_EQ(where(title.starts_with("a"), mariadb()),
            "left(`t0`.`title`, char_length(?)) = ? collate utf8mb4_nopad_bin");
}

TEST(MysqlDialect, ValuesInsideJson) {
  EXPECT_EQ(where(meta_at({"a", "b"}) == "x"), IN_MYSQL " = convert(? using utf8mb4)");
  EXPECT_EQ(where(meta_at({"a"}) != 1), IN_MYSQL " <> ?");
  EXPECT_EQ(where(meta_at({"a"}) == true), IN_MYSQL " = if(?, cast('true' as json), cast('false' as json))");
  EXPECT_EQ(where(meta_at({"a"}) > 1),
            "case when json_type(" IN_MYSQL ") in " NUMBERS " then " IN_MYSQL " > ? end");
  EXPECT_EQ(where(meta_at({"a"}) <= "x"), "case when json_type(" IN_MYSQL ") in ('STRING') then " IN_MYSQL
                                          " <= convert(? using utf8mb4) end");
  EXPECT_EQ(where(meta_at({"a"}).is_null()), IN_MYSQL " is null");
  EXPECT_EQ(selected(Request<Book>().column(meta_at({"a"}))), "json_unquote(" IN_MYSQL ")");
  EXPECT_EQ(clauses(Request<Book>().by(meta_at({"a"}).desc())), " order by " IN_MYSQL " desc");
}

// JSON is text there: it has to be told what the text says.
TEST(MariadbDialect, ValuesInsideJson) {
  EXPECT_EQ(where(meta_at({"a"}) == "x", mariadb()),
            "case when json_type(" IN_MARIADB ") in ('STRING') then json_unquote(" IN_MARIADB
            ") = ? collate utf8mb4_nopad_bin when " IN_MARIADB " is not null then 0 end");
  EXPECT_EQ(where(meta_at({"a"}) != 1, mariadb()),
            "case when json_type(" IN_MARIADB ") in " NUMBERS " then json_unquote(" IN_MARIADB
            ") + 0 <> ? when " IN_MARIADB " is not null then 1 end");
  EXPECT_EQ(where(meta_at({"a"}) > 1.5, mariadb()), "case when json_type(" IN_MARIADB ") in " NUMBERS
                                                    " then json_unquote(" IN_MARIADB ") + 0 > ? end");
  EXPECT_EQ(where(meta_at({"a"}) == false, mariadb()),
            "case when json_type(" IN_MARIADB ") in ('BOOLEAN') then json_unquote(" IN_MARIADB
            ") = if(?, 'true', 'false') when " IN_MARIADB " is not null then 0 end");
  EXPECT_EQ(selected(Request<Book>().column(meta_at({"a"})), mariadb()), "json_unquote(" IN_MARIADB ")");
  EXPECT_EQ(clauses(Request<Book>().by(meta_at({"a"}).desc()), mariadb()),
            " order by json_type(" IN_MARIADB ") = 'STRING' desc, json_unquote(" IN_MARIADB
            ") + 0 desc, json_unquote(" IN_MARIADB ") desc");
}

TEST(MysqlDialect, JsonOperators) {
  EXPECT_EQ(where(meta(Op::has_key, ValueView::text("k"))),
            "json_contains_path(`t0`.`meta`, 'one', concat('$.', json_quote(?)))");
  EXPECT_EQ(where(meta(Op::overlaps, ValueView::json("[1]"))), "json_overlaps(`t0`.`meta`, cast(? as json))");
  EXPECT_EQ(where(meta(Op::contains_all, ValueView::json("[1]"))),
            "json_contains(`t0`.`meta`, cast(? as json))");
  EXPECT_EQ(where(meta(Op::contained_in, ValueView::json("[1]"))),
            "json_contains(cast(? as json), `t0`.`meta`)");
  EXPECT_EQ(where(meta(Op::eq, ValueView::json("[1]"))), "`t0`.`meta` = cast(? as json)");
}

TEST(MariadbDialect, JsonOperators) {
  EXPECT_EQ(where(meta(Op::contains_all, ValueView::json("[1]")), mariadb()),
            "json_contains(`t0`.`meta`, ?)");
  EXPECT_EQ(where(meta(Op::eq, ValueView::json("[1]")), mariadb()),
            "case when `t0`.`meta` is not null and ? is not null then json_equals(`t0`.`meta`, ?) end");
  EXPECT_EQ(where(meta(Op::ne, ValueView::json("[1]")), mariadb()),
            "case when `t0`.`meta` is not null and ? is not null then not json_equals(`t0`.`meta`, ?) end");
}

TEST(MysqlDialect, Aggregates) {
  Request<Book> request;
  request.column(count()).column(kin::count(title)).column(count_distinct(title)).column(sum(version));
  request.column(avg(version)).column(min(title)).column(max(price));
  EXPECT_EQ(selected(request),
            "count(*), count(`t0`.`title`), count(distinct `t0`.`title`), sum(`t0`.`version`), "
            "avg(cast(`t0`.`version` as double)), min(`t0`.`title`), max(`t0`.`price`)");
}

TEST(MysqlDialect, OrderLimitAndOffset) {
  // Nulls come first where nobody asks.
  EXPECT_EQ(clauses(Request<Book>().by(title.asc().nulls_first()).by(price.desc().nulls_last())),
            " order by `t0`.`title`, `t0`.`price` desc");
  EXPECT_EQ(clauses(Request<Book>().by(title.asc().nulls_last()).by(price.desc().nulls_first())),
            " order by `t0`.`title` is null, `t0`.`title`, `t0`.`price` is null desc, `t0`.`price` desc");
  EXPECT_EQ(clauses(Request<Book>().rows(5, 6)), " limit ? offset ?");
  EXPECT_EQ(clauses(Request<Book>().rows({}, 6)), " limit 18446744073709551615 offset ?");
}

TEST(MysqlDialect, Locks) {
  Request<Book> request;
  request.lock = LockMode::pessimistic_write;
  EXPECT_EQ(clauses(request), " for update of `t0`");
  EXPECT_EQ(clauses(request, mariadb()), " for update");
  request.lock = LockMode::pessimistic_read;
  EXPECT_EQ(clauses(request), " for share of `t0`");
  EXPECT_EQ(clauses(request, mariadb()), " lock in share mode");
  request.lock_tables = {detail::checked_path<&Book::author>()};
  EXPECT_THAT(clauses(request), EndsWith(" for share of `t0`, `t1`"));
  EXPECT_THAT(clauses(request, mariadb()), EndsWith(" lock in share mode"));
  request.lock_tables.clear();
  // Rows of a sub-select are only locked by itself.
  request.with<&Book::tags>().how(Strategy::joined).rows(5);
  EXPECT_THAT(text_of(request), HasSubstr("order by `t0`.`id` limit ? for share of `t0`) as `t0`"));
  EXPECT_THAT(text_of(request), EndsWith(" order by `t0`.`id`"));
}

TEST(MysqlDialect, Writes) {
  WriteBatch batch;
  batch.entity = &model().of(detail::type_tag<Book>);
  batch.columns = {&batch.entity->columns[1], &batch.entity->columns[2]};
  batch.returning = {batch.entity->generated_key};
  EXPECT_EQ(mysql().write(batch), "insert into `book` (`title`, `price`) values (?, ?)");
  EXPECT_EQ(mariadb().write(batch), "insert into `book` (`title`, `price`) values (?, ?) returning `id`");
  batch.operation = Operation::update;
  for (const sql::Dialect* dialect : {&mysql(), &mariadb()})
    EXPECT_EQ(dialect->write(batch), "update `book` set `title` = ?, `price` = ? where `id` = ?");
  WriteBatch tag;
  tag.entity = &model().of(detail::type_tag<Tag>);
  EXPECT_EQ(mysql().write(tag), "insert into `tag` () values ()");
}

// `insert ignore` would also leave out rows that refer to a missing one.
TEST(MysqlDialect, LeavesExistingPivotRowsAlone) {
  WriteBatch pivot;
  pivot.operation = Operation::pivot_insert;
  pivot.pivot = EntityMetadata::pivot_of(*model().of(detail::type_tag<Book>).find_property("tags"));
  pivot.ignore_duplicates = true;
  EXPECT_EQ(mysql().write(pivot),
            "insert into `book_tag` (`book_id`, `tag_id`) values (?, ?) "
            "on duplicate key update `book_id` = `book_id`");
}

// One statement for many rows, with the values of one row after the other.
TEST(MysqlBatches, ChangesOfManyRows) {
  WriteBatch batch;
  batch.operation = Operation::update;
  batch.entity = &model().of(detail::type_tag<Book>);
  batch.columns = {&batch.entity->columns[1], &batch.entity->columns[2]};
  batch.checks_version = true;
  EXPECT_TRUE(sql::changes_many(batch));
  EXPECT_EQ(sql::mysql_change_of_rows(batch, 2),
            "update (values row(cast(? as char), cast(? as double), cast(? as signed), cast(? as signed)), "
            "row(cast(? as char), cast(? as double), cast(? as signed), cast(? as signed))) "
            "as `n` (`c0`, `c1`, `c2`, `c3`) straight_join `book` as `t` "
            "on `t`.`id` = `n`.`c2` and `t`.`version` = `n`.`c3` "
            "set `t`.`title` = `n`.`c0`, `t`.`price` = `n`.`c1`");
  batch.checks_version = false;
  batch.write_nulls = true;
  EXPECT_EQ(sql::mysql_change_of_rows(batch, 2),
            "update `book` set `title` = null, `price` = null where (`id`) in ((?), (?))");
  batch.operation = Operation::remove;
  batch.write_nulls = false;
  batch.columns.clear();
  batch.checks_version = true;
  EXPECT_EQ(sql::mysql_change_of_rows(batch, 2),
            "delete from `book` where (`id`, `version`) in ((?, ?), (?, ?))");
  WriteBatch pivot;
  pivot.operation = Operation::pivot_remove;
  pivot.pivot = EntityMetadata::pivot_of(*batch.entity->find_property("tags"));
  EXPECT_EQ(sql::mysql_change_of_rows(pivot, 3),
            "delete from `book_tag` where (`book_id`, `tag_id`) in ((?, ?), (?, ?), (?, ?))");
}

TEST(MysqlBatches, RowsThatAreChangedOneByOne) {
  WriteBatch batch;
  batch.entity = &model().of(detail::type_tag<Category>);
  batch.operation = Operation::remove;
  EXPECT_FALSE(sql::changes_many(batch)) << "rows of a tree: those that refer to others go first";
  batch.operation = Operation::update;
  EXPECT_FALSE(sql::changes_many(batch)) << "a key of text, which is compared by a collation";
  batch.write_nulls = true;
  EXPECT_TRUE(sql::changes_many(batch));
}

}  // namespace
}  // namespace kin::query::testing
