// SPDX-License-Identifier: MIT
#include "async/reactor.hpp"

#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "async/run_loop.hpp"

namespace kin::async {

struct Reactor::State {
  static void serve(State& state) noexcept;
  void start_thread(const std::shared_ptr<State>& self);

  SocketWatcher sockets;
  std::mutex mutex;  // of the rest
  bool ending = false;
  std::thread thread;
};

void Reactor::State::serve(State& state) noexcept {
  std::vector<SocketWatcher::Resumption> due;
  const auto goes_on = [&] {
    const std::lock_guard lock(state.mutex);
    return !state.ending || !state.sockets.is_empty();
  };
  while (goes_on()) {
    state.sockets.poll(due);
    for (const SocketWatcher::Resumption& resumption : due)
      detail::resume_through(resumption.executor, resumption.handle);
    due.clear();
  }
}

void Reactor::State::start_thread(const std::shared_ptr<State>& self) {
  const std::lock_guard lock(mutex);
  if (!ending && !thread.joinable()) thread = std::thread([self] { serve(*self); });
}

Reactor::Reactor() : state_(std::make_shared<State>()) {}

Reactor::~Reactor() {
  std::thread thread;
  {
    const std::lock_guard lock(state_->mutex);
    state_->ending = true;
    thread.swap(state_->thread);
  }
  state_->sockets.end();
  if (!thread.joinable()) return;
  if (thread.get_id() == std::this_thread::get_id()) {
    thread.detach();
  } else {
    thread.join();
  }
}

Reactor::Wait::~Wait() {
  if (watcher_) watcher_->withdraw(wait_);
}

bool Reactor::Wait::start(std::coroutine_handle<> handle, const detail::ExecutionContext& context) {
  if (context.blocking) {
    wait_.result = wait_in_place(wait_.socket, wait_.interest, wait_.deadline);
    return false;
  }
  wait_.handle = handle;
  wait_.executor = context.executor;
  wait_.result = Readiness::both;  // in case that nobody watches any more
  detail::count_suspension();
  if (auto* loop = dynamic_cast<RunLoop*>(context.executor)) {
    loop->watch(wait_, watcher_);
    return true;
  }
  state_->start_thread(state_);
  // Once it is listed, the coroutine may go on and this object end: a copy keeps the watcher.
  const std::shared_ptr<SocketWatcher> watcher(state_, &state_->sockets);
  watcher_ = watcher;
  return watcher->insert(wait_);
}

}  // namespace kin::async
