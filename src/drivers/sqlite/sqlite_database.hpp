// SPDX-License-Identifier: MIT
#pragma once

#include <kin/sqlite.hpp>

#include <memory>
#include <string>

struct sqlite3;

namespace kin::sqlite {

struct CloseDatabase {
  void operator()(sqlite3* connection) const noexcept;
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

/// Opens a file, creating it where it does not exist, or a URI; without settings, and without reading the
/// file. Throws ConnectionError. The connection has no lock of its own: one thread may use it at a time.
Database open_database(const std::string& name);

/// Gives a new connection kin's settings and functions, then those of the options. Reads the file, so a file
/// that is no database is found out here.
void configure(sqlite3* connection, const Options& options);

}  // namespace kin::sqlite
