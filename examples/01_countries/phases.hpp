// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <iomanip>
#include <sstream>
#include <string>
#include <utility>

#include "statement_log.hpp"
#include "table.hpp"

namespace countries {

/// Measures the parts of the program: their time and the statements that they send.
class Phases {
 public:
  explicit Phases(const StatementLog& log) : log_(&log) {}

  template <class Work>
  auto run(std::string name, Work&& work) {
    const Measurement measurement(*this, std::move(name));
    return work();
  }
  const Table& table() const { return table_; }

 private:
  using Clock = std::chrono::steady_clock;

  /// From its construction to its end, so that the work may return what it likes.
  class Measurement {
   public:
    Measurement(Phases& phases, std::string name)
        : phases_(phases), name_(std::move(name)), statements_(phases.log_->size()), start_(Clock::now()) {}
    Measurement(const Measurement&) = delete;
    Measurement& operator=(const Measurement&) = delete;
    ~Measurement() {
      const std::chrono::duration<double, std::milli> time = Clock::now() - start_;
      std::ostringstream milliseconds;
      milliseconds << std::fixed << std::setprecision(1) << time.count();
      phases_.table_.add({name_, milliseconds.str(), std::to_string(phases_.log_->size() - statements_)});
    }

   private:
    Phases& phases_;
    std::string name_;
    std::size_t statements_;
    Clock::time_point start_;
  };

  const StatementLog* log_;
  Table table_{{"Phase", "Milliseconds", "Statements"}};
};

}  // namespace countries
