// SPDX-License-Identifier: MIT
#include "sql/postgresql_arrays.hpp"

#include <nlohmann/json.hpp>

#include "sql/dialect_text.hpp"
#include "types/array_text.hpp"
#include "types/codecs_cells.hpp"

namespace kin::sql {

bool is_postgresql_array(const Column& column) {
  const Column& typed = typed_column(column);
  const bool is_array = typed.codec->kind == ValueKind::array;
  return is_array && (typed.type.empty() || typed.type.ends_with("[]"));
}

std::string postgresql_array(std::string_view json) {
  std::string out = "{";
  std::string text;
  for (const Json& element : types::parse_array(json)) {
    if (out.size() > 1) out += ',';
    if (detail::print_cell(types::view_of_element(element), text)) {
      append_postgresql_element(out, text);
    } else {
      out += "NULL";
    }
  }
  return out += '}';
}

void append_postgresql_element(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

}  // namespace kin::sql
