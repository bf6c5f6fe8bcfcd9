// SPDX-License-Identifier: MIT
#pragma once

#include <kin/options.hpp>

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "drivers/driver.hpp"

namespace kin::sql {

/// One statement for the query logger, from its start to the end of this object: the logger is told in the
/// destructor, as of a failed statement unless succeeded() was called. What the logger throws is dropped, so
/// that logging never changes what a statement came to.
///
/// Lifetime: the parameters, and what they point at, outlive it: they are copied when the logger asks for
/// them, which of a batch is when all is over, so that a row's parameters may hold the key that an earlier
/// row has got.
class LoggedQuery final : private kin::detail::ParameterSource {
 public:
  LoggedQuery(const QueryLogger& logger, std::string_view sql, std::span<const ValueView> parameters = {});
  LoggedQuery(const LoggedQuery&) = delete;
  LoggedQuery& operator=(const LoggedQuery&) = delete;
  ~LoggedQuery() override;

  /// Takes parameters and number of executions from a batch. `whole`: all of it is one execution.
  void set_batch(const driver::WriteBatch& batch, bool whole);
  void succeeded(std::uint64_t rows) noexcept;

 private:
  void append_to(std::vector<Value>& values) const override;

  const QueryLogger& logger_;
  const std::span<const ValueView> parameters_;
  const driver::WriteBatch* batch_ = nullptr;
  Query query_;
  std::chrono::steady_clock::time_point start_;
};

/// Passes rows on and counts them.
class CountingSink final : public driver::RowSink {
 public:
  explicit CountingSink(driver::RowSink& target) noexcept : target_(target) {}
  void columns(std::span<const std::string_view> names) override { target_.columns(names); }
  void row(const ValueView* cells) override {
    ++rows_;
    target_.row(cells);
  }
  std::uint64_t rows() const noexcept { return rows_; }

 private:
  driver::RowSink& target_;
  std::uint64_t rows_ = 0;
};

}  // namespace kin::sql
