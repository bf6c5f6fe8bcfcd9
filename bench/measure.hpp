// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench {

/// The figures of one contestant: one for each round.
class Samples {
 public:
  void add(double value) { values_.push_back(value); }
  bool empty() const noexcept { return values_.empty(); }
  double minimum() const { return *std::min_element(values_.begin(), values_.end()); }
  double median() const {
    std::vector<double> sorted = values_;
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
    std::nth_element(sorted.begin(), middle, sorted.end());
    return *middle;
  }

 private:
  std::vector<double> values_{};
};

/// Microseconds that a call takes.
template <class F>
double microseconds(F&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
}

/// Work that was not done must not look fast.
inline void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("wrong result: ") + what);
}

/// Keeps the compiler from dropping what leads to a value.
inline void keep(std::size_t value) {
  [[maybe_unused]] static volatile std::size_t sink;
  sink = value;
}

}  // namespace bench
