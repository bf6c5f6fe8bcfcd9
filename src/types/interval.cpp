// SPDX-License-Identifier: MIT
#include "types/codecs_cells.hpp"
#include "types/codecs_forms.hpp"

#include <kin/types/interval.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace kin {
namespace {

constexpr std::int64_t microseconds_per_second = 1'000'000;

void append_part(std::string& text, std::int64_t number, char unit) {
  if (number == 0) return;
  text += std::to_string(number);
  text += unit;
}

/// Seconds with as many digits of the fraction as they have.
void append_seconds(std::string& text, std::int64_t microseconds) {
  if (microseconds == 0) return;
  if (microseconds < 0) text += '-';
  const std::int64_t magnitude = microseconds < 0 ? -microseconds : microseconds;
  text += std::to_string(magnitude / microseconds_per_second);
  if (const std::int64_t fraction = magnitude % microseconds_per_second; fraction != 0) {
    std::string digits = std::to_string(fraction + microseconds_per_second);
    digits.front() = '.';
    text += digits.substr(0, digits.find_last_not_of('0') + 1);
  }
  text += 'S';
}

/// Reads an ISO 8601 duration from its front.
class IntervalReader {
 public:
  explicit IntervalReader(std::string_view text) : text_(text) {}

  std::optional<Interval> read() {
    is_negative_ = take('-');
    if (!take('P')) return std::nullopt;
    bool has_part = false;
    while (at_ < text_.size()) {
      if (!in_time_ && take('T')) {
        in_time_ = true;
        has_part = false;
        continue;
      }
      if (!part()) return std::nullopt;
      has_part = true;
    }
    return has_part ? sum() : std::nullopt;
  }

 private:
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool digits(std::int64_t& number) {
    const std::size_t begin = at_;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_)
      if (__builtin_mul_overflow(number, std::int64_t{10}, &number) ||
          __builtin_add_overflow(number, std::int64_t{text_[at_] - '0'}, &number))
        return false;
    return at_ != begin;
  }
  /// The digits after the point as microseconds; those after the sixth are cut off.
  bool fraction(std::int64_t& microseconds) {
    const std::size_t begin = at_;
    std::int64_t unit = microseconds_per_second / 10;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_, unit /= 10)
      microseconds += unit * (text_[at_] - '0');
    return at_ != begin;
  }
  bool part() {
    const bool minus = take('-') != is_negative_;
    std::int64_t number = 0;
    std::int64_t microseconds = 0;
    if (!digits(number)) return false;
    const bool has_fraction = take('.');
    if ((has_fraction && !fraction(microseconds)) || at_ == text_.size()) return false;
    const char unit = text_[at_++];
    if (has_fraction && (!in_time_ || unit != 'S')) return false;
    const std::int64_t sign = minus ? -1 : 1;
    return in_time_ ? add_time(unit, sign * number, sign * microseconds) : add_date(unit, sign * number);
  }
  bool add_date(char unit, std::int64_t number) {
    if (unit == 'Y') return add(months_, number, 12);
    if (unit == 'M') return add(months_, number, 1);
    if (unit == 'W') return add(days_, number, 7);
    return unit == 'D' && add(days_, number, 1);
  }
  bool add_time(char unit, std::int64_t number, std::int64_t microseconds) {
    if (unit == 'H') return add(time_, number, 3600 * microseconds_per_second);
    if (unit == 'M') return add(time_, number, 60 * microseconds_per_second);
    return unit == 'S' && add(time_, number, microseconds_per_second) && add(time_, microseconds, 1);
  }
  static bool add(std::int64_t& sum, std::int64_t number, std::int64_t unit) {
    return !__builtin_mul_overflow(number, unit, &number) && !__builtin_add_overflow(sum, number, &sum);
  }
  std::optional<Interval> sum() const {
    if (!std::in_range<std::int32_t>(months_) || !std::in_range<std::int32_t>(days_)) return std::nullopt;
    return Interval{static_cast<std::int32_t>(months_), static_cast<std::int32_t>(days_),
                    std::chrono::microseconds(time_)};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool is_negative_ = false;
  bool in_time_ = false;
  std::int64_t months_ = 0;
  std::int64_t days_ = 0;
  std::int64_t time_ = 0;
};

}  // namespace

std::string Interval::to_string() const {
  std::string text = "P";
  append_part(text, months / 12, 'Y');
  append_part(text, months % 12, 'M');
  append_part(text, days, 'D');
  const std::int64_t seconds = time.count() / microseconds_per_second;
  if (time.count() != 0) text += 'T';
  append_part(text, seconds / 3600, 'H');
  append_part(text, seconds / 60 % 60, 'M');
  append_seconds(text, time.count() % (60 * microseconds_per_second));
  return text == "P" ? "PT0S" : text;
}

std::optional<Interval> Interval::parse(std::string_view iso_text) noexcept {
  return IntervalReader(iso_text).read();
}

namespace detail {
namespace {

struct IntervalForm {
  using Type = Interval;
  static constexpr std::size_t fixed_size = 2 * sizeof(std::int32_t) + sizeof(std::int64_t);

  static ValueView view(const Interval& value, Scratch& scratch) {
    scratch.large = value.to_string();
    return ValueView::interval(scratch.large).as_transient();
  }
  static void assign(Interval& value, ValueView cell, std::string_view type_name) {
    if (cell.kind() != ValueKind::interval && cell.kind() != ValueKind::text) refuse_kind(cell, type_name);
    const std::optional<Interval> read = Interval::parse(cell.bytes());
    if (!read) refuse_text(cell.bytes(), "an interval such as P1Y2M3DT4H5M6S");
    value = *read;
  }
  static std::byte* pack(const Interval& value, std::byte* to) {
    return store(store(store(to, value.months), value.days), std::int64_t{value.time.count()});
  }
  static Interval read(const std::byte* packed) {
    const auto months = load<std::int32_t>(packed);
    const auto days = load<std::int32_t>(packed + sizeof months);
    const auto time = load<std::int64_t>(packed + sizeof months + sizeof days);
    return {months, days, std::chrono::microseconds(time)};
  }
  static bool equal(const Interval& value, const std::byte* packed) { return value == read(packed); }
  static void unpack(Interval& value, const std::byte* packed) { value = read(packed); }
  static ValueView packed_view(const std::byte* packed, Scratch& scratch) {
    return view(read(packed), scratch);
  }
};

}  // namespace

constinit const Codec CodecOf<Interval>::value = plain_codec<IntervalForm>("kin::Interval");
constinit const Codec CodecOf<Interval>::optional =
    nullable_codec<IntervalForm>("std::optional<kin::Interval>");

}  // namespace detail
}  // namespace kin
