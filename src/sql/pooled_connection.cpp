// SPDX-License-Identifier: MIT
#include "sql/pooled_connection.hpp"

#include <kin/error.hpp>

#include <exception>

#include <fmt/format.h>

namespace kin::sql {
namespace {

using Pool = PooledConnection::Pool;

driver::Loan loan_of(Pool::Lease lease) noexcept {
  PooledConnection* const pooled = lease.get();
  pooled->lease = std::move(lease);
  const auto give_back = [](void*, void* token) noexcept {
    PooledConnection& pooled = *static_cast<PooledConnection*>(token);
    pooled.last_used = PooledConnection::Clock::now();
    // Moved out first: what it gives back is what it lay in.
    Pool::Lease lease = std::move(pooled.lease);
  };
  return driver::Loan(&pooled->connection, give_back, nullptr, pooled);
}

async::ResourcePoolOptions pool_options(const Options& options) {
  if (options.pool_size == 0) throw ValidationError("Options::pool_size must be at least 1");
  if (options.pool_min > options.pool_size)
    throw ValidationError(fmt::format("Options::pool_min is {}, which is more than the pool_size of {}",
                                      options.pool_min, options.pool_size));
  async::ResourcePoolOptions bounds;
  bounds.max = options.pool_size;
  bounds.acquire_timeout = options.acquire_timeout;
  bounds.min = options.pool_min;
  bounds.idle_time = options.pool_idle_time;
  return bounds;
}

/// The ConnectionErrors of a pool that has no connection to give.
Pool::MakeError acquire_errors(const Options& options) {
  return [size = options.pool_size, timeout = options.acquire_timeout](async::AcquireFailure failure) {
    if (failure == async::AcquireFailure::closed)
      return std::make_exception_ptr(ConnectionError("the Orm has ended, so it has no connections any more"));
    return std::make_exception_ptr(ConnectionError(
        fmt::format("none of the {} connections of the pool became free within {} ms: one task may hold a "
                    "transaction while it waits for another manager, or a transaction be open for long; end "
                    "it first, or raise Options::pool_size",
                    size, timeout.count())));
  };
}

}  // namespace

ConnectionSource::ConnectionSource(const Options& options, Connect connect)
    : connect_(std::move(connect)),
      on_create_(options.on_create_connection),
      on_reserve_(options.on_reserve_connection),
      replica_options_(options.replicas),
      retry_time_(options.replica_retry_time) {
  for (const ReplicaOptions& place : replica_options_) {
    Replica& replica = *replicas_.emplace_back(std::make_unique<Replica>());
    replica.pool = make_pool(options, &place, &replica);
  }
  primary_ = make_pool(options, nullptr, nullptr);
}

std::unique_ptr<Pool> ConnectionSource::make_pool(const Options& options, const ReplicaOptions* place,
                                                  Replica* replica) {
  const Pool::AsyncFactory factory = [this, place, replica] { return this->connect(place, replica); };
  const Pool::Reset reset = [](PooledConnection& pooled) { return pooled.connection.reset(); };
  return std::make_unique<Pool>(pool_options(options), factory, reset, acquire_errors(options));
}

Task<std::unique_ptr<PooledConnection>> ConnectionSource::connect(const ReplicaOptions* place,
                                                                  Replica* replica) {
  try {
    std::unique_ptr<PooledConnection> made = co_await connect_(place);
    if (on_create_) co_await made->connection.set_up(on_create_, "Options::on_create_connection", true);
    co_return made;
  } catch (const ConnectionError&) {
    if (replica != nullptr)
      replica->down_until.store((Clock::now() + retry_time_).time_since_epoch().count(),
                                std::memory_order_relaxed);
    throw;
  }
}

Task<void> ConnectionSource::open() { const Pool::Lease lease = co_await primary_->acquire(); }

// Replicas in turn, without those that are down; the primary is the last resort of a read.
Pool* ConnectionSource::next_pool(const driver::LoanRequest& request, std::size_t turn, std::size_t& tries,
                                  Replica*& replica) {
  replica = nullptr;
  if (!uses_replicas(request)) return primary_.get();
  while (tries < replicas_.size()) {
    Replica& next = replica_at(turn + tries++);
    if (next.is_down()) continue;
    replica = &next;
    return next.pool.get();
  }
  return primary_.get();
}

bool ConnectionSource::try_lend(driver::Loan& loan, const driver::LoanRequest& request) {
  if (on_reserve_ || request.on_reserve != nullptr) return false;
  std::size_t turn = 0;
  std::size_t tries = 0;
  Replica* replica = nullptr;
  const bool takes_turns = uses_replicas(request);
  if (takes_turns) turn = turn_.load(std::memory_order_relaxed);
  Pool& pool = *next_pool(request, turn, tries, replica);
  Pool::Lease lease;
  while (pool.try_acquire(lease)) {
    if (!lease->is_usable()) {
      lease.discard();
      continue;
    }
    if (lease->connection.needs_renewal()) return false;
    if (takes_turns) turn_.fetch_add(1, std::memory_order_relaxed);
    loan = loan_of(std::move(lease));
    return true;
  }
  return false;
}

Task<driver::Loan> ConnectionSource::lend(driver::LoanRequest request) {
  const std::size_t turn = uses_replicas(request) ? turn_.fetch_add(1, std::memory_order_relaxed) : 0;
  std::size_t tries = 0;
  for (;;) {
    Replica* replica = nullptr;
    Pool& pool = *next_pool(request, turn, tries, replica);
    try {
      Pool::Lease lease = co_await prepared(pool, request);
      co_return loan_of(std::move(lease));
    } catch (const ConnectionError&) {
      // A pool that is only busy is the user's to make larger.
      if (replica == nullptr || !replica->is_down()) throw;
    }
  }
}

Task<Pool::Lease> ConnectionSource::prepared(Pool& pool, driver::LoanRequest request) {
  for (;;) {
    Pool::Lease lease = co_await pool.acquire();
    bool usable = lease->is_usable();
    if (usable && lease->connection.needs_renewal()) usable = co_await renew(*lease);
    if (!usable) {
      lease.discard();
      continue;
    }
    try {
      SqlConnection& connection = lease->connection;
      if (on_reserve_) co_await connection.set_up(on_reserve_, "Options::on_reserve_connection", false);
      if (request.on_reserve != nullptr)
        co_await connection.set_up(*request.on_reserve, "ManagerOptions::on_reserve_connection", false);
    } catch (...) {
      lease.discard();
      throw;
    }
    co_return lease;
  }
}

// One that can't be renewed is replaced, and the new one tells what is wrong. It may have broken after it had
// answered, which shows only now that the answers are read.
Task<bool> ConnectionSource::renew(PooledConnection& pooled) {
  try {
    co_await pooled.connection.renew();
    if (on_create_) co_await pooled.connection.set_up(on_create_, "Options::on_create_connection", true);
    co_return pooled.is_usable();
  } catch (const Error&) {
    co_return false;
  }
}

}  // namespace kin::sql
