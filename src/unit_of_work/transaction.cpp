// SPDX-License-Identifier: MIT
#include <kin/error.hpp>

#include <chrono>
#include <exception>
#include <thread>

#include <boost/unordered/unordered_flat_set.hpp>

#include "unit_of_work/books.hpp"
#include "unit_of_work/collection_items.hpp"
#include "unit_of_work/manager.hpp"

namespace kin::detail {

Task<void> Manager::begin(TransactionOptions options) {
  if (transaction_connection_) {
    co_await transaction_connection_->savepoint(transaction_level());
    marks_.push_back({journal_.size(), allocated_.size(), {}});
    co_return;
  }
  driver::Loan loan;
  co_await borrow(loan, ConnectionType::write);
  co_await loan->begin(options);
  transaction_connection_ = std::move(loan);
  marks_.push_back({journal_.size(), allocated_.size(), {}});
}

Task<void> Manager::commit() {
  if (marks_.empty()) throw TransactionStateError("commit: no transaction is open; call begin() first");
  co_await flush();
  const int level = transaction_level() - 1;
  if (level > 0) {
    co_await transaction_connection_->release_savepoint(level);
    marks_.pop_back();
    co_return;
  }
  co_await transaction_connection_->commit();
  marks_.clear();
  journal_.clear();
  transaction_connection_ = driver::Loan();
}

Task<void> Manager::rollback() { co_await roll_back(false); }
Task<void> Manager::rollback_and_reset() { co_await roll_back(true); }

Task<void> Manager::roll_back(bool reset) {
  if (marks_.empty()) throw TransactionStateError("rollback: no transaction is open; call begin() first");
  const int level = transaction_level() - 1;
  std::exception_ptr error;
  try {
    if (transaction_connection_->transaction_lost()) {
      // The database has rolled back by itself.
    } else if (level > 0) {
      co_await transaction_connection_->rollback_to_savepoint(level);
    } else {
      co_await transaction_connection_->rollback();
    }
  } catch (...) {
    error = std::current_exception();
  }
  const Mark mark = marks_.back();
  const bool forgets = reset && mark.work && !error;
  if (forgets) forget_work(mark);
  unit_of_work::undo_journal(*this, mark.journal);
  if (forgets) mark_stale();
  marks_.pop_back();
  if (marks_.empty()) transaction_connection_ = driver::Loan();
  if (error) std::rethrow_exception(error);
}

/// Afterwards the entities are as they were when the work began: what was pending before it is flushed, which
/// is undone next.
void Manager::forget_work(const Mark& mark) {
  unit_of_work::undo_journal(*this, *mark.work);
  // What the failed run read or made is forgotten; handles to it stay valid memory until clear().
  for (std::size_t i = mark.allocated; i < allocated_.size(); ++i)
    if (!allocated_[i]->has(EntityState::detached)) detach(allocated_[i]);
  for (const auto& map : maps_) {
    if (!map) continue;
    const unit_of_work::EntityRuntime& runtime = core_->runtime(map->metadata());
    for (EntityState* state : map->states()) {
      if (state->snapshot && state->has(EntityState::managed)) runtime.restore(*state);
      if (!state->has(EntityState::removed)) continue;
      state->clear(EntityState::removed);
      --map->removed;
    }
  }
  boost::unordered_flat_set<const CollectionBase*> pending;
  for (std::size_t i = mark.journal; i < *mark.work; ++i)
    if (journal_[i].collection) pending.insert(journal_[i].collection);
  for (CollectionBase* collection : changed_collections_) {
    CollectionData& data = CollectionAccess::data(*collection);
    drop_index(data);
    data.items = data.stored;
    data.added.clear();
    data.taken.clear();
    data.initialized = data.initialized && pending.contains(collection);
    data.dirty = false;
    data.queued = false;
  }
  changed_collections_.clear();
  orphans_.clear();
}

void Manager::mark_stale() {
  for (const auto& map : maps_) {
    if (!map) continue;
    for (EntityState* state : map->states())
      if (!state->has(EntityState::scheduled)) state->set(EntityState::stale);
  }
}

// The functions behind the typed face.

void flush_blocking(Manager& manager) {
  const UseGuard guard(manager);
  run_blocking(manager.flush());
}
Task<void> flush_task(Manager& manager) {
  const UseGuard guard(manager);
  co_await manager.flush();
}
void begin_blocking(Manager& manager, TransactionOptions options) {
  const UseGuard guard(manager);
  run_blocking(manager.begin(options));
}
Task<void> begin_task(Manager& manager, TransactionOptions options) {
  const UseGuard guard(manager);
  co_await manager.begin(options);
}
void commit_blocking(Manager& manager) {
  const UseGuard guard(manager);
  run_blocking(manager.commit());
}
Task<void> commit_task(Manager& manager) {
  const UseGuard guard(manager);
  co_await manager.commit();
}
void rollback_blocking(Manager& manager) {
  const UseGuard guard(manager);
  run_blocking(manager.rollback());
}
Task<void> rollback_task(Manager& manager) {
  const UseGuard guard(manager);
  co_await manager.rollback();
}

TransactionRun::TransactionRun(Manager& manager, TransactionOptions options) noexcept
    : manager_(manager), options_(options), level_(manager.transaction_level()) {}

// What was pending before belongs to each try: once it is written, the snapshots hold what the work starts
// from.
void TransactionRun::begin_blocking() {
  detail::begin_blocking(manager_, options_);
  if (level_ > 0 || options_.retries == 0) return;
  flush_blocking(manager_);
  manager_.work_begins();
}
void TransactionRun::commit_blocking() { detail::commit_blocking(manager_); }

bool TransactionRun::may_retry(const std::exception_ptr& error) const {
  if (level_ > 0 || tries_ >= options_.retries) return false;
  try {
    std::rethrow_exception(error);
  } catch (const Error& known) {
    return known.retryable();
  } catch (...) {
    return false;
  }
}

namespace {
/// Doubles from 10 ms, as long as half a second at most.
std::chrono::milliseconds pause_before(int attempt) {
  constexpr int longest = 500;
  const int doubled = attempt > 6 ? longest : 10 << attempt;
  return std::chrono::milliseconds(doubled < longest ? doubled : longest);
}
}  // namespace

bool TransactionRun::failed_blocking(std::exception_ptr error) {
  const UseGuard guard(manager_);
  const bool again = may_retry(error);
  const bool open = manager_.transaction_level() > level_;
  try {
    while (manager_.transaction_level() > level_ + 1) run_blocking(manager_.rollback());
    if (open) run_blocking(again ? manager_.rollback_and_reset() : manager_.rollback());
  } catch (...) {
    // A rollback that fails must not hide what made it necessary.
    if (again) return false;
  }
  if (!again) return false;
  std::this_thread::sleep_for(pause_before(tries_++));
  return true;
}

Task<void> TransactionRun::begin() {
  co_await begin_task(manager_, options_);
  if (level_ > 0 || options_.retries == 0) co_return;
  co_await flush_task(manager_);
  manager_.work_begins();
}
Task<void> TransactionRun::commit() { co_await commit_task(manager_); }

Task<bool> TransactionRun::failed(std::exception_ptr error) {
  const UseGuard guard(manager_);
  const bool again = may_retry(error);
  bool rolled_back = true;
  try {
    while (manager_.transaction_level() > level_ + 1) co_await manager_.rollback();
    if (manager_.transaction_level() > level_) {
      if (again) {
        co_await manager_.rollback_and_reset();
      } else {
        co_await manager_.rollback();
      }
    }
  } catch (...) {
    rolled_back = false;
  }
  if (!again || !rolled_back) co_return false;
  co_await manager_.core().driver->pause(pause_before(tries_++));
  co_return true;
}

}  // namespace kin::detail
