// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <coroutine>
#include <memory>
#include <optional>

#include <kin/task.hpp>

namespace kin::async {

/// What to wait for on a socket, and what came of it. A socket in error counts as ready for both.
enum class Readiness : unsigned char { timeout = 0, read = 1, write = 2, both = 3 };
constexpr bool includes(Readiness set, Readiness part) noexcept {
  return (static_cast<unsigned>(set) & static_cast<unsigned>(part)) != 0;
}

/// Lets tasks wait for sockets without holding a thread: one thread of its own, which starts at the first use, watches
/// all of them (epoll). Lifetime: the destructor wakes whoever still waits, with `both`, then joins its thread, unless
/// it runs on that. Thread-safety: all members may be called from any thread; a socket has one waiter at a time.
class Reactor {
 public:
  class Wait;
  using Clock = std::chrono::steady_clock;
  using Deadline = std::optional<Clock::time_point>;

  Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;
  ~Reactor();

  /// `co_await reactor.wait(socket, interest, deadline)` gives what the socket is ready for, `timeout` when the
  /// deadline passed before. In a blocking context it waits in place, else it suspends and resumes through the
  /// context's executor, or on the reactor's thread where there is none. The coroutine may be destroyed while it
  /// waits, but not the socket closed. Errors: std::system_error when the socket can't be watched.
  Wait wait(int socket, Readiness interest, Deadline deadline) noexcept;

 private:
  struct State;

  std::shared_ptr<State> state_;  // shared with the thread and with whoever waits
};

/// What wait() returns; it lives in the awaiting coroutine's frame and is known to the reactor by its socket.
class [[nodiscard]] Reactor::Wait {
 public:
  Wait(std::shared_ptr<State> state, int socket, Readiness interest, Deadline deadline) noexcept
      : state_(std::move(state)), socket_(socket), interest_(interest), deadline_(deadline) {}
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;
  ~Wait();

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) {
    return start(handle, detail::context_of(handle));
  }
  Readiness await_resume() const noexcept { return result_; }

 private:
  friend State;

  bool start(std::coroutine_handle<> handle, const detail::ExecutionContext& context);

  const std::shared_ptr<State> state_;
  const int socket_;
  const Readiness interest_;
  const Deadline deadline_;
  // The rest belongs to the reactor's lock while listed_.
  Readiness result_ = Readiness::timeout;
  bool listed_ = false;
  std::coroutine_handle<> handle_;
  Executor* executor_ = nullptr;
};

inline Reactor::Wait Reactor::wait(int socket, Readiness interest, Deadline deadline) noexcept {
  return Wait(state_, socket, interest, deadline);
}

}  // namespace kin::async
