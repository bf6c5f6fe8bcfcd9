// SPDX-License-Identifier: MIT
#pragma once

#include <kin/assign_options.hpp>
#include <kin/entity.hpp>
#include <kin/flush_mode.hpp>
#include <kin/naming_strategy.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace kin {

struct Options;
class ConnectionSetup;
class EventSubscriber;
namespace driver {
class Driver;
}

namespace detail {
/// Where the parameters of a statement are.
class ParameterSource {
 public:
  virtual ~ParameterSource() = default;
  virtual void append_to(std::vector<Value>& values) const = 0;
};
}  // namespace detail

/// The values of a statement, as a read-only vector. They are copied when they are first asked for, so that a logger
/// which does not look at them costs nothing; a copy of this object holds values of its own and may be kept.
/// Thread-safety: each object is used by one thread at a time.
class QueryParameters {
 public:
  QueryParameters() noexcept = default;
  QueryParameters(std::initializer_list<Value> values) : values_(values) {}
  QueryParameters(std::vector<Value> values) noexcept : values_(std::move(values)) {}
  /// Lifetime: the source outlives this object.
  explicit QueryParameters(const detail::ParameterSource& source) noexcept : source_(&source) {}
  QueryParameters(const QueryParameters& other) : values_(other.all()) {}
  QueryParameters(QueryParameters&& other) noexcept = default;
  QueryParameters& operator=(const QueryParameters& other);
  QueryParameters& operator=(QueryParameters&& other) noexcept = default;
  ~QueryParameters() = default;

  /// Valid as long as this object.
  const std::vector<Value>& all() const;
  bool empty() const { return all().empty(); }
  std::size_t size() const { return all().size(); }
  const Value& operator[](std::size_t index) const { return all()[index]; }
  std::vector<Value>::const_iterator begin() const { return all().begin(); }
  std::vector<Value>::const_iterator end() const { return all().end(); }

 private:
  mutable const detail::ParameterSource* source_ = nullptr;  // null once values_ holds them
  mutable std::vector<Value> values_{};
};

/// One statement as the logger sees it, after it ran. Valid during the call only.
struct Query {
  std::string sql{};
  QueryParameters parameters{};              ///< of a batch: row after row
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

/// Which server a read may go to, where there are replicas.
enum class ConnectionType : std::uint8_t {
  read,   ///< a replica, which may lag behind
  write,  ///< the primary
};

/// Says what a connection has to run before it is used; <kin/connection_setup.hpp> has the class it is called
/// with. May be called by several threads at once. Its own exceptions pass through as they are.
using ConnectionHook = std::function<void(ConnectionSetup&)>;

/// A server that repeats what the primary does, and serves reads. Empty members are as the primary's; what
/// stands in its client_url goes before those of the primary, and the other members before that.
struct ReplicaOptions {
  std::string client_url{};
  std::string host{};
  std::uint16_t port{};
  std::string user{};
  std::string password{};
  std::string db_name{};
};

/// What one manager has of its own: orm.em(kin::ManagerOptions{.on_reserve_connection = …}).
struct ManagerOptions {
  /// For each connection that is lent to the manager, after Options::on_reserve_connection: who the tenant
  /// is, for row level security. The connection forgets it when the loan ends.
  ConnectionHook on_reserve_connection{};
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
  /// Hear of the events of all managers: see <kin/events.hpp>.
  std::vector<std::shared_ptr<EventSubscriber>> subscribers{};
  std::shared_ptr<const NamingStrategy> naming{};  ///< null = underscore_naming()
  Strategy strategy{};
  FlushMode flush_mode{};
  /// begin() and transactional() open no transaction and rollback() undoes nothing; commit() flushes. Each
  /// flush still is one transaction.
  bool disable_transactions{};
  /// Most rows of one statement of a batch, where a database writes several rows a statement.
  std::uint32_t batch_size{300};
  std::uint32_t pool_size{8};  ///< most connections at a time; to each replica, too
  std::uint32_t pool_min{0};   ///< so many stay open once they were opened, however long they are idle
  /// After so long an idle connection above pool_min is closed; 0 = never.
  std::chrono::milliseconds pool_idle_time{0};
  std::chrono::milliseconds acquire_timeout{10000};
  /// For each new connection, after the driver's own on_connect; and again for one that is reset.
  ConnectionHook on_create_connection{};
  /// For each loan of a connection: to a transaction, to a flush, or to a read outside of both.
  ConnectionHook on_reserve_connection{};
  std::vector<ReplicaOptions> replicas{};
  /// Reads outside a transaction go to a replica, unless they ask for
  /// .connection_type(kin::ConnectionType::write).
  bool prefer_read_replicas{true};
  /// A manager that has written reads from the primary until clear(), so that it sees what it wrote.
  bool pin_reads_after_write{true};
  /// How long a replica that can't be reached is left alone.
  std::chrono::milliseconds replica_retry_time{5000};
  AssignOptions assign{};  ///< of each assign() and create() from JSON that says none
};

}  // namespace kin
