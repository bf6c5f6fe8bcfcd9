// SPDX-License-Identifier: MIT
#include "sql/rows_by_key.hpp"

#include <algorithm>
#include <cstdint>

namespace kin::sql {
namespace {

void append_names(std::string& out, std::span<const Column* const> columns, const Dialect& dialect) {
  for (const Column* column : columns) {
    if (column != columns.front()) out += ", ";
    dialect.quote(out, column->name);
  }
}

}  // namespace

void RowsByKey::take(const ValueView* cells, std::span<const Column* const> columns) {
  if (driver::EntityState* const state = batch_.store_by_key(cells, columns)) met_.push_back(state);
}

std::vector<driver::EntityState*> RowsByKey::left() const {
  std::vector<driver::EntityState*> left;
  if (met_.size() == count_) return left;
  std::vector<driver::EntityState*> met = met_;
  std::ranges::sort(met);
  for (driver::EntityState* const state : std::span(batch_.rows).subspan(first_, count_))
    if (!std::ranges::binary_search(met, state)) left.push_back(state);
  return left;
}

std::string select_by_keys(const EntityMetadata& entity, std::span<const Column* const> first,
                           std::span<const Column* const> columns, std::size_t rows, const Dialect& dialect) {
  std::string text = "select ";
  append_names(text, first, dialect);
  if (!first.empty()) text += ", ";
  append_names(text, columns, dialect);
  text += " from ";
  dialect.qualify(text, entity.schema, entity.table);
  text += " where (";
  append_names(text, entity.key, dialect);
  text += ") in (";
  std::uint32_t parameters = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    text += row == 0 ? "(" : "), (";
    for (std::size_t i = 0; i < entity.key.size(); ++i) {
      if (i != 0) text += ", ";
      dialect.placeholder(text, ++parameters);
    }
  }
  text += "))";
  return text;
}

}  // namespace kin::sql
