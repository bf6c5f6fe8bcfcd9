// SPDX-License-Identifier: MIT
#include "schema/table.hpp"

#include <kin/detail/compiler_text.hpp>

#include <algorithm>
#include <utility>

namespace kin::schema {
namespace {

std::vector<const Column*> pointers_to(const std::vector<Column>& columns) {
  std::vector<const Column*> result;
  result.reserve(columns.size());
  for (const Column& column : columns) result.push_back(&column);
  return result;
}

/// What the description leaves open follows from what the relation means: a row that is named by another
/// cannot do without it, and a nullable reference can.
ForeignKey foreign_key_of(const EntityMetadata& entity, const Property& property) {
  ForeignKey key;
  key.target = property.target;
  for (std::uint32_t i = 0; i < property.column_count; ++i)
    key.columns.push_back(&entity.columns[property.first_column + i]);
  const bool is_key = key.columns.front()->primary_key;
  key.on_delete = property.delete_rule;
  if (key.on_delete == Rule::unset && is_key) key.on_delete = Rule::cascade;
  if (key.on_delete == Rule::unset && key.columns.front()->nullable) key.on_delete = Rule::set_null;
  key.on_update = property.update_rule;
  const bool is_composite = key.columns.size() > 1;
  if (key.on_update == Rule::unset && (is_key || is_composite)) key.on_update = Rule::cascade;
  return key;
}

Table table_of(const EntityMetadata& entity) {
  Table table;
  table.name = entity.table;
  table.schema = entity.schema;
  table.entity = &entity;
  table.columns = pointers_to(entity.columns);
  std::erase_if(table.columns, [](const Column* column) { return !column->property->formula.empty(); });
  table.key = entity.key;
  for (const Property* property : entity.to_one)
    if (property->column_count != 0) table.foreign_keys.push_back(foreign_key_of(entity, *property));
  for (const IndexDefinition& index : entity.indexes) table.indexes.push_back(&index);
  for (const CheckDefinition& check : entity.checks) table.checks.push_back(&check);
  return table;
}

Table table_of(const PivotTable& pivot) {
  Table table;
  table.name = pivot.name;
  table.schema = pivot.schema;
  for (const std::vector<Column>* side : {&pivot.owner_columns, &pivot.target_columns}) {
    ForeignKey key{pointers_to(*side), side->front().references->entity, Rule::cascade, Rule::cascade, false};
    table.columns.insert(table.columns.end(), key.columns.begin(), key.columns.end());
    table.foreign_keys.push_back(std::move(key));
  }
  table.key = table.columns;
  table.indexes.push_back(&pivot.target_index);
  return table;
}

void mark_late_keys(std::vector<Table>& tables) {
  for (auto table = tables.begin(); table != tables.end(); ++table)
    for (ForeignKey& key : table->foreign_keys)
      key.is_late = std::any_of(table + 1, tables.end(),
                                [&](const Table& other) { return other.entity == key.target; });
}

}  // namespace

std::vector<Table> tables_of(std::span<const EntityMetadata* const> entities) {
  std::vector<Table> tables;
  for (const EntityMetadata* entity : entities) tables.push_back(table_of(*entity));
  for (const EntityMetadata* entity : entities)
    for (const auto& pivot : entity->pivots) tables.push_back(table_of(*pivot));
  mark_late_keys(tables);
  return tables;
}

bool is_native_enum(const Column& column) {
  return column.type.empty() && !column.property->native_enum.empty();
}

std::vector<EnumType> enum_types_of(std::span<const Table> tables) {
  std::vector<EnumType> types;
  for (const Table& table : tables)
    for (const Column* column : table.columns) {
      if (!is_native_enum(*column)) continue;
      const std::string_view name = column->property->native_enum;
      const bool is_known = std::ranges::any_of(types, [&](const EnumType& type) {
        return type.name == name && type.schema == std::string_view(table.schema);
      });
      if (!is_known) types.push_back({column->entity->schema, name, column});
    }
  return types;
}

std::vector<std::string> enum_names_of(const Column& column) {
  const detail::Codec& codec = column.codec->element ? *column.codec->element : *column.codec;
  std::vector<std::string> names;
  for (const detail::EnumName& value : codec.enum_names()) names.emplace_back(value.name);
  return names;
}

const ForeignKey* single_foreign_key(const Table& table, const Column& column) {
  const auto found = std::ranges::find_if(table.foreign_keys, [&](const ForeignKey& key) {
    return key.columns.size() == 1 && key.columns.front() == &column;
  });
  return found == table.foreign_keys.end() ? nullptr : &*found;
}

std::string path_of(const Column& column) {
  return column.property->entity->name + "." + column.property->name;
}

}  // namespace kin::schema
