// SPDX-License-Identifier: MIT
#pragma once

#include "drivers/driver.hpp"

namespace kin::schema {

/// Definitions for MySQL 8.0.19 and MariaDB 10.9 and later. What to know of them:
/// - Neither can undo a definition: each statement commits what was before it, and of a verb that fails
/// halfway
///   one half is done. update() goes on from there.
/// - Texts are equal when their bytes are (see sql/mysql_collation.hpp), else "a" and "A" could not both be
///   unique. Tables of others keep their collation, and a text that refers to one of theirs needs the same.
/// - A text with a length is varchar; without one it is longtext, but varchar(255) where it is part of a key
/// or
///   index, or an enum. Bytes alike. A key or index has room for 3072 bytes, which are 768 characters.
/// - A key that the database makes is auto_increment. Points in time are datetime in UTC with the digits of
///   their type; a UUID is binary(16), a number without precision decimal(65,30).
/// - Indexes are part of the table's definition, each foreign key has a name and an index. Those to tables
/// that
///   come later are added when these are there. Rules are as on SQLite.
/// - Generated columns are stored; on MariaDB they can't be not null. Enums that are stored by name get a
/// check
///   of the names. Comments are written.
/// - A schema is a database, which is made where it is missing and never dropped. There is no foreign key
/// from a
///   table in a named one to a table in that of the connection.
/// Immutable, so it may be used from any thread.
const driver::SchemaWriter& mysql_schema_writer();
const driver::SchemaWriter& mariadb_schema_writer();

}  // namespace kin::schema
