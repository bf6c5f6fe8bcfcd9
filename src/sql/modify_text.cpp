// SPDX-License-Identifier: MIT
// Updates and deletes of all rows that meet a condition.
#include <kin/error.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "sql/select_writer.hpp"

namespace kin::sql {

using query::Assignment;

void SelectWriter::write_update() {
  out_ += "update ";
  write_table(plan_.sources.front());
  const char* separator = " set ";
  for (const Assignment* assignment : in_turn()) {
    out_ += separator;
    separator = ", ";
    dialect_.quote(out_, assignment->column->name);
    out_ += " = ";
    write_value(assignment->value);
  }
  write_modified_rows();
}

void SelectWriter::write_delete() {
  const query::Source& root = plan_.sources.front();
  std::string table;
  dialect_.qualify(table, root.entity->schema, root.entity->table);
  dialect_.delete_from(out_, table, root.alias);
  write_modified_rows();
}

/// The condition; where it goes beyond the table itself, by the keys of the rows that meet it.
void SelectWriter::write_modified_rows() {
  if (plan_.sources.size() == 1) return write_where(plan_.where);
  const auto& key = plan_.root->key;
  const std::string& alias = plan_.sources.front().alias;
  std::string columns;
  for (const Column* column : key) {
    if (column != key.front()) columns += ", ";
    write_column(columns, *column, alias);
  }
  out_ += " where ";
  out_ += key.size() == 1 ? columns : fmt::format("({})", columns);
  out_ += " in ";
  std::string before = std::exchange(out_, "select " + columns + " from ");
  write_from({}, nullptr);
  write_where(plan_.where);
  dialect_.own_keys(before, out_);
  out_ = std::move(before);
}

/// The assignments in an order in which none reads what an earlier one has written, where that makes a
/// difference.
std::vector<const Assignment*> SelectWriter::in_turn() const {
  std::vector<const Assignment*> open;
  for (const Assignment& assignment : plan_.assignments) open.push_back(&assignment);
  if (!dialect_.assigns_in_turn()) return open;
  const auto reads = [](const Assignment& reader, const Column& column) {
    return std::ranges::any_of(reader.value, [&](const query::Node& node) { return node.column == &column; });
  };
  std::vector<const Assignment*> ordered;
  while (!open.empty()) {
    const auto next = std::ranges::find_if(open, [&](const Assignment* candidate) {
      return std::ranges::none_of(open, [&](const Assignment* other) {
        return other != candidate && reads(*other, *candidate->column);
      });
    });
    if (next == open.end()) {
      const Column& column = *open.front()->column;
      throw ValidationError(
          fmt::format(
              "{}.{}: this database assigns one member after the other, so members can't take each other's "
              "values in one native_update; use two, or change the entities and flush",
              plan_.root->name, column.property->name),
          ErrorDetails{.entity = plan_.root->name, .property = column.property->name});
    }
    ordered.push_back(*next);
    open.erase(next);
  }
  return ordered;
}

}  // namespace kin::sql
