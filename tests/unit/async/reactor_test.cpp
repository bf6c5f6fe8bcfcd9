// SPDX-License-Identifier: MIT
// Waiting for sockets: on the thread of a sync_wait, on the reactor's own, in place.
#include "async/reactor.hpp"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <coroutine>
#include <mutex>
#include <thread>
#include <vector>

namespace kin::async {
namespace {

using namespace std::chrono_literals;

class SocketPair {
 public:
  SocketPair() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_), 0); }
  SocketPair(const SocketPair&) = delete;
  SocketPair& operator=(const SocketPair&) = delete;
  ~SocketPair() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  int near() const { return ends_[0]; }
  void answer() const { EXPECT_EQ(::write(ends_[1], "x", 1), 1); }
  void read() const {
    char byte = 0;
    EXPECT_EQ(::read(ends_[0], &byte, 1), 1);
  }

 private:
  int ends_[2] = {-1, -1};
};

Reactor::Deadline in(std::chrono::milliseconds time) { return Reactor::Clock::now() + time; }

struct Seen {
  Readiness readiness{};
  std::thread::id thread{};
};

Task<Seen> wait_for(Reactor& reactor, const SocketPair& sockets, Reactor::Deadline deadline) {
  const Readiness readiness = co_await reactor.wait(sockets.near(), Readiness::read, deadline);
  Seen seen;
  seen.readiness = readiness;
  seen.thread = std::this_thread::get_id();
  co_return seen;
}

TEST(Reactor, ASyncWaitWaitsOnItsOwnThread) {
  Reactor reactor;
  const SocketPair sockets;
  std::jthread other([&] {
    std::this_thread::sleep_for(20ms);
    sockets.answer();
  });
  const Seen seen = sync_wait(wait_for(reactor, sockets, in(10s)));
  EXPECT_EQ(seen.readiness, Readiness::read);
  EXPECT_EQ(seen.thread, std::this_thread::get_id());
}

TEST(Reactor, ADeadlinePasses) {
  Reactor reactor;
  const SocketPair sockets;
  EXPECT_EQ(sync_wait(wait_for(reactor, sockets, in(20ms))).readiness, Readiness::timeout);
  EXPECT_EQ(detail::run_blocking(wait_for(reactor, sockets, in(20ms))).readiness, Readiness::timeout);
}

Task<void> answered_in_turn(Reactor& reactor, const SocketPair& sockets, std::vector<int>& order, int number) {
  for (int i = 0; i < 3; ++i) {
    const Readiness readiness = co_await reactor.wait(sockets.near(), Readiness::read, in(10s));
    EXPECT_EQ(readiness, Readiness::read);
    sockets.read();
    order.push_back(number);  // one thread runs them all, so that nothing is locked
  }
}

TEST(Reactor, ManyCoroutinesShareTheThread) {
  Reactor reactor;
  const SocketPair first;
  const SocketPair second;
  std::vector<int> order;
  std::jthread other([&] {
    for (int i = 0; i < 3; ++i) {
      second.answer();
      std::this_thread::sleep_for(5ms);
      first.answer();
      std::this_thread::sleep_for(5ms);
    }
  });
  std::vector<Task<void>> tasks;
  tasks.push_back(answered_in_turn(reactor, first, order, 1));
  tasks.push_back(answered_in_turn(reactor, second, order, 2));
  sync_wait(when_all(std::move(tasks)));
  EXPECT_EQ(order.size(), 6u);
}

/// Resumes from another thread, which knows of the awaiting task no more than its executor.
struct ByAnotherThread {
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> handle) {
    Executor* const executor = detail::context_of(handle).executor;
    thread = std::jthread([executor, handle] {
      std::this_thread::sleep_for(20ms);
      executor->post(handle);
    });
  }
  void await_resume() const noexcept {}
  std::jthread& thread;
};

Task<void> posted(std::jthread& thread, std::atomic<bool>& done) {
  ByAnotherThread awaited{thread};
  co_await awaited;
  done = true;
}

Task<void> answered_after(Reactor& reactor, const SocketPair& sockets, const std::atomic<bool>& done) {
  const Readiness readiness = co_await reactor.wait(sockets.near(), Readiness::read, in(200ms));
  EXPECT_EQ(readiness, Readiness::timeout);
  EXPECT_TRUE(done) << "what is posted does not wait for the sockets";
}

TEST(Reactor, WhatIsPostedMeanwhileRunsAtOnce) {
  Reactor reactor;
  const SocketPair sockets;
  std::jthread thread;
  std::atomic<bool> done = false;
  std::vector<Task<void>> tasks;
  tasks.push_back(answered_after(reactor, sockets, done));
  tasks.push_back(posted(thread, done));
  sync_wait(when_all(std::move(tasks)));
  EXPECT_TRUE(done);
}

/// Hands over to a thread that knows nothing of kin, as another library's awaitable would.
struct OnAForeignThread {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    thread = std::jthread([handle] { handle.resume(); });
  }
  void await_resume() const noexcept {}
  std::jthread& thread;
};

Task<Seen> wait_from_elsewhere(Reactor& reactor, const SocketPair& sockets, std::jthread& thread) {
  OnAForeignThread awaited{thread};
  co_await awaited;
  const Seen seen = co_await wait_for(reactor, sockets, in(10s));
  co_return seen;
}

TEST(Reactor, ACoroutineThatAnotherThreadResumedIsWaitedForAsWell) {
  Reactor reactor;
  const SocketPair sockets;
  std::jthread thread;
  std::jthread other([&] {
    std::this_thread::sleep_for(30ms);
    sockets.answer();
  });
  const Seen seen = sync_wait(wait_from_elsewhere(reactor, sockets, thread));
  EXPECT_EQ(seen.readiness, Readiness::read);
}

/// An executor of the user's own knows no sockets: the reactor's thread waits.
class Queue final : public Executor {
 public:
  void post(std::coroutine_handle<> handle) override {
    const std::lock_guard lock(mutex_);
    posted_.push_back(handle);
  }
  bool run_one() {
    std::coroutine_handle<> next;
    {
      const std::lock_guard lock(mutex_);
      if (posted_.empty()) return false;
      next = posted_.back();
      posted_.pop_back();
    }
    detail::resume(next);
    return true;
  }

 private:
  std::mutex mutex_;
  std::vector<std::coroutine_handle<>> posted_;
};

Task<void> note_readiness(Reactor& reactor, const SocketPair& sockets, Readiness& seen, bool& done) {
  seen = co_await reactor.wait(sockets.near(), Readiness::read, in(10s));
  done = true;
}

TEST(Reactor, ForOtherExecutorsItsOwnThreadWaits) {
  Reactor reactor;
  const SocketPair sockets;
  Queue queue;
  Readiness seen{};
  bool done = false;
  spawn(queue, note_readiness(reactor, sockets, seen, done));
  while (queue.run_one()) continue;
  EXPECT_FALSE(done);
  sockets.answer();
  const auto give_up = Reactor::Clock::now() + 10s;
  while (!done && Reactor::Clock::now() < give_up)
    if (!queue.run_one()) std::this_thread::sleep_for(1ms);
  EXPECT_TRUE(done);
  EXPECT_EQ(seen, Readiness::read);
}

TEST(Reactor, ItsEndWakesWhoeverWaitsByItsThread) {
  const SocketPair sockets;
  Queue queue;
  Readiness seen{};
  bool done = false;
  {
    Reactor reactor;
    spawn(queue, note_readiness(reactor, sockets, seen, done));
    while (queue.run_one()) continue;
  }
  while (queue.run_one()) continue;
  EXPECT_TRUE(done);
  EXPECT_EQ(seen, Readiness::both);
}

}  // namespace
}  // namespace kin::async
