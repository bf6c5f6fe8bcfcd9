// SPDX-License-Identifier: MIT
#include <iterator>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "sql/dialect.hpp"
#include "sql/dialect_text.hpp"

namespace kin::sql {
namespace {

using detail::Op;

// A kin::Decimal column without a precision is text, which only the driver's own functions can compare.
// SQLite's numbers hold 15 decimal digits exactly; a decimal of more is kept as text.
constexpr std::uint32_t exact_digits = 15;

bool is_decimal_text(const Column* column) {
  if (!column || column->codec->kind != ValueKind::decimal) return false;
  const std::uint32_t digits = column->property->precision;
  return digits == 0 || digits > exact_digits;
}

std::string_view symbol(Op op) {
  switch (op) {
    case Op::ilike:  // SQLite's like ignores the case of ASCII letters
      return " like ";
    case Op::matches:
      return " regexp ";
    case Op::fulltext:
      return " match ";
    default:
      return common_symbol(op);
  }
}

/// Elements of two JSON arrays are equal when value and type are; 1 and 1.0 are, 1 and true are not.
constexpr std::string_view same_element =
    R"("_have"."value" is "_want"."value" and replace("_have"."type", 'real', 'integer') = )"
    R"(replace("_want"."type", 'real', 'integer'))";

class SqliteDialect final : public Dialect {
 public:
  void quote(std::string& out, std::string_view identifier) const override {
    append_quoted(out, identifier, '"');
  }

  void placeholder(std::string& out, std::uint32_t) const override { out += '?'; }

  // Names are chosen so that SQLite's rules give each column an affinity that keeps what is written: "json"
  // alone would be a number's, and turn 1.0 into 1.
  std::string column_type(const Column& column) const override {
    const Column& own = typed_column(column);
    if (!own.type.empty()) return own.type;
    const Property& property = *own.property;
    switch (own.codec->kind) {
      case ValueKind::boolean:
        return "boolean";
      case ValueKind::integer:
      case ValueKind::unsigned_integer:
        return "integer";
      case ValueKind::real:
        return "real";
      case ValueKind::blob:
        return "blob";
      case ValueKind::decimal:
        return property.precision == 0 || property.precision > exact_digits
                   ? "text"
                   : fmt::format("numeric({},{})", property.precision, property.scale);
      case ValueKind::date:
        return "date";
      case ValueKind::time:
        return "time";
      case ValueKind::timestamp:
        return "datetime";
      case ValueKind::uuid:
        return "uuid";
      case ValueKind::json:
      case ValueKind::array:
        return "json text";
      case ValueKind::interval:  // whose own name would be an integer's
        return "text";
      case ValueKind::text:
      case ValueKind::null:
        break;
    }
    return property.length == 0 ? "text" : fmt::format("varchar({})", property.length);
  }

  void binary(std::string& out, Op op, std::string_view left, std::string_view right,
              const Column* column) const override {
    const auto append = [&](fmt::string_view format) {
      fmt::vformat_to(std::back_inserter(out), format, fmt::make_format_args(left, right, same_element));
    };
    switch (op) {
      case Op::contains:
        return append("instr({0}, {1}) > 0");
      case Op::starts_with:
        return append("substr({0}, 1, length({1})) = {1}");
      case Op::ends_with:  // by the place where the end begins, so that every text ends with the empty one
        return append("substr({0}, length({0}) - length({1}) + 1) = {1}");
      case Op::has_key:  // by json_each, since a path cannot name a key with quotes in it
        return append(R"(case when {0} is not null then exists (select 1 from json_each({0}) as "_have" )"
                      R"(where "_have"."key" = {1}) end)");
      case Op::overlaps:
        return append(R"(case when {0} is not null then exists (select 1 from json_each({0}) as "_have" )"
                      R"(join json_each({1}) as "_want" on {2}) end)");
      case Op::contains_all:
        return append(R"(case when {0} is not null then not exists (select 1 from json_each({1}) as "_want" )"
                      R"(where not exists (select 1 from json_each({0}) as "_have" where {2})) end)");
      case Op::contained_in:
        return append(R"(case when {0} is not null then not exists (select 1 from json_each({0}) as "_have" )"
                      R"(where not exists (select 1 from json_each({1}) as "_want" where {2})) end)");
      default:
        break;
    }
    append_left(out, left, column);
    out += symbol(op);
    out += right;
  }

  void json_value(std::string& out, std::string_view operand, std::string_view path) const override {
    fmt::format_to(std::back_inserter(out), "json_extract({}, {})", operand, path);
  }

  void aggregate(std::string& out, Op op, std::string_view operand, const Column* column) const override {
    const bool decimal = is_decimal_text(column);
    if (decimal && op == Op::sum) {
      fmt::format_to(std::back_inserter(out), "decimal_sum({})", operand);
      return;
    }
    out += aggregate_name(op);
    out += op == Op::count_distinct ? "(distinct " : "(";
    out += operand;
    if (decimal && op != Op::count && op != Op::avg) out += " collate decimal";
    out += ')';
  }

  void group(std::string& out, std::string_view operand, const Column* column) const override {
    out += operand;
    if (is_decimal_text(column)) out += " collate decimal";
  }

  void order(std::string& out, std::string_view operand, bool descending, int nulls,
             const Column* column) const override {
    group(out, operand, column);
    if (descending) out += " desc";
    if (nulls == 1) out += " nulls first";
    if (nulls == 2) out += " nulls last";
  }

  void limit(std::string& out, std::string_view limit, std::string_view offset) const override {
    if (limit.empty() && offset.empty()) return;
    out += " limit ";
    out += limit.empty() ? std::string_view("-1") : limit;
    if (offset.empty()) return;
    out += " offset ";
    out += offset;
  }

  // A write transaction locks the whole database.
  void lock(std::string&, LockMode, std::span<const std::string_view>) const override {}

  void same(std::string& out, std::string_view operand, std::string_view placeholder,
            const Column& column) const override {
    append_left(out, operand, &column);
    out.append(" is ").append(placeholder);
  }

  bool knows_generated_key() const override { return true; }

 private:
  /// A decimal column makes the values it is compared with what it holds itself, text or number. A sum of it
  /// has no such affinity: SQLite would take every number for less than every text.
  static void append_left(std::string& out, std::string_view left, const Column* column) {
    const bool is_decimal = column && column->codec->kind == ValueKind::decimal;
    const bool is_text = is_decimal_text(column);
    const bool is_computed = left.back() == ')';
    if (is_decimal && is_computed) {
      fmt::format_to(std::back_inserter(out), "cast({} as {})", left, is_text ? "text" : "numeric");
    } else {
      out += left;
    }
    if (is_text) out += " collate decimal";
  }
};

}  // namespace

const Dialect& sqlite_dialect() {
  static const SqliteDialect dialect;
  return dialect;
}

}  // namespace kin::sql
