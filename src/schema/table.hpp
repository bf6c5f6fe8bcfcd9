// SPDX-License-Identifier: MIT
#pragma once

#include <kin/metadata.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What the entities ask of a database, whichever it is; the writers make statements of it.
namespace kin::schema {

struct ForeignKey {
  std::vector<const Column*> columns{};  ///< each refers to its key column by Column::references
  const EntityMetadata* target = nullptr;
  Rule on_delete = Rule::unset;
  Rule on_update = Rule::unset;
  bool is_late = false;  ///< the target's table comes after this one
};

/// The table of an entity or of a many-to-many relation. Points into the metadata.
struct Table {
  std::string name{};
  std::string schema{};
  const EntityMetadata* entity = nullptr;  ///< null for a pivot table
  std::vector<const Column*> columns{};
  std::vector<const Column*> key{};
  std::vector<ForeignKey> foreign_keys{};
  std::vector<const IndexDefinition*> indexes{};
  std::vector<const CheckDefinition*> checks{};
};

/// The entities' tables in their order, followed by the pivot tables.
std::vector<Table> tables_of(std::span<const EntityMetadata* const> entities);

/// An enum type that columns share, where the database has such types.
struct EnumType {
  std::string_view schema{};
  std::string_view name{};
  const Column* column = nullptr;  ///< the first one of it
};

/// Those of these tables, each once.
std::vector<EnumType> enum_types_of(std::span<const Table> tables);

/// True for a column that is to be of an enum type, or an array of it.
bool is_native_enum(const Column& column);

/// Names of the enumerators of an enum, or of an array's, in the order in which they were declared.
std::vector<std::string> enum_names_of(const Column& column);

/// The columns in which `table` has a foreign key that goes over one column only, or null.
const ForeignKey* single_foreign_key(const Table& table, const Column& column);

/// "Book.author", for messages.
std::string path_of(const Column& column);

}  // namespace kin::schema
