// SPDX-License-Identifier: MIT
#include <kin/error.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "sql/statements.hpp"

namespace kin::sql {
namespace {

/// Length of what begins with these opening characters and is not looked into: quoted text and comments. One
/// that never ends takes all of the rest, and the database will say so. 0 for anything else.
std::size_t protected_length(std::string_view sql) {
  const auto up_to = [&](std::string_view end, std::size_t from) {
    const std::size_t found = sql.find(end, from);
    return found == std::string_view::npos ? sql.size() : found + end.size();
  };
  switch (sql.front()) {
    case '\'':
    case '"':
    case '`':  // a doubled quote ends one text and begins the next, which comes to the same
      return up_to(sql.substr(0, 1), 1);
    case '-':
      return sql.starts_with("--") ? up_to("\n", 2) : 0;
    case '/':
      return sql.starts_with("/*") ? up_to("*/", 2) : 0;
    default:
      return 0;
  }
}

[[noreturn]] void refuse_brace(std::string_view sql) {
  throw ValidationError(
      fmt::format("A single brace stands in the statement at \"{}\"; {{}} is a parameter, and {{{{ or "
                  "}}}} a brace.",
                  sql.substr(0, 20)));
}

}  // namespace

std::string execute_text(std::string_view sql, std::size_t parameter_count, const Dialect& dialect) {
  std::string text;
  text.reserve(sql.size());
  std::uint32_t parameters = 0;
  while (!sql.empty()) {
    std::size_t length = protected_length(sql);
    if (length != 0) {
      text += sql.substr(0, length);
    } else if (sql.starts_with("{}")) {
      dialect.placeholder(text, ++parameters);
      length = 2;
    } else if (sql.starts_with("{{") || sql.starts_with("}}")) {
      text += sql.front();
      length = 2;
    } else if (sql.front() == '{' || sql.front() == '}') {
      refuse_brace(sql);
    } else {
      text += sql.front();
      length = 1;
    }
    sql.remove_prefix(length);
  }
  if (parameters == parameter_count) return text;
  throw ValidationError(
      fmt::format("The statement has {} {{}} and {} parameter{} given; each {{}} takes one.", parameters,
                  parameter_count, parameter_count == 1 ? " is" : "s are"));
}

}  // namespace kin::sql
