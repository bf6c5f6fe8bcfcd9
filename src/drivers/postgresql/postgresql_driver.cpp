// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <kin/error.hpp>
#include <kin/postgresql.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "async/reactor.hpp"
#include "async/resource_pool.hpp"
#include "async/timer.hpp"
#include "drivers/driver.hpp"
#include "drivers/postgresql/postgresql_session.hpp"
#include "drivers/postgresql/postgresql_wire.hpp"
#include "schema/postgresql_schema_writer.hpp"
#include "sql/dialect.hpp"
#include "sql/pooled_connection.hpp"
#include "sql/postgresql_batches.hpp"

namespace kin::postgresql {
namespace {

using sql::PooledConnection;

// The protocol counts to 65 535, but libpq 15 takes the description of a statement with more than 7500
// parameters for a broken stream (its limit for messages of that type is 30 000 bytes).
constexpr std::uint32_t most_parameters = 7000;
// Arrays could be longer. More values than any other database takes belong into a table that is joined.
constexpr std::uint32_t most_array_values = 250'000;

class PostgresqlDriver final : public driver::Driver {
 public:
  PostgresqlDriver(const kin::Options& orm_options, Options options);

  const driver::Capabilities& capabilities() const noexcept override { return capabilities_; }
  bool try_acquire(driver::Loan& loan, const driver::LoanRequest& request) override {
    return source_.try_lend(loan, request);
  }
  Task<driver::Loan> acquire(driver::LoanRequest request) override { return source_.lend(request); }
  Task<void> pause(std::chrono::milliseconds time) override { co_await timer_.pause(time); }
  const driver::SchemaWriter& schema_writer() const override { return schema::postgresql_schema_writer(); }

 private:
  ConnectionSettings settings(const ReplicaOptions* replica) const;
  Task<std::unique_ptr<PooledConnection>> connect(const ReplicaOptions* replica);

  const kin::Options orm_options_;
  const Options options_;
  const QueryLogger logger_;
  driver::Capabilities capabilities_;
  async::Timer timer_;
  async::Reactor reactor_;
  sql::ConnectionSource source_;  // last, so that connections end before what they use
};

void add(ConnectionSettings& settings, const char* name, const std::string& value) {
  if (!value.empty()) settings.emplace_back(name, value);
}

struct FreeSettings {
  void operator()(PQconninfoOption* settings) const noexcept { PQconninfoFree(settings); }
};

/// What a replica's URL says. The URL itself is in no message: a password may stand in it.
void add_url(ConnectionSettings& settings, const std::string& url) {
  const std::unique_ptr<PQconninfoOption, FreeSettings> parsed(PQconninfoParse(url.c_str(), nullptr));
  if (!parsed)
    throw ValidationError(
        "ReplicaOptions::client_url can't be understood; it is to be such as "
        "postgresql://user:password@host:5432/shop");
  for (const PQconninfoOption* at = parsed.get(); at->keyword != nullptr; ++at)
    if (at->val != nullptr) settings.emplace_back(at->keyword, at->val);
}

void add_replica(ConnectionSettings& settings, const ReplicaOptions& replica) {
  if (!replica.client_url.empty()) add_url(settings, replica.client_url);
  add(settings, "host", replica.host);
  if (replica.port != 0) add(settings, "port", std::to_string(replica.port));
  add(settings, "user", replica.user);
  add(settings, "password", replica.password);
  add(settings, "dbname", replica.db_name);
}

void check(const ReplicaOptions& replica) {
  ConnectionSettings settings;
  add_replica(settings, replica);
}

PostgresqlDriver::PostgresqlDriver(const kin::Options& orm_options, Options options)
    : orm_options_(orm_options),
      options_(std::move(options)),
      logger_(orm_options.query_logger),
      source_(orm_options, [this](const ReplicaOptions* replica) { return connect(replica); }) {
  capabilities_.name = "postgresql";
  capabilities_.sequential_batches = true;  // rows can refer to each other, since all have their keys
  capabilities_.reserves_keys = true;
  capabilities_.max_parameters = most_parameters;
  capabilities_.shortest_array = sql::postgresql_shortest_array;
  capabilities_.max_array_values = most_array_values;
  capabilities_.regular_expressions = true;
  capabilities_.json = true;
  capabilities_.deferrable_transactions = true;
  capabilities_.locks_left_joins = false;
  for (const ReplicaOptions& replica : orm_options_.replicas) check(replica);
  detail::run_blocking(source_.open());
}

// Later settings go before earlier ones: what the Orm's options say, the URL, what the driver's options say,
// and of a replica what is its own.
ConnectionSettings PostgresqlDriver::settings(const ReplicaOptions* replica) const {
  ConnectionSettings settings;
  add(settings, "host", orm_options_.host);
  if (orm_options_.port != 0) add(settings, "port", std::to_string(orm_options_.port));
  add(settings, "user", orm_options_.user);
  add(settings, "password", orm_options_.password);
  settings.emplace_back("client_encoding", "UTF8");
  settings.emplace_back("fallback_application_name", "kin");
  // libpq takes the first dbname for a URL where it looks like one.
  add(settings, "dbname", orm_options_.client_url.empty() ? orm_options_.db_name : orm_options_.client_url);
  for (const auto& [name, value] : options_.settings) settings.emplace_back(name, value);
  if (options_.password) settings.emplace_back("password", options_.password());
  if (replica != nullptr) add_replica(settings, *replica);
  return settings;
}

Task<std::unique_ptr<PooledConnection>> PostgresqlDriver::connect(const ReplicaOptions* replica) {
  const ConnectionSettings settings = this->settings(replica);
  std::unique_ptr<Session> session = co_await Session::connect(reactor_, settings, options_.connect_timeout);
  auto wire = std::make_unique<PostgresqlWire>(
      std::move(session), std::max<std::size_t>(options_.statement_cache_size, 1), options_.on_connect);
  co_await wire->begin_session();
  PostgresqlWire& connected = *wire;
  co_return std::make_unique<PooledConnection>(sql::postgresql_dialect(), std::move(wire), logger_,
                                               [&connected] { return connected.is_alive(); });
}

class PostgresqlDriverFactory final : public DriverFactory {
 public:
  explicit PostgresqlDriverFactory(Options options) : options_(std::move(options)) {}
  std::unique_ptr<driver::Driver> make(const kin::Options& options) const override {
    return std::make_unique<PostgresqlDriver>(options, options_);
  }

 private:
  const Options options_;
};

}  // namespace

std::shared_ptr<const DriverFactory> driver(Options options) {
  return std::make_shared<PostgresqlDriverFactory>(std::move(options));
}

}  // namespace kin::postgresql
