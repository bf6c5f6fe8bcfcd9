// SPDX-License-Identifier: MIT
#pragma once

#include <kin/options.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// kin on PostgreSQL 12 and later. Options::client_url is what libpq takes, such as
/// "postgresql://user:password@host:5432/library?sslmode=verify-full"; Options::host may be the folder of a
/// unix socket.
///
/// What to know of PostgreSQL here:
/// - New entities get their keys from the key column's sequence in one statement a type, before they are
///   written; so a graph of any depth is inserted in as many statements as it has types.
/// - Rows of one type and shape are inserted as arrays (`unnest`) in one statement; updates travel together,
///   in a pipeline.
/// - A transaction's begin is sent along with its first statement.
/// - Sessions are UTF-8 and in UTC. Text with a NUL is refused with a ValidationError, since PostgreSQL can't
///   store it.
/// - A statement that fails spoils its transaction: all but a rollback fails until then.
/// - When a table's definition changed, prepared statements are prepared again, except inside a transaction,
///   which PostgreSQL has spoiled by then.
namespace kin::postgresql {

/// Settings of the driver. Every connection of the pool gets them.
struct Options {
  std::chrono::milliseconds connect_timeout{10000};
  /// Prepared statements that a connection keeps.
  std::size_t statement_cache_size{256};
  /// Connection settings of libpq beside those of kin::Options, which go before the URL's:
  /// {"sslmode", "verify-full"}, {"sslrootcert", "/etc/ca.pem"}, {"options", "-c search_path=shop"}.
  std::vector<std::pair<std::string, std::string>> settings{};
  /// Asked for the password of each new connection, for those that change: tokens of a cloud's identity
  /// service. Called on whatever thread opens the connection, maybe on several at once.
  std::function<std::string()> password{};
  /// Statements that each new session runs, such as "set statement_timeout = '5s'"; again after a reset.
  std::vector<std::string> on_connect{};
};

/// The driver for kin::Options::driver. The Orm's constructor opens a first connection and throws its errors.
std::shared_ptr<const DriverFactory> driver(Options options = {});

}  // namespace kin::postgresql
