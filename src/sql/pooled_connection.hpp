// SPDX-License-Identifier: MIT
#pragma once

#include <kin/options.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

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

  /// A connection that was in use a moment ago is not asked: that would be a fourth of the system calls of a look-up.
  bool is_usable() const { return !is_alive || Clock::now() - last_used < trusted_for || is_alive(); }

  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds trusted_for{5};

  SqlConnection connection;
  const std::function<bool()> is_alive;
  Clock::time_point last_used{};
  Pool::Lease lease{};
};

/// The connections of a driver: a pool of those to the primary, and one for each replica. Decides which of
/// them a loan is from, renews sessions that their last user has touched, and runs the hooks of the options.
/// Lifetime: ends before what connections use. Thread-safety: may be used from any thread.
class ConnectionSource {
 public:
  /// Makes a connection: to a replica of the options, or to the primary for null.
  using Connect = std::function<Task<std::unique_ptr<PooledConnection>>(const ReplicaOptions* replica)>;

  /// Throws ValidationError for options that can't be right. Opens nothing.
  ConnectionSource(const Options& options, Connect connect);

  /// Opens a connection to the primary: a wrong address or password is better told soon than by the first
  /// query.
  Task<void> open();
  /// Lends one that is idle and needs no preparation.
  bool try_lend(driver::Loan& loan, const driver::LoanRequest& request);
  /// Waits for one; broken ones are replaced. A replica that can't be reached is left alone for a while, and
  /// another one, at last the primary, takes its place.
  Task<driver::Loan> lend(driver::LoanRequest request);

 private:
  using Pool = PooledConnection::Pool;
  using Clock = std::chrono::steady_clock;
  struct Replica {
    std::unique_ptr<Pool> pool{};
    std::atomic<Clock::rep> down_until{0};

    bool is_down() const {
      return Clock::now().time_since_epoch().count() < down_until.load(std::memory_order_relaxed);
    }
  };

  std::unique_ptr<Pool> make_pool(const Options& options, const ReplicaOptions* options_of_replica,
                                  Replica* replica);
  Task<std::unique_ptr<PooledConnection>> connect(const ReplicaOptions* options, Replica* replica);
  Task<bool> renew(PooledConnection& pooled);
  Task<Pool::Lease> prepared(Pool& pool, driver::LoanRequest request);
  bool uses_replicas(const driver::LoanRequest& request) const noexcept {
    return request.type == ConnectionType::read && !replicas_.empty();
  }
  Replica& replica_at(std::size_t turn) noexcept { return *replicas_[turn % replicas_.size()]; }
  /// The pools that may serve the request, the preferred one first; null at the end.
  Pool* next_pool(const driver::LoanRequest& request, std::size_t turn, std::size_t& tries,
                  Replica*& replica);

  const Connect connect_;
  const ConnectionHook on_create_;
  const ConnectionHook on_reserve_;
  const std::vector<ReplicaOptions> replica_options_;
  const std::chrono::milliseconds retry_time_;
  std::atomic<std::size_t> turn_{0};
  std::vector<std::unique_ptr<Replica>> replicas_{};
  std::unique_ptr<Pool> primary_;
};

}  // namespace kin::sql
