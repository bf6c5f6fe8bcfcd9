// SPDX-License-Identifier: MIT
#pragma once

#include <kin/task.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <libpq-fe.h>

#include "async/reactor.hpp"
#include "drivers/postgresql/postgresql_errors.hpp"

namespace kin::postgresql {

struct FinishConnection {
  void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};
struct ClearResult {
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ClearResult>;

/// What to connect with, in libpq's words. Later ones go before earlier ones.
using ConnectionSettings = std::vector<std::pair<std::string, std::string>>;

/// One libpq connection, used without ever blocking inside libpq: whoever has to wait awaits the reactor,
/// which in a blocking context waits in place. Thread-safety: used by one task at a time.
class Session {
 public:
  /// Throws ConnectionError when the server can't be reached, refuses, or does not answer in time.
  static Task<std::unique_ptr<Session>> connect(async::Reactor& reactor, const ConnectionSettings& settings,
                                                std::chrono::milliseconds timeout);

  PGconn* handle() const noexcept { return connection_.get(); }
  bool is_broken() const noexcept { return PQstatus(connection_.get()) != CONNECTION_OK; }
  /// True when the server has closed the idle connection, or sent what nobody asked for.
  bool has_unexpected_input() const noexcept;

  /// True when libpq holds back what the socket did not take; it is broken where that can't be told.
  bool has_output() const noexcept { return PQflush(connection_.get()) != 0; }
  /// True when the end of the running statement's results is here already; takes it then.
  bool has_ended() const noexcept {
    return PQisBusy(connection_.get()) == 0 && PQtransactionStatus(connection_.get()) != PQTRANS_ACTIVE &&
           PQgetResult(connection_.get()) == nullptr;
  }

  /// Sends what libpq has buffered; reads what arrives meanwhile, so that neither side waits for the other.
  Task<void> flush(const ErrorContext& context);
  /// The next result; null at the end of a statement's results. Throws ConnectionError when the connection
  /// breaks.
  Task<Result> next_result(const ErrorContext& context);
  /// Throws unless libpq took what it was to send.
  void check_sent(int outcome, const ErrorContext& context) const;

 private:
  Session(async::Reactor& reactor, PGconn* connection) : reactor_(reactor), connection_(connection) {}

  void read_input(const ErrorContext& context);

  async::Reactor& reactor_;
  std::unique_ptr<PGconn, FinishConnection> connection_;
};

}  // namespace kin::postgresql
