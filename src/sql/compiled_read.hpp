// SPDX-License-Identifier: MIT
#pragma once

#include "query/plan.hpp"
#include "sql/dialect.hpp"
#include "sql/statements.hpp"

namespace kin::sql {

/// What ReadPlan::compiled holds for an SQL database.
struct CompiledRead {
  SelectText select;
  bool in_order;  ///< the text takes the request's values as they come
};

/// The plan's text, made by whoever asks first; valid as long as the plan, and at the same address.
/// Thread-safe.
const CompiledRead& compiled_read(const query::ReadPlan& plan, const Dialect& dialect);

}  // namespace kin::sql
