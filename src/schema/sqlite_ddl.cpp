// SPDX-License-Identifier: MIT
#include "schema/sqlite_ddl.hpp"

#include <kin/detail/compiler_text.hpp>

#include <span>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "schema/sqlite_literal.hpp"

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

/// A pivot table has no columns but its key, so the key's index is all of it.
bool is_without_rowid(const Table& table) { return table.entity == nullptr; }

bool has_inline_key(const Table& table) { return table.key.size() == 1 && table.key.front()->generated_key; }

/// A schema is an attached file, and SQLite has no foreign keys from one file into another.
bool is_enforced(const Table& table, const ForeignKey& key) { return key.target->schema == table.schema; }

}  // namespace

std::string SqliteDdl::quoted(std::string_view identifier) const {
  std::string text;
  dialect_.quote(text, identifier);
  return text;
}

std::string SqliteDdl::qualified(std::string_view schema, std::string_view name) const {
  return schema.empty() ? quoted(name) : quoted(schema) + "." + quoted(name);
}

std::string SqliteDdl::column_list(const std::vector<const Column*>& columns) const {
  std::vector<std::string> names;
  names.reserve(columns.size());
  for (const Column* column : columns) names.push_back(quoted(column->name));
  return fmt::format("({})", fmt::join(names, ", "));
}

std::string SqliteDdl::type_of(const Column& column) const {
  // Only a column of this very type is made by SQLite, whatever it is called in other databases.
  if (column.generated_key) return "integer";
  if (!column.type.empty()) return column.type;
  return dialect_.column_type(origin_of(column));
}

std::string SqliteDdl::default_of(const Property& property) const {
  if (!property.default_raw.empty()) return fmt::format(" default ({})", property.default_raw);
  if (property.default_value) return " default " + sqlite_literal(property.default_value->view());
  return {};
}

std::string SqliteDdl::column_definition(const Table& table, const Column& column) const {
  const Property& property = *column.property;
  std::string text = quoted(column.name) + " " + type_of(column);
  // Autoincrement, lest the key of a deleted row is given to a new one.
  if (column.generated_key) return text + " primary key autoincrement";
  if (!property.generated.empty())
    text += fmt::format(" generated always as ({}) virtual", property.generated);
  if (!column.nullable) text += " not null";
  if (!property.is_relation()) text += default_of(property);
  const ForeignKey* key = single_foreign_key(table, column);
  if (key && is_enforced(table, *key)) text += " " + references(*key);
  return text;
}

std::string SqliteDdl::references(const ForeignKey& key) const {
  std::vector<const Column*> target;
  target.reserve(key.columns.size());
  for (const Column* column : key.columns) target.push_back(column->references);
  std::string text = fmt::format("references {} {}", quoted(key.target->table), column_list(target));
  if (key.on_update != Rule::unset) text += fmt::format(" on update {}", text_of(key.on_update));
  if (key.on_delete != Rule::unset) text += fmt::format(" on delete {}", text_of(key.on_delete));
  return text;
}

std::string SqliteDdl::condition_of(const CheckDefinition& check) const {
  if (!check.expression.empty()) return check.expression;
  const std::span<const detail::EnumName> values = check.column->codec->enum_names();
  std::vector<std::string> names;
  names.reserve(values.size());
  for (const detail::EnumName& value : values) names.push_back(sqlite_text_literal(value.name));
  return fmt::format("{} in ({})", quoted(check.column->name), fmt::join(names, ", "));
}

std::string SqliteDdl::check_of(const CheckDefinition& check) const {
  return fmt::format("constraint {} check ({})", quoted(check.name), condition_of(check));
}

std::string SqliteDdl::create_table(const Table& table) const {
  std::vector<std::string> parts;
  parts.reserve(table.columns.size() + table.foreign_keys.size() + table.checks.size() + 1);
  for (const Column* column : table.columns) parts.push_back(column_definition(table, *column));
  if (!has_inline_key(table)) parts.push_back("primary key " + column_list(table.key));
  for (const ForeignKey& key : table.foreign_keys)
    if (key.columns.size() > 1 && is_enforced(table, key))
      parts.push_back(fmt::format("foreign key {} {}", column_list(key.columns), references(key)));
  for (const CheckDefinition* check : table.checks) parts.push_back(check_of(*check));
  return fmt::format("create table {} ({}){}", qualified(table.schema, table.name), fmt::join(parts, ", "),
                     is_without_rowid(table) ? " without rowid" : "");
}

std::string SqliteDdl::create_index(const Table& table, const IndexDefinition& index) const {
  // The schema stands in front of the index, and the table is looked up there.
  return fmt::format("create {}index {} on {} {}", index.unique ? "unique " : "",
                     qualified(table.schema, index.name), quoted(table.name), column_list(index.columns));
}

std::string SqliteDdl::drop_table(const Table& table) const {
  return "drop table if exists " + qualified(table.schema, table.name);
}

std::string SqliteDdl::add_column(const Table& table, const Column& column) const {
  std::string text = fmt::format("alter table {} add column {}", qualified(table.schema, table.name),
                                 column_definition(table, column));
  for (const CheckDefinition* check : table.checks)
    if (check->column == &column) text += " " + check_of(*check);
  return text;
}

}  // namespace kin::schema
