// SPDX-License-Identifier: MIT
#pragma once

#include <kin/task.hpp>

#include <string>
#include <vector>

namespace kin {

namespace driver {
class Driver;
}
namespace metadata {
class Registry;
}

/// Makes the database's tables fit the entities; orm.schema() returns one. Cheap to copy.
///
/// Each verb runs in one transaction where the database can undo changes of tables (SQLite, PostgreSQL): when
/// it throws, the database is as it was. No rows of other tables are touched, and no table that is no
/// entity's. Lifetime: valid as long as the Orm, also for tasks that have not ended. Thread-safety: may be
/// used from any thread; the database itself decides between two that change tables at once. Errors: those of
/// the database, such as TableExistsError from create(), and ValidationError from update().
class SchemaGenerator {
 public:
  SchemaGenerator(driver::Driver& driver, const metadata::Registry& registry) noexcept
      : driver_(&driver), registry_(&registry) {}

  /// Makes all tables, indexes and constraints. Throws TableExistsError when one of the tables is there
  /// already.
  void create() const;
  Task<void> create_async() const;
  std::vector<std::string> create_sql() const;

  /// Drops the entities' tables and pivot tables, with their rows. Tables that are not there are no error.
  void drop() const;
  Task<void> drop_async() const;
  std::vector<std::string> drop_sql() const;

  /// Drops all tables and makes them anew, empty.
  void refresh() const;
  Task<void> refresh_async() const;

  /// Adds tables, columns and indexes that are missing. Never drops or rewrites anything: a difference that
  /// would need that, or that rows which are there could not survive, is a ValidationError that lists them
  /// all, and then nothing is changed. Columns and tables that no entity has are left alone.
  void update() const;
  Task<void> update_async() const;
  /// What update() would run now; reads the database.
  std::vector<std::string> update_sql() const;
  Task<std::vector<std::string>> update_sql_async() const;

 private:
  driver::Driver* driver_;
  const metadata::Registry* registry_;
};

}  // namespace kin
