// SPDX-License-Identifier: MIT
#include "async/resource_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <kin/error.hpp>

#include "async/thread_pool.hpp"

namespace {

using namespace std::chrono_literals;
using kin::Task;
using kin::async::AcquireFailure;

struct Thing {
  explicit Thing(int identity) : id(identity) { ++alive; }
  Thing(const Thing&) = delete;
  Thing& operator=(const Thing&) = delete;
  ~Thing() { --alive; }

  int id;
  bool usable = true;
  static inline std::atomic<int> alive = 0;
};

using Pool = kin::async::ResourcePool<Thing>;

std::exception_ptr connection_error(AcquireFailure failure) {
  return std::make_exception_ptr(
      kin::ConnectionError(failure == AcquireFailure::timeout ? "timeout" : "closed"));
}

Pool::Options options(std::size_t max, std::chrono::milliseconds timeout) {
  Pool::Options result;
  result.max = max;
  result.acquire_timeout = timeout;
  return result;
}

class ResourcePoolTest : public testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(Thing::alive, 0); }

  std::unique_ptr<Pool> make_pool(std::size_t max, std::chrono::milliseconds timeout = 10s) {
    return make_pool(options(max, timeout));
  }
  std::unique_ptr<Pool> make_pool(const Pool::Options& options) {
    return std::make_unique<Pool>(
        options, [this] { return std::make_unique<Thing>(++made_); },
        [this](Thing& thing) {
          ++resets_;
          return thing.usable;
        },
        &connection_error);
  }

  std::atomic<int> made_ = 0;
  std::atomic<int> resets_ = 0;
};

Pool::Lease take(Pool& pool) { return kin::detail::run_blocking(pool.acquire()); }

template <class T>
std::string failure_of(T&& run) {
  try {
    run();
  } catch (const kin::ConnectionError& error) {
    return error.what();
  }
  return "none";
}

TEST_F(ResourcePoolTest, MakesLendsAndTakesBack) {
  const auto pool = make_pool(2);
  Pool::Lease lease;
  EXPECT_FALSE(pool->try_acquire(lease));
  lease = take(*pool);
  EXPECT_EQ(lease->id, 1);
  EXPECT_EQ(pool->size(), 1U);
  EXPECT_EQ(pool->idle_count(), 0U);
  lease.give_back();
  EXPECT_FALSE(static_cast<bool>(lease));
  EXPECT_EQ(pool->idle_count(), 1U);
  EXPECT_EQ(resets_, 1);
  EXPECT_TRUE(pool->try_acquire(lease));
  EXPECT_EQ(lease->id, 1);
}

TEST_F(ResourcePoolTest, LendsTheMostRecentlyUsedFirst) {
  const auto pool = make_pool(3);
  Pool::Lease first = take(*pool);
  Pool::Lease second = take(*pool);
  Pool::Lease third = take(*pool);
  second.give_back();
  first.give_back();
  third.give_back();
  EXPECT_EQ(take(*pool)->id, 3);
  Pool::Lease again = take(*pool);
  EXPECT_EQ(again->id, 3);
  EXPECT_EQ(take(*pool)->id, 1);
}

TEST_F(ResourcePoolTest, DiscardsWhatResetRefuses) {
  const auto pool = make_pool(1);
  Pool::Lease lease = take(*pool);
  lease->usable = false;
  lease.give_back();
  EXPECT_EQ(pool->size(), 0U);
  EXPECT_EQ(Thing::alive, 0);
  EXPECT_EQ(take(*pool)->id, 2);
}

TEST_F(ResourcePoolTest, DiscardsOnRequestWithoutReset) {
  const auto pool = make_pool(1);
  Pool::Lease lease = take(*pool);
  lease.discard();
  EXPECT_EQ(resets_, 0);
  EXPECT_EQ(pool->size(), 0U);
}

TEST_F(ResourcePoolTest, AResetThatThrowsDiscards) {
  Pool pool(
      options(1, 0ms), [] { return std::make_unique<Thing>(1); },
      [](Thing&) -> bool { throw std::runtime_error("broken"); }, &connection_error);
  take(pool).give_back();
  EXPECT_EQ(pool.size(), 0U);
}

TEST_F(ResourcePoolTest, MovingALeaseKeepsOneLoan) {
  const auto pool = make_pool(2);
  Pool::Lease first = take(*pool);
  Pool::Lease moved = std::move(first);
  EXPECT_EQ(resets_, 0);
  Pool::Lease second = take(*pool);
  second = std::move(moved);
  EXPECT_EQ(resets_, 1);
  EXPECT_EQ(second->id, 1);
  EXPECT_EQ(pool->idle_count(), 1U);
}

TEST_F(ResourcePoolTest, AFailingFactoryGivesItsPlaceBack) {
  bool fails = true;
  Pool pool(
      options(1, 0ms),
      [&fails]() -> std::unique_ptr<Thing> {
        if (fails) throw std::runtime_error("unreachable");
        return std::make_unique<Thing>(1);
      },
      nullptr, &connection_error);
  EXPECT_THROW(take(pool), std::runtime_error);
  EXPECT_THROW(kin::sync_wait(pool.acquire()), std::runtime_error);
  EXPECT_EQ(pool.size(), 0U);
  fails = false;
  EXPECT_EQ(take(pool)->id, 1);
}

TEST_F(ResourcePoolTest, AFactoryMayAwait) {
  kin::async::ThreadPool threads(1);
  Pool pool(
      options(1, 0ms),
      [&threads]() -> Task<std::unique_ptr<Thing>> {
        co_return co_await kin::async::offload(threads, [] { return std::make_unique<Thing>(9); });
      },
      nullptr, &connection_error);
  EXPECT_EQ(take(pool)->id, 9);
  EXPECT_EQ(threads.thread_count(), 0U);
  take(pool).discard();
  EXPECT_EQ(kin::sync_wait(pool.acquire())->id, 9);
  EXPECT_EQ(threads.thread_count(), 1U);
}

TEST_F(ResourcePoolTest, RefusesAMaximumOfNone) { EXPECT_THROW(make_pool(0), std::invalid_argument); }

TEST_F(ResourcePoolTest, TimesOutWhenBlocking) {
  const auto pool = make_pool(1, 30ms);
  const Pool::Lease held = take(*pool);
  const std::uint64_t before = kin::detail::suspension_count();
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(failure_of([&] { take(*pool); }), "timeout");
  EXPECT_GE(std::chrono::steady_clock::now() - start, 30ms);
  EXPECT_EQ(kin::detail::suspension_count(), before);
  EXPECT_EQ(pool->waiting_count(), 0U);
}

TEST_F(ResourcePoolTest, TimesOutWhenAwaited) {
  const auto pool = make_pool(1, 30ms);
  const Pool::Lease held = take(*pool);
  const std::uint64_t before = kin::detail::suspension_count();
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(failure_of([&] { kin::sync_wait(pool->acquire()); }), "timeout");
  EXPECT_GE(std::chrono::steady_clock::now() - start, 30ms);
  EXPECT_EQ(kin::detail::suspension_count(), before + 1);
  EXPECT_EQ(pool->waiting_count(), 0U);
}

TEST_F(ResourcePoolTest, ATimeoutOfItsOwnMayBeShorterOrEndless) {
  const auto pool = make_pool(1);
  Pool::Lease held = take(*pool);
  EXPECT_EQ(failure_of([&] { kin::sync_wait(pool->acquire(0ms)); }), "timeout");
  EXPECT_EQ(failure_of([&] { kin::detail::run_blocking(pool->acquire(-1ms)); }), "timeout");
  const auto body = [](Task<Pool::Lease> acquire) -> Task<int> {
    const Pool::Lease lease = co_await std::move(acquire);
    co_return lease->id;
  };
  std::vector<Task<int>> tasks;
  tasks.push_back(body(pool->acquire(std::chrono::milliseconds::max())));
  tasks.push_back([](Pool& from, Pool::Lease& returned) -> Task<int> {
    std::string failure;
    try {
      co_await from.acquire(20ms);  // its deadline comes before that of the one in front of it
    } catch (const kin::ConnectionError& error) {
      failure = error.what();
    }
    returned.give_back();
    co_return failure == "timeout" ? 1 : 0;
  }(*pool, held));
  EXPECT_EQ(kin::sync_wait(kin::when_all(std::move(tasks))), (std::vector<int>{1, 1}));
}

Task<> take_in_turn(Pool& pool, int number, std::vector<int>& order) {
  const Pool::Lease lease = co_await pool.acquire();
  order.push_back(number);
}

TEST_F(ResourcePoolTest, ServesAwaitersInOrder) {
  const auto pool = make_pool(1);
  std::vector<int> order;
  std::vector<Task<>> tasks;
  const auto holds = [&]() -> Task<> {
    const Pool::Lease lease = co_await pool->acquire();
    kin::async::ThreadPool threads(1);
    co_await kin::async::offload(threads, [&pool] {
      while (pool->waiting_count() < 5) std::this_thread::yield();
    });
  };
  tasks.push_back(holds());
  for (int i = 0; i < 5; ++i) tasks.push_back(take_in_turn(*pool, i, order));
  kin::sync_wait(kin::when_all(std::move(tasks)));
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_EQ(made_, 1);
}

TEST_F(ResourcePoolTest, ServesBlockedThreadsInOrder) {
  const auto pool = make_pool(1);
  Pool::Lease held = take(*pool);
  std::vector<int> order;
  std::mutex mutex;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const Pool::Lease lease = take(*pool);
      const std::lock_guard lock(mutex);
      order.push_back(i);
    });
    while (pool->waiting_count() < static_cast<std::size_t>(i) + 1) std::this_thread::yield();
  }
  held.give_back();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
}

TEST_F(ResourcePoolTest, ADiscardedResourceLetsTheNextInLineMakeOne) {
  const auto pool = make_pool(1);
  Pool::Lease held = take(*pool);
  int id = 0;
  std::thread blocked([&] { id = take(*pool)->id; });
  while (pool->waiting_count() == 0) std::this_thread::yield();
  held->usable = false;
  held.give_back();
  blocked.join();
  EXPECT_EQ(id, 2);
  EXPECT_EQ(pool->size(), 1U);
}

TEST_F(ResourcePoolTest, ResumesOnTheAwaitersOwnLoop) {
  const auto pool = make_pool(1);
  Pool::Lease held = take(*pool);
  std::thread releases([&] {
    while (pool->waiting_count() == 0) std::this_thread::yield();
    held.give_back();
  });
  const auto body = [&]() -> Task<std::thread::id> {
    const Pool::Lease lease = co_await pool->acquire();
    co_return std::this_thread::get_id();
  };
  EXPECT_EQ(kin::sync_wait(body()), std::this_thread::get_id());
  releases.join();
}

TEST_F(ResourcePoolTest, ClosingFailsWhoeverWaitsAndComesLater) {
  const auto pool = make_pool(1);
  Pool::Lease held = take(*pool);
  std::string blocked_failure;
  std::string awaited_failure;
  std::thread blocked([&] { blocked_failure = failure_of([&] { take(*pool); }); });
  std::thread awaited([&] { awaited_failure = failure_of([&] { kin::sync_wait(pool->acquire()); }); });
  while (pool->waiting_count() < 2) std::this_thread::yield();
  pool->close();
  blocked.join();
  awaited.join();
  EXPECT_EQ(blocked_failure, "closed");
  EXPECT_EQ(awaited_failure, "closed");
  EXPECT_EQ(failure_of([&] { take(*pool); }), "closed");
  EXPECT_EQ(Thing::alive, 1);
  held.give_back();
  EXPECT_EQ(resets_, 0);
  EXPECT_EQ(Thing::alive, 0);
  pool->close();
}

TEST_F(ResourcePoolTest, ALeaseMayEndAfterThePool) {
  Pool::Lease lease;
  Task<Pool::Lease> late;
  {
    const auto pool = make_pool(2);
    lease = take(*pool);
    take(*pool).give_back();
    late = pool->acquire();
  }
  EXPECT_EQ(Thing::alive, 1);
  EXPECT_EQ(lease->id, 1);
  EXPECT_EQ(failure_of([&] { kin::sync_wait(std::move(late)); }), "closed");
}

class KeepingLoop final : public kin::Executor {
 public:
  void post(std::coroutine_handle<> handle) override { handles.push_back(handle); }
  std::vector<std::coroutine_handle<>> handles;
};

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

TEST_F(ResourcePoolTest, AWaitingTaskMayBeDestroyed) {
  const auto pool = make_pool(1);
  KeepingLoop loop;
  std::vector<int> order;
  Pool::Lease held = take(*pool);
  const Root first = start(loop, take_in_turn(*pool, 1, order));
  const Root second = start(loop, take_in_turn(*pool, 2, order));
  const Root third = start(loop, take_in_turn(*pool, 3, order));
  EXPECT_EQ(pool->waiting_count(), 3U);
  second.handle.destroy();
  EXPECT_EQ(pool->waiting_count(), 2U);
  held.give_back();
  // The first one was granted the resource but will never hear of it: it goes to the third.
  ASSERT_EQ(loop.handles.size(), 1U);
  first.handle.destroy();
  ASSERT_EQ(loop.handles.size(), 2U);
  loop.handles[1].resume();
  EXPECT_EQ(order, (std::vector<int>{3}));
  EXPECT_TRUE(third.handle.done());
  third.handle.destroy();
  EXPECT_EQ(pool->idle_count(), 1U);
}

template <class F>
bool soon(F condition) {
  for (int i = 0; i < 2000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(1ms);
  }
  return false;
}

TEST_F(ResourcePoolTest, EndsWhatIsIdleForTooLongButAMinimum) {
  Pool::Options bounds = options(4, 10s);
  bounds.min = 1;
  bounds.idle_time = 30ms;
  const auto pool = make_pool(bounds);
  {
    const Pool::Lease first = take(*pool);
    const Pool::Lease second = take(*pool);
    const Pool::Lease third = take(*pool);
    EXPECT_EQ(Thing::alive, 3);
  }
  EXPECT_EQ(pool->idle_count(), 3U);
  EXPECT_TRUE(soon([&] { return Thing::alive == 1 && pool->size() == 1; }));
  std::this_thread::sleep_for(100ms);
  EXPECT_EQ(pool->size(), 1U) << "the minimum stays, however long it is idle";
  EXPECT_EQ(pool->idle_count(), 1U);
  const Pool::Lease again = take(*pool);
  const Pool::Lease more = take(*pool);
  EXPECT_EQ(made_, 4) << "there is room again";
}

TEST_F(ResourcePoolTest, EndsNothingThatIsInUseNorWithoutAnIdleTime) {
  Pool::Options bounds = options(2, 10s);
  bounds.idle_time = 20ms;
  const auto pool = make_pool(bounds);
  const auto lasting = make_pool(2);
  {
    const Pool::Lease held = take(*pool);
    take(*pool).give_back();
    take(*lasting).give_back();
    EXPECT_TRUE(soon([&] { return pool->size() == 1; }));
    std::this_thread::sleep_for(60ms);
    EXPECT_EQ(pool->size(), 1U);
    EXPECT_EQ(lasting->size(), 1U);
  }
  EXPECT_TRUE(soon([&] { return pool->size() == 0; })) << "its time begins when it comes back";
}

TEST_F(ResourcePoolTest, WhatIsUsedOftenStaysAndTheSurplusGoes) {
  Pool::Options bounds = options(2, 10s);
  bounds.idle_time = 50ms;
  const auto pool = make_pool(bounds);
  {
    const Pool::Lease first = take(*pool);
    const Pool::Lease second = take(*pool);
  }
  const auto end = std::chrono::steady_clock::now() + 300ms;
  while (std::chrono::steady_clock::now() < end) {
    take(*pool).give_back();
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(made_, 2);
  EXPECT_LE(pool->size(), 1U);
}

TEST_F(ResourcePoolTest, ClosesWhileItsTimerWaitsForIdleOnes) {
  Pool::Options bounds = options(2, 10s);
  bounds.idle_time = 1h;
  const auto pool = make_pool(bounds);
  take(*pool).give_back();
  pool->close();
  EXPECT_EQ(Thing::alive, 0);
}

TEST_F(ResourcePoolTest, StandsAStampedeWhileIdleOnesEnd) {
  Pool::Options bounds = options(4, 10s);
  bounds.idle_time = 1ms;
  const auto pool = make_pool(bounds);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        const Pool::Lease lease = take(*pool);
        EXPECT_LE(Thing::alive, 4);
        if ((i + t) % 10 == 0) std::this_thread::sleep_for(2ms);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(soon([&] { return pool->size() == 0; }));
}

// Threads that block, loops that await, timeouts and discarded resources, all at once.
TEST_F(ResourcePoolTest, StandsAStampede) {
  const auto pool = make_pool(3, 1ms);
  std::atomic<int> lent = 0;
  std::atomic<int> most = 0;
  std::atomic<int> failed = 0;
  const auto use = [&](Pool::Lease& lease, int i) {
    const int now = ++lent;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
    }
    if (i % 7 == 0) lease->usable = false;
    if (i % 5 == 0) std::this_thread::sleep_for(100us);
    --lent;
  };
  const auto awaits = [&](int count) -> Task<> {
    for (int i = 0; i < count; ++i) {
      try {
        Pool::Lease lease = co_await pool->acquire();
        use(lease, i);
      } catch (const kin::ConnectionError&) {
        ++failed;
      }
    }
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      std::vector<Task<>> tasks;
      for (int i = 0; i < 3; ++i) tasks.push_back(awaits(100));
      kin::sync_wait(kin::when_all(std::move(tasks)));
    });
    threads.emplace_back([&] { kin::detail::run_blocking(awaits(200)); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most, 3);
  EXPECT_LE(pool->size(), 3U);
  EXPECT_EQ(pool->idle_count(), pool->size());
  EXPECT_EQ(pool->waiting_count(), 0U);
}

}  // namespace
