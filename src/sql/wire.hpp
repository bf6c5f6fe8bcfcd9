// SPDX-License-Identifier: MIT
#pragma once

#include <kin/task.hpp>
#include <kin/transaction.hpp>
#include <kin/value.hpp>

#include <cstdint>
#include <span>
#include <string>

#include "drivers/driver.hpp"

namespace kin::sql {

/// The client library of one SQL database: texts and values in, rows and counts out. It knows nothing of
/// plans and dialects; the SqlConnection above it knows nothing of sockets. Its tasks work in place in a
/// blocking context.
///
/// Lifetime: what a verb gets by reference stays valid until its task has ended. Texts of reads and writes
/// come again and again at the same address, so it is worth preparing them. Thread-safety: used by one task
/// at a time. Errors: the database's as DriverErrors with the text that was running, refused values as
/// ValidationErrors.
class Wire {
 public:
  virtual ~Wire() = default;

  virtual Task<void> read(const std::string& text, std::span<const ValueView> parameters,
                          driver::RowSink& sink) = 0;
  /// read() of a text with parameters that are arrays: `arrays` says for each parameter how many of the
  /// values are its array, 0 where it takes a single one. Only for dialects that write arrays.
  virtual Task<void> read_arrays(const std::string& text, std::span<const ValueView> values,
                                 std::span<const std::uint32_t> arrays, driver::RowSink& sink) {
    (void)arrays;
    return read(text, values, sink);
  }
  /// Writes all rows of the batch; `text` writes one of them. Stores what is read back, reports missed rows.
  virtual Task<void> write(const std::string& text, driver::WriteBatch& batch) = 0;
  /// Any statement. A sink is told the columns first. Returns the number of rows changed.
  virtual Task<std::uint64_t> execute(const std::string& text, std::span<const ValueView> parameters,
                                      driver::RowSink* sink) = 0;

  /// The statement that begin() sends.
  virtual std::string begin_text(const TransactionOptions& options) const = 0;
  virtual Task<void> begin(const TransactionOptions& options) = 0;
  /// What the database itself says, as far as it is known without asking it.
  virtual bool in_transaction() const noexcept = 0;

  /// Ends whatever the last user left open; false when the connection can't be used any more. When the user
  /// has `touched` the session, with variables, locks or temporary tables, renew() will be awaited before
  /// anything else: what can be sent for it without waiting goes now.
  virtual bool reset(bool touched) noexcept = 0;
  /// Makes the session as it was when the connection was new. The connection is of no use after an error.
  virtual Task<void> renew() = 0;
};

}  // namespace kin::sql
