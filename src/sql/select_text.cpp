// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include "sql/parameters.hpp"
#include "sql/select_writer.hpp"
#include "sql/statements.hpp"

namespace kin::sql {

using query::none;
using query::Source;

SelectText select_text(const query::ReadPlan& plan, const Dialect& dialect) {
  const std::string marked = SelectWriter(plan, dialect).write();
  SelectText result;
  result.text = with_placeholders(marked, dialect, result.values, result.arrays);
  if (std::ranges::all_of(result.arrays, [](std::uint32_t array) { return array == 0; }))
    result.arrays.clear();
  return result;
}

std::string SelectWriter::write() {
  out_.reserve(512);
  write_comment();
  write_tree();
  const std::size_t outer_query = out_.size();
  switch (plan_.kind) {
    case query::ReadKind::rows:
      plan_.limit_roots ? write_limited_roots() : write_rows();
      break;
    case query::ReadKind::count:
      write_count();
      break;
    case query::ReadKind::exists:
      out_ += "select 1 from ";
      write_from({}, nullptr);
      write_where(plan_.where);
      dialect_.limit(out_, "1", {});
      break;
    case query::ReadKind::update:
      write_update();
      break;
    case query::ReadKind::remove:
      write_delete();
      break;
  }
  if (plan_.tree.parent)
    out_.insert(outer_query + std::string_view("select ").size(), dialect_.deep_recursion().hint);
  return std::move(out_);
}

void SelectWriter::write_rows() {
  write_select_list();
  write_from({}, nullptr);
  write_where(plan_.where);
  write_groups();
  write_order(nullptr);
  write_limit();
  write_lock(plan_.lock_sources);
}

/// The roots come from a sub-select that has the conditions and the limit; the joins multiply what it lets
/// through.
void SelectWriter::write_limited_roots() {
  const Marks multiplied = multiplied_sources();
  Marks inner(plan_.sources.size());
  Marks outer(plan_.sources.size());
  mark_used(plan_.where, inner);
  mark_used(plan_.having, inner);
  for (const query::SelectItem& item : plan_.group_by) mark_used(item.expression, inner);
  for (const query::SelectItem& item : plan_.select) mark_used(item.expression, outer);
  for (const query::OrderItem& item : plan_.order) {
    mark_used(item.expression, outer);
    if (!uses(item.expression, multiplied)) mark_used(item.expression, inner);
  }

  write_select_list();
  std::string before = std::move(out_);
  out_ = "(select ";
  dialect_.quote(out_, plan_.sources.front().alias);
  out_ += ".* from ";
  write_from({}, &inner);
  write_where(plan_.where);
  write_groups();
  write_order(&multiplied);
  write_limit();
  // Of the rows that are let through, and of those only; what is locked along is joined to them.
  const std::span<const std::uint32_t> locked = plan_.lock_sources;
  if (!locked.empty()) write_lock(locked.first(1));
  out_ += ") as ";
  dialect_.quote(out_, plan_.sources.front().alias);
  const std::string roots = std::exchange(out_, std::move(before));
  for (const std::uint32_t source : plan_.lock_sources) mark_source(source, outer);
  write_from(roots, &outer);
  write_order(nullptr);
  if (locked.size() > 1) write_lock(locked.subspan(1));
}

void SelectWriter::write_count() {
  out_ += "select count(*) from ";
  if (plan_.distinct) {
    out_ += "(select distinct ";
    for (const Column* column : plan_.root->key) {
      if (column != plan_.root->key.front()) out_ += ", ";
      write_column(out_, *column, plan_.sources.front().alias);
    }
    out_ += " from ";
  }
  write_from({}, nullptr);
  write_where(plan_.where);
  if (!plan_.distinct) return;
  out_ += ") as ";
  dialect_.quote(out_, "counted");
}

void SelectWriter::write_comment() {
  if (plan_.comment.empty()) return;
  out_ += "/* ";
  for (const char c : plan_.comment) {
    if (c == '\0') continue;
    // Nothing in the text may end the comment, or begin another one inside of it, as PostgreSQL has them.
    if ((c == '/' && out_.back() == '*') || (c == '*' && out_.back() == '/')) out_ += ' ';
    out_ += c;
  }
  out_ += " */ ";
}

void SelectWriter::write_select_list() {
  out_ += plan_.distinct ? "select distinct " : "select ";
  for (std::size_t i = 0; i < plan_.select.size(); ++i) {
    if (i != 0) out_ += ", ";
    std::string before = std::move(out_);
    out_.clear();
    const Piece value = write_value(plan_.select[i].expression);
    if (value.is_json) {
      dialect_.json_result(before, out_);
    } else if (plan_.distinct) {  // rows are ordered by what is selected, as it stands
      before += out_;
    } else {
      dialect_.result(before, out_, value.column);
    }
    out_ = std::move(before);
    if (plan_.select[i].name.empty()) continue;
    out_ += " as ";
    dialect_.quote(out_, plan_.select[i].name);
  }
  out_ += " from ";
}

/// Tables and joins of the read itself, of `needed` only where it is given. `root_text` stands in for the
/// root.
void SelectWriter::write_from(std::string_view root_text, const Marks* needed) {
  for (std::size_t i = 0; i < plan_.sources.size(); ++i) {
    const Source& source = plan_.sources[i];
    if (source.subquery != none) continue;
    if (i == 0 && !root_text.empty()) {
      out_ += root_text;
    } else if (source.join == Source::Join::root) {
      write_table(source);
    } else if (!needed || (*needed)[i]) {
      write_join(source);
    }
  }
}

void SelectWriter::write_join(const Source& source) {
  out_ += source.join == Source::Join::left ? " left join " : " join ";
  write_table(source);
  out_ += " on ";
  write_tie(source);
  if (!leaves_out_deleted(source)) return;
  out_ += " and ";
  write_live(*source.entity, source.alias);
}

void SelectWriter::write_table(const Source& source) {
  if (source.pivot) {
    dialect_.qualify(out_, source.pivot->schema, source.pivot->name);
  } else {
    dialect_.qualify(out_, source.entity->schema, source.entity->table);
  }
  out_ += " as ";
  dialect_.quote(out_, source.alias);
}

/// Which columns of a source are equal to which of its parent.
void SelectWriter::write_tie(const Source& source) {
  const Source& parent = plan_.sources[source.parent];
  const Property& via = *source.via;
  const char* separator = "";
  const auto equal = [&](const Column& own, const Column& of_parent) {
    out_ += separator;
    separator = " and ";
    write_column(out_, own, source.alias);
    out_ += " = ";
    write_column(out_, of_parent, parent.alias);
  };
  if (source.pivot) {
    for (const Column& column :
         via.owner != source.reversed ? source.pivot->owner_columns : source.pivot->target_columns)
      equal(column, *column.references);
    return;
  }
  if (parent.pivot) {
    for (const Column& column : via.owner ? parent.pivot->target_columns : parent.pivot->owner_columns)
      equal(*column.references, column);
    return;
  }
  const bool holds_key = via.is_to_one() && via.owner;
  const Property& owner = holds_key ? via : *via.inverse;
  for (std::uint32_t i = 0; i < owner.column_count; ++i) {
    const Column& column = owner.entity->columns[owner.first_column + i];
    holds_key ? equal(*column.references, column) : equal(column, *column.references);
  }
}

/// The tables of a sub-select and the condition that ties them to its outer source.
void SelectWriter::write_items(const query::Subquery& subquery) {
  out_ += " from ";
  for (const std::uint32_t index : subquery.sources) {
    const Source& source = plan_.sources[index];
    source.join == Source::Join::root ? write_table(source) : write_join(source);
  }
  out_ += " where ";
  const Source& first = plan_.sources[subquery.sources.front()];
  write_tie(first);
  if (!leaves_out_deleted(first)) return;
  out_ += " and ";
  write_live(*first.entity, first.alias);
}

/// The read's own condition, with what keeps deleted rows and those of other parts of a tree out.
void SelectWriter::write_where(const Nodes& where) {
  const bool is_live = leaves_out_deleted(plan_.sources.front());
  const bool is_alone = !is_live && !plan_.tree.parent;
  const char* separator = " where ";
  if (!where.empty()) {
    out_ += std::exchange(separator, " and ");
    write_condition(where, is_alone || where.back().op == detail::Op::and_);
  }
  if (plan_.tree.parent) {
    out_ += std::exchange(separator, " and ");
    write_in_tree();
  }
  if (!is_live) return;
  out_ += separator;
  write_live(*plan_.sources.front().entity, plan_.sources.front().alias);
}

bool SelectWriter::leaves_out_deleted(const Source& source) const {
  return source.entity && source.entity->soft_delete && !plan_.with_deleted;
}

/// That a row is not marked as deleted.
void SelectWriter::write_live(const EntityMetadata& entity, std::string_view alias) {
  const Column& mark = *entity.soft_delete;
  const bool is_flag = mark.codec->kind == ValueKind::boolean;
  if (is_flag) out_ += "not ";
  write_column(out_, mark, alias);
  if (!is_flag) out_ += " is null";
}

void SelectWriter::write_groups() {
  for (std::size_t i = 0; i < plan_.group_by.size(); ++i) {
    out_ += i == 0 ? " group by " : ", ";
    std::string before = std::move(out_);
    out_.clear();
    const Column* column = write_value(plan_.group_by[i].expression).column;
    dialect_.group(before, out_, column);
    out_ = std::move(before);
  }
  if (plan_.having.empty()) return;
  out_ += " having ";
  write_condition(plan_.having, true);
}

/// Leaves out the terms that use one of these sources.
void SelectWriter::write_order(const Marks* left_out) {
  const char* separator = " order by ";
  for (const query::OrderItem& item : plan_.order) {
    if (left_out && uses(item.expression, *left_out)) continue;
    out_ += separator;
    separator = ", ";
    std::string before = std::move(out_);
    out_.clear();
    const Piece written = write_value(item.expression);
    if (written.is_json) {
      dialect_.order_json(before, out_, item.descending, item.nulls);
    } else {
      dialect_.order(before, out_, item.descending, item.nulls, written.column);
    }
    out_ = std::move(before);
  }
}

void SelectWriter::write_limit() {
  std::string limit;
  std::string offset;
  std::uint32_t next = plan_.value_count;
  if (plan_.has_limit) append_mark(limit, next++);
  if (plan_.has_offset) append_mark(offset, next);
  dialect_.limit(out_, limit, offset);
}

void SelectWriter::write_lock(std::span<const std::uint32_t> sources) {
  if (sources.empty()) return;
  std::vector<std::string_view> aliases;
  for (const std::uint32_t source : sources) aliases.push_back(plan_.sources[source].alias);
  dialect_.lock(out_, static_cast<LockMode>(plan_.lock), aliases);
}

/// Sources that a root has more than one row of.
SelectWriter::Marks SelectWriter::multiplied_sources() const {
  Marks marks(plan_.sources.size());
  for (std::size_t i = 0; i < plan_.sources.size(); ++i) {
    const Source& source = plan_.sources[i];
    if (source.parent == none || source.subquery != none) continue;
    marks[i] = marks[source.parent] || source.via->is_to_many();
  }
  return marks;
}

bool SelectWriter::uses(const Nodes& nodes, const Marks& sources) const {
  Marks used(plan_.sources.size());
  mark_used(nodes, used);
  for (std::size_t i = 0; i < used.size(); ++i)
    if (used[i] && sources[i]) return true;
  return false;
}

void SelectWriter::mark_used(const Nodes& nodes, Marks& used) const {
  for (const query::Node& node : nodes) {
    if (node.source != none) mark_source(node.source, used);
    if (node.subquery == none) continue;
    const query::Subquery& subquery = plan_.subqueries[node.subquery];
    mark_source(subquery.outer, used);
    for (const std::uint32_t source : subquery.sources) mark_source(source, used);
    mark_used(subquery.where, used);
    mark_used(subquery.value, used);
  }
}

/// A source needs those that it is joined to.
void SelectWriter::mark_source(std::uint32_t source, Marks& used) const {
  for (; source != none && !used[source]; source = plan_.sources[source].parent) used[source] = true;
}

const Column* SelectWriter::column_named(std::string_view name) const {
  const auto found = std::ranges::find(plan_.select, name, &query::SelectItem::name);
  if (found == plan_.select.end()) return nullptr;
  // Of an aggregate the column is its operand's.
  const query::Node& last = found->expression.back();
  const bool keeps_kind =
      last.op == detail::Op::sum || last.op == detail::Op::min || last.op == detail::Op::max;
  if (!keeps_kind || found->expression.size() < 2) return last.column;
  return found->expression[found->expression.size() - 2].column;
}

/// A formula is written in place of its column; {} in it stands for the table.
void SelectWriter::write_column(std::string& out, const Column& column, std::string_view alias) const {
  if (!column.property || column.property->formula.empty()) {
    dialect_.quote(out, alias);
    out += '.';
    return dialect_.quote(out, column.name);
  }
  std::string_view rest = column.property->formula;
  out += '(';
  for (std::size_t at = rest.find("{}"); at != std::string_view::npos; at = rest.find("{}")) {
    out += rest.substr(0, at);
    dialect_.quote(out, alias);
    rest.remove_prefix(at + 2);
  }
  out += rest;
  out += ')';
}

}  // namespace kin::sql
