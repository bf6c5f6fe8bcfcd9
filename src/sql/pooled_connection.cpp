// SPDX-License-Identifier: MIT
#include "sql/pooled_connection.hpp"

#include <kin/error.hpp>

#include <exception>

#include <fmt/format.h>

namespace kin::sql {
namespace {

driver::Loan loan_of(PooledConnection::Pool::Lease lease) noexcept {
  PooledConnection* const pooled = lease.get();
  pooled->lease = std::move(lease);
  const auto give_back = [](void*, void* token) noexcept {
    // Moved out first: what it gives back is what it lay in.
    PooledConnection::Pool::Lease lease = std::move(static_cast<PooledConnection*>(token)->lease);
  };
  return driver::Loan(&pooled->connection, give_back, nullptr, pooled);
}

}  // namespace

bool PooledConnection::try_lend(Pool& pool, driver::Loan& loan) {
  Pool::Lease lease;
  while (pool.try_acquire(lease)) {
    if (lease->is_usable()) {
      loan = loan_of(std::move(lease));
      return true;
    }
    lease.discard();
  }
  return false;
}

Task<driver::Loan> PooledConnection::lend(Pool& pool) {
  for (;;) {
    Pool::Lease lease = co_await pool.acquire();
    if (lease->is_usable()) co_return loan_of(std::move(lease));
    lease.discard();
  }
}

async::ResourcePoolOptions pool_options(const Options& options) {
  if (options.pool_size == 0) throw ValidationError("Options::pool_size must be at least 1");
  async::ResourcePoolOptions bounds;
  bounds.max = options.pool_size;
  bounds.acquire_timeout = options.acquire_timeout;
  return bounds;
}

PooledConnection::Pool::MakeError acquire_errors(const Options& options) {
  return [size = options.pool_size, timeout = options.acquire_timeout](async::AcquireFailure failure) {
    if (failure == async::AcquireFailure::closed)
      return std::make_exception_ptr(ConnectionError("the Orm has ended, so it has no connections any more"));
    return std::make_exception_ptr(ConnectionError(fmt::format(
        "none of the {} connections of the pool became free within {} ms; a transaction may be open for "
        "long, or Options::pool_size be too small",
        size, timeout.count())));
  };
}

}  // namespace kin::sql
