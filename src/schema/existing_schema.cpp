// SPDX-License-Identifier: MIT
#include "schema/existing_schema.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <span>

namespace kin::schema {
namespace {

constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string text_of(ValueView cell) { return cell.is_null() ? std::string() : std::string(cell.bytes()); }

/// MariaDB tells some of its whole numbers as decimals.
std::int64_t number_of(ValueView cell) {
  if (!cell.has_bytes()) return cell.as_integer();
  std::int64_t number = 0;
  std::from_chars(cell.bytes().data(), cell.bytes().data() + cell.bytes().size(), number);
  return number;
}

/// Collects rows of one statement into the tables.
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
  using TableSink::TableSink;
  void row(const ValueView* cells) override {
    ExistingTable* table = find(cells[0]);
    if (!table) return;
    ExistingColumn& column = table->columns.emplace_back();
    column.name = text_of(cells[1]);
    column.type = text_of(cells[2]);
    column.not_null = number_of(cells[3]) != 0;
    column.numbered = number_of(cells[4]) == 1;
    column.generated = number_of(cells[4]) >= 2;
    column.key_position = number_of(cells[5]);
  }
};

class IndexSink final : public TableSink {
 public:
  using TableSink::TableSink;
  void row(const ValueView* cells) override {
    ExistingTable* table = find(cells[0]);
    if (!table) return;
    if (table->indexes.empty() || table->indexes.back().name != cells[1].bytes())
      table->indexes.push_back({text_of(cells[1]), number_of(cells[2]) != 0, number_of(cells[3]) != 0, {}});
    table->indexes.back().columns.push_back(text_of(cells[4]));
  }
};

class CheckSink final : public TableSink {
 public:
  using TableSink::TableSink;
  void row(const ValueView* cells) override {
    if (ExistingTable* table = find(cells[0]))
      table->checks.push_back({text_of(cells[1]), text_of(cells[2])});
  }
};

class EnumSink final : public driver::RowSink {
 public:
  explicit EnumSink(std::vector<ExistingEnum>& types) : types_(types) {}
  void row(const ValueView* cells) override {
    if (types_.empty() || types_.back().name != cells[0].bytes()) types_.push_back({text_of(cells[0]), {}});
    types_.back().items.push_back(text_of(cells[1]));
  }

 private:
  std::vector<ExistingEnum>& types_;
};

template <class Sink, class Into>
Task<void> read_into(Into& tables, driver::Connection& connection, const std::string& sql) {
  if (sql.empty()) co_return;
  Sink sink(tables);
  (void)co_await connection.execute(sql, std::span<const ValueView>(), &sink);
}

}  // namespace

Task<ExistingSchema> read_schema(driver::Connection& connection, SchemaQuestions questions) {
  ExistingSchema existing;
  co_await read_into<NameSink>(existing.tables, connection, questions.tables);
  co_await read_into<ColumnSink>(existing.tables, connection, questions.columns);
  co_await read_into<IndexSink>(existing.tables, connection, questions.indexes);
  co_await read_into<CheckSink>(existing.tables, connection, questions.checks);
  co_await read_into<EnumSink>(existing.enum_types, connection, questions.enum_types);
  co_return existing;
}

std::vector<std::string> texts_in(std::string_view condition) {
  std::vector<std::string> texts;
  bool is_inside = false;
  for (const char c : condition) {
    if (c == '\'') {
      if (!is_inside) texts.emplace_back();
      is_inside = !is_inside;
    } else if (is_inside && c != '\\') {
      texts.back() += c;
    }
  }
  return texts;
}

bool same_without_case(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, {}, to_lower, to_lower);
}

}  // namespace kin::schema
