// SPDX-License-Identifier: MIT
#include "sql/postgresql_batches.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "sql/dialect_text.hpp"
#include "sql/postgresql_arrays.hpp"

namespace kin::sql {
namespace {

using driver::Operation;
using driver::WriteBatch;

/// The type of an array that carries a column's values. It is as wide as the kind of value, for the cast of
/// an array to a column's own type would cut a text short where the column's assignment refuses it.
std::string element_type(const Column& column, const Dialect& dialect) {
  const Column& typed = typed_column(column);
  if (is_postgresql_array(column)) return "text";  // unnest would take arrays in an array apart
  if (!typed.type.empty()) {
    const std::string type = typed.type.substr(0, typed.type.find('('));
    return type.starts_with("char") ? "text" : type;  // a char without a length is one of a single character
  }
  if (!typed.property->native_enum.empty()) return dialect.column_type(column);
  const bool fits_bigint = typed.codec->kind == ValueKind::unsigned_integer && typed.codec->size_bits < 64;
  return fits_bigint ? "bigint" : std::string(postgresql_type_of(typed.codec->kind));
}

/// False where the database itself fills in a part of the key, so that it can't tell which row is whose.
bool writes_key(const WriteBatch& batch) {
  return std::ranges::all_of(batch.entity->key, [&](const Column* column) {
    return std::ranges::find(batch.columns, column) != batch.columns.end();
  });
}

bool is_found_by_one_column(const WriteBatch& batch) {
  return batch.entity->key.size() == 1 && batch.parameters_per_row() == 1;
}

/// The type of an array's own elements, without a length for the same reason.
std::string type_in_array(const Column& column, const Dialect& dialect) {
  const std::string type = dialect.column_type(column);
  if (type.front() == '"' || type.find('(') == std::string::npos) return type;
  return type.starts_with("char") ? "text[]" : type.substr(0, type.find('(')) + "[]";
}

class BatchWriter {
 public:
  BatchWriter(const WriteBatch& batch, const Dialect& dialect) : batch_(batch), dialect_(dialect) {}

  std::string write() {
    switch (batch_.operation) {
      case Operation::insert:
        insert(batch_.entity->schema, batch_.entity->table, batch_.columns);
        if (!batch_.returning.empty()) return_by_key();
        break;
      case Operation::upsert:
        upsert();
        break;
      case Operation::update:
        update_nulls();
        break;
      case Operation::remove:
        out_ += "delete from ";
        table(batch_.entity->schema, batch_.entity->table);
        where_key();
        break;
      case Operation::pivot_insert:
        insert(batch_.pivot->schema, batch_.pivot->name, pivot_columns());
        if (batch_.ignore_duplicates) dialect_.ignore_duplicates(out_, batch_.pivot->owner_columns.front());
        break;
      case Operation::pivot_remove:
        pivot_remove();
        break;
      case Operation::reserve_keys:
        reserve_keys();
        break;
    }
    return std::move(out_);
  }

 private:
  std::vector<const Column*> pivot_columns() const {
    std::vector<const Column*> columns;
    for (const auto* side : {&batch_.pivot->owner_columns, &batch_.pivot->target_columns})
      for (const Column& column : *side) columns.push_back(&column);
    return columns;
  }

  void upsert() {
    insert(batch_.entity->schema, batch_.entity->table, batch_.columns, dialect_.upserted_alias());
    dialect_.on_conflict(out_, batch_, {});
    const char* separator = " returning ";
    for (const Column* column : batch_.returning) {
      out_ += separator;
      separator = ", ";
      std::string name;
      dialect_.quote(name, column->name);
      dialect_.result(out_, name, column);
    }
  }

  void insert(std::string_view schema, std::string_view name, const std::vector<const Column*>& columns,
              std::string_view alias = {}) {
    out_ += "insert into ";
    table(schema, name);
    if (!alias.empty()) {
      out_ += " as ";
      dialect_.quote(out_, alias);
    }
    out_ += " (";
    names(columns);
    const bool has_arrays =
        std::ranges::any_of(columns, [](const Column* column) { return is_postgresql_array(*column); });
    if (!has_arrays) {
      out_ += ") select * from ";
      return arrays(columns);
    }
    out_ += ") select ";
    for (const Column* column : columns) {
      if (column != columns.front()) out_ += ", ";
      dialect_.quote(out_, column->name);
      if (is_postgresql_array(*column)) out_ += "::" + type_in_array(*column, dialect_);
    }
    out_ += " from ";
    arrays(columns);
    out_ += " as \"v\" (";
    names(columns);
    out_ += ')';
  }

  // Nothing says that rows are returned in the order of the arrays, so each comes with its key.
  void return_by_key() {
    out_ += " returning ";
    names(batch_.entity->key);
    out_ += ", ";
    names(batch_.returning);
  }

  void update_nulls() {
    out_ += "update ";
    table(batch_.entity->schema, batch_.entity->table);
    const char* separator = " set ";
    for (const Column* column : batch_.columns) {
      out_ += separator;
      separator = ", ";
      dialect_.quote(out_, column->name);
      out_ += " = null";
    }
    where_key();
  }

  void pivot_remove() {
    const std::vector<const Column*> columns = pivot_columns();
    out_ += "delete from ";
    table(batch_.pivot->schema, batch_.pivot->name);
    out_ += " where (";
    names(columns);
    out_ += ") in (select * from ";
    arrays(columns);
    out_ += ')';
  }

  // The sequence is looked up once: a sub-select that cannot be merged into the outer one.
  void reserve_keys() {
    std::string table_name;
    dialect_.qualify(table_name, batch_.entity->schema, batch_.entity->table);
    fmt::format_to(std::back_inserter(out_),
                   "select nextval(\"s\".\"key\") from (select pg_get_serial_sequence({}, {})::regclass as "
                   "\"key\" offset 0) as "
                   "\"s\", generate_series(1, $1::integer)",
                   literal(table_name), literal(batch_.returning.front()->name));
  }

  static std::string literal(std::string_view text) {
    std::string out;
    append_quoted(out, text, '\'');
    return out;
  }

  void where_key() {
    out_ += " where ";
    dialect_.quote(out_, batch_.entity->key.front()->name);
    out_ += " = any(";
    array(*batch_.entity->key.front());
    out_ += ')';
  }

  void arrays(const std::vector<const Column*>& columns) {
    out_ += "unnest(";
    for (const Column* column : columns) {
      if (column != columns.front()) out_ += ", ";
      array(*column);
    }
    out_ += ')';
  }

  void array(const Column& column) {
    dialect_.placeholder(out_, ++parameters_);
    out_ += "::";
    out_ += element_type(column, dialect_);
    out_ += "[]";
  }

  void names(const std::vector<const Column*>& columns) {
    for (const Column* column : columns) {
      if (column != columns.front()) out_ += ", ";
      dialect_.quote(out_, column->name);
    }
  }

  void table(std::string_view schema, std::string_view name) { dialect_.qualify(out_, schema, name); }

  const WriteBatch& batch_;
  const Dialect& dialect_;
  std::string out_{};
  std::uint32_t parameters_ = 0;
};

}  // namespace

std::string_view postgresql_type_of(ValueKind kind) {
  switch (kind) {
    case ValueKind::boolean:
      return "boolean";
    case ValueKind::integer:
      return "bigint";
    case ValueKind::unsigned_integer:
    case ValueKind::decimal:
      return "numeric";
    case ValueKind::real:
      return "double precision";
    case ValueKind::blob:
      return "bytea";
    case ValueKind::date:
      return "date";
    case ValueKind::time:
      return "time";
    case ValueKind::timestamp:
      return "timestamptz";
    case ValueKind::uuid:
      return "uuid";
    case ValueKind::json:
      return "jsonb";
    case ValueKind::interval:
      return "interval";
    case ValueKind::array:  // whose type the column tells
    case ValueKind::text:
    case ValueKind::null:
      break;
  }
  return "text";
}

bool takes_arrays(const WriteBatch& batch) {
  if (batch.row_count() < 2) return false;
  switch (batch.operation) {
    case Operation::insert:
      return !batch.columns.empty() && (batch.returning.empty() || writes_key(batch));
    case Operation::upsert:
      return batch.condition == nullptr;
    case Operation::update:
      return batch.write_nulls && is_found_by_one_column(batch);
    case Operation::remove:  // a row that is gone already is as good as deleted, unless its values count
      return is_found_by_one_column(batch);
    case Operation::pivot_insert:
    case Operation::pivot_remove:
      return true;
    case Operation::reserve_keys:
      break;
  }
  return false;
}

std::string postgresql_batch_text(const WriteBatch& batch, const Dialect& dialect) {
  return BatchWriter(batch, dialect).write();
}

}  // namespace kin::sql
