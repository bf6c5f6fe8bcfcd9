// SPDX-License-Identifier: MIT
#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "drivers/driver.hpp"
#include "sql/dialect.hpp"
#include "sql/dialect_text.hpp"
#include "sql/postgresql_arrays.hpp"
#include "sql/postgresql_batches.hpp"

namespace kin::sql {
namespace {

using detail::Op;

std::string_view symbol(Op op) {
  switch (op) {
    case Op::ilike:
      return " ilike ";
    case Op::matches:
      return " ~ ";
    case Op::contains_all:
      return " @> ";
    case Op::contained_in:
      return " <@ ";
    default:
      return common_symbol(op);
  }
}

/// The smallest type that holds all values of an integer member. There are none without a sign.
std::string integer_type(const detail::Codec& codec, bool is_generated_key) {
  const bool is_unsigned = codec.kind == ValueKind::unsigned_integer;
  const unsigned bits = codec.size_bits + (is_unsigned ? 1U : 0U);
  if (bits <= 16) return "smallint";
  if (bits <= 32) return "integer";
  // Keys that the database makes come from a sequence, which counts in a bigint.
  if (bits <= 64 || is_generated_key) return "bigint";
  return "numeric(20,0)";
}

std::string fraction(std::string_view type, const detail::Codec& codec) {
  return fmt::format("{}({})", type, codec.fraction_digits);
}

bool is_text_operator(Op op) { return op >= Op::like && op <= Op::fulltext; }

bool is_number(ValueKind kind) {
  return kind == ValueKind::integer || kind == ValueKind::unsigned_integer || kind == ValueKind::real ||
         kind == ValueKind::decimal;
}

/// jsonb has an order over all kinds of values; only values of the same kind are to be compared by it.
std::string_view json_kind(ValueKind kind) {
  if (kind == ValueKind::boolean) return "boolean";
  return is_number(kind) ? "number" : "string";
}

/// PostgreSQL 12 and later. The server finds out the types of parameters from what they stand beside; where
/// that would be another type than the value's, the text says it. `like` heeds case and takes the backslash
/// for an escape, `ilike` does not heed case, `matches` is PostgreSQL's own regular expressions. Full-text
/// queries use the configuration "simple", on a tsvector column or on text.
class PostgresqlDialect final : public Dialect {
 public:
  void quote(std::string& out, std::string_view identifier) const override {
    append_quoted(out, identifier, '"');
  }

  void placeholder(std::string& out, std::uint32_t number) const override {
    fmt::format_to(std::back_inserter(out), "${}", number);
  }

  std::string column_type(const Column& column) const override {
    const Column& own = typed_column(column);
    if (!own.type.empty()) return own.type;
    if (own.codec->kind == ValueKind::array) return type_of(own, *own.codec->element) + "[]";
    return type_of(own, *own.codec);
  }

  void value(std::string& out, std::string_view placeholder, ValueKind kind,
             const Column* column) const override {
    out += placeholder;
    const std::string_view type = type_beside(kind, column);
    if (type.empty()) return;
    out += "::";
    out += type;
  }

  void binary(std::string& out, Op op, std::string_view left, std::string_view right,
              const Column* column) const override {
    const auto append = [&](fmt::string_view format) {
      fmt::vformat_to(std::back_inserter(out), format, fmt::make_format_args(left, right));
    };
    if (is_text_operator(op) && is_enum_type(column)) {
      const std::string text = fmt::format("{}::text", left);
      return binary(out, op, text, right, nullptr);
    }
    switch (op) {
      case Op::contains:
        return append("strpos({0}, {1}) > 0");
      case Op::starts_with:
        return append("starts_with({0}, {1})");
      case Op::ends_with:
        return append("right({0}, length({1}::text)) = {1}::text");
      case Op::fulltext:
        return append(column && column->type == "tsvector"
                          ? "{0} @@ plainto_tsquery('simple', {1})"
                          : "to_tsvector('simple', {0}) @@ plainto_tsquery('simple', {1})");
      case Op::has_key:  // ? alone also takes the elements of an array for keys
        return append("(jsonb_typeof({0}) = 'object' and {0} ? {1})");
      case Op::overlaps:
        if (column && is_postgresql_array(*column)) return append("{0} && {1}");
        return append(R"(case when {0} is not null then exists (select 1 from )"
                      R"(jsonb_array_elements(case when jsonb_typeof({0}) = 'array' then {0} end) )"
                      R"(as "_have"("value") join jsonb_array_elements({1}::jsonb) as "_want"("value") )"
                      R"(on "_have"."value" = "_want"."value") end)");
      default:
        break;
    }
    out += left;
    out += symbol(op);
    out += right;
  }

  std::uint32_t shortest_array() const override { return postgresql_shortest_array; }

  // Beside a column of the values' own kind the server takes the array for one of the column's type.
  void array(std::string& out, Op op, std::string_view left, std::string_view placeholder, ValueKind kind,
             const Column* column) const override {
    const std::string_view type = type_beside(kind, column);
    fmt::format_to(std::back_inserter(out), "{} {}({}{}{}{})", left, op == Op::in ? "= any" : "<> all",
                   placeholder, type.empty() ? "" : "::", type, type.empty() ? "" : "[]");
  }

  // Strict, or a path would look into the elements of arrays too; silent, because a missing key is no error.
  void json_value(std::string& out, std::string_view operand, std::string_view path) const override {
    fmt::format_to(
        std::back_inserter(out),
        "nullif(jsonb_path_query_first({}, ('strict ' || {}::text)::jsonpath, '{{}}', true), 'null')",
        operand, path);
  }

  void compare_json(std::string& out, Op op, std::string_view json, std::string_view placeholder,
                    ValueKind kind) const override {
    const auto comparison =
        fmt::format("{}{}to_jsonb({}::{})", json, symbol(op), placeholder, postgresql_type_of(kind));
    if (op == Op::eq || op == Op::ne) {
      out += comparison;
    } else {
      fmt::format_to(std::back_inserter(out), "case when jsonb_typeof({}) = '{}' then {} end", json,
                     json_kind(kind), comparison);
    }
  }

  void json_result(std::string& out, std::string_view json) const override {
    fmt::format_to(std::back_inserter(out), "{} #>> '{{}}'", json);
  }

  void aggregate(std::string& out, Op op, std::string_view operand, const Column* column) const override {
    const auto append = [&](fmt::string_view format) {
      fmt::vformat_to(std::back_inserter(out), format, fmt::make_format_args(operand));
    };
    const ValueKind kind = column ? column->codec->kind : ValueKind::null;
    switch (op) {
      case Op::count:
        return append("count({})");
      case Op::count_distinct:
        return append("count(distinct {})");
      case Op::avg:
        return append("avg({})::double precision");
      case Op::sum:  // a sum of bigints is numeric, and one of reals has six digits
        if (kind == ValueKind::real && column->codec->size_bits == 32)
          return append("sum({}::double precision)");
        return append(is_bigint(column) ? "sum({})::bigint" : "sum({})");
      default:
        break;
    }
    const bool is_min = op == Op::min;
    if (kind == ValueKind::boolean) return append(is_min ? "bool_and({})" : "bool_or({})");
    if (kind == ValueKind::uuid) return append(is_min ? "min({}::text)::uuid" : "max({}::text)::uuid");
    append(is_min ? "min({})" : "max({})");
  }

  void order(std::string& out, std::string_view operand, bool descending, int nulls,
             const Column*) const override {
    out += operand;
    if (descending) out += " desc";
    if (nulls == 1) out += " nulls first";
    if (nulls == 2) out += " nulls last";
  }

  void limit(std::string& out, std::string_view limit, std::string_view offset) const override {
    if (!limit.empty()) out.append(" limit ").append(limit);
    if (!offset.empty()) out.append(" offset ").append(offset);
  }

  // Of named sources only: rows of a left join may be missing, and PostgreSQL locks no missing row.
  void lock(std::string& out, LockMode mode, std::span<const std::string_view> aliases) const override {
    if (mode < LockMode::pessimistic_read) return;
    out += locks_for_reading(mode) ? " for share of " : " for update of ";
    quote_all(out, aliases);
    out += lock_patience(mode);
  }

  std::string write(const driver::WriteBatch& batch) const override {
    const bool takes_keys = batch.operation == driver::Operation::reserve_keys;
    return takes_keys || takes_arrays(batch) ? postgresql_batch_text(batch, *this) : Dialect::write(batch);
  }

  bool writes_whole(const driver::WriteBatch& batch) const override {
    return batch.operation == driver::Operation::reserve_keys || takes_arrays(batch);
  }

  // An enum's type is not one that the driver knows, and would have the whole row as text.
  void result(std::string& out, std::string_view operand, const Column* column) const override {
    out += operand;
    if (is_enum_type(column)) out += column->codec->kind == ValueKind::array ? "::text[]" : "::text";
  }

 private:
  static bool is_enum_type(const Column* column) {
    if (!column) return false;
    const Column& own = typed_column(*column);
    return own.type.empty() && !own.property->native_enum.empty();
  }

  std::string type_of(const Column& column, const detail::Codec& codec) const {
    const Property& property = *column.property;
    if (!property.native_enum.empty()) {
      std::string name;
      qualify(name, column.entity->schema, property.native_enum);
      return name;
    }
    switch (codec.kind) {
      case ValueKind::integer:
      case ValueKind::unsigned_integer:
        return integer_type(codec, column.generated_key);
      case ValueKind::real:
        return codec.size_bits == 32 ? "real" : "double precision";
      case ValueKind::decimal:
        return property.precision == 0 ? "numeric"
                                       : fmt::format("numeric({},{})", property.precision, property.scale);
      case ValueKind::time:
        return fraction("time", codec);
      case ValueKind::timestamp:
        return fraction("timestamptz", codec);
      case ValueKind::text:
        return property.length == 0 ? "text" : fmt::format("varchar({})", property.length);
      default:
        return std::string(postgresql_type_of(codec.kind));
    }
  }

  bool is_bigint(const Column* column) const { return column && column_type(*column) == "bigint"; }

  /// What has to be said of a value beside a column: nothing where the column tells the value's own type.
  std::string_view type_beside(ValueKind kind, const Column* column) const {
    if (!column) return postgresql_type_of(kind);
    const ValueKind column_kind = column->codec->kind;
    if (!is_number(kind) || kind == ValueKind::decimal)
      return kind == column_kind ? "" : postgresql_type_of(kind);
    const std::string column_type = this->column_type(*column);
    if (kind == ValueKind::unsigned_integer)  // as numeric it would not use the index of an integer
      return column_type.starts_with("numeric") || column_type == "bigint"                     ? ""
             : column_kind == ValueKind::unsigned_integer || column_kind == ValueKind::integer ? "bigint"
                                                                                               : "numeric";
    return column_type == postgresql_type_of(kind) ? "" : postgresql_type_of(kind);
  }
};

}  // namespace

const Dialect& postgresql_dialect() {
  static const PostgresqlDialect dialect;
  return dialect;
}

}  // namespace kin::sql
