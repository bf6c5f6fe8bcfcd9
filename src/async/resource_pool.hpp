// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <kin/task.hpp>

namespace kin::async {

/// Why a pool gave no resource.
enum class AcquireFailure {
  timeout,  ///< none came free in time
  closed,   ///< the pool was closed, before or while the caller waited
};

/// What bounds a ResourcePool.
struct ResourcePoolOptions {
  std::size_t max = 10;                               ///< resources that exist at a time, at least 1
  std::chrono::milliseconds acquire_timeout{10'000};  ///< how long to wait for one; 0: not at all
  std::size_t min = 0;                                ///< resources that idle_time does not end
  std::chrono::milliseconds idle_time{0};             ///< after so long an idle one is destroyed; 0: never
};

/// A bounded pool of things that are dear to make, such as connections. The one given back last is lent
/// first, and whoever waits is served first come, first served. Those that are too many for what is going on
/// are idle for longest, and end after idle_time; the pool's timer thread, which sleeps otherwise, does it.
/// Lifetime: leases should end before the pool. One that ends later still destroys its resource, but without
/// the reset hook. Only make_error may be called after the pool's end, for tasks that were waiting. The
/// destructor closes the pool. It waits for nothing, except where a task runs on the pool's timer thread.
/// Thread-safety: all members may be called from any thread; the hooks are called without a lock, maybe from
/// several threads at once.
template <class R>
class ResourcePool {
  class State;

 public:
  using Options = ResourcePoolOptions;
  /// Makes a resource; its exceptions pass through acquire().
  using Factory = std::function<std::unique_ptr<R>()>;
  /// The same for resources that are made with awaits. It follows the caller's context: blocking or not.
  using AsyncFactory = std::function<Task<std::unique_ptr<R>>()>;
  /// Called when a resource comes back: true keeps it, false or an exception discards it.
  using Reset = std::function<bool(R&)>;
  /// Makes the exception that acquire() throws.
  using MakeError = std::function<std::exception_ptr(AcquireFailure)>;

  /// A resource on loan; gives it back when it ends. Move-only.
  /// Thread-safety: none.
  class Lease {
   public:
    Lease() noexcept = default;
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&& other) noexcept;
    ~Lease() { give_back(); }

    explicit operator bool() const noexcept { return resource_ != nullptr; }
    R& operator*() const noexcept { return *resource_; }
    R* operator->() const noexcept { return resource_.get(); }
    R* get() const noexcept { return resource_.get(); }

    /// Ends the loan now.
    void give_back() noexcept;
    /// Ends the loan and destroys the resource, for one that is known to be broken.
    void discard() noexcept;

   private:
    friend ResourcePool;
    friend State;
    Lease(State& state, std::unique_ptr<R> resource) noexcept
        : state_(&state), resource_(std::move(resource)) {}

    State* state_ = nullptr;  // valid while there is a resource: see State::keep_alive_
    std::unique_ptr<R> resource_;
  };

  /// Errors: std::invalid_argument when max is 0.
  ResourcePool(Options options, Factory factory, Reset reset, MakeError make_error);
  ResourcePool(Options options, AsyncFactory factory, Reset reset, MakeError make_error);
  ResourcePool(const ResourcePool&) = delete;
  ResourcePool& operator=(const ResourcePool&) = delete;
  ~ResourcePool() { close(); }

  /// Lends a resource that is idle; false when there is none. Never makes one and never waits.
  bool try_acquire(Lease& lease) { return state_->try_acquire(lease); }

  /// Lends a resource: an idle one, else a new one where max allows it, else the next that comes free. In a
  /// blocking context the wait blocks the thread, otherwise it suspends and resumes through the context's
  /// executor, or, where there is none, on the thread that gave the resource back or on the pool's timer
  /// thread. The timeout is for the wait; how long making a resource may take is the factory's affair.
  /// Lifetime: the task may outlive the pool. It may be destroyed while it waits.
  /// Errors: what make_error makes, after the timeout or when the pool is closed; what the factory throws.
  Task<Lease> acquire() { return acquire(state_->options().acquire_timeout); }
  Task<Lease> acquire(std::chrono::milliseconds timeout) { return acquire_from(state_, timeout); }

  /// Destroys what is idle, fails whoever waits, and lends nothing any more. Resources on loan live on until
  /// their leases end. May be called twice.
  void close() noexcept { state_->close(); }

  std::size_t size() const { return state_->size(); }  ///< existing or being made
  std::size_t idle_count() const { return state_->idle_count(); }
  std::size_t waiting_count() const { return state_->waiting_count(); }

 private:
  class Waiter;
  enum class Grant { none, resource, permit, timeout, closed };

  static Task<Lease> acquire_from(std::shared_ptr<State> state, std::chrono::milliseconds timeout);
  static AsyncFactory awaitable(Factory factory);

  std::shared_ptr<State> state_;  // shared with those who wait, who may outlive the pool
};

/// One who waits: an awaitable and a node of the pool's queue in one. After it was awaited, grant() tells
/// what came of it: a resource, a permit to make one, or a failure.
template <class R>
class ResourcePool<R>::Waiter {
 public:
  using Clock = std::chrono::steady_clock;

  Waiter(State& state, std::chrono::milliseconds timeout) noexcept : state_(state), timeout_(timeout) {}
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter() { state_.withdraw(*this); }

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) {
    return state_.wait(*this, handle, detail::context_of(handle));
  }
  void await_resume() const noexcept {}

  Grant grant() const noexcept { return grant_; }
  std::unique_ptr<R> take_resource() noexcept;
  /// The permit is used up: the caller answers for the place in the pool now.
  void take_permit() noexcept { grant_ = Grant::none; }

 private:
  friend State;

  State& state_;
  const std::chrono::milliseconds timeout_;
  // All of the following belongs to the pool's lock until grant_ is set.
  Grant grant_ = Grant::none;
  bool queued_ = false;
  std::unique_ptr<R> resource_;
  Waiter* before_ = nullptr;
  Waiter* after_ = nullptr;
  Clock::time_point deadline_;
  std::condition_variable* granted_ = nullptr;  // of a blocked thread; null: a suspended coroutine
  std::coroutine_handle<> handle_;
  Executor* executor_ = nullptr;
};

/// What the pool, its leases and its waiters share.
template <class R>
class ResourcePool<R>::State : public std::enable_shared_from_this<State> {
 public:
  State(Options options, AsyncFactory factory, Reset reset, MakeError make_error);

  const Options& options() const noexcept { return options_; }
  bool is_closed() const noexcept { return closed_.load(std::memory_order_relaxed); }
  std::size_t size() const;
  std::size_t idle_count() const;
  std::size_t waiting_count() const;

  bool try_acquire(Lease& lease);
  bool wait(Waiter& waiter, std::coroutine_handle<> handle, const detail::ExecutionContext& context);
  void withdraw(Waiter& waiter) noexcept;
  Task<std::unique_ptr<R>> make() const { return factory_(); }
  std::exception_ptr error(Grant grant) const;

  /// A resource comes back; null when it was discarded or could not be made.
  void give_back(std::unique_ptr<R> resource) noexcept;
  void close() noexcept;

 private:
  using Clock = std::chrono::steady_clock;

  struct Idle {
    std::unique_ptr<R> resource;
    Clock::time_point since;  // only where there is an idle_time
  };

  // How to wake a waiter once the lock is free: by then its coroutine may run, so nothing refers to it.
  struct Wakeup {
    void operator()() const {
      if (handle) detail::resume_through(executor, handle);
    }
    std::coroutine_handle<> handle;
    Executor* executor = nullptr;
  };

  bool grant_at_once(Waiter& waiter) noexcept;
  void enqueue(Waiter& waiter) noexcept;
  void unlink(Waiter& waiter) noexcept;
  Wakeup finish(Waiter& waiter, Grant grant) noexcept;
  bool reset(R& resource) const noexcept;
  void block(Waiter& waiter, std::unique_lock<std::mutex>& lock);
  void wake_timer_by(Clock::time_point time);
  void keep_idle(std::unique_ptr<R> resource) noexcept;
  Waiter* next_to_time_out() const noexcept;
  bool has_surplus() const noexcept {
    return options_.idle_time.count() > 0 && size_ > options_.min && !idle_.empty();
  }
  bool end_surplus(std::unique_lock<std::mutex>& lock);
  void serve_timer();

  const Options options_;
  const AsyncFactory factory_;
  const Reset reset_;
  const MakeError make_error_;

  mutable std::mutex mutex_;
  std::vector<Idle> idle_;  // the last one was given back last; empty while somebody waits
  std::size_t size_ = 0;
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
  std::size_t waiting_ = 0;
  std::atomic<bool> closed_{false};  // written under the lock
  // Set once the pool is closed, until the last resource has come back. So leases need no share of their own,
  // whose atomic counting would cost half as much as the lock.
  std::shared_ptr<State> keep_alive_;

  std::thread timer_;
  std::condition_variable timer_changed_;
  Clock::time_point timer_wakes_at_ = Clock::time_point::max();
};

template <class R>
typename ResourcePool<R>::Lease& ResourcePool<R>::Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    give_back();
    state_ = other.state_;
    resource_ = std::move(other.resource_);
  }
  return *this;
}

template <class R>
void ResourcePool<R>::Lease::give_back() noexcept {
  if (resource_) state_->give_back(std::move(resource_));
}

template <class R>
void ResourcePool<R>::Lease::discard() noexcept {
  if (!resource_) return;
  resource_.reset();
  state_->give_back(nullptr);
}

template <class R>
ResourcePool<R>::ResourcePool(Options options, Factory factory, Reset reset, MakeError make_error)
    : ResourcePool(options, awaitable(std::move(factory)), std::move(reset), std::move(make_error)) {}

template <class R>
ResourcePool<R>::ResourcePool(Options options, AsyncFactory factory, Reset reset, MakeError make_error)
    : state_(std::make_shared<State>(options, std::move(factory), std::move(reset), std::move(make_error))) {}

template <class R>
typename ResourcePool<R>::AsyncFactory ResourcePool<R>::awaitable(Factory factory) {
  return [factory = std::move(factory)] {
    // Whoever awaits the task keeps the pool's state, so a reference to the factory is enough.
    return [](const Factory& make) -> Task<std::unique_ptr<R>> { co_return make(); }(factory);
  };
}

template <class R>
Task<typename ResourcePool<R>::Lease> ResourcePool<R>::acquire_from(std::shared_ptr<State> state,
                                                                    std::chrono::milliseconds timeout) {
  Lease lease;
  if (state->try_acquire(lease)) co_return lease;

  Waiter waiter(*state, timeout);
  co_await waiter;
  if (waiter.grant() == Grant::resource) co_return Lease(*state, waiter.take_resource());
  if (waiter.grant() != Grant::permit) std::rethrow_exception(state->error(waiter.grant()));

  // From here on a place in the pool is ours. If no resource comes of it, the waiter's end passes it on.
  if (state->is_closed()) std::rethrow_exception(state->error(Grant::closed));
  std::unique_ptr<R> made = co_await state->make();
  if (!made) throw std::logic_error("kin::async::ResourcePool: the factory returned null");
  waiter.take_permit();
  co_return Lease(*state, std::move(made));
}

template <class R>
std::unique_ptr<R> ResourcePool<R>::Waiter::take_resource() noexcept {
  grant_ = Grant::none;
  return std::move(resource_);
}

template <class R>
ResourcePool<R>::State::State(Options options, AsyncFactory factory, Reset reset, MakeError make_error)
    : options_(options),
      factory_(std::move(factory)),
      reset_(std::move(reset)),
      make_error_(std::move(make_error)) {
  if (options_.max == 0) throw std::invalid_argument("kin::async::ResourcePool: max must be at least 1");
  idle_.reserve(options_.max);  // so that giving back can't fail
}

template <class R>
std::size_t ResourcePool<R>::State::size() const {
  const std::lock_guard lock(mutex_);
  return size_;
}

template <class R>
std::size_t ResourcePool<R>::State::idle_count() const {
  const std::lock_guard lock(mutex_);
  return idle_.size();
}

template <class R>
std::size_t ResourcePool<R>::State::waiting_count() const {
  const std::lock_guard lock(mutex_);
  return waiting_;
}

template <class R>
bool ResourcePool<R>::State::try_acquire(Lease& lease) {
  std::unique_ptr<R> resource;
  {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return false;
    resource = std::move(idle_.back().resource);
    idle_.pop_back();
  }
  lease = Lease(*this, std::move(resource));
  return true;
}

// Returns whether the waiter's coroutine has to stay suspended.
template <class R>
bool ResourcePool<R>::State::wait(Waiter& waiter, std::coroutine_handle<> handle,
                                  const detail::ExecutionContext& context) {
  // Far enough for "without a limit", near enough for the arithmetic of clocks.
  constexpr std::chrono::milliseconds longest = std::chrono::hours(24 * 365);
  std::unique_lock lock(mutex_);
  if (grant_at_once(waiter)) return false;
  waiter.deadline_ = Clock::now() + std::min(waiter.timeout_, longest);
  if (context.blocking) {
    block(waiter, lock);
    return false;
  }
  waiter.handle_ = handle;
  waiter.executor_ = context.executor;
  wake_timer_by(waiter.deadline_);
  enqueue(waiter);
  detail::count_suspension();
  return true;
}

template <class R>
bool ResourcePool<R>::State::grant_at_once(Waiter& waiter) noexcept {
  if (closed_) {
    waiter.grant_ = Grant::closed;
  } else if (!idle_.empty()) {
    waiter.resource_ = std::move(idle_.back().resource);
    idle_.pop_back();
    waiter.grant_ = Grant::resource;
  } else if (size_ < options_.max) {
    ++size_;
    waiter.grant_ = Grant::permit;
  } else if (waiter.timeout_ <= std::chrono::milliseconds::zero()) {
    waiter.grant_ = Grant::timeout;
  }
  return waiter.grant_ != Grant::none;
}

template <class R>
void ResourcePool<R>::State::block(Waiter& waiter, std::unique_lock<std::mutex>& lock) {
  std::condition_variable granted;
  waiter.granted_ = &granted;
  enqueue(waiter);
  if (!granted.wait_until(lock, waiter.deadline_, [&waiter] { return waiter.grant_ != Grant::none; })) {
    finish(waiter, Grant::timeout);
  }
}

template <class R>
void ResourcePool<R>::State::enqueue(Waiter& waiter) noexcept {
  waiter.queued_ = true;
  waiter.before_ = last_;
  (last_ == nullptr ? first_ : last_->after_) = &waiter;
  last_ = &waiter;
  ++waiting_;
}

template <class R>
void ResourcePool<R>::State::unlink(Waiter& waiter) noexcept {
  waiter.queued_ = false;
  (waiter.before_ == nullptr ? first_ : waiter.before_->after_) = waiter.after_;
  (waiter.after_ == nullptr ? last_ : waiter.after_->before_) = waiter.before_;
  --waiting_;
}

template <class R>
typename ResourcePool<R>::State::Wakeup ResourcePool<R>::State::finish(Waiter& waiter, Grant grant) noexcept {
  unlink(waiter);
  waiter.grant_ = grant;
  if (waiter.granted_ == nullptr) return Wakeup{waiter.handle_, waiter.executor_};
  waiter.granted_->notify_one();  // under the lock: the condition lives on the waiting thread's stack
  return Wakeup();
}

// For one that ends without having used what it was granted, or while it still waits.
template <class R>
void ResourcePool<R>::State::withdraw(Waiter& waiter) noexcept {
  Grant grant;
  {
    const std::lock_guard lock(mutex_);
    if (waiter.queued_) unlink(waiter);
    grant = waiter.grant_;
  }
  if (grant == Grant::resource || grant == Grant::permit) give_back(std::move(waiter.resource_));
}

template <class R>
std::exception_ptr ResourcePool<R>::State::error(Grant grant) const {
  return make_error_(grant == Grant::closed ? AcquireFailure::closed : AcquireFailure::timeout);
}

template <class R>
bool ResourcePool<R>::State::reset(R& resource) const noexcept {
  if (is_closed()) return false;
  try {
    return !reset_ || reset_(resource);
  } catch (...) {
    return false;
  }
}

template <class R>
void ResourcePool<R>::State::give_back(std::unique_ptr<R> resource) noexcept {
  // Destroyed before the next one is made, so that there are never more than max.
  if (resource && !reset(*resource)) resource.reset();
  std::shared_ptr<State> last_share;  // ends after the lock
  Wakeup wakeup;
  {
    const std::lock_guard lock(mutex_);
    if (first_ != nullptr && !closed_) {
      Waiter& waiter = *first_;
      waiter.resource_ = std::move(resource);
      wakeup = finish(waiter, waiter.resource_ ? Grant::resource : Grant::permit);
    } else if (resource && !closed_) {
      keep_idle(std::move(resource));
    } else if (--size_ == 0) {
      last_share.swap(keep_alive_);
    }
  }
  wakeup();
}

template <class R>
void ResourcePool<R>::State::close() noexcept {
  std::vector<Idle> idle;
  std::thread timer;
  std::unique_lock lock(mutex_);
  if (closed_) return;
  closed_ = true;
  idle.swap(idle_);
  size_ -= idle.size();
  if (size_ > 0) keep_alive_ = this->shared_from_this();
  timer.swap(timer_);
  timer_changed_.notify_one();
  while (first_ != nullptr) {
    const Wakeup wakeup = finish(*first_, Grant::closed);
    lock.unlock();
    wakeup();
    lock.lock();
  }
  lock.unlock();
  if (!timer.joinable()) return;
  if (timer.get_id() == std::this_thread::get_id()) {
    timer.detach();
  } else {
    timer.join();
  }
}

// Called before a waiter is queued, so that an exception leaves nothing behind.
template <class R>
void ResourcePool<R>::State::wake_timer_by(Clock::time_point time) {
  if (!timer_.joinable()) {
    timer_ = std::thread([self = this->shared_from_this()] { self->serve_timer(); });
  }
  if (time < timer_wakes_at_) timer_changed_.notify_one();
}

template <class R>
void ResourcePool<R>::State::keep_idle(std::unique_ptr<R> resource) noexcept {
  if (options_.idle_time.count() <= 0) {
    idle_.push_back({std::move(resource), Clock::time_point()});
    return;
  }
  idle_.push_back({std::move(resource), Clock::now()});
  if (!has_surplus()) return;
  try {
    wake_timer_by(idle_.front().since + options_.idle_time);
  } catch (...) {
    // No thread to be had now: the next one that is given back tries again.
  }
}

template <class R>
typename ResourcePool<R>::Waiter* ResourcePool<R>::State::next_to_time_out() const noexcept {
  Waiter* next = nullptr;
  for (Waiter* waiter = first_; waiter != nullptr; waiter = waiter->after_) {
    if (waiter->granted_ != nullptr) continue;  // a blocked thread looks at the clock itself
    if (next == nullptr || waiter->deadline_ < next->deadline_) next = waiter;
  }
  return next;
}

// Ends the one that is idle for longest when its time has come. It counts until it is gone, so that there are
// never more than max.
template <class R>
bool ResourcePool<R>::State::end_surplus(std::unique_lock<std::mutex>& lock) {
  if (!has_surplus() || idle_.front().since + options_.idle_time > Clock::now()) return false;
  std::unique_ptr<R> resource = std::move(idle_.front().resource);
  idle_.erase(idle_.begin());
  lock.unlock();
  resource.reset();
  give_back(nullptr);
  lock.lock();
  return true;
}

template <class R>
void ResourcePool<R>::State::serve_timer() {
  std::unique_lock lock(mutex_);
  while (!closed_) {
    Waiter* const next = next_to_time_out();
    if (next != nullptr && next->deadline_ <= Clock::now()) {
      const Wakeup wakeup = finish(*next, Grant::timeout);
      lock.unlock();
      wakeup();
      lock.lock();
      continue;
    }
    if (end_surplus(lock)) continue;
    timer_wakes_at_ = next == nullptr ? Clock::time_point::max() : next->deadline_;
    if (has_surplus()) timer_wakes_at_ = std::min(timer_wakes_at_, idle_.front().since + options_.idle_time);
    if (timer_wakes_at_ == Clock::time_point::max()) {
      timer_changed_.wait(lock);
    } else {
      timer_changed_.wait_until(lock, timer_wakes_at_);
    }
    timer_wakes_at_ = Clock::time_point::min();  // awake: looks at everything before it sleeps again
  }
}

}  // namespace kin::async
