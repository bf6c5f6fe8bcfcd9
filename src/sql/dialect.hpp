// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/expression.hpp>
#include <kin/metadata.hpp>
#include <kin/transaction.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace kin::driver {
class WriteBatch;
}

namespace kin::sql {

/// The kinds of a pessimistic lock: others may read, and what happens with rows that others have locked.
constexpr bool locks_for_reading(LockMode mode) noexcept {
  return mode == LockMode::pessimistic_read || mode == LockMode::pessimistic_partial_read ||
         mode == LockMode::pessimistic_read_or_fail;
}
constexpr std::string_view lock_patience(LockMode mode) noexcept {
  switch (mode) {
    case LockMode::pessimistic_partial_read:
    case LockMode::pessimistic_partial_write:
      return " skip locked";
    case LockMode::pessimistic_read_or_fail:
    case LockMode::pessimistic_write_or_fail:
      return " nowait";
    default:
      return "";
  }
}

/// The text of one SQL database: quoting, placeholders, operators, types. Knows nothing about sockets.
/// Stateless and thread-safe. One file per dialect; code outside of dialects asks them and never which
/// database it is.
class Dialect {
 public:
  virtual ~Dialect() = default;
  /// Appends an identifier in quotes, quotes inside it doubled.
  virtual void quote(std::string& out, std::string_view identifier) const = 0;
  /// Appends the name of a table, with its schema where it has one.
  void qualify(std::string& out, std::string_view schema, std::string_view name) const {
    if (!schema.empty()) {
      quote(out, schema);
      out += '.';
    }
    quote(out, name);
  }
  /// Appends the placeholder of the parameter with this number, counted from 1.
  virtual void placeholder(std::string& out, std::uint32_t number) const = 0;
  /// Column type in DDL; a foreign key has that of the key it refers to.
  virtual std::string column_type(const Column& column) const = 0;
  /// Appends a value where an operator or comparison stands between it and another operand, whose column is
  /// `column` where it is one. `kind` is the value's; the place to say its type to a database that would take
  /// another one from the surroundings.
  virtual void value(std::string& out, std::string_view placeholder, ValueKind kind,
                     const Column* column) const {
    (void)kind;
    (void)column;
    out += placeholder;
  }
  /// Appends a comparison or text operator whose operands are already text. `right` of in and not_in is the
  /// list in parentheses, of between "low and high". `column` is the left operand's column where it is one,
  /// or the one whose sum, least or greatest value it is, else null. An operand may be used more than once,
  /// and what is appended must bind at least as tightly as a comparison.
  virtual void binary(std::string& out, detail::Op op, std::string_view left, std::string_view right,
                      const Column* column) const = 0;
  /// Lists of so many values of one kind, or more, are one parameter; 0 where each value is one. As the
  /// driver's Capabilities say.
  virtual std::uint32_t shortest_array() const { return 0; }
  /// Appends in or not_in of such a list.
  virtual void array(std::string& out, detail::Op op, std::string_view left, std::string_view placeholder,
                     ValueKind kind, const Column* column) const {
    (void)kind;
    binary(out, op, left, placeholder, column);
  }
  /// Appends a JSON value at a path, itself a parameter such as $."a"."b"; null where there is nothing or
  /// JSON's null.
  virtual void json_value(std::string& out, std::string_view operand, std::string_view path) const = 0;
  /// Appends a comparison of what json_value() wrote with a bound value of that kind. Numbers are compared by
  /// value; what is of another kind is never equal, and neither less nor greater.
  virtual void compare_json(std::string& out, detail::Op op, std::string_view json,
                            std::string_view placeholder, ValueKind kind) const {
    (void)kind;
    binary(out, op, json, placeholder, nullptr);
  }
  /// Appends what json_value() wrote as a column of the result: text without quotes, a number, a truth value.
  virtual void json_result(std::string& out, std::string_view json) const { out += json; }
  /// Appends an operand as a column of the result; `column` as for binary().
  virtual void result(std::string& out, std::string_view operand, const Column* column) const {
    (void)column;
    out += operand;
  }
  /// order() of what json_value() wrote.
  virtual void order_json(std::string& out, std::string_view json, bool descending, int nulls) const {
    order(out, json, descending, nulls, nullptr);
  }
  /// Appends an aggregate over an operand.
  virtual void aggregate(std::string& out, detail::Op op, std::string_view operand,
                         const Column* column) const = 0;
  /// Appends an operand that rows are grouped by.
  virtual void group(std::string& out, std::string_view operand, const Column* column) const {
    (void)column;
    out += operand;
  }
  /// Appends an order's operand, direction and place of nulls.
  virtual void order(std::string& out, std::string_view operand, bool descending, int nulls,
                     const Column* column) const = 0;
  /// Appends limit and offset; each view is a placeholder or empty.
  virtual void limit(std::string& out, std::string_view limit, std::string_view offset) const = 0;
  /// Appends the clause that locks the rows which a read takes from the sources `aliases`; nothing where the
  /// database has none.
  virtual void lock(std::string& out, LockMode mode, std::span<const std::string_view> aliases) const = 0;
  /// Appends that a column holds exactly the value of a placeholder, where null is the same as null.
  virtual void same(std::string& out, std::string_view operand, std::string_view placeholder,
                    const Column& column) const {
    (void)column;
    out.append(operand).append(" is not distinct from ").append(placeholder);
  }

  /// Appends identifiers in quotes, a comma between them.
  void quote_all(std::string& out, std::span<const std::string_view> identifiers) const {
    for (std::size_t i = 0; i < identifiers.size(); ++i) {
      if (i != 0) out += ", ";
      quote(out, identifiers[i]);
    }
  }

  /// What lets a recursive query go as deep as its rows do, where the database ends it earlier.
  struct DeepRecursion {
    std::string_view in_front{};  ///< of the statement
    std::string_view hint{};      ///< behind the word select of its outer query
  };
  virtual DeepRecursion deep_recursion() const { return {}; }

  /// Appends the beginning of a delete of rows of `table`, up to its where clause; conditions name it `alias`.
  virtual void delete_from(std::string& out, std::string_view table, std::string_view alias) const {
    out += "delete from ";
    out += table;
    out += " as ";
    quote(out, alias);
  }
  /// Appends a sub-select of keys inside an update or delete of the table that it reads.
  virtual void own_keys(std::string& out, std::string_view select) const {
    out += '(';
    out += select;
    out += ')';
  }
  /// True when an update assigns one column after the other, so that what is computed from a column sees the value
  /// that was assigned to it before.
  virtual bool assigns_in_turn() const { return false; }

  /// The statement that writes a batch: one of its rows, or all of them at once.
  virtual std::string write(const driver::WriteBatch& batch) const;
  /// True when that statement is run once for the whole batch, not once for each row.
  virtual bool writes_whole(const driver::WriteBatch& batch) const {
    (void)batch;
    return false;
  }
  /// True when the driver learns a generated key without a returning clause.
  virtual bool knows_generated_key() const { return false; }
  /// Whether an insert, and whether an update, may end in a returning clause. Without one the driver has to
  /// read back by key.
  virtual bool returns_inserted() const { return true; }
  virtual bool returns_updated() const { return true; }
  /// Appends the end of an insert that leaves existing rows alone. `column` is one of those it writes.
  virtual void ignore_duplicates(std::string& out, const Column& column) const {
    (void)column;
    out += " on conflict do nothing";
  }
  /// Appends the end of an upsert: what becomes of a row that is there. `condition` is a where clause or
  /// empty.
  virtual void on_conflict(std::string& out, const driver::WriteBatch& batch,
                           std::string_view condition) const;
  /// What an upsert calls its table, so that conditions and versions can name it; empty where it can't.
  virtual std::string_view upserted_alias() const { return "t0"; }
  /// What stands in place of columns and values in an insert without any.
  virtual std::string_view default_row() const { return " default values"; }
};

const Dialect& sqlite_dialect();
const Dialect& postgresql_dialect();
const Dialect& mysql_dialect();
const Dialect& mariadb_dialect();

}  // namespace kin::sql
