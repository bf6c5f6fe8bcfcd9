// SPDX-License-Identifier: MIT
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "sql/statements.hpp"

namespace kin::sql {
namespace {

using driver::Operation;
using driver::WriteBatch;

/// Puts the statement of one row together; placeholders are numbered in the order of WriteBatch::parameter.
class WriteWriter {
 public:
  WriteWriter(const WriteBatch& batch, const Dialect& dialect) : batch_(batch), dialect_(dialect) {}

  /// Of an upsert with a condition: the where clause, whose placeholders come after those of the row.
  void set_condition(std::string condition) { condition_ = std::move(condition); }

  std::string write() {
    switch (batch_.operation) {
      case Operation::insert:
        write_insert();
        break;
      case Operation::upsert:
        write_upsert();
        break;
      case Operation::update:
        write_update();
        break;
      case Operation::remove:
        out_ += "delete from ";
        table(batch_.entity->schema, batch_.entity->table);
        write_key();
        break;
      case Operation::pivot_insert:
        write_pivot_insert();
        break;
      case Operation::pivot_remove:
        write_pivot_remove();
        break;
      case Operation::reserve_keys:  // for dialects that have a statement for it
        break;
    }
    return std::move(out_);
  }

 private:
  void write_insert() {
    out_ += "insert into ";
    table(batch_.entity->schema, batch_.entity->table);
    if (batch_.columns.empty()) {
      out_ += dialect_.default_row();
    } else {
      out_ += " (";
      for (const Column* column : batch_.columns) {
        if (column != batch_.columns.front()) out_ += ", ";
        dialect_.quote(out_, column->name);
      }
      out_ += ')';
      write_values(batch_.columns.size());
    }
    if (dialect_.returns_inserted()) write_returning(dialect_.knows_generated_key());
  }

  void write_upsert() {
    out_ += "insert into ";
    table(batch_.entity->schema, batch_.entity->table);
    if (const std::string_view alias = dialect_.upserted_alias(); !alias.empty()) {
      out_ += " as ";
      dialect_.quote(out_, alias);
    }
    const char* separator = " (";
    for (const Column* column : batch_.columns) {
      out_ += separator;
      separator = ", ";
      dialect_.quote(out_, column->name);
    }
    out_ += ')';
    write_values(batch_.columns.size());
    dialect_.on_conflict(out_, batch_, condition_);
    if (dialect_.returns_inserted()) write_returning(false);
  }

  void write_update() {
    out_ += "update ";
    table(batch_.entity->schema, batch_.entity->table);
    const char* separator = " set ";
    for (const Column* column : batch_.columns) {
      out_ += separator;
      separator = ", ";
      if (batch_.write_nulls) {
        dialect_.quote(out_, column->name);
        out_ += " = null";
      } else {
        equals_parameter(*column);
      }
    }
    write_key();
    if (dialect_.returns_updated()) write_returning(false);
  }

  void write_pivot_insert() {
    out_ += "insert into ";
    table(batch_.pivot->schema, batch_.pivot->name);
    const char* separator = " (";
    for (const auto* side : {&batch_.pivot->owner_columns, &batch_.pivot->target_columns})
      for (const Column& column : *side) {
        out_ += separator;
        separator = ", ";
        dialect_.quote(out_, column.name);
      }
    out_ += ')';
    write_values(batch_.pivot->owner_columns.size() + batch_.pivot->target_columns.size());
    if (batch_.ignore_duplicates) dialect_.ignore_duplicates(out_, batch_.pivot->owner_columns.front());
  }

  void write_pivot_remove() {
    out_ += "delete from ";
    table(batch_.pivot->schema, batch_.pivot->name);
    const char* separator = " where ";
    for (const auto* side : {&batch_.pivot->owner_columns, &batch_.pivot->target_columns})
      for (const Column& column : *side) {
        out_ += separator;
        separator = " and ";
        equals_parameter(column);
      }
  }

  void write_values(std::size_t count) {
    out_ += " values (";
    for (std::size_t i = 0; i < count; ++i) {
      if (i != 0) out_ += ", ";
      dialect_.placeholder(out_, ++parameters_);
    }
    out_ += ')';
  }

  void write_key() {
    const char* separator = " where ";
    for (const Column* column : batch_.entity->key) {
      out_ += separator;
      separator = " and ";
      equals_parameter(*column);
    }
    if (batch_.checks_version) {
      out_ += separator;
      equals_parameter(*batch_.entity->version);
    }
    for (const Column* column : batch_.checked) {
      out_ += separator;
      std::string name;
      std::string placeholder;
      dialect_.quote(name, column->name);
      dialect_.placeholder(placeholder, ++parameters_);
      dialect_.same(out_, name, placeholder, *column);
    }
  }

  void write_returning(bool key_is_known) {
    const char* separator = " returning ";
    for (const Column* column : batch_.returning) {
      if (key_is_known && column->generated_key) continue;
      out_ += separator;
      separator = ", ";
      std::string name;
      dialect_.quote(name, column->name);
      dialect_.result(out_, name, column);
    }
  }

  void equals_parameter(const Column& column) {
    dialect_.quote(out_, column.name);
    out_ += " = ";
    dialect_.placeholder(out_, ++parameters_);
  }

  void table(std::string_view schema, std::string_view name) { dialect_.qualify(out_, schema, name); }

  const WriteBatch& batch_;
  const Dialect& dialect_;
  std::string condition_{};
  std::string out_{};
  std::uint32_t parameters_ = 0;
};

}  // namespace

std::string write_text(const WriteBatch& batch, const Dialect& dialect) {
  return WriteWriter(batch, dialect).write();
}

std::string conditional_upsert_text(driver::WriteBatch& batch, const Dialect& dialect) {
  WriteWriter writer(batch, dialect);
  writer.set_condition(
      upsert_condition(*batch.condition, dialect, batch.columns.size(), batch.condition_order));
  return writer.write();
}

std::string Dialect::write(const WriteBatch& batch) const { return write_text(batch, *this); }

}  // namespace kin::sql
