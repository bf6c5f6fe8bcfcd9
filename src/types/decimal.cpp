// SPDX-License-Identifier: MIT
#include <kin/error.hpp>
#include <kin/types/decimal.hpp>

#include <algorithm>
#include <array>
#include <boost/multiprecision/cpp_int.hpp>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace kin {
namespace {

// Without expression templates: results are stored at once anyway, and errors and compile times stay short.
using Integer =
    boost::multiprecision::number<boost::multiprecision::cpp_int_backend<>, boost::multiprecision::et_off>;
__extension__ typedef __int128 Integer128;
__extension__ typedef unsigned __int128 Unsigned128;

constexpr std::int64_t smallest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();

// 10^18 is the largest power of ten that fits a signed 64-bit integer.
constexpr std::int32_t largest_small_power = 18;
constexpr auto small_powers = [] {
  std::array<std::int64_t, largest_small_power + 1> powers{1};
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

std::int64_t small_power(std::int32_t exponent) { return small_powers[static_cast<std::size_t>(exponent)]; }

Integer big_power(std::int32_t exponent) {
  if (exponent <= largest_small_power) return Integer(small_power(exponent));
  return boost::multiprecision::pow(Integer(10), static_cast<unsigned>(exponent));
}

std::uint64_t magnitude_of(std::int64_t value) {
  // Negated as unsigned, because -smallest does not exist as signed.
  return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

bool to_signed(std::uint64_t magnitude, bool negative, std::int64_t& result) {
  const std::uint64_t limit = static_cast<std::uint64_t>(largest) + (negative ? 1 : 0);
  if (magnitude > limit) return false;
  result = static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
  return true;
}

bool is_even(Integer128 value) { return (value & 1) == 0; }
bool is_even(const Integer& value) { return !boost::multiprecision::bit_test(value, 0); }

template <class T>
T absolute(const T& value) {
  return value < 0 ? T(-value) : value;
}

template <class T>
T divide_half_even(const T& dividend, const T& divisor) {
  T quotient = dividend / divisor;
  const T twice_the_rest = absolute(T(dividend - quotient * divisor)) * 2;
  const T width = absolute(divisor);
  if (twice_the_rest > width || (twice_the_rest == width && !is_even(quotient))) {
    quotient += (dividend < 0) == (divisor < 0) ? 1 : -1;
  }
  return quotient;
}

void check_scale(std::int64_t scale, std::int64_t lowest) {
  if (scale >= lowest && scale <= Decimal::max_scale) return;
  throw ValidationError("decimal: " + std::to_string(scale) +
                        " digits after the point are out of range (limit " +
                        std::to_string(Decimal::max_scale) + ")");
}

// --- text ---

// A text cut into its parts. `leading` is the number the digits make, as long as it fits.
struct DecimalText {
  std::string_view whole;
  std::string_view fraction;
  std::uint64_t leading = 0;
  bool fits = true;
  bool negative = false;
  std::int32_t exponent = 0;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view take_digits(std::string_view& rest, DecimalText& parts) {
  // Highest number to which one more digit can be added without leaving 64 bits.
  constexpr std::uint64_t limit = (std::numeric_limits<std::uint64_t>::max() - 9) / 10;
  std::size_t count = 0;
  std::uint64_t number = parts.leading;
  bool fits = parts.fits;
  for (; count < rest.size() && is_digit(rest[count]); ++count) {
    fits = fits && number <= limit;
    number = number * 10 + static_cast<std::uint64_t>(rest[count] - '0');
  }
  parts.leading = number;
  parts.fits = fits;
  const std::string_view digits = rest.substr(0, count);
  rest.remove_prefix(count);
  return digits;
}

bool take_sign(std::string_view& rest) {
  const bool negative = !rest.empty() && rest.front() == '-';
  if (negative || (!rest.empty() && rest.front() == '+')) rest.remove_prefix(1);
  return negative;
}

// Takes all of the rest; false when it is no number or too large for any scale.
bool take_exponent(std::string_view rest, std::int32_t& exponent) {
  const bool negative = take_sign(rest);
  if (rest.empty()) return false;
  std::int32_t value = 0;
  for (const char c : rest) {
    if (!is_digit(c)) return false;
    value = value * 10 + (c - '0');
    if (value > Decimal::max_scale) return false;
  }
  exponent = negative ? -value : value;
  return true;
}

bool split(std::string_view text, DecimalText& parts) {
  parts.negative = take_sign(text);
  parts.whole = take_digits(text, parts);
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    parts.fraction = take_digits(text, parts);
  }
  if (parts.whole.empty() && parts.fraction.empty()) return false;
  if (text.empty()) return true;
  if (text.front() != 'e' && text.front() != 'E') return false;
  return take_exponent(text.substr(1), parts.exponent);
}

// Halving lets the multiplication's Karatsuba algorithm work; digit by digit would be quadratic. The depth is
// the logarithm of the length.
Integer integer_of(std::string_view digits) {
  if (digits.size() <= static_cast<std::size_t>(largest_small_power)) {
    std::uint64_t number = 0;
    for (const char c : digits) number = number * 10 + static_cast<std::uint64_t>(c - '0');
    return Integer(number);
  }
  const std::size_t low = digits.size() / 2;
  const Integer factor = boost::multiprecision::pow(Integer(10), static_cast<unsigned>(low));
  return integer_of(digits.substr(0, digits.size() - low)) * factor +
         integer_of(digits.substr(digits.size() - low));
}

std::size_t text_length(std::size_t digit_count, bool negative, std::int32_t scale) {
  const auto fraction = static_cast<std::size_t>(scale);
  return (negative ? 1 : 0) + std::max(digit_count, fraction + 1) + (scale > 0 ? 1 : 0);
}

// Needs text_length() characters.
void write_text(std::string_view digits, bool negative, std::int32_t scale, char* out) {
  const auto fraction = static_cast<std::size_t>(scale);
  if (negative) *out++ = '-';
  const std::size_t whole = digits.size() > fraction ? digits.size() - fraction : 0;
  if (whole == 0) {
    *out++ = '0';
  } else {
    out = std::copy_n(digits.begin(), whole, out);
  }
  if (fraction == 0) return;
  *out++ = '.';
  out = std::fill_n(out, fraction - (digits.size() - whole), '0');
  std::copy(digits.begin() + static_cast<std::ptrdiff_t>(whole), digits.end(), out);
}

// Digits of a 64-bit magnitude in a place of their own.
struct SmallDigits {
  explicit SmallDigits(std::uint64_t magnitude) {
    size = static_cast<std::size_t>(std::to_chars(characters, characters + sizeof characters, magnitude).ptr -
                                    characters);
  }
  std::string_view view() const { return {characters, size}; }

  char characters[20];
  std::size_t size;
};

// --- hash ---

constexpr std::uint64_t hash_prime = (std::uint64_t{1} << 61) - 1;

constexpr std::uint64_t multiply_modulo_prime(std::uint64_t left, std::uint64_t right) {
  return static_cast<std::uint64_t>(static_cast<Unsigned128>(left) * right % hash_prime);
}

constexpr std::uint64_t power_modulo_prime(std::uint64_t base, std::uint64_t exponent) {
  std::uint64_t result = 1;
  for (; exponent != 0; exponent >>= 1) {
    if ((exponent & 1) != 0) result = multiply_modulo_prime(result, base);
    base = multiply_modulo_prime(base, base);
  }
  return result;
}

// Fermat's little theorem.
constexpr std::uint64_t tenth_modulo_prime = power_modulo_prime(10, hash_prime - 2);
static_assert(multiply_modulo_prime(tenth_modulo_prime, 10) == 1);

// Spreads all bits over all bits: the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
constexpr std::uint64_t spread(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

}  // namespace

namespace detail {
struct BigInteger {
  Integer value;
};
}  // namespace detail

static_assert(sizeof(Decimal) <= 24);

// --- storage ---

detail::BigInteger* Decimal::clone(const detail::BigInteger& source) {
  return new detail::BigInteger(source);
}

void Decimal::destroy(detail::BigInteger* large) noexcept { delete large; }

Decimal Decimal::from_unsigned(std::uint64_t value) {
  if (value <= static_cast<std::uint64_t>(largest)) return Decimal(static_cast<std::int64_t>(value), 0);
  return from_big({Integer(value)}, 0);
}

Decimal Decimal::from_big(detail::BigInteger&& coefficient, std::int32_t scale) {
  const Integer& value = coefficient.value;
  if (value >= smallest && value <= largest) return Decimal(value.convert_to<std::int64_t>(), scale);
  Decimal result;
  result.large_ = new detail::BigInteger(std::move(coefficient));
  result.is_large_ = true;
  result.scale_ = scale;
  return result;
}

// The coefficient at a scale that is not below the own one; false when it does not fit 64 bits.
bool Decimal::small_at(std::int32_t scale, std::int64_t& coefficient) const noexcept {
  if (is_large_) return false;
  const std::int32_t added = scale - scale_;
  if (added == 0 || small_ == 0) {
    coefficient = small_;
    return true;
  }
  return added <= largest_small_power && !__builtin_mul_overflow(small_, small_power(added), &coefficient);
}

// As small_at(), for any size.
detail::BigInteger Decimal::big_at(std::int32_t scale) const {
  Integer value = is_large_ ? large_->value : Integer(small_);
  if (scale != scale_ && !value.is_zero()) value *= big_power(scale - scale_);
  return {std::move(value)};
}

// --- text ---

Decimal::Decimal(std::string_view text) : Decimal() {
  if (parse(text, *this)) return;
  constexpr std::size_t shown = 60;
  throw ValidationError("not a decimal number: \"" + std::string(text.substr(0, shown)) +
                        (text.size() > shown ? "...\"" : "\""));
}

bool Decimal::parse(std::string_view text, Decimal& result) {
  DecimalText parts;
  if (!split(text, parts)) return false;
  const std::int64_t wanted_scale = static_cast<std::int64_t>(parts.fraction.size()) - parts.exponent;
  if (wanted_scale > max_scale) return false;
  // A negative scale becomes zeros of the coefficient.
  const auto scale = static_cast<std::int32_t>(std::max<std::int64_t>(wanted_scale, 0));
  const auto zeros = static_cast<std::int32_t>(scale - wanted_scale);

  std::int64_t coefficient = 0;
  if (parts.fits && to_signed(parts.leading, parts.negative, coefficient)) {
    if (zeros == 0 || coefficient == 0) {
      result = Decimal(coefficient, scale);
      return true;
    }
    if (zeros <= largest_small_power &&
        !__builtin_mul_overflow(coefficient, small_power(zeros), &coefficient)) {
      result = Decimal(coefficient, scale);
      return true;
    }
  }
  std::string digits(parts.whole);
  digits += parts.fraction;
  Integer value = integer_of(digits);
  if (zeros > 0) value *= big_power(zeros);
  if (parts.negative) value = -value;
  result = from_big({std::move(value)}, scale);
  return true;
}

Decimal Decimal::from_double(double value) {
  if (!std::isfinite(value)) throw ValidationError("decimal: a double that is infinite or not a number");
  constexpr int kept_digits = std::numeric_limits<double>::digits10;
  char text[32];
  char* const end = text + sizeof text;
  char* last = std::to_chars(text, end, value, std::chars_format::scientific).ptr;
  const auto digits = std::count_if(text, std::find(text, last, 'e'), is_digit);
  // The general form drops the zeros at the end, as the shortest form does.
  if (digits > kept_digits)
    last = std::to_chars(text, end, value, std::chars_format::general, kept_digits).ptr;
  return Decimal(std::string_view(text, static_cast<std::size_t>(last - text)));
}

std::string Decimal::to_string() const {
  const bool negative = is_negative();
  std::string text;
  const auto print = [&](std::string_view digits) {
    text.resize(text_length(digits.size(), negative, scale_));
    write_text(digits, negative, scale_, text.data());
  };
  if (is_large_) {
    const std::string digits = large_->value.str();
    print(std::string_view(digits).substr(negative ? 1 : 0));
  } else {
    print(SmallDigits(magnitude_of(small_)).view());
  }
  return text;
}

std::size_t Decimal::write_to(char* buffer, std::size_t size) const {
  if (is_large_) {
    const std::string text = to_string();
    if (text.size() > size) return 0;
    std::copy(text.begin(), text.end(), buffer);
    return text.size();
  }
  const SmallDigits digits(magnitude_of(small_));
  const std::size_t length = text_length(digits.size, small_ < 0, scale_);
  if (length > size) return 0;
  write_text(digits.view(), small_ < 0, scale_, buffer);
  return length;
}

double Decimal::to_double() const {
  // A double holds whole numbers up to 2^53 and powers of ten up to 10^22 without error, and a division of
  // two such numbers rounds once.
  constexpr std::int64_t exact = std::int64_t{1} << std::numeric_limits<double>::digits;
  if (!is_large_ && scale_ <= largest_small_power && small_ >= -exact && small_ <= exact) {
    return static_cast<double>(small_) / static_cast<double>(small_power(scale_));
  }
  const std::string text = to_string();
  double result = 0;
  const auto outcome = std::from_chars(text.data(), text.data() + text.size(), result);
  if (outcome.ec == std::errc::result_out_of_range) {
    const bool huge = absolute(*this) > 1;
    result = std::copysign(huge ? std::numeric_limits<double>::infinity() : 0.0, is_negative() ? -1.0 : 1.0);
  }
  return result;
}

// --- arithmetic ---

bool Decimal::is_negative() const noexcept { return is_large_ ? large_->value.sign() < 0 : small_ < 0; }

Decimal Decimal::rounded(std::int32_t digits) const {
  if (digits == scale_) return *this;
  return divided_by(Decimal(std::int64_t{1}, 0), digits);
}

Decimal Decimal::divided_by(const Decimal& divisor, std::int32_t digits) const {
  check_scale(digits, -max_scale);
  if (divisor.is_zero()) throw ValidationError("decimal: division by zero");
  const std::int32_t scale = std::max(digits, 0);
  if (is_zero()) return Decimal(std::int64_t{0}, scale);

  // The quotient of the coefficients, with so many zeros added to the dividend (or, below zero, to the
  // divisor) that it counts units of 10^-digits.
  const std::int32_t shift = divisor.scale_ - scale_ + digits;
  const std::int32_t zeros = scale - digits;
  if (!is_large_ && !divisor.is_large_ && zeros == 0 && shift >= -largest_small_power &&
      shift <= largest_small_power) {
    Integer128 upper = small_;
    Integer128 lower = divisor.small_;
    (shift >= 0 ? upper : lower) *= small_power(std::abs(shift));
    const Integer128 quotient = divide_half_even(upper, lower);
    if (quotient >= smallest && quotient <= largest) {
      return Decimal(static_cast<std::int64_t>(quotient), scale);
    }
  }
  Integer upper = big_at(scale_).value;
  Integer lower = divisor.big_at(divisor.scale_).value;
  (shift >= 0 ? upper : lower) *= big_power(std::abs(shift));
  Integer quotient = divide_half_even(upper, lower);
  if (zeros > 0) quotient *= big_power(zeros);
  return from_big({std::move(quotient)}, scale);
}

Decimal Decimal::operator-() const {
  if (!is_large_ && small_ != smallest) return Decimal(-small_, scale_);
  return from_big({Integer(-big_at(scale_).value)}, scale_);
}

Decimal operator+(const Decimal& left, const Decimal& right) {
  const std::int32_t scale = std::max(left.scale_, right.scale_);
  std::int64_t augend = 0;
  std::int64_t addend = 0;
  std::int64_t sum = 0;
  if (left.small_at(scale, augend) && right.small_at(scale, addend) &&
      !__builtin_add_overflow(augend, addend, &sum)) {
    return Decimal(sum, scale);
  }
  return Decimal::from_big({Integer(left.big_at(scale).value + right.big_at(scale).value)}, scale);
}

Decimal operator-(const Decimal& left, const Decimal& right) {
  const std::int32_t scale = std::max(left.scale_, right.scale_);
  std::int64_t minuend = 0;
  std::int64_t subtrahend = 0;
  std::int64_t difference = 0;
  if (left.small_at(scale, minuend) && right.small_at(scale, subtrahend) &&
      !__builtin_sub_overflow(minuend, subtrahend, &difference)) {
    return Decimal(difference, scale);
  }
  return Decimal::from_big({Integer(left.big_at(scale).value - right.big_at(scale).value)}, scale);
}

Decimal operator*(const Decimal& left, const Decimal& right) {
  const std::int32_t scale = left.scale_ + right.scale_;
  check_scale(scale, 0);
  std::int64_t product = 0;
  if (!left.is_large_ && !right.is_large_ && !__builtin_mul_overflow(left.small_, right.small_, &product)) {
    return Decimal(product, scale);
  }
  return Decimal::from_big({Integer(left.big_at(left.scale_).value * right.big_at(right.scale_).value)},
                           scale);
}

std::weak_ordering Decimal::compare(const Decimal& left, const Decimal& right) {
  const std::int32_t scale = std::max(left.scale_, right.scale_);
  if (!left.is_large_ && !right.is_large_) {
    const std::int32_t left_zeros = scale - left.scale_;
    const std::int32_t right_zeros = scale - right.scale_;
    // One of the two gets no zeros. The other, if it is not zero, is beyond 64 bits with more than 18 of
    // them.
    if (left_zeros > largest_small_power && left.small_ != 0) return left.small_ <=> 0;
    if (right_zeros > largest_small_power && right.small_ != 0) return 0 <=> right.small_;
    const auto widened = [](std::int64_t value, std::int32_t zeros) {
      return value == 0 ? Integer128{0} : Integer128{value} * small_power(zeros);
    };
    return widened(left.small_, left_zeros) <=> widened(right.small_, right_zeros);
  }
  if (left.is_negative() != right.is_negative()) return right.is_negative() <=> left.is_negative();
  const int order = left.big_at(scale).value.compare(right.big_at(scale).value);
  return order <=> 0;
}

// The number modulo a prime, with one tenth as the inverse of ten: zeros at the end change nothing, so
// nothing has to be cut off first. Python hashes its numbers this way
// (docs.python.org/3/library/stdtypes.html#numeric-hash).
// NOLINTNEXTLINE(bugprone-exception-escape): Boost's modulus allocates nothing and throws for a zero divisor
// only.
std::size_t Decimal::hash() const noexcept {
  const std::uint64_t coefficient = is_large_
                                        ? boost::multiprecision::integer_modulus(large_->value, hash_prime)
                                        : magnitude_of(small_) % hash_prime;
  const std::uint64_t residue = multiply_modulo_prime(
      coefficient, power_modulo_prime(tenth_modulo_prime, static_cast<std::uint64_t>(scale_)));
  return static_cast<std::size_t>(spread(is_negative() ? ~residue : residue));
}

}  // namespace kin
