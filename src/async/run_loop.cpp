// SPDX-License-Identifier: MIT
#include "async/run_loop.hpp"

namespace kin::async {

// Under the lock, because the loop's thread may end it as soon as the lock is free.
void RunLoop::wake() noexcept {
  if (polls_) {
    sockets_->interrupt();
  } else {
    changed_.notify_one();
  }
}

void RunLoop::post(std::coroutine_handle<> handle) {
  const std::lock_guard lock(mutex_);
  posted_.push_back(handle);
  wake();
}

void RunLoop::finish() noexcept {
  const std::lock_guard lock(mutex_);
  finished_ = true;
  wake();
}

void RunLoop::watch(SocketWait& wait, std::shared_ptr<SocketWatcher>& watcher) {
  // Until the lock is free nobody resumes the coroutine, whose end could be that of the loop.
  const std::lock_guard lock(mutex_);
  if (!sockets_) sockets_ = std::make_shared<SocketWatcher>();
  watcher = sockets_;
  sockets_->insert(wait);
  // A coroutine that somebody else has resumed may ask while the loop waits for its queue alone.
  if (!polls_) changed_.notify_one();
}

void RunLoop::run() {
  std::vector<std::coroutine_handle<>> batch;
  while (take(batch)) {
    for (const std::coroutine_handle<> handle : batch) detail::resume(handle);
    batch.clear();
  }
}

bool RunLoop::take(std::vector<std::coroutine_handle<>>& batch) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (!posted_.empty()) {
      batch.swap(posted_);
      return true;
    }
    if (finished_) return false;
    if (!sockets_ || sockets_->is_empty()) {
      changed_.wait(lock);
      continue;
    }
    polls_ = true;
    lock.unlock();
    sockets_->poll(due_);
    lock.lock();
    polls_ = false;
    for (const SocketWatcher::Resumption& resumption : due_) batch.push_back(resumption.handle);
    due_.clear();
    if (!batch.empty()) return true;
  }
}

}  // namespace kin::async
