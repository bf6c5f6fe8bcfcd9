// SPDX-License-Identifier: MIT
#include "schema/mysql_ddl.hpp"

#include <kin/error.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "schema/literal.hpp"
#include "sql/mysql_collation.hpp"

namespace kin::schema {
namespace {

/// In single quotes; a backslash means something in them.
std::string escaped_text(std::string_view text) {
  std::string literal = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') literal += c;
    if (c == '\0')
      literal += "\\0";
    else
      literal += c;
  }
  return literal += '\'';
}

std::string real_literal(double value, std::string_view database) {
  if (std::isfinite(value)) return real_text(value);
  throw ValidationError(fmt::format("kin::default_value is {}, and {} stores finite numbers only.",
                                    std::isnan(value) ? "not a number" : "infinite", database));
}

/// Types of any length have no literal for a default, but an expression.
bool takes_expression_only(std::string_view type) {
  return type.find("text") != std::string_view::npos || type.find("blob") != std::string_view::npos ||
         type == "json";
}

struct Width {
  int bytes;  ///< 0 for another type than integers
  bool is_unsigned;
};

Width integer_width(std::string_view plain) {
  Width width{0, plain.ends_with(" unsigned")};
  const std::string_view name = plain.substr(0, plain.find(' '));
  if (name == "tinyint") width.bytes = 1;
  if (name == "smallint") width.bytes = 2;
  if (name == "mediumint") width.bytes = 3;
  if (name == "int") width.bytes = 4;
  if (name == "bigint") width.bytes = 8;
  return width;
}

bool holds(Width existing, Width wanted) {
  if (existing.is_unsigned == wanted.is_unsigned) return existing.bytes >= wanted.bytes;
  return wanted.is_unsigned && existing.bytes > wanted.bytes;
}

constexpr std::string_view tables_question =
    "select table_name, if(table_type like '%VIEW', 'view', 'table'), '' from information_schema.tables "
    "where table_schema = {0} order by table_name";

constexpr std::string_view columns_question =
    "select c.table_name, c.column_name, c.column_type, if(c.is_nullable = 'NO', 1, 0), "
    "case when c.generation_expression <> '' then 2 when c.extra like '%auto_increment%' then 1 else 0 end, "
    "coalesce(k.seq_in_index, 0) from information_schema.columns c "
    "left join information_schema.statistics k on k.table_schema = c.table_schema "
    "and k.table_name = c.table_name and k.column_name = c.column_name and k.index_name = 'PRIMARY' "
    "where c.table_schema = {0} order by c.table_name, c.ordinal_position";

constexpr std::string_view indexes_question =
    "select table_name, index_name, if(non_unique = 0, 1, 0), if(sub_part is null, 0, 1), column_name "
    "from information_schema.statistics where table_schema = {0} "
    "order by table_name, index_name, seq_in_index";

constexpr std::string_view mysql_checks_question =
    "select t.table_name, c.constraint_name, c.check_clause from information_schema.check_constraints c "
    "join information_schema.table_constraints t on t.constraint_schema = c.constraint_schema "
    "and t.constraint_name = c.constraint_name and t.constraint_type = 'CHECK' "
    "where c.constraint_schema = {0} order by t.table_name, c.constraint_name";

// Of MariaDB several tables may have a check of the same name.
constexpr std::string_view mariadb_checks_question =
    "select table_name, constraint_name, check_clause from information_schema.check_constraints "
    "where constraint_schema = {0} order by table_name, constraint_name";

}  // namespace

void MysqlDdl::create_schema(std::string_view schema, Statements& statements) const {
  statements.push_back("create database if not exists " + quoted(schema));
}

std::string_view MysqlDdl::identity() const { return " not null auto_increment primary key"; }

/// A table without a schema is looked up in that of the table which refers to it.
bool MysqlDdl::enforces(const Table& table, const ForeignKey& key) const {
  return table.schema.empty() || !key.target->schema.empty();
}

std::string MysqlDdl::default_of(const Column& column) const {
  const Property& property = *column.property;
  if (!property.default_raw.empty() || !property.default_value || !takes_expression_only(type_of(column)))
    return Ddl::default_of(column);
  return fmt::format(" default ({})", literal(property.default_value->view()));
}

std::string MysqlDdl::column_end(const Column& column) const {
  const std::string& comment = column.property->comment;
  const bool is_own = column.entity != nullptr && !comment.empty();
  return is_own ? " comment " + escaped_text(comment) : std::string();
}

std::string MysqlDdl::table_end(const Table& table) const {
  std::string end = fmt::format(" engine = InnoDB default character set utf8mb4 collate {}", collation());
  if (table.entity && !table.entity->comment.empty())
    end += " comment = " + escaped_text(table.entity->comment);
  return end;
}

std::string_view MysqlDdl::collation() const { return sql::mysql_collation; }

std::string MysqlDdl::text_literal(std::string_view text) const { return escaped_text(text); }

std::string MysqlDdl::literal(ValueView value) const {
  switch (value.kind()) {
    case ValueKind::null:
      return "null";
    case ValueKind::boolean:
      return value.as_boolean() ? "1" : "0";
    case ValueKind::integer:
      return fmt::format("{}", value.as_integer());
    case ValueKind::unsigned_integer:
      return fmt::format("{}", value.as_unsigned());
    case ValueKind::real:
      return real_literal(value.as_real(), database());
    case ValueKind::text:
    case ValueKind::decimal:
    case ValueKind::json:
    case ValueKind::array:
    case ValueKind::interval:
      return text_literal(value.bytes());
    case ValueKind::blob:
    case ValueKind::uuid:
      return fmt::format("x'{}'", hex_of(value.bytes()));
    case ValueKind::date:
    case ValueKind::time:
    case ValueKind::timestamp:
      return quoted_text(chrono_text(value));
  }
  return "null";
}

bool MysqlDdl::same_name(std::string_view a, std::string_view b) const noexcept {
  return same_without_case(a, b);
}

/// Types that keep the same values have one name.
std::string MysqlDdl::plain_type(std::string_view type) const {
  std::string plain;
  bool is_inside = false;
  for (const char c : type) {
    if (c == '(') is_inside = true;
    if (!is_inside) plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (c == ')') is_inside = false;
  }
  struct Name {
    std::string_view of;
    std::string_view plain;
  };
  constexpr Name names[] = {
      {"boolean", "tinyint"},    {"bool", "tinyint"},
      {"integer", "int"},        {"integer unsigned", "int unsigned"},
      {"numeric", "decimal"},    {"double precision", "double"},
      {"real", "double"},        {"char", "text"},
      {"varchar", "text"},       {"tinytext", "text"},
      {"mediumtext", "text"},    {"longtext", "text"},
      {"enum", "text"},          {"binary", "blob"},
      {"varbinary", "blob"},     {"tinyblob", "blob"},
      {"mediumblob", "blob"},    {"longblob", "blob"},
      {"timestamp", "datetime"},
  };
  for (const Name& name : names)
    if (plain == name.of) return std::string(name.plain);
  return plain;
}

bool MysqlDdl::fits(std::string_view existing_type, const Column& column) const {
  const std::string existing = plain_type(existing_type);
  const std::string wanted = plain_type(type_of(column));
  const Width width = integer_width(existing);
  if (width.bytes != 0 && integer_width(wanted).bytes != 0) return holds(width, integer_width(wanted));
  return existing == wanted || (existing == "double" && wanted == "float");
}

std::vector<std::string> MysqlDdl::items_of(std::string_view existing_type) const {
  return existing_type.starts_with("enum(") ? texts_in(existing_type) : std::vector<std::string>();
}

bool MysqlDdl::needs(const CheckDefinition& check) const {
  return !check.expression.empty() || !is_native_enum(*check.column);
}

std::string_view MysqlDdl::checks_question() const { return mysql_checks_question; }

Task<ExistingSchema> MysqlDdl::read(const std::string& schema, driver::Connection& connection) const {
  const std::string name = schema.empty() ? "database()" : escaped_text(schema);
  SchemaQuestions questions;
  questions.tables = fmt::format(tables_question, name);
  questions.columns = fmt::format(columns_question, name);
  questions.indexes = fmt::format(indexes_question, name);
  questions.checks = fmt::format(fmt::runtime(checks_question()), name);
  return read_schema(connection, std::move(questions));
}

std::string_view MariadbDdl::collation() const { return sql::mariadb_collation; }

/// JSON is text with a check.
std::string MariadbDdl::plain_type(std::string_view type) const {
  std::string plain = MysqlDdl::plain_type(type);
  return plain == "json" ? "text" : plain;
}

std::string_view MariadbDdl::checks_question() const { return mariadb_checks_question; }

/// Not even tables that are dropped together may refer to each other in a circle.
void MariadbDdl::drop(const std::vector<Table>& tables, Statements& statements) const {
  for (const Table& table : tables)
    for (const ForeignKey& key : table.foreign_keys)
      if (key.is_late && enforces(table, key))
        statements.push_back(fmt::format("alter table if exists {} drop foreign key if exists {}",
                                         qualified(table.schema, table.name),
                                         quoted(foreign_key_name(table, key))));
  MysqlDdl::drop(tables, statements);
}

}  // namespace kin::schema
