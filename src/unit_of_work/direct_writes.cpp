// SPDX-License-Identifier: MIT
// insert: rows that are written at once, past the identity map.
#include <exception>
#include <utility>

#include "unit_of_work/drafts.hpp"
#include "unit_of_work/flush_plan.hpp"

namespace kin::detail {

using driver::Operation;
using driver::WriteBatch;
using unit_of_work::ColumnMask;

namespace {

constexpr int direct_savepoint = 1001;  // beside that of a flush

/// Begins what keeps several rows together; ends it one way or the other.
Task<void> open(driver::Connection& connection, bool own_transaction) {
  if (!own_transaction) co_return co_await connection.savepoint(direct_savepoint);
  const TransactionOptions options;
  co_await connection.begin(options);
}
Task<void> close(driver::Connection& connection, bool own_transaction) {
  return own_transaction ? connection.commit() : connection.release_savepoint(direct_savepoint);
}
Task<void> undo(driver::Connection& connection, bool own_transaction) {
  return own_transaction ? connection.rollback() : connection.rollback_to_savepoint(direct_savepoint);
}

/// Rows that write the same columns share a batch.
std::vector<WriteBatch> insert_batches(Drafts::Data& drafts) {
  const EntityMetadata& entity = drafts.entity;
  const unit_of_work::EntityRuntime& runtime = drafts.manager.runtime(entity);
  std::vector<WriteBatch> batches;
  std::vector<ColumnMask> shapes;
  for (EntityState* state : drafts.states) {
    const ColumnMask mask = unit_of_work::insert_columns(runtime, *state);
    std::size_t at = 0;
    while (at < shapes.size() && !(shapes[at] == mask)) ++at;
    if (at == shapes.size()) {
      shapes.push_back(mask);
      WriteBatch& batch = batches.emplace_back();
      batch.entity = &entity;
      for (const Column& column : entity.columns)
        if (mask.has(column.index)) batch.columns.push_back(&column);
      if (entity.generated_key && !mask.has(entity.generated_key->index))
        batch.returning.push_back(entity.generated_key);
    }
    batches[at].rows.push_back(state);
  }
  return batches;
}

/// Where keys can be had before the rows, many rows are one statement that returns nothing.
std::vector<WriteBatch> with_reserved_keys(std::vector<WriteBatch> batches) {
  std::vector<WriteBatch> all;
  for (WriteBatch& batch : batches) {
    if (!batch.returning.empty() && batch.rows.size() > 1) {
      WriteBatch& keys = all.emplace_back();
      keys.operation = Operation::reserve_keys;
      keys.entity = batch.entity;
      keys.returning = std::exchange(batch.returning, {});
      keys.rows = batch.rows;
      batch.columns.insert(batch.columns.begin(), keys.returning.front());
    }
    all.push_back(std::move(batch));
  }
  return all;
}

}  // namespace

Task<void> Manager::write_directly(std::span<WriteBatch> batches) {
  driver::Loan loan;
  driver::Connection* connection = co_await this->connection(loan);
  const bool is_one_row = batches.size() == 1 && batches.front().row_count() == 1;
  const bool own_transaction = transaction_level() == 0;
  std::exception_ptr error;
  bool opened = false;
  try {
    if (!is_one_row) {
      co_await open(*connection, own_transaction);
      opened = true;
    }
    for (WriteBatch& batch : batches) co_await connection->write(batch);
    if (opened) co_await close(*connection, own_transaction);
  } catch (...) {
    error = std::current_exception();
  }
  if (!error) co_return;
  if (opened && !connection->transaction_lost()) {
    try {
      co_await undo(*connection, own_transaction);
    } catch (...) {
      // The first error is the cause and the one to report; the pool discards a connection it can't clean.
    }
  }
  note_transaction_ended();
  std::rethrow_exception(error);
}

Task<void> Manager::insert(Drafts& drafts) {
  if (drafts.size() == 0) co_return;
  prepare_drafts(drafts.data(), "insert");
  std::vector<WriteBatch> batches = insert_batches(drafts.data());
  if (core_->driver->capabilities().reserves_keys) batches = with_reserved_keys(std::move(batches));
  co_await write_directly(batches);
}

void insert_blocking(Manager& manager, Drafts& drafts) {
  const UseGuard guard(manager);
  run_blocking(manager.insert(drafts));
}
Task<void> insert_task(Manager& manager, Drafts& drafts) {
  const UseGuard guard(manager);
  co_await manager.insert(drafts);
}

}  // namespace kin::detail
