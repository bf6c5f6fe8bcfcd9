// SPDX-License-Identifier: MIT
// The rows below or above one row of a tree. Keys only, and each once, so that a circle in the data ends;
// with a limit of levels a row has its level beside it.
#include <fmt/format.h>

#include "sql/parameters.hpp"
#include "sql/select_writer.hpp"

namespace kin::sql {
namespace {

constexpr std::string_view tree_name = "tree";
constexpr std::string_view level_name = "level";
constexpr std::string_view row_alias = "n";

std::string key_name(std::size_t index) { return fmt::format("k{}", index); }

}  // namespace

/// The key of a row of the tree's table, or of the row that it refers to.
void SelectWriter::write_tree_key(std::string_view alias, bool of_parent) {
  const Property& parent = *plan_.tree.parent;
  for (std::uint32_t i = 0; i < parent.column_count; ++i) {
    if (i != 0) out_ += ", ";
    const Column& reference = plan_.root->columns[parent.first_column + i];
    write_column(out_, of_parent ? reference : *plan_.root->key[i], alias);
  }
}

void SelectWriter::write_tree() {
  const query::Tree& tree = plan_.tree;
  if (!tree.parent) return;
  const EntityMetadata& entity = *plan_.root;
  const auto key_count = static_cast<std::uint32_t>(entity.key.size());
  const auto quote = [&](std::string_view name) { dialect_.quote(out_, name); };
  const auto column_of_tree = [&](std::string_view name) {
    quote(tree_name);
    out_ += '.';
    quote(name);
  };
  const auto table = [&] {
    out_ += " from ";
    dialect_.qualify(out_, entity.schema, entity.table);
    out_ += " as ";
    quote(row_alias);
  };
  // The column of a row by which it is found: below a row its reference, above one its key.
  const auto found_by = [&](std::uint32_t i) -> const Column& {
    return tree.upward ? *entity.key[i] : entity.columns[tree.parent->first_column + i];
  };
  const auto conditions = [&] {
    if (tree.upward) {
      out_ += " and ";
      write_column(out_, entity.columns[tree.parent->first_column], row_alias);
      out_ += " is not null";
    }
    if (!entity.soft_delete || plan_.with_deleted) return;
    out_ += " and ";
    write_live(entity, row_alias);
  };

  out_ += dialect_.deep_recursion().in_front;
  out_ += "with recursive ";
  quote(tree_name);
  out_ += " (";
  for (std::uint32_t i = 0; i < key_count; ++i) {
    if (i != 0) out_ += ", ";
    quote(key_name(i));
  }
  if (tree.limited) {
    out_ += ", ";
    quote(level_name);
  }
  out_ += ") as (select ";
  write_tree_key(row_alias, tree.upward);
  if (tree.limited) out_ += ", 1";
  table();
  for (std::uint32_t i = 0; i < key_count; ++i) {
    out_ += i == 0 ? " where " : " and ";
    write_column(out_, found_by(i), row_alias);
    out_ += " = ";
    append_mark(out_, tree.first_value + i);
  }
  conditions();
  out_ += " union select ";
  write_tree_key(row_alias, tree.upward);
  if (tree.limited) {
    out_ += ", ";
    column_of_tree(level_name);
    out_ += " + 1";
  }
  table();
  out_ += " join ";
  quote(tree_name);
  for (std::uint32_t i = 0; i < key_count; ++i) {
    out_ += i == 0 ? " on " : " and ";
    write_column(out_, found_by(i), row_alias);
    out_ += " = ";
    column_of_tree(key_name(i));
  }
  if (tree.limited) {
    out_ += " where ";
    column_of_tree(level_name);
    out_ += " < ";
    append_mark(out_, tree.first_value + key_count);
  } else {
    out_ += " where 1 = 1";
  }
  conditions();
  out_ += ") ";
}

/// The row that the tree begins at is none of what lies below or above it, although a circle leads back to
/// it.
void SelectWriter::write_in_tree() {
  const auto key_count = static_cast<std::uint32_t>(plan_.root->key.size());
  if (key_count > 1) out_ += '(';
  write_tree_key(plan_.sources.front().alias, false);
  if (key_count > 1) out_ += ')';
  out_ += " in (select ";
  for (std::uint32_t i = 0; i < key_count; ++i) {
    if (i != 0) out_ += ", ";
    dialect_.quote(out_, key_name(i));
  }
  out_ += " from ";
  dialect_.quote(out_, tree_name);
  out_ += " where not (";
  for (std::uint32_t i = 0; i < key_count; ++i) {
    if (i != 0) out_ += " and ";
    dialect_.quote(out_, key_name(i));
    out_ += " = ";
    append_mark(out_, plan_.tree.first_value + i);
  }
  out_ += "))";
}

}  // namespace kin::sql
