// SPDX-License-Identifier: MIT
#include "async/timer.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using kin::Task;
using kin::async::Timer;

Task<void> pause(Timer& timer, std::chrono::milliseconds time) { co_await timer.pause(time); }

// Keeps what is posted and resumes nothing.
struct Drawer final : kin::Executor {
  void post(std::coroutine_handle<> handle) override { posted.push_back(handle); }
  std::vector<std::coroutine_handle<>> posted;
};

Task<void> note(Timer& timer, std::chrono::milliseconds time, std::vector<int>& order, int number) {
  co_await timer.pause(time);
  order.push_back(number);
}

TEST(Timer, BlocksTheThreadInABlockingContext) {
  Timer timer;
  const std::uint64_t before = kin::detail::suspension_count();
  const auto start = Clock::now();
  kin::detail::run_blocking(pause(timer, 10ms));
  EXPECT_GE(Clock::now() - start, 10ms);
  EXPECT_EQ(kin::detail::suspension_count(), before);
}

TEST(Timer, WakesInTheOrderOfDeadlines) {
  Timer timer;
  std::vector<int> order;
  std::vector<Task<void>> tasks;
  tasks.push_back(note(timer, 60ms, order, 3));
  tasks.push_back(note(timer, 1ms, order, 1));
  tasks.push_back(note(timer, 30ms, order, 2));
  const auto start = Clock::now();
  kin::sync_wait(kin::when_all(std::move(tasks)));
  EXPECT_GE(Clock::now() - start, 60ms);
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(Timer, DoesNotSuspendForNoTime) {
  Timer timer;
  const std::uint64_t before = kin::detail::suspension_count();
  kin::sync_wait(pause(timer, 0ms));
  kin::sync_wait(pause(timer, -5ms));
  EXPECT_EQ(kin::detail::suspension_count(), before);
}

TEST(Timer, ForgetsACoroutineThatIsDestroyed) {
  Drawer drawer;
  Timer timer;
  Task<void> first = kin::resume_on(drawer, pause(timer, 5ms));
  Task<void> second = kin::resume_on(drawer, pause(timer, std::chrono::hours(1'000'000)));
  kin::detail::resume(kin::detail::TaskAccess::handle(first));
  kin::detail::resume(kin::detail::TaskAccess::handle(second));
  first = Task<void>();
  second = Task<void>();
  kin::sync_wait(pause(timer, 20ms));
  EXPECT_TRUE(drawer.posted.empty());
}

TEST(Timer, WakesAllAtItsEnd) {
  Drawer drawer;
  auto timer = std::make_unique<Timer>();
  Task<void> task = kin::resume_on(drawer, pause(*timer, std::chrono::hours(1)));
  kin::detail::resume(kin::detail::TaskAccess::handle(task));
  timer.reset();
  ASSERT_EQ(drawer.posted.size(), 1u);
  kin::detail::resume(drawer.posted.front());
  EXPECT_TRUE(kin::detail::TaskAccess::handle(task).done());
}

Task<void> end_timer(std::unique_ptr<Timer>& timer) {
  co_await timer->pause(1ms);
  timer.reset();  // without an executor this runs on the timer's own thread
}

TEST(Timer, MayEndOnItsOwnThread) {
  auto timer = std::make_unique<Timer>();
  std::atomic<bool> ended = false;
  Task<void> task = end_timer(timer);
  const auto handle = kin::detail::TaskAccess::handle(task);
  handle.promise().set_end_hook(
      [](void* flag) noexcept {
        static_cast<std::atomic<bool>*>(flag)->store(true);
        return std::coroutine_handle<>();
      },
      &ended);
  kin::detail::resume(handle);
  while (!ended) std::this_thread::yield();
  EXPECT_EQ(timer, nullptr);
}

TEST(Timer, ServesManyAtOnce) {
  Timer timer;
  std::vector<int> order;
  std::vector<Task<void>> tasks;
  for (int number = 0; number < 2000; ++number) {
    tasks.push_back(note(timer, std::chrono::milliseconds(number % 7), order, number));
  }
  kin::sync_wait(kin::when_all(std::move(tasks)));
  EXPECT_EQ(order.size(), 2000u);
}

}  // namespace
