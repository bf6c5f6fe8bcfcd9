// SPDX-License-Identifier: MIT
#pragma once

#include <kin/error.hpp>

#include <cstdint>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/driver.hpp"
#include "unit/metadata/metadata_testing.hpp"

namespace schema_writer_test {

using Statements = std::vector<std::string>;

template <class... Ts>
Statements create(const kin::driver::SchemaWriter& writer) {
  const kin::metadata::testing::Entities<Ts...> entities;
  return writer.create(entities.entities());
}
template <class... Ts>
Statements drop(const kin::driver::SchemaWriter& writer) {
  const kin::metadata::testing::Entities<Ts...> entities;
  return writer.drop(entities.entities());
}

/// Answers the questions of update(), which come in the order of kin::schema::SchemaQuestions, about tables
/// that a test describes. Real databases are asked in tests/db.
class DescribedDatabase final : public kin::driver::Connection {
 public:
  struct Column {
    std::string name;
    std::string type;
    bool not_null = true;
    int key = 0;
    int made = 0;  ///< 1 numbered, 2 generated
  };
  struct Index {
    std::string name;
    std::vector<std::string> columns;
    bool unique = false;
    bool partial = false;
  };
  struct Check {
    std::string name;
    std::string text;
  };
  struct Table {
    std::string name;
    std::vector<Column> columns;
    std::vector<Index> indexes{};
    std::vector<Check> checks{};
    std::string type = "table";
  };
  struct EnumType {
    std::string name;
    std::vector<std::string> items;
  };
  std::vector<Table> tables{};
  std::vector<EnumType> enum_types{};
  std::vector<std::string> questions{};

  Table& table(std::string_view name) {
    for (Table& table : tables)
      if (table.name == name) return table;
    throw std::out_of_range(std::string(name));
  }
  Column& column(std::string_view table_name, std::string_view name) {
    for (Column& column : table(table_name).columns)
      if (column.name == name) return column;
    throw std::out_of_range(std::string(name));
  }
  void erase_column(std::string_view table_name, std::string_view name) {
    std::erase_if(table(table_name).columns, [&](const Column& column) { return column.name == name; });
  }

  kin::Task<std::uint64_t> modify(const kin::driver::ReadRequest&) override {
    throw std::logic_error("no modification is expected");
  }
  kin::Task<std::uint64_t> execute(std::string_view sql, std::span<const kin::ValueView>,
                                   kin::driver::RowSink* sink) override {
    questions.emplace_back(sql);
    if (sql.find("pg_enum") != std::string_view::npos) {
      answer_enum_types(*sink);
      co_return std::uint64_t{0};
    }
    const std::size_t question = asked_of_tables_++ % 4;
    for (const Table& table : tables) answer(question, table, *sink);
    co_return std::uint64_t{0};
  }

  kin::Task<void> read(const kin::driver::ReadRequest&, kin::driver::RowSink&) override { co_return; }
  kin::Task<void> write(kin::driver::WriteBatch&) override { co_return; }
  std::string text_of(const kin::query::ReadPlan&) override { return {}; }
  kin::Task<void> begin(const kin::TransactionOptions&) override { co_return; }
  kin::Task<void> commit() override { co_return; }
  kin::Task<void> rollback() override { co_return; }
  kin::Task<void> savepoint(int) override { co_return; }
  kin::Task<void> release_savepoint(int) override { co_return; }
  kin::Task<void> rollback_to_savepoint(int) override { co_return; }
  bool transaction_lost() const override { return false; }

 private:
  using ValueView = kin::ValueView;
  static ValueView text(const std::string& value) { return ValueView::text(value); }
  static ValueView number(int value) { return ValueView::integer(value); }
  /// As MariaDB tells some numbers.
  static ValueView decimal(int digit) {
    return ValueView::decimal(std::string_view("0123456789").substr(static_cast<std::size_t>(digit), 1));
  }

  void answer_enum_types(kin::driver::RowSink& sink) const {
    for (const EnumType& type : enum_types)
      for (const std::string& item : type.items) {
        const ValueView cells[] = {text(type.name), text(item)};
        sink.row(cells);
      }
  }

  static void answer(std::size_t question, const Table& table, kin::driver::RowSink& sink) {
    const auto tell = [&](std::initializer_list<ValueView> cells) { sink.row(cells.begin()); };
    if (question == 0) tell({text(table.name), text(table.type), text("")});
    if (question == 1)
      for (const Column& column : table.columns)
        tell({text(table.name), text(column.name), text(column.type), number(column.not_null),
              number(column.made), decimal(column.key)});
    if (question == 2)
      for (const Index& index : table.indexes)
        for (const std::string& column : index.columns)
          tell({text(table.name), text(index.name), number(index.unique), number(index.partial),
                text(column)});
    if (question == 3)
      for (const Check& check : table.checks) tell({text(table.name), text(check.name), text(check.text)});
  }

  std::size_t asked_of_tables_ = 0;
};

template <class... Ts>
Statements update(const kin::driver::SchemaWriter& writer, DescribedDatabase& database) {
  const kin::metadata::testing::Entities<Ts...> entities;
  return kin::detail::run_blocking(writer.update(entities.entities(), database));
}

/// The differences in the message of the error, without the line in front of them.
template <class... Ts>
Statements differences(const kin::driver::SchemaWriter& writer, DescribedDatabase& database) {
  try {
    (void)update<Ts...>(writer, database);
  } catch (const kin::ValidationError& error) {
    Statements lines = kin::metadata::testing::lines_of(error.what());
    lines.erase(lines.begin());
    return lines;
  }
  return {};
}

}  // namespace schema_writer_test
