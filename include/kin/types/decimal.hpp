// SPDX-License-Identifier: MIT
#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace kin {
namespace detail {
struct BigInteger;

/// The integers that convert to a Decimal by themselves: all but truth values and characters.
template <class T>
concept DecimalInteger =
    std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> && sizeof(T) <= sizeof(std::int64_t);
}  // namespace detail

/// An exact decimal number of any size: coefficient × 10^-scale, as NUMERIC and DECIMAL columns hold it.
///
/// The scale is the number of digits after the point and belongs to the value's text ("0.10" stays "0.10"),
/// but not to its identity: 0.10 == 0.1, and both have the same hash. There is no infinity, no NaN and no
/// negative zero.
///
/// A coefficient that fits 64 bits lies in the object and costs no allocation; a larger one is held on the
/// heap. Thread-safety: as for an int. Errors: std::bad_alloc wherever a large coefficient is made; others
/// are named.
class Decimal {
 public:
  /// Most digits after the point, and the largest exponent in a text. It covers what any of the databases can
  /// hold, and keeps a short text such as "1e999999999" from asking for all of the memory.
  static constexpr std::int32_t max_scale = 150'000;

  /// Zero, with scale 0.
  Decimal() noexcept;
  Decimal(const Decimal& other);
  /// Leaves zero behind.
  Decimal(Decimal&& other) noexcept;
  Decimal& operator=(const Decimal& other);
  Decimal& operator=(Decimal&& other) noexcept;
  ~Decimal();

  /// The integer, with scale 0.
  template <detail::DecimalInteger T>
  Decimal(T value);
  /// Binary floating point is not exact, so it has to be asked for: see from_double().
  Decimal(double) = delete;
  Decimal(std::nullptr_t) = delete;

  /// Number in the form [+-] digits [. digits] [e [+-] digits]; one side of the point may be empty. No
  /// spaces. Throws ValidationError when the text is anything else, or goes beyond max_scale.
  explicit Decimal(std::string_view text);

  /// As the constructor from text, but returns false and leaves the result alone instead of throwing.
  [[nodiscard]] static bool parse(std::string_view text, Decimal& result);

  /// The shortest decimal that reads back as the same double, cut to 15 significant digits: those are what a
  /// double keeps of any decimal, so a number that went through a REAL column comes back as it was written
  /// (0.1 as 0.1, and 0.1 + 0.2 as 0.3). Throws ValidationError for infinity and NaN.
  [[nodiscard]] static Decimal from_double(double value);

  /// Plain notation, all digits after the point kept, never an exponent: "-12.50".
  [[nodiscard]] std::string to_string() const;
  /// Writes the text of to_string() without a terminator and returns its length, or 0 when it does not fit.
  /// Does not allocate when the coefficient fits 64 bits.
  [[nodiscard]] std::size_t write_to(char* buffer, std::size_t size) const;
  /// Nearest double; infinity when out of range.
  [[nodiscard]] double to_double() const;

  /// Digits after the point, 0 to max_scale.
  [[nodiscard]] std::int32_t scale() const noexcept;
  [[nodiscard]] bool is_zero() const noexcept;
  /// True when less than zero.
  [[nodiscard]] bool is_negative() const noexcept;

  /// The number with exactly this many digits after the point, rounded half to even where digits are dropped:
  /// 2.345 becomes 2.34, and 1 becomes 1.00. A negative count rounds to tens, hundreds and so on, with scale
  /// 0. Throws ValidationError when digits is beyond ±max_scale.
  [[nodiscard]] Decimal rounded(std::int32_t digits) const;

  /// Quotient with exactly this many digits after the point, rounded once, half to even; digits as in
  /// rounded(). Throws ValidationError when the divisor is zero.
  [[nodiscard]] Decimal divided_by(const Decimal& divisor, std::int32_t digits) const;

  Decimal operator-() const;
  Decimal& operator+=(const Decimal& other);
  Decimal& operator-=(const Decimal& other);
  Decimal& operator*=(const Decimal& other);
  /// Exact sum; its scale is the larger of the two.
  friend Decimal operator+(const Decimal& left, const Decimal& right);
  /// Exact difference; its scale is the larger of the two.
  friend Decimal operator-(const Decimal& left, const Decimal& right);
  /// Exact product; its scale is the sum of both. Throws ValidationError when that is beyond max_scale.
  friend Decimal operator*(const Decimal& left, const Decimal& right);

  /// Numeric order. Weak, because equal numbers may differ in scale.
  friend std::weak_ordering operator<=>(const Decimal& left, const Decimal& right);
  friend bool operator==(const Decimal& left, const Decimal& right);

  /// Equal for equal numbers, whatever their scale.
  [[nodiscard]] std::size_t hash() const noexcept;

 private:
  Decimal(std::int64_t coefficient, std::int32_t scale) noexcept;

  static Decimal from_unsigned(std::uint64_t value);
  static Decimal from_big(detail::BigInteger&& coefficient, std::int32_t scale);
  static std::weak_ordering compare(const Decimal& left, const Decimal& right);

  bool small_at(std::int32_t scale, std::int64_t& coefficient) const noexcept;
  detail::BigInteger big_at(std::int32_t scale) const;
  bool same_small_scale(const Decimal& other) const noexcept;

  static detail::BigInteger* clone(const detail::BigInteger& source);
  static void destroy(detail::BigInteger* large) noexcept;
  void take(Decimal& other) noexcept;

  union {
    std::int64_t small_;
    detail::BigInteger* large_;  // owned
  };
  std::int32_t scale_;
  bool is_large_;  // only when the coefficient does not fit small_, so zero is never large
};

inline Decimal::Decimal() noexcept : Decimal(std::int64_t{0}, 0) {}

inline Decimal::Decimal(std::int64_t coefficient, std::int32_t scale) noexcept
    : small_(coefficient), scale_(scale), is_large_(false) {}

template <detail::DecimalInteger T>
inline Decimal::Decimal(T value) : Decimal() {
  if constexpr (std::is_signed_v<T> || sizeof(T) < sizeof(std::int64_t)) {
    small_ = static_cast<std::int64_t>(value);
  } else {
    *this = from_unsigned(value);
  }
}

inline Decimal::Decimal(const Decimal& other) : Decimal(std::int64_t{0}, other.scale_) {
  if (other.is_large_) {
    large_ = clone(*other.large_);
    is_large_ = true;
  } else {
    small_ = other.small_;
  }
}

inline Decimal::Decimal(Decimal&& other) noexcept : Decimal() { take(other); }

inline Decimal& Decimal::operator=(const Decimal& other) {
  if (is_large_ || other.is_large_) return *this = Decimal(other);
  small_ = other.small_;
  scale_ = other.scale_;
  return *this;
}

inline Decimal& Decimal::operator=(Decimal&& other) noexcept {
  if (this == &other) return *this;
  if (is_large_) destroy(large_);
  take(other);
  return *this;
}

inline Decimal::~Decimal() {
  if (is_large_) destroy(large_);
}

// Moves the other's number here, over whatever is here, and leaves zero there.
inline void Decimal::take(Decimal& other) noexcept {
  if (other.is_large_) {
    large_ = other.large_;
  } else {
    small_ = other.small_;
  }
  scale_ = other.scale_;
  is_large_ = other.is_large_;
  other.small_ = 0;
  other.scale_ = 0;
  other.is_large_ = false;
}

inline std::int32_t Decimal::scale() const noexcept { return scale_; }

inline bool Decimal::is_zero() const noexcept { return !is_large_ && small_ == 0; }

inline Decimal& Decimal::operator+=(const Decimal& other) { return *this = *this + other; }

inline Decimal& Decimal::operator-=(const Decimal& other) { return *this = *this - other; }

inline Decimal& Decimal::operator*=(const Decimal& other) { return *this = *this * other; }

inline bool Decimal::same_small_scale(const Decimal& other) const noexcept {
  return !is_large_ && !other.is_large_ && scale_ == other.scale_;
}

inline std::weak_ordering operator<=>(const Decimal& left, const Decimal& right) {
  if (left.same_small_scale(right)) return left.small_ <=> right.small_;
  return Decimal::compare(left, right);
}

inline bool operator==(const Decimal& left, const Decimal& right) {
  if (left.same_small_scale(right)) return left.small_ == right.small_;
  return Decimal::compare(left, right) == 0;
}

}  // namespace kin

template <>
struct std::hash<kin::Decimal> {
  std::size_t operator()(const kin::Decimal& value) const noexcept { return value.hash(); }
};
