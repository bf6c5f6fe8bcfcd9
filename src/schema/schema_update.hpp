// SPDX-License-Identifier: MIT
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/ddl.hpp"
#include "schema/existing_schema.hpp"
#include "schema/table.hpp"

namespace kin::schema {

/// Compares tables with what there is and collects the statements that add what is missing, and the
/// differences that no statement can mend without a loss. Foreign keys of columns that are there are not
/// compared.
class SchemaUpdate {
 public:
  explicit SchemaUpdate(const Ddl& ddl) noexcept : ddl_(ddl) {}

  void compare(const Table& table, const ExistingSchema& schema);
  /// Throws ValidationError when there are differences that cannot be mended.
  std::vector<std::string> finish() &&;

 private:
  const ExistingTable* find_table(const ExistingSchema& schema, std::string_view name) const;
  const ExistingColumn* find_column(const ExistingTable& table, std::string_view name) const;
  bool serves(const ExistingIndex& existing, const IndexDefinition& index) const;
  bool is_taken(const ExistingSchema& schema, const ExistingTable& table, std::string_view name) const;

  void create_schema(const std::string& schema);
  void create(const Table& table);
  void compare_enum_types(const Table& table, const ExistingSchema& schema);
  void compare_items(const Table& table, const Column& column, const ExistingColumn& existing);
  void compare_columns(const Table& table, const ExistingTable& existing);
  void compare_type(const Table& table, const Column& column, const ExistingColumn& existing);
  void compare_column(const Table& table, const Column& column, const ExistingColumn& existing);
  void compare_key(const Table& table, const ExistingTable& existing);
  void compare_indexes(const Table& table, const ExistingTable& existing, const ExistingSchema& schema);
  void compare_checks(const Table& table, const ExistingTable& existing);
  void compare_check(const Table& table, const ExistingTable& existing, const CheckDefinition& check);
  void add_foreign_keys(const Table& table, const ExistingTable& existing);
  bool may_add(const Table& table, const Column& column);
  void report(const Column& column, const std::string& sentence);
  void report(const Table& table, const std::string& sentence);

  const Ddl& ddl_;
  std::vector<std::string> schemas_{};                                    ///< that tables have been made in
  std::set<std::pair<std::string_view, std::string_view>> enum_types_{};  ///< that have been compared
  std::vector<std::string> statements_{};
  std::vector<std::string> later_{};  ///< that need tables which come later
  std::vector<std::string> differences_{};
};

}  // namespace kin::schema
