// SPDX-License-Identifier: MIT
#pragma once

#include <kin/mysql.hpp>
#include <kin/task.hpp>

#include <chrono>
#include <memory>
#include <string>

#include <mysql.h>

#include "async/reactor.hpp"
#include "drivers/mysql/mysql_errors.hpp"
#include "drivers/mysql/mysql_location.hpp"

namespace kin::mysql {

/// One connection of libmariadb, used without blocking inside the library: each call that may wait is
/// started, and gone on with whenever the socket is ready for what it asks. Thread-safety: used by one task
/// at a time.
class Session {
 public:
  /// Throws ConnectionError when the server can't be reached, refuses, or does not answer in time.
  static Task<std::unique_ptr<Session>> connect(async::Reactor& reactor, const Location& location,
                                                const Options& options);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  MYSQL* handle() const noexcept { return &connection_; }
  bool is_mariadb() const noexcept { return mariadb_connection(&connection_) != 0; }
  /// False when the connection broke, or was left in the middle of a call.
  bool is_usable() const noexcept { return !broken_ && !in_call_; }
  /// True when the server has closed the idle connection, or sent what nobody asked for.
  bool has_unexpected_input() const noexcept;
  bool in_transaction() const noexcept { return in_transaction_; }
  /// Says that the server's innodb_rollback_on_timeout is set.
  void rolls_back_on_timeout(bool value) noexcept { rolls_back_on_timeout_ = value; }

  // The library's calls by their names. Each throws the typed error.
  Task<void> query(const std::string& text);
  /// The result of query(); null where it has none.
  Task<MYSQL_RES*> store_result(const std::string& text);
  /// Goes on to the next result of a call of a procedure; false at the end.
  Task<bool> next_result(const std::string& text);
  /// Does not throw what the server says to the text, but returns it: code 0 when it is prepared.
  Task<Failure> prepare(MYSQL_STMT* statement, const std::string& text);
  Task<void> execute(MYSQL_STMT* statement, const ErrorContext& context);
  Task<void> store_result(MYSQL_STMT* statement, const ErrorContext& context);
  Task<bool> next_result(MYSQL_STMT* statement, const ErrorContext& context);
  Task<void> close(MYSQL_STMT* statement);

  /// Ends the connection to the server: what is still to be read or written fails at once instead of waiting.
  void abandon() noexcept;
  /// Asks the server to forget what the session has, prepared statements included, without waiting for the
  /// answer.
  void begin_reset() noexcept;
  bool is_resetting() const noexcept { return is_resetting_; }
  /// Waits for what begin_reset() asked for.
  Task<void> finish_reset();
  /// The rollback of reset(): waits in place. False when that did not help.
  bool roll_back() noexcept;

 private:
  explicit Session(async::Reactor& reactor);

  void configure(const Location& location, const Options& options, bool with_tls);
  Task<bool> try_connect(const Location& location, const Options& options, bool with_tls);
  // The library makes an encrypted connection's socket a blocking one, at its start and with each call that
  // is not one of the non-blocking ones; then those would block, too.
  void stay_non_blocking() const noexcept;
  async::Reactor::Wait ready(int asked);
  int happened(int asked, async::Readiness readiness);
  [[noreturn]] void fail(Failure failure, const ErrorContext& context);
  /// The server tells with each statement that has no rows whether a transaction is open.
  void note_state() noexcept { in_transaction_ = (connection_.server_status & SERVER_STATUS_IN_TRANS) != 0; }

  async::Reactor& reactor_;
  mutable MYSQL connection_{};
  std::chrono::milliseconds read_timeout_{};
  bool is_encrypted_ = false;
  bool rolls_back_on_timeout_ = false;
  bool in_transaction_ = false;
  bool broken_ = false;
  bool in_call_ = false;
  bool is_resetting_ = false;
  int reset_asks_ = 0;  // what the library waits for in the reset
  int reset_failed_ = 0;
};

}  // namespace kin::mysql
