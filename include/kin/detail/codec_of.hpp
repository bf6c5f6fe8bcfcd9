// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/codec.hpp>
#include <kin/detail/compiler_text.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ratio>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace kin {

class Decimal;
class Uuid;
struct Interval;
template <class T>
struct CustomType;

namespace detail {

/// What of a codec is known while compiling. The tables of the built-in types are only declared here and
/// defined in src/types, so that using them instantiates nothing.
struct CodecShape {
  ValueKind kind = ValueKind::null;
  std::uint8_t size_bits = 0;
  std::uint8_t fraction_digits = 0;
  bool nullable = false;

  constexpr CodecShape as_nullable() const noexcept { return {kind, size_bits, fraction_digits, true}; }
};

/// Finds the codec of T: `value` is its table and `shape` what is known of it here; a built-in also has the
/// table of std::optional<T> as `optional`. Left empty for a type without a codec.
template <class T>
struct CodecOf {};

template <class T>
concept HasCodec = requires { CodecOf<T>::shape; };

/// True when a member of type T is a column.
template <class T>
inline constexpr bool has_codec = HasCodec<T>;

// --- built-in types ---

template <ValueKind Kind, std::uint8_t SizeBits = 0, std::uint8_t FractionDigits = 0>
struct Builtin {
  static constexpr CodecShape shape{Kind, SizeBits, FractionDigits, false};
};
template <class T>
using Integral =
    Builtin<std::is_signed_v<T> ? ValueKind::integer : ValueKind::unsigned_integer, sizeof(T) * 8>;
template <std::uint8_t FractionDigits>
using Timestamp = Builtin<ValueKind::timestamp, 0, FractionDigits>;
template <std::uint8_t FractionDigits>
using Time = Builtin<ValueKind::time, 0, FractionDigits>;
template <class Duration>
using SysTime = std::chrono::time_point<std::chrono::system_clock, Duration>;
template <class Duration>
using TimeOfDay = std::chrono::hh_mm_ss<Duration>;

// clang-format off: a table, one line a type.
template <> struct CodecOf<bool> : Builtin<ValueKind::boolean> { static const Codec value, optional; };
template <> struct CodecOf<std::int8_t> : Integral<std::int8_t> { static const Codec value, optional; };
template <> struct CodecOf<short> : Integral<short> { static const Codec value, optional; };
template <> struct CodecOf<int> : Integral<int> { static const Codec value, optional; };
template <> struct CodecOf<long> : Integral<long> { static const Codec value, optional; };
template <> struct CodecOf<long long> : Integral<long long> { static const Codec value, optional; };
template <> struct CodecOf<std::uint8_t> : Integral<std::uint8_t> { static const Codec value, optional; };
template <> struct CodecOf<unsigned short> : Integral<unsigned short> { static const Codec value, optional; };
template <> struct CodecOf<unsigned> : Integral<unsigned> { static const Codec value, optional; };
template <> struct CodecOf<unsigned long> : Integral<unsigned long> { static const Codec value, optional; };
template <> struct CodecOf<unsigned long long> : Integral<unsigned long long> { static const Codec value, optional; };
template <> struct CodecOf<float> : Builtin<ValueKind::real, 32> { static const Codec value, optional; };
template <> struct CodecOf<double> : Builtin<ValueKind::real, 64> { static const Codec value, optional; };
template <> struct CodecOf<Decimal> : Builtin<ValueKind::decimal> { static const Codec value, optional; };
template <> struct CodecOf<std::string> : Builtin<ValueKind::text> { static const Codec value, optional; };
template <> struct CodecOf<std::vector<std::byte>> : Builtin<ValueKind::blob> { static const Codec value, optional; };
template <> struct CodecOf<std::vector<std::uint8_t>> : Builtin<ValueKind::blob> { static const Codec value, optional; };
template <> struct CodecOf<Uuid> : Builtin<ValueKind::uuid> { static const Codec value, optional; };
template <> struct CodecOf<Interval> : Builtin<ValueKind::interval> { static const Codec value, optional; };
// The database form has microseconds: what is finer is cut off, towards the past.
template <> struct CodecOf<SysTime<std::chrono::seconds>> : Timestamp<0> { static const Codec value, optional; };
template <> struct CodecOf<SysTime<std::chrono::milliseconds>> : Timestamp<3> { static const Codec value, optional; };
template <> struct CodecOf<SysTime<std::chrono::microseconds>> : Timestamp<6> { static const Codec value, optional; };
template <> struct CodecOf<SysTime<std::chrono::nanoseconds>> : Timestamp<6> { static const Codec value, optional; };
template <> struct CodecOf<SysTime<std::chrono::days>> : Builtin<ValueKind::date> { static const Codec value, optional; };
template <> struct CodecOf<std::chrono::year_month_day> : Builtin<ValueKind::date> { static const Codec value, optional; };
template <> struct CodecOf<TimeOfDay<std::chrono::seconds>> : Time<0> { static const Codec value, optional; };
template <> struct CodecOf<TimeOfDay<std::chrono::milliseconds>> : Time<3> { static const Codec value, optional; };
template <> struct CodecOf<TimeOfDay<std::chrono::microseconds>> : Time<6> { static const Codec value, optional; };
// clang-format on

// --- families: one set of functions in src/types serves all types of a family, each with a small table ---

struct OptionalFamily {
  static ValueView view(const Codec& self, const void* member, Scratch& scratch);
  static void assign(const Codec& self, void* member, ValueView cell);
  static std::size_t snapshot_size(const Codec& self, const void* member);
  static std::byte* snapshot_write(const Codec& self, const void* member, std::byte* to);
  static bool snapshot_equal(const Codec& self, const void* member, const std::byte*& packed);
  static void snapshot_restore(const Codec& self, void* member, const std::byte*& packed);
  static ValueView snapshot_view(const Codec& self, const std::byte*& packed, Scratch& scratch);
};
struct EnumFamily {
  static ValueView view(const Codec& self, const void* member, Scratch& scratch);
  static void assign(const Codec& self, void* member, ValueView cell);
  static std::size_t snapshot_size(const Codec& self, const void* member);
  static std::byte* snapshot_write(const Codec& self, const void* member, std::byte* to);
  static bool snapshot_equal(const Codec& self, const void* member, const std::byte*& packed);
  static void snapshot_restore(const Codec& self, void* member, const std::byte*& packed);
  static ValueView snapshot_view(const Codec& self, const std::byte*& packed, Scratch& scratch);
};
struct TimePointFamily {
  static ValueView view(const Codec& self, const void* member, Scratch& scratch);
  static void assign(const Codec& self, void* member, ValueView cell);
  static std::size_t snapshot_size(const Codec& self, const void* member);
  static std::byte* snapshot_write(const Codec& self, const void* member, std::byte* to);
  static bool snapshot_equal(const Codec& self, const void* member, const std::byte*& packed);
  static void snapshot_restore(const Codec& self, void* member, const std::byte*& packed);
  static ValueView snapshot_view(const Codec& self, const std::byte*& packed, Scratch& scratch);
};
struct ArrayFamily {
  static ValueView view(const Codec& self, const void* member, Scratch& scratch);
  static void assign(const Codec& self, void* member, ValueView cell);
  static std::size_t snapshot_size(const Codec& self, const void* member);
  static std::byte* snapshot_write(const Codec& self, const void* member, std::byte* to);
  static bool snapshot_equal(const Codec& self, const void* member, const std::byte*& packed);
  static void snapshot_restore(const Codec& self, void* member, const std::byte*& packed);
  static ValueView snapshot_view(const Codec& self, const std::byte*& packed, Scratch& scratch);
};
struct CustomFamily {
  static ValueView view(const Codec& self, const void* member, Scratch& scratch);
  static void assign(const Codec& self, void* member, ValueView cell);
  static std::size_t snapshot_size(const Codec& self, const void* member);
  static std::byte* snapshot_write(const Codec& self, const void* member, std::byte* to);
  static bool snapshot_equal(const Codec& self, const void* member, const std::byte*& packed);
  static void snapshot_restore(const Codec& self, void* member, const std::byte*& packed);
  static ValueView snapshot_view(const Codec& self, const std::byte*& packed, Scratch& scratch);
};

template <class Functions>
constexpr Codec make_codec(CodecShape shape, std::string_view type_name) noexcept {
  return {.kind = shape.kind,
          .size_bits = shape.size_bits,
          .fraction_digits = shape.fraction_digits,
          .nullable = shape.nullable,
          .type_name = type_name,
          .view = &Functions::view,
          .assign = &Functions::assign,
          .snapshot_size = &Functions::snapshot_size,
          .snapshot_write = &Functions::snapshot_write,
          .snapshot_equal = &Functions::snapshot_equal,
          .snapshot_restore = &Functions::snapshot_restore,
          .snapshot_view = &Functions::snapshot_view};
}

// --- std::optional of anything that is not null by itself ---

template <class T>
struct OptionalFunctions {
  static const void* get(const void* wrapper) {
    const auto& optional = *static_cast<const std::optional<T>*>(wrapper);
    return optional ? &*optional : nullptr;
  }
  static void* emplace(void* wrapper) {
    auto& optional = *static_cast<std::optional<T>*>(wrapper);
    return optional ? &*optional : &optional.emplace();
  }
  static void reset(void* wrapper) { static_cast<std::optional<T>*>(wrapper)->reset(); }
};

/// Access to the value in a std::optional<T>, whether or not T has a codec.
template <class T>
inline constexpr OptionalAccess optional_access{&OptionalFunctions<T>::get, &OptionalFunctions<T>::emplace,
                                                &OptionalFunctions<T>::reset};

/// The codec of a std::optional<T> whose value goes through the codec `Inner`.
template <class T, class Inner>
struct OptionalCodec {
 private:
  static constexpr Codec make() noexcept {
    Codec codec = make_codec<OptionalFamily>(shape, "std::optional");
    codec.inner = &Inner::value;
    codec.optional = &optional_access<T>;
    if constexpr (std::is_enum_v<T> && shape.kind == ValueKind::text) codec.enum_names = &enum_names<T>;
    if constexpr (shape.kind == ValueKind::array) codec.element = Inner::value.element;
    return codec;
  }

 public:
  static constexpr CodecShape shape = Inner::shape.as_nullable();
  static constexpr Codec value = make();
};

template <class T>
concept HasPlainCodec = HasCodec<T> && !CodecOf<T>::shape.nullable;
template <class T>
concept HasBuiltinCodec = HasPlainCodec<T> && requires { CodecOf<T>::optional; };

template <HasPlainCodec T>
struct CodecOf<std::optional<T>> : OptionalCodec<T, CodecOf<T>> {};

template <HasBuiltinCodec T>
struct CodecOf<std::optional<T>> {
  static constexpr CodecShape shape = CodecOf<T>::shape.as_nullable();
  static constexpr const Codec& value = CodecOf<T>::optional;
};

// --- enums, stored as the name of the enumerator ---

struct IntegerLayout {
  std::uint8_t bytes;
  bool is_signed;
};
template <std::size_t Bytes, bool IsSigned>
inline constexpr IntegerLayout integer_layout{static_cast<std::uint8_t>(Bytes), IsSigned};

template <class T>
concept Customised = requires { typename CustomType<T>::Stored; };

template <class E>
  requires(std::is_enum_v<E> && !Customised<E>)
struct CodecOf<E> {
 private:
  static constexpr Codec make() noexcept {
    using Underlying = std::underlying_type_t<E>;
    Codec codec = make_codec<EnumFamily>(shape, type_name<E>());
    codec.enum_names = &enum_names<E>;
    codec.context = &integer_layout<sizeof(E), std::is_signed_v<Underlying>>;
    return codec;
  }

 public:
  static constexpr CodecShape shape{.kind = ValueKind::text};
  static constexpr Codec value = make();
};

// --- arrays ---

/// How the elements of a vector are reached.
struct ArrayAccess {
  std::size_t (*size)(const void* vector);
  /// Valid until the vector changes.
  const void* (*at)(const void* vector, std::size_t index);
  /// Replaces all elements by `count` ones that `fill` stores; leaves the vector alone when that throws.
  void (*assign)(void* vector, std::size_t count, void (*fill)(void* context, void* element), void* context);
};

template <class T>
struct ArrayFunctions {
  using Vector = std::vector<T>;
  static std::size_t size(const void* vector) { return static_cast<const Vector*>(vector)->size(); }
  static const void* at(const void* vector, std::size_t index) {
    if constexpr (std::is_same_v<T, bool>) {  // whose elements have no address
      static constexpr bool values[] = {false, true};
      return &values[(*static_cast<const Vector*>(vector))[index] ? 1 : 0];
    } else {
      return &(*static_cast<const Vector*>(vector))[index];
    }
  }
  static void assign(void* vector, std::size_t count, void (*fill)(void*, void*), void* context) {
    Vector elements;
    elements.reserve(count);
    for (; count > 0; --count) {
      T element{};
      fill(context, &element);
      elements.push_back(static_cast<T&&>(element));
    }
    static_cast<Vector*>(vector)->swap(elements);
  }
};
template <class T>
inline constexpr ArrayAccess array_access{&ArrayFunctions<T>::size, &ArrayFunctions<T>::at,
                                          &ArrayFunctions<T>::assign};

/// Neither JSON nor bytes, which have forms of their own, nor arrays, which PostgreSQL has no type for.
constexpr bool is_element_kind(ValueKind kind) noexcept {
  return kind != ValueKind::json && kind != ValueKind::blob && kind != ValueKind::array;
}
template <class T>
concept ArrayElement = HasCodec<T> && is_element_kind(CodecOf<T>::shape.kind);

/// A vector is an array where the database has arrays, JSON elsewhere. Those of bytes are blobs.
template <ArrayElement T>
struct CodecOf<std::vector<T>> {
 private:
  static constexpr Codec make() noexcept {
    Codec codec = make_codec<ArrayFamily>(shape, "std::vector");
    codec.element = &CodecOf<T>::value;
    codec.context = &array_access<T>;
    return codec;
  }

 public:
  static constexpr CodecShape shape{.kind = ValueKind::array};
  static constexpr Codec value = make();
};

// --- durations, and points in time of other periods than the built-in ones ---

/// A duration is the integer (or floating-point number) of its own ticks: std::chrono::minutes{5} is stored
/// as 5.
template <HasCodec Rep, class Period>
struct CodecOf<std::chrono::duration<Rep, Period>> {
  static constexpr CodecShape shape = CodecOf<Rep>::shape;
  static constexpr const Codec& value = CodecOf<Rep>::value;
};

struct TimePointLayout {
  IntegerLayout rep;
  std::int64_t microseconds_per_tick;  ///< 1 when a tick is shorter than that
  std::int64_t ticks_per_microsecond;  ///< 1 when a tick is longer than that
};

template <class Rep, class Period>
struct CodecOf<SysTime<std::chrono::duration<Rep, Period>>> {
 private:
  using Ratio = std::ratio_divide<Period, std::micro>;
  static_assert(std::is_integral_v<Rep> && sizeof(Rep) <= 8,
                "kin: a std::chrono::sys_time that is a column counts in an integer");
  static_assert(
      Ratio::num == 1 || Ratio::den == 1,
      "kin: the ticks of a std::chrono::sys_time that is a column divide, or are divided by, a microsecond");

  static constexpr TimePointLayout layout{
      {static_cast<std::uint8_t>(sizeof(Rep)), std::is_signed_v<Rep>}, Ratio::num, Ratio::den};
  static constexpr std::uint8_t fraction_digits() noexcept {
    std::uint8_t digits = 0;
    for (std::int64_t unit = 1'000'000; digits < 6 && layout.microseconds_per_tick % unit != 0; unit /= 10)
      ++digits;
    return digits;
  }
  static constexpr Codec make() noexcept {
    Codec codec = make_codec<TimePointFamily>(shape, "std::chrono::sys_time");
    codec.context = &layout;
    return codec;
  }

 public:
  static constexpr CodecShape shape{ValueKind::timestamp, 0, fraction_digits(), false};
  static constexpr Codec value = make();
};

// --- the front ---

template <class T>
inline constexpr bool is_character =
    std::is_same_v<T, char> || std::is_same_v<T, wchar_t> || std::is_same_v<T, char8_t> ||
    std::is_same_v<T, char16_t> || std::is_same_v<T, char32_t>;

/// The codec of T: a constant, the same object everywhere.
template <class T>
constexpr const Codec& codec_of() noexcept {
  if constexpr (has_codec<T>) {
    return CodecOf<T>::value;
  } else {
    static_assert(
        has_codec<T> || is_character<T>,
        "kin: this member's type has no codec; include <kin/types/json.hpp> for kin::Json, or specialise "
        "kin::CustomType (see <kin/types/custom.hpp>) for a type of your own");
    static_assert(
        !is_character<T>,
        "kin: a single character is no column; use std::string for text, std::int8_t or std::uint8_t for "
        "a small number");
    return CodecOf<bool>::value;  // not reached: keeps the compiler from adding errors of its own
  }
}

}  // namespace detail
}  // namespace kin
