// SPDX-License-Identifier: MIT
#include "async/timer.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace kin::async {
namespace {

using Clock = std::chrono::steady_clock;

// Near enough for the clock's arithmetic.
constexpr std::chrono::milliseconds longest = std::chrono::hours(24 * 365);

}  // namespace

struct Timer::State {
  void insert(Pause& pause) noexcept;
  void remove(Pause& pause) noexcept;
  static void serve(State& state) noexcept;

  std::mutex mutex;
  std::condition_variable changed;
  Pause* first = nullptr;  // to be woken first
  bool ending = false;
  std::thread thread;
};

void Timer::State::insert(Pause& pause) noexcept {
  Pause** at = &first;
  while (*at != nullptr && (*at)->deadline_ <= pause.deadline_) at = &(*at)->next_;
  pause.next_ = std::exchange(*at, &pause);
  pause.listed_ = true;
}

void Timer::State::remove(Pause& pause) noexcept {
  Pause** at = &first;
  while (*at != &pause) at = &(*at)->next_;
  *at = pause.next_;
  pause.listed_ = false;
}

void Timer::State::serve(State& state) noexcept {
  std::unique_lock lock(state.mutex);
  for (;;) {
    Pause* const pause = state.first;
    if (pause == nullptr) {
      if (state.ending) return;
      state.changed.wait(lock);
    } else if (const Clock::time_point deadline = pause->deadline_;
               !state.ending && deadline > Clock::now()) {
      state.changed.wait_until(lock, deadline);
    } else {
      state.remove(*pause);
      const std::coroutine_handle<> handle = pause->handle_;
      Executor* const executor = pause->executor_;
      // Once the lock is free the coroutine may go on, so nothing refers to it.
      lock.unlock();
      detail::resume_through(executor, handle);
      lock.lock();
    }
  }
}

Timer::Timer() : state_(std::make_shared<State>()) {}

Timer::~Timer() {
  std::thread thread;
  {
    const std::lock_guard lock(state_->mutex);
    state_->ending = true;
    thread.swap(state_->thread);
    state_->changed.notify_one();
  }
  if (!thread.joinable()) return;
  if (thread.get_id() == std::this_thread::get_id()) {
    thread.detach();
  } else {
    thread.join();
  }
}

Timer::Pause::~Pause() {
  const std::lock_guard lock(state_->mutex);
  if (listed_) state_->remove(*this);
}

bool Timer::Pause::start(std::coroutine_handle<> handle, const detail::ExecutionContext& context) {
  const std::chrono::milliseconds time = std::min(time_, longest);
  if (context.blocking) {
    std::this_thread::sleep_for(time);
    return false;
  }
  handle_ = handle;
  executor_ = context.executor;
  deadline_ = Clock::now() + time;
  const std::lock_guard lock(state_->mutex);
  if (state_->ending) return false;
  if (!state_->thread.joinable()) state_->thread = std::thread([state = state_] { State::serve(*state); });
  state_->insert(*this);
  detail::count_suspension();
  state_->changed.notify_one();
  return true;
}

}  // namespace kin::async
