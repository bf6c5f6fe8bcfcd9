// SPDX-License-Identifier: MIT
#pragma once

#include <coroutine>
#include <memory>

#include <kin/task.hpp>

#include "async/socket_watcher.hpp"

namespace kin::async {

/// Lets tasks wait for sockets without holding a thread. Those that a sync_wait runs are waited for by its
/// own thread; for all others there is one thread, which starts at the first use. Lifetime: the destructor
/// wakes whoever waits by its thread, with `both`, then joins it, unless it runs on that. Thread-safety: all
/// members may be called from any thread; a socket has one waiter at a time.
class Reactor {
 public:
  class Wait;
  using Clock = SocketWatcher::Clock;
  using Deadline = SocketWait::Deadline;

  Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;
  ~Reactor();

  /// `co_await reactor.wait(socket, interest, deadline)` gives what the socket is ready for, `timeout` when
  /// the deadline passed before. In a blocking context it waits in place, else it suspends and resumes
  /// through the context's executor, or on the reactor's thread where there is none. The coroutine may be
  /// destroyed while it waits, but not the socket closed. Errors: std::system_error when the socket can't be
  /// watched.
  Wait wait(int socket, Readiness interest, Deadline deadline) noexcept;

 private:
  struct State;

  std::shared_ptr<State> state_;  // shared with the thread and with whoever waits
};

/// What wait() returns; it lives in the awaiting coroutine's frame.
class [[nodiscard]] Reactor::Wait {
 public:
  Wait(std::shared_ptr<State> state, int socket, Readiness interest, Deadline deadline) noexcept
      : state_(std::move(state)) {
    wait_.socket = socket;
    wait_.interest = interest;
    wait_.deadline = deadline;
  }
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;
  ~Wait();

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) {
    return start(handle, detail::context_of(handle));
  }
  Readiness await_resume() const noexcept { return wait_.result; }

 private:
  bool start(std::coroutine_handle<> handle, const detail::ExecutionContext& context);

  const std::shared_ptr<State> state_;
  std::shared_ptr<SocketWatcher> watcher_;  // null as long as it never suspended
  SocketWait wait_;
};

inline Reactor::Wait Reactor::wait(int socket, Readiness interest, Deadline deadline) noexcept {
  return Wait(state_, socket, interest, deadline);
}

}  // namespace kin::async
