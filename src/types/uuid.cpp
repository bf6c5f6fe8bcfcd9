// SPDX-License-Identifier: MIT
#include <kin/error.hpp>
#include <kin/types/uuid.hpp>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <random>
#include <type_traits>

#if defined(__linux__)
#include <sys/random.h>
#endif
#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

namespace kin {
namespace {

static_assert(sizeof(Uuid) == 16 && std::is_trivially_copyable_v<Uuid>);

// --- randomness ---

// Counts the forks that led to this process: the child's copy of a pool must not give what the parent's
// gives.
std::atomic<unsigned> fork_count{0};

#if defined(__unix__) || defined(__APPLE__)
[[maybe_unused]] const int fork_handler =
    pthread_atfork(nullptr, nullptr, [] { fork_count.fetch_add(1, std::memory_order_relaxed); });
#endif

void fill_with_random(std::uint8_t* out, std::size_t size) {
#if defined(__linux__)
  while (size > 0) {
    const ssize_t count = getrandom(out, size, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;
    out += count;
    size -= static_cast<std::size_t>(count);
  }
#endif
  if (size == 0) return;
  std::random_device device;
  for (; size > 0; --size) *out++ = static_cast<std::uint8_t>(device());
}

// Random bytes fetched in stock, one pool a thread. 256 bytes are the most that getrandom gives
// uninterrupted.
class RandomPool {
 public:
  void take(std::uint8_t* out, std::size_t size) {
    const unsigned forks = fork_count.load(std::memory_order_relaxed);
    if (size > left_ || forks != forks_) {
      left_ = 0;  // stays so when the next line throws
      fill_with_random(bytes_.data(), bytes_.size());
      left_ = bytes_.size();
      forks_ = forks;
    }
    left_ -= size;
    std::memcpy(out, bytes_.data() + left_, size);
  }

 private:
  std::array<std::uint8_t, 256> bytes_;
  std::size_t left_ = 0;
  unsigned forks_ = 0;
};

void take_random(std::uint8_t* out, std::size_t size) {
  static thread_local RandomPool pool;
  pool.take(out, size);
}

Uuid with_version(Uuid::Bytes bytes, unsigned version) {
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | (version << 4));
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
  return Uuid(bytes);
}

// --- time ---

// Time since 1970 in units of 1/4096 ms, which is the resolution of version 7 with 12 bits of fraction.
std::uint64_t current_tick() {
  using std::chrono::duration_cast;
  const auto elapsed = std::chrono::system_clock::now().time_since_epoch();
  const auto nanoseconds =
      static_cast<std::uint64_t>(duration_cast<std::chrono::nanoseconds>(elapsed).count());
  constexpr std::uint64_t nanoseconds_per_millisecond = 1'000'000;
  const std::uint64_t milliseconds = nanoseconds / nanoseconds_per_millisecond;
  const std::uint64_t fraction =
      nanoseconds % nanoseconds_per_millisecond * 4096 / nanoseconds_per_millisecond;
  return milliseconds << 12 | fraction;
}

// The tick now, or one more than the last where the clock has not moved on or was set back (RFC 9562,
// section 6.2, method 3).
std::uint64_t next_tick() {
  static std::atomic<std::uint64_t> last{0};
  const std::uint64_t now = current_tick();
  std::uint64_t previous = last.load(std::memory_order_relaxed);
  std::uint64_t next = 0;
  do {
    next = now > previous ? now : previous + 1;
  } while (!last.compare_exchange_weak(previous, next, std::memory_order_relaxed));
  return next;
}

// Spreads all bits over all bits: the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
std::uint64_t spread(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

// --- text ---

constexpr std::uint8_t no_digit = 0xff;

constexpr auto digit_values = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(no_digit);
  for (std::uint8_t i = 0; i < 10; ++i) values[static_cast<std::size_t>('0' + i)] = i;
  for (std::uint8_t i = 0; i < 6; ++i) {
    values[static_cast<std::size_t>('a' + i)] = static_cast<std::uint8_t>(10 + i);
    values[static_cast<std::size_t>('A' + i)] = static_cast<std::uint8_t>(10 + i);
  }
  return values;
}();

std::uint8_t digit_value(char c) { return digit_values[static_cast<unsigned char>(c)]; }

constexpr std::size_t digits_size = 32;

// A hyphen stands before these bytes.
constexpr bool starts_group(std::size_t byte) { return byte == 4 || byte == 6 || byte == 8 || byte == 10; }

}  // namespace

Uuid Uuid::from_bytes(const void* sixteen_bytes) noexcept {
  Uuid result;
  std::memcpy(result.bytes_.data(), sixteen_bytes, result.bytes_.size());
  return result;
}

Uuid Uuid::parse(std::string_view text) {
  Uuid result;
  if (parse(text, result)) return result;
  constexpr std::size_t shown = 60;
  throw ValidationError("not a UUID: \"" + std::string(text.substr(0, shown)) +
                        (text.size() > shown ? "...\"" : "\""));
}

bool Uuid::parse(std::string_view text, Uuid& result) noexcept {
  if (text.size() >= 2 && text.front() == '{' && text.back() == '}') text = text.substr(1, text.size() - 2);
  if (text.size() != text_size && text.size() != digits_size) return false;
  const bool hyphens = text.size() == text_size;
  const char* in = text.data();
  Bytes bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (hyphens && starts_group(i) && *in++ != '-') return false;
    const std::uint8_t high = digit_value(*in++);
    const std::uint8_t low = digit_value(*in++);
    if (high == no_digit || low == no_digit) return false;
    bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  result.bytes_ = bytes;
  return true;
}

Uuid Uuid::v4() {
  Bytes bytes;
  take_random(bytes.data(), bytes.size());
  return with_version(bytes, 4);
}

Uuid Uuid::v7() {
  Bytes bytes;
  take_random(bytes.data() + 8, 8);
  const std::uint64_t tick = next_tick();
  const std::uint64_t milliseconds = tick >> 12;
  for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<std::uint8_t>(milliseconds >> (40 - 8 * i));
  bytes[6] = static_cast<std::uint8_t>(tick >> 8);
  bytes[7] = static_cast<std::uint8_t>(tick);
  return with_version(bytes, 7);
}

std::string Uuid::to_string() const {
  std::string text(text_size, '-');
  write_to(text.data());
  return text;
}

void Uuid::write_to(char* out) const noexcept {
  constexpr char digits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < bytes_.size(); ++i) {
    if (starts_group(i)) *out++ = '-';
    *out++ = digits[bytes_[i] >> 4];
    *out++ = digits[bytes_[i] & 0x0f];
  }
}

std::size_t Uuid::hash() const noexcept {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, bytes_.data(), sizeof high);
  std::memcpy(&low, bytes_.data() + sizeof high, sizeof low);
  // One half after the other: mixed in a single step, a bit of the one would cancel a bit of the other.
  return static_cast<std::size_t>(spread(spread(high) ^ low));
}

}  // namespace kin
