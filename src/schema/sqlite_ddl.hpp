// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "schema/table.hpp"
#include "sql/dialect.hpp"

namespace kin::schema {

/// The text of SQLite's definitions. All texts are the same on each run.
class SqliteDdl {
 public:
  explicit SqliteDdl(const sql::Dialect& dialect) noexcept : dialect_(dialect) {}

  std::string create_table(const Table& table) const;
  std::string create_index(const Table& table, const IndexDefinition& index) const;
  std::string drop_table(const Table& table) const;
  /// Takes the foreign key and the checks of the column along.
  std::string add_column(const Table& table, const Column& column) const;

  std::string type_of(const Column& column) const;
  /// `constraint "book_price_check" check (price > 0)`
  std::string check_of(const CheckDefinition& check) const;
  /// Only the condition in the brackets.
  std::string condition_of(const CheckDefinition& check) const;
  std::string quoted(std::string_view identifier) const;

 private:
  std::string qualified(std::string_view schema, std::string_view name) const;
  std::string column_list(const std::vector<const Column*>& columns) const;
  std::string column_definition(const Table& table, const Column& column) const;
  std::string default_of(const Property& property) const;
  std::string references(const ForeignKey& key) const;

  const sql::Dialect& dialect_;
};

}  // namespace kin::schema
