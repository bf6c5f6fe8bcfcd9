// SPDX-License-Identifier: MIT
#include "sql/compiled_read.hpp"

#include <memory>
#include <mutex>

namespace kin::sql {
namespace {

CompiledRead compile(const query::ReadPlan& plan, const Dialect& dialect) {
  CompiledRead compiled{select_text(plan, dialect), true};
  std::uint32_t next = 0;
  for (const std::uint32_t value : compiled.select.values) compiled.in_order &= value == next++;
  return compiled;
}

}  // namespace

const CompiledRead& compiled_read(const query::ReadPlan& plan, const Dialect& dialect) {
  std::call_once(plan.compiled_once, [&plan, &dialect] {
    plan.compiled = std::make_shared<const CompiledRead>(compile(plan, dialect));
  });
  return *static_cast<const CompiledRead*>(plan.compiled.get());
}

}  // namespace kin::sql
