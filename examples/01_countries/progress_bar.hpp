// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

namespace countries {

/// Shows how far a task is: a bar that grows on a terminal, one line at the task's end elsewhere. A task of
/// no steps shows nothing.
class ProgressBar {
 public:
  ProgressBar(std::string task, std::size_t steps);
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  /// Ends the line, also when an exception ends the task.
  ~ProgressBar();

  void advance(std::size_t steps = 1);

 private:
  void draw() const;

  std::string task_;
  std::size_t steps_;
  std::size_t done_ = 0;
  bool terminal_;
};

}  // namespace countries
