// SPDX-License-Identifier: MIT
#include "async/thread_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using kin::Task;
using kin::async::offload;
using kin::async::ThreadPool;

struct Threads {
  std::thread::id inside;
  std::thread::id after;
};

Task<Threads> observe(ThreadPool& pool) {
  const std::thread::id inside = co_await offload(pool, [] { return std::this_thread::get_id(); });
  Threads threads;
  threads.inside = inside;
  threads.after = std::this_thread::get_id();
  co_return threads;
}

Task<> offload_often(ThreadPool& pool, int count, std::atomic<int>& sum) {
  for (int i = 0; i < count; ++i) co_await offload(pool, [&sum] { ++sum; });
}

TEST(Offload, RunsOnAnotherThreadAndResumesOnTheWaitingOne) {
  ThreadPool pool(2);
  const Threads threads = kin::sync_wait(observe(pool));
  EXPECT_NE(threads.inside, std::this_thread::get_id());
  EXPECT_EQ(threads.after, std::this_thread::get_id());
}

TEST(Offload, RunsInPlaceWhenBlocking) {
  ThreadPool pool(2);
  const std::uint64_t before = kin::detail::suspension_count();
  const Threads threads = kin::detail::run_blocking(observe(pool));
  EXPECT_EQ(threads.inside, std::this_thread::get_id());
  EXPECT_EQ(kin::detail::suspension_count(), before);
  EXPECT_EQ(pool.thread_count(), 0U);
}

TEST(Offload, CountsItsSuspensions) {
  ThreadPool pool(1);
  std::atomic<int> sum = 0;
  const std::uint64_t before = kin::detail::suspension_count();
  kin::sync_wait(offload_often(pool, 10, sum));
  EXPECT_EQ(kin::detail::suspension_count(), before + 10);
  EXPECT_EQ(sum, 10);
}

TEST(Offload, ResumesOnThePoolsThreadWithoutAnExecutor) {
  struct ForeignCoroutine {
    struct promise_type {
      ForeignCoroutine get_return_object() { return {}; }
      std::suspend_never initial_suspend() noexcept { return {}; }
      std::suspend_never final_suspend() noexcept { return {}; }
      void return_void() noexcept {}
      void unhandled_exception() { std::terminate(); }
    };
  };
  std::optional<Threads> threads;
  const auto foreign = [&threads](ThreadPool& pool) -> ForeignCoroutine { threads = co_await observe(pool); };
  {
    ThreadPool pool(1);
    foreign(pool);
  }
  ASSERT_TRUE(threads.has_value());
  EXPECT_NE(threads->inside, std::this_thread::get_id());
  EXPECT_EQ(threads->inside, threads->after);
}

TEST(Offload, PassesValuesReferencesAndExceptions) {
  ThreadPool pool(1);
  int target = 1;
  const auto body = [&]() -> Task<std::string> {
    std::unique_ptr<int> owned = co_await offload(pool, [] { return std::make_unique<int>(4); });
    int& referred = co_await offload(pool, [&target]() -> int& { return target; });
    referred = *owned;
    std::string message;
    try {
      co_await offload(pool, [] { throw std::runtime_error("inside"); });
    } catch (const std::runtime_error& error) {
      message = error.what();
    }
    co_return message;
  };
  EXPECT_EQ(kin::sync_wait(body()), "inside");
  EXPECT_EQ(target, 4);
  target = 1;
  EXPECT_EQ(kin::detail::run_blocking(body()), "inside");
  EXPECT_EQ(target, 4);
}

// A lambda that owns something is named first: GCC 12 destroys the captures of others in a co_await twice.
TEST(Offload, TakesANamedFunctionByReference) {
  ThreadPool pool(1);
  const auto shared = std::make_shared<int>(3);
  const auto body = [&]() -> Task<std::string> {
    std::string text(100, 'x');
    auto append = [text, shared]() mutable { return text += std::to_string(*shared); };
    co_await offload(pool, append);
    const auto owned = [value = std::make_unique<int>(2)] { return *value; };
    const int two = co_await offload(pool, owned);
    co_return append() + std::to_string(two);
  };
  const std::string expected = std::string(100, 'x') + "332";
  EXPECT_EQ(kin::sync_wait(body()), expected);
  EXPECT_EQ(kin::detail::run_blocking(body()), expected);
  EXPECT_EQ(shared.use_count(), 1);
}

TEST(Offload, RunsAtOnceUnderWhenAll) {
  ThreadPool pool(3);
  std::latch all_inside(3);
  const auto body = [&]() -> Task<> {
    co_await offload(pool, [&all_inside] { all_inside.arrive_and_wait(); });
  };
  std::vector<Task<>> tasks;
  for (int i = 0; i < 3; ++i) tasks.push_back(body());
  kin::sync_wait(kin::when_all(std::move(tasks)));
  EXPECT_EQ(pool.thread_count(), 3U);
}

TEST(ThreadPool, StartsNoMoreThreadsThanItMay) {
  ThreadPool pool(2);
  EXPECT_EQ(pool.thread_count(), 0U);
  std::atomic<int> sum = 0;
  std::vector<Task<>> tasks;
  for (int i = 0; i < 50; ++i) tasks.push_back(offload_often(pool, 20, sum));
  kin::sync_wait(kin::when_all(std::move(tasks)));
  EXPECT_EQ(sum, 1000);
  EXPECT_LE(pool.thread_count(), 2U);
}

TEST(ThreadPool, ReusesAnIdleThread) {
  ThreadPool pool(8);
  std::atomic<int> sum = 0;
  for (int i = 0; i < 20; ++i) {
    kin::sync_wait(offload_often(pool, 1, sum));
    // The result arrives a moment before the thread is idle again.
    while (pool.idle_thread_count() < pool.thread_count()) std::this_thread::yield();
  }
  EXPECT_EQ(pool.thread_count(), 1U);
}

TEST(ThreadPool, ServesSeveralLoopsAtOnce) {
  ThreadPool pool(2);
  std::atomic<int> sum = 0;
  std::vector<std::thread> loops;
  for (int i = 0; i < 4; ++i) {
    loops.emplace_back([&] { kin::sync_wait(offload_often(pool, 200, sum)); });
  }
  for (std::thread& loop : loops) loop.join();
  EXPECT_EQ(sum, 800);
}

class Counted final : public ThreadPool::Work {
 public:
  int ran = 0;
  int resumed = 0;

 private:
  void run() noexcept override { ++ran; }
  void resume() noexcept override { ++resumed; }
};

class Held final : public ThreadPool::Work {
 public:
  std::binary_semaphore running{0};
  std::binary_semaphore let_go{0};
  std::atomic<int> resumed = 0;

 private:
  void run() noexcept override {
    running.release();
    let_go.acquire();
  }
  void resume() noexcept override { ++resumed; }
};

TEST(ThreadPool, EndsWithItsQueueDone) {
  Held held;
  Counted counted[10];
  std::thread releases;
  {
    ThreadPool pool(1);
    pool.submit(held);
    for (Counted& work : counted) pool.submit(work);
    held.running.acquire();
    releases = std::thread([&held] { held.let_go.release(); });
  }
  releases.join();
  for (const Counted& work : counted) {
    EXPECT_EQ(work.ran, 1);
    EXPECT_EQ(work.resumed, 1);
  }
}

TEST(ThreadPool, LeavesOutWithdrawnWork) {
  Held held;
  Counted first;
  Counted middle;
  Counted last;
  Counted later;
  {
    ThreadPool pool(1);
    pool.submit(held);
    held.running.acquire();
    for (Counted* work : {&first, &middle, &last}) pool.submit(*work);
    pool.withdraw(middle);
    pool.withdraw(last);
    pool.submit(later);
    held.let_go.release();
  }
  EXPECT_EQ(first.ran, 1);
  EXPECT_EQ(middle.ran, 0);
  EXPECT_EQ(last.ran, 0);
  EXPECT_EQ(later.ran, 1);
}

TEST(ThreadPool, WaitsForWithdrawnWorkThatRunsAndDoesNotResumeIt) {
  ThreadPool pool(1);
  Held held;
  pool.submit(held);
  held.running.acquire();
  std::thread releases([&held] { held.let_go.release(); });
  pool.withdraw(held);
  releases.join();
  pool.withdraw(held);  // past its run: nothing to do
  EXPECT_EQ(held.resumed, 0);
}

// Keeps the root of a task where the test can destroy it, as an event loop does with its handlers when it
// ends.
class DroppingLoop final : public kin::Executor {
 public:
  void post(std::coroutine_handle<>) override { ++posted; }
  std::atomic<int> posted = 0;
};

Task<> use_captured(ThreadPool& pool, std::shared_ptr<int> value, Held& held) {
  const std::shared_ptr<int> local = value;
  co_await offload(pool, [&held, &local] {
    held.running.release();
    held.let_go.acquire();
    ++*local;
  });
}

struct Root {
  struct promise_type {
    Root get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};

Root start(kin::Executor& executor, Task<> task) { co_await kin::resume_on(executor, std::move(task)); }

TEST(Offload, MayBeDestroyedWhileItsFunctionRunsOrWaits) {
  DroppingLoop loop;
  ThreadPool pool(1);
  Held running;
  Held queued;
  const auto value = std::make_shared<int>(0);
  const Root first = start(loop, use_captured(pool, value, running));
  running.running.acquire();
  const Root second = start(loop, use_captured(pool, value, queued));
  second.handle.destroy();
  std::thread releases([&running] { running.let_go.release(); });
  first.handle.destroy();
  releases.join();
  EXPECT_EQ(value.use_count(), 1);
  EXPECT_EQ(*value, 1);
  EXPECT_EQ(loop.posted, 0);
}

TEST(Offload, MayBeDestroyedAfterThePoolWhenNobodyResumesIt) {
  DroppingLoop loop;
  std::atomic<int> sum = 0;
  Root root;
  {
    ThreadPool pool(1);
    root = start(loop, offload_often(pool, 1, sum));
  }
  EXPECT_EQ(loop.posted, 1);
  EXPECT_EQ(sum, 1);
  root.handle.destroy();
}

TEST(ThreadPool, MayEndOnItsOwnThread) {
  auto pool = std::make_shared<ThreadPool>(1);
  std::binary_semaphore ended{0};
  class Last final : public ThreadPool::Work {
   public:
    Last(std::shared_ptr<ThreadPool> pool, std::binary_semaphore& ended)
        : pool_(std::move(pool)), ended_(ended) {}

   private:
    void run() noexcept override {}
    void resume() noexcept override {
      pool_.reset();
      ended_.release();
    }
    std::shared_ptr<ThreadPool> pool_;
    std::binary_semaphore& ended_;
  };
  Last last(pool, ended);
  ThreadPool& submit_to = *pool;
  pool.reset();
  submit_to.submit(last);
  ended.acquire();
}

}  // namespace
