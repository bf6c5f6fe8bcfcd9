// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>

namespace kin {

/// The present moment, convertible to a time point of any precision (rounded down).
struct Now {
  std::chrono::system_clock::time_point at;
  template <class Duration>
  operator std::chrono::time_point<std::chrono::system_clock, Duration>() const {
    return std::chrono::floor<Duration>(at);
  }
};

/// For on_create and on_update: on_create([] { return kin::now(); }).
inline Now now() { return {std::chrono::system_clock::now()}; }

}  // namespace kin
