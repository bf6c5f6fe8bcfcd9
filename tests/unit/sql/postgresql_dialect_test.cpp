// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drivers/driver.hpp"
#include "unit/query/query_testing.hpp"

namespace kin::query::testing {
namespace {

using detail::Op;
using driver::Operation;
using driver::WriteBatch;

constexpr auto title = field<&Book::title>;
constexpr auto price = field<&Book::price>;
constexpr auto version = field<&Book::version>;

// A value inside of meta; its path is the parameter with this number.
#define AT(number)                                                       \
  R"(nullif(jsonb_path_query_first("t0"."meta", ('strict ' || $)" number \
  R"(::text)::jsonpath, '{}', true), 'null'))"

const sql::Dialect& dialect() { return sql::postgresql_dialect(); }

/// What follows the condition's `where`.
template <class T>
std::string where(const Condition<T>& condition) {
  const std::string text = counted(condition, dialect());
  return text.substr(text.find(" where ") + 7);
}
std::string text_of(const detail::FindRequest& request) { return sql_of(request, ReadKind::rows, dialect()); }
/// What a request selects of `from`.
std::string selected(const detail::FindRequest& request) {
  const std::string text = text_of(request);
  return text.substr(7, text.find(" from ") - 7);
}
/// What follows the table of a request.
std::string clauses(const detail::FindRequest& request) {
  const std::string text = text_of(request);
  return text.substr(text.find(R"( as "t0")") + 8);
}

TEST(PostgresqlDialect, Comparisons) {
  EXPECT_EQ(where(title != "a" && title <= "b"), R"("t0"."title" <> $1 and "t0"."title" <= $2)");
  EXPECT_EQ(where(price == 1.0 && price > 2.5), R"("t0"."price" = $1 and "t0"."price" > $2)");
  EXPECT_EQ(where(price.in({1.0, 2.0}) || price.between(1.0, 2.0)),
            R"("t0"."price" in ($1, $2) or "t0"."price" between $3 and $4)");
  EXPECT_EQ(where(field<&Book::author> == 3), R"("t0"."author_id" = $1)");
  EXPECT_EQ(where(field<&Author::age>.is_null()), R"("t0"."age" is null)");
  EXPECT_EQ(where(price < version), R"("t0"."price" < "t0"."version")");
}

// The server would take the type of a parameter from the column, and 3.5 is no integer.
TEST(PostgresqlDialect, SaysTheTypeOfAValueThatIsNotTheColumns) {
  EXPECT_EQ(where(version == 3), R"("t0"."version" = $1::bigint)");
  EXPECT_EQ(where(version > 3.5), R"("t0"."version" > $1::double precision)");
  EXPECT_EQ(where(version == std::uint64_t{3}), R"("t0"."version" = $1::bigint)");
  EXPECT_EQ(where(version == Decimal("3.5")), R"("t0"."version" = $1::numeric)");
  EXPECT_EQ(where(version.in({1, 2})), R"("t0"."version" in ($1::bigint, $2::bigint))");
  EXPECT_EQ(where(price.between(1, 2)), R"("t0"."price" between $1::bigint and $2::bigint)");
  EXPECT_EQ(where(field<&Movement::amount> == 3), R"("t0"."amount" = $1::bigint)");
  EXPECT_EQ(where(field<&Movement::amount> > Decimal("1.5")), R"("t0"."amount" > $1)");
  EXPECT_THAT(where(field<&Author::books>.size() > 3), ::testing::EndsWith(" > $1::bigint"));
}

TEST(PostgresqlDialect, TextOperators) {
  EXPECT_EQ(where(title.like("a%") && title.ilike("b%") && title.matches("x.*")),
            R"("t0"."title" like $1 and "t0"."title" ilike $2 and "t0"."title" ~ $3)");
  EXPECT_EQ(where(title.contains("a")), R"(strpos("t0"."title", $1) > 0)");
  EXPECT_EQ(where(title.starts_with("a")), R"(starts_with("t0"."title", $1))");
  EXPECT_EQ(where(title.ends_with("a")), R"(right("t0"."title", length($1::text)) = $2::text)");
  EXPECT_EQ(where(title.fulltext("x")),
            R"(to_tsvector('simple', "t0"."title") @@ plainto_tsquery('simple', $1))");
}

TEST(PostgresqlDialect, ValuesInsideJson) {
  EXPECT_EQ(where(meta_at({"a", "b"}) == "x"), AT("1") " = to_jsonb($2::text)");
  EXPECT_EQ(where(meta_at({"a"}) != 1), AT("1") " <> to_jsonb($2::bigint)");
  EXPECT_EQ(where(meta_at({"a"}) == true), AT("1") " = to_jsonb($2::boolean)");
  EXPECT_EQ(where(meta_at({"a"}) == 1.5), AT("1") " = to_jsonb($2::double precision)");
  // jsonb has an order over all kinds of values, by which a text is less than a truth value.
  EXPECT_EQ(where(meta_at({"a"}) > 1),
            "case when jsonb_typeof(" AT("1") ") = 'number' then " AT("2") " > to_jsonb($3::bigint) end");
  EXPECT_EQ(where(meta_at({"a"}) <= "x"),
            "case when jsonb_typeof(" AT("1") ") = 'string' then " AT("2") " <= to_jsonb($3::text) end");
  EXPECT_EQ(where(meta_at({"a"}).is_null()), AT("1") " is null");
  Request<Book> request;
  request.column(meta_at({"a"})).column(meta_at({"b"}).as("b"));
  EXPECT_EQ(selected(request), AT("1") " #>> '{}', " AT("2") R"( #>> '{}' as "b")");
  EXPECT_EQ(clauses(Request<Book>().by(meta_at({"a"}).desc())), " order by " AT("1") " desc");
}

TEST(PostgresqlDialect, JsonOperators) {
  EXPECT_EQ(where(meta(Op::has_key, ValueView::text("k"))),
            R"((jsonb_typeof("t0"."meta") = 'object' and "t0"."meta" ? $1::text))");
  EXPECT_EQ(where(meta(Op::overlaps, ValueView::json("[1]"))),
            R"(case when "t0"."meta" is not null then exists (select 1 from )"
            R"(jsonb_array_elements(case when jsonb_typeof("t0"."meta") = 'array' then "t0"."meta" end) )"
            R"(as "_have"("value") join jsonb_array_elements($1::jsonb) as "_want"("value") )"
            R"(on "_have"."value" = "_want"."value") end)");
  EXPECT_EQ(where(meta(Op::contains_all, ValueView::json("[1]"))), R"("t0"."meta" @> $1)");
  EXPECT_EQ(where(meta(Op::contained_in, ValueView::json("[1]"))), R"("t0"."meta" <@ $1)");
  EXPECT_EQ(where(meta(Op::eq, ValueView::json("[1]"))), R"("t0"."meta" = $1)");
}

TEST(PostgresqlDialect, Aggregates) {
  Request<Book> request;
  request.column(count()).column(kin::count(title)).column(count_distinct(title)).column(sum(version));
  request.column(sum(price)).column(avg(version)).column(min(title)).column(max(price));
  request.column(sum(field<&Book::id>));
  EXPECT_EQ(selected(request),
            R"(count(*), count("t0"."title"), count(distinct "t0"."title"), sum("t0"."version"), )"
            R"(sum("t0"."price"), avg("t0"."version")::double precision, min("t0"."title"), )"
            R"(max("t0"."price"), sum("t0"."id")::bigint)");
  request.group_by.push_back(field<&Book::author>.expression());
  request.having = (kin::count(title) > 1 && sum(price) > 2.5).expression();
  EXPECT_EQ(clauses(request), R"( group by "t0"."author_id" having count("t0"."title") > $1::bigint )"
                              R"(and sum("t0"."price") > $2)");
}

TEST(PostgresqlDialect, AggregatesOfTypesThatHaveNone) {
  struct Case {
    ValueKind kind;
    std::uint8_t bits;
    Op op;
    std::string_view text;
  };
  for (const Case& c : {Case{ValueKind::boolean, 0, Op::min, "bool_and(x)"},
                        Case{ValueKind::boolean, 0, Op::max, "bool_or(x)"},
                        Case{ValueKind::uuid, 0, Op::min, "min(x::text)::uuid"},
                        Case{ValueKind::real, 32, Op::sum, "sum(x::double precision)"},
                        Case{ValueKind::unsigned_integer, 64, Op::sum, "sum(x)"},
                        Case{ValueKind::unsigned_integer, 32, Op::sum, "sum(x)::bigint"}}) {
    detail::Codec codec{};
    codec.kind = c.kind;
    codec.size_bits = c.bits;
    Property property;
    Column column;
    column.codec = &codec;
    column.property = &property;
    std::string text;
    dialect().aggregate(text, c.op, "x", &column);
    EXPECT_EQ(text, c.text);
  }
}

// One text for lists of every length.
TEST(PostgresqlDialect, LongListsAreArrays) {
  const std::vector<double> prices(20, 1.5);
  EXPECT_EQ(where(price.in(prices) && title == "a"), R"("t0"."price" = any($1) and "t0"."title" = $2)");
  EXPECT_EQ(where(title == "a" && price.not_in(prices)), R"("t0"."title" = $1 and "t0"."price" <> all($2))");
  EXPECT_EQ(where(version.in(std::vector<int>(1000, 1))), R"("t0"."version" = any($1::bigint[]))");
  const std::vector<double> few(15, 1.5);
  EXPECT_THAT(where(price.in(few)), ::testing::StartsWith(R"("t0"."price" in ($1, $2)"));
}

TEST(PostgresqlDialect, OrderLimitAndOffset) {
  EXPECT_EQ(clauses(Request<Book>().by(title.desc().nulls_last()).by(price.asc().nulls_first()).rows(5, 6)),
            R"( order by "t0"."title" desc nulls last, "t0"."price" nulls first limit $1 offset $2)");
  EXPECT_EQ(clauses(Request<Book>().rows({}, 6)), " offset $1");
}

TEST(PostgresqlDialect, LocksTheRootsOnly) {
  Request<Book> request;
  request.with<&Book::translator>().how(Strategy::joined);
  request.lock = LockMode::pessimistic_write;
  EXPECT_THAT(clauses(request), ::testing::AllOf(::testing::StartsWith(R"( left join "author" as "t1")"),
                                                 ::testing::EndsWith(R"( for update of "t0")")));
  request.lock = LockMode::pessimistic_read;
  EXPECT_THAT(clauses(request), ::testing::EndsWith(R"( for share of "t0")"));
  request.lock = LockMode::optimistic;
  EXPECT_THAT(clauses(request), ::testing::Not(::testing::HasSubstr(" for ")));
  // Of the roots that the limit lets through.
  request.lock = LockMode::pessimistic_write;
  request.with<&Book::tags>().rows(5);
  EXPECT_THAT(text_of(request),
              ::testing::HasSubstr(R"((select "t0".* from "book" as "t0" order by "t0"."id" limit $1 )"
                                   R"(for update of "t0") as "t0")"));
}

TEST(PostgresqlDialect, LocksNamedTablesToo) {
  Request<Book> request;
  request.lock = LockMode::pessimistic_write_or_fail;
  request.lock_tables = {detail::checked_path<&Book::author>()};
  EXPECT_THAT(clauses(request), ::testing::EndsWith(R"( for update of "t0", "t1" nowait)"));
  request.lock_tables.push_back(detail::checked_path<&Book::author>());
  EXPECT_THAT(clauses(request), ::testing::EndsWith(R"( for update of "t0", "t1" nowait)")) << "each once";
  // The roots where the limit is, the others where they are joined.
  request.with<&Book::tags>().how(Strategy::joined).rows(5);
  EXPECT_THAT(text_of(request),
              ::testing::AllOf(::testing::HasSubstr(R"(for update of "t0" nowait) as "t0")"),
                               ::testing::EndsWith(R"( for update of "t3" nowait)")));
}

TEST(PostgresqlDialect, Writes) {
  WriteBatch batch;
  batch.entity = &model().of(detail::type_tag<Book>);
  batch.columns = {&batch.entity->columns[1], &batch.entity->columns[2]};
  batch.returning = {batch.entity->generated_key};
  EXPECT_EQ(dialect().write(batch),
            R"(insert into "book" ("title", "price") values ($1, $2) returning "id")");
  batch.operation = Operation::update;
  batch.checks_version = true;
  EXPECT_EQ(dialect().write(batch), R"(update "book" set "title" = $1, "price" = $2 )"
                                    R"(where "id" = $3 and "version" = $4 returning "id")");
  WriteBatch pivot;
  pivot.operation = Operation::pivot_insert;
  pivot.pivot = EntityMetadata::pivot_of(*batch.entity->find_property("tags"));
  pivot.ignore_duplicates = true;
  EXPECT_EQ(dialect().write(pivot),
            R"(insert into "book_tag" ("book_id", "tag_id") values ($1, $2) on conflict do nothing)");
  WriteBatch tag;
  tag.entity = &model().of(detail::type_tag<Tag>);
  EXPECT_EQ(dialect().write(tag), R"(insert into "tag" default values)");
}

// One statement for all rows, and one for the keys of all rows.
TEST(PostgresqlDialect, WritesOfManyRows) {
  WriteBatch batch;
  batch.entity = &model().of(detail::type_tag<Book>);
  batch.columns = {&batch.entity->columns[1], &batch.entity->columns[2]};
  batch.rows = {nullptr, nullptr};
  EXPECT_TRUE(dialect().writes_whole(batch));
  EXPECT_EQ(dialect().write(batch), R"(insert into "book" ("title", "price") select * from )"
                                    R"(unnest($1::text[], $2::double precision[]))");
  // What the database fills in comes back with the key, since the order of returned rows means nothing.
  batch.returning = {&batch.entity->columns[2]};
  EXPECT_FALSE(dialect().writes_whole(batch)) << "without the key nobody can tell whose rows come back";
  batch.columns = {batch.entity->key.front(), &batch.entity->columns[1]};
  EXPECT_TRUE(dialect().writes_whole(batch));
  EXPECT_EQ(dialect().write(batch), R"(insert into "book" ("id", "title") select * from )"
                                    R"(unnest($1::bigint[], $2::text[]) returning "id", "price")");
  batch.rows.pop_back();
  EXPECT_FALSE(dialect().writes_whole(batch));
  batch.operation = Operation::reserve_keys;
  batch.returning = {batch.entity->generated_key};
  EXPECT_THAT(dialect().write(batch), ::testing::HasSubstr(R"(pg_get_serial_sequence('"book"', 'id'))"));
}

}  // namespace
}  // namespace kin::query::testing
