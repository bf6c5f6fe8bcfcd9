// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "async/thread_pool.hpp"
#include "drivers/sqlite/sqlite_binding.hpp"
#include "drivers/sqlite/sqlite_database.hpp"
#include "drivers/sqlite/sqlite_statements.hpp"
#include "sql/wire.hpp"

namespace kin::sqlite {

/// SQLite as a wire. SQLite can only work in place, so in a context that is not blocking each verb as a whole
/// runs on a thread of the pool; the sink is called there too.
class SqliteWire final : public sql::Wire {
 public:
  /// Lifetime: the pool outlives the wire.
  SqliteWire(Database database, async::ThreadPool& threads, std::size_t statement_cache_size);

  Task<void> read(const std::string& text, std::span<const ValueView> parameters,
                  driver::RowSink& sink) override;
  Task<void> write(const std::string& text, driver::WriteBatch& batch) override;
  Task<std::uint64_t> execute(const std::string& text, std::span<const ValueView> parameters,
                              driver::RowSink* sink) override;

  /// `begin immediate`, of a read-only transaction `begin deferred`. SQLite is always serializable.
  std::string begin_text(const TransactionOptions& options) const override;
  /// A statement that writes is refused with a ReadOnlyError in a read-only transaction.
  Task<void> begin(const TransactionOptions& options) override;
  bool in_transaction() const noexcept override;
  /// False for a session that was touched: to open the database anew costs little.
  bool reset(bool touched) noexcept override;
  Task<void> renew() override;

 private:
  // Memory for one parameter of a row in writing: SQLite reads it where it is, without a copy.
  struct Slot {
    Scratch scratch;
    BoundText text;
  };
  struct Writing;

  void read_now(const std::string& text, std::span<const ValueView> parameters, driver::RowSink& sink);
  void write_now(const std::string& text, driver::WriteBatch& batch);
  std::uint64_t execute_now(const std::string& text, std::span<const ValueView> parameters,
                            driver::RowSink* sink);

  void admit(const StatementUse& statement, const std::string& text);
  void bind(const StatementUse& statement, const std::string& text, std::span<const ValueView> parameters);
  void bind_row(const Writing& writing, std::size_t row);
  void run_row(const Writing& writing, std::size_t row);
  [[noreturn]] void fail_row(const Writing& writing, std::size_t row, int code);
  void store_row(const Writing& writing, std::size_t row);
  int pass_rows(const StatementUse& statement, int code, driver::RowSink& sink);
  void tell_columns(const StatementUse& statement, driver::RowSink& sink);

  const Database database_;
  async::ThreadPool& threads_;
  StatementCache statements_;
  std::vector<ValueView> cells_;
  std::vector<BoundText> texts_;
  std::vector<Slot> slots_;
  bool read_only_ = false;  // the transaction
};

}  // namespace kin::sqlite
