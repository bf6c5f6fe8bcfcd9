// SPDX-License-Identifier: MIT
#pragma once

#include <kin/task.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/driver.hpp"
#include "sql/dialect.hpp"

namespace kin::schema {

struct ExistingColumn {
  std::string name{};
  std::string type{};
  bool not_null = false;
  bool generated = false;
  std::int64_t key_position = 0;  ///< from 1; 0 = not part of the key
};

struct ExistingIndex {
  std::string name{};
  bool unique = false;
  bool partial = false;
  std::vector<std::string> columns{};
};

struct ExistingTable {
  std::string name{};
  std::string sql{};
  bool is_view = false;
  std::vector<ExistingColumn> columns{};
  std::vector<ExistingIndex> indexes{};  ///< those that SQLite made itself included
};

/// What there is in one schema of an SQLite database. Names are compared as SQLite does: A to Z like a to z.
class ExistingSchema {
 public:
  /// An empty name is the database itself.
  static Task<ExistingSchema> read(std::string name, const sql::Dialect& dialect,
                                   driver::Connection& connection);

  const ExistingTable* find_table(std::string_view name) const;
  /// True for tables, views and indexes.
  bool is_taken(std::string_view name) const;

 private:
  std::vector<ExistingTable> tables_{};
};

/// As SQLite compares identifiers.
bool same_name(std::string_view a, std::string_view b) noexcept;

}  // namespace kin::schema
