// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <coroutine>
#include <memory>

#include <kin/task.hpp>

namespace kin::async {

/// Lets tasks wait for a time without holding a thread: one thread of its own, which starts at the first use,
/// wakes all of them. Lifetime: the destructor wakes whoever still waits, early, then joins its thread,
/// unless it runs on that. Thread-safety: all members may be called from any thread.
class Timer {
 public:
  class Pause;

  Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer();

  /// `co_await timer.pause(time)`: in a blocking context sleeps in place, else suspends and resumes through
  /// the context's executor, or on the timer's thread where there is none. The coroutine may be destroyed
  /// while it waits. Errors: std::system_error when the thread can't be started.
  Pause pause(std::chrono::milliseconds time) noexcept;

 private:
  struct State;

  std::shared_ptr<State> state_;  // shared with the thread and with whoever waits
};

/// What pause() returns; it lives in the awaiting coroutine's frame and is a node of the timer's list.
class [[nodiscard]] Timer::Pause {
 public:
  Pause(std::shared_ptr<State> state, std::chrono::milliseconds time) noexcept
      : state_(std::move(state)), time_(time) {}
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;
  ~Pause();

  bool await_ready() const noexcept { return time_ <= std::chrono::milliseconds::zero(); }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) {
    return start(handle, detail::context_of(handle));
  }
  void await_resume() const noexcept {}

 private:
  friend State;

  bool start(std::coroutine_handle<> handle, const detail::ExecutionContext& context);

  const std::shared_ptr<State> state_;
  const std::chrono::milliseconds time_;
  // The rest belongs to the timer's lock while listed_.
  bool listed_ = false;
  Pause* next_ = nullptr;
  std::chrono::steady_clock::time_point deadline_;
  std::coroutine_handle<> handle_;
  Executor* executor_ = nullptr;
};

inline Timer::Pause Timer::pause(std::chrono::milliseconds time) noexcept { return Pause(state_, time); }

}  // namespace kin::async
