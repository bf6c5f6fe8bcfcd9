// SPDX-License-Identifier: MIT
#include <kin/error.hpp>
#include <kin/events.hpp>

#include <exception>
#include <utility>

#include <boost/unordered/unordered_flat_set.hpp>

#include "unit_of_work/books.hpp"
#include "unit_of_work/collection_items.hpp"
#include "unit_of_work/manager.hpp"
#include "unit_of_work/propagation.hpp"

namespace kin::detail {

Task<void> Manager::begin(TransactionOptions options) {
  if (transactions_disabled) co_return;
  const TransactionWay way = unit_of_work::way_of_begin(*this, options);
  if (options.clear) start_empty();
  if (way == TransactionWay::join) {
    join_level(options);
  } else {
    co_await open_level(options);
  }
}

void Manager::start_empty() {
  if (has_changes())
    throw ValidationError(
        "TransactionOptions::clear: the manager has changes that are not flushed, which would be lost; "
        "flush() or "
        "clear() first");
  clear();
}

Task<void> Manager::open_level(TransactionOptions options) {
  const int level = transaction_level();
  if (transaction_connection_) {
    require_transaction_alive();
    fire_transaction_event(&EventSubscriber::before_transaction_start, level);
    co_await transaction_connection_->savepoint(level);
    push_mark(options, false);
  } else {
    fire_transaction_event(&EventSubscriber::before_transaction_start, level);
    driver::Loan loan;
    co_await borrow(loan, ConnectionType::write);
    co_await loan->begin(options);
    transaction_connection_ = std::move(loan);
    open_transaction_ = options;
    push_mark(options, false);
  }
  std::exception_ptr error;
  try {
    fire_transaction_event(&EventSubscriber::after_transaction_start, level);
  } catch (...) {
    error = std::current_exception();
  }
  if (!error) co_return;
  co_await roll_back(false);  // whoever asked for it will not
  std::rethrow_exception(error);
}

void Manager::join_level(const TransactionOptions& options) {
  require_transaction_alive();
  push_mark(options, true);
}

void Manager::note_transaction_ended() {
  if (transaction_connection_ && transaction_connection_->transaction_lost()) transaction_ended_ = true;
}

void Manager::require_transaction_alive() const {
  if (!transaction_ended_) return;
  ErrorDetails details;
  details.retryable = true;
  throw TransactionStateError(
      "after an earlier error, such as a deadlock, the database has ended the transaction with all that was "
      "written in it; call rollback(), and run the work again",
      std::move(details));
}

void Manager::push_mark(const TransactionOptions& options, bool joined) {
  Mark mark{journal_.size(), allocated_.size()};
  mark.joined = joined;
  if (options.flush_mode) {
    mark.flush_mode = flush_mode;
    flush_mode = *options.flush_mode;
  }
  marks_.push_back(mark);
}

void Manager::pop_mark() {
  if (marks_.back().flush_mode) flush_mode = *marks_.back().flush_mode;
  marks_.pop_back();
}

Task<void> Manager::commit() { return transactions_disabled ? flush() : commit_level(); }

Task<void> Manager::commit_level() {
  if (marks_.empty()) throw TransactionStateError("commit: no transaction is open; call begin() first");
  if (marks_.back().rollback_only)
    throw TransactionStateError(
        "commit: a begin() that joined this transaction was rolled back, so all of it can only be rolled "
        "back; call "
        "rollback(), or give that begin() Propagation::nested");
  require_transaction_alive();
  co_await flush();
  const int level = transaction_level() - 1;
  if (marks_.back().joined) {
    pop_mark();
    co_return;
  }
  fire_transaction_event(&EventSubscriber::before_transaction_commit, level);
  if (level > 0) {
    co_await transaction_connection_->release_savepoint(level);
    pop_mark();
  } else {
    co_await transaction_connection_->commit();
    pop_mark();
    journal_.clear();
    transaction_connection_ = driver::Loan();
  }
  fire_transaction_event(&EventSubscriber::after_transaction_commit, level);
}

Task<void> Manager::rollback() {
  if (transactions_disabled) co_return;
  if (marks_.empty() || !marks_.back().joined) {
    co_await roll_back(false);
    co_return;
  }
  note_transaction_ended();
  pop_mark();
  auto mark = marks_.rbegin();
  while (mark->joined) ++mark;  // the outermost has never joined
  mark->rollback_only = true;
}

Task<void> Manager::undo_level() {
  if (!marks_.back().joined) {
    co_await roll_back(false);
    co_return;
  }
  note_transaction_ended();
  pop_mark();
}

Task<void> Manager::rollback_and_reset() { co_await roll_back(true); }

Task<void> Manager::roll_back(bool reset) {
  if (marks_.empty()) throw TransactionStateError("rollback: no transaction is open; call begin() first");
  const int level = transaction_level() - 1;
  note_transaction_ended();
  std::exception_ptr of_handler = tell_of_rollback(&EventSubscriber::before_transaction_rollback, level);
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
  pop_mark();
  if (marks_.empty()) {
    transaction_connection_ = driver::Loan();
    transaction_ended_ = false;
  }
  if (error) std::rethrow_exception(error);
  const std::exception_ptr of_next = tell_of_rollback(&EventSubscriber::after_transaction_rollback, level);
  if (!of_handler) of_handler = of_next;
  if (of_handler) std::rethrow_exception(of_handler);
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
    data.initialized = data.initialized && !data.replaced && pending.contains(collection);
    data.replaced = false;
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

}  // namespace kin::detail
