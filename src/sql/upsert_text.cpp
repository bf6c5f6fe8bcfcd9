// SPDX-License-Identifier: MIT
// The end of an upsert: how a row is found that is there, and what it takes over.
#include <kin/error.hpp>

#include <algorithm>
#include <utility>

#include "sql/dialect.hpp"
#include "sql/parameters.hpp"
#include "sql/select_writer.hpp"
#include "sql/statements.hpp"

namespace kin::sql {

std::string SelectWriter::write_condition_only() {
  write_where(plan_.where);
  return std::move(out_);
}

std::string upsert_condition(const query::ReadPlan& condition, const Dialect& dialect, std::size_t before,
                             std::vector<std::uint32_t>& values) {
  const std::string marked = SelectWriter(condition, dialect).write_condition_only();
  values.clear();
  std::vector<std::uint32_t> arrays(before);  // each stands for a placeholder that has its number already
  std::string text = with_placeholders(marked, dialect, values, arrays);
  if (std::ranges::any_of(arrays, [](std::uint32_t array) { return array != 0; }))
    throw ValidationError(
        condition.root->name + ": upsert: the list in where() is too long; join shorter ones by ||",
        ErrorDetails{.entity = condition.root->name});
  return text;
}

void Dialect::on_conflict(std::string& out, const driver::WriteBatch& batch,
                          std::string_view condition) const {
  out += " on conflict (";
  for (const Column* column : batch.conflict) {
    if (column != batch.conflict.front()) out += ", ";
    quote(out, column->name);
  }
  out += ')';
  if (batch.merged.empty()) {
    out += " do nothing";
    return;
  }
  const char* separator = " do update set ";
  for (const Column* column : batch.merged) {
    out += separator;
    separator = ", ";
    quote(out, column->name);
    out += " = ";
    if (column == batch.entity->version && column->codec->is_integer()) {
      quote(out, upserted_alias());
      out += '.';
      quote(out, column->name);
      out += " + 1";
    } else {
      out += "excluded.";
      quote(out, column->name);
    }
  }
  out += condition;
}

}  // namespace kin::sql
