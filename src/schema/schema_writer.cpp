// SPDX-License-Identifier: MIT
#include "schema/schema_writer.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "schema/mysql_ddl.hpp"
#include "schema/mysql_schema_writer.hpp"
#include "schema/postgresql_ddl.hpp"
#include "schema/postgresql_schema_writer.hpp"
#include "schema/schema_update.hpp"
#include "schema/sqlite_ddl.hpp"
#include "schema/sqlite_schema_writer.hpp"
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

std::vector<std::string> SqlSchemaWriter::create(Entities entities) const {
  const std::vector<Table> tables = tables_of(entities);
  std::vector<std::string> statements;
  std::vector<std::string> later;
  std::set<std::string_view> schemas;
  for (const Table& table : tables)
    if (!table.schema.empty() && schemas.insert(table.schema).second)
      ddl_.create_schema(table.schema, statements);
  for (const EnumType& type : enum_types_of(tables)) ddl_.create_enum_type(type, statements);
  for (const Table& table : tables) ddl_.create(table, statements, later);
  statements.insert(statements.end(), later.begin(), later.end());
  return statements;
}

std::vector<std::string> SqlSchemaWriter::drop(Entities entities) const {
  std::vector<std::string> statements;
  ddl_.drop(in_order_of_drop(tables_of(entities)), statements);
  return statements;
}

Task<std::vector<std::string>> SqlSchemaWriter::update(Entities entities,
                                                       driver::Connection& connection) const {
  const std::vector<Table> tables = tables_of(entities);
  std::map<std::string, ExistingSchema> schemas;
  SchemaUpdate update(ddl_);
  for (const Table& table : tables) {
    auto schema = schemas.find(table.schema);
    if (schema == schemas.end()) {
      ExistingSchema existing = co_await ddl_.read(table.schema, connection);
      schema = schemas.emplace(table.schema, std::move(existing)).first;
    }
    update.compare(table, schema->second);
  }
  co_return std::move(update).finish();
}

const driver::SchemaWriter& sqlite_schema_writer() {
  static const SqliteDdl ddl(sql::sqlite_dialect());
  static const SqlSchemaWriter writer(ddl);
  return writer;
}

const driver::SchemaWriter& postgresql_schema_writer() {
  static const PostgresqlDdl ddl(sql::postgresql_dialect());
  static const SqlSchemaWriter writer(ddl);
  return writer;
}

const driver::SchemaWriter& mysql_schema_writer() {
  static const MysqlDdl ddl(sql::mysql_dialect());
  static const SqlSchemaWriter writer(ddl);
  return writer;
}

const driver::SchemaWriter& mariadb_schema_writer() {
  static const MariadbDdl ddl(sql::mariadb_dialect());
  static const SqlSchemaWriter writer(ddl);
  return writer;
}

}  // namespace kin::schema
