// SPDX-License-Identifier: MIT
#include "async/socket_watcher.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace kin::async {
namespace {

using Clock = SocketWatcher::Clock;

// What a call that takes milliseconds is to wait: rounded up, so that nobody wakes before the deadline.
int milliseconds_until(const SocketWait::Deadline& deadline) {
  if (!deadline) return -1;
  const auto rest = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(rest, 0, 24 * 60 * 60 * 1000));
}

[[noreturn]] void throw_errno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

Readiness readiness(bool read, bool write, bool broken) {
  const unsigned ready = (read || broken ? 1U : 0U) | (write || broken ? 2U : 0U);
  return static_cast<Readiness>(ready);
}

}  // namespace

Readiness wait_in_place(int socket, Readiness interest, const SocketWait::Deadline& deadline) {
  pollfd watched{socket, 0, 0};
  if (includes(interest, Readiness::read)) watched.events |= POLLIN;
  if (includes(interest, Readiness::write)) watched.events |= POLLOUT;
  for (;;) {
    const int count = ::poll(&watched, 1, milliseconds_until(deadline));
    if (count > 0) break;
    if (count == 0 && deadline && Clock::now() >= *deadline) return Readiness::timeout;
    if (count < 0 && errno != EINTR) throw_errno("kin can't wait for a socket");
  }
  const auto has = [&](int flags) { return (watched.revents & flags) != 0; };
  return readiness(has(POLLIN), has(POLLOUT), has(POLLERR | POLLHUP | POLLNVAL));
}

SocketWatcher::Descriptor::Descriptor(int number) : number_(number) {
  if (number_ < 0) throw_errno("kin can't make a descriptor to wait for sockets");
}

SocketWatcher::Descriptor::~Descriptor() { ::close(number_); }

SocketWatcher::SocketWatcher()
    : watcher_(::epoll_create1(EPOLL_CLOEXEC)), alarm_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = alarm_.number();
  if (::epoll_ctl(watcher_.number(), EPOLL_CTL_ADD, alarm_.number(), &event) != 0)
    throw_errno("kin can't watch its own descriptor");
}

bool SocketWatcher::insert(SocketWait& wait) {
  const std::lock_guard lock(mutex_);
  if (ending_) return false;
  waits_[wait.socket] = &wait;  // first, since the thread may see the event at once
  wait.listed = true;
  try {
    watch(wait);
  } catch (...) {
    remove(wait);
    throw;
  }
  // Whoever polls may be asleep for longer than this one wants to wait.
  if (wait.deadline && (!waking_at_ || *wait.deadline < *waking_at_)) interrupt();
  return true;
}

// One-shot: after an event a socket is known to the watcher, but silent, until it is asked for again.
void SocketWatcher::watch(const SocketWait& wait) {
  epoll_event event{};
  event.events = EPOLLONESHOT;
  if (includes(wait.interest, Readiness::read)) event.events |= EPOLLIN;
  if (includes(wait.interest, Readiness::write)) event.events |= EPOLLOUT;
  event.data.fd = wait.socket;
  const auto control = [&](int operation) {
    return ::epoll_ctl(watcher_.number(), operation, wait.socket, &event) == 0;
  };
  if (control(EPOLL_CTL_MOD) || (errno == ENOENT && control(EPOLL_CTL_ADD))) return;
  throw_errno("kin can't watch a socket");
}

void SocketWatcher::withdraw(SocketWait& wait) noexcept {
  const std::lock_guard lock(mutex_);
  if (wait.listed) remove(wait);
}

bool SocketWatcher::is_empty() const {
  const std::lock_guard lock(mutex_);
  return waits_.empty();
}

void SocketWatcher::remove(SocketWait& wait) noexcept {
  waits_.erase(wait.socket);
  wait.listed = false;
}

void SocketWatcher::interrupt() const noexcept {
  const std::uint64_t one = 1;
  // Fails only when the alarm rings already.
  [[maybe_unused]] const auto written = ::write(alarm_.number(), &one, sizeof one);
}

void SocketWatcher::end() noexcept {
  const std::lock_guard lock(mutex_);
  ending_ = true;
  interrupt();
}

SocketWait::Deadline SocketWatcher::next_deadline() const noexcept {
  SocketWait::Deadline next;
  for (const auto& [socket, wait] : waits_)
    if (wait->deadline && (!next || *wait->deadline < *next)) next = wait->deadline;
  return next;
}

void SocketWatcher::finish(SocketWait& wait, Readiness result, std::vector<Resumption>& due) {
  due.push_back({wait.handle, wait.executor});
  remove(wait);
  wait.result = result;
}

void SocketWatcher::collect_ready(int socket, unsigned events, std::vector<Resumption>& due) {
  if (socket == alarm_.number()) {
    std::uint64_t rings = 0;
    [[maybe_unused]] const auto read = ::read(alarm_.number(), &rings, sizeof rings);
    return;
  }
  const auto found = waits_.find(socket);
  if (found == waits_.end()) return;  // whoever waited was destroyed
  const auto has = [&](unsigned flags) { return (events & flags) != 0; };
  finish(*found->second, readiness(has(EPOLLIN), has(EPOLLOUT), has(EPOLLERR | EPOLLHUP)), due);
}

void SocketWatcher::collect_late(std::vector<Resumption>& due) {
  const Clock::time_point now = Clock::now();
  std::vector<SocketWait*> late;
  for (const auto& [socket, wait] : waits_)
    if (ending_ || (wait->deadline && *wait->deadline <= now)) late.push_back(wait);
  for (SocketWait* wait : late) finish(*wait, ending_ ? Readiness::both : Readiness::timeout, due);
}

void SocketWatcher::poll(std::vector<Resumption>& due) {
  std::array<epoll_event, 64> events;
  std::unique_lock lock(mutex_);
  waking_at_ = next_deadline();
  const int timeout = ending_ ? 0 : milliseconds_until(waking_at_);
  lock.unlock();
  const int count = ::epoll_wait(watcher_.number(), events.data(), static_cast<int>(events.size()), timeout);
  lock.lock();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    collect_ready(event.data.fd, event.events, due);
  }
  if (ending_ || waking_at_) collect_late(due);
}

}  // namespace kin::async
