// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "query/plan.hpp"
#include "sql/dialect.hpp"

namespace kin::sql {

/// Puts the text of a read together, or of the update or delete of what it would read, with marks in place of placeholders. Conditions are walked without recursion
/// over their depth; only sub-selects inside each other recurse, whose depth the planner limits.
class SelectWriter {
 public:
  SelectWriter(const query::ReadPlan& plan, const Dialect& dialect) : plan_(plan), dialect_(dialect) {}

  std::string write();
  /// The plan's condition alone.
  std::string write_condition_only();

 private:
  using Nodes = std::vector<query::Node>;
  using Marks = std::vector<bool>;
  /// Text of a part of a value expression, at the end of texts_.
  struct Piece {
    std::size_t begin;
    const Column* column;               ///< that it is, or whose sum, least or greatest value it is
    ValueKind value = ValueKind::null;  ///< of a placeholder the kind of its value
    bool is_json = false;               ///< a value inside of JSON
  };

  // Clauses: select_text.cpp.
  void write_rows();
  void write_limited_roots();
  void write_count();
  void write_comment();
  void write_select_list();
  void write_from(std::string_view root_text, const Marks* needed);
  void write_join(const query::Source& source);
  void write_items(const query::Subquery& subquery);
  void write_where(const Nodes& where);
  void write_groups();
  void write_order(const Marks* left_out);
  void write_limit();
  void write_lock(std::span<const std::uint32_t> sources);
  void write_table(const query::Source& source);
  void write_tie(const query::Source& source);
  void write_live(const EntityMetadata& entity, std::string_view alias);
  bool leaves_out_deleted(const query::Source& source) const;
  // What lies below or above a row: tree_text.cpp.
  void write_tree();
  void write_in_tree();
  void write_tree_key(std::string_view alias, bool of_parent);
  Marks multiplied_sources() const;
  bool uses(const Nodes& nodes, const Marks& sources) const;
  void mark_used(const Nodes& nodes, Marks& used) const;
  void mark_source(std::uint32_t source, Marks& used) const;
  const Column* column_named(std::string_view name) const;

  // Updates and deletes: modify_text.cpp.
  void write_update();
  void write_delete();
  void write_modified_rows();
  std::vector<const query::Assignment*> in_turn() const;

  // Expressions: select_expressions.cpp.
  void write_condition(const Nodes& nodes, bool enclosed);
  void write_predicate(const Nodes& nodes, std::uint32_t node, bool negated);
  void write_and_condition(const Nodes& nodes);
  Piece write_value(const Nodes& nodes);
  void add_text(const Nodes& nodes, std::uint32_t node);
  void add_field(const query::Node& node);
  void add_list(const Nodes& nodes, std::uint32_t index);
  void add_between();
  void add_subquery(const query::Node& node);
  void add_operator(detail::Op op);
  void add_comparison(detail::Op op);
  void replace_pieces(std::size_t count, const Column* column);
  std::string_view piece(std::size_t from_end) const;
  const Piece& piece_at(std::size_t from_end) const { return pieces_[pieces_.size() - from_end]; }
  void append_operand(std::string& out, std::size_t from_end, const Column* other) const;
  void drop_piece();
  const Column* write_subquery(const query::Node& node);
  void write_exists(const query::Subquery& subquery, bool fails);

  void write_column(std::string& out, const Column& column, std::string_view alias) const;

  const query::ReadPlan& plan_;
  const Dialect& dialect_;
  std::string out_{};
  std::string texts_{};   ///< of the pieces, one behind the other
  std::string joined_{};  ///< text made of pieces, before it takes their place
  std::vector<Piece> pieces_{};
};

}  // namespace kin::sql
