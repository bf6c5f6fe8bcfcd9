// SPDX-License-Identifier: MIT
#include <utility>

#include <fmt/format.h>

#include "schema/sqlite_ddl.hpp"
#include "schema/sqlite_literal.hpp"

namespace kin::schema {

Task<ExistingSchema> SqliteDdl::read(const std::string& schema, driver::Connection& connection) const {
  const std::string name = schema.empty() ? "main" : schema;
  const std::string from = quoted(name);
  const std::string literal = sqlite_text_literal(name);
  SchemaQuestions questions;
  questions.tables = fmt::format(
      "select name, type, sql from {0}.sqlite_master where type in ('table', 'view') order by name", from);
  // table_xinfo, because table_info leaves out generated columns.
  questions.columns = fmt::format(
      "select m.name, c.name, c.type, c.\"notnull\", c.hidden, c.pk from {0}.sqlite_master m "
      "join pragma_table_xinfo(m.name, {1}) c where m.type in ('table', 'view') order by m.name, c.cid",
      from, literal);
  questions.indexes = fmt::format(
      "select m.name, i.name, i.\"unique\", i.partial, c.name from {0}.sqlite_master m "
      "join pragma_index_list(m.name, {1}) i join pragma_index_info(i.name, {1}) c "
      "where m.type = 'table' order by m.name, i.name, c.seqno",
      from, literal);
  return read_schema(connection, std::move(questions));
}

}  // namespace kin::schema
