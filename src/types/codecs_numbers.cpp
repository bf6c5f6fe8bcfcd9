// SPDX-License-Identifier: MIT
#include "types/codecs_cells.hpp"
#include "types/codecs_forms.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

namespace kin::detail {
namespace {

struct BoolForm {
  using Type = bool;
  static constexpr std::size_t fixed_size = 1;

  static ValueView view(bool value, Scratch&) { return ValueView::boolean(value); }
  static void assign(bool& value, ValueView cell, std::string_view type_name) {
    value = cell.kind() == ValueKind::boolean ? cell.as_boolean() : convert(cell, type_name);
  }
  static std::byte* pack(bool value, std::byte* to) { return store(to, std::byte{value}); }
  static bool equal(bool value, const std::byte* packed) { return *packed == std::byte{value}; }
  static void unpack(bool& value, const std::byte* packed) { value = *packed != std::byte{0}; }
  static ValueView packed_view(const std::byte* packed, Scratch&) {
    return ValueView::boolean(*packed != std::byte{0});
  }

 private:
  static bool convert(ValueView cell, std::string_view type_name) {
    if (cell.kind() == ValueKind::text) {
      const std::string_view text = cell.bytes();
      if (text == "true" || text == "t" || text == "1") return true;
      if (text == "false" || text == "f" || text == "0") return false;
      refuse_text(text, "a truth value: true, false, t, f, 1 or 0");
    }
    const std::int64_t number = integer_from_cell(cell, {type_name, 64, true});
    if (number != 0 && number != 1) refuse(describe(cell) + " is not a truth value: 1 or 0");
    return number == 1;
  }
};

template <class T>
struct IntegerForm {
  using Type = T;
  static constexpr std::size_t fixed_size = sizeof(T);

  static ValueView view(T value, Scratch&) { return to_view(value); }
  static void assign(T& value, ValueView cell, std::string_view type_name) {
    if (cell.kind() == ValueKind::integer && std::in_range<T>(cell.as_integer())) [[likely]] {
      value = static_cast<T>(cell.as_integer());
    } else {
      value = static_cast<T>(integer_from_cell(cell, {type_name, sizeof(T) * 8, std::is_signed_v<T>}));
    }
  }
  static std::byte* pack(T value, std::byte* to) { return store(to, value); }
  static bool equal(T value, const std::byte* packed) { return value == load<T>(packed); }
  static void unpack(T& value, const std::byte* packed) { value = load<T>(packed); }
  static ValueView packed_view(const std::byte* packed, Scratch&) { return to_view(load<T>(packed)); }

 private:
  static ValueView to_view(T value) {
    if constexpr (std::is_signed_v<T>) {
      return ValueView::integer(value);
    } else {
      return ValueView::unsigned_integer(value);
    }
  }
};

/// Packed in one form for each value: there is one NaN, and one zero.
template <class T>
struct RealForm {
  using Type = T;
  static constexpr std::size_t fixed_size = sizeof(T);

  static ValueView view(T value, Scratch&) { return ValueView::real(static_cast<double>(value)); }
  static void assign(T& value, ValueView cell, std::string_view type_name) {
    const double number = cell.kind() == ValueKind::real ? cell.as_real() : real_from_cell(cell, type_name);
    if constexpr (sizeof(T) < sizeof(double)) {
      // Rounding to the nearest float is what a float member asks for; losing the magnitude is not.
      constexpr double largest = std::numeric_limits<T>::max();
      if (std::isfinite(number) && std::abs(number) > largest)
        refuse(describe(cell) + " does not fit into a float");
    }
    value = static_cast<T>(number);
  }
  static std::byte* pack(T value, std::byte* to) {
    if (std::isnan(value)) value = std::numeric_limits<T>::quiet_NaN();
    if (value == 0) value = 0;  // also of the negative zero
    return store(to, value);
  }
  static bool equal(T value, const std::byte* packed) {
    const T was = load<T>(packed);
    return value == was || (std::isnan(value) && std::isnan(was));
  }
  static void unpack(T& value, const std::byte* packed) { value = load<T>(packed); }
  static ValueView packed_view(const std::byte* packed, Scratch& scratch) {
    return view(load<T>(packed), scratch);
  }
};

}  // namespace

constinit const Codec CodecOf<bool>::value = plain_codec<BoolForm>("bool");
constinit const Codec CodecOf<bool>::optional = nullable_codec<BoolForm>("std::optional<bool>");

constinit const Codec CodecOf<std::int8_t>::value = plain_codec<IntegerForm<std::int8_t>>("std::int8_t");
constinit const Codec CodecOf<std::int8_t>::optional =
    nullable_codec<IntegerForm<std::int8_t>>("std::optional<std::int8_t>");
constinit const Codec CodecOf<short>::value = plain_codec<IntegerForm<short>>("std::int16_t");
constinit const Codec CodecOf<short>::optional =
    nullable_codec<IntegerForm<short>>("std::optional<std::int16_t>");
constinit const Codec CodecOf<int>::value = plain_codec<IntegerForm<int>>("int");
constinit const Codec CodecOf<int>::optional = nullable_codec<IntegerForm<int>>("std::optional<int>");
constinit const Codec CodecOf<long>::value = plain_codec<IntegerForm<long>>("std::int64_t");
constinit const Codec CodecOf<long>::optional =
    nullable_codec<IntegerForm<long>>("std::optional<std::int64_t>");
constinit const Codec CodecOf<long long>::value = plain_codec<IntegerForm<long long>>("long long");
constinit const Codec CodecOf<long long>::optional =
    nullable_codec<IntegerForm<long long>>("std::optional<long long>");

constinit const Codec CodecOf<std::uint8_t>::value = plain_codec<IntegerForm<std::uint8_t>>("std::uint8_t");
constinit const Codec CodecOf<std::uint8_t>::optional =
    nullable_codec<IntegerForm<std::uint8_t>>("std::optional<std::uint8_t>");
constinit const Codec CodecOf<unsigned short>::value =
    plain_codec<IntegerForm<unsigned short>>("std::uint16_t");
constinit const Codec CodecOf<unsigned short>::optional =
    nullable_codec<IntegerForm<unsigned short>>("std::optional<std::uint16_t>");
constinit const Codec CodecOf<unsigned>::value = plain_codec<IntegerForm<unsigned>>("unsigned");
constinit const Codec CodecOf<unsigned>::optional =
    nullable_codec<IntegerForm<unsigned>>("std::optional<unsigned>");
constinit const Codec CodecOf<unsigned long>::value =
    plain_codec<IntegerForm<unsigned long>>("std::uint64_t");
constinit const Codec CodecOf<unsigned long>::optional =
    nullable_codec<IntegerForm<unsigned long>>("std::optional<std::uint64_t>");
constinit const Codec CodecOf<unsigned long long>::value =
    plain_codec<IntegerForm<unsigned long long>>("unsigned long long");
constinit const Codec CodecOf<unsigned long long>::optional =
    nullable_codec<IntegerForm<unsigned long long>>("std::optional<unsigned long long>");

constinit const Codec CodecOf<float>::value = plain_codec<RealForm<float>>("float");
constinit const Codec CodecOf<float>::optional = nullable_codec<RealForm<float>>("std::optional<float>");
constinit const Codec CodecOf<double>::value = plain_codec<RealForm<double>>("double");
constinit const Codec CodecOf<double>::optional = nullable_codec<RealForm<double>>("std::optional<double>");

constinit const std::span<const KnownStep> number_steps =
    known_steps<BoolForm, IntegerForm<std::int8_t>, IntegerForm<short>, IntegerForm<int>, IntegerForm<long>,
                IntegerForm<long long>, IntegerForm<std::uint8_t>, IntegerForm<unsigned short>,
                IntegerForm<unsigned>, IntegerForm<unsigned long>, IntegerForm<unsigned long long>,
                RealForm<float>, RealForm<double>>;

}  // namespace kin::detail
