// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <coroutine>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include <kin/task.hpp>

namespace kin::async {

/// What to wait for on a socket, and what came of it. A socket in error counts as ready for both.
enum class Readiness : unsigned char { timeout = 0, read = 1, write = 2, both = 3 };
constexpr bool includes(Readiness set, Readiness part) noexcept {
  return (static_cast<unsigned>(set) & static_cast<unsigned>(part)) != 0;
}

/// One who waits for a socket; it stays where it is as long as it is listed with a watcher.
struct SocketWait {
  using Deadline = std::optional<std::chrono::steady_clock::time_point>;

  int socket = -1;
  Readiness interest = Readiness::read;
  Deadline deadline{};
  std::coroutine_handle<> handle{};
  Executor* executor = nullptr;  ///< to resume through; null: on the thread that watches
  // The rest belongs to the watcher's lock while it is listed.
  Readiness result = Readiness::timeout;
  bool listed = false;
};

/// Sockets that one thread waits for all at once (epoll). Thread-safety: poll() is for one thread at a time,
/// the others are for any. A socket has one waiter at a time. Errors: std::system_error.
class SocketWatcher {
 public:
  using Clock = std::chrono::steady_clock;

  /// Somebody to resume: by then its coroutine may run, so nothing refers to the wait.
  struct Resumption {
    std::coroutine_handle<> handle;
    Executor* executor;
  };

  SocketWatcher();
  SocketWatcher(const SocketWatcher&) = delete;
  SocketWatcher& operator=(const SocketWatcher&) = delete;
  ~SocketWatcher() = default;

  /// Returns false, and lists nothing, when the watcher is ending.
  bool insert(SocketWait& wait);
  /// For one who does not want to wait any longer; nothing happens where it is not listed any more.
  void withdraw(SocketWait& wait) noexcept;
  bool is_empty() const;

  /// Waits until a socket is ready, a deadline passes or somebody interrupts; adds whom to resume.
  void poll(std::vector<Resumption>& due);
  /// Ends the poll() that runs, or the next one, at once.
  void interrupt() const noexcept;
  /// From here on nobody is listed; poll() gives those who are, as ready for both.
  void end() noexcept;

 private:
  class Descriptor {
   public:
    explicit Descriptor(int number);
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor();
    int number() const noexcept { return number_; }

   private:
    const int number_;
  };

  void watch(const SocketWait& wait);
  void remove(SocketWait& wait) noexcept;
  SocketWait::Deadline next_deadline() const noexcept;
  void finish(SocketWait& wait, Readiness result, std::vector<Resumption>& due);
  void collect_ready(int socket, unsigned events, std::vector<Resumption>& due);
  void collect_late(std::vector<Resumption>& due);

  Descriptor watcher_;
  Descriptor alarm_;
  mutable std::mutex mutex_;
  std::unordered_map<int, SocketWait*> waits_;  // by socket
  SocketWait::Deadline waking_at_;  // until when poll() sleeps at most; none: until something happens
  bool ending_ = false;
};

/// Waits for one socket on this very thread.
Readiness wait_in_place(int socket, Readiness interest, const SocketWait::Deadline& deadline);

}  // namespace kin::async
