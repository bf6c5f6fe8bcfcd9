// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <kin/task.hpp>

namespace {

using kin::Executor;
using kin::Task;
using kin::detail::ExecutionContext;

// An event loop that runs only when the test says so.
class ManualLoop final : public Executor {
 public:
  void post(std::coroutine_handle<> handle) override { queue_.push_back(handle); }
  std::size_t queued() const { return queue_.size(); }
  void run() {
    while (!queue_.empty()) {
      const std::coroutine_handle<> handle = queue_.front();
      queue_.erase(queue_.begin());
      handle.resume();
    }
  }

 private:
  std::vector<std::coroutine_handle<>> queue_;
};

// Something that knows nothing of kin: whoever awaits it is resumed by a plain handle.resume() in set().
class ForeignEvent {
 public:
  class Awaiter {
   public:
    explicit Awaiter(ForeignEvent& event) : event_(event) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) { event_.waiting_.push_back(handle); }
    void await_resume() const noexcept {}

   private:
    ForeignEvent& event_;
  };

  Awaiter wait() { return Awaiter(*this); }
  std::size_t waiting() const { return waiting_.size(); }
  void set() {
    for (const std::coroutine_handle<> handle : std::exchange(waiting_, {})) handle.resume();
  }
  void destroy_waiting() {
    for (const std::coroutine_handle<> handle : std::exchange(waiting_, {})) handle.destroy();
  }

 private:
  std::vector<std::coroutine_handle<>> waiting_;
};

// Goes through the executor of the context, as kin's own leaf awaitables do.
class Yield {
 public:
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) {
    const ExecutionContext context = kin::detail::context_of(handle);
    if (context.blocking) return false;
    kin::detail::count_suspension();
    kin::detail::resume_through(context.executor, handle);
    return true;
  }
  void await_resume() const noexcept {}
};

// The coroutine of another library: starts at once, owns itself.
struct ForeignCoroutine {
  struct promise_type {
    ForeignCoroutine get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() { throw; }
  };
};

Task<int> seven() { co_return 7; }
Task<> nothing() { co_return; }
Task<int> fails() {
  throw std::runtime_error("no");
  co_return 0;
}
Task<int&> refer(int& value) { co_return value; }
Task<std::unique_ptr<int>> make_unique_int(int value) { co_return std::make_unique<int>(value); }
Task<ExecutionContext> context() { co_return co_await kin::detail::CurrentContext(); }
Task<ExecutionContext> nested_context() { co_return co_await context(); }

TEST(Task, ReturnsAValue) { EXPECT_EQ(kin::sync_wait(seven()), 7); }

TEST(Task, IsLazy) {
  bool began = false;
  const auto body = [&]() -> Task<> {
    began = true;
    co_return;
  };
  Task<> task = body();
  EXPECT_FALSE(began);
  kin::sync_wait(std::move(task));
  EXPECT_TRUE(began);
}

TEST(Task, MayEndWithoutHavingBegun) {
  const auto argument = std::make_shared<int>(1);
  const auto body = [](std::shared_ptr<int> value) -> Task<int> { co_return *value; };
  {
    const Task<int> task = body(argument);
    EXPECT_EQ(argument.use_count(), 2);
  }
  EXPECT_EQ(argument.use_count(), 1);
}

TEST(Task, ReturnsAReference) {
  int value = 1;
  EXPECT_EQ(&kin::sync_wait(refer(value)), &value);
  const auto awaits = [](int& referred) -> Task<int*> {
    int& result = co_await refer(referred);
    co_return &result;
  };
  EXPECT_EQ(kin::sync_wait(awaits(value)), &value);
}

TEST(Task, ReturnsAMoveOnlyValue) {
  const auto awaits = []() -> Task<std::unique_ptr<int>> {
    std::unique_ptr<int> value = co_await make_unique_int(5);
    ++*value;
    co_return value;
  };
  EXPECT_EQ(*kin::sync_wait(awaits()), 6);
}

TEST(Task, ReturnsFromBraces) {
  const auto body = []() -> Task<std::pair<int, std::string>> { co_return {3, "three"}; };
  EXPECT_EQ(kin::sync_wait(body()), std::make_pair(3, std::string("three")));
}

TEST(Task, PassesExceptionsToTheAwaiter) {
  EXPECT_THROW(kin::sync_wait(fails()), std::runtime_error);
  const auto awaits = []() -> Task<std::string> {
    std::string message;
    try {
      co_await fails();
    } catch (const std::runtime_error& error) {
      message = error.what();
    }
    co_return message;
  };
  EXPECT_EQ(kin::sync_wait(awaits()), "no");
}

TEST(Task, DestroysLocalsAndArgumentsWhenItThrows) {
  const auto value = std::make_shared<int>(1);
  const auto body = [](std::shared_ptr<int> argument) -> Task<> {
    const std::shared_ptr<int> local = argument;
    co_await fails();
  };
  EXPECT_THROW(kin::sync_wait(body(value)), std::runtime_error);
  EXPECT_EQ(value.use_count(), 1);
}

TEST(Task, EmptyOrUsedTasksAreRefused) {
  EXPECT_THROW(kin::sync_wait(Task<int>()), std::logic_error);
  Task<int> task = seven();
  const auto twice = [](Task<int>& awaited) -> Task<> {
    co_await std::move(awaited);
    co_await std::move(awaited);
  };
  EXPECT_THROW(kin::sync_wait(twice(task)), std::logic_error);
  EXPECT_THROW(kin::detail::run_blocking(std::move(task)), std::logic_error);
}

TEST(Task, MoveAssignmentEndsTheOldTask) {
  Task<int> task = fails();
  task = seven();
  EXPECT_TRUE(static_cast<bool>(task));
  EXPECT_EQ(kin::sync_wait(std::move(task)), 7);
}

Task<long> sum_ready(long count) {
  long sum = 0;
  for (long i = 0; i < count; ++i) {
    sum += co_await seven();
    co_await nothing();
  }
  co_return sum;
}

Task<long> nest(long depth) {
  if (depth == 0) co_return 0;
  co_return 1 + co_await nest(depth - 1);
}

Task<long> nest_and_yield(long depth) {
  if (depth == 0) co_await Yield();
  if (depth == 0) co_return 0;
  co_return 1 + co_await nest_and_yield(depth - 1);
}

Task<long> nest_and_fail(long depth) {
  if (depth == 0) throw std::runtime_error("bottom");
  co_return 1 + co_await nest_and_fail(depth - 1);
}

Task<> yield_often(long count) {
  for (long i = 0; i < count; ++i) co_await Yield();
}

constexpr long a_million = 1'000'000;

TEST(TaskDepth, AMillionReadyAwaitsInALoop) {
  EXPECT_EQ(kin::sync_wait(sum_ready(a_million)), 7 * a_million);
  EXPECT_EQ(kin::detail::run_blocking(sum_ready(a_million)), 7 * a_million);
}

TEST(TaskDepth, AMillionNestedAwaits) {
  EXPECT_EQ(kin::sync_wait(nest(a_million)), a_million);
  EXPECT_EQ(kin::detail::run_blocking(nest(a_million)), a_million);
}

TEST(TaskDepth, AMillionNestedAwaitsAboveOneThatSuspends) {
  EXPECT_EQ(kin::sync_wait(nest_and_yield(a_million)), a_million);
}

TEST(TaskDepth, AnExceptionThroughManyAwaits) {
  EXPECT_THROW(kin::sync_wait(nest_and_fail(10'000)), std::runtime_error);
}

TEST(TaskDepth, ManySuspensions) { kin::sync_wait(yield_often(100'000)); }

Task<long> sum_after(ForeignEvent& event, long count) {
  co_await event.wait();
  co_return co_await sum_ready(count) + co_await nest(count);
}

TEST(TaskDepth, HoldsAfterAPlainResume) {
  ManualLoop loop;
  ForeignEvent event;
  long sum = 0;
  const auto body = [&]() -> Task<> { sum = co_await sum_after(event, 200'000); };
  kin::spawn(loop, body());
  loop.run();
  event.set();
  EXPECT_EQ(sum, 8 * 200'000);
}

TEST(Task, APlainResumeInsideAnotherTasksTurnRunsToTheEnd) {
  ManualLoop loop;
  ForeignEvent event;
  bool ended = false;
  const auto waits = [&]() -> Task<> {
    co_await sum_after(event, 10);
    co_await nothing();
    ended = true;
  };
  kin::spawn(loop, waits());
  loop.run();
  ASSERT_EQ(event.waiting(), 1U);
  const auto sets = [&]() -> Task<bool> {
    event.set();
    co_return ended;  // not "some time after this task has suspended"
  };
  EXPECT_TRUE(kin::sync_wait(sets()));
}

TEST(TaskContext, IsInheritedFromTheAwaiter) {
  const ExecutionContext blocking = kin::detail::run_blocking(nested_context());
  EXPECT_TRUE(blocking.blocking);
  EXPECT_EQ(blocking.executor, nullptr);
  const ExecutionContext waiting = kin::sync_wait(nested_context());
  EXPECT_FALSE(waiting.blocking);
  EXPECT_NE(waiting.executor, nullptr);
}

TEST(TaskContext, BlockingAndAwaitingMayNest) {
  const auto body = []() -> Task<std::vector<bool>> {
    std::vector<bool> seen;
    seen.push_back(kin::detail::run_blocking(nested_context()).blocking);
    seen.push_back(kin::sync_wait(nested_context()).blocking);
    const ExecutionContext own = co_await nested_context();
    seen.push_back(own.blocking);
    co_return seen;
  };
  EXPECT_EQ(kin::sync_wait(body()), (std::vector<bool>{true, false, false}));
  EXPECT_EQ(kin::detail::run_blocking(body()), (std::vector<bool>{true, false, true}));
}

TEST(TaskContext, AForeignCoroutineHasNoneUnlessTheTaskWasGivenOne) {
  ManualLoop loop;
  std::vector<Executor*> seen;
  const auto foreign = [&]() -> ForeignCoroutine {
    const ExecutionContext without = co_await nested_context();
    seen.push_back(without.executor);
    const ExecutionContext with = co_await kin::resume_on(loop, nested_context());
    seen.push_back(with.executor);
    co_await kin::resume_on(loop, yield_often(3));
    seen.push_back(nullptr);
  };
  foreign();
  EXPECT_EQ(seen, (std::vector<Executor*>{nullptr, &loop}));
  EXPECT_EQ(loop.queued(), 1U);
  loop.run();
  EXPECT_EQ(seen.size(), 3U);
}

TEST(RunBlocking, NeverSuspends) {
  const std::uint64_t before = kin::detail::suspension_count();
  kin::detail::run_blocking(yield_often(100));
  EXPECT_EQ(kin::detail::suspension_count(), before);
  kin::sync_wait(yield_often(100));
  EXPECT_EQ(kin::detail::suspension_count(), before + 100);
}

TEST(RunBlocking, ReportsAnAwaitableThatSuspendsAllTheSame) {
  ForeignEvent event;
  const auto body = [&]() -> Task<int> {
    co_await event.wait();
    co_return 1;
  };
  try {
    kin::detail::run_blocking(body());
    FAIL();
  } catch (const std::logic_error& error) {
    EXPECT_NE(std::string(error.what()).find("_async"), std::string::npos);
  }
  event.destroy_waiting();  // left over on purpose: the event could still have resumed it
}

TEST(SyncWait, ResumesOnTheCallingThread) {
  class OtherThread final : public Executor {
   public:
    explicit OtherThread(Executor& target) : target_(target) {}
    ~OtherThread() override { thread_.join(); }
    void post(std::coroutine_handle<> handle) override {
      thread_ = std::thread([this, handle] { target_.post(handle); });
    }

   private:
    Executor& target_;
    std::thread thread_;
  };
  struct Hop {
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) { other.post(handle); }
    void await_resume() const noexcept {}
    OtherThread& other;
  };
  const auto body = []() -> Task<std::thread::id> {
    const ExecutionContext own = co_await kin::detail::CurrentContext();
    OtherThread other(*own.executor);
    Hop hop{other};
    co_await hop;
    co_return std::this_thread::get_id();
  };
  EXPECT_EQ(kin::sync_wait(body()), std::this_thread::get_id());
}

TEST(SyncWait, WaitsForATaskThatEndsOnAnotherThread) {
  struct Hop {
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) {
      thread = std::thread([handle] { handle.resume(); });
    }
    void await_resume() const noexcept {}
    std::thread& thread;
  };
  for (int i = 0; i < 200; ++i) {
    std::thread thread;
    const auto body = [&]() -> Task<int> {
      Hop hop{thread};
      co_await hop;
      co_return 5;
    };
    EXPECT_EQ(kin::sync_wait(body()), 5);
    thread.join();
  }
}

TEST(WhenAll, ReturnsValuesInOrder) {
  std::vector<Task<std::unique_ptr<int>>> tasks;
  for (int i = 0; i < 3; ++i) tasks.push_back(make_unique_int(i));
  const std::vector<std::unique_ptr<int>> values = kin::sync_wait(kin::when_all(std::move(tasks)));
  ASSERT_EQ(values.size(), 3U);
  EXPECT_EQ(*values[0], 0);
  EXPECT_EQ(*values[2], 2);
}

TEST(WhenAll, OfNothingIsNothing) {
  EXPECT_TRUE(kin::sync_wait(kin::when_all(std::vector<Task<int>>())).empty());
  kin::sync_wait(kin::when_all(std::vector<Task<>>()));
}

TEST(WhenAll, RunsItsTasksAtOnce) {
  std::string trace;
  const auto body = [&](char name) -> Task<> {
    trace += name;
    co_await Yield();
    trace += name;
  };
  const auto all = [&] {
    std::vector<Task<>> tasks;
    for (const char name : {'a', 'b', 'c'}) tasks.push_back(body(name));
    return kin::when_all(std::move(tasks));
  };
  kin::sync_wait(all());
  EXPECT_EQ(trace, "abcabc");
  trace.clear();
  kin::detail::run_blocking(all());
  EXPECT_EQ(trace, "aabbcc");
}

TEST(WhenAll, RethrowsTheFirstFailureAfterAllHaveEnded) {
  int ended = 0;
  const auto body = [&](int number) -> Task<int> {
    if (number == 1) co_await Yield();
    ++ended;
    if (number > 0) throw std::runtime_error(std::to_string(number));
    co_return number;
  };
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 4; ++i) tasks.push_back(body(i));
  try {
    kin::sync_wait(kin::when_all(std::move(tasks)));
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "1");
  }
  EXPECT_EQ(ended, 4);
}

TEST(WhenAll, StartsNothingWhenATaskIsEmpty) {
  bool began = false;
  const auto body = [&]() -> Task<> {
    began = true;
    co_return;
  };
  std::vector<Task<>> tasks;
  tasks.push_back(body());
  tasks.push_back(Task<>());
  EXPECT_THROW(kin::sync_wait(kin::when_all(std::move(tasks))), std::logic_error);
  EXPECT_FALSE(began);
}

TEST(Spawn, RunsOnTheExecutorAndFreesItself) {
  ManualLoop loop;
  const auto value = std::make_shared<int>(0);
  const auto body = [](std::shared_ptr<int> argument) -> Task<> {
    co_await Yield();
    ++*argument;
  };
  kin::spawn(loop, body(value));
  EXPECT_EQ(*value, 0);
  EXPECT_EQ(value.use_count(), 2);
  loop.run();
  EXPECT_EQ(*value, 1);
  EXPECT_EQ(value.use_count(), 1);
}

TEST(Spawn, HandsAnExceptionToTheCallback) {
  ManualLoop loop;
  const auto body = []() -> Task<> { co_await fails(); };
  std::exception_ptr caught;
  kin::spawn(loop, body(), [&caught](std::exception_ptr error) { caught = std::move(error); });
  loop.run();
  ASSERT_NE(caught, nullptr);
  EXPECT_THROW(std::rethrow_exception(caught), std::runtime_error);
  kin::spawn(loop, nothing(), +[](std::exception_ptr) { FAIL(); });
  loop.run();
}

TEST(Spawn, RefusesAnEmptyTask) {
  ManualLoop loop;
  EXPECT_THROW(kin::spawn(loop, Task<>()), std::logic_error);
  EXPECT_EQ(loop.queued(), 0U);
}

TEST(SpawnDeathTest, AnUnhandledExceptionEndsTheProgram) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        ManualLoop loop;
        const auto body = []() -> Task<> { co_await fails(); };
        kin::spawn(loop, body());
        loop.run();
      },
      "");
}

// Frames are made on one thread and freed on another, over and over: neither side may run out or hoard.
TEST(TaskFrames, MayBeFreedOnAnotherThread) {
  for (int round = 0; round < 20; ++round) {
    std::vector<Task<int>> tasks;
    for (int i = 0; i < 500; ++i) tasks.push_back(seven());
    int sum = 0;
    std::thread other([&] {
      for (Task<int>& task : tasks) sum += kin::sync_wait(std::exchange(task, Task<int>()));
    });
    other.join();
    EXPECT_EQ(sum, 3500);
  }
}

template <std::size_t size>
Task<std::size_t> large_frame() {
  volatile char bytes[size] = {};
  co_await nothing();  // lives across a suspension, so it is part of the frame
  bytes[size - 1] = 1;
  co_return size - 1 + static_cast<std::size_t>(bytes[size - 1]);
}

TEST(TaskFrames, OfEverySize) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(kin::sync_wait(large_frame<1>()), 1U);
    EXPECT_EQ(kin::sync_wait(large_frame<700>()), 700U);
    EXPECT_EQ(kin::sync_wait(large_frame<1900>()), 1900U);
    EXPECT_EQ(kin::sync_wait(large_frame<2000>()), 2000U);
    EXPECT_EQ(kin::sync_wait(large_frame<100'000>()), 100'000U);
  }
}

}  // namespace
