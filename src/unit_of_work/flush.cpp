// SPDX-License-Identifier: MIT
// The writing half of a flush: one transaction, batches in the order of the plan, then the manager's books.
#include <kin/error.hpp>
#include <kin/events.hpp>

#include <algorithm>
#include <exception>
#include <optional>

#include <fmt/format.h>
#include <boost/unordered/unordered_flat_map.hpp>

#include "unit_of_work/books.hpp"
#include "unit_of_work/computed_values.hpp"
#include "unit_of_work/entity_runtime.hpp"
#include "unit_of_work/flush_events.hpp"
#include "unit_of_work/flush_plan.hpp"
#include "unit_of_work/key.hpp"
#include "unit_of_work/manager.hpp"

namespace kin::detail {

using driver::Operation;
using driver::WriteBatch;
using unit_of_work::ChangeSet;
using unit_of_work::ColumnMask;
using unit_of_work::FlushEvents;
using unit_of_work::FlushPlan;
using unit_of_work::PivotChange;

namespace {

std::vector<const Column*> columns_of(const EntityMetadata& entity, const ColumnMask& mask) {
  std::vector<const Column*> columns;
  for (const Column& column : entity.columns)
    if (mask.has(column.index)) columns.push_back(&column);
  return columns;
}

/// Columns whose value only the database knows after the write.
std::vector<const Column*> returning_columns(const EntityMetadata& entity, const ColumnMask& written,
                                             bool insert) {
  std::vector<const Column*> columns;
  if (insert && entity.generated_key && !written.has(entity.generated_key->index))
    columns.push_back(entity.generated_key);
  for (const Column& column : entity.columns) {
    if (column.generated_key || column.references) continue;
    const bool computed = !column.property->generated.empty();
    const bool defaulted = insert && column.insertable && !written.has(column.index);
    if (computed || defaulted) columns.push_back(&column);
  }
  return columns;
}

struct Shape {
  const EntityMetadata* entity;
  ColumnMask columns;
  ColumnMask expected;
  friend bool operator==(const Shape&, const Shape&) = default;
};
struct ShapeHash {
  std::size_t operator()(const Shape& shape) const noexcept {
    return std::hash<const void*>()(shape.entity) ^ shape.columns.hash() ^ (shape.expected.hash() << 1);
  }
};

WriteBatch make_batch(Operation operation, const Shape& shape) {
  const EntityMetadata& entity = *shape.entity;
  WriteBatch batch;
  const bool is_marked = operation == Operation::remove && !shape.columns.empty();
  batch.operation = is_marked ? Operation::update : operation;
  batch.entity = &entity;
  if (is_marked) {
    batch.columns = columns_of(entity, shape.columns);
  } else if (operation != Operation::remove) {
    batch.columns = columns_of(entity, shape.columns);
    batch.returning = returning_columns(entity, shape.columns, operation == Operation::insert);
  }
  batch.checks_version = entity.version && shape.expected.has(entity.version->index);
  for (const Column* column : entity.concurrency_checks)
    if (shape.expected.has(column->index)) batch.checked.push_back(column);
  return batch;
}

/// Which columns of a row must hold in the database what the snapshot has.
using Expected = ColumnMask (*)(const ChangeSet& change);

ColumnMask nothing_expected(const ChangeSet&) { return {}; }

/// The version and the columns of kin::concurrency_check, as far as they were read: of a stub none, which is
/// written unseen. What this flush has set to null before was checked then.
ColumnMask expected_values(const ChangeSet& change) {
  ColumnMask expected;
  const EntityState& state = *change.state;
  const EntityMetadata& entity = *state.metadata;
  if ((!entity.version && entity.concurrency_checks.empty()) || !state.snapshot) return expected;
  const bool all = !state.has(EntityState::partial);
  const ColumnMask read = all ? ColumnMask() : state.manager->runtime(entity).covered(state);
  const auto add = [&](const Column& column) {
    if ((all || read.has(column.index)) && !change.deferred.has(column.index)) expected.add(column.index);
  };
  if (entity.version) add(*entity.version);
  for (const Column* column : entity.concurrency_checks) add(*column);
  return expected;
}

/// Of columns that are set to null for a while: those that their row's own statement cannot check any more.
ColumnMask expected_before_nulls(const ChangeSet& change) {
  const EntityMetadata& entity = *change.state->metadata;
  ColumnMask expected;
  if (entity.concurrency_checks.empty()) return expected;
  const ColumnMask of_row = expected_values(change);
  for (const Column* column : entity.concurrency_checks)
    if (of_row.has(column->index) && change.columns.has(column->index)) expected.add(column->index);
  return expected;
}

ColumnMask without(ColumnMask mask, const ColumnMask& dropped, const EntityMetadata& entity) {
  for (const Column& column : entity.columns)
    if (dropped.has(column.index)) mask.drop(column.index);
  return mask;
}

/// Changes as batches: rows of the same entity and columns share one. With keep_order only neighbours do, so
/// that the order of the rows stays.
std::vector<WriteBatch> batches_of(Operation operation, std::span<const ChangeSet> changes, bool keep_order,
                                   Expected expected) {
  std::vector<WriteBatch> batches;
  boost::unordered_flat_map<Shape, std::size_t, ShapeHash> known;
  Shape last{nullptr, {}, {}};
  std::size_t at = 0;
  for (const ChangeSet& change : changes) {
    const EntityMetadata& entity = *change.state->metadata;
    Shape shape{&entity,
                change.deferred.empty() || operation != Operation::insert
                    ? change.columns
                    : without(change.columns, change.deferred, entity),
                expected(change)};
    if (!(shape == last)) {
      const auto found = keep_order ? known.end() : known.find(shape);
      if (found == known.end()) {
        at = batches.size();
        batches.push_back(make_batch(operation, shape));
        if (!keep_order) known.emplace(shape, at);
      } else {
        at = found->second;
      }
      last = shape;
    }
    batches[at].rows.push_back(change.state);
  }
  return batches;
}

std::vector<WriteBatch> pivot_batches(Operation operation, std::span<const PivotChange> changes) {
  std::vector<WriteBatch> batches;
  for (const PivotChange& change : changes) {
    WriteBatch* batch = nullptr;
    for (WriteBatch& candidate : batches)
      if (candidate.pivot == change.pivot) batch = &candidate;
    if (!batch) {
      batch = &batches.emplace_back();
      batch->operation = operation;
      batch->pivot = change.pivot;
    }
    const CollectionData* data = CollectionAccess::data_or_null(
        change.row.owner->manager->collection_at(*change.row.owner, *change.pivot->owner_property));
    // The row may be there already when the collection was never loaded.
    if (data && !data->is_known()) batch->ignore_duplicates = true;
    batch->pivot_rows.push_back(change.row);
  }
  return batches;
}

/// Rows that were updated but are gone, or of another version, are an error; a row that is to be deleted may
/// be gone.
void check_missed(const WriteBatch& batch, Operation operation) {
  if (batch.missed_rows().empty()) return;
  if (operation == Operation::update || batch.checks_values())
    unit_of_work::throw_missed(*batch.rows[batch.missed_rows().front()]);
}

Task<void> write_changes(driver::Connection& connection, Operation operation,
                         std::span<const ChangeSet> changes, bool keep_order) {
  const Expected expected = operation == Operation::insert ? nothing_expected : expected_values;
  std::vector<ChangeSet> others;
  if (operation == Operation::update && !changes.front().state->manager->computed.empty()) {
    others = co_await unit_of_work::write_computed(connection, changes, expected);
    changes = others;
  }
  std::vector<WriteBatch> batches = batches_of(operation, changes, keep_order, expected);
  for (WriteBatch& batch : batches) {
    co_await connection.write(batch);
    check_missed(batch, operation);
  }
}

/// Rows that this flush has written before: their version was checked then, and has moved on.
Task<void> write_again(driver::Connection& connection, std::span<const ChangeSet> changes) {
  std::vector<WriteBatch> batches = batches_of(Operation::update, changes, false, nothing_expected);
  for (WriteBatch& batch : batches) {
    co_await connection.write(batch);
    check_missed(batch, Operation::update);
  }
}

Task<void> write_nulls(driver::Connection& connection, std::span<const ChangeSet> changes) {
  std::vector<WriteBatch> batches = batches_of(Operation::update, changes, false, expected_before_nulls);
  for (WriteBatch& batch : batches) {
    batch.write_nulls = true;
    batch.returning.clear();
    co_await connection.write(batch);
    if (batch.checks_values()) check_missed(batch, Operation::update);
  }
}

Task<void> write_pivots(driver::Connection& connection, Operation operation,
                        std::span<const PivotChange> changes) {
  std::vector<WriteBatch> batches = pivot_batches(operation, changes);
  for (WriteBatch& batch : batches) co_await connection.write(batch);
}

/// Inserts level by level; where rows of a batch run one after the other, levels only keep the order.
Task<void> write_inserts(driver::Connection& connection, const FlushPlan& plan, bool sequential) {
  const std::span<const ChangeSet> all = plan.inserts;
  std::size_t begin = 0;
  std::size_t level = 0;
  while (begin < all.size()) {
    const bool in_cycle = all[begin].state->metadata->in_cycle;
    std::size_t end = plan.insert_levels[level++];
    if (in_cycle && sequential) {
      while (level < plan.insert_levels.size() && end < all.size() && all[end].state->metadata->in_cycle)
        end = plan.insert_levels[level++];
    }
    co_await write_changes(connection, Operation::insert, all.subspan(begin, end - begin),
                           in_cycle && sequential);
    begin = end;
  }
}

/// New entities get their keys before anything that refers to them is written: one statement for each type.
Task<void> reserve_keys(driver::Connection& connection, FlushPlan& plan) {
  std::vector<WriteBatch> batches;
  for (ChangeSet& change : plan.inserts) {
    const EntityMetadata& entity = *change.state->metadata;
    if (!entity.generated_key || change.columns.has(entity.generated_key->index)) continue;
    change.columns.add(entity.generated_key->index);
    auto batch = std::find_if(batches.begin(), batches.end(),
                              [&](const auto& known) { return known.entity == &entity; });
    if (batch == batches.end()) {
      batch = batches.insert(batches.end(), WriteBatch());
      batch->operation = Operation::reserve_keys;
      batch->entity = &entity;
      batch->returning = {entity.generated_key};
    }
    batch->rows.push_back(change.state);
  }
  for (WriteBatch& batch : batches) co_await connection.write(batch);
}

}  // namespace

/// Parts that have nothing to write cost no frame.
Task<void> write_plan(driver::Connection& connection, FlushPlan& plan,
                      const driver::Capabilities& capabilities) {
  using Part = FlushPlan::Part;
  const bool sequential = capabilities.sequential_batches;
  const bool ordered = plan.ordered_updates;
  const auto has = [&](Part part, const auto& list) {
    plan.part = part;
    return !list.empty();
  };
  plan.part = Part::keys;
  if (capabilities.reserves_keys) co_await reserve_keys(connection, plan);
  if (has(Part::releases, plan.releases)) co_await write_nulls(connection, plan.releases);
  if (has(Part::early_deletes, plan.early_deletes))
    co_await write_changes(connection, Operation::remove, plan.early_deletes, true);
  if (has(Part::early_updates, plan.early_updates))
    co_await write_changes(connection, Operation::update, plan.early_updates, ordered);
  if (has(Part::inserts, plan.inserts)) co_await write_inserts(connection, plan, sequential);
  if (has(Part::updates, plan.updates))
    co_await write_changes(connection, Operation::update, plan.updates, ordered);
  if (has(Part::extra_updates, plan.extra_updates)) co_await write_again(connection, plan.extra_updates);
  if (has(Part::pivot_removes, plan.pivot_removes))
    co_await write_pivots(connection, Operation::pivot_remove, plan.pivot_removes);
  if (has(Part::pivot_inserts, plan.pivot_inserts))
    co_await write_pivots(connection, Operation::pivot_insert, plan.pivot_inserts);
  if (has(Part::null_references, plan.null_references))
    co_await write_nulls(connection, plan.null_references);
  if (has(Part::deletes, plan.deletes))
    co_await write_changes(connection, Operation::remove, plan.deletes, true);
}

namespace {

/// The after_* events, and what their handlers make: written by this flush, too.
Task<void> write_what_handlers_make(driver::Connection& connection, FlushEvents& events, FlushPlan& plan,
                                    const driver::Capabilities& capabilities) {
  events.written(plan);
  for (;;) {
    FlushPlan more = events.made_since();
    if (more.empty()) co_return;
    co_await write_plan(connection, more, capabilities);
    events.written(more);
    plan.inserts.insert(plan.inserts.end(), more.inserts.begin(), more.inserts.end());
  }
}

/// Keeps a second flush out while one runs, whatever way it ends.
class FlushingMark {
 public:
  explicit FlushingMark(bool& flag) : flag_(flag) {
    if (flag) throw TransactionStateError("flush was called while a flush is running; hooks must not flush");
    flag = true;
  }
  FlushingMark(const FlushingMark&) = delete;
  FlushingMark& operator=(const FlushingMark&) = delete;
  ~FlushingMark() { flag_ = false; }

 private:
  bool& flag_;
};

/// Takes back what was removed along with others, unless that was written.
class RemovedAlong {
 public:
  explicit RemovedAlong(Manager& manager) noexcept : manager_(manager) {}
  RemovedAlong(const RemovedAlong&) = delete;
  RemovedAlong& operator=(const RemovedAlong&) = delete;
  ~RemovedAlong() { manager_.keep_along(); }

 private:
  Manager& manager_;
};

constexpr int flush_savepoint = 1000;

}  // namespace

Task<void> Manager::flush() {
  const FlushingMark mark(flushing_);
  const RemovedAlong along(*this);
  co_await settle_collections();
  std::optional<FlushEvents> events;
  if (listeners_->any()) [[unlikely]]
    events.emplace(*this);
  FlushPlan plan = unit_of_work::make_flush_plan(*this, events ? &*events : nullptr);
  if (plan.empty()) {
    orphans_.clear();
    unit_of_work::tidy_collections(*this);
    if (!events) co_return;
    events->succeed();
    events->after_flush();
    co_return;
  }
  const std::size_t journal_before = journal_.size();
  const bool own_transaction = transaction_level() == 0;
  driver::Loan loan;
  driver::Connection* connection = nullptr;
  std::exception_ptr error;
  bool opened = false;
  try {
    connection = co_await this->connection(loan);
    if (own_transaction) {
      const TransactionOptions options;
      fire_transaction_event(&EventSubscriber::before_transaction_start, 0);
      co_await connection->begin(options);
    } else {
      co_await connection->savepoint(flush_savepoint);
    }
    opened = true;
    if (own_transaction) fire_transaction_event(&EventSubscriber::after_transaction_start, 0);
    co_await write_plan(*connection, plan, core_->driver->capabilities());
    if (events) co_await write_what_handlers_make(*connection, *events, plan, core_->driver->capabilities());
    if (own_transaction) {
      fire_transaction_event(&EventSubscriber::before_transaction_commit, 0);
      co_await connection->commit();
    } else {
      co_await connection->release_savepoint(flush_savepoint);
    }
  } catch (...) {
    error = std::current_exception();
  }
  if (error) {
    if (opened && !connection->transaction_lost()) {
      try {
        if (own_transaction) {
          // What a handler of these throws must not keep the rollback from happening.
          tell_of_rollback(&EventSubscriber::before_transaction_rollback, 0);
          co_await connection->rollback();
          tell_of_rollback(&EventSubscriber::after_transaction_rollback, 0);
        } else {
          co_await connection->rollback_to_savepoint(flush_savepoint);
        }
      } catch (...) {
        // The first error is the cause and the one to report; the pool discards a connection it can't clean.
      }
    }
    note_transaction_ended();
    unit_of_work::undo_journal(*this, journal_before);
    unit_of_work::restore_versions(*this, plan);
    unit_of_work::forget_told_sides(*this, plan.early_updates);
    unit_of_work::forget_told_sides(*this, plan.updates);
    std::rethrow_exception(error);
  }
  if (events) events->before_books();
  unit_of_work::close_books(*this, plan);
  if (own_transaction) journal_.clear();
  if (!events) co_return;
  events->after_books();
  events->succeed();
  if (own_transaction) fire_transaction_event(&EventSubscriber::after_transaction_commit, 0);
  events->after_flush();
}

Task<void> Manager::auto_flush(const query::ReadPlan& plan, FlushMode mode) {
  if (mode == FlushMode::commit || flushing_) co_return;
  bool wanted = has_replaced_collections();
  const RemovedAlong along(*this);
  if (mode == FlushMode::always) {
    wanted = unit_of_work::anything_to_flush(*this);
  } else {
    unit_of_work::apply_cascades(*this);
    unit_of_work::follow_inverse_sides(*this);
    for (const query::Source& source : plan.sources) {
      if (source.entity) {
        wanted = wanted || unit_of_work::anything_to_flush(*this, *source.entity) ||
                 unit_of_work::may_leave_orphans(*this, *source.entity);
      }
      if (source.pivot) wanted = wanted || unit_of_work::pivot_changed(*this, *source.pivot);
    }
  }
  if (wanted) co_await flush();
}

bool Manager::has_changes() {
  const RemovedAlong along(*this);
  return unit_of_work::anything_to_flush(*this);
}

}  // namespace kin::detail
