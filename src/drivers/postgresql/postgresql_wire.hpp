// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
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
  /// `on_connect` are the statements that begin a session after kin's own settings.
  PostgresqlWire(std::unique_ptr<Session> session, std::size_t statement_cache_size,
                 std::vector<std::string> on_connect);

  /// Runs what begins a session.
  Task<void> begin_session();

  Task<void> read(const std::string& text, std::span<const ValueView> parameters,
                  driver::RowSink& sink) override;
  Task<void> read_arrays(const std::string& text, std::span<const ValueView> values,
                         std::span<const std::uint32_t> arrays, driver::RowSink& sink) override;
  Task<void> write(const std::string& text, driver::WriteBatch& batch) override;
  Task<std::uint64_t> execute(const std::string& text, std::span<const ValueView> parameters,
                              driver::RowSink* sink) override;

  std::string begin_text(const TransactionOptions& options) const override;
  Task<void> begin(const TransactionOptions& options) override;
  bool in_transaction() const noexcept override;
  bool reset(bool touched) noexcept override;
  Task<void> renew() override;

  /// False when the connection broke while nobody used it.
  bool is_alive() const noexcept;

 private:
  struct Rows;
  /// What came of a pipeline's own statements.
  struct Answers {
    Result failure{};  ///< of the first that failed
    std::size_t failed_at = 0;
    Result last{};
  };
  /// Gets the results of the statements up to the first that fails; must not throw.
  using TakeAnswer = std::function<void(std::size_t statement, const PGresult* result)>;

  bool is_usable() const noexcept;
  bool roll_back();
  bool send_renewal();
  /// Whether there is something to send ahead of the next statement, in the same round trip.
  bool has_deferred() const noexcept { return !begin_.empty() || !deallocations_.empty(); }

  Task<const Statement*> prepare(const std::string& text, const ErrorContext& context);
  Task<Result> run(const std::string& text, std::span<const ValueView> parameters,
                   const ErrorContext& context, std::span<const std::uint32_t> arrays = {});
  Task<Result> run_prepared(const Statement& statement, const ErrorContext& context);
  Task<Result> run_alone(const ErrorContext& context);
  Task<Result> run_in_pipeline(const ErrorContext& context);
  Task<Result> run_text(const std::string& text);
  Task<Answers> finish_pipeline(std::size_t statements, const ErrorContext& context, const TakeAnswer* take);

  Task<void> write_arrays(const std::string& text, driver::WriteBatch& batch);
  Task<void> store_returned(const Result& result, driver::WriteBatch& batch, std::size_t begin,
                            std::size_t end);
  Task<void> write_rows(const std::string& text, driver::WriteBatch& batch);
  Task<void> write_some_rows(Rows& rows, std::size_t begin, std::size_t end);
  Task<void> reserve_keys(const std::string& text, driver::WriteBatch& batch);

  void enter_pipeline(const ErrorContext& context);
  void send(const Statement& statement, const ErrorContext& context);
  void send_text(const std::string& text, const ErrorContext& context);
  void bind(const Statement& statement, std::span<const ValueView> parameters,
            std::span<const std::uint32_t> arrays, const std::string& text);
  void bind_row(Rows& rows, std::size_t row);
  bool is_stale(const PGresult* result, const std::string& text);
  void store_row(Rows& rows, std::size_t row, const PGresult* result);
  void pass_rows(const PGresult* result, driver::RowSink& sink);
  static void tell_columns(const PGresult* result, driver::RowSink& sink);

  const std::unique_ptr<Session> session_;
  const std::vector<std::string> on_connect_;
  StatementCache statements_;
  Parameters parameters_;
  CellReader cells_;
  Scratch scratch_{};
  bool renewing_ = false;                     // the answers to send_renewal() have not been read
  bool user_prepared_ = false;                // statements by names of the user's own
  std::string begin_{};                       // of the transaction that is to begin with the next statement
  std::vector<std::string> deallocations_{};  // of statements that the cache has dropped
  std::vector<std::string> ahead_{};          // what the open pipeline began with
};

}  // namespace kin::postgresql
