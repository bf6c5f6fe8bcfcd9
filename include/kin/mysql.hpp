// SPDX-License-Identifier: MIT
#pragma once

#include <kin/options.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

/// kin on MySQL 8.0.19 and later, and on MariaDB 10.9 and later: the server tells which one it is, whichever of
/// the two driver() functions was called. Options::client_url is such as
/// "mysql://user:password@host:3306/library?ssl-mode=verify-full&ssl-ca=/etc/ca.pem" or
/// "mysql://user@localhost/library?socket=/run/mysqld/mysqld.sock"; "mariadb://" means the same.
/// Options::host may be the file of a unix socket.
///
/// What to know of MySQL and MariaDB here:
/// - Sessions are utf8mb4 and in UTC. Strict mode is on, so a value that does not fit is refused and not cut.
/// - MySQL plans a query with dozens of joins for minutes, such as one of conditions on collections 20 deep; an
///   Options::on_connect of "set max_execution_time = 10000" ends it in time.
/// - An update counts the rows that it met, changed or not.
/// - New rows of one type and shape travel together: on MySQL as rows of one insert, on MariaDB as an array of
///   parameters. MariaDB tells their keys and defaults in the same round trip; on MySQL the keys follow from
///   the first one, and other columns that the database fills in are read by a select afterwards.
/// - Updates and deletes go row by row on MySQL, and as an array of parameters on MariaDB.
/// - There is no NaN and no infinity: both are refused.
/// - Whoever loses a deadlock has lost all of the transaction; a lock that is not granted in time only ends the
///   statement, unless innodb_rollback_on_timeout is set.
/// - Statements that define tables commit the open transaction.
namespace kin::mysql {

/// How a connection over TCP is encrypted. A unix socket never is.
enum class Tls : std::uint8_t {
  off,
  preferred,    ///< where the server offers it; nobody is identified
  required,     ///< or there is no connection; nobody is identified
  verify_full,  ///< required, and the certificate must be of a known authority and name the host
};

/// Settings of the driver. Every connection of the pool gets them.
struct Options {
  std::chrono::milliseconds connect_timeout{10000};
  /// How long the server may be silent while a statement runs, before the connection is given up; 0 = for
  /// ever.
  std::chrono::milliseconds read_timeout{0};
  /// Prepared statements that a connection keeps; 0 = none. Mind the server's max_prepared_stmt_count.
  std::size_t statement_cache_size{256};
  Tls tls = Tls::preferred;
  /// File with the certificates of the authorities to trust; empty = those of the system.
  std::string tls_ca{};
  /// Asked for the password of each new connection, for those that change: tokens of a cloud's identity
  /// service. Called on whatever thread opens the connection, maybe on several at once.
  std::function<std::string()> password{};
  /// Statements that each new session runs after kin's own settings, such as
  /// "set innodb_lock_wait_timeout = 5"; again after a reset.
  std::vector<std::string> on_connect{};
};

/// The driver for kin::Options::driver. The Orm's constructor opens a first connection, and throws its
/// errors.
std::shared_ptr<const DriverFactory> driver(Options options = {});

}  // namespace kin::mysql
