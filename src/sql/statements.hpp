// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/driver.hpp"
#include "query/plan.hpp"
#include "sql/dialect.hpp"

namespace kin::sql {

/// A read's text and, for each of its placeholders in order, the index of the request's value.
struct SelectText {
  std::string text{};
  std::vector<std::uint32_t> values{};
  /// Where a placeholder stands for an array: for each of them how many of the values are its array, 0 where
  /// it takes a single one. Else empty.
  std::vector<std::uint32_t> arrays{};
};
SelectText select_text(const query::ReadPlan& plan, const Dialect& dialect);

/// The statement that writes one row of a batch; its parameters are those of WriteBatch::parameter in order.
std::string write_text(const driver::WriteBatch& batch, const Dialect& dialect);

/// The condition of an upsert as a where clause whose placeholders come after `before` others; `values` says
/// for each of them which of the condition's values it takes. Throws ValidationError for a list that would be
/// an array.
std::string upsert_condition(const query::ReadPlan& condition, const Dialect& dialect, std::size_t before,
                             std::vector<std::uint32_t>& values);

/// The statement of an upsert with a condition; tells the batch which parameters the condition takes.
std::string conditional_upsert_text(driver::WriteBatch& batch, const Dialect& dialect);

/// The user's statement with each {} made a placeholder; {{ and }} stand for braces. Throws ValidationError
/// when the number of {} differs from `parameter_count`. Braces inside quoted text are left alone.
std::string execute_text(std::string_view sql, std::size_t parameter_count, const Dialect& dialect);

}  // namespace kin::sql
