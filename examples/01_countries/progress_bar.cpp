// SPDX-License-Identifier: MIT
#include "progress_bar.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <utility>

namespace countries {

namespace {
constexpr std::size_t width = 40;
}

ProgressBar::ProgressBar(std::string task, std::size_t steps)
    : task_(std::move(task)), steps_(steps), terminal_(isatty(STDOUT_FILENO) != 0) {
  if (terminal_ && steps_ > 0) draw();
}

ProgressBar::~ProgressBar() {
  if (steps_ == 0) return;
  if (!terminal_) std::cout << task_ << ": " << done_ << " of " << steps_;
  std::cout << '\n' << std::flush;
}

void ProgressBar::advance(std::size_t steps) {
  const std::size_t before = done_;
  done_ = std::min(done_ + steps, steps_);
  // A terminal is slow: once for each percent is enough.
  if (terminal_ && steps_ > 0 && before * 100 / steps_ != done_ * 100 / steps_) draw();
}

void ProgressBar::draw() const {
  const std::size_t filled = done_ * width / steps_;
  std::cout << '\r' << task_ << " [" << std::string(filled, '#') << std::string(width - filled, '.') << "] "
            << done_ << " of " << steps_ << std::flush;
}

}  // namespace countries
