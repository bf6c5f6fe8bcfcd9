// SPDX-License-Identifier: MIT
#include <kin/error.hpp>
#include <kin/mariadb.hpp>
#include <kin/mysql.hpp>

#include <atomic>
#include <charconv>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/reactor.hpp"
#include "async/timer.hpp"
#include "drivers/driver.hpp"
#include "drivers/mysql/mysql_location.hpp"
#include "drivers/mysql/mysql_session.hpp"
#include "drivers/mysql/mysql_wire.hpp"
#include "schema/mysql_schema_writer.hpp"
#include "sql/dialect.hpp"
#include "sql/pooled_connection.hpp"

namespace kin::mysql {
namespace {

using sql::PooledConnection;

// The protocol counts the parameters of a statement with 16 bits.
constexpr std::uint32_t most_parameters = 65'535;

// The modes are added to the server's own, so that what else an administrator has set stays.
constexpr std::string_view session_text =
    "set names utf8mb4, time_zone = '+00:00', sql_mode = concat(@@sql_mode, ',STRICT_ALL_TABLES,"
    "NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION')";
constexpr std::string_view settings_text =
    "select @@max_allowed_packet, @@auto_increment_increment, @@innodb_rollback_on_timeout";

std::int64_t number(const char* text) {
  const std::string_view digits(text == nullptr ? "" : text);
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

struct FreeResult {
  void operator()(MYSQL_RES* result) const noexcept { mysql_free_result(result); }
};
using Result = std::unique_ptr<MYSQL_RES, FreeResult>;

/// Runs a statement and drops its results.
Task<void> run(Session& session, const std::string& text) {
  co_await session.query(text);
  do {
    const Result dropped(co_await session.store_result(text));
  } while (co_await session.next_result(text));
}

Task<void> read_settings(Session& session, WireSettings& settings) {
  const std::string text(settings_text);
  co_await session.query(text);
  const Result result(co_await session.store_result(text));
  const MYSQL_ROW row = mysql_fetch_row(result.get());
  settings.max_packet = static_cast<std::size_t>(number(row[0]));
  settings.key_increment = number(row[1]);
  session.rolls_back_on_timeout(number(row[2]) != 0);
}

class MysqlDriver final : public driver::Driver {
 public:
  MysqlDriver(const kin::Options& orm_options, Options options);

  const driver::Capabilities& capabilities() const noexcept override { return capabilities_; }
  bool try_acquire(driver::Loan& loan, const driver::LoanRequest& request) override {
    return source_.try_lend(loan, request);
  }
  Task<driver::Loan> acquire(driver::LoanRequest request) override { return source_.lend(request); }
  Task<void> pause(std::chrono::milliseconds time) override { co_await timer_.pause(time); }
  const driver::SchemaWriter& schema_writer() const override {
    return is_mariadb_ ? schema::mariadb_schema_writer() : schema::mysql_schema_writer();
  }

 private:
  Task<std::unique_ptr<PooledConnection>> connect(const ReplicaOptions* replica);
  std::vector<std::string> session_statements(const Location& location) const;

  const kin::Options orm_options_;
  const Options options_;
  const std::size_t batch_size_;
  const QueryLogger logger_;
  driver::Capabilities capabilities_;
  std::atomic<bool> is_mariadb_{false};  // known since the constructor's connection
  async::Timer timer_;
  async::Reactor reactor_;
  sql::ConnectionSource source_;  // last, so that connections end before what they use
};

driver::Capabilities capabilities_of(bool is_mariadb) {
  driver::Capabilities capabilities;
  capabilities.name = is_mariadb ? "mariadb" : "mysql";
  // All values of a statement are read before any of its keys is known.
  capabilities.sequential_batches = false;
  capabilities.conflict_targets = false;
  capabilities.max_parameters = most_parameters;
  capabilities.regular_expressions = true;
  capabilities.json = true;
  return capabilities;
}

MysqlDriver::MysqlDriver(const kin::Options& orm_options, Options options)
    : orm_options_(orm_options),
      options_(std::move(options)),
      batch_size_(orm_options.batch_size),
      logger_(orm_options.query_logger),
      source_(orm_options, [this](const ReplicaOptions* replica) { return connect(replica); }) {
  for (const ReplicaOptions& replica : orm_options_.replicas) (void)locate(orm_options_, options_, &replica);
  detail::run_blocking(source_.open());  // tells which server it is
  capabilities_ = capabilities_of(is_mariadb_);
}

// A session that is reset stays in the database that a statement of the user has changed to.
std::vector<std::string> MysqlDriver::session_statements(const Location& location) const {
  std::vector<std::string> statements;
  statements.emplace_back(session_text);
  if (!location.database.empty()) {
    std::string use = "use ";
    sql::mysql_dialect().quote(use, location.database);
    statements.push_back(std::move(use));
  }
  statements.insert(statements.end(), options_.on_connect.begin(), options_.on_connect.end());
  return statements;
}

Task<std::unique_ptr<PooledConnection>> MysqlDriver::connect(const ReplicaOptions* replica) {
  const Location location = locate(orm_options_, options_, replica);
  std::unique_ptr<Session> session = co_await Session::connect(reactor_, location, options_);
  const std::string settings_of_session(session_text);
  co_await run(*session, settings_of_session);
  for (const std::string& statement : options_.on_connect) co_await run(*session, statement);
  WireSettings settings;
  settings.statement_cache_size = options_.statement_cache_size;
  settings.batch_size = batch_size_;
  settings.session_statements = session_statements(location);
  co_await read_settings(*session, settings);
  const bool is_mariadb = session->is_mariadb();
  is_mariadb_ = is_mariadb;
  auto wire = std::make_unique<MysqlWire>(std::move(session), settings);
  MysqlWire& connected = *wire;
  co_return std::make_unique<PooledConnection>(is_mariadb ? sql::mariadb_dialect() : sql::mysql_dialect(),
                                               std::move(wire), logger_,
                                               [&connected] { return connected.is_alive(); });
}

class MysqlDriverFactory final : public DriverFactory {
 public:
  explicit MysqlDriverFactory(Options options) : options_(std::move(options)) {}
  std::unique_ptr<driver::Driver> make(const kin::Options& options) const override {
    return std::make_unique<MysqlDriver>(options, options_);
  }

 private:
  const Options options_;
};

}  // namespace

std::shared_ptr<const DriverFactory> driver(Options options) {
  return std::make_shared<MysqlDriverFactory>(std::move(options));
}

}  // namespace kin::mysql

namespace kin::mariadb {

std::shared_ptr<const DriverFactory> driver(Options options) { return mysql::driver(std::move(options)); }

}  // namespace kin::mariadb
