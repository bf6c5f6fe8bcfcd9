// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "schema/ddl.hpp"

namespace kin::schema {

/// What is MySQL's own, and what MariaDB has in common with it.
class MysqlDdl : public Ddl {
 public:
  using Ddl::Ddl;

  void create_schema(std::string_view schema, Statements& statements) const override;
  std::string literal(ValueView value) const override;
  std::string text_literal(std::string_view text) const override;

  std::string_view database() const override { return "MySQL"; }
  Task<ExistingSchema> read(const std::string& schema, driver::Connection& connection) const override;
  bool same_name(std::string_view a, std::string_view b) const noexcept override;
  std::vector<std::string> items_of(std::string_view existing_type) const override;
  bool needs(const CheckDefinition& check) const override;
  bool fits(std::string_view existing_type, const Column& column) const override;
  bool indexes_belong_to_tables() const override { return true; }
  bool has_partial_indexes() const override { return false; }
  bool enforces(const Table& table, const ForeignKey& key) const override;

 protected:
  std::string default_of(const Column& column) const override;
  /// A type's name without its length, and one where there are several.
  virtual std::string plain_type(std::string_view type) const;

 private:
  std::string_view identity() const override;
  std::string column_end(const Column& column) const override;
  std::string table_end(const Table& table) const override;
  virtual std::string_view collation() const;
  virtual std::string_view checks_question() const;
};

/// What is MariaDB's own.
class MariadbDdl final : public MysqlDdl {
 public:
  using MysqlDdl::MysqlDdl;

  void drop(const std::vector<Table>& tables, Statements& statements) const override;
  std::string_view database() const override { return "MariaDB"; }

 protected:
  std::string plain_type(std::string_view type) const override;

 private:
  bool generated_may_be_not_null() const override { return false; }
  std::string_view collation() const override;
  std::string_view checks_question() const override;
};

}  // namespace kin::schema
