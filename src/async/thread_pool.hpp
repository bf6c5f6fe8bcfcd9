// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

#include <kin/task.hpp>

namespace kin::async {

/// A bounded number of threads for calls that can only wait in place, such as SQLite's. Threads start when
/// there is work that no idle thread takes, and stay until the pool ends.
/// Lifetime: the destructor runs what is queued, then joins. It may run on one of the pool's own threads,
/// which then ends by itself.
/// Thread-safety: all members may be called from any thread.
class ThreadPool {
 public:
  /// Something to run, linked into the queue by itself so that queueing allocates nothing.
  /// Lifetime: stays in place from submit() until resume() is called or withdraw() returns.
  class Work {
   public:
    Work() = default;
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;

   protected:
    ~Work() = default;

   private:
    friend ThreadPool;

    /// The work itself, on a thread of the pool.
    virtual void run() noexcept = 0;
    /// Called after run() on the same thread. The pool does not touch the work any more, so it may end here.
    virtual void resume() noexcept = 0;

    Work* next_ = nullptr;
  };

  explicit ThreadPool(std::size_t max_threads);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool();

  /// Queues the work, first in first out.
  /// Errors: std::logic_error once the pool is ending, std::system_error when not even one thread can be
  /// started; the work is not queued then.
  void submit(Work& work);

  /// Makes sure that the work is not touched any more: takes it out of the queue, or waits until its run()
  /// has returned and leaves out its resume(). Does nothing for work that is past that.
  void withdraw(Work& work) noexcept;

  std::size_t thread_count() const;
  std::size_t idle_thread_count() const;

 private:
  struct State;

  static void serve(State& state) noexcept;

  std::shared_ptr<State> state_;  // shared with the threads: one of them may outlive the pool
};

/// The part of an offloaded call that does not depend on its function.
class OffloadBase : protected ThreadPool::Work {
 public:
  bool await_ready() const noexcept { return false; }

 protected:
  explicit OffloadBase(ThreadPool& pool) noexcept : pool_(pool) {}
  ~OffloadBase() = default;

  void suspend(std::coroutine_handle<> handle, Executor* executor);
  void withdraw() noexcept;

 private:
  void resume() noexcept final;

  ThreadPool& pool_;
  Executor* executor_ = nullptr;
  std::coroutine_handle<> handle_;
  // True while the pool knows of the work. A coroutine that is destroyed later does not ask the pool, which
  // may have ended.
  std::atomic<bool> pending_{false};
};

/// The awaitable that offload() returns; it lives in the awaiting coroutine's frame. F is a reference where
/// the function has a name.
template <class F>
class [[nodiscard]] Offload final : private OffloadBase {
 public:
  using Result = std::invoke_result_t<F&>;

  Offload(ThreadPool& pool, F&& function) : OffloadBase(pool), function_(std::forward<F>(function)) {}
  ~Offload() { withdraw(); }

  using OffloadBase::await_ready;
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle);
  Result await_resume();

 private:
  void run() noexcept override;

  F function_;
  detail::Outcome<Result> outcome_;
};

/// `co_await offload(pool, function)` returns what function() returns. In a task with a blocking context it
/// calls the function in place and does not suspend. Otherwise it calls it on a thread of the pool and
/// resumes through the context's executor, or on the pool's thread where there is none. Allocates nothing.
/// Lifetime: the pool outlives the call; so does a function that is passed by name, which is not copied.
/// Destroying the suspended coroutine is safe as long as the function has not returned: a call that has not
/// begun is left out, one that runs is waited for.
/// Errors: rethrows what the function throws; see ThreadPool::submit.
template <class F>
Offload<F> offload(ThreadPool& pool, F&& function) {
  static_assert(
      std::is_lvalue_reference_v<F> || std::is_trivially_destructible_v<F>,
      "kin::async::offload: GCC 12 destroys the captures of a lambda that is written inside a co_await "
      "expression twice. Capture by reference, or name the lambda first and pass the name");
  return Offload<F>(pool, std::forward<F>(function));
}

template <class F>
template <class Promise>
bool Offload<F>::await_suspend(std::coroutine_handle<Promise> handle) {
  const detail::ExecutionContext context = detail::context_of(handle);
  if (context.blocking) {
    run();
    return false;
  }
  suspend(handle, context.executor);
  return true;
}

template <class F>
typename Offload<F>::Result Offload<F>::await_resume() {
  return outcome_.take();
}

template <class F>
void Offload<F>::run() noexcept {
  try {
    if constexpr (std::is_void_v<Result>) {
      function_();
      outcome_.emplace();
    } else {
      outcome_.emplace(function_());
    }
  } catch (...) {
    outcome_.fail(std::current_exception());
  }
}

}  // namespace kin::async
