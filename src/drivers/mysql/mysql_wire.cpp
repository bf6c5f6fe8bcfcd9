// SPDX-License-Identifier: MIT
#include "drivers/mysql/mysql_wire.hpp"

#include <errmsg.h>
#include <mysqld_error.h>
#include <kin/detail/codec.hpp>
#include <kin/error.hpp>

#include <algorithm>
#include <bit>
#include <new>
#include <utility>

#include <fmt/format.h>

#include "sql/mysql_batches.hpp"
#include "sql/rows_by_key.hpp"
#include "sql/wire_errors.hpp"

namespace kin::mysql {
namespace {

using driver::Operation;
using driver::WriteBatch;

// The protocol counts the parameters of a statement with 16 bits.
constexpr std::size_t most_parameters = 65'535;
// From here on an array of changes is worth the savepoint around it.
constexpr std::size_t fewest_changes_together = 4;
constexpr std::size_t largest_kept_scratch = 4096;

struct FreeResult {
  void operator()(MYSQL_RES* result) const noexcept { mysql_free_result(result); }
};
using Result = std::unique_ptr<MYSQL_RES, FreeResult>;

void check_count(std::size_t given, const StatementUse& use, const std::string& text) {
  sql::check_value_count(use.parameter_count(), given, text);
}

std::string_view isolation_text(Isolation isolation) {
  switch (isolation) {
    case Isolation::unset:
      break;
    case Isolation::read_uncommitted:
      return "set transaction isolation level read uncommitted";
    case Isolation::read_committed:
      return "set transaction isolation level read committed";
    case Isolation::repeatable_read:
      return "set transaction isolation level repeatable read";
    case Isolation::serializable:
      return "set transaction isolation level serializable";
  }
  return "";
}

// Few sizes, so that few statements are prepared: the largest, and powers of two.
std::size_t rows_of_one_statement(std::size_t rows, std::size_t largest) {
  return rows >= largest ? std::max<std::size_t>(largest, 1) : std::bit_floor(rows);
}

bool is_insert(const WriteBatch& batch) {
  return batch.operation == Operation::insert || batch.operation == Operation::pivot_insert ||
         batch.operation == Operation::upsert;
}

/// The columns to read back which the statement itself does not return.
std::span<const Column* const> unreturned(const WriteBatch& batch, std::size_t returned) {
  const std::span<const Column* const> columns = batch.returning;
  if (returned != 0 || columns.empty()) return {};
  return columns.subspan(columns.front()->generated_key ? 1 : 0);
}

/// Whether a row that is not met matters: one to be deleted may be gone.
bool may_not_miss(const WriteBatch& batch) {
  return batch.operation == Operation::update ||
         (batch.operation == Operation::remove && batch.checks_values());
}

}  // namespace

// A batch on its way into the database.
struct MysqlWire::Writing {
  const std::string& text;
  WriteBatch& batch;
  std::size_t parameters;  // of a row
  ErrorContext context;
};

MysqlWire::MysqlWire(std::unique_ptr<Session> session, const WireSettings& settings)
    : statements_(settings.statement_cache_size), session_(std::move(session)), settings_(settings) {}

std::string MysqlWire::begin_text(const TransactionOptions& options) const {
  std::string text(isolation_text(options.isolation));
  if (!text.empty()) text += "; ";
  text += options.read_only ? "start transaction read only" : "start transaction";
  return text;
}

Task<void> MysqlWire::begin(const TransactionOptions& options) {
  const std::string isolation(isolation_text(options.isolation));
  if (!isolation.empty()) co_await session_->query(isolation);
  const std::string begin = options.read_only ? "start transaction read only" : "start transaction";
  co_await session_->query(begin);
}

// Rare: a transaction was left open. Waits in place, since whoever gives back a connection can't await.
bool MysqlWire::reset(bool touched) noexcept {
  parameters_.clear();
  if (scratch_.large.capacity() > largest_kept_scratch) std::string().swap(scratch_.large);
  if (!session_->is_usable()) return false;
  if (session_->in_transaction() && !session_->roll_back()) return false;
  if (touched) session_->begin_reset();
  return true;
}

Task<void> MysqlWire::renew() {
  co_await session_->finish_reset();
  statements_.clear();  // the server has forgotten them
  for (const std::string& statement : settings_.session_statements)
    (void)co_await execute_text(statement, nullptr);
}

Task<void> MysqlWire::read(const std::string& text, std::span<const ValueView> parameters,
                           driver::RowSink& sink) {
  const ErrorContext context{text, nullptr, false};
  for (bool may_run_again = true;; may_run_again = false) {
    StatementUse use = co_await prepared(text);
    bind(use, text, parameters);
    if (co_await run_again_if_stale(use, context, may_run_again)) continue;
    pass_rows(use, sink);
    co_return;
  }
}

Task<std::uint64_t> MysqlWire::execute(const std::string& text, std::span<const ValueView> parameters,
                                       driver::RowSink* sink) {
  if (parameters.empty() && sink == nullptr) co_return co_await execute_text(text, nullptr);
  StatementUse use = co_await prepared_if_possible(text);
  if (use) {
    bind(use, text, parameters);
    co_return co_await execute_prepared(use, text, sink);
  }
  if (!parameters.empty()) sql::refuse("the server takes no parameters in such a statement", text);
  co_return co_await execute_text(text, sink);
}

Task<std::uint64_t> MysqlWire::execute_text(const std::string& text, driver::RowSink* sink) {
  co_await session_->query(text);
  std::uint64_t changed = 0;
  do {
    const Result result(co_await session_->store_result(text));
    if (result) {
      pass_rows(result.get(), sink);
      sink = nullptr;  // a procedure may have more results, whose columns are others
    } else {
      changed += mysql_affected_rows(session_->handle());
    }
  } while (co_await session_->next_result(text));
  co_return changed;
}

Task<std::uint64_t> MysqlWire::execute_prepared(StatementUse& use, const std::string& text,
                                                driver::RowSink* sink) {
  const ErrorContext context{text, nullptr, false};
  co_await session_->execute(use.handle(), context);
  std::uint64_t changed = 0;
  bool has_more = true;
  while (has_more) {
    if (use.column_count() == 0) {
      changed += mysql_stmt_affected_rows(use.handle());
    } else {
      co_await session_->store_result(use.handle(), context);
      if (sink != nullptr) {
        const std::vector<std::string_view> names =
            column_names(mariadb_stmt_fetch_fields(use.handle()), use.column_count());
        sink->columns(names);
        pass_rows(use, *sink);
      }
      sink = nullptr;
    }
    has_more = mysql_stmt_more_results(use.handle()) && co_await session_->next_result(use.handle(), context);
  }
  co_return changed;
}

/// Runs a read and stores its result. True when it has to run again, prepared anew: its table was altered.
Task<bool> MysqlWire::run_again_if_stale(StatementUse& use, const ErrorContext& context, bool may_run_again) {
  bool is_stale = false;
  try {
    co_await session_->execute(use.handle(), context);
    co_await session_->store_result(use.handle(), context);
  } catch (const DriverError& error) {
    is_stale = may_run_again && error.code() == std::to_string(CR_NEW_STMT_METADATA);
    if (!is_stale) throw;
  }
  if (!is_stale) co_return false;
  {
    const StatementUse ended = std::move(use);
  }
  StatementHandle handle = statements_.erase(context.sql);
  if (handle) co_await session_->close(handle.release());
  co_return true;
}

Task<StatementUse> MysqlWire::prepared(const std::string& text) {
  StatementUse use = co_await prepared_if_possible(text);
  if (!use) sql::refuse("the server can't prepare such a statement", text);
  co_return use;
}

/// Empty for a statement that the server runs as text only.
Task<StatementUse> MysqlWire::prepared_if_possible(const std::string& text) {
  Statement* const known = statements_.find(text);
  if (known != nullptr && !known->in_use) co_return StatementUse(*session_, *known);
  bool impossible = false;
  StatementHandle handle = co_await prepare(text, impossible);
  if (impossible) co_return StatementUse();
  if (known != nullptr || !statements_.keeps_any()) co_return StatementUse(*session_, std::move(handle));
  while (!statements_.has_room()) {
    StatementHandle evicted = statements_.evict();
    if (!evicted) co_return StatementUse(*session_, std::move(handle));
    co_await session_->close(evicted.release());
  }
  Statement* const kept = statements_.insert(text, std::move(handle));
  co_return StatementUse(*session_, *kept);
}

Task<StatementHandle> MysqlWire::prepare(const std::string& text, bool& impossible) {
  for (;;) {
    StatementHandle handle(mysql_stmt_init(session_->handle()));
    if (!handle) throw std::bad_alloc();
    const Failure failure = co_await session_->prepare(handle.get(), text);
    if (failure.code == 0) co_return handle;
    impossible = failure.code == ER_UNSUPPORTED_PS;
    if (impossible) co_return nullptr;
    // All connections together have as many as the server allows: fewer of ours may do.
    StatementHandle evicted;
    if (failure.code == ER_MAX_PREPARED_STMT_COUNT_REACHED) evicted = statements_.evict();
    if (!evicted) throw_error(failure, ErrorContext{text, nullptr, true});
    co_await session_->close(evicted.release());
  }
}

void MysqlWire::bind(StatementUse& use, const std::string& text, std::span<const ValueView> parameters) {
  check_count(parameters.size(), use, text);
  parameters_.clear();
  try {
    for (const ValueView& value : parameters) parameters_.add(value);
  } catch (const kin::detail::ConversionError& error) {
    sql::refuse(error.reason, text);
  }
  if (!parameters_.bind(use.handle()))
    throw_error(Failure::of(use.handle(), session_->handle()), ErrorContext{text, nullptr, false});
}

void MysqlWire::pass_rows(StatementUse& use, driver::RowSink& sink) {
  // A reader of its own: the sink may run another statement.
  RowReader rows;
  rows.begin(use.handle());
  while (rows.next(use.handle())) sink.row(rows.cells());
}

void MysqlWire::pass_rows(MYSQL_RES* result, driver::RowSink* sink) {
  if (sink == nullptr) return;
  const std::vector<std::string_view> names =
      column_names(mysql_fetch_fields(result), mysql_num_fields(result));
  sink->columns(names);
  RowReader rows;
  while (const MYSQL_ROW row = mysql_fetch_row(result)) {
    rows.read(result, row);
    sink->row(rows.cells());
  }
}

Task<void> MysqlWire::write(const std::string& text, WriteBatch& batch) {
  const Writing writing{text, batch, batch.parameters_per_row(), {text, &batch, false}};
  if (is_insert(batch)) {
    co_await insert(writing);
  } else {
    co_await change(writing);
  }
  parameters_.clear();
}

Task<void> MysqlWire::insert(const Writing& writing) {
  const std::size_t rows = writing.batch.row_count();
  const std::size_t width = std::max<std::size_t>(writing.parameters, 1);
  const std::size_t largest = std::min(settings_.batch_size, most_parameters / width);
  // An array needs parameters; keys would not follow from the first one.
  const bool as_array = session_->is_mariadb() && writing.parameters != 0;
  std::size_t row = 0;
  while (row < rows) {
    if (as_array) {
      row += co_await insert_array(writing, row, std::min(rows - row, largest));
    } else {
      row += co_await insert_rows(writing, row, rows_of_one_statement(rows - row, largest));
    }
  }
  // Of an upsert nobody knows here which rows it met.
  if (session_->is_mariadb() || writing.batch.operation == Operation::upsert) co_return;
  const std::span<const Column* const> columns = unreturned(writing.batch, 0);
  if (columns.empty()) co_return;
  const std::size_t key_width = writing.batch.entity->key.size();
  co_await read_back(writing, columns, std::min(settings_.batch_size, most_parameters / key_width));
}

/// Inserts up to that many rows by one statement with a list of values for each; returns how many.
Task<std::size_t> MysqlWire::insert_rows(const Writing& writing, std::size_t first, std::size_t count) {
  parameters_.clear();
  add_rows(writing, first, count);
  count = rows_of_one_statement(fitting_rows(writing, count), count);
  parameters_.truncate(count * writing.parameters);
  const std::string text = count == 1 ? writing.text : sql::insert_of_rows(writing.text, count);
  StatementUse use = co_await prepared(text);
  check_count(count * writing.parameters, use, text);
  if (!parameters_.bind(use.handle()))
    throw_error(Failure::of(use.handle(), session_->handle()), writing.context);
  std::optional<std::size_t> row;
  if (count == 1) row = first;
  co_await run_bound(writing, use, row);
  store_rows(writing, use, first, count);
  co_return count;
}

/// Inserts up to that many rows by one statement that runs with an array of parameters; returns how many.
Task<std::size_t> MysqlWire::insert_array(const Writing& writing, std::size_t first, std::size_t count) {
  if (count == 1) co_return co_await insert_rows(writing, first, 1);
  parameters_.clear();
  add_rows(writing, first, count);
  count = fitting_rows(writing, count);
  parameters_.truncate(count * writing.parameters);
  StatementUse use = co_await prepared(writing.text);
  check_count(writing.parameters, use, writing.text);
  const bool returns_all = use.column_count() == writing.batch.returning.size();
  if (count == 1 || !returns_all || !parameters_.fits_array(writing.parameters)) {
    {
      const StatementUse ended = std::move(use);
    }
    co_return co_await insert_rows(writing, first, 1);
  }
  if (!parameters_.bind_array(use.handle(), writing.parameters))
    throw_error(Failure::of(use.handle(), session_->handle()), writing.context);
  co_await run_bound(writing, use, std::nullopt);
  store_rows(writing, use, first, count);
  co_return count;
}

Task<void> MysqlWire::run_bound(const Writing& writing, StatementUse& use, std::optional<std::size_t> row) {
  ErrorContext context = writing.context;
  context.row = row;
  co_await session_->execute(use.handle(), context);
  if (use.column_count() != 0) co_await session_->store_result(use.handle(), context);
}

void MysqlWire::add_rows(const Writing& writing, std::size_t first, std::size_t count) {
  for (std::size_t row = first; row < first + count; ++row) {
    std::size_t index = 0;
    try {
      for (; index < writing.parameters; ++index)
        parameters_.add(writing.batch.parameter(row, index, scratch_));
    } catch (const kin::detail::ConversionError& error) {
      sql::refuse_in_batch(writing.batch, row, index, error.reason, writing.text);
    }
  }
}

/// How many of the rows fit into a packet, at least one: what is too large alone, the server is to say.
std::size_t MysqlWire::fitting_rows(const Writing& writing, std::size_t count) const noexcept {
  const std::size_t room = settings_.max_packet / 2;
  std::size_t bytes = 0;
  for (std::size_t row = 0; row < count; ++row) {
    bytes += parameters_.bytes(row * writing.parameters, writing.parameters);
    if (bytes > room) return std::max<std::size_t>(row, 1);
  }
  return count;
}

/// How many of the rows, at least one, can be among those of an update of many.
std::size_t MysqlWire::rows_without_long_values(std::size_t count, std::size_t width) const noexcept {
  for (std::size_t i = 0; i < count * width; ++i)
    if (parameters_.is_longer(i, sql::longest_of_many)) return std::max<std::size_t>(i / width, 1);
  return count;
}

// A statement that runs with an array returns its rows in the order of the array.
void MysqlWire::store_rows(const Writing& writing, StatementUse& use, std::size_t first, std::size_t count) {
  const std::vector<const Column*>& returning = writing.batch.returning;
  const std::size_t returned = use.column_count();
  if (writing.batch.operation == Operation::upsert) {
    if (returned != 0) pass_rows(use, *writing.batch.returned);
    return;
  }
  if (returned < returning.size() && returning.front()->generated_key) store_keys(writing, use, first, count);
  if (returned == 0) return;
  const std::size_t left_out = returning.size() - returned;
  rows_.begin(use.handle());
  for (std::size_t row = first; rows_.next(use.handle()); ++row) {
    for (std::size_t i = 0; i < returned; ++i)
      writing.batch.store(row, *returning[left_out + i], rows_.cells()[i]);
  }
}

// The number of rows of such an insert is known before it runs, so InnoDB gives it one interval of keys, in
// every innodb_autoinc_lock_mode ("simple inserts": MySQL 9.5 Reference Manual, 17.6.1.6, AUTO_INCREMENT
// Handling in InnoDB), and the server tells the first of them.
void MysqlWire::store_keys(const Writing& writing, StatementUse& use, std::size_t first, std::size_t count) {
  const Column& key = *writing.batch.returning.front();
  const auto first_key = static_cast<std::int64_t>(mysql_stmt_insert_id(use.handle()));
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t value = first_key + static_cast<std::int64_t>(i) * settings_.key_increment;
    writing.batch.store(first + i, key, ValueView::integer(value));
  }
}

Task<void> MysqlWire::change(const Writing& writing) {
  const WriteBatch& batch = writing.batch;
  const bool is_worth_it = batch.row_count() >= fewest_changes_together && session_->in_transaction();
  bool done = false;
  if (is_worth_it && (session_->is_mariadb() || sql::changes_many(batch)))
    done = co_await change_together(writing);
  if (!done) co_await change_one_by_one(writing);
  if (batch.returning.empty()) co_return;
  const std::size_t width = batch.entity->key.size();
  co_await read_back(writing, batch.returning, std::min(settings_.batch_size, most_parameters / width));
}

Task<void> MysqlWire::change_one_by_one(const Writing& writing) {
  const bool may_miss = writing.batch.pivot == nullptr;
  StatementUse use = co_await prepared(writing.text);
  check_count(writing.parameters, use, writing.text);
  for (std::size_t row = 0; row < writing.batch.row_count(); ++row) {
    parameters_.clear();
    add_rows(writing, row, 1);
    if (!parameters_.bind(use.handle()))
      throw_error(Failure::of(use.handle(), session_->handle()), writing.context);
    co_await run_bound(writing, use, row);
    if (may_miss && mysql_stmt_affected_rows(use.handle()) == 0) writing.batch.missed(row);
  }
}

/// Changes the rows by few statements. The server tells only how many rows those met: when some were missed,
/// all is undone, and false returned, to find out which.
Task<bool> MysqlWire::change_together(const Writing& writing) {
  const std::string open = "savepoint kin_rows";
  const std::string release = "release savepoint kin_rows";
  const std::string undo = "rollback to savepoint kin_rows";
  const std::size_t rows = writing.batch.row_count();
  const bool may_miss = !may_not_miss(writing.batch);
  const bool as_arrays = session_->is_mariadb();
  const bool undoes = as_arrays || !may_miss;
  const std::size_t most =
      std::max<std::size_t>(std::min(settings_.batch_size, most_parameters / writing.parameters), 1);
  if (undoes) co_await session_->query(open);
  std::uint64_t met = 0;
  bool fits = true;
  for (std::size_t row = 0, count = 0; row < rows && fits; row += count) {
    count = std::min(most, rows - row);
    if (as_arrays) {
      met += co_await change_array(writing, row, count, fits);
    } else {
      met += co_await change_rows(writing, row, count);
    }
  }
  const bool done = fits && (met == rows || may_miss);
  if (undoes) co_await session_->query(done ? release : undo);
  co_return done;
}

/// Changes up to `count` rows by one statement, and says how many it took; returns how many of them it met.
Task<std::uint64_t> MysqlWire::change_rows(const Writing& writing, std::size_t first, std::size_t& count) {
  parameters_.clear();
  add_rows(writing, first, count);
  count = rows_of_one_statement(rows_without_long_values(fitting_rows(writing, count), writing.parameters),
                                settings_.batch_size);
  parameters_.truncate(count * writing.parameters);
  const std::string text = count == 1 ? writing.text : sql::mysql_change_of_rows(writing.batch, count);
  StatementUse use = co_await prepared(text);
  check_count(count * writing.parameters, use, text);
  if (!parameters_.bind(use.handle()))
    throw_error(Failure::of(use.handle(), session_->handle()), writing.context);
  std::optional<std::size_t> row;
  if (count == 1) row = first;
  co_await run_bound(writing, use, row);
  co_return mysql_stmt_affected_rows(use.handle());
}

Task<std::uint64_t> MysqlWire::change_array(const Writing& writing, std::size_t first, std::size_t count,
                                            bool& fits) {
  parameters_.clear();
  add_rows(writing, first, count);
  fits = fitting_rows(writing, count) == count && parameters_.fits_array(writing.parameters);
  if (!fits) co_return std::uint64_t{0};
  StatementUse use = co_await prepared(writing.text);
  check_count(writing.parameters, use, writing.text);
  if (!parameters_.bind_array(use.handle(), writing.parameters))
    throw_error(Failure::of(use.handle(), session_->handle()), writing.context);
  co_await run_bound(writing, use, std::nullopt);
  co_return mysql_stmt_affected_rows(use.handle());
}

/// Reads columns that the database has filled in by the keys of their rows, `largest` rows at a time. Rows
/// whose keys come back in another form than they were sent in are read once more, each alone.
Task<void> MysqlWire::read_back(const Writing& writing, std::span<const Column* const> columns,
                                std::size_t largest) {
  WriteBatch keys;
  keys.operation = Operation::remove;  // whose parameters are the key
  keys.entity = writing.batch.entity;
  keys.rows = writing.batch.rows;
  WriteBatch left;
  left.entity = keys.entity;
  const std::size_t rows = keys.rows.size();
  for (std::size_t first = 0, count = 0; first < rows; first += count) {
    count = rows_of_one_statement(rows - first, largest);
    const std::string text =
        sql::select_by_keys(*keys.entity, keys.entity->key, columns, count, sql::mysql_dialect());
    const Writing reading{text, keys, keys.parameters_per_row(), {text, &keys, false}};
    parameters_.clear();
    add_rows(reading, first, count);
    StatementUse use = co_await prepared(text);
    if (!parameters_.bind(use.handle()))
      throw_error(Failure::of(use.handle(), session_->handle()), reading.context);
    co_await run_bound(reading, use, std::nullopt);
    const std::vector<driver::EntityState*> unknown = store_read_back(reading, use, columns, first, count);
    left.rows.insert(left.rows.end(), unknown.begin(), unknown.end());
  }
  if (left.rows.empty()) co_return;
  const Writing again{writing.text, left, writing.parameters, writing.context};
  co_await read_back(again, columns, 1);
}

std::vector<driver::EntityState*> MysqlWire::store_read_back(const Writing& reading, StatementUse& use,
                                                             std::span<const Column* const> columns,
                                                             std::size_t first, std::size_t count) {
  const std::size_t width = reading.batch.entity->key.size();
  rows_.begin(use.handle());
  if (count == 1) {
    while (rows_.next(use.handle()))
      for (std::size_t i = 0; i < columns.size(); ++i)
        reading.batch.store(first, *columns[i], rows_.cells()[width + i]);
    return {};
  }
  sql::RowsByKey rows(reading.batch, first, count);
  while (rows_.next(use.handle())) rows.take(rows_.cells(), columns);
  return rows.left();
}

}  // namespace kin::mysql
