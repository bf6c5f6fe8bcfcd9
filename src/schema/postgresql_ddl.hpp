// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "schema/ddl.hpp"

namespace kin::schema {

/// What is PostgreSQL's own.
class PostgresqlDdl final : public Ddl {
 public:
  using Ddl::Ddl;

  void create_schema(std::string_view schema, Statements& statements) const override;
  bool has_enum_types() const override { return true; }
  void create_enum_type(const EnumType& type, Statements& statements) const override;
  void extend_enum_type(const EnumType& type, const ExistingEnum& existing,
                        Statements& statements) const override;
  void drop(const std::vector<Table>& tables, Statements& statements) const override;
  bool needs(const CheckDefinition& check) const override;
  std::string literal(ValueView value) const override;
  std::string text_literal(std::string_view text) const override;

  std::string_view database() const override { return "PostgreSQL"; }
  Task<ExistingSchema> read(const std::string& schema, driver::Connection& connection) const override;
  bool fits(std::string_view existing_type, const Column& column) const override;

 private:
  std::string_view identity() const override;
  void describe(const Table& table, Statements& statements) const override;
};

}  // namespace kin::schema
