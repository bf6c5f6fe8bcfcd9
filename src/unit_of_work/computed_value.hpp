// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/expression.hpp>
#include <kin/metadata.hpp>

#include <optional>
#include <string>

namespace kin::unit_of_work {

/// A member that the next flush lets the database compute.
struct ComputedValue {
  const Column* column = nullptr;
  detail::MemberPath path{};
  detail::Expression expression{};
  std::string before{};             ///< the member's packed value when it was asked for
  std::optional<Value> computed{};  ///< what the row held after the write, until the books are closed
  std::string after{};              ///< the member's packed value after that
};

}  // namespace kin::unit_of_work
