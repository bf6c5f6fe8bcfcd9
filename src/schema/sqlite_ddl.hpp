// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "schema/ddl.hpp"

namespace kin::schema {

/// What is SQLite's own. Its constraints are part of a table's definition and never added to it, names
/// compare as A to Z like a to z, and a column's type is but a preference.
class SqliteDdl final : public Ddl {
 public:
  using Ddl::Ddl;

  void drop(const std::vector<Table>& tables, Statements& statements) const override;
  std::string create_index(const Table& table, const IndexDefinition& index) const override;
  std::string type_of(const Column& column) const override;
  std::string literal(ValueView value) const override;
  std::string text_literal(std::string_view text) const override;

  std::string_view database() const override { return "SQLite"; }
  Task<ExistingSchema> read(const std::string& schema, driver::Connection& connection) const override;
  bool same_name(std::string_view a, std::string_view b) const noexcept override;
  bool fits(std::string_view existing_type, const Column& column) const override;
  std::string key_obstacle(const ExistingColumn& column) const override;
  std::string obstacle_to_add(const Table& table, const Column& column) const override;
  CheckState state_of(const ExistingTable& table, const CheckDefinition& check) const override;
  bool adds_constraints() const override { return false; }
  bool enforces(const Table& table, const ForeignKey& key) const override;

 private:
  std::string target_of(const EntityMetadata& target) const override;
  std::string_view identity() const override;
  std::string_view generated_storage() const override { return "virtual"; }
  std::string table_end(const Table& table) const override;
};

}  // namespace kin::schema
