// SPDX-License-Identifier: MIT
#include <kin/detail/compiler_text.hpp>

#include <algorithm>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "drivers/driver.hpp"
#include "sql/dialect.hpp"
#include "sql/dialect_text.hpp"
#include "sql/mysql_collation.hpp"

namespace kin::sql {
namespace {

using detail::Op;

// Of InnoDB: 3072 bytes a key, of four a character.
constexpr std::uint32_t key_length = 255;
// Of a row: 65535 bytes for all columns that are stored in it.
constexpr std::uint32_t largest_varchar = 8191;

bool is_indexed(const Column& column) {
  if (column.primary_key) return true;
  return std::ranges::any_of(column.entity->indexes, [&](const IndexDefinition& index) {
    return std::ranges::find(index.columns, &column) != index.columns.end();
  });
}

std::string integer_type(const detail::Codec& codec) {
  const char* type = codec.size_bits <= 8    ? "tinyint"
                     : codec.size_bits <= 16 ? "smallint"
                     : codec.size_bits <= 32 ? "int"
                                             : "bigint";
  return codec.kind == ValueKind::unsigned_integer ? fmt::format("{} unsigned", type) : type;
}

std::string enum_type(std::span<const detail::EnumName> items) {
  std::string type = "enum(";
  for (const detail::EnumName& item : items) {
    if (type.back() != '(') type += ',';
    append_quoted(type, item.name, '\'');
  }
  return type += ')';
}

/// A text without a length holds any text, unless it is part of an index, or of an enum.
std::string text_type(const Column& column) {
  const std::uint32_t length = column.property->length;
  if (length > largest_varchar) return "longtext";
  if (length != 0) return fmt::format("varchar({})", length);
  const bool is_short = is_indexed(column) || column.codec->enum_names != nullptr;
  return is_short ? fmt::format("varchar({})", key_length) : "longtext";
}

bool is_document(ValueKind kind) { return kind == ValueKind::json || kind == ValueKind::array; }

std::string fraction(std::string_view type, const Column& column) {
  const unsigned digits = column.codec->fraction_digits;
  return digits == 0 ? std::string(type) : fmt::format("{}({})", type, digits);
}

/// The types of JSON values that a value of this kind can be less or greater than.
std::string_view json_types(ValueKind kind) {
  if (kind == ValueKind::boolean) return "('BOOLEAN')";
  if (kind == ValueKind::text) return "('STRING')";
  return "('INTEGER', 'UNSIGNED INTEGER', 'DOUBLE', 'DECIMAL')";
}

/// MySQL 8.0.19 and later, and what MariaDB has in common with it. Text is compared by the collation of its
/// column; the tables that kin makes have one that tells all characters apart, trailing spaces included.
/// contains, starts_with and ends_with always do. `like` heeds case as the collation does and takes the
/// backslash for an escape, `ilike` does not heed case. Full-text queries are in boolean mode and need a
/// fulltext index.
class MysqlDialect : public Dialect {
 public:
  void quote(std::string& out, std::string_view identifier) const override {
    append_quoted(out, identifier, '`');
  }

  void placeholder(std::string& out, std::uint32_t) const override { out += '?'; }

  std::string column_type(const Column& column) const override {
    const Column& own = typed_column(column);
    if (!own.type.empty()) return own.type;
    const Property& property = *own.property;
    if (!property.native_enum.empty() && own.codec->enum_names) return enum_type(own.codec->enum_names());
    switch (own.codec->kind) {
      case ValueKind::boolean:
        return "boolean";
      case ValueKind::integer:
      case ValueKind::unsigned_integer:
        return integer_type(*own.codec);
      case ValueKind::real:
        return own.codec->size_bits == 32 ? "float" : "double";
      case ValueKind::blob:
        return is_indexed(own) ? fmt::format("varbinary({})", property.length ? property.length : key_length)
                               : "longblob";
      case ValueKind::decimal:
        return property.precision == 0 ? "decimal(65,30)"
                                       : fmt::format("decimal({},{})", property.precision, property.scale);
      case ValueKind::date:
        return "date";
      case ValueKind::time:
        return fraction("time", own);
      case ValueKind::timestamp:
        return fraction("datetime", own);
      case ValueKind::uuid:
        return "binary(16)";
      case ValueKind::json:
      case ValueKind::array:
        return "json";
      case ValueKind::interval:
        return "varchar(64)";
      case ValueKind::text:
      case ValueKind::null:
        break;
    }
    return text_type(own);
  }

  void value(std::string& out, std::string_view placeholder, ValueKind kind,
             const Column* column) const override {
    if (is_document(kind)) return json_document(out, placeholder);
    // A number against text would be compared as a double.
    if (kind != ValueKind::decimal) return Dialect::value(out, placeholder, kind, column);
    fmt::format_to(std::back_inserter(out), "cast({} as decimal(65,30))", placeholder);
  }

  void binary(std::string& out, Op op, std::string_view left, std::string_view right,
              const Column* column) const override {
    const std::string_view exact = collation();
    const auto append = [&](fmt::string_view format) {
      fmt::vformat_to(std::back_inserter(out), format, fmt::make_format_args(left, right, exact));
    };
    switch (op) {
      case Op::ilike:
        return append("lower({0}) like lower({1})");
      case Op::matches:
        return match(out, left, right);
      case Op::contains:
        // MySQL heeds the collation of the first operand alone, and that may be of another character set.
        return append("instr(convert({0} using utf8mb4) collate {2}, {1}) > 0");
      case Op::starts_with:
        return append("left({0}, char_length({1})) = {1} collate {2}");
      case Op::ends_with:
        return append("right({0}, char_length({1})) = {1} collate {2}");
      case Op::fulltext:
        return append("match ({0}) against ({1} in boolean mode)");
      case Op::has_key:
        return append("json_contains_path({0}, 'one', concat('$.', json_quote({1})))");
      case Op::overlaps:
        return append("json_overlaps({0}, {1})");
      case Op::contains_all:
        return append("json_contains({0}, {1})");
      case Op::contained_in:
        return append("json_contains({1}, {0})");
      default:
        break;
    }
    if ((op == Op::eq || op == Op::ne) && column && is_document(column->codec->kind))
      return compare_documents(out, op, left, right);
    out += left;
    out += common_symbol(op);
    out += right;
  }

  void json_value(std::string& out, std::string_view operand, std::string_view path) const override {
    fmt::format_to(std::back_inserter(out), "nullif(json_extract({}, {}), {})", operand, path, json_null());
  }

  void compare_json(std::string& out, Op op, std::string_view json, std::string_view placeholder,
                    ValueKind kind) const override {
    std::string value(placeholder);
    if (kind == ValueKind::boolean) {
      value = fmt::format("if({}, cast('true' as json), cast('false' as json))", placeholder);
    } else if (kind == ValueKind::text) {
      // Its type is said, and the statement is another than that of a number: a prepared one that was run
      // with a number before compares a text as a number too, and finds nothing.
      value = fmt::format("convert({} using utf8mb4)", placeholder);
    }
    const auto comparison = fmt::format("{}{}{}", json, common_symbol(op), value);
    append_json_comparison(out, op, json, comparison, kind);
  }

  void json_result(std::string& out, std::string_view json) const override {
    fmt::format_to(std::back_inserter(out), "json_unquote({})", json);
  }

  void aggregate(std::string& out, Op op, std::string_view operand, const Column*) const override {
    if (op == Op::avg) {  // that of integers and decimals would have four digits more than they
      fmt::format_to(std::back_inserter(out), "avg(cast({} as double))", operand);
      return;
    }
    out += aggregate_name(op);
    out += op == Op::count_distinct ? "(distinct " : "(";
    out += operand;
    out += ')';
  }

  /// Nulls are less than all else, which is as wanted in half of the cases.
  void order(std::string& out, std::string_view operand, bool descending, int nulls,
             const Column*) const override {
    order_nulls(out, operand, descending, nulls);
    out += operand;
    if (descending) out += " desc";
  }

  void limit(std::string& out, std::string_view limit, std::string_view offset) const override {
    if (limit.empty() && offset.empty()) return;
    out += " limit ";
    out += limit.empty() ? std::string_view("18446744073709551615") : limit;
    if (!offset.empty()) out.append(" offset ").append(offset);
  }

  // MariaDB takes an alias in this form only.
  void delete_from(std::string& out, std::string_view table, std::string_view alias) const override {
    out += "delete ";
    quote(out, alias);
    out += " from ";
    out += table;
    out += " as ";
    quote(out, alias);
  }

  // A statement can't read the table that it writes, unless through a table made of the result.
  void own_keys(std::string& out, std::string_view select) const override {
    out += "(select * from (";
    out += select;
    out += ") as ";
    quote(out, "own");
    out += ')';
  }

  bool assigns_in_turn() const override { return true; }

  DeepRecursion deep_recursion() const override {
    return {{}, "/*+ set_var(cte_max_recursion_depth = 4294967295) */ "};
  }

  void lock(std::string& out, LockMode mode, std::span<const std::string_view> aliases) const override {
    if (mode < LockMode::pessimistic_read) return;
    out += locks_for_reading(mode) ? " for share of " : " for update of ";
    quote_all(out, aliases);
    out += lock_patience(mode);
  }

  void same(std::string& out, std::string_view operand, std::string_view placeholder,
            const Column&) const override {
    out.append(operand).append(" <=> ").append(placeholder);
  }

  bool returns_inserted() const override { return false; }
  bool returns_updated() const override { return false; }

  // Not `insert ignore`, which would also ignore rows that are referred to and missing.
  void ignore_duplicates(std::string& out, const Column& column) const override {
    out += " on duplicate key update ";
    quote(out, column.name);
    out += " = ";
    quote(out, column.name);
  }

  std::string_view default_row() const override { return " () values ()"; }

  // Whatever unique value it is that the row has in common with another one.
  void on_conflict(std::string& out, const driver::WriteBatch& batch, std::string_view) const override {
    if (batch.merged.empty()) {
      return ignore_duplicates(out, *batch.conflict.front());
    }
    name_given_row(out);
    const char* separator = " on duplicate key update ";
    for (const Column* column : batch.merged) {
      out += separator;
      separator = ", ";
      quote(out, column->name);
      out += " = ";
      if (column == batch.entity->version && column->codec->is_integer()) {
        qualify(out, batch.entity->schema, batch.entity->table);
        out += '.';
        quote(out, column->name);
        out += " + 1";
      } else {
        given_value(out, *column);
      }
    }
  }
  std::string_view upserted_alias() const override { return {}; }

 protected:
  static void order_nulls(std::string& out, std::string_view operand, bool descending, int nulls) {
    if (nulls == 0 || (nulls == 1) != descending) return;
    out += operand;
    out += descending ? " is null desc, " : " is null, ";
  }

  static void append_json_comparison(std::string& out, Op op, std::string_view json,
                                     std::string_view comparison, ValueKind kind) {
    if (op == Op::eq || op == Op::ne) {
      out += comparison;
    } else {
      fmt::format_to(std::back_inserter(out), "case when json_type({}) in {} then {} end", json,
                     json_types(kind), comparison);
    }
  }

 private:
  /// Appends what lets on_conflict() refer to the row that was given, and its value of a column.
  virtual void name_given_row(std::string& out) const { out += " as `given`"; }
  virtual void given_value(std::string& out, const Column& column) const {
    out += "`given`.";
    quote(out, column.name);
  }
  virtual std::string_view collation() const { return mysql_collation; }
  virtual std::string_view json_null() const { return "cast('null' as json)"; }
  /// A bound text as JSON.
  virtual void json_document(std::string& out, std::string_view placeholder) const {
    fmt::format_to(std::back_inserter(out), "cast({} as json)", placeholder);
  }
  virtual void compare_documents(std::string& out, Op op, std::string_view left,
                                 std::string_view right) const {
    out += left;
    out += common_symbol(op);
    out += right;
  }
  /// With regard to case, whatever the collation.
  virtual void match(std::string& out, std::string_view text, std::string_view pattern) const {
    fmt::format_to(std::back_inserter(out), "regexp_like({}, {}, 'c')", text, pattern);
  }
};

/// MariaDB 10.9 and later: what differs from MySQL. JSON is text there, which json_type() can tell about. A
/// lock is on the rows of all tables of the read.
class MariadbDialect final : public MysqlDialect {
 public:
  void compare_json(std::string& out, Op op, std::string_view json, std::string_view placeholder,
                    ValueKind kind) const override {
    const auto types = json_types(kind);
    const std::string left = fmt::format("json_unquote({})", json);
    std::string comparison;
    if (kind == ValueKind::boolean) {
      comparison = fmt::format("{}{}if({}, 'true', 'false')", left, common_symbol(op), placeholder);
    } else if (kind == ValueKind::text) {
      comparison = fmt::format("{}{}{} collate {}", left, common_symbol(op), placeholder, collation());
    } else {
      comparison = fmt::format("{} + 0{}{}", left, common_symbol(op), placeholder);
    }
    if (op == Op::eq || op == Op::ne) {
      // Of another type it is not equal, and of null neither this nor that.
      fmt::format_to(std::back_inserter(out),
                     "case when json_type({0}) in {1} then {2} when {0} is not null then {3} end", json,
                     types, comparison, op == Op::eq ? "0" : "1");
    } else {
      append_json_comparison(out, op, json, comparison, kind);
    }
  }

  /// Numbers before texts, each in its own order.
  void order_json(std::string& out, std::string_view json, bool descending, int nulls) const override {
    const char* const direction = descending ? " desc" : "";
    order_nulls(out, json, descending, nulls);
    fmt::format_to(std::back_inserter(out),
                   "json_type({0}) = 'STRING'{1}, json_unquote({0}) + 0{1}, json_unquote({0}){1}", json,
                   direction);
  }

  void lock(std::string& out, LockMode mode, std::span<const std::string_view>) const override {
    if (mode < LockMode::pessimistic_read) return;
    out += locks_for_reading(mode) ? " lock in share mode" : " for update";
    out += lock_patience(mode);
  }

  bool returns_inserted() const override { return true; }

  // It would cut the answer off with no more than a warning.
  DeepRecursion deep_recursion() const override {
    return {"set statement max_recursive_iterations = 4294967295 for ", {}};
  }

 private:
  void name_given_row(std::string&) const override {}
  void given_value(std::string& out, const Column& column) const override {
    out += "values(";
    quote(out, column.name);
    out += ')';
  }
  std::string_view collation() const override { return mariadb_collation; }
  std::string_view json_null() const override { return "'null'"; }
  void json_document(std::string& out, std::string_view placeholder) const override { out += placeholder; }
  void compare_documents(std::string& out, Op op, std::string_view left,
                         std::string_view right) const override {
    // Of a null in a column the function says what it said of the row before.
    fmt::format_to(std::back_inserter(out),
                   "case when {0} is not null and {1} is not null then {2}json_equals({0}, {1}) end", left,
                   right, op == Op::ne ? "not " : "");
  }
  void match(std::string& out, std::string_view text, std::string_view pattern) const override {
    fmt::format_to(std::back_inserter(out), "{} regexp {} collate {}", text, pattern, collation());
  }
};

}  // namespace

const Dialect& mysql_dialect() {
  static const MysqlDialect dialect;
  return dialect;
}

const Dialect& mariadb_dialect() {
  static const MariadbDialect dialect;
  return dialect;
}

}  // namespace kin::sql
