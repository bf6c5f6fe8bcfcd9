// SPDX-License-Identifier: MIT
#pragma once

#include "drivers/driver.hpp"

namespace kin::schema {

/// Definitions for SQLite. What to know of them:
/// - A key that the database makes is `integer primary key autoincrement`: as in other databases the key of a
///   deleted row is never given to another one, which without autoincrement would happen to the last row's.
///   The price is one or two microseconds an insert.
/// - Unique members are unique indexes, so that update() can add them; each foreign key has an index.
/// - A foreign key without rules of its own cascades where it is part of the key or of a pivot table, sets
///   null where it is nullable, and refuses else. A schema is an attached file, and there are no foreign keys
///   from one file into another.
/// - Generated columns are virtual, since only those can be added to a table.
/// - Enums that are stored by name get a check of the names.
/// - Pivot tables are `without rowid`: nothing but the key's index.
/// Immutable, so it may be used from any thread.
const driver::SchemaWriter& sqlite_schema_writer();

}  // namespace kin::schema
