// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include "schema/sqlite_ddl.hpp"
#include "schema/sqlite_introspection.hpp"
#include "schema/table.hpp"

namespace kin::schema {

/// Compares tables with what there is and collects the statements that add what is missing, and the
/// differences that no statement can mend without a loss. Foreign keys of columns that are there are not
/// compared.
class SqliteUpdate {
 public:
  explicit SqliteUpdate(const SqliteDdl& ddl) noexcept : ddl_(ddl) {}

  void compare(const Table& table, const ExistingSchema& existing);
  /// Throws ValidationError when there are differences that cannot be mended.
  std::vector<std::string> finish() &&;

 private:
  void create(const Table& table);
  void compare_columns(const Table& table, const ExistingTable& existing);
  void compare_type(const Table& table, const Column& column, const ExistingColumn& existing);
  void compare_column(const Table& table, const Column& column, const ExistingColumn& existing);
  void compare_key(const Table& table, const ExistingTable& existing);
  void compare_indexes(const Table& table, const ExistingTable& existing, const ExistingSchema& schema);
  void compare_checks(const Table& table, const ExistingTable& existing);
  bool may_add(const Table& table, const Column& column);
  void report(const Column& column, const std::string& sentence);
  void report(const Table& table, const std::string& sentence);

  const SqliteDdl& ddl_;
  std::vector<std::string> statements_{};
  std::vector<std::string> differences_{};
};

}  // namespace kin::schema
