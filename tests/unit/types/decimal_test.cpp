// SPDX-License-Identifier: MIT
#include <kin/error.hpp>
#include <kin/types/decimal.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <ostream>
#include <random>
#include <string>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

namespace kin {
inline void PrintTo(const Decimal& value, std::ostream* stream) { *stream << value.to_string(); }
}  // namespace kin

namespace {

using kin::Decimal;
using kin::ValidationError;

__extension__ typedef __int128 Integer128;

constexpr std::int64_t smallest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();

static_assert(sizeof(Decimal) <= 24);
static_assert(std::is_nothrow_default_constructible_v<Decimal>);
static_assert(std::is_nothrow_move_constructible_v<Decimal> && std::is_nothrow_move_assignable_v<Decimal>);
static_assert(std::is_convertible_v<int, Decimal> && std::is_convertible_v<unsigned long long, Decimal>);
static_assert(std::is_convertible_v<signed char, Decimal> && std::is_convertible_v<short, Decimal>);
static_assert(!std::is_convertible_v<const char*, Decimal> && std::is_constructible_v<Decimal, const char*>);
static_assert(!std::is_constructible_v<Decimal, double> && !std::is_constructible_v<Decimal, float>);
static_assert(!std::is_constructible_v<Decimal, bool> && !std::is_constructible_v<Decimal, char>);
static_assert(!std::is_constructible_v<Decimal, std::nullptr_t>);

// As kin counts the members of a user's struct: a Decimal must not make that ambiguous.
struct Anything {
  template <class T>
  operator T() const;
};
struct Product {
  std::string name;
  Decimal price;
  Decimal weight;
};
template <class T, class... Arguments>
concept BraceConstructible = requires { T{Arguments{}...}; };
static_assert(BraceConstructible<Product, Anything, Anything, Anything>);
static_assert(!BraceConstructible<Product, Anything, Anything, Anything, Anything>);

std::string plain(std::string_view text) { return Decimal(text).to_string(); }

std::string text_of(Integer128 value) {
  const bool negative = value < 0;
  std::string reversed;
  do {
    const int digit = static_cast<int>(value % 10);
    reversed += static_cast<char>('0' + (digit < 0 ? -digit : digit));
    value /= 10;
  } while (value != 0);
  if (negative) reversed += '-';
  return {reversed.rbegin(), reversed.rend()};
}

// Integers of all lengths, both signs and many at the limits.
class RandomIntegers {
 public:
  std::int64_t next() {
    const std::uint64_t bits = engine_();
    switch (bits % 16) {
      case 0:
        return smallest + static_cast<std::int64_t>(engine_() % 3);
      case 1:
        return largest - static_cast<std::int64_t>(engine_() % 3);
      case 2:
        return 0;
      default:
        return static_cast<std::int64_t>(engine_()) >> (engine_() % 64);
    }
  }
  int below(int limit) { return static_cast<int>(engine_() % static_cast<std::uint64_t>(limit)); }

 private:
  std::mt19937_64 engine_{20240229};
};

Decimal scaled(std::int64_t coefficient, int scale) {
  return Decimal(std::to_string(coefficient) + "e-" + std::to_string(scale));
}

std::string random_digits(RandomIntegers& random, int most) {
  std::string digits;
  for (int left = 1 + random.below(most); left > 0; --left) {
    digits += static_cast<char>('0' + random.below(10));
  }
  return digits;
}

TEST(DecimalText, DefaultIsZeroWithoutScale) {
  const Decimal zero;
  EXPECT_EQ(zero.to_string(), "0");
  EXPECT_EQ(zero.scale(), 0);
  EXPECT_TRUE(zero.is_zero());
  EXPECT_FALSE(zero.is_negative());
}

TEST(DecimalText, KeepsTheScale) {
  EXPECT_EQ(plain("0.10"), "0.10");
  EXPECT_EQ(Decimal("0.10").scale(), 2);
  EXPECT_EQ(plain("100"), "100");
  EXPECT_EQ(plain("1.000"), "1.000");
  EXPECT_EQ(plain("0.000"), "0.000");
  EXPECT_EQ(plain("12345678901234567890.500"), "12345678901234567890.500");
}

TEST(DecimalText, IsBroughtIntoPlainForm) {
  EXPECT_EQ(plain("+7"), "7");
  EXPECT_EQ(plain(".5"), "0.5");
  EXPECT_EQ(plain("-.5"), "-0.5");
  EXPECT_EQ(plain("5."), "5");
  EXPECT_EQ(plain("007.50"), "7.50");
  EXPECT_EQ(plain("-0"), "0");
  EXPECT_EQ(plain("-0.00"), "0.00");
  EXPECT_EQ(plain("0000000000000000000000000000000001.5"), "1.5");
  EXPECT_EQ(plain("0.0000000000000000000000000000000001"), "0.0000000000000000000000000000000001");
}

TEST(DecimalText, ExponentMovesThePoint) {
  EXPECT_EQ(plain("1e3"), "1000");
  EXPECT_EQ(plain("1.5E+3"), "1500");
  EXPECT_EQ(plain("1.5e1"), "15");
  EXPECT_EQ(plain("1.50e1"), "15.0");
  EXPECT_EQ(plain("15e-1"), "1.5");
  EXPECT_EQ(plain("-15e-4"), "-0.0015");
  EXPECT_EQ(plain("0e5"), "0");
  EXPECT_EQ(plain("0e-5"), "0.00000");
  EXPECT_EQ(plain("1e0"), "1");
  EXPECT_EQ(plain("1e-0"), "1");
  EXPECT_EQ(plain("1e18"), "1" + std::string(18, '0'));
  EXPECT_EQ(plain("9e18"), "9" + std::string(18, '0'));
  EXPECT_EQ(plain("10e18"), "1" + std::string(19, '0'));
  EXPECT_EQ(plain("-1e40"), "-1" + std::string(40, '0'));
  EXPECT_EQ(plain("1e00000000003"), "1000");
}

TEST(DecimalText, CrossesTheLimitsOf64BitsWithoutLoss) {
  for (const char* text : {"9223372036854775806",
                           "9223372036854775807",
                           "9223372036854775808",
                           "-9223372036854775807",
                           "-9223372036854775808",
                           "-9223372036854775809",
                           "18446744073709551609",
                           "18446744073709551610",
                           "18446744073709551615",
                           "18446744073709551616",
                           "18446744073709551620",
                           "-18446744073709551616",
                           "99999999999999999999",
                           "0.9223372036854775807",
                           "0.9223372036854775808",
                           "-0.9223372036854775808",
                           "-922337203685477580.9",
                           "340282366920938463463374607431768211456",
                           "-170141183460469231731687303715884105728",
                           "9999999999999999999",
                           "10000000000000000000"}) {
    EXPECT_EQ(plain(text), text);
  }
}

TEST(DecimalText, HugeNumberComesBackDigitByDigit) {
  RandomIntegers random;
  for (int i = 0; i < 200; ++i) {
    const std::string text = "-7" + random_digits(random, 300) + "." + random_digits(random, 300);
    ASSERT_EQ(plain(text), text);
  }
  const std::string long_text = "3" + std::string(20'000, '1') + "." + std::string(10'000, '4');
  EXPECT_EQ(plain(long_text), long_text);
}

TEST(DecimalText, AcceptsScalesUpToTheLimitOnly) {
  const std::string limit = std::to_string(Decimal::max_scale);
  const std::string beyond = std::to_string(Decimal::max_scale + 1);
  EXPECT_EQ(Decimal("1e-" + limit).scale(), Decimal::max_scale);
  EXPECT_EQ(plain("1e" + limit).size(), static_cast<std::size_t>(Decimal::max_scale) + 1);
  EXPECT_THROW(Decimal("1e-" + beyond), ValidationError);
  EXPECT_THROW(Decimal("1e" + beyond), ValidationError);
  EXPECT_THROW(Decimal("0.1e-" + limit), ValidationError);
  EXPECT_THROW(Decimal("1e99999999999999999999"), ValidationError);
  EXPECT_THROW(Decimal("1e-99999999999999999999"), ValidationError);
  EXPECT_THROW(Decimal("0e999999999"), ValidationError);
}

class MalformedDecimal : public testing::TestWithParam<std::string> {};

TEST_P(MalformedDecimal, IsRefusedAndLeavesTheResultAlone) {
  EXPECT_THROW(Decimal{GetParam()}, ValidationError);
  Decimal result("4.20");
  EXPECT_FALSE(Decimal::parse(GetParam(), result));
  EXPECT_EQ(result.to_string(), "4.20");
}

INSTANTIATE_TEST_SUITE_P(Texts, MalformedDecimal,
                         testing::Values("", " ", ".", "+", "-", "+.", "-.", "e", "e5", ".e5", "1e", "1e+",
                                         "1e-", "1e1.5", "1e1e1", "1.2.3", "1..2", "--1", "+-1", "1-", "1 ",
                                         " 1", "1 2", "1,5", "1_000", "0x10", "abc", "1a", "nan", "NaN",
                                         "inf", "-Infinity", "1f", "$1", "\u0661", "1e5x",
                                         std::string("1\0", 2), std::string("\0", 1), "/", ":", "1/",
                                         "1:", "1e/"));

TEST(DecimalText, ErrorShowsTheText) {
  try {
    Decimal("12,50");
    FAIL() << "no error";
  } catch (const ValidationError& error) {
    EXPECT_STREQ(error.what(), "not a decimal number: \"12,50\"");
  }
  try {
    Decimal(std::string(1000, 'x'));
    FAIL() << "no error";
  } catch (const ValidationError& error) {
    EXPECT_LT(std::string(error.what()).size(), 120u);
  }
}

TEST(DecimalText, WriteToGivesTheTextOrNothing) {
  for (const char* text : {"0", "-1", "0.10", "-0.10", "9223372036854775807", "-9223372036854775808",
                           "-0.00000000000000000000000000000012", "123456789012345678901234567890.5"}) {
    const Decimal value(text);
    const std::string expected = text;
    std::vector<char> buffer(expected.size() + 1, '#');
    ASSERT_EQ(value.write_to(buffer.data(), expected.size()), expected.size()) << text;
    EXPECT_EQ(std::string(buffer.data(), expected.size()), expected);
    EXPECT_EQ(buffer.back(), '#');
    std::vector<char> small(expected.size() - 1);
    EXPECT_EQ(value.write_to(small.data(), small.size()), 0u) << text;
  }
}

TEST(DecimalIntegers, ConvertByThemselves) {
  const Decimal from_int = -42;
  EXPECT_EQ(from_int.to_string(), "-42");
  EXPECT_EQ(Decimal(smallest).to_string(), "-9223372036854775808");
  EXPECT_EQ(Decimal(largest).to_string(), "9223372036854775807");
  EXPECT_EQ(Decimal(std::numeric_limits<std::uint64_t>::max()).to_string(), "18446744073709551615");
  EXPECT_EQ(Decimal(static_cast<std::uint64_t>(largest) + 1).to_string(), "9223372036854775808");
  EXPECT_EQ(Decimal(std::uint64_t{5}).to_string(), "5");
  EXPECT_EQ(Decimal(std::uint8_t{200}).to_string(), "200");
  EXPECT_EQ(Decimal(std::int8_t{-100}).to_string(), "-100");
  EXPECT_EQ(Decimal(4'000'000'000u).to_string(), "4000000000");
  EXPECT_TRUE(Decimal("5.00") == 5);
  EXPECT_TRUE(Decimal("5.01") > 5);
  EXPECT_EQ((Decimal("2.5") * 2).to_string(), "5.0");
}

TEST(DecimalValue, CopiesAreIndependent) {
  for (const char* text : {"1.5", "123456789012345678901234567890.5"}) {
    for (const char* other : {"-7", "-99999999999999999999999.25"}) {
      const Decimal original(text);
      Decimal copy(original);
      copy += 1;
      EXPECT_EQ(original.to_string(), text);
      Decimal assigned(other);
      assigned = original;
      EXPECT_EQ(assigned.to_string(), text);
      assigned += 1;
      EXPECT_EQ(original.to_string(), text);
      EXPECT_EQ(assigned, copy);
    }
  }
}

TEST(DecimalValue, MovedFromIsZero) {
  for (const char* text : {"1.5", "123456789012345678901234567890.5"}) {
    for (const char* other : {"-7", "-99999999999999999999999.25"}) {
      Decimal source(text);
      Decimal target(std::move(source));
      EXPECT_EQ(target.to_string(), text);
      EXPECT_EQ(source.to_string(), "0");  // NOLINT(bugprone-use-after-move): documented
      Decimal assigned(other);
      assigned = std::move(target);
      EXPECT_EQ(assigned.to_string(), text);
      EXPECT_EQ(target.to_string(), "0");  // NOLINT(bugprone-use-after-move): documented
    }
  }
}

TEST(DecimalValue, SelfAssignmentKeepsTheValue) {
  for (const char* text : {"1.5", "123456789012345678901234567890.5"}) {
    Decimal value(text);
    Decimal& same = value;
    value = same;
    EXPECT_EQ(value.to_string(), text);
    value = std::move(same);
    EXPECT_EQ(value.to_string(), text);
    value -= same;
    EXPECT_TRUE(value.is_zero());
  }
}

TEST(DecimalValue, VectorOfMixedSizesGrowsAndSorts) {
  std::vector<Decimal> values;
  for (int i = 0; i < 100; ++i) values.push_back(i % 2 == 0 ? Decimal(i) : Decimal("1e30") * (50 - i));
  std::sort(values.begin(), values.end());
  EXPECT_EQ(values.front(), Decimal("-49e30"));
  EXPECT_EQ(values.back(), Decimal("49e30"));
  EXPECT_TRUE(std::is_sorted(values.begin(), values.end()));
}

TEST(DecimalDouble, TakesTheShortestTextUpTo15Digits) {
  EXPECT_EQ(Decimal::from_double(0.1).to_string(), "0.1");
  EXPECT_EQ(Decimal::from_double(0.1 + 0.2).to_string(), "0.3");
  EXPECT_EQ(Decimal::from_double(1.0 / 3).to_string(), "0.333333333333333");
  EXPECT_EQ(Decimal::from_double(2.0 / 3).to_string(), "0.666666666666667");
  EXPECT_EQ(Decimal::from_double(2.0).to_string(), "2");
  EXPECT_EQ(Decimal::from_double(-0.0).to_string(), "0");
  EXPECT_EQ(Decimal::from_double(-1234.5).to_string(), "-1234.5");
  EXPECT_EQ(Decimal::from_double(1e22).to_string(), "1" + std::string(22, '0'));
  EXPECT_EQ(Decimal::from_double(1e-7).to_string(), "0.0000001");
  EXPECT_EQ(Decimal::from_double(9007199254740993.0).to_string(), "9007199254740990");
  EXPECT_EQ(Decimal::from_double(99999999999999.9).to_string(), "99999999999999.9");
  EXPECT_EQ(Decimal::from_double(0.9999999999999999).to_string(), "1");
  EXPECT_EQ(Decimal::from_double(std::numeric_limits<double>::denorm_min()), Decimal("5e-324"));
  EXPECT_EQ(Decimal::from_double(std::numeric_limits<double>::max()), Decimal("1.79769313486232e308"));
}

TEST(DecimalDouble, RefusesWhatIsNoNumber) {
  EXPECT_THROW((void)Decimal::from_double(std::numeric_limits<double>::quiet_NaN()), ValidationError);
  EXPECT_THROW((void)Decimal::from_double(std::numeric_limits<double>::infinity()), ValidationError);
  EXPECT_THROW((void)Decimal::from_double(-std::numeric_limits<double>::infinity()), ValidationError);
}

TEST(DecimalDouble, NumbersOf15DigitsSurviveARealColumn) {
  RandomIntegers random;
  for (int i = 0; i < 20'000; ++i) {
    const Decimal value = scaled(random.next() % 1'000'000'000'000'000, random.below(25));
    ASSERT_EQ(Decimal::from_double(value.to_double()), value);
  }
}

TEST(DecimalDouble, ToDoubleIsTheNearest) {
  EXPECT_EQ(Decimal("0.1").to_double(), 0.1);
  EXPECT_EQ(Decimal("-123.456").to_double(), -123.456);
  EXPECT_EQ(Decimal("9007199254740993").to_double(), 9007199254740992.0);
  EXPECT_EQ(Decimal("9007199254740993.0000000000000000000001").to_double(), 9007199254740994.0);
  EXPECT_EQ(Decimal("123456789012345678901234567890").to_double(), 123456789012345678901234567890.0);
  EXPECT_EQ(Decimal("5e-324").to_double(), std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(Decimal("1e400").to_double(), std::numeric_limits<double>::infinity());
  EXPECT_EQ(Decimal("-1e400").to_double(), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(Decimal("1e-400").to_double(), 0.0);
  EXPECT_EQ(Decimal("-1e-400").to_double(), 0.0);
  std::mt19937_64 engine(7);
  std::uniform_int_distribution<std::int64_t> coefficients(smallest, largest);
  for (int i = 0; i < 5'000; ++i) {
    const std::string text = std::to_string(coefficients(engine)) + "e-" + std::to_string(engine() % 40);
    ASSERT_EQ(Decimal(text).to_double(), std::strtod(text.c_str(), nullptr)) << text;
  }
}

struct Calculation {
  const char* left;
  const char* right;
  const char* sum;
  const char* difference;
  const char* product;
  int digits;
  const char* quotient;
};

// Computed with Python's decimal and fractions modules.
const Calculation calculations[] = {
    {"-5652901934796805455", "-1299355023430643095", "-6952256958227448550", "-4353546911366162360",
     "7345126525939030837240434962254083225", 3, "4.351"},
    {"380420826640366.53342", "0.5684838431499031503", "380420826640367.1019038431499031503",
     "380420826640365.9649361568500968497", "216263093542778.626200310641566348233026", 0, "669184940301027"},
    {"-530168325848287.1485711952", "-98.7", "-530168325848385.8485711952", "-530168325848188.4485711952",
     "52327613761225941.56397696624", 7, "5371512926527.7320017"},
    {"-7.884549317137976478780360290141718268028", "-3823399602495044371218825553921341551868",
     "-3823399602495044371218825553921341551875.884549317137976478780360290141718268028",
     "3823399602495044371218825553921341551860.115450682862023521219639709858281731972",
     "30145782724997912807100580936637921440462.756988977411940398762770196962688076304", 45,
     "0.000000000000000000000000000000000000002062183"},
    {"5096595057.46", "-51.2089370912675939383983086206", "5096595006.2510629087324060616016913794",
     "5096595108.6689370912675939383983086206", "-260991215677.134488192707075424573670339676", 4,
     "-99525499.7849"},
    {"580967542724226747011842293598703484528822556810687728057694", "0.0000057108609608224382115",
     "580967542724226747011842293598703484528822556810687728057694.0000057108609608224382115",
     "580967542724226747011842293598703484528822556810687728057693.9999942891390391775617885",
     "3317824859248728482475389695722576181678992326992241400.7400204513750082221742810", 2,
     "101730290180372360019866573221549823125068225618570352265147516092.94"},
    {"10157855146718148383376424946237393.24275280381860687491094441022133215",
     "-474945649226016483801054440206840834009310724087679987505827594268068.30",
     "-474945649226016483801054440206840823851455577369531604129402648030675."
     "05724719618139312508905558977866785",
     "474945649226016483801054440206840844167165870805828370882252540505461."
     "54275280381860687491094441022133215",
     "-482442910740188390724269681552986749458494321567014385860100269963397570874632718169732384212075372556"
     "5.0940148550986503770183518822331858450",
     40, "-0.0000000000000000000000000000000000213874"},
    {"-2539915722915102542448102591.0852066562", "247986184168306668.69385235631478839362",
     "-2539915722667116358279795922.39135429988521160638",
     "-2539915723163088726616409259.77905901251478839362",
     "-629864008234802389557381644587124604955987720.725434853615923943050929613444", -5, "-10242200000"},
    {"5439189967551434.22", "-620674897.219711770", "5439189346876537.000288230",
     "5439190588226331.439711770", "-3375968674068473831837743.51851476940", 20,
     "-8763347.75567058832327173609"},
    {"-0.0000000000000000000000000000000000063199", "-86609812540530218680797684286381.4",
     "-86609812540530218680797684286381.4000000000000000000000000000000000063199",
     "86609812540530218680797684286381.3999999999999999999999999999999999936801",
     "0.00054736535427489692904077328492150180986", 60,
     "0.000000000000000000000000000000000000000000000000000000000000"},
};

TEST(DecimalArithmetic, AgreesWithPythonOnLargeNumbers) {
  for (const Calculation& c : calculations) {
    const Decimal left(c.left);
    const Decimal right(c.right);
    EXPECT_EQ((left + right).to_string(), c.sum);
    EXPECT_EQ((left - right).to_string(), c.difference);
    EXPECT_EQ((left * right).to_string(), c.product);
    EXPECT_EQ(left.divided_by(right, c.digits).to_string(), c.quotient);
    EXPECT_EQ((right + left).to_string(), c.sum);
    EXPECT_EQ((right * left).to_string(), c.product);
    EXPECT_EQ((-(right - left)).to_string(), c.difference);
  }
}

TEST(DecimalArithmetic, ScaleOfTheResultFollowsTheOperands) {
  EXPECT_EQ((Decimal("1.50") + Decimal("0.5")).to_string(), "2.00");
  EXPECT_EQ((Decimal("1.50") - Decimal("1.5")).to_string(), "0.00");
  EXPECT_EQ((Decimal("1.50") * Decimal("0.5")).to_string(), "0.750");
  EXPECT_EQ((Decimal("0.000") + 7).to_string(), "7.000");
  EXPECT_EQ((Decimal("0") * Decimal("1e-30")).to_string(), "0." + std::string(30, '0'));
}

TEST(DecimalArithmetic, AgreesWith128BitIntegersAroundTheLimitsOf64Bits) {
  RandomIntegers random;
  for (int i = 0; i < 20'000; ++i) {
    const std::int64_t left = random.next();
    const std::int64_t right = random.next();
    ASSERT_EQ((Decimal(left) + Decimal(right)).to_string(), text_of(Integer128{left} + right));
    ASSERT_EQ((Decimal(left) - Decimal(right)).to_string(), text_of(Integer128{left} - right));
    ASSERT_EQ((Decimal(left) * Decimal(right)).to_string(), text_of(Integer128{left} * right));
    ASSERT_EQ((-Decimal(left)).to_string(), text_of(-Integer128{left}));
  }
}

TEST(DecimalArithmetic, OperationsUndoEachOtherForAnySizes) {
  RandomIntegers random;
  for (int i = 0; i < 3'000; ++i) {
    const Decimal left(std::string(random.below(2) == 0 ? "-" : "") + random_digits(random, 40) + "." +
                       random_digits(random, 30));
    const Decimal right(random_digits(random, 30) + "." + random_digits(random, 40));
    ASSERT_EQ(left + right - right, left);
    ASSERT_EQ(left - right + right, left);
    ASSERT_EQ((left + right) * (left - right), left * left - right * right);
    if (!right.is_zero()) {
      ASSERT_EQ((left * right).divided_by(right, left.scale()), left);
    }
    ASSERT_EQ(-(-left), left);
    ASSERT_TRUE((left + -left).is_zero());
  }
}

TEST(DecimalArithmetic, CompoundAssignmentWorksOnItself) {
  Decimal value("99999999999999999999.5");
  value += value;
  EXPECT_EQ(value.to_string(), "199999999999999999999.0");
  value *= value;
  EXPECT_EQ(value.to_string(), "39999999999999999999600000000000000000001.00");
  value -= value;
  EXPECT_EQ(value.to_string(), "0.00");
}

TEST(DecimalArithmetic, ProductBeyondTheLargestScaleIsRefused) {
  const Decimal tiny("1e-100000");
  EXPECT_THROW(tiny * tiny, ValidationError);
  EXPECT_THROW(Decimal("0e-100000") * Decimal("0e-100000"), ValidationError);
}

TEST(DecimalArithmetic, ResultsReturnToSmallForm) {
  const Decimal huge("123456789012345678901234567890");
  Decimal value = huge - huge;
  EXPECT_TRUE(value.is_zero());
  EXPECT_EQ(value, Decimal());
  EXPECT_EQ(huge - (huge - 5), Decimal(5));
  EXPECT_EQ((-Decimal(smallest) - 1).to_string(), "9223372036854775807");
  EXPECT_EQ((-(-Decimal(smallest))).to_string(), "-9223372036854775808");
}

TEST(DecimalRounding, TakesTheEvenNeighbourOfAHalf) {
  const std::pair<const char*, const char*> table[] = {{"0.5", "0"},
                                                       {"1.5", "2"},
                                                       {"2.5", "2"},
                                                       {"3.5", "4"},
                                                       {"-0.5", "0"},
                                                       {"-1.5", "-2"},
                                                       {"-2.5", "-2"},
                                                       {"0.51", "1"},
                                                       {"2.51", "3"},
                                                       {"2.4999", "2"},
                                                       {"-2.51", "-3"},
                                                       {"2.500", "2"},
                                                       {"2.5001", "3"},
                                                       {"9.5", "10"},
                                                       {"99.5", "100"},
                                                       {"0.49999999", "0"},
                                                       {"9223372036854775807.5", "9223372036854775808"},
                                                       {"9223372036854775806.5", "9223372036854775806"}};
  for (const auto& [text, expected] : table)
    EXPECT_EQ(Decimal(text).rounded(0).to_string(), expected) << text;
}

TEST(DecimalRounding, GivesExactlyTheDigitsAskedFor) {
  EXPECT_EQ(Decimal("2.345").rounded(2).to_string(), "2.34");
  EXPECT_EQ(Decimal("2.355").rounded(2).to_string(), "2.36");
  EXPECT_EQ(Decimal("1").rounded(2).to_string(), "1.00");
  EXPECT_EQ(Decimal("1.50").rounded(2).to_string(), "1.50");
  EXPECT_EQ(Decimal().rounded(3).to_string(), "0.000");
  EXPECT_EQ(Decimal("0.000").rounded(0).to_string(), "0");
  EXPECT_EQ(Decimal(largest).rounded(5).to_string(), "9223372036854775807.00000");
  EXPECT_EQ(Decimal("0.9223372036854775807").rounded(0).to_string(), "1");
  EXPECT_EQ(Decimal("0.09223372036854775807").rounded(0).to_string(), "0");
  EXPECT_EQ(Decimal("12345678901234567890.125").rounded(2).to_string(), "12345678901234567890.12");
}

TEST(DecimalRounding, NegativeDigitsRoundToTensAndHundreds) {
  EXPECT_EQ(Decimal("1250").rounded(-2).to_string(), "1200");
  EXPECT_EQ(Decimal("1350.99").rounded(-2).to_string(), "1400");
  EXPECT_EQ(Decimal("-15").rounded(-1).to_string(), "-20");
  EXPECT_EQ(Decimal("49").rounded(-2).to_string(), "0");
  EXPECT_EQ(Decimal("5e30").rounded(-31).to_string(), "0");
  EXPECT_EQ(Decimal("6e30").rounded(-31).to_string(), "1" + std::string(31, '0'));
}

TEST(DecimalRounding, DigitsOutOfRangeAreRefused) {
  EXPECT_THROW((void)Decimal(1).rounded(Decimal::max_scale + 1), ValidationError);
  EXPECT_THROW((void)Decimal(1).rounded(-Decimal::max_scale - 1), ValidationError);
  EXPECT_THROW((void)Decimal(1).rounded(std::numeric_limits<std::int32_t>::min()), ValidationError);
  EXPECT_THROW((void)Decimal(1).divided_by(3, std::numeric_limits<std::int32_t>::max()), ValidationError);
}

TEST(DecimalRounding, IsTheNearestMultipleForRandomNumbers) {
  RandomIntegers random;
  for (int i = 0; i < 20'000; ++i) {
    const Decimal value = scaled(random.next(), random.below(24));
    const int digits = random.below(26) - 2;
    const Decimal result = value.rounded(digits);
    const Decimal unit("1e" + std::to_string(-digits));
    const Decimal twice_the_error = (value - result) * 2;
    ASSERT_LE(twice_the_error, unit) << value.to_string();
    ASSERT_GE(twice_the_error, -unit) << value.to_string();
    ASSERT_EQ(result.scale(), std::max(digits, 0));
    ASSERT_EQ(result.divided_by(unit, 0) * unit, result) << "not a multiple of the unit";
  }
}

TEST(DecimalDivision, RoundsOnceHalfToEven) {
  EXPECT_EQ(Decimal(1).divided_by(3, 4).to_string(), "0.3333");
  EXPECT_EQ(Decimal(2).divided_by(3, 4).to_string(), "0.6667");
  EXPECT_EQ(Decimal(-2).divided_by(3, 4).to_string(), "-0.6667");
  EXPECT_EQ(Decimal(2).divided_by(-3, 4).to_string(), "-0.6667");
  EXPECT_EQ(Decimal(-2).divided_by(-3, 4).to_string(), "0.6667");
  EXPECT_EQ(Decimal(1).divided_by(8, 2).to_string(), "0.12");
  EXPECT_EQ(Decimal(3).divided_by(8, 2).to_string(), "0.38");
  EXPECT_EQ(Decimal(-1).divided_by(8, 2).to_string(), "-0.12");
  EXPECT_EQ(Decimal(1).divided_by(-2, 0).to_string(), "0");
  EXPECT_EQ(Decimal(3).divided_by(-2, 0).to_string(), "-2");
  EXPECT_EQ(Decimal("0.00").divided_by(7, 3).to_string(), "0.000");
  EXPECT_EQ(Decimal(10).divided_by(Decimal("0.1"), 0).to_string(), "100");
  EXPECT_EQ(Decimal("1.000").divided_by(Decimal("4"), 1).to_string(), "0.2");
  EXPECT_EQ(Decimal(smallest).divided_by(-1, 0).to_string(), "9223372036854775808");
  EXPECT_EQ(Decimal(1234).divided_by(2, -2).to_string(), "600");
  EXPECT_EQ(Decimal(1).divided_by(7, 40).to_string(), "0.1428571428571428571428571428571428571429");
}

TEST(DecimalDivision, ByZeroIsRefused) {
  EXPECT_THROW((void)Decimal(1).divided_by(0, 2), ValidationError);
  EXPECT_THROW((void)Decimal(0).divided_by(Decimal("0.00"), 2), ValidationError);
}

TEST(DecimalDivision, IsTheNearestMultipleForRandomNumbers) {
  RandomIntegers random;
  for (int i = 0; i < 20'000; ++i) {
    const Decimal dividend = scaled(random.next(), random.below(24));
    const Decimal divisor = scaled(random.next(), random.below(24));
    if (divisor.is_zero()) continue;
    const int digits = random.below(30);
    const Decimal quotient = dividend.divided_by(divisor, digits);
    const Decimal unit("1e-" + std::to_string(digits));
    const Decimal width = divisor.is_negative() ? -divisor * unit : divisor * unit;
    const Decimal twice_the_error = (dividend - quotient * divisor) * 2;
    ASSERT_LE(twice_the_error, width);
    ASSERT_GE(twice_the_error, -width);
    ASSERT_EQ(quotient.scale(), digits);
  }
}

TEST(DecimalOrder, IsNumericWhateverTheScale) {
  EXPECT_EQ(Decimal("0.10"), Decimal("0.1"));
  EXPECT_EQ(Decimal("-5"), Decimal("-5.000000000000000000000000"));
  EXPECT_EQ(Decimal("0"), Decimal("0e-100"));
  EXPECT_EQ(Decimal("9223372036854775807"), Decimal("9223372036854775807.0"));
  EXPECT_EQ(Decimal("1e30"), Decimal("1e30") + Decimal("0.000"));
  EXPECT_NE(Decimal("1"), Decimal("1.0000000000000000000000001"));
  EXPECT_EQ(Decimal("0.1") <=> Decimal("0.10"), std::weak_ordering::equivalent);
}

TEST(DecimalOrder, IsAscendingInThisList) {
  const char* ascending[] = {"-1e50",
                             "-1e30",
                             "-9223372036854775809",
                             "-9223372036854775808",
                             "-9223372036854775807.9",
                             "-9223372036854775807",
                             "-1.00000000000000000001",
                             "-1",
                             "-0.5",
                             "-1e-19",
                             "-1e-40",
                             "0",
                             "1e-40",
                             "1e-19",
                             "0.1",
                             "0.11",
                             "0.5",
                             "1",
                             "1.00000000000000000001",
                             "1.5",
                             "2",
                             "10",
                             "11.5",
                             "9223372036854775806.99",
                             "9223372036854775807",
                             "9223372036854775807.1",
                             "9223372036854775808",
                             "18446744073709551616",
                             "1e30",
                             "1.0000000000000000000001e30",
                             "1e50"};
  for (std::size_t i = 0; i < std::size(ascending); ++i) {
    for (std::size_t j = 0; j < std::size(ascending); ++j) {
      const auto order = Decimal(ascending[i]) <=> Decimal(ascending[j]);
      EXPECT_EQ(order, std::weak_ordering(i <=> j)) << ascending[i] << " against " << ascending[j];
      EXPECT_EQ(Decimal(ascending[i]) == Decimal(ascending[j]), i == j);
    }
  }
}

TEST(DecimalOrder, AgreesWith128BitIntegersForRandomScales) {
  RandomIntegers random;
  const auto power = [](int exponent) {
    Integer128 result = 1;
    for (; exponent > 0; --exponent) result *= 10;
    return result;
  };
  for (int i = 0; i < 20'000; ++i) {
    const std::int64_t left = random.next();
    const std::int64_t right = random.next();
    const int left_scale = random.below(19);
    const int right_scale = random.below(19);
    const auto expected = left * power(18 - left_scale) <=> right * power(18 - right_scale);
    ASSERT_EQ(scaled(left, left_scale) <=> scaled(right, right_scale), std::weak_ordering(expected))
        << left << " at " << left_scale << ", " << right << " at " << right_scale;
  }
}

TEST(DecimalOrder, ServesAsKeyOfAMap) {
  std::map<Decimal, std::string> names{
      {Decimal("2.0"), "two"}, {Decimal("1e25"), "large"}, {Decimal("-1"), "minus"}};
  EXPECT_EQ(names[Decimal("2")], "two");
  EXPECT_EQ(names[Decimal("1e25")], "large");
  EXPECT_EQ(names.begin()->second, "minus");
  EXPECT_EQ(names.size(), 3u);
}

TEST(DecimalHash, IsTheSameForEqualNumbers) {
  const std::hash<Decimal> hash;
  EXPECT_EQ(hash(Decimal("0.10")), hash(Decimal("0.1")));
  EXPECT_EQ(hash(Decimal("0")), hash(Decimal("0.000")));
  RandomIntegers random;
  for (int i = 0; i < 5'000; ++i) {
    const Decimal value = scaled(random.next(), random.below(30));
    const Decimal longer = value + Decimal("0e-" + std::to_string(random.below(60)));
    ASSERT_EQ(value, longer);
    ASSERT_EQ(hash(value), hash(longer)) << value.to_string() << ", " << longer.to_string();
  }
}

TEST(DecimalHash, TellsNumbersApart) {
  std::unordered_set<std::size_t> hashes;
  std::size_t count = 0;
  for (int scale = 0; scale < 4; ++scale) {
    for (int i = -10'001; i <= 10'001; ++i) {
      if (scale > 0 && i % 10 == 0) continue;
      hashes.insert(std::hash<Decimal>{}(scaled(i, scale)));
      ++count;
    }
  }
  EXPECT_EQ(hashes.size(), count);
  EXPECT_NE(std::hash<Decimal>{}(Decimal("1e30")), std::hash<Decimal>{}(Decimal("-1e30")));
}

TEST(DecimalHash, ServesInAnUnorderedSet) {
  std::unordered_set<Decimal> set{Decimal("1.0"), Decimal("1.00"), Decimal("1e30"), Decimal("1e30") * 1,
                                  Decimal(2)};
  EXPECT_EQ(set.size(), 3u);
  EXPECT_TRUE(set.contains(Decimal("1")));
}

}  // namespace
