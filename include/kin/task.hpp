// SPDX-License-Identifier: MIT
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace kin {

template <class T = void>
class Task;

/// Where suspended work resumes: derive from it to put kin's tasks on an event loop of your own.
/// Lifetime: outlives every task that was started on it.
/// Thread-safety: post() is called from any thread, so implementations lock or are lock-free.
/// Errors: an exception from post() ends the program where the caller is a thread of kin's own.
class Executor {
 public:
  Executor() = default;
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  virtual ~Executor() = default;

  /// Arranges that handle.resume() is called once, later: never before post() returns.
  virtual void post(std::coroutine_handle<> handle) = 0;
};

namespace detail {

/// How the work of a task is done; every task inherits it from the task that awaits it.
struct ExecutionContext {
  bool blocking = false;         ///< leaf awaitables do their work in place and never suspend
  Executor* executor = nullptr;  ///< where suspended work resumes; null: on the thread that completes it
};

/// Frames of coroutines are short-lived and of few sizes, so each thread keeps some of them for the next
/// call. Either function may be called on any thread; deallocate_frame takes the size that was asked for.
void* allocate_frame(std::size_t size);
void deallocate_frame(void* frame, std::size_t size) noexcept;

/// Runs the coroutine and whatever it hands over to, on a stack that does not grow with their number. Returns
/// when all of that has ended or is suspended.
void resume(std::coroutine_handle<> handle);

/// To be the last act of an await_suspend: goes on with `next` instead of the coroutine at `from`. The stack
/// does not grow where resume() is what runs `from`. This is symmetric transfer that holds on compilers which
/// do not turn every such call into a jump: GCC 12 does so only when it optimises and without sanitizers.
void transfer(void* from, std::coroutine_handle<> next);

/// Resumes through the executor, or right here where there is none. Nothing that belongs to the coroutine may
/// be touched afterwards.
void resume_through(Executor* executor, std::coroutine_handle<> handle);

/// How often leaf awaitables have really suspended on this thread. A blocking verb leaves it as it was.
std::uint64_t suspension_count() noexcept;
/// For leaf awaitables: to be called by each that is about to suspend or just did.
void count_suspension() noexcept;

[[noreturn]] void throw_not_awaitable(bool empty);
[[noreturn]] void throw_suspended_while_blocking();

/// What a coroutine or a function ended with: a value, an exception, or nothing yet.
/// Thread-safety: none; whoever hands the result over synchronises.
template <class T>
class Outcome {
 public:
  Outcome() noexcept {}
  Outcome(const Outcome&) = delete;
  Outcome& operator=(const Outcome&) = delete;
  ~Outcome();

  template <class... Arguments>
  void emplace(Arguments&&... arguments);
  void fail(std::exception_ptr error) noexcept { error_ = std::move(error); }
  /// Moves the value out or rethrows. To be called once, after emplace or fail.
  T take();

 private:
  std::exception_ptr error_;
  bool has_value_ = false;
  union {
    T value_;
  };
};

template <class T>
class Outcome<T&> {
 public:
  void emplace(T& value) noexcept { value_ = __builtin_addressof(value); }
  void fail(std::exception_ptr error) noexcept { error_ = std::move(error); }
  T& take();

 private:
  std::exception_ptr error_;
  T* value_ = nullptr;
};

template <>
class Outcome<void> {
 public:
  void emplace() noexcept {}
  void fail(std::exception_ptr error) noexcept { error_ = std::move(error); }
  void take();

 private:
  std::exception_ptr error_;
};

/// What all tasks have in common, whatever they return: the context and who comes next.
class PromiseBase {
 public:
  /// Called when the coroutine has ended and is suspended for good, so it may destroy it. Returns what to go
  /// on with, or null.
  using EndHook = std::coroutine_handle<> (*)(void* state) noexcept;

  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> self) const noexcept;
    void await_resume() const noexcept {}
  };

  PromiseBase() = default;
  PromiseBase(const PromiseBase&) = delete;
  PromiseBase& operator=(const PromiseBase&) = delete;

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { deallocate_frame(frame, size); }

  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }

  const ExecutionContext& context() const noexcept { return context_; }
  void set_context(const ExecutionContext& context) noexcept { context_ = context; }
  void set_continuation(std::coroutine_handle<> continuation) noexcept;
  void set_end_hook(EndHook hook, void* state) noexcept;

 private:
  std::coroutine_handle<> end() const noexcept;

  EndHook end_hook_ = nullptr;
  void* state_ = nullptr;  // of the hook; without a hook the coroutine to go on with
  ExecutionContext context_;
};

template <class T>
class Promise final : public PromiseBase {
 public:
  Task<T> get_return_object() noexcept;
  template <class Value = T>
  void return_value(Value&& value) {
    outcome_.emplace(std::forward<Value>(value));
  }
  void unhandled_exception() noexcept { outcome_.fail(std::current_exception()); }
  T take() { return outcome_.take(); }

 private:
  Outcome<T> outcome_;
};

template <>
class Promise<void> final : public PromiseBase {
 public:
  Task<void> get_return_object() noexcept;
  void return_void() noexcept {}
  void unhandled_exception() noexcept { outcome_.fail(std::current_exception()); }
  void take() { outcome_.take(); }

 private:
  Outcome<void> outcome_;
};

/// The context of a coroutine that awaits: its own where it is one of kin's, else the default one.
template <class Promise>
ExecutionContext context_of(std::coroutine_handle<Promise> handle) noexcept;

/// `co_await CurrentContext()` gives the context of the task it is written in; never suspends.
class CurrentContext {
 public:
  CurrentContext() = default;
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) noexcept;
  ExecutionContext await_resume() const noexcept { return context_; }

 private:
  ExecutionContext context_;
};

/// What `co_await task` does: passes the context down, runs the task, takes its result.
template <class T>
class TaskAwaiter {
 public:
  explicit TaskAwaiter(std::coroutine_handle<Promise<T>> child) noexcept : child_(child) {}
  bool await_ready() const;
  template <class Parent>
  void await_suspend(std::coroutine_handle<Parent> parent);
  T await_resume() { return child_.promise().take(); }

 private:
  std::coroutine_handle<Promise<T>> child_;
};

/// The way from a Task to its coroutine for those in kin that start one.
struct TaskAccess {
  /// Throws std::logic_error unless the task has yet to run.
  template <class T>
  static std::coroutine_handle<Promise<T>> to_run(const Task<T>& task);
  template <class T>
  static std::coroutine_handle<Promise<T>> handle(const Task<T>& task) noexcept {
    return task.handle_;
  }
  template <class T>
  static std::coroutine_handle<Promise<T>> release(Task<T>& task) noexcept;
};

/// Runs the coroutine with a run loop of this thread as its executor, until it has ended.
void run_until_done(std::coroutine_handle<> root, PromiseBase& promise);

/// Starts several tasks for one that awaits them all. The count starts at one more than there are children,
/// so that nobody resumes the parent before all are started; started() gives that one back.
class Barrier {
 public:
  explicit Barrier(std::size_t children) noexcept : pending_(children + 1) {}
  Barrier(const Barrier&) = delete;
  Barrier& operator=(const Barrier&) = delete;

  void set_parent(std::coroutine_handle<> parent) noexcept { parent_ = parent; }
  void start(std::coroutine_handle<> child, PromiseBase& promise, const ExecutionContext& context);
  /// False when all children have ended already. When true, the barrier may be gone.
  bool started() noexcept;

 private:
  static std::coroutine_handle<> child_ended(void* barrier) noexcept;

  std::size_t pending_;  // only through std::atomic_ref, which keeps <atomic> out of this header
  std::coroutine_handle<> parent_;
};

/// Awaits all tasks of the vector, which it does not own.
template <class T>
class AwaitAll {
 public:
  explicit AwaitAll(std::vector<Task<T>>& tasks) noexcept : tasks_(tasks), barrier_(tasks.size()) {}
  bool await_ready() const;
  template <class Parent>
  bool await_suspend(std::coroutine_handle<Parent> parent);
  void await_resume() const noexcept {}

 private:
  std::vector<Task<T>>& tasks_;
  Barrier barrier_;
};

}  // namespace detail

/// Work that is described but not begun: a lazy coroutine. It runs once, when it is awaited or handed to
/// sync_wait, when_all or spawn. A named task is awaited as `co_await std::move(task)`. T may be void, a
/// reference or move-only.
/// Lifetime: owns its coroutine. Arguments of the coroutine taken by reference must outlive it. A task may be
/// destroyed before it was begun and after it has ended; in between, only while nobody is about to resume it.
/// Thread-safety: none; one thread at a time, which may be another after each suspension.
/// Errors: an exception that leaves the coroutine is rethrown to whoever awaits it. Awaiting an empty task or
/// one that has already run throws std::logic_error.
template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using value_type = T;

  /// An empty task, which can only be assigned to.
  Task() noexcept = default;
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept;
  ~Task() { destroy(); }

  explicit operator bool() const noexcept { return handle_ != nullptr; }

  detail::TaskAwaiter<T> operator co_await() && noexcept { return detail::TaskAwaiter<T>(handle_); }

 private:
  friend detail::Promise<T>;
  friend detail::TaskAccess;

  explicit Task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  void destroy() noexcept;

  std::coroutine_handle<promise_type> handle_;
};

/// Runs the task on the calling thread and returns what it returns. Whatever it suspended on resumes on this
/// thread, which sleeps meanwhile.
/// Thread-safety: may be called from any thread, also inside a task, which holds up that task's thread.
/// Errors: rethrows what the task throws.
template <class T>
T sync_wait(Task<T> task);

/// Runs all tasks at once and returns their values in the order of the tasks. They start in that order, each
/// on the awaiting task's executor; with a blocking context each ends before the next one starts.
/// Errors: when all have ended, rethrows the exception of the first task of the list that has failed.
template <class T>
  requires(!std::is_void_v<T>)
Task<std::vector<T>> when_all(std::vector<Task<T>> tasks);
inline Task<void> when_all(std::vector<Task<void>> tasks);

/// Has the task resume on the executor when it is awaited by a coroutine that is not one of kin's, such as
/// asio::awaitable. Inside a kin::Task it changes nothing: there a task uses its awaiter's executor.
template <class T>
Task<T> resume_on(Executor& executor, Task<T> task);

namespace detail {

/// The default of spawn: nobody is there to take the exception, as in std::thread.
struct TerminateOnError {
  [[noreturn]] void operator()(const std::exception_ptr&) const noexcept { std::terminate(); }
};

/// Runs the task with a blocking context and returns what it returns. Nothing suspends and no event loop is
/// needed, so it can be called anywhere, also on an event loop's own thread.
/// Errors: rethrows what the task throws. std::logic_error when the task has suspended, which only an
/// awaitable that does not know the rule can cause. Its coroutine is leaked then, because someone still wants
/// to resume it.
template <class T>
T run_blocking(Task<T> task);

}  // namespace detail

/// Starts the task on the executor and returns at once. Nobody can wait for it; it frees itself when it ends.
/// on_error(std::exception_ptr) is called with what the task throws, as the last thing that happens; without
/// it an exception ends the program.
/// Lifetime: executor and whatever the task refers to must outlive it. Dropped by its executor, it leaks.
template <class OnError = detail::TerminateOnError>
void spawn(Executor& executor, Task<void> task, OnError on_error = {});

namespace detail {

template <class T>
Outcome<T>::~Outcome() {
  if (has_value_) value_.~T();
}

// The builtin stands for std::addressof, which would bring <memory>: three times the price of this header.
template <class T>
template <class... Arguments>
void Outcome<T>::emplace(Arguments&&... arguments) {
  ::new (static_cast<void*>(__builtin_addressof(value_))) T(std::forward<Arguments>(arguments)...);
  has_value_ = true;
}

template <class T>
T Outcome<T>::take() {
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  return std::move(value_);
}

template <class T>
T& Outcome<T&>::take() {
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  return *value_;
}

inline void Outcome<void>::take() {
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

template <class Promise>
void PromiseBase::FinalAwaiter::await_suspend(std::coroutine_handle<Promise> self) const noexcept {
  // After end() the coroutine may be gone; its address still tells what this thread was running.
  void* const address = self.address();
  if (const std::coroutine_handle<> next = self.promise().end()) transfer(address, next);
}

inline void PromiseBase::set_continuation(std::coroutine_handle<> continuation) noexcept {
  end_hook_ = nullptr;
  state_ = continuation.address();
}

inline void PromiseBase::set_end_hook(EndHook hook, void* state) noexcept {
  end_hook_ = hook;
  state_ = state;
}

inline std::coroutine_handle<> PromiseBase::end() const noexcept {
  if (end_hook_ != nullptr) return end_hook_(state_);
  return std::coroutine_handle<>::from_address(state_);
}

template <class T>
Task<T> Promise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}

inline Task<void> Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

template <class Promise>
ExecutionContext context_of(std::coroutine_handle<Promise> handle) noexcept {
  if constexpr (std::is_base_of_v<PromiseBase, Promise>) {
    return handle.promise().context();
  } else {
    return ExecutionContext();
  }
}

template <class Promise>
bool CurrentContext::await_suspend(std::coroutine_handle<Promise> handle) noexcept {
  context_ = context_of(handle);
  return false;
}

template <class T>
bool TaskAwaiter<T>::await_ready() const {
  if (!child_ || child_.done()) throw_not_awaitable(!child_);
  return false;
}

template <class T>
template <class Parent>
void TaskAwaiter<T>::await_suspend(std::coroutine_handle<Parent> parent) {
  Promise<T>& promise = child_.promise();
  // A coroutine of another library knows no context: then the task keeps the one that resume_on has set.
  if constexpr (std::is_base_of_v<PromiseBase, Parent>) promise.set_context(parent.promise().context());
  promise.set_continuation(parent);
  transfer(parent.address(), child_);
}

template <class T>
std::coroutine_handle<Promise<T>> TaskAccess::to_run(const Task<T>& task) {
  if (!task.handle_ || task.handle_.done()) throw_not_awaitable(!task.handle_);
  return task.handle_;
}

template <class T>
std::coroutine_handle<Promise<T>> TaskAccess::release(Task<T>& task) noexcept {
  return std::exchange(task.handle_, nullptr);
}

template <class T>
bool AwaitAll<T>::await_ready() const {
  for (const Task<T>& task : tasks_) TaskAccess::to_run(task);  // so that nothing starts when one can't
  return tasks_.empty();
}

template <class T>
template <class Parent>
bool AwaitAll<T>::await_suspend(std::coroutine_handle<Parent> parent) {
  const ExecutionContext context = context_of(parent);
  barrier_.set_parent(parent);
  for (const Task<T>& task : tasks_) {
    const std::coroutine_handle<Promise<T>> child = TaskAccess::handle(task);
    barrier_.start(child, child.promise(), context);
  }
  return barrier_.started();
}

template <class OnError>
Task<void> report_error(Task<void> task, OnError on_error) {
  std::exception_ptr error;
  try {
    co_await std::move(task);
  } catch (...) {
    error = std::current_exception();
  }
  task = Task<void>();  // frees its arguments before on_error, which may tell another thread that all is over
  if (error) on_error(std::move(error));
}

template <class T>
T run_blocking(Task<T> task) {
  const std::coroutine_handle<Promise<T>> root = TaskAccess::to_run(task);
  root.promise().set_context(ExecutionContext{true, nullptr});
  resume(root);
  if (!root.done()) {
    TaskAccess::release(task);
    throw_suspended_while_blocking();
  }
  return root.promise().take();
}

}  // namespace detail

template <class T>
Task<T>& Task<T>::operator=(Task&& other) noexcept {
  if (this != &other) {
    destroy();
    handle_ = std::exchange(other.handle_, nullptr);
  }
  return *this;
}

template <class T>
void Task<T>::destroy() noexcept {
  if (handle_) std::exchange(handle_, nullptr).destroy();
}

template <class T>
T sync_wait(Task<T> task) {
  const std::coroutine_handle<detail::Promise<T>> root = detail::TaskAccess::to_run(task);
  detail::run_until_done(root, root.promise());
  return root.promise().take();
}

template <class T>
  requires(!std::is_void_v<T>)
Task<std::vector<T>> when_all(std::vector<Task<T>> tasks) {
  static_assert(!std::is_reference_v<T>, "kin::when_all returns a vector, which can't hold references");
  detail::AwaitAll<T> all(tasks);
  co_await all;
  std::vector<T> values;
  values.reserve(tasks.size());
  for (Task<T>& task : tasks) values.push_back(detail::TaskAccess::handle(task).promise().take());
  co_return values;
}

inline Task<void> when_all(std::vector<Task<void>> tasks) {
  detail::AwaitAll<void> all(tasks);
  co_await all;
  for (Task<void>& task : tasks) detail::TaskAccess::handle(task).promise().take();
}

template <class T>
Task<T> resume_on(Executor& executor, Task<T> task) {
  detail::TaskAccess::to_run(task).promise().set_context(detail::ExecutionContext{false, &executor});
  return task;
}

template <class OnError>
void spawn(Executor& executor, Task<void> task, OnError on_error) {
  detail::TaskAccess::to_run(task);
  Task<void> root = detail::report_error(std::move(task), std::move(on_error));
  const std::coroutine_handle<detail::Promise<void>> handle = detail::TaskAccess::handle(root);
  handle.promise().set_context(detail::ExecutionContext{false, &executor});
  handle.promise().set_end_hook(
      [](void* frame) noexcept {
        std::coroutine_handle<>::from_address(frame).destroy();
        return std::coroutine_handle<>();
      },
      handle.address());
  executor.post(handle);
  detail::TaskAccess::release(root);
}

}  // namespace kin
