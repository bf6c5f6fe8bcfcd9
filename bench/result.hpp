// SPDX-License-Identifier: MIT
#pragma once

#include "measure.hpp"

#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace bench {

/// What came of one operation.
struct Result {
  std::string name{};
  Samples raw{};
  Samples kin{};
  std::optional<double> ratio{};  ///< bars, as in Operation
  std::optional<double> limit{};
  const char* unit = "us";

  double best_ratio() const { return kin.minimum() / raw.minimum(); }
  double median_ratio() const { return kin.median() / raw.median(); }
  bool has_bar() const noexcept { return ratio || limit; }
  bool ok() const { return ratio ? best_ratio() <= *ratio : !limit || kin.minimum() <= *limit; }
};

void print_header(std::ostream& to);
void print_line(std::ostream& to, const Result& result);
void print_json(std::ostream& to, const Result& result);

}  // namespace bench
