// SPDX-License-Identifier: MIT
#include "schema/sqlite_update.hpp"

#include <kin/error.hpp>

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kin::schema {
namespace {

/// What all of these sentences have in common as a remedy.
constexpr std::string_view rebuild = "make the table anew in a migration, or by refresh() without its rows";

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
      return affinity == "text" || affinity == "numeric" || affinity == "blob";
    default:
      return false;
  }
}

bool fits(std::string_view existing_type, std::string_view type, const Column& column) {
  const std::string_view affinity = affinity_of(existing_type);
  return affinity == affinity_of(type) || keeps(affinity, column.codec->kind);
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

bool same_columns(const ExistingIndex& existing, const IndexDefinition& index) {
  return std::ranges::equal(
      existing.columns, index.columns,
      [](const std::string& name, const Column* column) { return same_name(name, column->name); });
}

bool serves(const ExistingIndex& existing, const IndexDefinition& index) {
  return !existing.partial && (existing.unique || !index.unique) && same_columns(existing, index);
}

std::vector<std::string> key_of(const ExistingTable& table) {
  std::vector<const ExistingColumn*> columns;
  for (const ExistingColumn& column : table.columns)
    if (column.key_position > 0) columns.push_back(&column);
  std::ranges::sort(columns, {}, &ExistingColumn::key_position);
  std::vector<std::string> names;
  names.reserve(columns.size());
  for (const ExistingColumn* column : columns) names.push_back(column->name);
  return names;
}

const ExistingColumn* find_column(const ExistingTable& table, std::string_view name) {
  const auto found =
      std::ranges::find_if(table.columns, [&](const auto& column) { return same_name(column.name, name); });
  return found == table.columns.end() ? nullptr : &*found;
}

bool is_composite_foreign_key(const Table& table, const Column& column) {
  return column.references && !single_foreign_key(table, column);
}

}  // namespace

void SqliteUpdate::compare(const Table& table, const ExistingSchema& schema) {
  const ExistingTable* existing = schema.find_table(table.name);
  if (!existing) {
    create(table);
    return;
  }
  if (existing->is_view) return;  // made by the user, for an entity that is only read
  compare_columns(table, *existing);
  compare_key(table, *existing);
  compare_checks(table, *existing);
  compare_indexes(table, *existing, schema);
}

std::vector<std::string> SqliteUpdate::finish() && {
  if (differences_.empty()) return std::move(statements_);
  std::string message =
      differences_.size() == 1
          ? std::string("The database differs from the entities in a way that update() cannot mend:")
          : fmt::format("The database differs from the entities in {} ways that update() cannot mend:",
                        differences_.size());
  for (const std::string& difference : differences_) message.append("\n").append(difference);
  throw ValidationError(message);
}

void SqliteUpdate::create(const Table& table) {
  statements_.push_back(ddl_.create_table(table));
  for (const IndexDefinition* index : table.indexes) statements_.push_back(ddl_.create_index(table, *index));
}

void SqliteUpdate::compare_columns(const Table& table, const ExistingTable& existing) {
  for (const Column* column : table.columns) {
    const ExistingColumn* found = find_column(existing, column->name);
    if (found) {
      compare_column(table, *column, *found);
    } else if (may_add(table, *column)) {
      statements_.push_back(ddl_.add_column(table, *column));
    }
  }
}

void SqliteUpdate::compare_type(const Table& table, const Column& column, const ExistingColumn& existing) {
  const std::string type = ddl_.type_of(column);
  if (!fits(existing.type, type, column)) {
    const bool is_decimal = column.codec->kind == ValueKind::decimal;
    report(column,
           fmt::format("column {} of table {} is of type {}, and here of {}; change the member's type or "
                       "say {}, or {}.",
                       column.name, table.name, existing.type.empty() ? "none" : existing.type, type,
                       is_decimal ? "kin::precision" : "kin::column_type", rebuild));
  } else if (column.generated_key && upper(existing.type) != "INTEGER") {
    report(column,
           fmt::format("column {} of table {} is of type {}, and SQLite makes keys of type integer only; {}.",
                       column.name, table.name, existing.type, rebuild));
  }
}

void SqliteUpdate::compare_column(const Table& table, const Column& column, const ExistingColumn& existing) {
  compare_type(table, column, existing);
  const bool is_generated = !column.property->generated.empty();
  if (is_generated != existing.generated)
    report(
        column,
        fmt::format("column {} of table {} is {}generated in the database; correct the description, or {}.",
                    column.name, table.name, existing.generated ? "" : "not ", rebuild));
  if (existing.not_null && column.nullable)
    report(column, fmt::format("column {} of table {} is not null, and here it may be; take std::optional or "
                               "kin::nullable away, or {}.",
                               column.name, table.name, rebuild));
}

void SqliteUpdate::compare_key(const Table& table, const ExistingTable& existing) {
  const std::vector<std::string> key = key_of(existing);
  const bool is_same = std::ranges::equal(key, table.key, [](const std::string& name, const Column* column) {
    return same_name(name, column->name);
  });
  if (is_same) return;
  std::vector<std::string> wanted;
  wanted.reserve(table.key.size());
  for (const Column* column : table.key) wanted.push_back(column->name);
  report(table, fmt::format("the key of table {} is ({}), and here ({}); correct the description, or {}.",
                            table.name, fmt::join(key, ", "), fmt::join(wanted, ", "), rebuild));
}

void SqliteUpdate::compare_indexes(const Table& table, const ExistingTable& existing,
                                   const ExistingSchema& schema) {
  for (const IndexDefinition* index : table.indexes) {
    const bool is_there =
        std::ranges::any_of(existing.indexes, [&](const auto& other) { return serves(other, *index); });
    if (is_there) continue;
    if (schema.is_taken(index->name)) {
      report(table, fmt::format("there is something else named {}; drop it, or give the index another name.",
                                index->name));
    } else {
      statements_.push_back(ddl_.create_index(table, *index));
    }
  }
}

/// Checks are part of the table's own text, which is all that SQLite tells of them.
void SqliteUpdate::compare_checks(const Table& table, const ExistingTable& existing) {
  const std::string text = normalized(existing.sql);
  for (const CheckDefinition* check : table.checks) {
    if (check->column && !find_column(existing, check->column->name)) continue;  // comes with its column
    if (text.find(normalized(fmt::format("check ({})", ddl_.condition_of(*check)))) != std::string::npos)
      continue;
    const bool is_other =
        text.find(normalized("constraint " + ddl_.quoted(check->name))) != std::string::npos;
    // Nobody asked for an enum's check, so a table of someone else may be without.
    if (check->expression.empty() && !is_other) continue;
    const std::string sentence =
        is_other ? fmt::format("the check {} of table {} allows other values in the database; {}.",
                               check->name, table.name, rebuild)
                 : fmt::format("table {} lacks the check {}, and SQLite cannot add one; {}.", table.name,
                               check->name, rebuild);
    if (check->column) {
      report(*check->column, sentence);
    } else {
      report(table, sentence);
    }
  }
}

bool SqliteUpdate::may_add(const Table& table, const Column& column) {
  const Property& property = *column.property;
  const bool has_default = property.default_value || !property.default_raw.empty();
  const std::string missing = fmt::format("table {} has no column {}", table.name, column.name);
  if (column.primary_key) return false;  // the key's difference is reported as a whole
  if (!property.generated.empty()) return true;
  if (is_composite_foreign_key(table, column)) {
    report(column, fmt::format("{}, and SQLite cannot add a foreign key over several columns; {}.", missing,
                               rebuild));
    return false;
  }
  if (!column.nullable && !has_default) {
    report(
        column,
        fmt::format("{}, and rows that are there would have no value for it; say kin::default_value or let "
                    "it be null, or {}.",
                    missing, rebuild));
    return false;
  }
  if (!property.default_raw.empty() && !is_constant(property.default_raw)) {
    report(column, fmt::format("{}, and SQLite adds columns with a constant default only, not ({}); say "
                               "kin::default_value, or {}.",
                               missing, property.default_raw, rebuild));
    return false;
  }
  return true;
}

void SqliteUpdate::report(const Column& column, const std::string& sentence) {
  differences_.push_back(path_of(column) + ": " + sentence);
}

void SqliteUpdate::report(const Table& table, const std::string& sentence) {
  const std::string subject = table.entity ? table.entity->name : path_of(*table.columns.front());
  differences_.push_back(subject + ": " + sentence);
}

}  // namespace kin::schema
