// SPDX-License-Identifier: MIT
#include "schema/sqlite_schema_writer.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "schema/sqlite_introspection.hpp"
#include "schema/sqlite_update.hpp"
#include "schema/table.hpp"

namespace kin::schema {
namespace {

/// Dropping a table deletes its rows first, and those that refer to them have their say.
bool hinders_drop(const ForeignKey& key, const EntityMetadata* target) {
  const bool gives_way = key.on_delete == Rule::cascade || key.on_delete == Rule::set_null;
  return key.target == target && !gives_way;
}

bool may_drop(const Table& table, const std::vector<Table>& remaining) {
  return std::ranges::none_of(remaining, [&](const Table& other) {
    return other.entity != table.entity &&
           std::ranges::any_of(other.foreign_keys,
                               [&](const ForeignKey& key) { return hinders_drop(key, table.entity); });
  });
}

/// Pivot tables first, then from the last entity to the first, but none before those whose rows would refuse.
std::vector<Table> in_order_of_drop(std::vector<Table> tables) {
  std::vector<Table> sorted;
  std::ranges::reverse(tables);
  while (!tables.empty()) {
    const auto next =
        std::ranges::find_if(tables, [&](const Table& table) { return may_drop(table, tables); });
    const auto chosen = next == tables.end() ? tables.begin() : next;
    sorted.push_back(std::move(*chosen));
    tables.erase(chosen);
  }
  return sorted;
}

}  // namespace

std::vector<std::string> SqliteSchemaWriter::create(Entities entities) const {
  std::vector<std::string> statements;
  for (const Table& table : tables_of(entities)) {
    statements.push_back(ddl_.create_table(table));
    for (const IndexDefinition* index : table.indexes) statements.push_back(ddl_.create_index(table, *index));
  }
  return statements;
}

std::vector<std::string> SqliteSchemaWriter::drop(Entities entities) const {
  std::vector<std::string> statements;
  for (const Table& table : in_order_of_drop(tables_of(entities)))
    statements.push_back(ddl_.drop_table(table));
  return statements;
}

Task<std::vector<std::string>> SqliteSchemaWriter::update(Entities entities,
                                                          driver::Connection& connection) const {
  const std::vector<Table> tables = tables_of(entities);
  std::map<std::string, ExistingSchema> schemas;
  SqliteUpdate update(ddl_);
  for (const Table& table : tables) {
    auto schema = schemas.find(table.schema);
    if (schema == schemas.end()) {
      ExistingSchema existing = co_await ExistingSchema::read(table.schema, dialect_, connection);
      schema = schemas.emplace(table.schema, std::move(existing)).first;
    }
    update.compare(table, schema->second);
  }
  co_return std::move(update).finish();
}

const driver::SchemaWriter& sqlite_schema_writer() {
  static const SqliteSchemaWriter writer(sql::sqlite_dialect());
  return writer;
}

}  // namespace kin::schema
