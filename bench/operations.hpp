// SPDX-License-Identifier: MIT
#pragma once

#include "side.hpp"

#include <optional>
#include <span>
#include <string_view>

namespace bench {

/// One line of the table.
struct Operation {
  using Step = void (*)(Side&);

  std::string_view name;
  double divisor;                 ///< what a round's time is divided by, so that figures are per row
  Step once;                      ///< before all rounds; not timed, as the next two
  Step before;                    ///< before each round
  Step run;                       ///< timed
  Step after;                     ///< after each round
  std::optional<double> ratio{};  ///< the bar: most kin time for raw C's
  std::optional<double> limit{};  ///< the bar where it is no ratio: most microseconds
};

std::span<const Operation> operations();

}  // namespace bench
