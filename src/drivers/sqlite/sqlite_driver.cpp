// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <sqlite3.h>
#include <kin/error.hpp>
#include <kin/sqlite.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "async/thread_pool.hpp"
#include "async/timer.hpp"
#include "drivers/driver.hpp"
#include "drivers/sqlite/sqlite_database.hpp"
#include "drivers/sqlite/sqlite_wire.hpp"
#include "schema/sqlite_schema_writer.hpp"
#include "sql/dialect.hpp"
#include "sql/pooled_connection.hpp"

namespace kin::sqlite {
namespace {

using sql::PooledConnection;

// Where SQLite finds the database.
struct Location {
  std::string name;
  bool in_memory = false;
};

// A URI of a database in memory that each connection would have one of.
bool is_private_memory(const std::string& name) {
  const bool in_memory = name.starts_with("file::memory:") || name.find("mode=memory") != std::string::npos;
  return in_memory && name.starts_with("file:") && name.find("cache=shared") == std::string::npos;
}

// In this process a name of SQLite's memdb stands for one database, as long as a connection to it is open.
Location locate(const std::string& db_name) {
  static std::atomic<std::uint64_t> databases{0};
  if (db_name.empty())
    throw ValidationError("Options::db_name is empty: SQLite needs a file or \":memory:\"");
  if (is_private_memory(db_name)) {
    throw ValidationError(fmt::format(
        "Options::db_name is '{}', of which each connection would have one of its own; use \":memory:\"",
        db_name));
  }
  if (db_name != ":memory:") return {db_name, false};
  return {fmt::format("file:/kin-{}?vfs=memdb", databases.fetch_add(1, std::memory_order_relaxed)), true};
}

// SQLite would stop at 1 GiB.
void lift_memory_limit(sqlite3* connection) {
  sqlite3_int64 limit = std::numeric_limits<sqlite3_int64>::max();
  sqlite3_file_control(connection, "main", SQLITE_FCNTL_SIZE_LIMIT, &limit);
}

class SqliteDriver final : public driver::Driver {
 public:
  SqliteDriver(const kin::Options& orm_options, Options options);

  const driver::Capabilities& capabilities() const noexcept override { return capabilities_; }
  bool try_acquire(driver::Loan& loan, const driver::LoanRequest& request) override {
    return source_.try_lend(loan, request);
  }
  Task<driver::Loan> acquire(driver::LoanRequest request) override { return source_.lend(request); }
  Task<void> pause(std::chrono::milliseconds time) override { co_await timer_.pause(time); }
  const driver::SchemaWriter& schema_writer() const override { return schema::sqlite_schema_writer(); }

 private:
  Database open() const;
  Task<std::unique_ptr<PooledConnection>> connect();

  const Options options_;
  const QueryLogger logger_;
  const Location location_;
  // Keeps a database in memory alive between loans. Of a file it was the first look, and is closed again.
  Database anchor_;
  driver::Capabilities capabilities_;
  async::Timer timer_;
  async::ThreadPool threads_;
  sql::ConnectionSource source_;  // last, so that connections end before what they use
};

driver::Capabilities capabilities_of(sqlite3* connection) {
  driver::Capabilities capabilities;
  capabilities.name = "sqlite";
  capabilities.sequential_batches = true;
  capabilities.max_parameters =
      static_cast<std::uint32_t>(sqlite3_limit(connection, SQLITE_LIMIT_VARIABLE_NUMBER, -1));
  capabilities.savepoints = true;
  capabilities.regular_expressions = true;
  capabilities.json = true;
  return capabilities;
}

SqliteDriver::SqliteDriver(const kin::Options& orm_options, Options options)
    : options_(std::move(options)),
      logger_(orm_options.query_logger),
      location_(locate(orm_options.db_name)),
      anchor_(open()),
      capabilities_(capabilities_of(anchor_.get())),
      threads_(options_.threads != 0 ? options_.threads : orm_options.pool_size),
      source_(orm_options, [this](const ReplicaOptions*) { return connect(); }) {
  if (!orm_options.replicas.empty())
    throw ValidationError(
        "Options::replicas: SQLite has no replicas, its database is one file; leave them out");
  if (location_.in_memory) {
    lift_memory_limit(anchor_.get());
  } else {
    anchor_.reset();
  }
}

Database SqliteDriver::open() const {
  Database database = open_database(location_.name);
  configure(database.get(), options_);
  return database;
}

Task<std::unique_ptr<PooledConnection>> SqliteDriver::connect() {
  auto work = [this] { return open(); };
  Database database = co_await async::offload(threads_, work);
  auto wire = std::make_unique<SqliteWire>(std::move(database), threads_, options_.statement_cache_size);
  co_return std::make_unique<PooledConnection>(sql::sqlite_dialect(), std::move(wire), logger_);
}

class SqliteDriverFactory final : public DriverFactory {
 public:
  explicit SqliteDriverFactory(Options options) : options_(std::move(options)) {}
  std::unique_ptr<driver::Driver> make(const kin::Options& options) const override {
    return std::make_unique<SqliteDriver>(options, options_);
  }

 private:
  const Options options_;
};

}  // namespace

std::shared_ptr<const DriverFactory> driver(Options options) {
  return std::make_shared<SqliteDriverFactory>(std::move(options));
}

}  // namespace kin::sqlite
