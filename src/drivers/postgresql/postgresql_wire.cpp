// SPDX-License-Identifier: MIT
#include "drivers/postgresql/postgresql_wire.hpp"

#include <kin/detail/codec.hpp>
#include <kin/error.hpp>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "sql/dialect.hpp"
#include "sql/postgresql_batches.hpp"
#include "sql/rows_by_key.hpp"
#include "sql/wire_errors.hpp"

namespace kin::postgresql {
namespace {

// Rows that travel together. More of them gain nothing, and their answers wait in memory.
constexpr std::size_t pipelined_rows = 1000;
// Rows of one statement that takes arrays.
constexpr std::size_t array_rows = 10'000;
// Rows between two looks at the socket while a pipeline is filled.
constexpr std::size_t rows_between_flushes = 64;

constexpr std::string_view session_settings = "set time zone 'UTC'";
// As `discard all`, but the prepared statements stay.
constexpr std::string_view renewal =
    "close all; set session authorization default; reset role; reset all; unlisten *; discard temp; "
    "discard sequences; select pg_advisory_unlock_all(); set time zone 'UTC'";

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

bool begins_with_prepare(std::string_view text) {
  constexpr std::string_view verb = "prepare";
  text.remove_prefix(std::min(text.find_first_not_of(" \n\t"), text.size()));
  const auto same = [](char a, char b) { return a == b || a == b - 'A' + 'a'; };
  return text.size() > verb.size() && std::ranges::equal(verb, text.substr(0, verb.size()), same);
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

PostgresqlWire::PostgresqlWire(std::unique_ptr<Session> session, std::size_t statement_cache_size,
                               std::vector<std::string> on_connect)
    : session_(std::move(session)), on_connect_(std::move(on_connect)), statements_(statement_cache_size) {}

Task<void> PostgresqlWire::begin_session() {
  (void)co_await run_text(std::string(session_settings));
  for (const std::string& statement : on_connect_) (void)co_await run_text(statement);
}

std::string PostgresqlWire::begin_text(const TransactionOptions& options) const {
  std::string text = "begin";
  text += isolation_text(options.isolation);
  if (options.read_only) text += " read only";
  if (options.deferrable) text += " deferrable";
  return text;
}

Task<void> PostgresqlWire::begin(const TransactionOptions& options) {
  begin_ = begin_text(options);
  co_return;
}

bool PostgresqlWire::in_transaction() const noexcept {
  if (!is_usable()) return false;
  return !begin_.empty() || PQtransactionStatus(session_->handle()) != PQTRANS_IDLE;
}

// An open pipeline was left in the middle, by an error of the connection or a task that was destroyed.
bool PostgresqlWire::is_usable() const noexcept {
  return !session_->is_broken() && PQpipelineStatus(session_->handle()) == PQ_PIPELINE_OFF;
}

// While a session is being renewed there is input that was asked for; that it broke will show when it is
// read.
bool PostgresqlWire::is_alive() const noexcept {
  return is_usable() && (renewing_ || !session_->has_unexpected_input());
}

bool PostgresqlWire::reset(bool touched) noexcept {
  try {
    parameters_.trim();
    begin_.clear();
    return is_usable() && roll_back() && (!touched || send_renewal());
  } catch (...) {
    return false;
  }
}

// Rare: a transaction was left open. Waits in place, since whoever gives back a connection can't await.
bool PostgresqlWire::roll_back() {
  PGconn* const connection = session_->handle();
  const PGTransactionStatusType status = PQtransactionStatus(connection);
  if (status == PQTRANS_IDLE) return true;
  if (status == PQTRANS_ACTIVE || status == PQTRANS_UNKNOWN) return false;
  detail::run_blocking(run_text("rollback"));
  return PQtransactionStatus(connection) == PQTRANS_IDLE;
}

// Goes at once, so that nobody waits for a lock that was left; the answers are read when the connection is
// wanted again.
bool PostgresqlWire::send_renewal() {
  std::string text(renewal);
  if (std::exchange(user_prepared_, false)) {
    statements_.clear();
    deallocations_.clear();
    text += "; deallocate all";
  }
  renewing_ = PQsendQuery(session_->handle(), text.c_str()) == 1 && PQflush(session_->handle()) >= 0;
  return renewing_;
}

Task<void> PostgresqlWire::renew() {
  const std::string text(renewal);
  const ErrorContext context{text};
  co_await session_->flush(context);
  Result failure;
  for (;;) {
    Result result = co_await session_->next_result(context);
    if (!result) break;
    if (!is_ok(result.get())) failure = std::move(result);
  }
  renewing_ = false;
  if (failure) throw_result(failure.get(), context);
  for (const std::string& statement : on_connect_) (void)co_await run_text(statement);
}

Task<void> PostgresqlWire::read(const std::string& text, std::span<const ValueView> parameters,
                                driver::RowSink& sink) {
  const ErrorContext context{text};
  const Result result = co_await run(text, parameters, context);
  pass_rows(result.get(), sink);
}

Task<void> PostgresqlWire::read_arrays(const std::string& text, std::span<const ValueView> values,
                                       std::span<const std::uint32_t> arrays, driver::RowSink& sink) {
  const ErrorContext context{text};
  const Result result = co_await run(text, values, context, arrays);
  pass_rows(result.get(), sink);
}

Task<std::uint64_t> PostgresqlWire::execute(const std::string& text, std::span<const ValueView> parameters,
                                            driver::RowSink* sink) {
  const ErrorContext context{text};
  user_prepared_ = user_prepared_ || begins_with_prepare(text);
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
  const Answers answers = co_await finish_pipeline(2, context, nullptr);
  if (answers.failure) throw_result(answers.failure.get(), context);
  const Result& described = answers.last;
  const int parameters = PQnparams(described.get());
  for (int i = 0; i < parameters; ++i) statement.parameter_types.push_back(PQparamtype(described.get(), i));
  const int columns = PQnfields(described.get());
  for (int i = 0; i < columns; ++i)
    statement.binary_result =
        statement.binary_result && CellReader::reads_binary(PQftype(described.get(), i));
  if (const std::string evicted = statements_.insert(text, statement); !evicted.empty())
    deallocations_.push_back(fmt::format("deallocate {}", evicted));
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
                                 const ErrorContext& context, std::span<const std::uint32_t> arrays) {
  for (bool again = true;; again = false) {
    const Statement* statement = statements_.find(text);
    if (statement == nullptr) statement = co_await prepare(text, context);
    bind(*statement, parameters, arrays, text);
    Result result = co_await run_prepared(*statement, context);
    if (is_ok(result.get())) co_return result;
    const bool stale = is_stale(result.get(), text);
    if (!stale || !again) throw_result(result.get(), context);
  }
}

// Without arrays every parameter takes a single value.
void PostgresqlWire::bind(const Statement& statement, std::span<const ValueView> parameters,
                          std::span<const std::uint32_t> arrays, const std::string& text) {
  const std::size_t count = arrays.empty() ? parameters.size() : arrays.size();
  sql::check_value_count(statement.parameter_types.size(), count, text);
  parameters_.clear();
  try {
    for (std::size_t i = 0, value = 0; i < count; ++i) {
      const std::uint32_t type = statement.parameter_types[i];
      const std::size_t length = arrays.empty() ? 0 : arrays[i];
      if (length == 0) {
        parameters_.add(parameters[value++], type);
      } else {
        parameters_.add_array(parameters.subspan(value, length), type);
        value += length;
      }
    }
  } catch (const detail::ConversionError& error) {
    sql::refuse(fmt::format("parameter {}: {}", parameters_.count() + 1, error.reason), text);
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

// Returns the result, which may be a failure of this statement; throws that of one that went ahead of it.
Task<Result> PostgresqlWire::run_prepared(const Statement& statement, const ErrorContext& context) {
  if (!has_deferred()) {
    send(statement, context);
    return run_alone(context);
  }
  enter_pipeline(context);
  send(statement, context);
  return run_in_pipeline(context);
}

Task<Result> PostgresqlWire::run_in_pipeline(const ErrorContext& context) {
  Answers answers = co_await finish_pipeline(1, context, nullptr);
  co_return answers.failure ? std::move(answers.failure) : std::move(answers.last);
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
  if (!has_deferred()) {
    send_text(text, context);
    result = co_await run_alone(context);
  } else {
    enter_pipeline(context);
    send_text(text, context);
    result = co_await run_in_pipeline(context);
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
  ahead_ = std::exchange(deallocations_, {});
  if (!begin_.empty()) ahead_.push_back(std::exchange(begin_, {}));
  for (const std::string& text : ahead_) send_text(text, context);
}

// Ends a pipeline of what goes ahead and then so many statements, and takes all answers in, whatever they
// are: so the connection can be used again. A failure of what went ahead is thrown.
Task<PostgresqlWire::Answers> PostgresqlWire::finish_pipeline(std::size_t statements,
                                                              const ErrorContext& context,
                                                              const TakeAnswer* take) {
  PGconn* const connection = session_->handle();
  session_->check_sent(PQpipelineSync(connection), context);
  co_await session_->flush(context);
  const std::vector<std::string> ahead = std::exchange(ahead_, {});
  Answers answers;
  std::size_t failed = 0;
  for (std::size_t i = 0; i < ahead.size() + statements; ++i) {
    for (;;) {
      Result result = co_await session_->next_result(context);
      if (!result) break;
      if (!answers.failure && is_failure(result.get())) {
        answers.failure = std::move(result);
        failed = i;
      } else if (!answers.failure && i >= ahead.size() && take != nullptr) {
        (*take)(i - ahead.size(), result.get());
      } else {
        answers.last = std::move(result);
      }
    }
  }
  const Result sync = co_await session_->next_result(context);
  session_->check_sent(PQexitPipelineMode(connection), context);
  if (answers.failure && failed < ahead.size()) {
    const ErrorContext of_ahead{ahead[failed]};
    throw_result(answers.failure.get(), of_ahead);
  }
  answers.failed_at = answers.failure ? failed - ahead.size() : 0;
  co_return answers;
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
  const std::size_t parameters = batch.parameters_per_row();
  for (std::size_t begin = 0; begin < batch.row_count(); begin += array_rows) {
    const std::size_t end = std::min(begin + array_rows, batch.row_count());
    const Statement* statement = statements_.find(text);
    if (statement == nullptr) statement = co_await prepare(text, context);
    parameters_.clear();
    for (std::size_t i = 0; i < parameters; ++i) {
      std::size_t row = begin;
      try {
        parameters_.add_array(batch, row, end, i, statement->parameter_types[i]);
      } catch (const detail::ConversionError& error) {
        sql::refuse_in_batch(batch, row, i, error.reason, text);
      }
    }
    const Result result = co_await run_prepared(*statement, context);
    if (!is_ok(result.get())) {
      is_stale(result.get(), text);
      throw_result(result.get(), context);
    }
    if (!batch.returning.empty()) co_await store_returned(result, batch, begin, end);
  }
}

Task<void> PostgresqlWire::store_returned(const Result& result, driver::WriteBatch& batch, std::size_t begin,
                                          std::size_t end) {
  if (batch.operation == driver::Operation::upsert) {
    pass_rows(result.get(), *batch.returned);
    co_return;
  }
  sql::RowsByKey rows(batch, begin, end - begin);
  for (int row = 0; row < PQntuples(result.get()); ++row)
    rows.take(cells_.read(result.get(), row), batch.returning);
  driver::WriteBatch left;
  left.rows = rows.left();
  if (left.rows.empty()) co_return;
  left.operation = driver::Operation::remove;  // whose parameters are the key
  left.entity = batch.entity;
  left.returning = batch.returning;
  const std::string text =
      sql::select_by_keys(*batch.entity, {}, batch.returning, 1, sql::postgresql_dialect());
  co_await write_rows(text, left);
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

// A row that can't be bound, or not stored what was read back of it, must not leave the pipeline open: the
// error waits until all answers are in.
Task<void> PostgresqlWire::write_some_rows(Rows& rows, std::size_t begin, std::size_t end) {
  const ErrorContext context = rows.context;
  std::exception_ptr error;
  std::size_t sent = 0;
  enter_pipeline(context);
  for (std::size_t row = begin; row < end && !error; ++row) {
    try {
      bind_row(rows, row);
    } catch (...) {
      error = std::current_exception();
      break;
    }
    send(rows.statement, context);
    if (++sent % rows_between_flushes == 0) co_await session_->flush(context);
  }
  const TakeAnswer take = [&](std::size_t at, const PGresult* result) {
    if (error) return;
    try {
      store_row(rows, begin + at, result);
    } catch (...) {
      error = std::current_exception();
    }
  };
  const Answers answers = co_await finish_pipeline(sent, context, &take);
  if (answers.failure) {
    ErrorContext failed = context;
    failed.row = begin + answers.failed_at;
    is_stale(answers.failure.get(), rows.text);
    throw_result(answers.failure.get(), failed);
  }
  if (error) std::rethrow_exception(error);
}

void PostgresqlWire::bind_row(Rows& rows, std::size_t row) {
  parameters_.clear();
  std::size_t index = 0;
  try {
    for (; index < rows.parameters; ++index)
      parameters_.add(rows.batch.parameter(row, index, scratch_), rows.statement.parameter_types[index]);
  } catch (const detail::ConversionError& refused) {
    sql::refuse_in_batch(rows.batch, row, index, refused.reason, rows.text);
  }
}

void PostgresqlWire::store_row(Rows& rows, std::size_t row, const PGresult* result) {
  if (rows.may_miss && changed_rows(result) == 0) rows.batch.missed(row);
  if (PQntuples(result) == 0) return;
  const ValueView* const cells = cells_.read(result, 0);
  if (rows.batch.operation == driver::Operation::upsert) return rows.batch.returned->row(cells);
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
