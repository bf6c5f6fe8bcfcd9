// SPDX-License-Identifier: MIT
#include "drivers/mysql/mysql_session.hpp"

#include <errmsg.h>
#include <mysqld_error.h>
#include <kin/error.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <new>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace kin::mysql {
namespace {

using async::Readiness;

void initialise_library() {
  static std::once_flag once;
  std::call_once(once, [] { mysql_library_init(0, nullptr, nullptr); });
}

// The library counts seconds.
unsigned int whole_seconds(std::chrono::milliseconds time) {
  return static_cast<unsigned int>(
      std::max<std::chrono::seconds::rep>(std::chrono::ceil<std::chrono::seconds>(time).count(), 1));
}

// The server has no TLS to offer.
bool lacks_tls(const Failure& failure) {
  return failure.code == CR_SSL_CONNECTION_ERROR &&
         failure.words.find("does not support") != std::string::npos;
}

}  // namespace

Session::Session(async::Reactor& reactor) : reactor_(reactor) {
  initialise_library();
  if (mysql_init(&connection_) == nullptr) throw std::bad_alloc();
}

Session::~Session() {
  // Else the farewell could wait for a server that takes nothing any more.
  if (!is_usable() || is_resetting_) abandon();
  mysql_close(&connection_);
}

void Session::abandon() noexcept {
  if (connection_.net.pvio != nullptr) ::shutdown(mysql_get_socket(&connection_), SHUT_RDWR);
}

Task<std::unique_ptr<Session>> Session::connect(async::Reactor& reactor, const Location& location,
                                                const Options& options) {
  const bool over_tcp = location.socket.empty();
  bool with_tls = over_tcp && location.tls != Tls::off;
  for (;;) {
    std::unique_ptr<Session> session(new Session(reactor));
    if (co_await session->try_connect(location, options, with_tls)) co_return session;
    Failure failure = Failure::of(session->handle());
    session->broken_ = true;
    if (!with_tls || location.tls != Tls::preferred || !lacks_tls(failure))
      throw_unconnected(failure, location.place());
    with_tls = false;
  }
}

void Session::configure(const Location& location, const Options& options, bool with_tls) {
  MYSQL* const connection = &connection_;
  const unsigned int timeout = whole_seconds(options.connect_timeout);
  const my_bool yes = 1;
  const my_bool no = 0;
  const unsigned int off = 0;
  // Else the library takes the name localhost for the socket where servers usually have it.
  const unsigned int protocol = location.socket.empty() ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET;
  mysql_options(connection, MYSQL_OPT_NONBLOCK, nullptr);
  mysql_options(connection, MYSQL_OPT_PROTOCOL, &protocol);
  mysql_options(connection, MYSQL_OPT_CONNECT_TIMEOUT, &timeout);
  mysql_options(connection, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_options(connection, MYSQL_REPORT_DATA_TRUNCATION, &no);
  // A server must not be able to ask for files of this machine.
  mysql_options(connection, MYSQL_OPT_LOCAL_INFILE, &off);
  if (!with_tls) return;
  const bool verify = location.tls == Tls::verify_full;
  mysql_options(connection, MYSQL_OPT_SSL_ENFORCE, &yes);
  mysql_options(connection, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, verify ? &yes : &no);
  if (!location.tls_ca.empty()) mysql_options(connection, MYSQL_OPT_SSL_CA, location.tls_ca.c_str());
}

Task<bool> Session::try_connect(const Location& location, const Options& options, bool with_tls) {
  configure(location, options, with_tls);
  const std::string password = options.password ? options.password() : location.password;
  const char* const socket = location.socket.empty() ? nullptr : location.socket.c_str();
  // The library takes a socket only where there is no host.
  const char* const host = socket == nullptr ? location.host.c_str() : nullptr;
  const char* const database = location.database.empty() ? nullptr : location.database.c_str();
  // With CLIENT_FOUND_ROWS an update counts the rows that it met: one that changes nothing has missed
  // nothing.
  constexpr unsigned long flags = CLIENT_FOUND_ROWS | CLIENT_MULTI_RESULTS;
  MYSQL* connected = nullptr;
  int asked = mysql_real_connect_start(&connected, &connection_, host, location.user.c_str(),
                                       password.c_str(), database, location.port, socket, flags);
  while (asked != 0) {
    const Readiness readiness = co_await ready(asked);
    asked = mysql_real_connect_cont(&connected, &connection_, happened(asked, readiness));
  }
  is_encrypted_ = connected != nullptr && with_tls;
  read_timeout_ = options.read_timeout;
  stay_non_blocking();
  co_return connected != nullptr;
}

void Session::stay_non_blocking() const noexcept {
  if (!is_encrypted_) return;
  const int socket = mysql_get_socket(&connection_);
  ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
}

bool Session::has_unexpected_input() const noexcept {
  pollfd watched{mysql_get_socket(&connection_), POLLIN, 0};
  return ::poll(&watched, 1, 0) != 0;
}

// Whoever is destroyed while it waits leaves the connection in the middle of a call, which shows in in_call_.
async::Reactor::Wait Session::ready(int asked) {
  in_call_ = true;
  unsigned int interest = 0;
  if ((asked & (MYSQL_WAIT_READ | MYSQL_WAIT_EXCEPT)) != 0)
    interest |= static_cast<unsigned int>(Readiness::read);
  if ((asked & MYSQL_WAIT_WRITE) != 0) interest |= static_cast<unsigned int>(Readiness::write);
  async::Reactor::Deadline deadline;
  if ((asked & MYSQL_WAIT_TIMEOUT) != 0) {
    deadline =
        async::Reactor::Clock::now() + std::chrono::milliseconds(mysql_get_timeout_value_ms(&connection_));
  } else if (read_timeout_.count() > 0) {
    // The library has a time-out of its own, but not for encrypted connections.
    deadline = async::Reactor::Clock::now() + read_timeout_;
  }
  return reactor_.wait(mysql_get_socket(&connection_), static_cast<Readiness>(interest), deadline);
}

// A server that is silent for too long is left alone, in the middle of the call.
int Session::happened(int asked, Readiness readiness) {
  if (readiness == Readiness::timeout && (asked & MYSQL_WAIT_TIMEOUT) == 0) {
    in_transaction_ = false;
    const std::string words = fmt::format("it was silent for longer than {} ms", read_timeout_.count());
    throw_error(Failure{CR_SERVER_LOST, words}, ErrorContext());
  }
  in_call_ = false;
  if (readiness == Readiness::timeout) return MYSQL_WAIT_TIMEOUT;
  int events = 0;
  if (includes(readiness, Readiness::read)) events |= MYSQL_WAIT_READ;
  if (includes(readiness, Readiness::write)) events |= MYSQL_WAIT_WRITE;
  return events & asked;
}

void Session::fail(Failure failure, const ErrorContext& context) {
  if (failure.is_disconnect()) {
    broken_ = true;
    in_transaction_ = false;
  }
  const bool timed_out = failure.code == ER_LOCK_WAIT_TIMEOUT && rolls_back_on_timeout_;
  if (failure.code == ER_LOCK_DEADLOCK || timed_out) in_transaction_ = false;
  throw_error(failure, context);
}

Task<void> Session::query(const std::string& text) {
  int failed = 0;
  int asked = mysql_real_query_start(&failed, &connection_, text.data(), text.size());
  while (asked != 0) {
    const Readiness readiness = co_await ready(asked);
    asked = mysql_real_query_cont(&failed, &connection_, happened(asked, readiness));
  }
  if (failed != 0) fail(Failure::of(&connection_), ErrorContext{text, nullptr, false});
  if (mysql_field_count(&connection_) == 0) note_state();
}

Task<MYSQL_RES*> Session::store_result(const std::string& text) {
  MYSQL_RES* result = nullptr;
  int asked = mysql_store_result_start(&result, &connection_);
  while (asked != 0) {
    const Readiness readiness = co_await ready(asked);
    asked = mysql_store_result_cont(&result, &connection_, happened(asked, readiness));
  }
  if (result == nullptr && mysql_errno(&connection_) != 0)
    fail(Failure::of(&connection_), ErrorContext{text, nullptr, false});
  co_return result;
}

Task<bool> Session::next_result(const std::string& text) {
  int outcome = 0;
  int asked = mysql_next_result_start(&outcome, &connection_);
  while (asked != 0) {
    const Readiness readiness = co_await ready(asked);
    asked = mysql_next_result_cont(&outcome, &connection_, happened(asked, readiness));
  }
  if (outcome > 0) fail(Failure::of(&connection_), ErrorContext{text, nullptr, false});
  if (outcome == 0 && mysql_field_count(&connection_) == 0) note_state();
  co_return outcome == 0;
}

Task<Failure> Session::prepare(MYSQL_STMT* statement, const std::string& text) {
  stay_non_blocking();
  int failed = 0;
  int asked = mysql_stmt_prepare_start(&failed, statement, text.data(), text.size());
  while (asked != 0) {
    const Readiness readiness = co_await ready(asked);
    asked = mysql_stmt_prepare_cont(&failed, statement, happened(asked, readiness));
  }
  if (failed == 0) co_return Failure();
  Failure failure = Failure::of(statement, &connection_);
  if (failure.is_disconnect()) fail(std::move(failure), ErrorContext{text, nullptr, false});
  co_return failure;
}

Task<void> Session::execute(MYSQL_STMT* statement, const ErrorContext& context) {
  int failed = 0;
  int asked = mysql_stmt_execute_start(&failed, statement);
  while (asked != 0) {
    const Readiness readiness = co_await ready(asked);
    asked = mysql_stmt_execute_cont(&failed, statement, happened(asked, readiness));
  }
  if (failed != 0) fail(Failure::of(statement, &connection_), context);
  if (mysql_stmt_field_count(statement) == 0) note_state();
}

Task<void> Session::store_result(MYSQL_STMT* statement, const ErrorContext& context) {
  int failed = 0;
  int asked = mysql_stmt_store_result_start(&failed, statement);
  while (asked != 0) {
    const Readiness readiness = co_await ready(asked);
    asked = mysql_stmt_store_result_cont(&failed, statement, happened(asked, readiness));
  }
  if (failed == 0) co_return;
  // A row was refused after the columns had been told, as by an insert that returns its rows. The library
  // leaves the statement waiting for what will not come.
  statement->state = MYSQL_STMT_PREPARED;
  fail(Failure::of(statement, &connection_), context);
}

Task<bool> Session::next_result(MYSQL_STMT* statement, const ErrorContext& context) {
  int outcome = 0;
  int asked = mysql_stmt_next_result_start(&outcome, statement);
  while (asked != 0) {
    const Readiness readiness = co_await ready(asked);
    asked = mysql_stmt_next_result_cont(&outcome, statement, happened(asked, readiness));
  }
  if (outcome > 0) fail(Failure::of(statement, &connection_), context);
  if (outcome == 0 && mysql_stmt_field_count(statement) == 0) note_state();
  co_return outcome == 0;
}

// Only sends; that the connection broke is for the next one to tell.
Task<void> Session::close(MYSQL_STMT* statement) {
  my_bool failed = 0;
  int asked = mysql_stmt_close_start(&failed, statement);
  while (asked != 0) {
    const Readiness readiness = co_await ready(asked);
    asked = mysql_stmt_close_cont(&failed, statement, happened(asked, readiness));
  }
}

void Session::begin_reset() noexcept {
  stay_non_blocking();
  is_resetting_ = true;
  reset_asks_ = mysql_reset_connection_start(&reset_failed_, &connection_);
}

Task<void> Session::finish_reset() {
  while (reset_asks_ != 0) {
    const Readiness readiness = co_await ready(reset_asks_);
    reset_asks_ = mysql_reset_connection_cont(&reset_failed_, &connection_, happened(reset_asks_, readiness));
  }
  is_resetting_ = false;
  const std::string text = "reset connection";
  if (reset_failed_ != 0) fail(Failure::of(&connection_), ErrorContext{text, nullptr, false});
}

bool Session::roll_back() noexcept {
  constexpr std::string_view text = "rollback";
  if (mysql_real_query(&connection_, text.data(), text.size()) != 0) return false;
  stay_non_blocking();
  note_state();
  return !in_transaction_;
}

}  // namespace kin::mysql
