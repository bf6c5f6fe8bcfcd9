// SPDX-License-Identifier: MIT
#include "async/reactor.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kin::async {
namespace {

using Clock = Reactor::Clock;

// What a call that takes milliseconds is to wait: rounded up, so that nobody wakes before the deadline.
int milliseconds_until(const Reactor::Deadline& deadline) {
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

Readiness wait_in_place(int socket, Readiness interest, const Reactor::Deadline& deadline) {
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

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {
    if (number_ < 0) throw_errno("kin can't make a descriptor to wait for sockets");
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { ::close(number_); }
  int number() const noexcept { return number_; }

 private:
  const int number_;
};

}  // namespace

struct Reactor::State {
  State();

  void insert(Wait& wait);
  void remove(Wait& wait) noexcept;
  void wake() const noexcept;
  Deadline next_deadline() const noexcept;
  static void serve(State& state) noexcept;

  /// Somebody to resume once the lock is free: by then its coroutine may run, so nothing refers to it.
  struct Resumption {
    std::coroutine_handle<> handle;
    Executor* executor;
  };
  void finish(Wait& wait, Readiness result, std::vector<Resumption>& due);
  void collect_ready(const epoll_event& event, std::vector<Resumption>& due);
  void collect_late(std::vector<Resumption>& due);

  Descriptor watcher{::epoll_create1(EPOLL_CLOEXEC)};
  Descriptor alarm{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::mutex mutex;
  std::unordered_map<int, Wait*> waits;  // by socket
  Deadline waking_at;                    // until when the thread sleeps at most; none: until something happens
  bool ending = false;
  std::thread thread;
};

Reactor::State::State() {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = alarm.number();
  if (::epoll_ctl(watcher.number(), EPOLL_CTL_ADD, alarm.number(), &event) != 0)
    throw_errno("kin can't watch its own descriptor");
}

// One-shot: after an event a socket is known to the watcher, but silent, until it is asked for again.
void Reactor::State::insert(Wait& wait) {
  epoll_event event{};
  event.events = EPOLLONESHOT;
  if (includes(wait.interest_, Readiness::read)) event.events |= EPOLLIN;
  if (includes(wait.interest_, Readiness::write)) event.events |= EPOLLOUT;
  event.data.fd = wait.socket_;
  const auto control = [&](int operation) {
    return ::epoll_ctl(watcher.number(), operation, wait.socket_, &event) == 0;
  };
  waits[wait.socket_] = &wait;  // first, since the thread may see the event at once
  wait.listed_ = true;
  if (control(EPOLL_CTL_MOD) || (errno == ENOENT && control(EPOLL_CTL_ADD))) return;
  const int error = errno;
  remove(wait);
  errno = error;
  throw_errno("kin can't watch a socket");
}

void Reactor::State::remove(Wait& wait) noexcept {
  waits.erase(wait.socket_);
  wait.listed_ = false;
}

void Reactor::State::wake() const noexcept {
  const std::uint64_t one = 1;
  // Fails only when the alarm rings already.
  [[maybe_unused]] const auto written = ::write(alarm.number(), &one, sizeof one);
}

Reactor::Deadline Reactor::State::next_deadline() const noexcept {
  Deadline next;
  for (const auto& [socket, wait] : waits)
    if (wait->deadline_ && (!next || *wait->deadline_ < *next)) next = wait->deadline_;
  return next;
}

void Reactor::State::finish(Wait& wait, Readiness result, std::vector<Resumption>& due) {
  due.push_back({wait.handle_, wait.executor_});
  remove(wait);
  wait.result_ = result;
}

void Reactor::State::collect_ready(const epoll_event& event, std::vector<Resumption>& due) {
  if (event.data.fd == alarm.number()) {
    std::uint64_t rings = 0;
    [[maybe_unused]] const auto read = ::read(alarm.number(), &rings, sizeof rings);
    return;
  }
  const auto found = waits.find(event.data.fd);
  if (found == waits.end()) return;  // whoever waited was destroyed
  const auto has = [&](std::uint32_t flags) { return (event.events & flags) != 0; };
  finish(*found->second, readiness(has(EPOLLIN), has(EPOLLOUT), has(EPOLLERR | EPOLLHUP)), due);
}

void Reactor::State::collect_late(std::vector<Resumption>& due) {
  const Clock::time_point now = Clock::now();
  std::vector<Wait*> late;
  for (const auto& [socket, wait] : waits)
    if (ending || (wait->deadline_ && *wait->deadline_ <= now)) late.push_back(wait);
  for (Wait* wait : late) finish(*wait, ending ? Readiness::both : Readiness::timeout, due);
}

void Reactor::State::serve(State& state) noexcept {
  std::array<epoll_event, 64> events;
  std::vector<Resumption> due;
  std::unique_lock lock(state.mutex);
  while (!state.ending || !state.waits.empty()) {
    state.waking_at = state.next_deadline();
    const int timeout = state.ending ? 0 : milliseconds_until(state.waking_at);
    lock.unlock();
    const int count = ::epoll_wait(state.watcher.number(), events.data(), static_cast<int>(events.size()), timeout);
    lock.lock();
    for (int i = 0; i < count; ++i) state.collect_ready(events[static_cast<std::size_t>(i)], due);
    if (state.ending || state.waking_at) state.collect_late(due);
    lock.unlock();
    for (const Resumption& resumption : due) detail::resume_through(resumption.executor, resumption.handle);
    due.clear();
    lock.lock();
  }
}

Reactor::Reactor() : state_(std::make_shared<State>()) {}

Reactor::~Reactor() {
  std::thread thread;
  {
    const std::lock_guard lock(state_->mutex);
    state_->ending = true;
    thread.swap(state_->thread);
    state_->wake();
  }
  if (!thread.joinable()) return;
  if (thread.get_id() == std::this_thread::get_id()) {
    thread.detach();
  } else {
    thread.join();
  }
}

Reactor::Wait::~Wait() {
  if (!handle_) return;  // never suspended, so never listed
  const std::lock_guard lock(state_->mutex);
  if (listed_) state_->remove(*this);
}

bool Reactor::Wait::start(std::coroutine_handle<> handle, const detail::ExecutionContext& context) {
  if (context.blocking) {
    result_ = wait_in_place(socket_, interest_, deadline_);
    return false;
  }
  handle_ = handle;
  executor_ = context.executor;
  const std::lock_guard lock(state_->mutex);
  if (state_->ending) {
    result_ = Readiness::both;
    return false;
  }
  if (!state_->thread.joinable())
    state_->thread = std::thread([state = state_] { State::serve(*state); });
  state_->insert(*this);
  detail::count_suspension();
  if (deadline_ && (!state_->waking_at || *deadline_ < *state_->waking_at)) {
    // The thread may be asleep for longer than this one wants to wait.
    state_->wake();
  }
  return true;
}

}  // namespace kin::async
