// SPDX-License-Identifier: MIT
#include "schema/sqlite_ddl.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "schema/sqlite_literal.hpp"

namespace kin::schema {
namespace {

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return result;
}

/// SQLite's rules: a column's type is but a preference, told from a part of its name.
std::string_view affinity_of(std::string_view type) {
  const std::string name = upper(type);
  const auto has = [&](std::string_view part) { return name.find(part) != std::string::npos; };
  if (has("INT")) return "integer";
  if (has("CHAR") || has("CLOB") || has("TEXT")) return "text";
  if (name.empty() || has("BLOB")) return "blob";
  if (has("REAL") || has("FLOA") || has("DOUB")) return "real";
  return "numeric";
}

/// Whether a column of that affinity keeps values of this kind as they are written.
bool keeps(std::string_view affinity, ValueKind kind) {
  switch (kind) {
    case ValueKind::boolean:
    case ValueKind::integer:
    case ValueKind::unsigned_integer:
      return affinity == "integer" || affinity == "numeric";
    case ValueKind::real:
      return affinity == "real" || affinity == "numeric";
    case ValueKind::date:  // texts that look like no number, but for a number as JSON
    case ValueKind::time:
    case ValueKind::timestamp:
    case ValueKind::uuid:
    case ValueKind::json:
    case ValueKind::array:
    case ValueKind::interval:
      return affinity == "text" || affinity == "numeric" || affinity == "blob";
    default:
      return false;
  }
}

/// Only constants can be given to rows that are there.
bool is_constant(std::string_view sql) {
  if (sql.size() >= 2 && sql.front() == '\'' && sql.back() == '\'')
    return sql.substr(1, sql.size() - 2).find('\'') == std::string_view::npos;
  const bool is_number = !sql.empty() && sql.find_first_not_of("+-.0123456789") == std::string_view::npos;
  return is_number || upper(sql) == "TRUE" || upper(sql) == "FALSE" || upper(sql) == "NULL";
}

/// The text without what does not change its meaning in a check, spaces inside of literals apart.
std::string normalized(std::string_view sql) {
  std::string result;
  for (const char c : sql)
    if (std::isspace(static_cast<unsigned char>(c)) == 0)
      result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

bool is_composite_foreign_key(const Table& table, const Column& column) {
  return column.references && !single_foreign_key(table, column);
}

}  // namespace

bool SqliteDdl::same_name(std::string_view a, std::string_view b) const noexcept {
  return same_without_case(a, b);
}

std::string SqliteDdl::literal(ValueView value) const { return sqlite_literal(value); }
std::string SqliteDdl::text_literal(std::string_view text) const { return sqlite_text_literal(text); }

/// A schema is an attached file, and SQLite has no foreign keys from one file into another.
bool SqliteDdl::enforces(const Table& table, const ForeignKey& key) const {
  return key.target->schema == table.schema;
}
std::string SqliteDdl::target_of(const EntityMetadata& target) const { return quoted(target.table); }

// Autoincrement, lest the key of a deleted row is given to a new one.
std::string_view SqliteDdl::identity() const { return " primary key autoincrement"; }

/// A pivot table has no columns but its key, so the key's index is all of it.
std::string SqliteDdl::table_end(const Table& table) const { return table.entity ? "" : " without rowid"; }

std::string SqliteDdl::type_of(const Column& column) const {
  // Only a column of this very type is made by SQLite, whatever it is called in other databases.
  return column.generated_key ? "integer" : Ddl::type_of(column);
}

std::string SqliteDdl::create_index(const Table& table, const IndexDefinition& index) const {
  // The schema stands in front of the index, and the table is looked up there.
  return fmt::format("create {}index {} on {} {}{}", index.unique ? "unique " : "",
                     qualified(table.schema, index.name), quoted(table.name), column_list(index.columns),
                     part_of_table(index));
}

void SqliteDdl::drop(const std::vector<Table>& tables, Statements& statements) const {
  for (const Table& table : tables)
    statements.push_back("drop table if exists " + qualified(table.schema, table.name));
}

bool SqliteDdl::fits(std::string_view existing_type, const Column& column) const {
  const std::string_view affinity = affinity_of(existing_type);
  return affinity == affinity_of(type_of(column)) || keeps(affinity, column.codec->kind);
}

std::string SqliteDdl::key_obstacle(const ExistingColumn& column) const {
  if (upper(column.type) == "INTEGER") return {};
  return fmt::format("is of type {}, and SQLite makes keys of type integer only", column.type);
}

std::string SqliteDdl::obstacle_to_add(const Table& table, const Column& column) const {
  if (is_composite_foreign_key(table, column))
    return "and SQLite cannot add a foreign key over several columns; ";
  const Property& property = *column.property;
  const bool has_default = property.default_value || !property.default_raw.empty();
  if (!column.nullable && !has_default) return {};  // for which there is another sentence
  if (property.default_raw.empty() || is_constant(property.default_raw)) return {};
  return fmt::format(
      "and SQLite adds columns with a constant default only, not ({}); say kin::default_value, or ",
      property.default_raw);
}

/// Checks are part of the table's own text, which is all that SQLite tells of them.
Ddl::CheckState SqliteDdl::state_of(const ExistingTable& table, const CheckDefinition& check) const {
  const std::string text = normalized(table.sql);
  if (text.find(normalized(fmt::format("check ({})", condition_of(check)))) != std::string::npos)
    return CheckState::same;
  const bool is_other = text.find(normalized("constraint " + quoted(check.name))) != std::string::npos;
  return is_other ? CheckState::other : CheckState::missing;
}

}  // namespace kin::schema
