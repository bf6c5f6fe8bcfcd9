// SPDX-License-Identifier: MIT
#include "schema/schema_update.hpp"

#include <kin/error.hpp>

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kin::schema {
namespace {

/// What all of these sentences have in common as a remedy.
constexpr std::string_view rebuild = "make the table anew in a migration, or by refresh() without its rows";

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

bool has_only(const std::vector<std::string>& items, const std::vector<std::string>& allowed) {
  return std::ranges::all_of(
      items, [&](const auto& item) { return std::ranges::find(allowed, item) != allowed.end(); });
}

}  // namespace

void SchemaUpdate::compare(const Table& table, const ExistingSchema& schema) {
  compare_enum_types(table, schema);
  const ExistingTable* existing = find_table(schema, table.name);
  if (!existing) {
    create(table);
    return;
  }
  if (existing->is_view) return;  // made by the user, for an entity that is only read
  compare_columns(table, *existing);
  compare_key(table, *existing);
  compare_checks(table, *existing);
  compare_indexes(table, *existing, schema);
  add_foreign_keys(table, *existing);
}

std::vector<std::string> SchemaUpdate::finish() && {
  if (differences_.empty()) {
    statements_.insert(statements_.end(), later_.begin(), later_.end());
    return std::move(statements_);
  }
  std::string message =
      differences_.size() == 1
          ? std::string("The database differs from the entities in a way that update() cannot mend:")
          : fmt::format("The database differs from the entities in {} ways that update() cannot mend:",
                        differences_.size());
  for (const std::string& difference : differences_) message.append("\n").append(difference);
  throw ValidationError(message);
}

const ExistingTable* SchemaUpdate::find_table(const ExistingSchema& schema, std::string_view name) const {
  const auto found = std::ranges::find_if(
      schema.tables, [&](const auto& table) { return ddl_.same_name(table.name, name); });
  return found == schema.tables.end() ? nullptr : &*found;
}

const ExistingColumn* SchemaUpdate::find_column(const ExistingTable& table, std::string_view name) const {
  const auto found = std::ranges::find_if(
      table.columns, [&](const auto& column) { return ddl_.same_name(column.name, name); });
  return found == table.columns.end() ? nullptr : &*found;
}

bool SchemaUpdate::serves(const ExistingIndex& existing, const IndexDefinition& index) const {
  const bool may_be_partial = index.live_by && ddl_.has_partial_indexes();
  return (!existing.partial || may_be_partial) && (existing.unique || !index.unique) &&
         std::ranges::equal(existing.columns, index.columns,
                            [&](const std::string& name, const Column* column) {
                              return ddl_.same_name(name, column->name);
                            });
}

/// True for the names of tables, views and indexes.
bool SchemaUpdate::is_taken(const ExistingSchema& schema, const ExistingTable& table,
                            std::string_view name) const {
  const auto has_index = [&](const ExistingTable& other) {
    return std::ranges::any_of(other.indexes,
                               [&](const auto& index) { return ddl_.same_name(index.name, name); });
  };
  if (ddl_.indexes_belong_to_tables()) return has_index(table);
  return std::ranges::any_of(schema.tables, [&](const ExistingTable& other) {
    return ddl_.same_name(other.name, name) || has_index(other);
  });
}

void SchemaUpdate::create_schema(const std::string& schema) {
  if (schema.empty() || std::ranges::find(schemas_, schema) != schemas_.end()) return;
  schemas_.push_back(schema);
  ddl_.create_schema(schema, statements_);
}

void SchemaUpdate::create(const Table& table) {
  create_schema(table.schema);
  ddl_.create(table, statements_, later_);
}

void SchemaUpdate::compare_enum_types(const Table& table, const ExistingSchema& schema) {
  if (!ddl_.has_enum_types()) return;
  for (const EnumType& type : enum_types_of(std::span(&table, 1))) {
    if (!enum_types_.emplace(type.schema, type.name).second) continue;
    const auto existing = std::ranges::find(schema.enum_types, type.name, &ExistingEnum::name);
    if (existing == schema.enum_types.end()) {
      create_schema(table.schema);
      ddl_.create_enum_type(type, statements_);
    } else if (has_only(existing->items, enum_names_of(*type.column))) {
      ddl_.extend_enum_type(type, *existing, statements_);
    } else {
      report(*type.column, fmt::format("the enum type {} has other items too in the database; add them here, "
                                       "or make the type anew in a migration.",
                                       type.name));
    }
  }
}

/// Of a column whose enum type is its own.
void SchemaUpdate::compare_items(const Table& table, const Column& column, const ExistingColumn& existing) {
  if (!is_native_enum(column)) return;
  const std::vector<std::string> items = ddl_.items_of(existing.type);
  const std::vector<std::string> wanted = enum_names_of(column);
  if (items.empty() || items == wanted) return;
  if (has_only(items, wanted)) {
    statements_.push_back(ddl_.modify_column(table, column));
  } else {
    report(column,
           fmt::format("column {} of table {} has other items too in the database; add them here, or {}.",
                       column.name, table.name, rebuild));
  }
}

void SchemaUpdate::compare_columns(const Table& table, const ExistingTable& existing) {
  for (const Column* column : table.columns) {
    const ExistingColumn* found = find_column(existing, column->name);
    if (found) {
      compare_column(table, *column, *found);
    } else if (may_add(table, *column)) {
      statements_.push_back(ddl_.add_column(table, *column));
    }
  }
}

void SchemaUpdate::compare_type(const Table& table, const Column& column, const ExistingColumn& existing) {
  if (!ddl_.fits(existing.type, column)) {
    const bool is_decimal = column.codec->kind == ValueKind::decimal;
    report(column,
           fmt::format("column {} of table {} is of type {}, and here of {}; change the member's type or "
                       "say {}, or {}.",
                       column.name, table.name, existing.type.empty() ? "none" : existing.type,
                       ddl_.type_of(column), is_decimal ? "kin::precision" : "kin::column_type", rebuild));
  } else if (column.generated_key) {
    const std::string obstacle = ddl_.key_obstacle(existing);
    if (obstacle.empty()) return;
    report(column, fmt::format("column {} of table {} {}; {}.", column.name, table.name, obstacle, rebuild));
  }
}

void SchemaUpdate::compare_column(const Table& table, const Column& column, const ExistingColumn& existing) {
  compare_type(table, column, existing);
  compare_items(table, column, existing);
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

void SchemaUpdate::compare_key(const Table& table, const ExistingTable& existing) {
  const std::vector<std::string> key = key_of(existing);
  const bool is_same = std::ranges::equal(key, table.key, [&](const std::string& name, const Column* column) {
    return ddl_.same_name(name, column->name);
  });
  if (is_same) return;
  std::vector<std::string> wanted;
  wanted.reserve(table.key.size());
  for (const Column* column : table.key) wanted.push_back(column->name);
  report(table, fmt::format("the key of table {} is ({}), and here ({}); correct the description, or {}.",
                            table.name, fmt::join(key, ", "), fmt::join(wanted, ", "), rebuild));
}

void SchemaUpdate::compare_indexes(const Table& table, const ExistingTable& existing,
                                   const ExistingSchema& schema) {
  for (const IndexDefinition* index : table.indexes) {
    const bool is_there =
        std::ranges::any_of(existing.indexes, [&](const auto& other) { return serves(other, *index); });
    if (is_there) continue;
    if (is_taken(schema, existing, index->name)) {
      report(table, fmt::format("there is something else named {}; drop it, or give the index another name.",
                                index->name));
    } else {
      statements_.push_back(ddl_.create_index(table, *index));
    }
  }
}

void SchemaUpdate::compare_checks(const Table& table, const ExistingTable& existing) {
  for (const CheckDefinition* check : table.checks)
    if (ddl_.needs(*check)) compare_check(table, existing, *check);
}

void SchemaUpdate::compare_check(const Table& table, const ExistingTable& existing,
                                 const CheckDefinition& check) {
  const bool is_new = check.column && !find_column(existing, check.column->name);
  if (is_new && !ddl_.adds_constraints()) return;  // comes with its column
  const Ddl::CheckState state = ddl_.state_of(existing, check);
  if (state == Ddl::CheckState::same) return;
  // Nobody asked for an enum's check, so a table of someone else may be without.
  const bool is_missing = state == Ddl::CheckState::missing;
  if (is_missing && check.expression.empty() && !is_new) return;
  if (is_missing && ddl_.adds_constraints()) {
    statements_.push_back(ddl_.add_check(table, check));
    return;
  }
  const std::string sentence =
      is_missing ? fmt::format("table {} lacks the check {}, and {} cannot add one; {}.", table.name,
                               check.name, ddl_.database(), rebuild)
                 : fmt::format("the check {} of table {} allows other values in the database; {}.",
                               check.name, table.name, rebuild);
  check.column ? report(*check.column, sentence) : report(table, sentence);
}

/// Those of columns that were added, where the columns could not take them along.
void SchemaUpdate::add_foreign_keys(const Table& table, const ExistingTable& existing) {
  if (!ddl_.adds_constraints()) return;
  for (const ForeignKey& key : table.foreign_keys) {
    const bool is_new = std::ranges::any_of(
        key.columns, [&](const Column* column) { return !find_column(existing, column->name); });
    if (!is_new || !ddl_.enforces(table, key)) continue;
    (key.is_late ? later_ : statements_).push_back(ddl_.add_foreign_key(table, key));
  }
}

bool SchemaUpdate::may_add(const Table& table, const Column& column) {
  const Property& property = *column.property;
  const bool has_default = property.default_value || !property.default_raw.empty();
  const std::string missing = fmt::format("table {} has no column {}", table.name, column.name);
  if (column.primary_key) return false;  // the key's difference is reported as a whole
  if (!property.generated.empty()) return true;
  if (const std::string obstacle = ddl_.obstacle_to_add(table, column); !obstacle.empty()) {
    report(column, fmt::format("{}, {}{}.", missing, obstacle, rebuild));
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
  return true;
}

void SchemaUpdate::report(const Column& column, const std::string& sentence) {
  differences_.push_back(path_of(column) + ": " + sentence);
}

void SchemaUpdate::report(const Table& table, const std::string& sentence) {
  const std::string subject = table.entity ? table.entity->name : path_of(*table.columns.front());
  differences_.push_back(subject + ": " + sentence);
}

}  // namespace kin::schema
