// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace kin {

/// Derives names of tables, columns and constraints from names of classes and members. Stateless and shared
/// between threads; derive from it to change single rules.
class NamingStrategy {
 public:
  virtual ~NamingStrategy() = default;
  virtual std::string table_name(std::string_view entity) const = 0;
  virtual std::string column_name(std::string_view member) const = 0;
  /// Column of a to-one relation: of member `author` with key column `id` by default `author_id`.
  virtual std::string join_column_name(std::string_view member, std::string_view key_column) const = 0;
  /// Pivot table of a many-to-many relation.
  virtual std::string pivot_table_name(std::string_view owner_table, std::string_view target_table,
                                       std::string_view member) const = 0;
  /// Pivot's column to one side; `suffix` tells the sides of a self-reference apart ("_1", "_2"), else empty.
  virtual std::string pivot_column_name(std::string_view entity, std::string_view key_column,
                                        std::string_view suffix) const = 0;
  /// kind is one of "primary", "foreign", "unique", "index", "check".
  virtual std::string constraint_name(std::string_view table, std::span<const std::string> columns,
                                      std::string_view kind) const = 0;
};

/// BookTag → book_tag, createdAt and created_at → created_at. The default.
std::shared_ptr<const NamingStrategy> underscore_naming();
/// Names as they stand in the code.
std::shared_ptr<const NamingStrategy> entity_case_naming();

}  // namespace kin
