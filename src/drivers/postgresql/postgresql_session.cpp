// SPDX-License-Identifier: MIT
#include "drivers/postgresql/postgresql_session.hpp"

#include <kin/error.hpp>

#include <poll.h>

#include <new>

#include <fmt/format.h>

namespace kin::postgresql {
namespace {

using async::Readiness;

constexpr std::string_view broken = "the connection to PostgreSQL broke";

std::string where(const PGconn* connection) {
  const char* const host = PQhost(connection);
  const char* const port = PQport(connection);
  const char* const database = PQdb(connection);
  return fmt::format("PostgreSQL at {}:{}, database {}", host ? host : "", port ? port : "",
                     database ? database : "");
}

[[noreturn]] void throw_unconnected(const PGconn* connection) {
  // A password that the server has refused, or wanted and not got, it refuses the next time, too.
  const bool is_refused =
      PQconnectionNeedsPassword(connection) != 0 || PQconnectionUsedPassword(connection) != 0;
  throw_connection(connection, fmt::format("no connection to {}", where(connection)), ErrorContext(),
                   !is_refused);
}

// Notices would go to stderr.
void ignore_notice(void*, const PGresult*) {}

}  // namespace

Task<std::unique_ptr<Session>> Session::connect(async::Reactor& reactor, const ConnectionSettings& settings,
                                                std::chrono::milliseconds timeout) {
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : settings) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  PGconn* const connection = PQconnectStartParams(names.data(), values.data(), 1);
  if (connection == nullptr) throw std::bad_alloc();
  std::unique_ptr<Session> session(new Session(reactor, connection));
  if (session->is_broken() && PQstatus(connection) == CONNECTION_BAD) throw_unconnected(connection);

  const async::Reactor::Deadline deadline = async::Reactor::Clock::now() + timeout;
  PostgresPollingStatusType state = PGRES_POLLING_WRITING;
  while (state != PGRES_POLLING_OK) {
    const Readiness interest = state == PGRES_POLLING_READING ? Readiness::read : Readiness::write;
    const Readiness ready = co_await reactor.wait(PQsocket(connection), interest, deadline);
    if (ready == Readiness::timeout) {
      ErrorDetails details;
      details.retryable = true;
      throw ConnectionError(
          fmt::format("no connection to {}: no answer within {} ms", where(connection), timeout.count()),
          std::move(details));
    }
    state = PQconnectPoll(connection);
    if (state == PGRES_POLLING_FAILED) throw_unconnected(connection);
  }
  PQsetnonblocking(connection, 1);
  PQsetNoticeReceiver(connection, ignore_notice, nullptr);
  co_return session;
}

bool Session::has_unexpected_input() const noexcept {
  pollfd watched{PQsocket(connection_.get()), POLLIN, 0};
  return ::poll(&watched, 1, 0) != 0;
}

void Session::check_sent(int outcome, const ErrorContext& context) const {
  if (outcome != 1) throw_connection(connection_.get(), broken, context);
}

void Session::read_input(const ErrorContext& context) {
  if (PQconsumeInput(connection_.get()) != 1) throw_connection(connection_.get(), broken, context);
}

Task<void> Session::flush(const ErrorContext& context) {
  for (;;) {
    const int outcome = PQflush(connection_.get());
    if (outcome == 0) co_return;
    if (outcome < 0) throw_connection(connection_.get(), broken, context);
    const Readiness ready =
        co_await reactor_.wait(PQsocket(connection_.get()), Readiness::both, std::nullopt);
    if (includes(ready, Readiness::read)) read_input(context);
  }
}

Task<Result> Session::next_result(const ErrorContext& context) {
  while (PQisBusy(connection_.get()) != 0) {
    co_await reactor_.wait(PQsocket(connection_.get()), Readiness::read, std::nullopt);
    read_input(context);
  }
  co_return Result(PQgetResult(connection_.get()));
}

}  // namespace kin::postgresql
