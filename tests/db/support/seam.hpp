// SPDX-License-Identifier: MIT
#pragma once

#include <kin/task.hpp>
#include <kin/transaction.hpp>
#include <kin/value.hpp>

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drivers/driver.hpp"

/// What the tests of the drivers share: they work through the seam, below managers and entities.
namespace kin::seam_test {

using detail::run_blocking;
using driver::Loan;

/// Keeps the rows it gets.
struct Rows : driver::RowSink {
  void columns(std::span<const std::string_view> columns) override {
    names.assign(columns.begin(), columns.end());
  }
  void row(const ValueView* cells) override {
    std::vector<Value>& copy = rows.emplace_back();
    for (std::size_t index = 0; index < names.size(); ++index) copy.emplace_back(cells[index]);
  }

  std::vector<std::string> names;
  std::vector<std::vector<Value>> rows;
};

/// A row's first cell, such as of `select count(*)`.
struct FirstCell : driver::RowSink {
  void row(const ValueView* cells) override { value = Value(cells[0]); }

  Value value;
};

inline Loan lend(driver::Driver& driver) { return run_blocking(driver.acquire()); }

inline std::uint64_t execute(const Loan& loan, std::string_view sql, std::vector<ValueView> parameters = {},
                             driver::RowSink* sink = nullptr) {
  return run_blocking(loan->execute(sql, parameters, sink));
}

inline Rows rows(const Loan& loan, std::string_view sql, std::vector<ValueView> parameters = {}) {
  Rows rows;
  execute(loan, sql, std::move(parameters), &rows);
  return rows;
}

inline Value value(const Loan& loan, std::string_view sql, std::vector<ValueView> parameters = {}) {
  FirstCell cell;
  execute(loan, sql, std::move(parameters), &cell);
  return cell.value;
}

inline std::int64_t integer(const Loan& loan, std::string_view sql, std::vector<ValueView> parameters = {}) {
  return value(loan, sql, std::move(parameters)).view().as_integer();
}

inline std::string text(const Loan& loan, std::string_view sql, std::vector<ValueView> parameters = {}) {
  return std::string(value(loan, sql, std::move(parameters)).view().bytes());
}

inline void begin(const Loan& loan, TransactionOptions options = {}) { run_blocking(loan->begin(options)); }
inline void commit(const Loan& loan) { run_blocking(loan->commit()); }
inline void rollback(const Loan& loan) { run_blocking(loan->rollback()); }

/// What the function throws, to look into it.
template <class E, class F>
E caught(F function) {
  try {
    function();
  } catch (const E& error) {
    return error;
  }
  throw std::runtime_error("nothing was thrown");
}

}  // namespace kin::seam_test
