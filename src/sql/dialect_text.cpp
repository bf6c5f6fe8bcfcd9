// SPDX-License-Identifier: MIT
#include "sql/dialect_text.hpp"

namespace kin::sql {

using detail::Op;

std::string_view common_symbol(Op op) {
  switch (op) {
    case Op::eq:
      return " = ";
    case Op::ne:
      return " <> ";
    case Op::lt:
      return " < ";
    case Op::le:
      return " <= ";
    case Op::gt:
      return " > ";
    case Op::ge:
      return " >= ";
    case Op::in:
      return " in ";
    case Op::not_in:
      return " not in ";
    case Op::between:
      return " between ";
    case Op::like:
      return " like ";
    default:
      return "";
  }
}

std::string_view aggregate_name(Op op) {
  switch (op) {
    case Op::count:
    case Op::count_distinct:
      return "count";
    case Op::sum:
      return "sum";
    case Op::avg:
      return "avg";
    case Op::min:
      return "min";
    default:
      return "max";
  }
}

void append_quoted(std::string& out, std::string_view identifier, char quote) {
  out += quote;
  for (const char c : identifier) {
    if (c == quote) out += quote;
    out += c;
  }
  out += quote;
}

const Column& typed_column(const Column& column) {
  const Column* typed = &column;
  while (typed->type.empty() && typed->references != nullptr) typed = typed->references;
  return *typed;
}

}  // namespace kin::sql
