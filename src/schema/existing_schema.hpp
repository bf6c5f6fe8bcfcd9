// SPDX-License-Identifier: MIT
#pragma once

#include <kin/task.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/driver.hpp"

namespace kin::schema {

struct ExistingColumn {
  std::string name{};
  std::string type{};
  bool not_null = false;
  bool generated = false;         ///< computed from other columns
  bool numbered = false;          ///< the database numbers new rows, where it tells
  std::int64_t key_position = 0;  ///< from 1; 0 = not part of the key
};

struct ExistingIndex {
  std::string name{};
  bool unique = false;
  bool partial = false;
  std::vector<std::string> columns{};  ///< empty names for expressions
};

struct ExistingCheck {
  std::string name{};
  std::string text{};
};

struct ExistingTable {
  std::string name{};
  std::string sql{};  ///< the table's own definition, where the database keeps it
  bool is_view = false;
  std::vector<ExistingColumn> columns{};
  std::vector<ExistingIndex> indexes{};  ///< those that the database made itself included
  std::vector<ExistingCheck> checks{};
};

struct ExistingEnum {
  std::string name{};
  std::vector<std::string> items{};
};

/// What there is in one schema of a database.
struct ExistingSchema {
  std::vector<ExistingTable> tables{};
  std::vector<ExistingEnum> enum_types{};
};

/// The questions of one database about a schema. Rows are sorted by table, then by index, and have the
/// columns:
/// - tables: name, "table" or "view", definition (may be empty)
/// - columns: table, name, type, whether not null, 0 or 1 when the database numbers its rows or 2 when it is
///   generated, position in the key from 1
/// - indexes: table, index, whether unique, whether partial, column (null for an expression)
/// - checks: table, name, definition; empty where the tables' definitions tell
/// - enum_types: type, item in its place; empty where there are no such types
struct SchemaQuestions {
  std::string tables{};
  std::string columns{};
  std::string indexes{};
  std::string checks{};
  std::string enum_types{};
};

/// Asks them.
Task<ExistingSchema> read_schema(driver::Connection& connection, SchemaQuestions questions);

/// The texts in single quotes of a condition or type as a database tells it, which may escape the quotes.
std::vector<std::string> texts_in(std::string_view condition);

/// A to Z like a to z.
bool same_without_case(std::string_view a, std::string_view b) noexcept;

}  // namespace kin::schema
