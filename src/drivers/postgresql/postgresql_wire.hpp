// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/postgresql/postgresql_binding.hpp"
#include "drivers/postgresql/postgresql_cells.hpp"
#include "drivers/postgresql/postgresql_session.hpp"
#include "drivers/postgresql/postgresql_statements.hpp"
#include "sql/wire.hpp"

namespace kin::postgresql {

/// PostgreSQL as a wire, on libpq. Statements are prepared once a connection, values and rows are binary
/// where their types allow it. A transaction's begin travels with its first statement, the rows of a batch
/// travel together (pipeline mode), and those of an insert as arrays of columns.
class PostgresqlWire final : public sql::Wire {
 public:
  PostgresqlWire(std::unique_ptr<Session> session, std::size_t statement_cache_size);

  Task<void> read(const std::string& text, std::span<const ValueView> parameters,
                  driver::RowSink& sink) override;
  Task<void> write(const std::string& text, driver::WriteBatch& batch) override;
  Task<std::uint64_t> execute(const std::string& text, std::span<const ValueView> parameters,
                              driver::RowSink* sink) override;

  std::string begin_text(const TransactionOptions& options) const override;
  Task<void> begin(const TransactionOptions& options) override;
  bool in_transaction() const noexcept override;
  bool reset() noexcept override;

  /// False when the connection broke while nobody used it.
  bool is_alive() const noexcept;

 private:
  /// Has a statement without result run before the next one, in the same round trip.
  void defer(std::string text) { deferred_.push_back(std::move(text)); }

  struct Sent;
  struct Rows;

  Task<const Statement*> prepare(const std::string& text, const ErrorContext& context);
  Task<Result> run(const std::string& text, std::span<const ValueView> parameters,
                   const ErrorContext& context);
  Task<Result> run_prepared(const Statement& statement, const ErrorContext& context);
  Task<Result> run_alone(const ErrorContext& context);
  Task<Result> run_text(const std::string& text);
  Task<Result> finish_pipeline(std::size_t statements, const ErrorContext& context);

  Task<void> write_arrays(const std::string& text, driver::WriteBatch& batch);
  Task<void> write_rows(const std::string& text, driver::WriteBatch& batch);
  Task<void> write_some_rows(Rows& rows, std::size_t begin, std::size_t end);
  Task<void> reserve_keys(const std::string& text, driver::WriteBatch& batch);

  void enter_pipeline(const ErrorContext& context);
  void send(const Statement& statement, const ErrorContext& context);
  void send_text(const std::string& text, const ErrorContext& context);
  void bind(const Statement& statement, std::span<const ValueView> parameters, const std::string& text);
  bool is_stale(const PGresult* result, const std::string& text);
  void store_row(Rows& rows, std::size_t row, const PGresult* result);
  void pass_rows(const PGresult* result, driver::RowSink& sink);
  static void tell_columns(const PGresult* result, driver::RowSink& sink);

  const std::unique_ptr<Session> session_;
  StatementCache statements_;
  Parameters parameters_;
  CellReader cells_;
  std::vector<std::string> deferred_;
  bool begins_ = false;  // a begin is among the deferred ones
};

}  // namespace kin::postgresql
