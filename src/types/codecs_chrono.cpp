// SPDX-License-Identifier: MIT
#include "types/chrono_text.hpp"
#include "types/codecs_cells.hpp"
#include "types/codecs_forms.hpp"
#include "types/codecs_layout.hpp"

#include <chrono>
#include <limits>
#include <string>
#include <utility>

namespace kin::detail {
namespace {

namespace chrono = std::chrono;

constexpr std::int64_t microseconds_per_day = 86'400'000'000;

constexpr std::int64_t floor_divide(std::int64_t dividend, std::int64_t divisor) {
  const std::int64_t quotient = dividend / divisor;
  return quotient - (dividend % divisor < 0 ? 1 : 0);
}

// --- points in time ---

std::int64_t to_microseconds(std::int64_t ticks, const TimePointLayout& layout) {
  if (layout.ticks_per_microsecond != 1) return floor_divide(ticks, layout.ticks_per_microsecond);
  std::int64_t microseconds = 0;
  if (__builtin_mul_overflow(ticks, layout.microseconds_per_tick, &microseconds)) {
    refuse("a time of " + std::to_string(ticks) + " ticks is too far from 1970 for a timestamp");
  }
  return microseconds;
}

std::int64_t to_ticks(std::int64_t microseconds, const TimePointLayout& layout) {
  std::int64_t ticks = microseconds;
  if (layout.ticks_per_microsecond != 1) {
    if (!__builtin_mul_overflow(microseconds, layout.ticks_per_microsecond, &ticks)) return ticks;
    refuse(print_timestamp(microseconds) + " is outside the range of the member's std::chrono::sys_time");
  }
  ticks = floor_divide(microseconds, layout.microseconds_per_tick);
  if (ticks * layout.microseconds_per_tick != microseconds) {
    refuse(print_timestamp(microseconds) +
           " is more precise than the member; use std::chrono::sys_time<std::chrono::microseconds>");
  }
  return ticks;
}

/// Ticks of a packed value. Cutting off towards the past can have gone below the first of all ticks.
std::int64_t unpack_ticks(std::int64_t comparable, const TimePointLayout& layout) {
  std::int64_t ticks = 0;
  if (!__builtin_mul_overflow(comparable, layout.ticks_per_microsecond, &ticks)) return ticks;
  return std::numeric_limits<std::int64_t>::min();
}

std::int64_t microseconds_from_cell(ValueView cell, std::string_view type_name) {
  std::int64_t microseconds = 0;
  switch (cell.kind()) {
    case ValueKind::timestamp:
      return cell.as_integer();
    case ValueKind::date:
      if (!__builtin_mul_overflow(cell.as_integer(), microseconds_per_day, &microseconds))
        return microseconds;
      refuse("the date is outside the range of a timestamp");
    case ValueKind::text:
      if (types::parse_timestamp(cell.bytes(), microseconds)) return microseconds;
      refuse_text(cell.bytes(), "a time such as 2024-02-29 13:05:09.123456");
    default:
      refuse_kind(cell, type_name);
  }
}

/// An integer is a count of the member's own ticks: programs that use SQLite without kin often store seconds.
std::int64_t ticks_from_cell(ValueView cell, const TimePointLayout& layout, std::string_view type_name) {
  if (cell.kind() == ValueKind::integer) return cell.as_integer();
  return to_ticks(microseconds_from_cell(cell, type_name), layout);
}

template <class Duration>
struct TimePointForm {
  using Type = SysTime<Duration>;
  using Ratio = std::ratio_divide<typename Duration::period, std::micro>;
  using Rep = typename Duration::rep;
  static_assert(sizeof(Rep) == sizeof(std::int64_t));
  static constexpr TimePointLayout layout{{sizeof(Rep), true}, Ratio::num, Ratio::den};
  static constexpr int fraction_digits = CodecOf<Type>::shape.fraction_digits;
  static constexpr std::size_t fixed_size = sizeof(std::int64_t);

  static ValueView view(const Type& value, Scratch&) { return to_view(comparable(value)); }
  static void assign(Type& value, ValueView cell, std::string_view type_name) {
    value = Type(Duration(ticks_from_cell(cell, layout, type_name)));
  }
  static std::byte* pack(const Type& value, std::byte* to) { return store(to, comparable(value)); }
  static bool equal(const Type& value, const std::byte* packed) {
    return comparable(value) == load<std::int64_t>(packed);
  }
  static void unpack(Type& value, const std::byte* packed) {
    value = Type(Duration(unpack_ticks(load<std::int64_t>(packed), layout)));
  }
  static ValueView packed_view(const std::byte* packed, Scratch&) {
    return to_view(load<std::int64_t>(packed));
  }

 private:
  /// Own ticks, or microseconds where those are coarser: equal exactly when the database forms are.
  static std::int64_t comparable(const Type& value) {
    return floor_divide(value.time_since_epoch().count(), layout.ticks_per_microsecond);
  }
  static ValueView to_view(std::int64_t comparable) {
    constexpr TimePointLayout of_comparable{layout.rep, layout.microseconds_per_tick, 1};
    return ValueView::timestamp(to_microseconds(comparable, of_comparable), fraction_digits);
  }
};

// --- dates ---

std::int64_t days_from_cell(ValueView cell, std::string_view type_name) {
  std::int32_t days = 0;
  std::int64_t microseconds = 0;
  switch (cell.kind()) {
    case ValueKind::date:
    case ValueKind::integer:
      return cell.as_integer();
    case ValueKind::timestamp:
      microseconds = cell.as_integer();
      break;
    case ValueKind::text:
      if (types::parse_date(cell.bytes(), days)) return days;
      if (types::parse_timestamp(cell.bytes(), microseconds)) break;
      refuse_text(cell.bytes(), "a date such as 2024-02-29");
    default:
      refuse_kind(cell, type_name);
  }
  if (microseconds % microseconds_per_day != 0) {
    refuse(print_timestamp(microseconds) + " has a time of day, but the member is a date");
  }
  return microseconds / microseconds_per_day;
}

struct SysDaysForm {
  using Type = SysTime<chrono::days>;
  using Rep = chrono::days::rep;
  static constexpr std::size_t fixed_size = sizeof(Rep);

  static ValueView view(const Type& value, Scratch&) { return to_view(value.time_since_epoch().count()); }
  static void assign(Type& value, ValueView cell, std::string_view type_name) {
    const std::int64_t days = days_from_cell(cell, type_name);
    check_range(days);
    value = Type(chrono::days(static_cast<Rep>(days)));
  }
  static std::byte* pack(const Type& value, std::byte* to) {
    return store(to, value.time_since_epoch().count());
  }
  static bool equal(const Type& value, const std::byte* packed) {
    return value.time_since_epoch().count() == load<Rep>(packed);
  }
  static void unpack(Type& value, const std::byte* packed) { value = Type(chrono::days(load<Rep>(packed))); }
  static ValueView packed_view(const std::byte* packed, Scratch&) { return to_view(load<Rep>(packed)); }

 private:
  static ValueView to_view(std::int64_t days) {
    check_range(days);
    return ValueView::date(days);
  }
  /// Millions of years, but counted in 64 bits by libstdc++ and in 32 by databases.
  static void check_range(std::int64_t days) {
    if (!std::in_range<std::int32_t>(days)) refuse("day " + std::to_string(days) + " is out of range");
  }
};

/// Packed as it is and not as days, so that what is no date (such as the default, 0000-00-00) can be compared
/// too.
struct YearMonthDayForm {
  using Type = chrono::year_month_day;
  static constexpr std::size_t fixed_size = 4;

  static ValueView view(const Type& value, Scratch&) {
    if (!value.ok()) refuse(print(value) + " is not a date");
    return ValueView::date(chrono::sys_days(value).time_since_epoch().count());
  }
  static void assign(Type& value, ValueView cell, std::string_view type_name) {
    constexpr chrono::sys_days first = chrono::year::min() / 1 / 1;
    constexpr chrono::sys_days last = chrono::year::max() / 12 / 31;
    const std::int64_t days = days_from_cell(cell, type_name);
    if (days < first.time_since_epoch().count() || days > last.time_since_epoch().count()) {
      refuse("day " + std::to_string(days) + " is outside the years of std::chrono::year_month_day");
    }
    value = Type(chrono::sys_days(chrono::days(static_cast<chrono::days::rep>(days))));
  }
  static std::byte* pack(const Type& value, std::byte* to) {
    to = store(to, static_cast<std::int16_t>(static_cast<int>(value.year())));
    to = store(to, static_cast<std::uint8_t>(static_cast<unsigned>(value.month())));
    return store(to, static_cast<std::uint8_t>(static_cast<unsigned>(value.day())));
  }
  static bool equal(const Type& value, const std::byte* packed) { return value == read(packed); }
  static void unpack(Type& value, const std::byte* packed) { value = read(packed); }
  static ValueView packed_view(const std::byte* packed, Scratch& scratch) {
    return view(read(packed), scratch);
  }

 private:
  static Type read(const std::byte* packed) {
    return {chrono::year(load<std::int16_t>(packed)), chrono::month(load<std::uint8_t>(packed + 2)),
            chrono::day(load<std::uint8_t>(packed + 3))};
  }
  static std::string print(const Type& value) {
    return std::to_string(static_cast<int>(value.year())) + '-' +
           std::to_string(static_cast<unsigned>(value.month())) + '-' +
           std::to_string(static_cast<unsigned>(value.day()));
  }
};

// --- times of day ---

template <class Duration>
struct TimeOfDayForm {
  using Type = chrono::hh_mm_ss<Duration>;
  static constexpr int fraction_digits = CodecOf<Type>::shape.fraction_digits;
  static constexpr std::int64_t microseconds_per_tick =
      std::ratio_divide<typename Duration::period, std::micro>::num;
  static constexpr std::size_t fixed_size = sizeof(std::int64_t);

  static ValueView view(const Type& value, Scratch&) { return to_view(microseconds(value)); }
  static void assign(Type& value, ValueView cell, std::string_view type_name) {
    std::int64_t time = 0;
    if (cell.kind() == ValueKind::time) {
      time = cell.as_integer();
    } else if (cell.kind() != ValueKind::text) {
      refuse_kind(cell, type_name);
    } else if (!types::parse_time(cell.bytes(), time)) {
      refuse_text(cell.bytes(), "a time of day such as 13:05:09");
    }
    if (time % microseconds_per_tick != 0) {
      refuse(print_time(time) +
             " is more precise than the member; use std::chrono::hh_mm_ss<std::chrono::microseconds>");
    }
    value = Type(Duration(time / microseconds_per_tick));
  }
  static std::byte* pack(const Type& value, std::byte* to) { return store(to, microseconds(value)); }
  static bool equal(const Type& value, const std::byte* packed) {
    return microseconds(value) == load<std::int64_t>(packed);
  }
  static void unpack(Type& value, const std::byte* packed) {
    value = Type(Duration(load<std::int64_t>(packed) / microseconds_per_tick));
  }
  static ValueView packed_view(const std::byte* packed, Scratch&) {
    return to_view(load<std::int64_t>(packed));
  }

 private:
  static std::int64_t microseconds(const Type& value) {
    return chrono::microseconds(value.to_duration()).count();
  }
  static ValueView to_view(std::int64_t microseconds) { return ValueView::time(microseconds); }
};

// --- points in time of other periods ---

const TimePointLayout& layout_of(const Codec& self) {
  return *static_cast<const TimePointLayout*>(self.context);
}

/// As TimePointForm::comparable.
std::int64_t comparable(const Codec& self, const void* member) {
  const TimePointLayout& layout = layout_of(self);
  return floor_divide(load_integer(layout.rep, member), layout.ticks_per_microsecond);
}

ValueView comparable_view(const Codec& self, std::int64_t comparable) {
  const TimePointLayout& layout = layout_of(self);
  const TimePointLayout of_comparable{layout.rep, layout.microseconds_per_tick, 1};
  return ValueView::timestamp(to_microseconds(comparable, of_comparable), self.fraction_digits);
}

std::int64_t take(const std::byte*& packed) {
  const auto value = load<std::int64_t>(packed);
  packed += sizeof value;
  return value;
}

using Seconds = SysTime<chrono::seconds>;
using Milliseconds = SysTime<chrono::milliseconds>;
using Microseconds = SysTime<chrono::microseconds>;
using Nanoseconds = SysTime<chrono::nanoseconds>;
using Days = SysTime<chrono::days>;
using YearMonthDay = chrono::year_month_day;
using TimeSeconds = chrono::hh_mm_ss<chrono::seconds>;
using TimeMilliseconds = chrono::hh_mm_ss<chrono::milliseconds>;
using TimeMicroseconds = chrono::hh_mm_ss<chrono::microseconds>;

}  // namespace

ValueView TimePointFamily::view(const Codec& self, const void* member, Scratch&) {
  return comparable_view(self, comparable(self, member));
}

void TimePointFamily::assign(const Codec& self, void* member, ValueView cell) {
  const TimePointLayout& layout = layout_of(self);
  const std::int64_t ticks = ticks_from_cell(cell, layout, self.type_name);
  if (!fits_integer(layout.rep, ticks))
    refuse(describe(cell) + " is outside the range of the member's std::chrono::sys_time");
  store_integer(layout.rep, member, ticks);
}

std::size_t TimePointFamily::snapshot_size(const Codec&, const void*) { return sizeof(std::int64_t); }

std::byte* TimePointFamily::snapshot_write(const Codec& self, const void* member, std::byte* to) {
  return store(to, comparable(self, member));
}

bool TimePointFamily::snapshot_equal(const Codec& self, const void* member, const std::byte*& packed) {
  return comparable(self, member) == take(packed);
}

void TimePointFamily::snapshot_restore(const Codec& self, void* member, const std::byte*& packed) {
  const TimePointLayout& layout = layout_of(self);
  store_integer(layout.rep, member, unpack_ticks(take(packed), layout));
}

ValueView TimePointFamily::snapshot_view(const Codec& self, const std::byte*& packed, Scratch&) {
  return comparable_view(self, take(packed));
}

constinit const Codec CodecOf<Seconds>::value =
    plain_codec<TimePointForm<chrono::seconds>>("std::chrono::sys_seconds");
constinit const Codec CodecOf<Seconds>::optional =
    nullable_codec<TimePointForm<chrono::seconds>>("std::optional<std::chrono::sys_seconds>");
constinit const Codec CodecOf<Milliseconds>::value =
    plain_codec<TimePointForm<chrono::milliseconds>>("std::chrono::sys_time<std::chrono::milliseconds>");
constinit const Codec CodecOf<Milliseconds>::optional = nullable_codec<TimePointForm<chrono::milliseconds>>(
    "std::optional<std::chrono::sys_time<std::chrono::milliseconds>>");
constinit const Codec CodecOf<Microseconds>::value =
    plain_codec<TimePointForm<chrono::microseconds>>("std::chrono::sys_time<std::chrono::microseconds>");
constinit const Codec CodecOf<Microseconds>::optional = nullable_codec<TimePointForm<chrono::microseconds>>(
    "std::optional<std::chrono::sys_time<std::chrono::microseconds>>");
constinit const Codec CodecOf<Nanoseconds>::value =
    plain_codec<TimePointForm<chrono::nanoseconds>>("std::chrono::system_clock::time_point");
constinit const Codec CodecOf<Nanoseconds>::optional = nullable_codec<TimePointForm<chrono::nanoseconds>>(
    "std::optional<std::chrono::system_clock::time_point>");
constinit const Codec CodecOf<Days>::value = plain_codec<SysDaysForm>("std::chrono::sys_days");
constinit const Codec CodecOf<Days>::optional =
    nullable_codec<SysDaysForm>("std::optional<std::chrono::sys_days>");
constinit const Codec CodecOf<YearMonthDay>::value =
    plain_codec<YearMonthDayForm>("std::chrono::year_month_day");
constinit const Codec CodecOf<YearMonthDay>::optional =
    nullable_codec<YearMonthDayForm>("std::optional<std::chrono::year_month_day>");
constinit const Codec CodecOf<TimeSeconds>::value =
    plain_codec<TimeOfDayForm<chrono::seconds>>("std::chrono::hh_mm_ss<std::chrono::seconds>");
constinit const Codec CodecOf<TimeSeconds>::optional = nullable_codec<TimeOfDayForm<chrono::seconds>>(
    "std::optional<std::chrono::hh_mm_ss<std::chrono::seconds>>");
constinit const Codec CodecOf<TimeMilliseconds>::value =
    plain_codec<TimeOfDayForm<chrono::milliseconds>>("std::chrono::hh_mm_ss<std::chrono::milliseconds>");
constinit const Codec CodecOf<TimeMilliseconds>::optional =
    nullable_codec<TimeOfDayForm<chrono::milliseconds>>(
        "std::optional<std::chrono::hh_mm_ss<std::chrono::milliseconds>>");
constinit const Codec CodecOf<TimeMicroseconds>::value =
    plain_codec<TimeOfDayForm<chrono::microseconds>>("std::chrono::hh_mm_ss<std::chrono::microseconds>");
constinit const Codec CodecOf<TimeMicroseconds>::optional =
    nullable_codec<TimeOfDayForm<chrono::microseconds>>(
        "std::optional<std::chrono::hh_mm_ss<std::chrono::microseconds>>");

constinit const std::span<const KnownStep> chrono_steps =
    known_steps<TimePointForm<chrono::seconds>, TimePointForm<chrono::milliseconds>,
                TimePointForm<chrono::microseconds>, TimePointForm<chrono::nanoseconds>, SysDaysForm,
                YearMonthDayForm>;

}  // namespace kin::detail
