// SPDX-License-Identifier: MIT
#include "sql/mysql_batches.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "sql/dialect_text.hpp"

namespace kin::sql {
namespace {

using driver::Operation;
using driver::WriteBatch;

/// What a value is in a derived table, where no column tells the server its type. Texts, JSON and decimals
/// are sent as text anyway, and become what the column is when they are assigned.
std::string_view type_of(const Column& column) {
  switch (typed_column(column).codec->kind) {
    case ValueKind::boolean:
    case ValueKind::integer:
      return "signed";
    case ValueKind::unsigned_integer:
      return "unsigned";
    case ValueKind::real:
      return "double";
    case ValueKind::uuid:
      return "binary(16)";
    case ValueKind::blob:
      return "binary";
    case ValueKind::date:
      return "date";
    case ValueKind::time:
      return "time(6)";
    case ValueKind::timestamp:
      return "datetime(6)";
    default:
      return "char";
  }
}

class ManyRows {
 public:
  ManyRows(const WriteBatch& batch, std::size_t rows) : batch_(batch), rows_(rows) {}

  std::string write() {
    if (batch_.operation == Operation::pivot_remove) {
      out_ += "delete from ";
      dialect_.qualify(out_, batch_.pivot->schema, batch_.pivot->name);
    } else if (batch_.operation == Operation::remove) {
      out_ += "delete from ";
      table();
    } else if (batch_.write_nulls) {
      out_ += "update ";
      table();
      const char* separator = " set ";
      for (const Column* column : batch_.columns) {
        out_ += separator;
        name(*column);
        out_ += " = null";
        separator = ", ";
      }
    } else {
      update();
      return std::move(out_);
    }
    where();
    return std::move(out_);
  }

 private:
  /// By which rows are found.
  std::vector<const Column*> found_by() const {
    std::vector<const Column*> columns;
    if (batch_.pivot) {
      for (const auto* side : {&batch_.pivot->owner_columns, &batch_.pivot->target_columns})
        for (const Column& column : *side) columns.push_back(&column);
      return columns;
    }
    columns = batch_.entity->key;
    if (batch_.checks_version) columns.push_back(batch_.entity->version);
    return columns;
  }

  void where() {
    const std::vector<const Column*> columns = found_by();
    out_ += " where (";
    for (const Column* column : columns) {
      if (column != columns.front()) out_ += ", ";
      name(*column);
    }
    out_ += ") in (";
    for (std::size_t row = 0; row < rows_; ++row) {
      out_ += row == 0 ? "(" : ", (";
      for (std::size_t i = 0; i < columns.size(); ++i) out_ += i == 0 ? "?" : ", ?";
      out_ += ')';
    }
    out_ += ')';
  }

  // A table of the values, joined by the key. It is read first, so that rows are found, locked and changed
  // one after the other, and no others are looked at.
  void update() {
    const std::vector<const Column*> found_by = this->found_by();
    std::vector<const Column*> columns = batch_.columns;
    columns.insert(columns.end(), found_by.begin(), found_by.end());
    std::string row = "row(";
    for (std::size_t i = 0; i < columns.size(); ++i)
      fmt::format_to(std::back_inserter(row), "{}cast(? as {})", i == 0 ? "" : ", ", type_of(*columns[i]));
    row += ')';
    out_ += "update (values ";
    for (std::size_t i = 0; i < rows_; ++i) {
      if (i != 0) out_ += ", ";
      out_ += row;
    }
    const char* separator = ") as `n` (";
    for (std::size_t i = 0; i < columns.size(); ++i) {
      fmt::format_to(std::back_inserter(out_), "{}`c{}`", separator, i);
      separator = ", ";
    }
    out_ += ") straight_join ";
    table();
    separator = " as `t` on ";
    for (std::size_t i = batch_.columns.size(); i < columns.size(); ++i) {
      out_ += separator;
      equals(*columns[i], i);
      separator = " and ";
    }
    separator = " set ";
    for (std::size_t i = 0; i < batch_.columns.size(); ++i) {
      out_ += separator;
      equals(*columns[i], i);
      separator = ", ";
    }
  }

  void equals(const Column& column, std::size_t value) {
    out_ += "`t`.";
    name(column);
    fmt::format_to(std::back_inserter(out_), " = `n`.`c{}`", value);
  }
  void name(const Column& column) { dialect_.quote(out_, column.name); }
  void table() { dialect_.qualify(out_, batch_.entity->schema, batch_.entity->table); }

  const WriteBatch& batch_;
  const std::size_t rows_;
  const Dialect& dialect_ = mysql_dialect();
  std::string out_{};
};

}  // namespace

bool changes_many(const WriteBatch& batch) {
  if (batch.pivot) return true;
  const EntityMetadata& entity = *batch.entity;
  const bool joins = batch.operation == Operation::update && !batch.write_nulls;
  const std::size_t found_by = entity.key.size() + (batch.checks_version ? 1 : 0);
  if (batch.parameters_per_row() != found_by + (joins ? batch.columns.size() : 0)) return false;
  if (batch.operation == Operation::remove) {
    return std::ranges::none_of(entity.to_one, [&](const Property* relation) {
      return relation->owner && relation->target == &entity;
    });
  }
  return !joins || std::ranges::all_of(entity.key, [](const Column* column) {
    const ValueKind kind = typed_column(*column).codec->kind;
    return kind == ValueKind::integer || kind == ValueKind::unsigned_integer || kind == ValueKind::uuid;
  });
}

std::string mysql_change_of_rows(const WriteBatch& batch, std::size_t rows) {
  return ManyRows(batch, rows).write();
}

std::string insert_of_rows(std::string_view insert_of_row, std::size_t rows) {
  constexpr std::string_view values = " values (";
  // No value stands in the text, so the row ends with the first parenthesis.
  const std::size_t row_begin = insert_of_row.rfind(values) + values.size() - 1;
  const std::size_t row_end = insert_of_row.find(')', row_begin) + 1;
  const std::string_view row = insert_of_row.substr(row_begin, row_end - row_begin);
  std::string text(insert_of_row.substr(0, row_end));
  text.reserve(insert_of_row.size() + rows * (row.size() + 2));
  for (std::size_t i = 1; i < rows; ++i) {
    text += ", ";
    text += row;
  }
  text += insert_of_row.substr(row_end);
  return text;
}

}  // namespace kin::sql
