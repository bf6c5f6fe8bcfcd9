// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace kin {

/// The database-neutral kinds of value that travel between kin and a driver.
enum class ValueKind : std::uint8_t {
  null,
  boolean,
  integer,           ///< signed 64-bit
  unsigned_integer,  ///< unsigned 64-bit
  real,
  text,       ///< UTF-8
  blob,       ///< any bytes
  decimal,    ///< exact decimal, as its text
  date,       ///< days since 1970-01-01
  time,       ///< microseconds since midnight
  timestamp,  ///< microseconds since 1970-01-01T00:00:00Z
  uuid,       ///< 16 bytes
  json,       ///< JSON text
  array,      ///< values of one kind, as the text of a JSON array
  interval,   ///< months, days and microseconds, as ISO 8601 text: P1Y2M3DT4H
};

namespace detail {
[[noreturn]] void throw_too_large(std::size_t bytes);
}  // namespace detail

/// A value that points at memory owned by someone else: a column's cell on the way in, a parameter on the way
/// out. Trivially copyable, 16 bytes. Valid only as long as the memory it points at: a cell until the next row.
class ValueView {
 public:
  constexpr ValueView() noexcept = default;
  static constexpr ValueView null() noexcept { return {}; }
  static constexpr ValueView boolean(bool value) noexcept { return {ValueKind::boolean, value ? 1 : 0}; }
  static constexpr ValueView integer(std::int64_t value) noexcept { return {ValueKind::integer, value}; }
  static constexpr ValueView unsigned_integer(std::uint64_t value) noexcept {
    return {ValueKind::unsigned_integer, static_cast<std::int64_t>(value)};
  }
  static constexpr ValueView real(double value) noexcept {
    ValueView view;
    view.kind_ = ValueKind::real;
    view.real_ = value;
    return view;
  }
  /// Text, JSON, arrays, decimals and blobs of 4 GiB and more are refused with a ValidationError: no database takes them.
  static constexpr ValueView text(std::string_view value) { return {ValueKind::text, value}; }
  static constexpr ValueView json(std::string_view value) { return {ValueKind::json, value}; }
  static constexpr ValueView array(std::string_view json) { return {ValueKind::array, json}; }
  static constexpr ValueView interval(std::string_view iso_text) { return {ValueKind::interval, iso_text}; }
  static constexpr ValueView decimal(std::string_view value) { return {ValueKind::decimal, value}; }
  static ValueView blob(const void* data, std::size_t size) {
    return {ValueKind::blob, std::string_view(static_cast<const char*>(data), size)};
  }
  static ValueView uuid(const void* sixteen_bytes) noexcept {
    return {ValueKind::uuid, std::string_view(static_cast<const char*>(sixteen_bytes), 16)};
  }
  static constexpr ValueView date(std::int64_t days) noexcept { return {ValueKind::date, days}; }
  static constexpr ValueView time(std::int64_t microseconds) noexcept {
    return {ValueKind::time, microseconds};
  }
  /// fraction_digits (0 to 6) says how precise the text form should be where a database stores text.
  static constexpr ValueView timestamp(std::int64_t microseconds, int fraction_digits) noexcept {
    ValueView view{ValueKind::timestamp, microseconds};
    view.fraction_digits_ = static_cast<std::uint8_t>(fraction_digits);
    return view;
  }

  constexpr ValueKind kind() const noexcept { return kind_; }
  constexpr bool is_null() const noexcept { return kind_ == ValueKind::null; }
  constexpr bool as_boolean() const noexcept { return integer_ != 0; }
  constexpr std::int64_t as_integer() const noexcept { return integer_; }
  constexpr std::uint64_t as_unsigned() const noexcept { return static_cast<std::uint64_t>(integer_); }
  constexpr double as_real() const noexcept { return real_; }
  /// Bytes of text, blob, decimal, json, array, interval and uuid.
  constexpr std::string_view bytes() const noexcept { return {data_, size_}; }
  constexpr int fraction_digits() const noexcept { return fraction_digits_; }
  /// True for the kinds whose payload lies in memory that the view points at.
  constexpr bool has_bytes() const noexcept {
    return kind_ == ValueKind::text || kind_ == ValueKind::blob || kind_ == ValueKind::decimal ||
           kind_ == ValueKind::json || kind_ == ValueKind::array || kind_ == ValueKind::interval ||
           kind_ == ValueKind::uuid;
  }
  /// True when the bytes lie in a Scratch and not in the entity: a driver must copy them before the next value.
  constexpr bool is_transient() const noexcept { return transient_; }
  constexpr ValueView as_transient() const noexcept {
    ValueView view = *this;
    view.transient_ = true;
    return view;
  }

 private:
  constexpr ValueView(ValueKind kind, std::int64_t value) noexcept : kind_(kind), integer_(value) {}
  constexpr ValueView(ValueKind kind, std::string_view value)
      : kind_(kind), size_(static_cast<std::uint32_t>(value.size())), data_(value.data()) {
    if (value.size() > std::numeric_limits<std::uint32_t>::max()) [[unlikely]]
      detail::throw_too_large(value.size());
  }

  ValueKind kind_ = ValueKind::null;
  std::uint8_t fraction_digits_ = 0;
  bool transient_ = false;
  std::uint32_t size_ = 0;
  union {
    std::int64_t integer_ = 0;
    double real_;
    const char* data_;
  };
};

/// A value that owns its memory: what a condition holds, what a query logger is shown. Immutable in use; copying
/// copies the bytes.
class Value {
 public:
  Value() noexcept = default;
  explicit Value(ValueView view) : view_(view) {
    if (view.has_bytes()) storage_.assign(view.bytes());
  }
  ValueKind kind() const noexcept { return view_.kind(); }
  bool is_null() const noexcept { return view_.is_null(); }
  /// Valid as long as this Value.
  ValueView view() const noexcept;
  /// Readable form for logs: text and dates in single quotes, blobs as their size.
  std::string to_string() const;

 private:
  ValueView view_;
  std::string storage_;
};

/// Memory that a codec may use for a value that is not stored in its database form, reused from value to value.
struct Scratch {
  char small[64];
  std::string large{};
};

}  // namespace kin
