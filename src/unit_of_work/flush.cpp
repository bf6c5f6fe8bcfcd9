// SPDX-License-Identifier: MIT
// The writing half of a flush: one transaction, batches in the order of the plan, then the manager's books.
#include <kin/error.hpp>

#include <algorithm>
#include <exception>

#include <fmt/format.h>
#include <boost/unordered/unordered_flat_map.hpp>

#include "unit_of_work/books.hpp"
#include "unit_of_work/entity_runtime.hpp"
#include "unit_of_work/flush_plan.hpp"
#include "unit_of_work/key.hpp"
#include "unit_of_work/manager.hpp"

namespace kin::detail {

using driver::Operation;
using driver::WriteBatch;
using unit_of_work::ChangeSet;
using unit_of_work::ColumnMask;
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
  batch.operation = operation;
  batch.entity = &entity;
  if (operation != Operation::remove) {
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

[[noreturn]] void throw_missed(const WriteBatch& batch) {
  const EntityState& state = *batch.rows[batch.missed_rows().front()];
  const std::string& entity = state.metadata->name;
  throw OptimisticLockError(
      fmt::format("{} was changed or deleted by someone else since it was read; refresh() it and try again",
                  unit_of_work::describe(state)),
      ErrorDetails{.entity = entity});
}

/// Rows that were updated but are gone, or of another version, are an error; a row that is to be deleted may
/// be gone.
void check_missed(const WriteBatch& batch) {
  if (batch.missed_rows().empty()) return;
  if (batch.operation == Operation::update || batch.checks_values()) throw_missed(batch);
}

Task<void> write_changes(driver::Connection& connection, Operation operation,
                         std::span<const ChangeSet> changes, bool keep_order) {
  const Expected expected = operation == Operation::insert ? nothing_expected : expected_values;
  std::vector<WriteBatch> batches = batches_of(operation, changes, keep_order, expected);
  for (WriteBatch& batch : batches) {
    co_await connection.write(batch);
    check_missed(batch);
  }
}

/// Rows that this flush has written before: their version was checked then, and has moved on.
Task<void> write_again(driver::Connection& connection, std::span<const ChangeSet> changes) {
  std::vector<WriteBatch> batches = batches_of(Operation::update, changes, false, nothing_expected);
  for (WriteBatch& batch : batches) {
    co_await connection.write(batch);
    check_missed(batch);
  }
}

Task<void> write_nulls(driver::Connection& connection, std::span<const ChangeSet> changes) {
  std::vector<WriteBatch> batches = batches_of(Operation::update, changes, false, expected_before_nulls);
  for (WriteBatch& batch : batches) {
    batch.write_nulls = true;
    batch.returning.clear();
    co_await connection.write(batch);
    if (batch.checks_values()) check_missed(batch);
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

Task<void> write_plan(driver::Connection& connection, FlushPlan& plan, const driver::Capabilities& capabilities) {
  const bool sequential = capabilities.sequential_batches;
  if (capabilities.reserves_keys) co_await reserve_keys(connection, plan);
  if (!plan.releases.empty()) co_await write_nulls(connection, plan.releases);
  if (!plan.early_deletes.empty()) co_await write_changes(connection, Operation::remove, plan.early_deletes, true);
  const bool ordered = plan.ordered_updates;
  if (!plan.early_updates.empty())
    co_await write_changes(connection, Operation::update, plan.early_updates, ordered);
  if (!plan.inserts.empty()) co_await write_inserts(connection, plan, sequential);
  if (!plan.updates.empty()) co_await write_changes(connection, Operation::update, plan.updates, ordered);
  if (!plan.extra_updates.empty()) co_await write_again(connection, plan.extra_updates);
  if (!plan.pivot_removes.empty()) co_await write_pivots(connection, Operation::pivot_remove, plan.pivot_removes);
  if (!plan.pivot_inserts.empty()) co_await write_pivots(connection, Operation::pivot_insert, plan.pivot_inserts);
  if (!plan.null_references.empty()) co_await write_nulls(connection, plan.null_references);
  if (!plan.deletes.empty()) co_await write_changes(connection, Operation::remove, plan.deletes, true);
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

constexpr int flush_savepoint = 1000;

}  // namespace

Task<void> Manager::flush() {
  const FlushingMark mark(flushing_);
  co_await settle_collections();
  FlushPlan plan = unit_of_work::make_flush_plan(*this);
  if (plan.empty()) {
    unit_of_work::tidy_collections(*this);
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
      co_await connection->begin(options);
    } else {
      co_await connection->savepoint(flush_savepoint);
    }
    opened = true;
    co_await write_plan(*connection, plan, core_->driver->capabilities());
    if (own_transaction) {
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
          co_await connection->rollback();
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
    std::rethrow_exception(error);
  }
  unit_of_work::close_books(*this, plan);
  if (own_transaction) journal_.clear();
}

Task<void> Manager::auto_flush(const query::ReadPlan& plan, FlushMode mode) {
  if (mode == FlushMode::commit || flushing_) co_return;
  bool wanted = has_replaced_collections();
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

bool Manager::has_changes() { return unit_of_work::anything_to_flush(*this); }

}  // namespace kin::detail
