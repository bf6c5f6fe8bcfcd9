// SPDX-License-Identifier: MIT
#include "drivers/sqlite/sqlite_wire.hpp"

#include <fmt/format.h>
#include <sqlite3.h>
#include <kin/detail/codec.hpp>
#include <kin/error.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

#include "drivers/sqlite/sqlite_cells.hpp"
#include "drivers/sqlite/sqlite_errors.hpp"
#include "sql/wire_errors.hpp"

namespace kin::sqlite {
namespace {

constexpr std::size_t largest_kept_scratch = 4096;

void check(int code, const StatementUse& statement, const ErrorContext& context) {
  if (code != SQLITE_OK) throw_error(sqlite3_db_handle(statement.handle()), code, context);
}

void check_count(std::size_t parameters, const StatementUse& statement, const std::string& text) {
  sql::check_value_count(statement.parameter_count(), parameters, text);
}

// The column that gets the row's number after an insert: the generated key, which the statement's own result
// leaves out because the row's number is at hand.
const Column* key_from_rowid(const driver::WriteBatch& batch, std::size_t returned) {
  if (batch.operation != driver::Operation::insert || batch.returning.size() <= returned) return nullptr;
  return batch.returning.front();
}

}  // namespace

// A batch on its way into the database.
struct SqliteWire::Writing {
  const StatementUse& statement;
  driver::WriteBatch& batch;
  const std::string& text;
  std::size_t parameters;
  std::size_t
      returned;  // columns of the statement's result: all of batch.returning, or all but the key in front
  const Column* key;  // to be stored from the row's number
  bool may_miss;
};

SqliteWire::SqliteWire(Database database, async::ThreadPool& threads, std::size_t statement_cache_size)
    : database_(std::move(database)), threads_(threads), statements_(database_.get(), statement_cache_size) {}

Task<void> SqliteWire::read(const std::string& text, std::span<const ValueView> parameters,
                            driver::RowSink& sink) {
  auto work = [this, &text, parameters, &sink] { read_now(text, parameters, sink); };
  co_await async::offload(threads_, work);
}

Task<void> SqliteWire::write(const std::string& text, driver::WriteBatch& batch) {
  auto work = [this, &text, &batch] { write_now(text, batch); };
  co_await async::offload(threads_, work);
}

Task<std::uint64_t> SqliteWire::execute(const std::string& text, std::span<const ValueView> parameters,
                                        driver::RowSink* sink) {
  auto work = [this, &text, parameters, sink] { return execute_now(text, parameters, sink); };
  co_return co_await async::offload(threads_, work);
}

std::string SqliteWire::begin_text(const TransactionOptions& options) const {
  return options.read_only ? "begin deferred" : "begin immediate";
}

Task<void> SqliteWire::begin(const TransactionOptions& options) {
  auto work = [this, &options] {
    read_only_ = false;  // of an earlier transaction, or `begin immediate` were refused
    execute_now(begin_text(options), std::span<const ValueView>(), nullptr);
    read_only_ = options.read_only;
  };
  co_await async::offload(threads_, work);
}

bool SqliteWire::in_transaction() const noexcept { return sqlite3_get_autocommit(database_.get()) == 0; }

bool SqliteWire::reset(bool touched) noexcept {
  if (touched) return false;
  read_only_ = false;
  for (Slot& slot : slots_) {
    if (slot.scratch.large.capacity() > largest_kept_scratch) std::string().swap(slot.scratch.large);
  }
  return !in_transaction() ||
         sqlite3_exec(database_.get(), "rollback", nullptr, nullptr, nullptr) == SQLITE_OK;
}

Task<void> SqliteWire::renew() { co_return; }

void SqliteWire::read_now(const std::string& text, std::span<const ValueView> parameters,
                          driver::RowSink& sink) {
  const StatementUse statement(statements_, text);
  bind(statement, text, parameters);
  const int code = pass_rows(statement, sqlite3_step(statement.handle()), sink);
  if (code != SQLITE_DONE) throw_error(database_.get(), code, ErrorContext{text});
}

std::uint64_t SqliteWire::execute_now(const std::string& text, std::span<const ValueView> parameters,
                                      driver::RowSink* sink) {
  const StatementUse statement(statements_, text);
  admit(statement, text);
  bind(statement, text, parameters);
  // sqlite3_changes64() still tells of an earlier statement when this one is none that changes rows.
  const sqlite3_int64 before = sqlite3_total_changes64(database_.get());
  // The columns are asked for after the first step, which prepares the statement anew when the schema has
  // changed.
  int code = sqlite3_step(statement.handle());
  if (sink != nullptr) {
    if (code == SQLITE_ROW || code == SQLITE_DONE) tell_columns(statement, *sink);
    code = pass_rows(statement, code, *sink);
  }
  while (code == SQLITE_ROW) code = sqlite3_step(statement.handle());
  if (code != SQLITE_DONE) throw_error(database_.get(), code, ErrorContext{text});
  if (sqlite3_total_changes64(database_.get()) == before) return 0;
  return static_cast<std::uint64_t>(sqlite3_changes64(database_.get()));
}

void SqliteWire::write_now(const std::string& text, driver::WriteBatch& batch) {
  const StatementUse statement(statements_, text);
  admit(statement, text);
  const std::size_t parameters = batch.parameters_per_row();
  check_count(parameters, statement, text);
  if (slots_.size() < parameters) slots_.resize(parameters);
  const auto returned = static_cast<std::size_t>(sqlite3_column_count(statement.handle()));
  const bool may_miss =
      batch.operation == driver::Operation::update || batch.operation == driver::Operation::remove;
  const Writing writing{statement, batch, text, parameters, returned, key_from_rowid(batch, returned),
                        may_miss};
  for (std::size_t row = 0; row < batch.row_count(); ++row) {
    bind_row(writing, row);
    run_row(writing, row);
  }
}

void SqliteWire::admit(const StatementUse& statement, const std::string& text) {
  if (!read_only_ || statement.is_read_only()) return;
  if (!in_transaction()) {
    read_only_ = false;
    return;
  }
  ErrorDetails details;
  details.sql = text;
  throw ReadOnlyError(fmt::format("the transaction was begun as read-only [{}]", text), std::move(details));
}

void SqliteWire::bind(const StatementUse& statement, const std::string& text,
                      std::span<const ValueView> parameters) {
  check_count(parameters.size(), statement, text);
  if (texts_.size() < parameters.size()) texts_.resize(parameters.size());
  try {
    for (std::size_t index = 0; index < parameters.size(); ++index) {
      const int number = static_cast<int>(index) + 1;
      const int code = bind_value(statement.handle(), number, parameters[index], texts_[index]);
      check(code, statement, ErrorContext{text});
    }
  } catch (const kin::detail::ConversionError& error) {
    sql::refuse(error.reason, text);
  }
}

void SqliteWire::bind_row(const Writing& writing, std::size_t row) {
  std::size_t index = 0;
  try {
    for (; index < writing.parameters; ++index) {
      Slot& slot = slots_[index];
      const ValueView value = writing.batch.parameter(row, index, slot.scratch);
      const int code = bind_value(writing.statement.handle(), static_cast<int>(index) + 1, value, slot.text);
      if (code != SQLITE_OK) fail_row(writing, row, code);
    }
  } catch (const kin::detail::ConversionError& error) {
    sql::refuse_in_batch(writing.batch, row, index, error.reason, writing.text);
  }
}

void SqliteWire::run_row(const Writing& writing, std::size_t row) {
  sqlite3_stmt* const handle = writing.statement.handle();
  int code = sqlite3_step(handle);
  while (code == SQLITE_ROW) {
    store_row(writing, row);
    code = sqlite3_step(handle);
  }
  if (code != SQLITE_DONE) fail_row(writing, row, code);
  if (writing.may_miss && sqlite3_changes(database_.get()) == 0) writing.batch.missed(row);
  if (writing.key != nullptr) {
    writing.batch.store(row, *writing.key, ValueView::integer(sqlite3_last_insert_rowid(database_.get())));
  }
  sqlite3_reset(handle);
}

void SqliteWire::fail_row(const Writing& writing, std::size_t row, int code) {
  ErrorContext context{writing.text, &sql::entity_of(writing.batch)};
  context.row = writing.batch.row_in_words(row);
  throw_error(database_.get(), code, context);
}

void SqliteWire::store_row(const Writing& writing, std::size_t row) {
  if (cells_.size() < writing.returned) cells_.resize(writing.returned);
  read_cells(writing.statement.handle(), cells_.data(), writing.returned);
  if (writing.batch.operation == driver::Operation::upsert) return writing.batch.returned->row(cells_.data());
  const std::size_t left_out = writing.batch.returning.size() - writing.returned;
  for (std::size_t index = 0; index < writing.returned; ++index) {
    writing.batch.store(row, *writing.batch.returning[left_out + index], cells_[index]);
  }
}

// Goes on after a step that returned `code`; returns the last step's code.
int SqliteWire::pass_rows(const StatementUse& statement, int code, driver::RowSink& sink) {
  if (code != SQLITE_ROW) return code;
  sqlite3_stmt* const handle = statement.handle();
  const auto count = static_cast<std::size_t>(sqlite3_column_count(handle));
  if (cells_.size() < count) cells_.resize(count);
  do {
    read_cells(handle, cells_.data(), count);
    sink.row(cells_.data());
    code = sqlite3_step(handle);
  } while (code == SQLITE_ROW);
  return code;
}

void SqliteWire::tell_columns(const StatementUse& statement, driver::RowSink& sink) {
  const int count = sqlite3_column_count(statement.handle());
  if (count == 0) return;
  std::vector<std::string_view> names;
  names.reserve(static_cast<std::size_t>(count));
  for (int index = 0; index < count; ++index)
    names.emplace_back(sqlite3_column_name(statement.handle(), index));
  sink.columns(names);
}

}  // namespace kin::sqlite
