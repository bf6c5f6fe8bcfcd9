// SPDX-License-Identifier: MIT
#include <kin/task.hpp>

#include <atomic>
#include <stdexcept>

#include "async/run_loop.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define KIN_KEEP_FRAMES 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KIN_KEEP_FRAMES 0
#endif
#endif
#ifndef KIN_KEEP_FRAMES
#define KIN_KEEP_FRAMES 1
#endif

namespace kin::detail {
namespace {

// Frames that have ended, waiting for the next coroutine of about the same size. They link through their own
// first word. All of it is constant-initialised and trivially destroyed, so that reading it costs no guard.
constexpr std::size_t size_step = 128;
constexpr std::size_t size_class_count = 16;  // up to 2 KiB
constexpr std::uint16_t kept_per_class = 64;

struct FreeFrame {
  FreeFrame* next;
};

struct SizeClass {
  FreeFrame* first;
  std::uint16_t count;
  std::uint16_t limit;  // 0 until the thread has said that it will clean up, and again after it has
};

struct ThreadState {
  void* running;                 // what the innermost resume() of this thread is running
  std::coroutine_handle<> next;  // what it has to go on with
  std::uint64_t suspensions;
  bool cleanup_arranged;
  SizeClass frames[size_class_count];
};

// initial-exec: in a shared library the default model calls a function for each access, which doubled the
// cost of a co_await. It is small enough for the room that glibc keeps for libraries loaded by dlopen.
[[gnu::tls_model("initial-exec")]] constinit thread_local ThreadState thread_state{};
static_assert(sizeof(ThreadState) <= 320);

// Frees the kept frames when the thread ends.
struct Cleanup {
  Cleanup() noexcept {
    for (SizeClass& size_class : thread_state.frames) size_class.limit = kept_per_class;
  }
  Cleanup(const Cleanup&) = delete;
  Cleanup& operator=(const Cleanup&) = delete;
  ~Cleanup() {
    for (SizeClass& size_class : thread_state.frames) {
      while (size_class.first != nullptr) {
        ::operator delete(std::exchange(size_class.first, size_class.first->next));
      }
      size_class.count = 0;
      size_class.limit = 0;
    }
  }
};

std::size_t class_of(std::size_t size) noexcept { return (size - 1) / size_step; }

// A frame that its class has no room for: the class is full, or this is the thread's first frame or past its
// end.
[[gnu::noinline]] void deallocate_slowly(void* frame, SizeClass& size_class) noexcept {
  if (!thread_state.cleanup_arranged) {
    thread_state.cleanup_arranged = true;
    static thread_local Cleanup cleanup;
  }
  if (size_class.count < size_class.limit) {
    size_class.first = ::new (frame) FreeFrame{size_class.first};
    ++size_class.count;
  } else {
    ::operator delete(frame);
  }
}

}  // namespace

void* allocate_frame(std::size_t size) {
  if constexpr (KIN_KEEP_FRAMES == 0) return ::operator new(size);
  const std::size_t index = class_of(size);
  if (index >= size_class_count) return ::operator new(size);
  SizeClass& size_class = thread_state.frames[index];
  if (size_class.first == nullptr) return ::operator new((index + 1) * size_step);
  --size_class.count;
  return std::exchange(size_class.first, size_class.first->next);
}

void deallocate_frame(void* frame, std::size_t size) noexcept {
  const std::size_t index = class_of(size);
  if (KIN_KEEP_FRAMES == 0 || index >= size_class_count) {
    ::operator delete(frame);
    return;
  }
  SizeClass& size_class = thread_state.frames[index];
  if (size_class.count >= size_class.limit) {
    deallocate_slowly(frame, size_class);
    return;
  }
  size_class.first = ::new (frame) FreeFrame{size_class.first};
  ++size_class.count;
}

void resume(std::coroutine_handle<> handle) {
  // Restores what an outer resume() of this thread knows, also when a foreign coroutine throws out of here.
  struct Restore {
    ~Restore() {
      state.running = running;
      state.next = next;
    }
    ThreadState& state;
    void* running;
    std::coroutine_handle<> next;
  };
  ThreadState& state = thread_state;
  const Restore restore{state, state.running, state.next};
  do {
    state.running = handle.address();
    state.next = nullptr;
    handle.resume();
    handle = state.next;
  } while (handle);
}

void transfer(void* from, std::coroutine_handle<> next) {
  // `from` may also have been resumed by someone else's plain handle.resume(), even inside another
  // coroutine's turn. Nobody below would look at `next` then, so it gets a loop of its own.
  ThreadState& state = thread_state;
  if (state.running == from && !state.next) {
    state.next = next;
  } else {
    resume(next);
  }
}

void resume_through(Executor* executor, std::coroutine_handle<> handle) {
  if (executor != nullptr) {
    executor->post(handle);
  } else {
    resume(handle);
  }
}

std::uint64_t suspension_count() noexcept { return thread_state.suspensions; }

void count_suspension() noexcept { ++thread_state.suspensions; }

void throw_not_awaitable(bool empty) {
  throw std::logic_error(empty ? "kin::Task: an empty task was awaited; it was moved from or never assigned"
                               : "kin::Task: a task was awaited that has already run; a task runs only once");
}

void throw_suspended_while_blocking() {
  throw std::logic_error(
      "kin: a blocking verb was suspended by something awaited in its course, such as another library's "
      "timer in "
      "a hook. Awaitables that know nothing of kin need the verb's _async twin; kin's own never suspend "
      "here");
}

void run_until_done(std::coroutine_handle<> root, PromiseBase& promise) {
  async::RunLoop loop;
  promise.set_context(ExecutionContext{false, &loop});
  promise.set_end_hook(
      [](void* ended) noexcept {
        static_cast<async::RunLoop*>(ended)->finish();
        return std::coroutine_handle<>();
      },
      &loop);
  resume(root);
  loop.run();
}

void Barrier::start(std::coroutine_handle<> child, PromiseBase& promise, const ExecutionContext& context) {
  promise.set_context(context);
  promise.set_end_hook(&Barrier::child_ended, this);
  resume(child);
}

bool Barrier::started() noexcept {
  return std::atomic_ref<std::size_t>(pending_).fetch_sub(1, std::memory_order_acq_rel) != 1;
}

std::coroutine_handle<> Barrier::child_ended(void* barrier) noexcept {
  Barrier& self = *static_cast<Barrier*>(barrier);
  const std::coroutine_handle<> parent = self.parent_;
  const bool last = std::atomic_ref<std::size_t>(self.pending_).fetch_sub(1, std::memory_order_acq_rel) == 1;
  return last ? parent : std::coroutine_handle<>();
}

}  // namespace kin::detail
