// SPDX-License-Identifier: MIT
#pragma once

#include <kin/entity.hpp>
#include <kin/naming_strategy.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace kin {

struct Options;
namespace driver {
class Driver;
}

/// One statement as the logger sees it, after it ran. Valid during the call only.
struct Query {
  std::string sql{};
  std::vector<Value> parameters{};           ///< of a batch: row after row
  std::chrono::nanoseconds duration{};
  std::uint64_t rows{};                      ///< rows read, or changed
  std::uint64_t executions{1};               ///< how many sets of parameters one prepared statement was run with
  bool failed{};
};
/// Called after each statement, by the thread that ran it; must not use the manager it is called from.
using QueryLogger = std::function<void(const Query&)>;

/// Makes the driver of one Orm; kin::sqlite::driver() and its like return one.
class DriverFactory {
 public:
  virtual ~DriverFactory() = default;
  virtual std::unique_ptr<driver::Driver> make(const Options& options) const = 0;
};

/// When pending changes are flushed by themselves.
enum class FlushMode : std::uint8_t {
  automatic,  ///< before a query, when entity types that it touches have changes; the default
  commit,     ///< by flush() and commit() only
  always,     ///< before every query
};

/// What an Orm is made from.
struct Options {
  std::shared_ptr<const DriverFactory> driver{};
  /// Name of the database; of SQLite the file, or ":memory:" for one database shared by the Orm's managers.
  std::string db_name{};
  /// Where a server is found: "postgresql://user:password@host:5432/library?sslmode=require". What stands in it goes
  /// before the members below. SQLite has no use for it.
  std::string client_url{};
  std::string host{};  ///< name, address, or the folder (PostgreSQL) or file (MySQL, MariaDB) of a unix socket
  std::uint16_t port{};  ///< 0 = the server's usual one
  std::string user{};
  std::string password{};
  EntityList entities{};
  QueryLogger query_logger{};
  std::shared_ptr<const NamingStrategy> naming{};  ///< null = underscore_naming()
  Strategy strategy{};
  FlushMode flush_mode{};
  /// Most rows of one statement of a batch, where a database writes several rows a statement.
  std::uint32_t batch_size{300};
  std::uint32_t pool_size{8};   ///< most connections at a time
  std::chrono::milliseconds acquire_timeout{10000};
};

}  // namespace kin
