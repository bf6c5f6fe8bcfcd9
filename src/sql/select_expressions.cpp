// SPDX-License-Identifier: MIT
#include <utility>

#include "query/arrays.hpp"
#include "sql/condition_text.hpp"
#include "sql/parameters.hpp"
#include "sql/select_writer.hpp"

namespace kin::sql {
namespace {

using detail::Op;
using query::none;

std::string_view arithmetic(Op op) {
  switch (op) {
    case Op::add:
      return " + ";
    case Op::subtract:
      return " - ";
    case Op::multiply:
      return " * ";
    default:
      return " / ";
  }
}

}  // namespace

void SelectWriter::write_condition(const Nodes& nodes, bool enclosed) {
  const ConditionText::WritePredicate predicate = [&](std::uint32_t node, bool negated) {
    write_predicate(nodes, node, negated);
  };
  ConditionText(nodes, out_, predicate).write(enclosed);
}

/// `negated` is for those only that are never unknown.
void SelectWriter::write_predicate(const Nodes& nodes, std::uint32_t node, bool negated) {
  const query::Node& at = nodes[node];
  if (at.op == Op::always) {
    out_ += negated ? "1 = 0" : "1 = 1";
  } else if (at.op == Op::some || at.op == Op::none || at.op == Op::every) {
    if ((at.op == Op::some) == negated) out_ += "not ";
    write_exists(plan_.subqueries[at.subquery], at.op == Op::every);
  } else {
    for (std::uint32_t i = at.begin; i <= node; ++i) add_text(nodes, i);
    out_ += piece(1);
    drop_piece();
  }
}

/// Returns what is known of the value's type.
SelectWriter::Piece SelectWriter::write_value(const Nodes& nodes) {
  for (std::uint32_t i = 0; i < nodes.size(); ++i) add_text(nodes, i);
  out_ += piece(1);
  const Piece written = pieces_.back();
  drop_piece();
  return written;
}

/// Adds the text of one node as a piece, made of the pieces of its operands.
void SelectWriter::add_text(const Nodes& nodes, std::uint32_t index) {
  const query::Node& node = nodes[index];
  if (node.subquery != none) return add_subquery(node);
  switch (node.op) {
    case Op::field:
      return add_field(node);
    case Op::value:
      pieces_.push_back({texts_.size(), nullptr, node.kind});
      return append_mark(texts_, node.value);
    case Op::column:
      pieces_.push_back({texts_.size(), column_named(node.name)});
      return dialect_.quote(texts_, node.name);
    case Op::count_all:
      pieces_.push_back({texts_.size(), nullptr});
      texts_ += "count(*)";
      return;
    case Op::in:
    case Op::not_in:
      return add_list(nodes, index);
    case Op::between:
      return add_between();
    default:
      return add_operator(node.op);
  }
}

void SelectWriter::add_field(const query::Node& node) {
  pieces_.push_back({texts_.size(), node.column});
  write_column(texts_, *node.column, plan_.sources[node.source].alias);
}

void SelectWriter::add_list(const Nodes& nodes, std::uint32_t index) {
  const query::Node& node = nodes[index];
  const std::size_t operand = node.count + 1;
  const Column* column = piece_at(operand).column;
  if (query::is_array(nodes, index, dialect_.shortest_array())) {
    const query::Node& first = nodes[index - node.count];
    std::string mark;
    append_mark(mark, first.value, node.count);
    joined_.clear();
    dialect_.array(joined_, node.op, piece(operand), mark, first.kind, column);
    return replace_pieces(operand, nullptr);
  }
  std::string list = "(";
  for (std::uint32_t i = node.count; i > 0; --i) {
    append_operand(list, i, column);
    list += i == 1 ? ")" : ", ";
  }
  joined_.clear();
  dialect_.binary(joined_, node.op, piece(operand), list, column);
  replace_pieces(operand, nullptr);
}

void SelectWriter::add_between() {
  const Column* column = piece_at(3).column;
  std::string range;
  append_operand(range, 2, column);
  range += " and ";
  append_operand(range, 1, column);
  joined_.clear();
  dialect_.binary(joined_, Op::between, piece(3), range, column);
  replace_pieces(3, nullptr);
}

void SelectWriter::add_operator(Op op) {
  joined_.clear();
  const Column* column = pieces_.back().column;
  switch (op) {
    case Op::is_null:
    case Op::is_not_null:
      joined_ += piece(1);
      joined_ += op == Op::is_null ? " is null" : " is not null";
      return replace_pieces(1, nullptr);
    case Op::count:
    case Op::count_distinct:
    case Op::sum:
    case Op::avg:
    case Op::min:
    case Op::max: {
      dialect_.aggregate(joined_, op, piece(1), column);
      const bool keeps_kind = op == Op::sum || op == Op::min || op == Op::max;
      return replace_pieces(1, keeps_kind ? column : nullptr);
    }
    case Op::json_path:
      dialect_.json_value(joined_, piece(2), piece(1));
      replace_pieces(2, nullptr);
      pieces_.back().is_json = true;
      return;
    case Op::add:
    case Op::subtract:
    case Op::multiply:
    case Op::divide:
      joined_ += '(';
      append_operand(joined_, 2, piece_at(1).column);
      joined_ += arithmetic(op);
      append_operand(joined_, 1, piece_at(2).column);
      joined_ += ')';
      return replace_pieces(2, nullptr);
    default:
      return add_comparison(op);
  }
}

void SelectWriter::add_comparison(Op op) {
  const Column* column = piece_at(2).column;
  if (piece_at(2).is_json && piece_at(1).value != ValueKind::null) {
    dialect_.compare_json(joined_, op, piece(2), piece(1), piece_at(1).value);
  } else {
    std::string right;
    append_operand(right, 1, column);
    dialect_.binary(joined_, op, piece(2), right, column);
  }
  replace_pieces(2, nullptr);
}

/// The text of a piece beside another operand; `other` is that one's column.
void SelectWriter::append_operand(std::string& out, std::size_t from_end, const Column* other) const {
  const Piece& operand = piece_at(from_end);
  if (operand.value == ValueKind::null) {
    out += piece(from_end);
  } else {
    dialect_.value(out, piece(from_end), operand.value, other);
  }
}

/// A number of items, or the least or greatest of them.
void SelectWriter::add_subquery(const query::Node& node) {
  std::string before = std::exchange(out_, {});
  const Column* column = write_subquery(node);
  const std::string text = std::exchange(out_, std::move(before));
  pieces_.push_back({texts_.size(), column});
  texts_ += text;
}

/// Replaces the last pieces by joined_.
void SelectWriter::replace_pieces(std::size_t count, const Column* column) {
  pieces_.resize(pieces_.size() - count + 1);
  texts_.resize(pieces_.back().begin);
  texts_ += joined_;
  pieces_.back().column = column;
  pieces_.back().value = ValueKind::null;
  pieces_.back().is_json = false;
}

/// Text of the last piece (1), of the one before it (2) …
std::string_view SelectWriter::piece(std::size_t from_end) const {
  const std::size_t index = pieces_.size() - from_end;
  const std::size_t end = from_end == 1 ? texts_.size() : pieces_[index + 1].begin;
  return std::string_view(texts_).substr(pieces_[index].begin, end - pieces_[index].begin);
}

void SelectWriter::drop_piece() {
  texts_.resize(pieces_.back().begin);
  pieces_.pop_back();
}

/// Adds a condition to the one that ties a sub-select to its outer source.
void SelectWriter::write_and_condition(const Nodes& nodes) {
  if (nodes.empty()) return;
  out_ += " and ";
  write_condition(nodes, nodes.back().op == Op::and_);
}

const Column* SelectWriter::write_subquery(const query::Node& node) {
  const query::Subquery& subquery = plan_.subqueries[node.subquery];
  const Column* column = nullptr;
  out_ += "(select ";
  if (node.op == Op::size) {
    out_ += "count(*)";
  } else {
    std::string before = std::exchange(out_, {});
    column = write_value(subquery.value).column;
    dialect_.aggregate(before, node.op, out_, column);
    out_ = std::move(before);
  }
  write_items(subquery);
  write_and_condition(subquery.where);
  out_ += ')';
  return column;
}

/// exists, with the items that meet the condition, or of `fails` those that do not: an item for which the
/// condition is unknown fails it.
void SelectWriter::write_exists(const query::Subquery& subquery, bool fails) {
  out_ += "exists (select 1";
  write_items(subquery);
  if (!fails) {
    write_and_condition(subquery.where);
  } else if (subquery.where.empty()) {
    out_ += " and 1 = 0";
  } else {
    out_ += " and (";
    write_condition(subquery.where, true);
    out_ += ") is not true";
  }
  out_ += ')';
}

}  // namespace kin::sql
