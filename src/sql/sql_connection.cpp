// SPDX-License-Identifier: MIT
#include "sql/sql_connection.hpp"

#include <kin/connection_setup.hpp>
#include <kin/error.hpp>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "sql/compiled_read.hpp"
#include "sql/logged_query.hpp"
#include "sql/session_state.hpp"
#include "sql/statements.hpp"

namespace kin::sql {
namespace {

constexpr std::span<const ValueView> no_parameters{};

}  // namespace

SqlConnection::SqlConnection(const Dialect& dialect, std::unique_ptr<Wire> wire, const QueryLogger* logger)
    : dialect_(dialect),
      wire_(std::move(wire)),
      logger_(logger != nullptr && *logger ? logger : nullptr),
      write_texts_(dialect) {}

// Not a coroutine, and neither is write(): a read by key costs the wire's one frame and no other.
Task<void> SqlConnection::read(const driver::ReadRequest& request, driver::RowSink& sink) {
  const CompiledRead& read = compiled_read(request.plan, dialect_);
  const std::span<const ValueView> parameters = read.in_order
                                                    ? request.values.first(read.select.values.size())
                                                    : in_text_order(read.select.values, request.values);
  if (logs()) return logged_read(read.select, parameters, sink);
  return send_read(read.select, parameters, sink);
}

Task<void> SqlConnection::write(driver::WriteBatch& batch) {
  // The text of a condition is not kept: its plan may end.
  if (batch.condition) conditional_text_ = conditional_upsert_text(batch, dialect_);
  const std::string& text = batch.condition ? conditional_text_ : write_texts_.of(batch);
  if (logs()) return logged_write(text, batch);
  return wire_->write(text, batch);
}

Task<std::uint64_t> SqlConnection::modify(const driver::ReadRequest& request) {
  const CompiledRead& statement = compiled_read(request.plan, dialect_);
  const std::span<const ValueView> parameters = in_text_order(statement.select.values, request.values);
  std::optional<LoggedQuery> log;
  if (logs()) log.emplace(*logger_, statement.select.text, parameters);
  const std::uint64_t changed = co_await wire_->execute(statement.select.text, parameters, nullptr);
  if (log) log->succeeded(changed);
  co_return changed;
}

Task<std::uint64_t> SqlConnection::execute(std::string_view sql, std::span<const ValueView> parameters,
                                           driver::RowSink* sink) {
  const std::string text = execute_text(sql, parameters.size(), dialect_);
  touched_ = touched_ || may_touch_session(sql);
  if (!logs()) co_return co_await wire_->execute(text, parameters, sink);

  LoggedQuery log(*logger_, text, parameters);
  std::optional<CountingSink> counter;
  if (sink != nullptr) sink = &counter.emplace(*sink);
  const std::uint64_t changed = co_await wire_->execute(text, parameters, sink);
  log.succeeded(changed != 0 || !counter ? changed : counter->rows());
  co_return changed;
}

std::string SqlConnection::text_of(const query::ReadPlan& plan) {
  return compiled_read(plan, dialect_).select.text;
}

std::string SqlConnection::text_of(const driver::WriteBatch& batch) { return write_texts_.of(batch); }

Task<void> SqlConnection::begin(const TransactionOptions& options) {
  if (logs()) {
    LoggedQuery log(*logger_, wire_->begin_text(options));
    co_await wire_->begin(options);
    log.succeeded(0);
  } else {
    co_await wire_->begin(options);
  }
  in_transaction_ = true;
}

// When the connection breaks, nobody knows whether the server had committed by then: to run the work again
// might do it twice.
Task<void> SqlConnection::commit() {
  try {
    co_await run("commit");
  } catch (const ConnectionError& error) {
    ErrorDetails details = error.details();
    details.retryable = false;
    throw ConnectionError(
        "the connection broke during commit, so whether the transaction took effect is unknown: look "
        "before you run it again; " +
            std::string(error.what()),
        std::move(details));
  }
  in_transaction_ = false;
}

Task<void> SqlConnection::rollback() {
  if (!transaction_lost()) co_await run("rollback");
  in_transaction_ = false;
}

Task<void> SqlConnection::savepoint(int level) { return run(savepoint_text("savepoint ", level)); }

Task<void> SqlConnection::release_savepoint(int level) {
  return run(savepoint_text("release savepoint ", level));
}

Task<void> SqlConnection::rollback_to_savepoint(int level) {
  return run(savepoint_text("rollback to savepoint ", level));
}

bool SqlConnection::transaction_lost() const { return in_transaction_ && !wire_->in_transaction(); }

bool SqlConnection::reset() noexcept {
  if (renewal_due_) return true;  // nobody has used it since
  in_transaction_ = false;
  renewal_due_ = touched_;
  if (!logs() || !wire_->in_transaction()) return wire_->reset(touched_);
  try {
    LoggedQuery log(*logger_, "rollback");
    const bool is_clean = wire_->reset(touched_);
    if (is_clean) log.succeeded(0);
    return is_clean;
  } catch (...) {
    return false;  // no memory for a line of the log: a new connection is the safe choice
  }
}

Task<void> SqlConnection::renew() {
  co_await wire_->renew();
  touched_ = false;
  renewal_due_ = false;
}

Task<void> SqlConnection::set_up(const ConnectionHook& hook, std::string_view name, bool lasting) {
  ConnectionSetup setup;
  hook(setup);
  std::vector<ValueView> parameters;
  try {
    for (const ConnectionSetup::Statement& statement : setup.statements()) {
      parameters.clear();
      for (const Value& value : statement.parameters) parameters.push_back(value.view());
      (void)co_await execute(statement.sql, parameters, nullptr);
    }
  } catch (const Error& error) {
    throw ConnectionSetupError(
        fmt::format("{} failed, so the connection is not used: {}", name, error.what()), error.details());
  }
  if (lasting) touched_ = false;
}

std::span<const ValueView> SqlConnection::in_text_order(std::span<const std::uint32_t> order,
                                                        std::span<const ValueView> values) {
  parameters_.clear();
  for (const std::uint32_t index : order) parameters_.push_back(values[index]);
  return parameters_;
}

std::string SqlConnection::savepoint_text(std::string_view verb, int level) const {
  std::string text(verb);
  dialect_.quote(text, "kin_" + std::to_string(level));
  return text;
}

Task<void> SqlConnection::send_read(const SelectText& select, std::span<const ValueView> parameters,
                                    driver::RowSink& sink) {
  if (select.arrays.empty()) return wire_->read(select.text, parameters, sink);
  return wire_->read_arrays(select.text, parameters, select.arrays, sink);
}

Task<void> SqlConnection::logged_read(const SelectText& select, std::span<const ValueView> parameters,
                                      driver::RowSink& sink) {
  LoggedQuery log(*logger_, select.text, parameters);
  CountingSink counter(sink);
  co_await send_read(select, parameters, counter);
  log.succeeded(counter.rows());
}

Task<void> SqlConnection::logged_write(const std::string& text, driver::WriteBatch& batch) {
  LoggedQuery log(*logger_, text);
  log.set_batch(batch, dialect_.writes_whole(batch));
  co_await wire_->write(text, batch);
  log.succeeded(batch.row_count() - batch.missed_rows().size());
}

Task<void> SqlConnection::run(std::string text) {
  std::optional<LoggedQuery> log;
  if (logs()) log.emplace(*logger_, text);
  co_await wire_->execute(text, no_parameters, nullptr);
  if (log) log->succeeded(0);
}

}  // namespace kin::sql
