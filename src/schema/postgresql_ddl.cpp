// SPDX-License-Identifier: MIT
#include "schema/postgresql_ddl.hpp"

#include <kin/error.hpp>
#include <kin/types/uuid.hpp>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "schema/literal.hpp"
#include "sql/postgresql_arrays.hpp"

namespace kin::schema {
namespace {

std::string real_literal(double value) {
  if (std::isnan(value)) return "'NaN'";
  if (std::isinf(value)) return value < 0 ? "'-Infinity'" : "'Infinity'";
  return real_text(value);
}

/// The name of an enum type without schema and quotes.
std::string bare_name(std::string_view type) {
  std::string name;
  for (const char c : type) {
    if (c == '.') name.clear();
    if (c != '.' && c != '"') name += c;
  }
  return name;
}

/// A type without its length, under one name where it has several. The kinds of time are one with and without
/// a zone: kin writes UTC into both.
std::string plain_type(std::string_view type) {
  std::string plain;
  bool is_inside = false;
  for (const char c : type) {
    if (c == '(') is_inside = true;
    if (!is_inside) plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (c == ')') is_inside = false;
  }
  if (plain.ends_with("[]")) return plain_type(plain.substr(0, plain.size() - 2)) + "[]";
  struct Name {
    std::string_view of;
    std::string_view plain;
  };
  constexpr Name names[] = {
      {"bool", "boolean"},
      {"int2", "smallint"},
      {"int", "integer"},
      {"int4", "integer"},
      {"int8", "bigint"},
      {"smallserial", "smallint"},
      {"serial", "integer"},
      {"bigserial", "bigint"},
      {"float4", "real"},
      {"float8", "double precision"},
      {"decimal", "numeric"},
      {"varchar", "text"},
      {"character varying", "text"},
      {"character", "text"},
      {"char", "text"},
      {"bpchar", "text"},
      {"timestamptz", "timestamp"},
      {"timestamp with time zone", "timestamp"},
      {"timestamp without time zone", "timestamp"},
      {"time without time zone", "time"},
  };
  for (const Name& name : names)
    if (plain == name.of) return std::string(name.plain);
  return plain;
}

/// Bytes of an integer type, 9 for one that holds more, 0 for another type.
int integer_width(std::string_view plain) {
  if (plain == "smallint") return 2;
  if (plain == "integer") return 4;
  if (plain == "bigint") return 8;
  return plain == "numeric" ? 9 : 0;
}

constexpr std::string_view tables_question =
    "select c.relname::text, case when c.relkind in ('v', 'm') then 'view' else 'table' end, ''::text "
    "from pg_class c where c.relnamespace = {0} and c.relkind in ('r', 'p', 'v', 'm', 'f') order by 1";

constexpr std::string_view columns_question =
    "select c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull::int, "
    "case when a.attgenerated <> '' then 2 "
    "when a.attidentity <> '' or pg_get_expr(d.adbin, d.adrelid) like 'nextval(%' then 1 else 0 end, "
    "coalesce(array_position(k.conkey, a.attnum), 0) "
    "from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped "
    "left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum "
    "left join pg_constraint k on k.conrelid = c.oid and k.contype = 'p' "
    "where c.relnamespace = {0} and c.relkind in ('r', 'p', 'v', 'm', 'f') order by 1, a.attnum";

constexpr std::string_view indexes_question =
    "select c.relname::text, i.relname::text, x.indisunique::int, (x.indpred is not null)::int, "
    "a.attname::text from pg_class c join pg_index x on x.indrelid = c.oid "
    "join pg_class i on i.oid = x.indexrelid "
    "cross join unnest(x.indkey) with ordinality as k (attnum, place) "
    "left join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum and k.attnum <> 0 "
    "where c.relnamespace = {0} and k.place <= x.indnkeyatts order by 1, 2, k.place";

constexpr std::string_view checks_question =
    "select c.relname::text, k.conname::text, pg_get_constraintdef(k.oid) "
    "from pg_class c join pg_constraint k on k.conrelid = c.oid and k.contype = 'c' "
    "where c.relnamespace = {0} order by 1, 2";

constexpr std::string_view enums_question =
    "select t.typname::text, e.enumlabel::text from pg_type t join pg_enum e on e.enumtypid = t.oid "
    "where t.typnamespace = {0} order by 1, e.enumsortorder";

}  // namespace

void PostgresqlDdl::create_enum_type(const EnumType& type, Statements& statements) const {
  std::vector<std::string> items = enum_names_of(*type.column);
  for (std::string& item : items) item = text_literal(item);
  statements.push_back(
      fmt::format("create type {} as enum ({})", qualified(type.schema, type.name), fmt::join(items, ", ")));
}

/// Each before the next one that is there, so that they sort as they are declared.
void PostgresqlDdl::extend_enum_type(const EnumType& type, const ExistingEnum& existing,
                                     Statements& statements) const {
  const std::vector<std::string> items = enum_names_of(*type.column);
  const auto is_there = [&](const std::string& item) {
    return std::ranges::find(existing.items, item) != existing.items.end();
  };
  for (auto item = items.begin(); item != items.end(); ++item) {
    if (is_there(*item)) continue;
    const auto next = std::find_if(item, items.end(), is_there);
    const std::string place = next == items.end() ? std::string() : " before " + text_literal(*next);
    statements.push_back(fmt::format("alter type {} add value if not exists {}{}",
                                     qualified(type.schema, type.name), text_literal(*item), place));
  }
}

void PostgresqlDdl::drop(const std::vector<Table>& tables, Statements& statements) const {
  Ddl::drop(tables, statements);
  for (const EnumType& type : enum_types_of(tables))
    statements.push_back("drop type if exists " + qualified(type.schema, type.name));
}

bool PostgresqlDdl::needs(const CheckDefinition& check) const {
  return !check.expression.empty() || !is_native_enum(*check.column);
}

void PostgresqlDdl::create_schema(std::string_view schema, Statements& statements) const {
  statements.push_back("create schema if not exists " + quoted(schema));
}

// Not `always`, so that rows can bring their keys along.
std::string_view PostgresqlDdl::identity() const { return " generated by default as identity primary key"; }

void PostgresqlDdl::describe(const Table& table, Statements& statements) const {
  const std::string name = qualified(table.schema, table.name);
  if (table.entity && !table.entity->comment.empty())
    statements.push_back(fmt::format("comment on table {} is {}", name, text_literal(table.entity->comment)));
  for (const Column* column : table.columns)
    if (!column->property->comment.empty() && table.entity)
      statements.push_back(fmt::format("comment on column {}.{} is {}", name, quoted(column->name),
                                       text_literal(column->property->comment)));
}

std::string PostgresqlDdl::text_literal(std::string_view text) const {
  if (text.find('\0') != std::string_view::npos)
    throw ValidationError(
        "kin::default_value has a zero character in it, and PostgreSQL stores none in a text.");
  return quoted_text(text);
}

std::string PostgresqlDdl::literal(ValueView value) const {
  switch (value.kind()) {
    case ValueKind::null:
      return "null";
    case ValueKind::boolean:
      return value.as_boolean() ? "true" : "false";
    case ValueKind::integer:
      return fmt::format("{}", value.as_integer());
    case ValueKind::unsigned_integer:
      return fmt::format("{}", value.as_unsigned());
    case ValueKind::real:
      return real_literal(value.as_real());
    case ValueKind::text:
    case ValueKind::decimal:
    case ValueKind::json:
    case ValueKind::interval:
      return text_literal(value.bytes());
    case ValueKind::array:
      return text_literal(sql::postgresql_array(value.bytes()));
    case ValueKind::blob:
      return fmt::format("'\\x{}'", hex_of(value.bytes()));
    case ValueKind::date:
    case ValueKind::time:
      return quoted_text(chrono_text(value));
    case ValueKind::timestamp:  // without a zone it would be local to whoever runs the definition
      return quoted_text(chrono_text(value) + "+00");
    case ValueKind::uuid:
      return quoted_text(Uuid::from_bytes(value.bytes().data()).to_string());
  }
  return "null";
}

bool PostgresqlDdl::fits(std::string_view existing_type, const Column& column) const {
  if (is_native_enum(column)) return bare_name(existing_type) == bare_name(type_of(column));
  const std::string existing = plain_type(existing_type);
  const std::string wanted = plain_type(type_of(column));
  const bool is_number = integer_width(existing) != 0 && column.codec->is_integer();
  return is_number ? integer_width(existing) >= integer_width(wanted) : existing == wanted;
}

Task<ExistingSchema> PostgresqlDdl::read(const std::string& schema, driver::Connection& connection) const {
  const std::string name = schema.empty() ? "current_schema()" : quoted_text(schema);
  const std::string id = fmt::format("(select oid from pg_namespace where nspname = {})", name);
  SchemaQuestions questions;
  questions.tables = fmt::format(tables_question, id);
  questions.columns = fmt::format(columns_question, id);
  questions.indexes = fmt::format(indexes_question, id);
  questions.checks = fmt::format(checks_question, id);
  questions.enum_types = fmt::format(enums_question, id);
  return read_schema(connection, std::move(questions));
}

}  // namespace kin::schema
