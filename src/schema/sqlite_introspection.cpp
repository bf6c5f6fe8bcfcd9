// SPDX-License-Identifier: MIT
#include "schema/sqlite_introspection.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "schema/sqlite_literal.hpp"

namespace kin::schema {
namespace {

constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string text_of(ValueView cell) { return cell.is_null() ? std::string() : std::string(cell.bytes()); }

/// Collects rows of one statement into the tables. Rows come sorted by table.
class TableSink : public driver::RowSink {
 public:
  explicit TableSink(std::vector<ExistingTable>& tables) : tables_(tables) {}

 protected:
  ExistingTable* find(ValueView name) {
    const auto found = std::ranges::find(tables_, name.bytes(), &ExistingTable::name);
    return found == tables_.end() ? nullptr : &*found;
  }
  std::vector<ExistingTable>& tables_;
};

class NameSink final : public TableSink {
 public:
  static constexpr std::string_view sql =
      "select name, type, sql from {0}.sqlite_master where type in ('table', 'view') order by name";
  using TableSink::TableSink;
  void row(const ValueView* cells) override {
    ExistingTable& table = tables_.emplace_back();
    table.name = text_of(cells[0]);
    table.is_view = cells[1].bytes() == "view";
    table.sql = text_of(cells[2]);
  }
};

class ColumnSink final : public TableSink {
 public:
  // table_xinfo, because table_info leaves out generated columns.
  static constexpr std::string_view sql =
      "select m.name, c.name, c.type, c.\"notnull\", c.hidden, c.pk from {0}.sqlite_master m "
      "join pragma_table_xinfo(m.name, {1}) c where m.type in ('table', 'view') order by m.name, c.cid";
  using TableSink::TableSink;
  void row(const ValueView* cells) override {
    ExistingTable* table = find(cells[0]);
    if (!table) return;
    ExistingColumn& column = table->columns.emplace_back();
    column.name = text_of(cells[1]);
    column.type = text_of(cells[2]);
    column.not_null = cells[3].as_integer() != 0;
    column.generated = cells[4].as_integer() >= 2;
    column.key_position = cells[5].as_integer();
  }
};

class IndexSink final : public TableSink {
 public:
  static constexpr std::string_view sql =
      "select m.name, i.name, i.\"unique\", i.partial, c.name from {0}.sqlite_master m "
      "join pragma_index_list(m.name, {1}) i join pragma_index_info(i.name, {1}) c "
      "where m.type = 'table' order by m.name, i.name, c.seqno";
  using TableSink::TableSink;
  void row(const ValueView* cells) override {
    ExistingTable* table = find(cells[0]);
    if (!table) return;
    if (table->indexes.empty() || table->indexes.back().name != cells[1].bytes())
      table->indexes.push_back(
          {text_of(cells[1]), cells[2].as_integer() != 0, cells[3].as_integer() != 0, {}});
    table->indexes.back().columns.push_back(text_of(cells[4]));  // empty for an expression
  }
};

template <class Sink>
Task<void> read_into(std::vector<ExistingTable>& tables, const std::string& schema,
                     const sql::Dialect& dialect, driver::Connection& connection) {
  std::string quoted;
  dialect.quote(quoted, schema);
  const std::string sql = fmt::format(Sink::sql, quoted, sqlite_text_literal(schema));
  Sink sink(tables);
  (void)co_await connection.execute(sql, std::span<const ValueView>(), &sink);
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, {}, to_lower, to_lower);
}

Task<ExistingSchema> ExistingSchema::read(std::string name, const sql::Dialect& dialect,
                                          driver::Connection& connection) {
  const std::string schema = name.empty() ? "main" : std::move(name);
  ExistingSchema existing;
  co_await read_into<NameSink>(existing.tables_, schema, dialect, connection);
  co_await read_into<ColumnSink>(existing.tables_, schema, dialect, connection);
  co_await read_into<IndexSink>(existing.tables_, schema, dialect, connection);
  co_return existing;
}

const ExistingTable* ExistingSchema::find_table(std::string_view name) const {
  const auto found =
      std::ranges::find_if(tables_, [&](const auto& table) { return same_name(table.name, name); });
  return found == tables_.end() ? nullptr : &*found;
}

bool ExistingSchema::is_taken(std::string_view name) const {
  return std::ranges::any_of(tables_, [&](const ExistingTable& table) {
    return same_name(table.name, name) ||
           std::ranges::any_of(table.indexes, [&](const auto& index) { return same_name(index.name, name); });
  });
}

}  // namespace kin::schema
