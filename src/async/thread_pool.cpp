// SPDX-License-Identifier: MIT
#include "async/thread_pool.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

namespace kin::async {

struct ThreadPool::State {
  // One per thread, on its stack.
  struct Server {
    Work* running = nullptr;
    bool withdrawn = false;
  };

  explicit State(std::size_t limit) : max_threads(limit) {
    threads.reserve(limit);
    servers.reserve(limit);
  }

  void push(Work& work) noexcept;
  Work* pop() noexcept;
  bool unlink(Work& work) noexcept;
  Server* server_of(const Work& work) noexcept;

  const std::size_t max_threads;
  std::mutex mutex;
  std::condition_variable work_queued;
  std::condition_variable withdrawn_work_ended;
  Work* first = nullptr;
  Work* last = nullptr;
  std::size_t queued = 0;
  std::size_t idle = 0;
  bool ending = false;
  std::vector<std::thread> threads;
  std::vector<Server*> servers;
};

void ThreadPool::State::push(Work& work) noexcept {
  work.next_ = nullptr;
  (last == nullptr ? first : last->next_) = &work;
  last = &work;
  ++queued;
}

ThreadPool::Work* ThreadPool::State::pop() noexcept {
  Work* const work = first;
  first = work->next_;
  if (first == nullptr) last = nullptr;
  --queued;
  return work;
}

bool ThreadPool::State::unlink(Work& work) noexcept {
  Work* before = nullptr;
  for (Work* candidate = first; candidate != nullptr; before = candidate, candidate = candidate->next_) {
    if (candidate != &work) continue;
    (before == nullptr ? first : before->next_) = work.next_;
    if (last == &work) last = before;
    --queued;
    return true;
  }
  return false;
}

ThreadPool::State::Server* ThreadPool::State::server_of(const Work& work) noexcept {
  const auto found = std::find_if(servers.begin(), servers.end(),
                                  [&work](const Server* server) { return server->running == &work; });
  return found == servers.end() ? nullptr : *found;
}

ThreadPool::ThreadPool(std::size_t max_threads)
    : state_(std::make_shared<State>(std::max<std::size_t>(max_threads, 1))) {}

ThreadPool::~ThreadPool() {
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(state_->mutex);
    state_->ending = true;
    threads.swap(state_->threads);
  }
  state_->work_queued.notify_all();
  for (std::thread& thread : threads) {
    if (thread.get_id() == std::this_thread::get_id()) {
      thread.detach();
    } else {
      thread.join();
    }
  }
}

void ThreadPool::submit(Work& work) {
  const std::lock_guard lock(state_->mutex);
  if (state_->ending) throw std::logic_error("kin::async::ThreadPool: work was submitted to an ending pool");
  // An idle thread that was woken for earlier work still counts as idle until it has taken it from the queue.
  if (state_->queued >= state_->idle && state_->threads.size() < state_->max_threads) {
    try {
      state_->threads.emplace_back([state = state_] { serve(*state); });
    } catch (const std::system_error&) {
      if (state_->threads.empty()) throw;  // otherwise the threads there are will come to it
    }
  }
  state_->push(work);
  state_->work_queued.notify_one();  // under the lock: the work may end the pool as soon as the lock is free
}

void ThreadPool::withdraw(Work& work) noexcept {
  std::unique_lock lock(state_->mutex);
  if (state_->unlink(work)) return;
  if (State::Server* const server = state_->server_of(work)) server->withdrawn = true;
  // Looks the server up again each time: it may have left its thread's stack meanwhile.
  state_->withdrawn_work_ended.wait(lock, [this, &work] { return state_->server_of(work) == nullptr; });
}

std::size_t ThreadPool::thread_count() const {
  const std::lock_guard lock(state_->mutex);
  return state_->threads.size();
}

std::size_t ThreadPool::idle_thread_count() const {
  const std::lock_guard lock(state_->mutex);
  return state_->idle;
}

void ThreadPool::serve(State& state) noexcept {
  State::Server server;
  std::unique_lock lock(state.mutex);
  state.servers.push_back(&server);
  for (;;) {
    ++state.idle;
    state.work_queued.wait(lock, [&state] { return state.first != nullptr || state.ending; });
    --state.idle;
    if (state.first == nullptr) break;

    Work* const work = state.pop();
    server.running = work;
    server.withdrawn = false;
    lock.unlock();
    work->run();
    lock.lock();
    server.running = nullptr;
    if (server.withdrawn) {
      state.withdrawn_work_ended.notify_all();
      continue;
    }
    lock.unlock();
    work->resume();
    lock.lock();
  }
  std::erase(state.servers, &server);
}

void OffloadBase::suspend(std::coroutine_handle<> handle, Executor* executor) {
  handle_ = handle;
  executor_ = executor;
  pending_.store(true, std::memory_order_relaxed);
  try {
    pool_.submit(*this);
  } catch (...) {
    pending_.store(false, std::memory_order_relaxed);
    throw;
  }
  detail::count_suspension();
}

void OffloadBase::withdraw() noexcept {
  if (pending_.load(std::memory_order_acquire)) pool_.withdraw(*this);
}

void OffloadBase::resume() noexcept {
  pending_.store(false, std::memory_order_release);
  detail::resume_through(executor_, handle_);
}

}  // namespace kin::async
