// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <coroutine>
#include <memory>
#include <mutex>
#include <vector>

#include <kin/task.hpp>

#include "async/socket_watcher.hpp"

namespace kin::async {

/// The executor of sync_wait: a queue of what to resume, served by one thread, which also waits for the
/// sockets of its coroutines itself: a thread of the reactor's would have to be woken for each answer, and
/// then wake this one.
class RunLoop final : public Executor {
 public:
  void post(std::coroutine_handle<> handle) override;
  /// Lets run() return once everything posted before has been resumed.
  void finish() noexcept;
  void run();

  /// Lets run() wait for a socket, too; its coroutine resumes on run()'s thread. `watcher` receives the one
  /// that lists it, to withdraw it from.
  void watch(SocketWait& wait, std::shared_ptr<SocketWatcher>& watcher);

 private:
  void wake() noexcept;
  bool take(std::vector<std::coroutine_handle<>>& batch);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::coroutine_handle<>> posted_;
  bool finished_ = false;
  bool polls_ = false;  // run() waits for the sockets at the moment, so notifying it is not enough
  std::shared_ptr<SocketWatcher> sockets_;
  std::vector<SocketWatcher::Resumption> due_;  // of run() alone
};

}  // namespace kin::async
