// SPDX-License-Identifier: MIT
#pragma once

#include <kin/options.hpp>
#include <kin/sqlite.hpp>
#include <kin/task.hpp>
#include <kin/value.hpp>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drivers/driver.hpp"

/// What the tests of the SQLite driver share: they work through the seam, below managers and entities.
namespace kin::seam_test {

using detail::run_blocking;
using driver::Loan;

/// A database file of its own, deleted at the end.
class TemporaryDatabase {
 public:
  TemporaryDatabase();
  TemporaryDatabase(const TemporaryDatabase&) = delete;
  TemporaryDatabase& operator=(const TemporaryDatabase&) = delete;
  ~TemporaryDatabase() { std::filesystem::remove_all(folder_); }

  std::string path() const { return (folder_ / "test.db").string(); }
  std::string folder() const { return folder_.string(); }

 private:
  std::filesystem::path folder_;
};

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

inline std::unique_ptr<driver::Driver> make_driver(std::string db_name, sqlite::Options settings = {},
                                                   const std::function<void(Options&)>& change = {}) {
  Options options;
  options.driver = sqlite::driver(std::move(settings));
  options.db_name = std::move(db_name);
  if (change) change(options);
  return options.driver->make(options);
}

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

inline TemporaryDatabase::TemporaryDatabase() {
  std::string pattern = (std::filesystem::temp_directory_path() / "kin-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("can't make a temporary folder");
  folder_ = pattern;
}

}  // namespace kin::seam_test
