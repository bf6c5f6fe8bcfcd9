// SPDX-License-Identifier: MIT
#pragma once

#include <kin/options.hpp>

#include <chrono>
#include <functional>
#include <string_view>

namespace kin {

/// What console_log() prints.
struct LogOptions {
  /// Also the values, which may be private. Of a batch the first rows.
  bool parameters{};
  /// Leaves out statements that took less; failed ones are always printed. 0 = all.
  std::chrono::nanoseconds slower_than{};
  /// Receives each line, without a newline at its end, in place of stderr; no colours then. Called by several
  /// threads at once.
  std::function<void(std::string_view line)> write{};
};

/// A logger for Options::query_logger that prints a line for each statement:
///   [query] select "id" from "author" where "age" > ? [took 0.21 ms, 3 rows]
/// It goes to stderr, coloured when that is a terminal and NO_COLOR is not set. Control characters in
/// statements and values are made visible, so a value can't forge a line. Thread-safety: may be shared by any
/// number of Orms and threads; lines don't mix.
QueryLogger console_log(LogOptions options = {});

}  // namespace kin
