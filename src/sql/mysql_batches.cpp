// SPDX-License-Identifier: MIT
#include "sql/mysql_batches.hpp"

namespace kin::sql {

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

std::string select_by_keys(const EntityMetadata& entity, std::span<const Column* const> columns,
                           std::size_t rows, const Dialect& dialect) {
  std::string text = "select ";
  std::string key;
  for (const Column* column : entity.key) {
    if (!key.empty()) key += ", ";
    dialect.quote(key, column->name);
  }
  text += key;
  for (const Column* column : columns) {
    text += ", ";
    dialect.quote(text, column->name);
  }
  text += " from ";
  dialect.qualify(text, entity.schema, entity.table);
  text += " where (" + key + ") in (";
  std::string place = "(";
  for (std::size_t i = 0; i < entity.key.size(); ++i) place += i == 0 ? "?" : ", ?";
  place += ')';
  for (std::size_t i = 0; i < rows; ++i) {
    if (i != 0) text += ", ";
    text += place;
  }
  text += ')';
  return text;
}

}  // namespace kin::sql
