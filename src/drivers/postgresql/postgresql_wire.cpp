// SPDX-License-Identifier: MIT
#include "drivers/postgresql/postgresql_wire.hpp"

#include <kin/detail/codec.hpp>
#include <kin/error.hpp>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "sql/batch_errors.hpp"
#include "sql/postgresql_batches.hpp"

namespace kin::postgresql {
namespace {

// Rows that travel together. More of them gain nothing, and their answers wait in memory.
constexpr std::size_t pipelined_rows = 1000;
// Rows of one statement that takes arrays.
constexpr std::size_t array_rows = 10'000;
// Rows between two looks at the socket while a pipeline is filled.
constexpr std::size_t rows_between_flushes = 64;

bool is_ok(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
}

bool is_failure(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE || status == PGRES_NONFATAL_ERROR;
}

std::string_view sqlstate(const PGresult* result) {
  const char* const code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  return code == nullptr ? std::string_view() : std::string_view(code);
}

std::uint64_t changed_rows(const PGresult* result) {
  const std::string_view text = PQcmdTuples(const_cast<PGresult*>(result));
  std::uint64_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

/// A select reports its rows in the same place as an update, and changes none.
bool changes_rows(const PGresult* result) {
  const std::string_view tag = PQcmdStatus(const_cast<PGresult*>(result));
  return tag.starts_with("INSERT") || tag.starts_with("UPDATE") || tag.starts_with("DELETE") ||
         tag.starts_with("MERGE") || tag.starts_with("COPY");
}

[[noreturn]] void refuse(std::string message, const std::string& text) {
  ErrorDetails details;
  details.sql = text;
  throw ValidationError(fmt::format("{} [{}]", message, text), std::move(details));
}

std::string_view isolation_text(Isolation isolation) {
  switch (isolation) {
    case Isolation::unset:
      break;
    case Isolation::read_uncommitted:
      return " isolation level read uncommitted";
    case Isolation::read_committed:
      return " isolation level read committed";
    case Isolation::repeatable_read:
      return " isolation level repeatable read";
    case Isolation::serializable:
      return " isolation level serializable";
  }
  return "";
}

}  // namespace

// A batch whose rows are statements of their own.
struct PostgresqlWire::Rows {
  const std::string& text;
  const Statement& statement;
  driver::WriteBatch& batch;
  std::size_t parameters;
  bool may_miss;
  ErrorContext context;
};

PostgresqlWire::PostgresqlWire(std::unique_ptr<Session> session, std::size_t statement_cache_size)
    : session_(std::move(session)), statements_(statement_cache_size) {}

std::string PostgresqlWire::begin_text(const TransactionOptions& options) const {
  std::string text = "begin";
  text += isolation_text(options.isolation);
  if (options.read_only) text += " read only";
  return text;
}

Task<void> PostgresqlWire::begin(const TransactionOptions& options) {
  defer(begin_text(options));
  begins_ = true;
  co_return;
}

bool PostgresqlWire::in_transaction() const noexcept {
  if (session_->is_broken()) return false;
  return begins_ || PQtransactionStatus(session_->handle()) != PQTRANS_IDLE;
}

bool PostgresqlWire::is_alive() const noexcept {
  return !session_->is_broken() && !session_->has_unexpected_input();
}

// Rare: a transaction was left open. Waits in place, since whoever gives back a connection can't await.
bool PostgresqlWire::reset() noexcept {
  try {
    parameters_.trim();
    if (begins_) {
      std::erase_if(deferred_, [](const std::string& text) { return text.starts_with("begin"); });
      begins_ = false;
    }
    PGconn* const connection = session_->handle();
    if (session_->is_broken() || PQpipelineStatus(connection) != PQ_PIPELINE_OFF) return false;
    const PGTransactionStatusType status = PQtransactionStatus(connection);
    if (status == PQTRANS_IDLE) return true;
    if (status == PQTRANS_ACTIVE || status == PQTRANS_UNKNOWN) return false;
    detail::run_blocking(run_text("rollback"));
    return PQtransactionStatus(connection) == PQTRANS_IDLE;
  } catch (...) {
    return false;
  }
}

Task<void> PostgresqlWire::read(const std::string& text, std::span<const ValueView> parameters,
                                driver::RowSink& sink) {
  const ErrorContext context{text};
  const Result result = co_await run(text, parameters, context);
  pass_rows(result.get(), sink);
}

Task<std::uint64_t> PostgresqlWire::execute(const std::string& text, std::span<const ValueView> parameters,
                                            driver::RowSink* sink) {
  const ErrorContext context{text};
  // What gives no rows and takes no values is hardly ever worth a prepared statement: definitions,
  // savepoints, commit.
  Result result;
  if (parameters.empty() && sink == nullptr) {
    result = co_await run_text(text);
  } else {
    result = co_await run(text, parameters, context);
  }
  if (sink != nullptr) {
    tell_columns(result.get(), *sink);
    pass_rows(result.get(), *sink);
  }
  co_return changes_rows(result.get()) ? changed_rows(result.get()) : 0;
}

Task<void> PostgresqlWire::write(const std::string& text, driver::WriteBatch& batch) {
  if (batch.operation == driver::Operation::reserve_keys) return reserve_keys(text, batch);
  if (sql::takes_arrays(batch)) return write_arrays(text, batch);
  return write_rows(text, batch);
}

// --- one statement ---

// A pointer to what is kept: nothing else is prepared before the statement has run.
Task<const Statement*> PostgresqlWire::prepare(const std::string& text, const ErrorContext& context) {
  PGconn* const connection = session_->handle();
  Statement statement;
  statement.name = statements_.next_name();
  enter_pipeline(context);
  session_->check_sent(PQsendPrepare(connection, statement.name.c_str(), text.c_str(), 0, nullptr), context);
  session_->check_sent(PQsendDescribePrepared(connection, statement.name.c_str()), context);
  const Result described = co_await finish_pipeline(2, context);
  if (!is_ok(described.get())) throw_result(described.get(), context);
  const int parameters = PQnparams(described.get());
  for (int i = 0; i < parameters; ++i) statement.parameter_types.push_back(PQparamtype(described.get(), i));
  const int columns = PQnfields(described.get());
  for (int i = 0; i < columns; ++i)
    statement.binary_result =
        statement.binary_result && CellReader::reads_binary(PQftype(described.get(), i));
  if (const std::string evicted = statements_.insert(text, statement); !evicted.empty())
    defer(fmt::format("deallocate {}", evicted));
  co_return statements_.find(text);
}

// When a table has changed, so have the types of a statement's result, and the server refuses to run what it
// has prepared. It is prepared once more, unless the refusal has spoiled a transaction.
bool PostgresqlWire::is_stale(const PGresult* result, const std::string& text) {
  const std::string_view code = sqlstate(result);
  const bool stale = code == "26000" ||
                     (code == "0A000" && std::strstr(PQresultErrorMessage(result), "cached plan") != nullptr);
  if (stale) statements_.erase(text);
  return stale && !in_transaction();
}

Task<Result> PostgresqlWire::run(const std::string& text, std::span<const ValueView> parameters,
                                 const ErrorContext& context) {
  for (bool again = true;; again = false) {
    const Statement* statement = statements_.find(text);
    if (statement == nullptr) statement = co_await prepare(text, context);
    bind(*statement, parameters, text);
    Result result = co_await run_prepared(*statement, context);
    if (is_ok(result.get())) co_return result;
    const bool stale = is_stale(result.get(), text);
    if (!stale || !again) throw_result(result.get(), context);
  }
}

void PostgresqlWire::bind(const Statement& statement, std::span<const ValueView> parameters,
                          const std::string& text) {
  if (parameters.size() != statement.parameter_types.size())
    refuse(fmt::format("the statement has {} parameters, but {} values are given",
                       statement.parameter_types.size(), parameters.size()),
           text);
  parameters_.clear();
  try {
    for (std::size_t i = 0; i < parameters.size(); ++i)
      parameters_.add(parameters[i], statement.parameter_types[i]);
  } catch (const detail::ConversionError& error) {
    refuse(fmt::format("parameter {}: {}", parameters_.count() + 1, error.reason), text);
  }
}

void PostgresqlWire::send(const Statement& statement, const ErrorContext& context) {
  const int outcome = PQsendQueryPrepared(session_->handle(), statement.name.c_str(), parameters_.count(),
                                          parameters_.values(), parameters_.lengths(), parameters_.formats(),
                                          statement.binary_result ? 1 : 0);
  session_->check_sent(outcome, context);
}

void PostgresqlWire::send_text(const std::string& text, const ErrorContext& context) {
  const int outcome =
      PQsendQueryParams(session_->handle(), text.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0);
  session_->check_sent(outcome, context);
}

// Returns the result, which may be a failure of this statement; throws that of a deferred one.
Task<Result> PostgresqlWire::run_prepared(const Statement& statement, const ErrorContext& context) {
  if (deferred_.empty()) {
    send(statement, context);
    return run_alone(context);
  }
  enter_pipeline(context);
  send(statement, context);
  return finish_pipeline(1, context);
}

Task<Result> PostgresqlWire::run_alone(const ErrorContext& context) {
  if (session_->has_output()) co_await session_->flush(context);
  Result result = co_await session_->next_result(context);
  for (;;) {
    if (session_->has_ended()) co_return result;
    const Result more = co_await session_->next_result(context);
    if (!more) co_return result;
    const ExecStatusType status = PQresultStatus(more.get());
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH)
      throw UnsupportedError("kin's connections can't copy from or to a client");
  }
}

Task<Result> PostgresqlWire::run_text(const std::string& text) {
  const ErrorContext context{text};
  Result result;
  if (deferred_.empty()) {
    send_text(text, context);
    result = co_await run_alone(context);
  } else {
    enter_pipeline(context);
    send_text(text, context);
    result = co_await finish_pipeline(1, context);
  }
  if (!is_ok(result.get())) throw_result(result.get(), context);
  if (text == "commit" && std::strcmp(PQcmdStatus(result.get()), "ROLLBACK") == 0) {
    ErrorDetails details;
    details.sql = text;
    throw TransactionStateError(
        "a statement of the transaction had failed, so the server rolled it back instead of committing it",
        std::move(details));
  }
  co_return result;
}

// --- pipelines ---

void PostgresqlWire::enter_pipeline(const ErrorContext& context) {
  session_->check_sent(PQenterPipelineMode(session_->handle()), context);
  for (const std::string& text : deferred_) send_text(text, context);
}

// Ends a pipeline of the deferred statements and then so many more; the result of the last one, or of the
// first that failed. A failed deferred one throws.
Task<Result> PostgresqlWire::finish_pipeline(std::size_t statements, const ErrorContext& context) {
  PGconn* const connection = session_->handle();
  session_->check_sent(PQpipelineSync(connection), context);
  co_await session_->flush(context);
  const std::vector<std::string> deferred = std::exchange(deferred_, {});
  begins_ = false;
  Result failure;
  std::size_t failed = 0;
  Result last;
  for (std::size_t i = 0; i < deferred.size() + statements; ++i) {
    for (;;) {
      Result result = co_await session_->next_result(context);
      if (!result) break;
      if (!failure && is_failure(result.get())) {
        failure = std::move(result);
        failed = i;
      } else {
        last = std::move(result);
      }
    }
  }
  const Result sync = co_await session_->next_result(context);
  session_->check_sent(PQexitPipelineMode(connection), context);
  if (failure && failed < deferred.size()) {
    const ErrorContext of_deferred{deferred[failed]};
    throw_result(failure.get(), of_deferred);
  }
  co_return failure ? std::move(failure) : std::move(last);
}

// --- batches ---

Task<void> PostgresqlWire::reserve_keys(const std::string& text, driver::WriteBatch& batch) {
  const ErrorContext context{text, &batch};
  const ValueView count = ValueView::integer(static_cast<std::int64_t>(batch.row_count()));
  const std::span<const ValueView> parameters(&count, 1);
  const Result result = co_await run(text, parameters, context);
  const Column& key = *batch.returning.front();
  if (static_cast<std::size_t>(PQntuples(result.get())) != batch.row_count() ||
      PQgetisnull(result.get(), 0, 0) != 0) {
    ErrorDetails details;
    details.entity = batch.entity->name;
    details.property = key.property->name;
    details.sql = text;
    throw DriverError(fmt::format("{}.{}: the column {}.{} has no sequence to take keys from; make it an "
                                  "identity column or serial, "
                                  "or give new entities their keys",
                                  details.entity, details.property, batch.entity->table, key.name),
                      std::move(details));
  }
  for (std::size_t row = 0; row < batch.row_count(); ++row)
    batch.store(row, key, cells_.read(result.get(), static_cast<int>(row))[0]);
}

Task<void> PostgresqlWire::write_arrays(const std::string& text, driver::WriteBatch& batch) {
  const ErrorContext context{text, &batch};
  const Statement* statement = statements_.find(text);
  if (statement == nullptr) statement = co_await prepare(text, context);
  const std::size_t parameters = batch.parameters_per_row();
  for (std::size_t begin = 0; begin < batch.row_count(); begin += array_rows) {
    const std::size_t end = std::min(begin + array_rows, batch.row_count());
    parameters_.clear();
    for (std::size_t i = 0; i < parameters; ++i) {
      try {
        parameters_.add_array(batch, begin, end, i, statement->parameter_types[i]);
      } catch (const detail::ConversionError& error) {
        sql::refuse_in_batch(batch, i, error.reason, text);
      }
    }
    const Result result = co_await run_prepared(*statement, context);
    if (is_ok(result.get())) continue;
    is_stale(result.get(), text);
    throw_result(result.get(), context);
  }
}

Task<void> PostgresqlWire::write_rows(const std::string& text, driver::WriteBatch& batch) {
  const ErrorContext context{text, &batch};
  const Statement* statement = statements_.find(text);
  if (statement == nullptr) statement = co_await prepare(text, context);
  Rows rows{text, *statement, batch, batch.parameters_per_row(), false, context};
  rows.may_miss =
      batch.operation == driver::Operation::update || batch.operation == driver::Operation::remove;
  for (std::size_t begin = 0; begin < batch.row_count(); begin += pipelined_rows)
    co_await write_some_rows(rows, begin, std::min(begin + pipelined_rows, batch.row_count()));
}

Task<void> PostgresqlWire::write_some_rows(Rows& rows, std::size_t begin, std::size_t end) {
  PGconn* const connection = session_->handle();
  const ErrorContext context = rows.context;
  enter_pipeline(context);
  std::size_t sent = 0;
  std::size_t refused = 0;
  std::string reason;
  for (std::size_t row = begin; row < end && reason.empty(); ++row) {
    parameters_.clear();
    try {
      for (refused = 0; refused < rows.parameters; ++refused) {
        Scratch scratch;
        parameters_.add(rows.batch.parameter(row, refused, scratch), rows.statement.parameter_types[refused]);
      }
    } catch (const detail::ConversionError& error) {
      reason = error.reason.empty() ? "the value can't be sent" : error.reason;
      break;
    }
    send(rows.statement, context);
    if (++sent % rows_between_flushes == 0) co_await session_->flush(context);
  }

  session_->check_sent(PQpipelineSync(connection), context);
  co_await session_->flush(context);
  const std::vector<std::string> deferred = std::exchange(deferred_, {});
  begins_ = false;
  Result failure;
  ErrorContext failed = context;
  std::exception_ptr error;  // of storing what was read back
  for (std::size_t i = 0; i < deferred.size() + sent; ++i) {
    for (;;) {
      Result result = co_await session_->next_result(context);
      if (!result) break;
      if (!failure && is_failure(result.get())) {
        failure = std::move(result);
        if (i >= deferred.size()) failed.row = begin + i - deferred.size();
      }
      if (failure || i < deferred.size() || error) continue;
      try {
        store_row(rows, begin + i - deferred.size(), result.get());
      } catch (...) {
        error = std::current_exception();
      }
    }
  }
  const Result sync = co_await session_->next_result(context);
  session_->check_sent(PQexitPipelineMode(connection), context);
  if (failure) {
    is_stale(failure.get(), rows.text);
    throw_result(failure.get(), failed);
  }
  if (error) std::rethrow_exception(error);
  if (!reason.empty()) sql::refuse_in_batch(rows.batch, refused, reason, rows.text);
}

void PostgresqlWire::store_row(Rows& rows, std::size_t row, const PGresult* result) {
  if (rows.may_miss && changed_rows(result) == 0) rows.batch.missed(row);
  if (PQntuples(result) == 0) return;
  const ValueView* const cells = cells_.read(result, 0);
  for (std::size_t i = 0; i < rows.batch.returning.size(); ++i)
    rows.batch.store(row, *rows.batch.returning[i], cells[i]);
}

// --- rows ---

void PostgresqlWire::pass_rows(const PGresult* result, driver::RowSink& sink) {
  const int count = PQntuples(result);
  for (int row = 0; row < count; ++row) sink.row(cells_.read(result, row));
}

void PostgresqlWire::tell_columns(const PGresult* result, driver::RowSink& sink) {
  const int count = PQnfields(result);
  if (count == 0) return;
  std::vector<std::string_view> names;
  for (int column = 0; column < count; ++column) names.emplace_back(PQfname(result, column));
  sink.columns(names);
}

}  // namespace kin::postgresql
