// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/expression.hpp>
#include <kin/metadata.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace kin::driver {
class WriteBatch;
}

namespace kin::sql {

/// The text of one SQL database: quoting, placeholders, operators, types. Knows nothing about sockets.
/// Stateless and thread-safe. One file per dialect; code outside of dialects asks them and never which
/// database it is.
class Dialect {
 public:
  virtual ~Dialect() = default;
  /// Appends an identifier in quotes, quotes inside it doubled.
  virtual void quote(std::string& out, std::string_view identifier) const = 0;
  /// Appends the placeholder of the parameter with this number, counted from 1.
  virtual void placeholder(std::string& out, std::uint32_t number) const = 0;
  /// Column type in DDL for a column without one of its own.
  virtual std::string column_type(const Column& column) const = 0;
  /// Appends a comparison or text operator whose operands are already text. `right` of in and not_in is the
  /// list in parentheses, of between "low and high". `column` is the left operand's column where it is one,
  /// or the one whose sum, least or greatest value it is, else null. An operand may be used more than once,
  /// and what is appended must bind at least as tightly as a comparison.
  virtual void binary(std::string& out, detail::Op op, std::string_view left, std::string_view right,
                      const Column* column) const = 0;
  /// Appends a JSON value at a path, itself a parameter such as $."a"."b".
  virtual void json_value(std::string& out, std::string_view operand, std::string_view path) const = 0;
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
  /// Appends the clause that locks the rows of a read; nothing where the database has none.
  virtual void lock(std::string& out, int lock_mode) const = 0;

  /// The statement that writes a batch: one of its rows, or all of them at once.
  virtual std::string write(const driver::WriteBatch& batch) const;
  /// True when that statement is run once for the whole batch, not once for each row.
  virtual bool writes_whole(const driver::WriteBatch& batch) const {
    (void)batch;
    return false;
  }
  /// True when the driver learns a generated key without a returning clause.
  virtual bool knows_generated_key() const { return false; }
  /// What stands before `into` and at the end of an insert that leaves existing rows alone.
  virtual std::string_view insert_ignoring() const { return "insert"; }
  virtual std::string_view ignore_duplicates() const { return " on conflict do nothing"; }
  /// What stands in place of columns and values in an insert without any.
  virtual std::string_view default_row() const { return " default values"; }
};

const Dialect& sqlite_dialect();

}  // namespace kin::sql
