// SPDX-License-Identifier: MIT
#include "db/support/canonical.hpp"

#include <algorithm>
#include <map>
#include <regex>

namespace kin::test {
namespace {

using Keys = std::map<std::string, std::string>;  // the reserved key's column by table

std::string replaced(const std::string& text, const std::regex& pattern, const char* with) {
  return std::regex_replace(text, pattern, with);
}

std::string in_plain_form(std::string text) {
  static const std::regex begin("^(begin|start transaction).*");
  static const std::regex placeholder(R"(\$\d+(::[a-z]+( precision)?(\(\d+(,\s*\d+)?\))?(\[\])?)?)");
  static const std::regex unnest(R"(select \* from unnest\(([?, ]+)\)$)");
  static const std::regex unnest_inside(R"(\(("[^)]*")\) in \(select \* from unnest\([?, ]+\)\))");
  static const std::regex unnest_returning(R"(select \* from unnest\(([?, ]+)\) returning (.*)$)");
  static const std::regex any(R"(= any\(\?\))");
  static const std::regex more_rows(R"((values \(\?(, \?)*\))(, \(\?(, \?)*\))+)");
  static const std::regex same(R"( (is not distinct from|<=>) \?)");
  static const std::regex ignoring(R"( (on conflict do nothing|on duplicate key update .*)$)");
  std::replace(text.begin(), text.end(), '`', '"');
  if (std::regex_match(text, begin)) return "begin";
  text = replaced(text, placeholder, "?");
  text = replaced(text, unnest, "values ($1)");
  text = replaced(text, unnest_returning, "values ($1) returning $2");
  text = replaced(text, any, "= ?");
  text = replaced(text, more_rows, "$1");
  text = replaced(text, same, " is ?");
  text = replaced(text, ignoring, " on conflict do nothing");
  std::smatch pair;
  if (std::regex_search(text, pair, unnest_inside)) {
    static const std::regex separator(R"(", ")");
    const std::string columns = replaced(pair[1], separator, "\" = ? and \"") + " = ?";
    text = pair.prefix().str() + columns + pair.suffix().str();
  }
  return text;
}

/// Takes a column and its value out of an insert.
std::string without_column(const std::string& insert, const std::string& column) {
  const std::string quoted = "\"" + column + "\"";
  std::string text = insert;
  for (const std::string& part : {"(" + quoted + ", ", ", " + quoted, "(" + quoted + ")"}) {
    const std::size_t at = text.find(part);
    if (at == std::string::npos || at > text.find(" values ")) continue;
    if (part.back() == ')') return text.substr(0, at) + "default values";
    text.replace(at, part.size(), part.front() == '(' ? "(" : "");
    const std::size_t values = text.find("values (?, ");
    if (values != std::string::npos) text.erase(values + 8, 3);
    return text;
  }
  return text;
}

std::string table_of_insert(const std::string& text) {
  static const std::regex insert(R"(^insert into ("[^"]+"))");
  std::smatch match;
  return std::regex_search(text, match, insert) ? match[1].str() : std::string();
}

}  // namespace

std::string canonical(const std::string& statement) { return in_plain_form(statement); }

std::vector<std::string> canonical(const std::vector<std::string>& statements) {
  static const std::regex reserving(R"(pg_get_serial_sequence\('("[^']+")', '([^']+)'\))");
  static const std::regex returning_key(R"( returning "id"(, |$))");
  Keys reserved;
  std::vector<std::string> result;
  for (const std::string& statement : statements) {
    std::smatch match;
    if (std::regex_search(statement, match, reserving)) {
      reserved[match[1]] = match[2];
      continue;
    }
    std::string text = in_plain_form(statement);
    if (const std::string table = table_of_insert(text); !table.empty()) {
      if (reserved.contains(table)) text = without_column(text, reserved[table]);
      if (std::regex_search(text, match, returning_key))
        text = match.prefix().str() + (match[1] == ", " ? " returning " : "") + match.suffix().str();
    }
    result.push_back(std::move(text));
  }
  return result;
}

}  // namespace kin::test
