// SPDX-License-Identifier: MIT
// What a Propagation means for the transaction that is open or not, and the runs of transactional().
#include "unit_of_work/propagation.hpp"

#include <kin/entity_manager.hpp>
#include <kin/error.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "unit_of_work/manager.hpp"

namespace kin::unit_of_work {
namespace {

using detail::Manager;
using detail::TransactionWay;

std::string_view name_of(Propagation propagation) {
  switch (propagation) {
    case Propagation::nested:
      return "nested";
    case Propagation::required:
      return "required";
    case Propagation::requires_new:
      return "requires_new";
    case Propagation::supports:
      return "supports";
    case Propagation::mandatory:
      return "mandatory";
    case Propagation::never:
      return "never";
    case Propagation::not_supported:
      return "not_supported";
  }
  return "of no kind";
}

bool forks(Propagation propagation) {
  return propagation == Propagation::requires_new || propagation == Propagation::not_supported;
}

[[noreturn]] void throw_needs_transaction() {
  throw TransactionStateError(
      "Propagation::mandatory: no transaction is open; call begin() or transactional() around it, or use "
      "Propagation::required, which opens one");
}

[[noreturn]] void throw_refuses_transaction() {
  throw TransactionStateError(
      "Propagation::never: a transaction is open; commit() or rollback() first, or use a manager of its own "
      "(em.fork())");
}

/// The way inside of a transaction, or where there is none.
TransactionWay way_of(Propagation propagation, bool inside) {
  switch (propagation) {
    case Propagation::nested:
    case Propagation::requires_new:
      return TransactionWay::open;
    case Propagation::required:
      return inside ? TransactionWay::join : TransactionWay::open;
    case Propagation::supports:
      return inside ? TransactionWay::join : TransactionWay::none;
    case Propagation::mandatory:
      if (!inside) throw_needs_transaction();
      return TransactionWay::join;
    case Propagation::never:
      if (inside) throw_refuses_transaction();
      return TransactionWay::none;
    case Propagation::not_supported:
      return TransactionWay::none;
  }
  return TransactionWay::open;
}

bool says_what_it_is_like(const TransactionOptions& options) {
  return options.isolation != Isolation::unset || options.read_only || options.deferrable;
}

void require_nothing_for_none(const TransactionOptions& options) {
  if (!says_what_it_is_like(options)) return;
  throw ValidationError(
      fmt::format("Propagation::{}: without a transaction nothing has the isolation, read_only or deferrable "
                  "that was asked for; "
                  "leave them out, or use Propagation::required",
                  name_of(options.propagation)));
}

[[noreturn]] void throw_differs(std::string_view what) {
  throw TransactionStateError(
      fmt::format("{}, and that can't be changed inside of it; give it to the outermost transaction, or use "
                  "Propagation::requires_new",
                  what));
}

void require_like_the_open_one(const TransactionOptions& open, const TransactionOptions& options) {
  if (options.isolation != Isolation::unset && options.isolation != open.isolation)
    throw_differs("the open transaction was not begun with this isolation");
  if (options.read_only && !open.read_only) throw_differs("the open transaction was not begun as read_only");
  if (options.deferrable && !open.deferrable)
    throw_differs("the open transaction was not begun as deferrable");
}

void require_deferrable_possible(const driver::Capabilities& capabilities,
                                 const TransactionOptions& options) {
  if (!options.deferrable) return;
  if (!capabilities.deferrable_transactions)
    throw UnsupportedError(
        fmt::format("{} has no deferrable transactions; leave `deferrable` out", capabilities.name));
  if (options.isolation != Isolation::serializable || !options.read_only)
    throw ValidationError(
        "TransactionOptions::deferrable is for serializable read-only transactions and has no effect on "
        "others; add "
        ".isolation = kin::Isolation::serializable and .read_only = true, or leave it out");
}

/// `inside`: of a transaction that is not left by a fork.
void require_possible(Manager& manager, const TransactionOptions& options, TransactionWay way, bool inside) {
  if (way == TransactionWay::none) {
    require_nothing_for_none(options);
  } else if (inside) {
    require_like_the_open_one(manager.open_transaction(), options);
  }
  require_deferrable_possible(manager.core().driver->capabilities(), options);
}

}  // namespace

Course course_of(Manager& manager, const TransactionOptions& options) {
  Course course;
  course.fork = forks(options.propagation);
  course.way = TransactionWay::none;
  if (manager.transactions_disabled || options.disabled) return course;
  const bool inside = manager.transaction_level() > 0;
  course.way = way_of(options.propagation, inside);
  require_possible(manager, options, course.way, inside && !course.fork);
  return course;
}

TransactionWay way_of_begin(Manager& manager, const TransactionOptions& options) {
  if (options.disabled)
    throw ValidationError(
        "begin: `disabled` is an option of transactional(); leave begin() out, or use "
        "em.fork({.disable_transactions = true})");
  if (forks(options.propagation) || options.propagation == Propagation::supports)
    throw ValidationError(fmt::format(
        "begin: Propagation::{} needs the work as a function; call em.transactional(work, {{.propagation = "
        "kin::Propagation::{}}}), or begin() of a fork (em.fork())",
        name_of(options.propagation), name_of(options.propagation)));
  const bool inside = manager.transaction_level() > 0;
  TransactionWay way = way_of(options.propagation, inside);
  if (options.propagation == Propagation::never) way = TransactionWay::open;
  require_possible(manager, options, way, inside);
  return way;
}

}  // namespace kin::unit_of_work

namespace kin::detail {
namespace {

constexpr std::string_view fork_needs_connection =
    "Propagation::requires_new needs a connection beside that of the open transaction, which waits for it; "
    "give "
    "Options::pool_size more than one for each such transaction, or use Propagation::nested: ";

/// Doubles from 10 ms, as long as half a second at most.
std::chrono::milliseconds pause_before(int attempt) {
  constexpr int longest = 500;
  const int doubled = attempt > 6 ? longest : 10 << attempt;
  return std::chrono::milliseconds(doubled < longest ? doubled : longest);
}

void refuse_returned_entities(const TransactionOptions& options) {
  throw ValidationError(
      fmt::format("transactional: with Propagation::{} the work has a manager of its own, and what it "
                  "returns would end with that; "
                  "return the key of the entity, or a copy",
                  options.propagation == Propagation::requires_new ? "requires_new" : "not_supported"));
}

}  // namespace

TransactionRun::TransactionRun(Manager& manager, TransactionOptions options, bool returns_entities)
    : manager_(&manager), options_(options) {
  const UseGuard guard(manager);
  const unit_of_work::Course course = unit_of_work::course_of(manager, options);
  way_ = course.way;
  if (course.fork) {
    if (returns_entities) refuse_returned_entities(options);
    fork_ = std::make_unique<EntityManager>(manager.fork({}));
    waits_for_fork_ = manager.transaction_level() > 0;
    manager_ = &fork_->internals();
  } else if (options.clear) {
    manager.start_empty();
  }
  level_ = manager_->transaction_level();
  flush_mode_before_ = manager_->flush_mode;
  disabled_before_ = manager_->transactions_disabled;
  manager_->flush_mode = options.flush_mode.value_or(flush_mode_before_);
  manager_->transactions_disabled = disabled_before_ || options.disabled;
}

TransactionRun::~TransactionRun() {
  if (fork_) return;
  if (options_.flush_mode) manager_->flush_mode = flush_mode_before_;
  manager_->transactions_disabled = disabled_before_;
}

// A blocking verb runs the task of its twin, which never suspends then.
void TransactionRun::begin_blocking() { run_blocking(begin()); }
void TransactionRun::commit_blocking() { run_blocking(commit()); }
bool TransactionRun::failed_blocking(std::exception_ptr error) {
  return run_blocking(failed(std::move(error)));
}

// What was pending before belongs to each try: once it is written, the snapshots hold what the work starts
// from.
Task<void> TransactionRun::begin() {
  const UseGuard guard(*manager_);
  if (way_ == TransactionWay::none) co_return;
  if (way_ == TransactionWay::join) {
    manager_->join_level({});
    co_return;
  }
  co_await open();
  if (level_ > 0 || options_.retries == 0) co_return;
  co_await manager_->flush();
  manager_->work_begins();
}

Task<void> TransactionRun::open() {
  TransactionOptions options = options_;
  options.flush_mode.reset();  // set for the whole run already
  if (!waits_for_fork_) {
    co_await manager_->open_level(options);
    co_return;
  }
  try {
    co_await manager_->open_level(options);
  } catch (const ConnectionError& error) {
    throw ConnectionError(std::string(fork_needs_connection) + error.what(), error.details());
  }
}

Task<void> TransactionRun::commit() {
  const UseGuard guard(*manager_);
  require_own_level();
  if (way_ == TransactionWay::none) {
    co_await manager_->flush();
  } else {
    co_await manager_->commit_level();
  }
}

/// Or the commit would be of another transaction than the one that was begun.
void TransactionRun::require_own_level() const {
  const int own = level_ + (way_ == TransactionWay::none ? 0 : 1);
  if (manager_->transaction_level() > own)
    throw TransactionStateError(
        "transactional: the work has begun a transaction and not ended it; call commit() or rollback() for "
        "each begin()");
  if (manager_->transaction_level() < own)
    throw TransactionStateError(
        "transactional: the work has ended the transaction that it runs in; leave commit() and rollback() to "
        "transactional(), which commits at the end and rolls back after an exception");
}

bool TransactionRun::may_retry(const std::exception_ptr& error) const {
  if (way_ != TransactionWay::open || level_ > 0 || tries_ >= options_.retries) return false;
  try {
    std::rethrow_exception(error);
  } catch (const Error& known) {
    return known.retryable();
  } catch (...) {
    return false;
  }
}

namespace {
/// A handler of an event that throws ends its level all the same, and must not keep the others from ending.
Task<void> undo_inner_level(Manager& manager) {
  const int level = manager.transaction_level();
  try {
    co_await manager.undo_level();
  } catch (...) {
    if (manager.transaction_level() >= level) throw;
  }
}
}  // namespace

Task<bool> TransactionRun::failed(std::exception_ptr error) {
  const UseGuard guard(*manager_);
  const bool again = may_retry(error);
  const int own = level_ + (way_ == TransactionWay::none ? 0 : 1);
  bool rolled_back = true;
  try {
    while (manager_->transaction_level() > own) co_await undo_inner_level(*manager_);
    if (manager_->transaction_level() > level_) {
      if (again) {
        co_await manager_->rollback_and_reset();
      } else {
        co_await manager_->undo_level();
      }
    }
  } catch (...) {
    // A rollback that fails must not hide what made it necessary.
    rolled_back = false;
  }
  if (!again || !rolled_back) co_return false;
  co_await manager_->core().driver->pause(pause_before(tries_++));
  co_return true;
}

}  // namespace kin::detail
