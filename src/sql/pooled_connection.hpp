// SPDX-License-Identifier: MIT
#pragma once

#include <kin/options.hpp>

#include <functional>
#include <memory>
#include <utility>

#include "async/resource_pool.hpp"
#include "drivers/driver.hpp"
#include "sql/sql_connection.hpp"

namespace kin::sql {

/// A connection in its pool. While it is on loan it holds its own lease, so that a Loan needs no
/// memory of its own.
struct PooledConnection {
  using Pool = async::ResourcePool<PooledConnection>;

  /// `is_alive` is asked before an idle connection is lent again, and must not wait. Without it the
  /// connection is one that does not break while nobody uses it.
  PooledConnection(const Dialect& dialect, std::unique_ptr<Wire> wire, const QueryLogger& logger,
                   std::function<bool()> is_alive = {})
      : connection(dialect, std::move(wire), &logger), is_alive(std::move(is_alive)) {}

  /// False when none is idle that is still alive.
  static bool try_lend(Pool& pool, driver::Loan& loan);
  /// Waits for one; broken ones are replaced.
  static Task<driver::Loan> lend(Pool& pool);

  bool is_usable() const { return !is_alive || is_alive(); }

  SqlConnection connection;
  const std::function<bool()> is_alive;
  Pool::Lease lease{};
};

/// What bounds the pool of an Orm. Throws ValidationError.
async::ResourcePoolOptions pool_options(const Options& options);
/// The ConnectionErrors of a pool that has no connection to give.
PooledConnection::Pool::MakeError acquire_errors(const Options& options);

}  // namespace kin::sql
