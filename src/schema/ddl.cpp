// SPDX-License-Identifier: MIT
#include "schema/ddl.hpp"

#include <kin/detail/compiler_text.hpp>
#include <kin/naming_strategy.hpp>

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kin::schema {
namespace {

std::string_view text_of(Rule rule) {
  switch (rule) {
    case Rule::unset:
      return "";
    case Rule::cascade:
      return "cascade";
    case Rule::set_null:
      return "set null";
    case Rule::set_default:
      return "set default";
    case Rule::restrict_:
      return "restrict";
    case Rule::no_action:
      return "no action";
  }
  return "";
}

bool has_inline_key(const Table& table) { return table.key.size() == 1 && table.key.front()->generated_key; }

std::vector<std::string> names_of(const std::vector<const Column*>& columns) {
  std::vector<std::string> names;
  names.reserve(columns.size());
  for (const Column* column : columns) names.push_back(column->name);
  return names;
}

/// The column whose collation a column has: a foreign key compares as the key that it refers to.
const Column& collated_column(const Column& column) {
  const Column* collated = &column;
  while (collated->property->collation.empty() && collated->references) collated = collated->references;
  return *collated;
}

bool is_plain_text(const Column& column) {
  return column.codec->kind == ValueKind::text && column.codec->enum_names == nullptr && column.type.empty();
}

bool allows_names_of_enum(std::string_view condition, const Column& column) {
  std::vector<std::string> texts = texts_in(condition);
  std::vector<std::string> names = enum_names_of(column);
  std::ranges::sort(texts);
  std::ranges::sort(names);
  return texts == names;
}

}  // namespace

std::string Ddl::quoted(std::string_view identifier) const {
  std::string text;
  dialect_.quote(text, identifier);
  return text;
}

std::string Ddl::qualified(std::string_view schema, std::string_view name) const {
  std::string text;
  dialect_.qualify(text, schema, name);
  return text;
}

std::string Ddl::column_list(const std::vector<const Column*>& columns) const {
  std::vector<std::string> names;
  names.reserve(columns.size());
  for (const Column* column : columns) names.push_back(quoted(column->name));
  return fmt::format("({})", fmt::join(names, ", "));
}

std::string Ddl::foreign_key_name(const Table& table, const ForeignKey& key) const {
  return underscore_naming()->constraint_name(table.name, names_of(key.columns), "foreign");
}

std::string Ddl::target_of(const EntityMetadata& target) const {
  return qualified(target.schema, target.table);
}

std::string Ddl::type_of(const Column& column) const { return dialect_.column_type(column); }

std::string Ddl::default_of(const Column& column) const {
  const Property& property = *column.property;
  if (!property.default_raw.empty()) return fmt::format(" default ({})", property.default_raw);
  if (property.default_value) return " default " + literal(property.default_value->view());
  return {};
}

std::string Ddl::column_end(const Column&) const { return {}; }
std::string Ddl::table_end(const Table&) const { return {}; }

std::string Ddl::collation_of(const Column& column) const {
  const Column& collated = collated_column(column);
  if (!collated.property->collation.empty()) return " collate " + quoted(collated.property->collation);
  if (!collated.entity || collated.entity->collation.empty() || !is_plain_text(collated)) return {};
  return " collate " + quoted(collated.entity->collation);
}

std::string Ddl::column_definition(const Table& table, const Column& column) const {
  const Property& property = *column.property;
  const bool is_generated = !property.generated.empty();
  std::string text = quoted(column.name) + " " + type_of(column);
  if (column.generated_key) return text.append(identity()) + column_end(column);
  text += collation_of(column);
  if (is_generated)
    text += fmt::format(" generated always as ({}) {}", property.generated, generated_storage());
  if (!column.nullable && (!is_generated || generated_may_be_not_null())) text += " not null";
  if (!property.is_relation()) text += default_of(column);
  text += column_end(column);
  if (adds_constraints()) return text;
  const ForeignKey* key = single_foreign_key(table, column);
  if (key && enforces(table, *key)) text += " " + references(*key);
  return text;
}

std::string Ddl::references(const ForeignKey& key) const {
  std::vector<const Column*> target;
  target.reserve(key.columns.size());
  for (const Column* column : key.columns) target.push_back(column->references);
  std::string text = fmt::format("references {} {}", target_of(*key.target), column_list(target));
  if (key.on_update != Rule::unset) text += fmt::format(" on update {}", text_of(key.on_update));
  if (key.on_delete != Rule::unset) text += fmt::format(" on delete {}", text_of(key.on_delete));
  return text;
}

std::string Ddl::named_foreign_key(const Table& table, const ForeignKey& key) const {
  return fmt::format("constraint {} foreign key {} {}", quoted(foreign_key_name(table, key)),
                     column_list(key.columns), references(key));
}

std::string Ddl::condition_of(const CheckDefinition& check) const {
  if (!check.expression.empty()) return check.expression;
  std::vector<std::string> names = enum_names_of(*check.column);
  for (std::string& name : names) name = text_literal(name);
  return fmt::format("{} in ({})", quoted(check.column->name), fmt::join(names, ", "));
}

std::string Ddl::check_of(const CheckDefinition& check) const {
  return fmt::format("constraint {} check ({})", quoted(check.name), condition_of(check));
}

std::string Ddl::inline_index(const IndexDefinition& index) const {
  return fmt::format("{}index {} {}", index.unique ? "unique " : "", quoted(index.name),
                     column_list(index.columns));
}

std::string Ddl::create_table(const Table& table) const {
  std::vector<std::string> parts;
  parts.reserve(table.columns.size() + table.foreign_keys.size() + table.checks.size() + 1);
  for (const Column* column : table.columns) parts.push_back(column_definition(table, *column));
  if (!has_inline_key(table)) parts.push_back("primary key " + column_list(table.key));
  if (indexes_belong_to_tables())
    for (const IndexDefinition* index : table.indexes) parts.push_back(inline_index(*index));
  for (const ForeignKey& key : table.foreign_keys) {
    if (!enforces(table, key)) continue;
    if (adds_constraints()) {
      if (!key.is_late) parts.push_back(named_foreign_key(table, key));
    } else if (key.columns.size() > 1) {
      parts.push_back(fmt::format("foreign key {} {}", column_list(key.columns), references(key)));
    }
  }
  for (const CheckDefinition* check : table.checks)
    if (needs(*check)) parts.push_back(check_of(*check));
  return fmt::format("create table {} ({}){}", qualified(table.schema, table.name), fmt::join(parts, ", "),
                     table_end(table));
}

void Ddl::create(const Table& table, Statements& statements, Statements& later) const {
  statements.push_back(create_table(table));
  if (!indexes_belong_to_tables())
    for (const IndexDefinition* index : table.indexes) statements.push_back(create_index(table, *index));
  describe(table, statements);
  if (!adds_constraints()) return;
  for (const ForeignKey& key : table.foreign_keys)
    if (key.is_late && enforces(table, key)) later.push_back(add_foreign_key(table, key));
}

void Ddl::drop(const std::vector<Table>& tables, Statements& statements) const {
  std::vector<std::string> names;
  names.reserve(tables.size());
  for (const Table& table : tables) names.push_back(qualified(table.schema, table.name));
  // All in one, for tables that refer to each other.
  if (!names.empty()) statements.push_back(fmt::format("drop table if exists {}", fmt::join(names, ", ")));
}

std::string Ddl::create_index(const Table& table, const IndexDefinition& index) const {
  return fmt::format("create {}index {} on {} {}{}", index.unique ? "unique " : "", quoted(index.name),
                     qualified(table.schema, table.name), column_list(index.columns), part_of_table(index));
}

std::string Ddl::part_of_table(const IndexDefinition& index) const {
  if (!index.live_by || !has_partial_indexes()) return {};
  const std::string mark = quoted(index.live_by->name);
  return index.live_by->codec->kind == ValueKind::boolean ? " where not " + mark
                                                          : " where " + mark + " is null";
}

std::string Ddl::add_column(const Table& table, const Column& column) const {
  std::string text = fmt::format("alter table {} add column {}", qualified(table.schema, table.name),
                                 column_definition(table, column));
  if (adds_constraints()) return text;
  for (const CheckDefinition* check : table.checks)
    if (check->column == &column) text += " " + check_of(*check);
  return text;
}

std::string Ddl::modify_column(const Table& table, const Column& column) const {
  return fmt::format("alter table {} modify column {}", qualified(table.schema, table.name),
                     column_definition(table, column));
}

std::string Ddl::add_foreign_key(const Table& table, const ForeignKey& key) const {
  return fmt::format("alter table {} add {}", qualified(table.schema, table.name),
                     named_foreign_key(table, key));
}

std::string Ddl::add_check(const Table& table, const CheckDefinition& check) const {
  return fmt::format("alter table {} add {}", qualified(table.schema, table.name), check_of(check));
}

std::string Ddl::key_obstacle(const ExistingColumn& column) const {
  return column.numbered ? std::string() : fmt::format("is not numbered by {}", database());
}

std::string Ddl::obstacle_to_add(const Table&, const Column&) const { return {}; }

/// By name: databases tell a condition in words of their own. Only of an enum the texts in it are compared.
Ddl::CheckState Ddl::state_of(const ExistingTable& table, const CheckDefinition& check) const {
  const auto found = std::ranges::find_if(
      table.checks, [&](const ExistingCheck& other) { return same_name(other.name, check.name); });
  if (found == table.checks.end()) return CheckState::missing;
  if (!check.expression.empty()) return CheckState::same;
  return allows_names_of_enum(found->text, *check.column) ? CheckState::same : CheckState::other;
}

}  // namespace kin::schema
