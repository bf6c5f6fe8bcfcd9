// SPDX-License-Identifier: MIT
#pragma once

#include <kin/options.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/driver.hpp"
#include "sql/dialect.hpp"
#include "sql/statements.hpp"
#include "sql/wire.hpp"
#include "sql/write_texts.hpp"

namespace kin::sql {

/// A connection to an SQL database: makes texts of plans and batches, once a shape, and tells the query
/// logger. What it is made of decides which database it is.
class SqlConnection final : public driver::Connection {
 public:
  /// Lifetime: dialect and logger outlive the connection. `logger` may be null or empty.
  SqlConnection(const Dialect& dialect, std::unique_ptr<Wire> wire, const QueryLogger* logger);

  Task<void> read(const driver::ReadRequest& request, driver::RowSink& sink) override;
  Task<void> write(driver::WriteBatch& batch) override;
  Task<std::uint64_t> modify(const driver::ReadRequest& request) override;
  Task<std::uint64_t> execute(std::string_view sql, std::span<const ValueView> parameters,
                              driver::RowSink* sink) override;
  std::string text_of(const query::ReadPlan& plan) override;
  std::string text_of(const driver::WriteBatch& batch) override;

  Task<void> begin(const TransactionOptions& options) override;
  /// When it fails and transaction_lost() is false, the transaction is still open.
  Task<void> commit() override;
  Task<void> rollback() override;
  Task<void> savepoint(int level) override;
  Task<void> release_savepoint(int level) override;
  Task<void> rollback_to_savepoint(int level) override;
  bool transaction_lost() const override;

  /// For the pool, when the loan ends: ends whatever is open; false when the connection is of no more use.
  bool reset() noexcept;
  /// True when a statement of the last user may have left something in the session: renew() is to be awaited
  /// before the next loan, and a connection for which it fails is of no more use.
  bool needs_renewal() const noexcept { return renewal_due_; }
  Task<void> renew();
  /// Runs what a hook asks for. Throws ConnectionSetupError that names the hook. What is `lasting` belongs to
  /// the connection and not to the loan.
  Task<void> set_up(const ConnectionHook& hook, std::string_view name, bool lasting);

 private:
  bool logs() const noexcept { return logger_ != nullptr; }
  std::span<const ValueView> in_text_order(std::span<const std::uint32_t> order,
                                           std::span<const ValueView> values);
  std::string savepoint_text(std::string_view verb, int level) const;

  Task<void> send_read(const SelectText& select, std::span<const ValueView> parameters,
                       driver::RowSink& sink);
  Task<void> logged_read(const SelectText& select, std::span<const ValueView> parameters,
                         driver::RowSink& sink);
  Task<void> logged_write(const std::string& text, driver::WriteBatch& batch);
  Task<void> run(std::string text);

  const Dialect& dialect_;
  const std::unique_ptr<Wire> wire_;
  const QueryLogger* const logger_;  // null when there is nobody to tell
  WriteTexts write_texts_;
  std::string conditional_text_{};  // of the upsert with a condition that runs
  // Of the running read, where the text's order is another than the plan's.
  std::vector<ValueView> parameters_;
  bool in_transaction_ = false;  // as far as we have been told
  bool touched_ = false;         // the session, since it was new
  bool renewal_due_ = false;
};

}  // namespace kin::sql
