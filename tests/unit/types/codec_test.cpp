// SPDX-License-Identifier: MIT
#include <kin/detail/codec_of.hpp>
#include <kin/types/blob.hpp>
#include <kin/types/custom.hpp>
#include <kin/types/decimal.hpp>
#include <kin/types/uuid.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "unit/types/codec_testing.hpp"

namespace codec_shop {

enum class Color : std::uint8_t { red, green, blue = 7 };
enum class Temperature : std::int16_t { cold = -5, warm = 20 };
enum class Big : std::int64_t { one = 1 };
enum Plain : int { plain_a, plain_b };
enum class Status : int { ok = 200, missing = 404 };

/// Stored as cents.
struct Money {
  std::int64_t cents{};
  std::string note{};  // not part of the stored form
};

/// Stored as text that is made anew for each call, longer than the small buffers.
struct Path {
  std::vector<std::string> parts{};
};

/// Stored as null when empty.
struct Nickname {
  std::string text{};
};

struct PlainText {
  using Stored = std::string;
  static std::string to_database(const Money& money) { return std::to_string(money.cents) + " cents"; }
  static Money from_database(const std::string& text) { return {std::stoll(text), {}}; }
};

struct ZeroIsNull {
  using Stored = std::optional<int>;
  static Stored to_database(const std::optional<int>& value) {
    return value.value_or(0) == 0 ? Stored{} : value;
  }
  static std::optional<int> from_database(const Stored& stored) { return stored.value_or(0); }
};

}  // namespace codec_shop

template <>
struct kin::CustomType<codec_shop::Money> {
  using Stored = std::int64_t;
  static std::int64_t to_database(const codec_shop::Money& money) { return money.cents; }
  static codec_shop::Money from_database(std::int64_t cents) {
    if (cents < 0) throw std::domain_error("negative money");
    return {cents, {}};
  }
};

template <>
struct kin::CustomType<codec_shop::Path> {
  using Stored = std::string;
  static std::string to_database(const codec_shop::Path& path) {
    std::string text;
    for (const std::string& part : path.parts) text += "/" + part;
    return text;
  }
  static codec_shop::Path from_database(const std::string& text) {
    return text.empty() ? codec_shop::Path{} : codec_shop::Path{{text.substr(1)}};
  }
};

template <>
struct kin::CustomType<codec_shop::Nickname> {
  using Stored = std::optional<std::string>;
  static Stored to_database(const codec_shop::Nickname& name) {
    return name.text.empty() ? Stored{} : Stored{name.text};
  }
  static codec_shop::Nickname from_database(const Stored& stored) { return {stored.value_or("")}; }
};

template <>
struct kin::EnumRange<codec_shop::Status> {
  static constexpr int min = 200;
  static constexpr int max = 299;
};

namespace kin {
namespace {

using detail::codec_of;
using detail::has_codec;
using testing::assigned;
using testing::check_snapshots;
using testing::Packed;
using testing::refusal;
using testing::refusal_of_view;
using testing::view_of;
using namespace std::chrono_literals;
using namespace std::string_literals;

template <class D>
using SysTime = std::chrono::sys_time<D>;
using std::chrono::days;
using std::chrono::hh_mm_ss;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year_month_day;

constexpr const char* null_refused = "null, but the member isn't std::optional";

ValueView text(std::string_view value) { return ValueView::text(value); }
ValueView blob(std::string_view bytes) { return ValueView::blob(bytes.data(), bytes.size()); }

struct Unknown {
  int x;
};

// ---- which types have one ----

static_assert(has_codec<bool> && has_codec<long> && has_codec<long long> && has_codec<unsigned long long>);
static_assert(has_codec<std::int8_t> && has_codec<std::uint8_t> && !has_codec<char> && !has_codec<char8_t>);
static_assert(has_codec<std::optional<int>> && has_codec<std::optional<codec_shop::Color>>);
static_assert(has_codec<codec_shop::Plain> && has_codec<codec_shop::Money> && has_codec<std::optional<codec_shop::Money>>);
static_assert(has_codec<codec_shop::Nickname> && !has_codec<std::optional<codec_shop::Nickname>>);
static_assert(!has_codec<Unknown> && !has_codec<std::optional<Unknown>> && !has_codec<std::vector<Unknown>>);
static_assert(has_codec<std::vector<int>> && !has_codec<std::vector<std::vector<int>>>);
static_assert(!has_codec<int*> && !has_codec<const char*> && !has_codec<std::optional<std::optional<int>>>);
static_assert(has_codec<minutes> && has_codec<std::optional<minutes>> && has_codec<SysTime<minutes>>);
static_assert(!has_codec<std::chrono::steady_clock::time_point>);

// The tables are constants, so they can be used before main() and in other constants.
constinit const detail::Codec* const table = &codec_of<int>();
constinit const detail::Codec* const optional_table = &codec_of<std::optional<codec_shop::Color>>();

struct Shape {
  ValueKind kind;
  int bits;
  int digits;
  bool nullable;
  bool operator==(const Shape&) const = default;
};

template <class T>
Shape shape() {
  const detail::Codec& codec = codec_of<T>();
  const detail::CodecShape known = detail::CodecOf<T>::shape;
  EXPECT_EQ(known.kind, codec.kind);
  EXPECT_EQ(known.size_bits, codec.size_bits);
  EXPECT_EQ(known.fraction_digits, codec.fraction_digits);
  EXPECT_EQ(known.nullable, codec.nullable);
  EXPECT_FALSE(codec.type_name.empty());
  return {codec.kind, codec.size_bits, codec.fraction_digits, codec.nullable};
}

TEST(CodecOf, TellsKindAndWidth) {
  EXPECT_EQ(shape<bool>(), (Shape{ValueKind::boolean, 0, 0, false}));
  EXPECT_EQ(shape<std::int8_t>(), (Shape{ValueKind::integer, 8, 0, false}));
  EXPECT_EQ(shape<short>(), (Shape{ValueKind::integer, 16, 0, false}));
  EXPECT_EQ(shape<long>(), (Shape{ValueKind::integer, 64, 0, false}));
  EXPECT_EQ(shape<unsigned>(), (Shape{ValueKind::unsigned_integer, 32, 0, false}));
  EXPECT_EQ(shape<float>(), (Shape{ValueKind::real, 32, 0, false}));
  EXPECT_EQ(shape<std::optional<double>>(), (Shape{ValueKind::real, 64, 0, true}));
  EXPECT_EQ(shape<Decimal>(), (Shape{ValueKind::decimal, 0, 0, false}));
  EXPECT_EQ(shape<Blob>(), (Shape{ValueKind::blob, 0, 0, false}));
  EXPECT_EQ(shape<std::vector<std::uint8_t>>(), (Shape{ValueKind::blob, 0, 0, false}));
  EXPECT_EQ(shape<std::optional<Uuid>>(), (Shape{ValueKind::uuid, 0, 0, true}));
  EXPECT_EQ(shape<sys_seconds>(), (Shape{ValueKind::timestamp, 0, 0, false}));
  EXPECT_EQ(shape<SysTime<milliseconds>>(), (Shape{ValueKind::timestamp, 0, 3, false}));
  EXPECT_EQ(shape<std::chrono::system_clock::time_point>(), (Shape{ValueKind::timestamp, 0, 6, false}));
  EXPECT_EQ(shape<SysTime<minutes>>(), (Shape{ValueKind::timestamp, 0, 0, false}));
  using Tenths = std::chrono::duration<int, std::deci>;
  EXPECT_EQ(shape<std::optional<SysTime<Tenths>>>(), (Shape{ValueKind::timestamp, 0, 1, true}));
  EXPECT_EQ(shape<sys_days>(), (Shape{ValueKind::date, 0, 0, false}));
  EXPECT_EQ(shape<year_month_day>(), (Shape{ValueKind::date, 0, 0, false}));
  EXPECT_EQ(shape<hh_mm_ss<microseconds>>(), (Shape{ValueKind::time, 0, 6, false}));
  EXPECT_EQ(shape<minutes>(), (Shape{ValueKind::integer, 64, 0, false}));
  EXPECT_EQ(shape<std::chrono::duration<double>>(), (Shape{ValueKind::real, 64, 0, false}));
  EXPECT_EQ(shape<codec_shop::Color>(), (Shape{ValueKind::text, 0, 0, false}));
  EXPECT_EQ(shape<codec_shop::Money>(), (Shape{ValueKind::integer, 64, 0, false}));
  EXPECT_EQ(shape<codec_shop::Nickname>(), (Shape{ValueKind::text, 0, 0, true}));
}

TEST(CodecOf, IsTheSameObjectEverywhere) {
  EXPECT_EQ(table, &codec_of<int>());
  EXPECT_EQ(optional_table, &codec_of<std::optional<codec_shop::Color>>());
  EXPECT_EQ(optional_table->inner, &codec_of<codec_shop::Color>());
  EXPECT_EQ(codec_of<std::optional<int>>().inner, table);
}

TEST(CodecOf, NamesTheTypeAsItIsWritten) {
  EXPECT_EQ(codec_of<int>().type_name, "int");
  EXPECT_EQ(codec_of<std::int64_t>().type_name, "std::int64_t");
  EXPECT_EQ(codec_of<std::optional<std::string>>().type_name, "std::optional<std::string>");
  EXPECT_EQ(codec_of<codec_shop::Color>().type_name, "Color");
  EXPECT_EQ(codec_of<codec_shop::Money>().type_name, "Money");
}

TEST(CodecOf, ReachesIntoOptionals) {
  std::optional<int> number;
  const detail::OptionalAccess& access = *codec_of<std::optional<int>>().optional;
  EXPECT_EQ(access.get(&number), nullptr);
  *static_cast<int*>(access.emplace(&number)) = 7;
  EXPECT_EQ(number, 7);
  EXPECT_EQ(access.emplace(&number), access.get(&number));
  EXPECT_EQ(number, 7);
  access.reset(&number);
  EXPECT_FALSE(number);
}

// ---- numbers ----

TEST(BoolCodec, Converts) {
  EXPECT_EQ(view_of(true), "true");
  EXPECT_TRUE(assigned<bool>(ValueView::boolean(true)));
  EXPECT_TRUE(assigned<bool>(ValueView::integer(1)));
  EXPECT_FALSE(assigned<bool>(ValueView::unsigned_integer(0)));
  EXPECT_TRUE(assigned<bool>(ValueView::real(1.0)));
  EXPECT_TRUE(assigned<bool>(ValueView::decimal("1.00")));
  for (const char* yes : {"true", "t", "1"}) EXPECT_TRUE(assigned<bool>(text(yes)));
  for (const char* no : {"false", "f", "0"}) EXPECT_FALSE(assigned<bool>(text(no)));
  EXPECT_EQ(refusal<bool>(ValueView::null()), null_refused);
  EXPECT_EQ(refusal<bool>(ValueView::integer(2)), "2 is not a truth value: 1 or 0");
  EXPECT_EQ(refusal<bool>(text("yes")), "'yes' is not a truth value: true, false, t, f, 1 or 0");
  EXPECT_EQ(refusal<bool>(blob("\x01")), "a blob of 1 bytes does not convert to bool");
  check_snapshots<bool>({{true}, {false}});
  check_snapshots<std::optional<bool>>({{true}, {false}, {std::nullopt}});
}

template <class T>
class IntegerCodec : public ::testing::Test {};
using Integers = ::testing::Types<std::int8_t, short, int, long, long long, std::uint8_t, unsigned short,
                                  unsigned, unsigned long, unsigned long long>;
TYPED_TEST_SUITE(IntegerCodec, Integers);

TYPED_TEST(IntegerCodec, KeepsItsWholeRange) {
  using T = TypeParam;
  using Limits = std::numeric_limits<T>;
  for (const T value : {Limits::min(), T{0}, T{1}, Limits::max()}) {
    const std::string number = std::to_string(value);
    EXPECT_EQ(view_of(value), (Limits::is_signed ? "integer " : "unsigned ") + number);
    EXPECT_EQ(assigned<T>(text(number)), value);
    EXPECT_EQ(assigned<T>(ValueView::decimal(number + ".00")), value);
    if (Limits::is_signed) {
      EXPECT_EQ(assigned<T>(ValueView::integer(static_cast<std::int64_t>(value))), value);
    } else {
      EXPECT_EQ(assigned<T>(ValueView::unsigned_integer(static_cast<std::uint64_t>(value))), value);
    }
    EXPECT_EQ(assigned<std::optional<T>>(text(number)), value);
  }
  EXPECT_EQ(assigned<T>(ValueView::real(100.0)), T{100});
  EXPECT_EQ(assigned<T>(ValueView::boolean(true)), T{1});
  check_snapshots<T>({{Limits::min()}, {T{1}}, {Limits::max()}});
  check_snapshots<std::optional<T>>({{std::nullopt}, {T{0}}, {T{1}}, {Limits::max()}});
}

TYPED_TEST(IntegerCodec, RefusesWhatItCannotHold) {
  using T = TypeParam;
  const std::string bits = std::to_string(sizeof(T) * 8);
  EXPECT_EQ(refusal<T>(ValueView::null()), null_refused);
  EXPECT_EQ(refusal<T>(text("18446744073709551616")),
            "18446744073709551616 does not fit into " + bits + " bits");
  EXPECT_EQ(refusal<T>(ValueView::real(1e30)), "1e+30 does not fit into " + bits + " bits");
  EXPECT_EQ(refusal<T>(ValueView::real(1.5)), "1.5 is not an integer");
  EXPECT_EQ(refusal<T>(ValueView::real(std::numeric_limits<double>::quiet_NaN())), "nan is not an integer");
  EXPECT_EQ(refusal<T>(ValueView::real(std::numeric_limits<double>::infinity())),
            "inf does not fit into " + bits + " bits");
  EXPECT_EQ(refusal<T>(ValueView::decimal("1.50")), "'1.50' is not an integer");
  for (const char* bad : {"", " 1", "1 ", "+1", "12x", "0x1", "1.0", "1e2", "."}) {
    EXPECT_EQ(refusal<T>(text(bad)), "'"s + bad + "' is not an integer");
  }
  EXPECT_EQ(refusal<T>(blob("abc")),
            "a blob of 3 bytes does not convert to " + std::string(codec_of<T>().type_name));
  if constexpr (!std::numeric_limits<T>::is_signed) {
    EXPECT_EQ(refusal<T>(ValueView::integer(-1)),
              "-1 is negative, but " + std::string(codec_of<T>().type_name) + " is unsigned");
  } else {
    EXPECT_EQ(refusal<T>(ValueView::unsigned_integer(std::numeric_limits<std::uint64_t>::max())),
              "18446744073709551615 does not fit into " + bits + " bits");
  }
}

TEST(IntegerCodec, SaysWhatDoesNotFit) {
  EXPECT_EQ(refusal<std::int16_t>(ValueView::integer(1234567)), "1234567 does not fit into 16 bits");
  EXPECT_EQ(refusal<std::int8_t>(ValueView::integer(128)), "128 does not fit into 8 bits");
  EXPECT_EQ(refusal<std::int8_t>(ValueView::integer(-129)), "-129 does not fit into 8 bits");
  EXPECT_EQ(refusal<std::uint8_t>(ValueView::integer(256)), "256 does not fit into 8 bits");
  EXPECT_EQ(refusal<std::int32_t>(ValueView::real(2147483648.0)), "2147483648 does not fit into 32 bits");
  EXPECT_EQ(refusal<std::int64_t>(ValueView::real(-9223372036854777856.0)),
            "-9223372036854777856 does not fit into 64 bits");
  EXPECT_EQ(refusal<std::uint32_t>(ValueView::decimal("-7.0")), "-7 is negative, but unsigned is unsigned");
}

TEST(RealCodec, Converts) {
  EXPECT_EQ(view_of(1.5), "real 1.500000");
  EXPECT_EQ(view_of(1.5f), "real 1.500000");
  EXPECT_EQ(assigned<double>(ValueView::real(0.1)), 0.1);
  EXPECT_EQ(assigned<double>(ValueView::integer(-3)), -3.0);
  EXPECT_EQ(assigned<double>(ValueView::unsigned_integer(std::uint64_t{1} << 63)), 0x1p63);
  EXPECT_EQ(assigned<double>(ValueView::decimal("12.50")), 12.5);
  EXPECT_EQ(assigned<double>(text("1e-3")), 0.001);
  EXPECT_TRUE(std::isnan(assigned<double>(text("NaN"))));
  EXPECT_EQ(assigned<double>(text("-Infinity")), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(assigned<float>(ValueView::real(0.1)), 0.1f);
  EXPECT_TRUE(std::isinf(assigned<float>(ValueView::real(std::numeric_limits<double>::infinity()))));
}

TEST(RealCodec, Refuses) {
  EXPECT_EQ(refusal<double>(ValueView::null()), null_refused);
  EXPECT_EQ(refusal<double>(text("1,5")), "'1,5' is not a number");
  EXPECT_EQ(refusal<double>(text("")), "'' is not a number");
  EXPECT_EQ(refusal<double>(text("1e999")), "'1e999' is out of the range of a double");
  EXPECT_EQ(refusal<double>(ValueView::boolean(true)), "a truth value does not convert to double");
  EXPECT_EQ(refusal<double>(ValueView::integer(9007199254740993)),
            "9007199254740993 has more digits than a double holds");
  EXPECT_EQ(refusal<double>(ValueView::unsigned_integer(std::numeric_limits<std::uint64_t>::max())),
            "18446744073709551615 has more digits than a double holds");
  EXPECT_EQ(refusal<float>(ValueView::real(1e300)), "1e+300 does not fit into a float");
}

template <class T>
void check_real_snapshots() {
  using Limits = std::numeric_limits<T>;
  const T nan = Limits::quiet_NaN();
  const T other_nan = std::copysign(Limits::signaling_NaN(), T{-1});
  check_snapshots<T>({{T{0}, -T{0}}, {T{1.5}}, {Limits::infinity()}, {Limits::max()}});
  check_snapshots<std::optional<T>>({{T{0}, -T{0}}, {std::nullopt}, {T{1.5}}});
  for (const T value : {nan, other_nan}) {
    for (const T now : {nan, other_nan}) EXPECT_TRUE(Packed(codec_of<T>(), &value).equals(&now));
    for (const T now : {T{0}, T{1}}) {
      EXPECT_FALSE(Packed(codec_of<T>(), &value).equals(&now));
      EXPECT_FALSE(Packed(codec_of<T>(), &now).equals(&value));
    }
    T restored{};
    Packed(codec_of<T>(), &value).restore(&restored);
    EXPECT_TRUE(std::isnan(restored));
  }
  const T zero = 0;
  const T negative_zero = -zero;
  EXPECT_EQ(Packed(codec_of<T>(), &zero).bytes(), Packed(codec_of<T>(), &negative_zero).bytes());
  EXPECT_EQ(Packed(codec_of<T>(), &nan).bytes(), Packed(codec_of<T>(), &other_nan).bytes());
}

TEST(RealCodec, ComparesNaNAndZeroByDatabaseForm) {
  check_real_snapshots<float>();
  check_real_snapshots<double>();
}

TEST(DecimalCodec, Converts) {
  EXPECT_EQ(view_of(Decimal("-12.50")), "decimal -12.50");
  EXPECT_EQ(view_of(Decimal(std::string(200, '7'))), "decimal " + std::string(200, '7'));
  const auto as_text = [](ValueView cell) { return assigned<Decimal>(cell).to_string(); };
  EXPECT_EQ(as_text(ValueView::decimal("0.10")), "0.10");
  EXPECT_EQ(as_text(text("3.14")), "3.14");
  EXPECT_EQ(as_text(ValueView::integer(-5)), "-5");
  EXPECT_EQ(as_text(ValueView::unsigned_integer(18446744073709551615u)), "18446744073709551615");
  EXPECT_EQ(as_text(ValueView::real(0.1)), "0.1");
  EXPECT_EQ(as_text(ValueView::real(0.1 + 0.2)), "0.3");
  EXPECT_EQ(refusal<Decimal>(ValueView::null()), null_refused);
  EXPECT_EQ(refusal<Decimal>(text("1.2.3")), "'1.2.3' is not a decimal number");
  EXPECT_EQ(refusal<Decimal>(ValueView::real(std::numeric_limits<double>::infinity())),
            "inf is not a decimal number");
  EXPECT_EQ(refusal<Decimal>(ValueView::boolean(true)), "a truth value does not convert to kin::Decimal");
}

TEST(DecimalCodec, ComparesNumbersAndNotDigits) {
  const Decimal short_one("0.1");
  const Decimal long_one("0.10");
  const Decimal other("0.11");
  const Decimal large("1" + std::string(100, '0'));
  for (const Decimal* before : {&short_one, &long_one}) {
    const Packed packed(codec_of<Decimal>(), before);
    EXPECT_TRUE(packed.equals(&short_one));
    EXPECT_TRUE(packed.equals(&long_one));
    EXPECT_FALSE(packed.equals(&other));
    EXPECT_FALSE(packed.equals(&large));
    Decimal restored = large;
    packed.restore(&restored);
    EXPECT_EQ(restored.to_string(), before->to_string());
    EXPECT_EQ(packed.view(), view_of(*before));
  }
  check_snapshots<Decimal>({{Decimal(0)}, {other}, {large}});
  check_snapshots<std::optional<Decimal>>({{std::nullopt}, {Decimal(0)}, {large}});
}

// ---- text and bytes ----

TEST(StringCodec, Converts) {
  EXPECT_EQ(view_of("Grüße"s), "text Grüße");
  EXPECT_EQ(assigned<std::string>(text("a\0b"s)), "a\0b"s);
  EXPECT_EQ(assigned<std::string>(text("")), "");
  EXPECT_EQ(assigned<std::string>(ValueView::integer(-42)), "-42");
  EXPECT_EQ(assigned<std::string>(ValueView::unsigned_integer(42)), "42");
  EXPECT_EQ(assigned<std::string>(ValueView::real(0.1)), "0.1");
  EXPECT_EQ(assigned<std::string>(ValueView::boolean(false)), "false");
  EXPECT_EQ(assigned<std::string>(ValueView::decimal("1.50")), "1.50");
  EXPECT_EQ(assigned<std::string>(ValueView::json("{}")), "{}");
  EXPECT_EQ(assigned<std::string>(ValueView::date(19782)), "2024-02-29");
  EXPECT_EQ(assigned<std::string>(ValueView::time(3'600'000'000)), "01:00:00");
  EXPECT_EQ(assigned<std::string>(ValueView::time(1'500'000)), "00:00:01.5");
  EXPECT_EQ(assigned<std::string>(ValueView::timestamp(-1, 0)), "1969-12-31 23:59:59.999999");
  EXPECT_EQ(assigned<std::string>(ValueView::uuid(Uuid{}.bytes().data())),
            "00000000-0000-0000-0000-000000000000");
  EXPECT_EQ(refusal<std::string>(ValueView::null()), null_refused);
  EXPECT_EQ(refusal<std::string>(blob("ab")),
            "a blob of 2 bytes does not convert to std::string; use kin::Blob for bytes");
}

TEST(StringCodec, Snapshots) {
  const std::string lengthy(100'000, 'x');
  check_snapshots<std::string>({{""}, {"a"}, {"b"}, {"ab"}, {"a\0"s}, {lengthy}, {lengthy + "y"}});
  check_snapshots<std::optional<std::string>>({{std::nullopt}, {""}, {"a"}, {lengthy}});
}

TEST(StringCodec, ViewsPointIntoTheMemberAndTheSnapshot) {
  const std::string member = "text that is longer than any small buffer of a string";
  Scratch scratch;
  const ValueView view = codec_of<std::string>().view(codec_of<std::string>(), &member, scratch);
  EXPECT_EQ(view.bytes().data(), member.data());
  EXPECT_FALSE(view.is_transient());
}

template <class T>
class BlobCodec : public ::testing::Test {};
using Blobs = ::testing::Types<Blob, std::vector<std::uint8_t>>;
TYPED_TEST_SUITE(BlobCodec, Blobs);

TYPED_TEST(BlobCodec, Converts) {
  using Byte = typename TypeParam::value_type;
  const TypeParam bytes{Byte{'a'}, Byte{0}, Byte{'b'}};
  EXPECT_EQ(view_of(bytes), "blob a\0b"s);
  EXPECT_EQ(view_of(TypeParam{}), "blob ");
  const TypeParam empty;
  Scratch scratch;
  EXPECT_NE(codec_of<TypeParam>().view(codec_of<TypeParam>(), &empty, scratch).bytes().data(), nullptr);
  EXPECT_EQ(assigned<TypeParam>(blob("a\0b"s)), bytes);
  EXPECT_EQ(assigned<TypeParam>(text("a\0b"s)), bytes);
  EXPECT_EQ(assigned<TypeParam>(blob("")), TypeParam{});
  EXPECT_EQ(assigned<TypeParam>(ValueView::uuid(Uuid{}.bytes().data())), TypeParam(16));
  EXPECT_EQ(refusal<TypeParam>(ValueView::null()), null_refused);
  EXPECT_EQ(refusal<TypeParam>(ValueView::integer(1)),
            "an integer does not convert to " + std::string(codec_of<TypeParam>().type_name));
  check_snapshots<TypeParam>({{TypeParam{}}, {bytes}, {TypeParam(1000)}});
  check_snapshots<std::optional<TypeParam>>({{std::nullopt}, {TypeParam{}}, {bytes}});
}

TEST(UuidCodec, Converts) {
  constexpr const char* canonical = "0192d3f0-7c1a-7b3e-9c55-2f0e6a1b4c8d";
  const Uuid uuid = Uuid::parse(canonical);
  const std::string bytes(reinterpret_cast<const char*>(uuid.bytes().data()), 16);
  EXPECT_EQ(view_of(uuid), "uuid " + bytes);
  EXPECT_EQ(assigned<Uuid>(ValueView::uuid(bytes.data())), uuid);
  EXPECT_EQ(assigned<Uuid>(blob(bytes)), uuid);
  EXPECT_EQ(assigned<Uuid>(text(canonical)), uuid);
  EXPECT_EQ(refusal<Uuid>(ValueView::null()), null_refused);
  EXPECT_EQ(refusal<Uuid>(text("0192d3f0")), "'0192d3f0' is not a UUID");
  EXPECT_EQ(refusal<Uuid>(blob("abc")), "a blob of 3 bytes is not a UUID, which has 16");
  EXPECT_EQ(refusal<Uuid>(ValueView::integer(1)), "an integer does not convert to kin::Uuid");
  check_snapshots<Uuid>({{uuid}, {Uuid{}}});
  check_snapshots<std::optional<Uuid>>({{uuid}, {Uuid{}}, {std::nullopt}});
}

// ---- dates and times ----

constexpr sys_seconds leap_day = sys_days(std::chrono::year(2024) / 2 / 29) + 13h + 5min + 9s;
constexpr std::int64_t leap_day_us = 1'709'211'909'000'000;

TEST(TimestampCodec, Converts) {
  EXPECT_EQ(view_of(leap_day), "timestamp 1709211909000000/0");
  EXPECT_EQ(view_of(SysTime<milliseconds>(leap_day + 7ms)), "timestamp 1709211909007000/3");
  EXPECT_EQ(view_of(SysTime<nanoseconds>(1999ns)), "timestamp 1/6");
  EXPECT_EQ(view_of(SysTime<nanoseconds>(-1ns)), "timestamp -1/6");
  EXPECT_EQ(view_of(SysTime<minutes>(leap_day_us / 60'000'000 * 1min)), "timestamp 1709211900000000/0");

  EXPECT_EQ(assigned<sys_seconds>(ValueView::timestamp(leap_day_us, 0)), leap_day);
  EXPECT_EQ(assigned<sys_seconds>(ValueView::timestamp(-1'000'000, 0)), sys_seconds(-1s));
  EXPECT_EQ(assigned<sys_seconds>(text("2024-02-29 13:05:09")), leap_day);
  EXPECT_EQ(assigned<sys_seconds>(text("2024-02-29T15:05:09.000+02:00")), leap_day);
  EXPECT_EQ(assigned<sys_seconds>(ValueView::date(1)), sys_seconds(86400s));
  EXPECT_EQ(assigned<SysTime<nanoseconds>>(ValueView::timestamp(-1, 6)), SysTime<nanoseconds>(-1000ns));
  EXPECT_EQ(assigned<SysTime<minutes>>(text("1970-01-01 01:00:00")), SysTime<minutes>(60min));
}

TEST(TimestampCodec, TakesAnIntegerAsItsOwnTicks) {
  EXPECT_EQ(assigned<sys_seconds>(ValueView::integer(90)), sys_seconds(90s));
  EXPECT_EQ(assigned<SysTime<milliseconds>>(ValueView::integer(90)), SysTime<milliseconds>(90ms));
  EXPECT_EQ(assigned<SysTime<hours>>(ValueView::integer(90)), SysTime<hours>(90h));
}

TEST(TimestampCodec, Refuses) {
  EXPECT_EQ(refusal<sys_seconds>(ValueView::null()), null_refused);
  EXPECT_EQ(refusal<sys_seconds>(ValueView::timestamp(leap_day_us + 500'000, 6)),
            "2024-02-29 13:05:09.5 is more precise than the member; use "
            "std::chrono::sys_time<std::chrono::microseconds>");
  EXPECT_EQ(refusal<sys_seconds>(text("yesterday")),
            "'yesterday' is not a time such as 2024-02-29 13:05:09.123456");
  EXPECT_EQ(refusal<sys_seconds>(ValueView::real(2460000.5)),
            "a real number does not convert to std::chrono::sys_seconds");
  EXPECT_EQ(refusal<SysTime<nanoseconds>>(text("9999-12-31 00:00:00")),
            "9999-12-31 00:00:00 is outside the range of the member's std::chrono::sys_time");
  using SmallMinutes = std::chrono::duration<std::int16_t, std::ratio<60>>;
  EXPECT_EQ(refusal<SysTime<SmallMinutes>>(ValueView::timestamp(leap_day_us / 60'000'000 * 60'000'000, 0)),
            "2024-02-29 13:05:00 is outside the range of the member's std::chrono::sys_time");
  EXPECT_EQ(refusal_of_view(sys_seconds::max()),
            "a time of 9223372036854775807 ticks is too far from 1970 for a timestamp");
}

TEST(TimestampCodec, Snapshots) {
  check_snapshots<sys_seconds>({{sys_seconds{}}, {leap_day}, {sys_seconds(-1s)}});
  check_snapshots<std::optional<sys_seconds>>({{sys_seconds{}}, {leap_day}, {std::nullopt}});
  check_snapshots<SysTime<milliseconds>>({{leap_day + 1ms}, {leap_day + 2ms}});
  check_snapshots<SysTime<microseconds>>({{leap_day + 1us}, {leap_day + 2us}});
  // Finer than the database keeps: no change.
  using Nanoseconds = SysTime<nanoseconds>;
  check_snapshots<Nanoseconds>(
      {{Nanoseconds(1000ns), Nanoseconds(1999ns)}, {Nanoseconds(999ns)}, {Nanoseconds(-1ns)}});
  check_snapshots<SysTime<hours>>({{SysTime<hours>(-1h)}, {SysTime<hours>(1h)}});
  check_snapshots<std::optional<SysTime<hours>>>(
      {{SysTime<hours>(-1h)}, {SysTime<hours>(0h)}, {std::nullopt}});
  using Pico = std::chrono::duration<std::int64_t, std::pico>;
  check_snapshots<SysTime<Pico>>(
      {{SysTime<Pico>(Pico(-1)), SysTime<Pico>(Pico(-1'000'000))}, {SysTime<Pico>(Pico(0))}});

  check_snapshots<Nanoseconds>({{Nanoseconds::min()}, {Nanoseconds::max()}});

  const sys_seconds far = sys_seconds::max();  // has no database form, but can be compared
  const Packed packed(codec_of<sys_seconds>(), &far);
  EXPECT_TRUE(packed.equals(&far));
  EXPECT_FALSE(packed.equals(&leap_day));
}

TEST(DateCodec, Converts) {
  const year_month_day date = std::chrono::year(2024) / 2 / 29;
  EXPECT_EQ(view_of(sys_days(date)), "date 19782");
  EXPECT_EQ(view_of(date), "date 19782");
  for (const ValueView cell :
       {ValueView::date(19782), ValueView::integer(19782), text("2024-02-29"), text("2024-02-29 00:00:00"),
        ValueView::timestamp(19782 * 86'400'000'000, 0)}) {
    EXPECT_EQ(assigned<sys_days>(cell), sys_days(date));
    EXPECT_EQ(assigned<year_month_day>(cell), date);
    EXPECT_EQ(assigned<std::optional<year_month_day>>(cell), date);
  }
  EXPECT_EQ(assigned<sys_days>(ValueView::timestamp(-86'400'000'000, 0)), sys_days(days(-1)));
}

TEST(DateCodec, Refuses) {
  EXPECT_EQ(refusal<sys_days>(ValueView::null()), null_refused);
  EXPECT_EQ(refusal<sys_days>(text("2023-02-29")), "'2023-02-29' is not a date such as 2024-02-29");
  EXPECT_EQ(refusal<sys_days>(text("2024-02-29 13:05:09")),
            "2024-02-29 13:05:09 has a time of day, but the member is a date");
  EXPECT_EQ(refusal<sys_days>(ValueView::real(1)), "a real number does not convert to std::chrono::sys_days");
  EXPECT_EQ(refusal<sys_days>(ValueView::date(std::int64_t{1} << 40)), "day 1099511627776 is out of range");
  EXPECT_EQ(refusal<year_month_day>(ValueView::date(20'000'000)),
            "day 20000000 is outside the years of std::chrono::year_month_day");
  EXPECT_EQ(refusal_of_view(sys_days(days(std::int64_t{1} << 40))), "day 1099511627776 is out of range");
  EXPECT_EQ(refusal_of_view(year_month_day(std::chrono::year(2023) / 2 / 29)), "2023-2-29 is not a date");
  EXPECT_EQ(refusal_of_view(year_month_day{}), "0-0-0 is not a date");
}

TEST(DateCodec, Snapshots) {
  check_snapshots<sys_days>({{sys_days{}}, {sys_days(days(-1))}});
  const year_month_day date = std::chrono::year(2024) / 2 / 29;
  check_snapshots<year_month_day>({{date}, {std::chrono::year(-5) / 1 / 1}});
  check_snapshots<std::optional<year_month_day>>({{date}, {std::nullopt}});
  const year_month_day none{};
  const Packed packed(codec_of<year_month_day>(), &none);
  EXPECT_TRUE(packed.equals(&none));
  EXPECT_FALSE(packed.equals(&date));
}

TEST(TimeOfDayCodec, Converts) {
  using Time = hh_mm_ss<microseconds>;
  const auto same = [](const auto& time, auto duration) { return time.to_duration() == duration; };
  EXPECT_EQ(view_of(Time(13h + 5min + 9s + 7us)), "time 47109000007");
  EXPECT_EQ(view_of(hh_mm_ss<seconds>(1s)), "time 1000000");
  EXPECT_TRUE(same(assigned<Time>(ValueView::time(47'109'000'007)), 13h + 5min + 9s + 7us));
  EXPECT_TRUE(same(assigned<Time>(text("13:05:09.000007")), 13h + 5min + 9s + 7us));
  EXPECT_TRUE(same(assigned<hh_mm_ss<milliseconds>>(text("00:00:00.5")), 500ms));
  EXPECT_TRUE(same(assigned<hh_mm_ss<seconds>>(ValueView::time(-3'000'000)), -3s));  // MySQL has such
  EXPECT_EQ(refusal<Time>(ValueView::null()), null_refused);
  EXPECT_EQ(refusal<Time>(text("25:00:00")), "'25:00:00' is not a time of day such as 13:05:09");
  EXPECT_EQ(refusal<Time>(ValueView::integer(5)),
            "an integer does not convert to std::chrono::hh_mm_ss<std::chrono::microseconds>");
  EXPECT_EQ(refusal<hh_mm_ss<seconds>>(ValueView::time(1)),
            "00:00:00.000001 is more precise than the member; use "
            "std::chrono::hh_mm_ss<std::chrono::microseconds>");
  check_snapshots<Time>({{Time(1us)}, {Time(2us)}, {Time(-1us)}});
  check_snapshots<hh_mm_ss<seconds>>({{hh_mm_ss<seconds>(1s)}, {hh_mm_ss<seconds>(2s)}});
  check_snapshots<std::optional<Time>>({{Time(1us)}, {Time(0us)}, {std::nullopt}});
}

TEST(DurationCodec, IsTheNumberOfItsTicks) {
  EXPECT_EQ(&codec_of<minutes>(), &codec_of<minutes::rep>());
  EXPECT_EQ(view_of(5min), "integer 5");
  EXPECT_EQ(assigned<minutes>(ValueView::integer(5)), 5min);
  EXPECT_EQ(assigned<std::optional<milliseconds>>(text("5")), 5ms);
  EXPECT_EQ(assigned<std::chrono::duration<double>>(ValueView::real(0.5)), 500ms);
  check_snapshots<minutes>({{5min}, {-5min}});
  check_snapshots<std::optional<minutes>>({{5min}, {std::nullopt}, {0min}});
}

// ---- enums ----

TEST(EnumCodec, IsStoredByName) {
  EXPECT_EQ(view_of(codec_shop::Color::green), "text green");
  EXPECT_EQ(view_of(codec_shop::Temperature::cold), "text cold");
  EXPECT_EQ(view_of(codec_shop::plain_b), "text plain_b");
  EXPECT_EQ(assigned<codec_shop::Color>(text("blue")), codec_shop::Color::blue);
  EXPECT_EQ(assigned<codec_shop::Temperature>(text("cold")), codec_shop::Temperature::cold);
  EXPECT_EQ(assigned<codec_shop::Big>(text("one")), codec_shop::Big::one);
  EXPECT_EQ(assigned<codec_shop::Plain>(text("plain_b")), codec_shop::plain_b);
  ASSERT_NE(codec_of<codec_shop::Color>().enum_names, nullptr);
  EXPECT_EQ(codec_of<codec_shop::Color>().enum_names().size(), 3u);
  EXPECT_EQ(codec_of<std::optional<codec_shop::Color>>().enum_names, codec_of<codec_shop::Color>().enum_names);
  EXPECT_EQ(codec_of<int>().enum_names, nullptr);
}

TEST(EnumCodec, Refuses) {
  EXPECT_EQ(refusal<codec_shop::Color>(ValueView::null()), null_refused);
  EXPECT_EQ(refusal<codec_shop::Color>(text("purple")), "'purple' is not an enumerator of Color: red, green, blue");
  EXPECT_EQ(refusal<codec_shop::Color>(text("Red")), "'Red' is not an enumerator of Color: red, green, blue");
  EXPECT_EQ(refusal<codec_shop::Color>(ValueView::integer(0)),
            "an integer does not convert to Color, which is stored by name");
  EXPECT_EQ(refusal_of_view(static_cast<codec_shop::Color>(3)),
            "the value 3 of Color has no name; if there is an enumerator of that value, specialise "
            "kin::EnumRange<Color> so that kin looks for it");
  EXPECT_EQ(refusal_of_view(codec_shop::Status::missing),
            "the value 404 of Status has no name; if there is an enumerator of that value, specialise "
            "kin::EnumRange<Status> so that kin looks for it");
}

TEST(EnumCodec, Snapshots) {
  check_snapshots<codec_shop::Color>({{codec_shop::Color::red}, {codec_shop::Color::green}, {codec_shop::Color::blue}});
  check_snapshots<codec_shop::Temperature>({{codec_shop::Temperature::cold}, {codec_shop::Temperature::warm}});
  check_snapshots<std::optional<codec_shop::Color>>({{codec_shop::Color::red}, {codec_shop::Color::blue}, {std::nullopt}});
  check_snapshots<std::optional<codec_shop::Big>>({{codec_shop::Big::one}, {std::nullopt}});
  const auto nameless = static_cast<codec_shop::Color>(3);
  EXPECT_TRUE(Packed(codec_of<codec_shop::Color>(), &nameless).equals(&nameless));
  // A value without a name that became null: the comparison steps over it without asking for the name.
  const std::optional<codec_shop::Color> full = nameless;
  const std::optional<codec_shop::Color> empty;
  EXPECT_FALSE(Packed(codec_of<std::optional<codec_shop::Color>>(), &full).equals(&empty));
}

// ---- std::optional ----

TEST(OptionalCodec, IsNullWhenEmpty) {
  EXPECT_EQ(view_of(std::optional<int>{}), "null");
  EXPECT_EQ(view_of(std::optional<int>{5}), "integer 5");
  EXPECT_EQ(view_of(std::optional<codec_shop::Color>{}), "null");
  EXPECT_EQ(view_of(std::optional<codec_shop::Color>{codec_shop::Color::red}), "text red");
  EXPECT_EQ(assigned<std::optional<int>>(ValueView::null()), std::nullopt);
  EXPECT_EQ(assigned<std::optional<codec_shop::Color>>(text("red")), codec_shop::Color::red);

  std::optional<std::string> name = "old";
  codec_of<std::optional<std::string>>().assign(codec_of<std::optional<std::string>>(), &name, text("new"));
  EXPECT_EQ(name, "new");
  codec_of<std::optional<std::string>>().assign(codec_of<std::optional<std::string>>(), &name,
                                                ValueView::null());
  EXPECT_EQ(name, std::nullopt);
}

TEST(OptionalCodec, StaysEmptyWhenACellIsRefused) {
  EXPECT_EQ(refusal<std::optional<int>>(text("x")), "'x' is not an integer");
  EXPECT_EQ(refusal<std::optional<short>>(ValueView::integer(70000)), "70000 does not fit into 16 bits");
  EXPECT_EQ(refusal<std::optional<codec_shop::Color>>(text("x")),
            "'x' is not an enumerator of Color: red, green, blue");
}

// ---- types of the user's own ----

TEST(CustomCodec, ConvertsThroughTheStoredType) {
  EXPECT_EQ(view_of(codec_shop::Money{250, "note"}), "integer 250");
  EXPECT_EQ(assigned<codec_shop::Money>(ValueView::integer(250)).cents, 250);
  EXPECT_EQ(assigned<codec_shop::Money>(text("250")).cents, 250);
  EXPECT_EQ(assigned<std::optional<codec_shop::Money>>(ValueView::integer(3))->cents, 3);
  EXPECT_FALSE(assigned<std::optional<codec_shop::Money>>(ValueView::null()));
  EXPECT_EQ(view_of(std::optional<codec_shop::Money>{}), "null");
  EXPECT_EQ(refusal<codec_shop::Money>(ValueView::null()), null_refused);
  EXPECT_EQ(refusal<codec_shop::Money>(text("x")), "'x' is not an integer");
}

TEST(CustomCodec, KeepsTheBytesOfAValueThatGoesAway) {
  const codec_shop::Path path{{"a directory with quite a long name", "and a file in it, with a name as long"}};
  Scratch scratch;
  const detail::Codec& codec = codec_of<codec_shop::Path>();
  const ValueView view = codec.view(codec, &path, scratch);
  EXPECT_TRUE(view.is_transient());
  EXPECT_EQ(view.bytes(), "/a directory with quite a long name/and a file in it, with a name as long");
}

TEST(CustomCodec, ComparesStoredForms) {
  const codec_shop::Money before{250, "before"};
  const codec_shop::Money noted{250, "after"};
  const codec_shop::Money more{251, "before"};
  const Packed packed(codec_of<codec_shop::Money>(), &before);
  EXPECT_TRUE(packed.equals(&noted));
  EXPECT_FALSE(packed.equals(&more));
  codec_shop::Money restored;
  packed.restore(&restored);
  EXPECT_EQ(restored.cents, 250);
  EXPECT_EQ(packed.view(), "integer 250");
  check_snapshots<codec_shop::Path>({{codec_shop::Path{}}, {codec_shop::Path{{"a"}}}, {codec_shop::Path{{"b"}}}});
  check_snapshots<std::optional<codec_shop::Path>>({{std::nullopt}, {codec_shop::Path{}}, {codec_shop::Path{{"b"}}}});
}

TEST(CustomCodec, MayStoreNull) {
  EXPECT_EQ(view_of(codec_shop::Nickname{}), "null");
  EXPECT_EQ(view_of(codec_shop::Nickname{"Ursula"}), "text Ursula");
  EXPECT_EQ(assigned<codec_shop::Nickname>(ValueView::null()).text, "");
  check_snapshots<codec_shop::Nickname>({{codec_shop::Nickname{}}, {codec_shop::Nickname{"x"}}});
}

TEST(CustomCodec, LetsTheUsersExceptionsThrough) {
  EXPECT_THROW(assigned<codec_shop::Money>(ValueView::integer(-1)), std::domain_error);
  std::optional<codec_shop::Money> money;
  const detail::Codec& codec = codec_of<std::optional<codec_shop::Money>>();
  EXPECT_THROW(codec.assign(codec, &money, ValueView::integer(-1)), std::domain_error);
  EXPECT_FALSE(money);
}

TEST(CustomCodec, IsChosenForOneMemberByAConverter) {
  const detail::Codec& codec = detail::custom_codec<codec_shop::PlainText, codec_shop::Money>();
  EXPECT_EQ(codec.kind, ValueKind::text);
  EXPECT_EQ(view_of(codec_shop::Money{5, {}}, codec), "text 5 cents");
  EXPECT_EQ(assigned<codec_shop::Money>(text("7 cents"), codec).cents, 7);

  const detail::Codec& optional = detail::custom_codec<codec_shop::PlainText, std::optional<codec_shop::Money>>();
  EXPECT_TRUE(optional.nullable);
  EXPECT_EQ(view_of(std::optional<codec_shop::Money>{}, optional), "null");
  EXPECT_EQ(view_of(std::optional<codec_shop::Money>{codec_shop::Money{5, {}}}, optional), "text 5 cents");
  EXPECT_EQ(assigned<std::optional<codec_shop::Money>>(text("7 cents"), optional)->cents, 7);

  const detail::Codec& whole = detail::custom_codec<codec_shop::ZeroIsNull, std::optional<int>>();
  EXPECT_TRUE(whole.nullable);
  EXPECT_EQ(view_of(std::optional<int>{0}, whole), "null");
  EXPECT_EQ(assigned<std::optional<int>>(ValueView::null(), whole), 0);
}

// ---- snapshots of whole entities ----

struct Author {
  std::int64_t id{};
  std::string name{};
  std::optional<int> age{};
  codec_shop::Color color{};
  std::optional<codec_shop::Money> fee{};
  double rating{};
};

TEST(SnapshotSteps, AnswerWhetherAnyColumnChanged) {
  const Author author{1, "Ursula", 88, codec_shop::Color::green, codec_shop::Money{5, {}}, 4.5};
  std::vector<detail::SnapshotStep> steps;
  std::vector<std::byte> snapshot(200);
  std::byte* end = snapshot.data();
  const auto add = [&](const detail::Codec& codec, const void* member) {
    const auto offset = static_cast<const std::byte*>(member) - reinterpret_cast<const std::byte*>(&author);
    steps.push_back(detail::make_snapshot_step(codec, static_cast<std::size_t>(offset)));
    end = codec.snapshot_write(codec, member, end);
  };
  add(codec_of<std::int64_t>(), &author.id);
  add(codec_of<std::string>(), &author.name);
  add(codec_of<std::optional<int>>(), &author.age);
  add(codec_of<codec_shop::Color>(), &author.color);
  add(codec_of<std::optional<codec_shop::Money>>(), &author.fee);
  add(codec_of<double>(), &author.rating);
  steps.push_back(detail::last_snapshot_step());

  const auto unchanged = [&](const Author& now) {
    return detail::equals_snapshot(steps.data(), &now, snapshot.data());
  };
  EXPECT_TRUE(unchanged(author));
  Author now = author;
  now.id = 2;
  EXPECT_FALSE(unchanged(now));
  now = author;
  now.name = "Ursulb";
  EXPECT_FALSE(unchanged(now));
  now = author;
  now.age.reset();
  EXPECT_FALSE(unchanged(now));
  now = author;
  now.color = codec_shop::Color::red;
  EXPECT_FALSE(unchanged(now));
  now = author;
  now.fee.reset();
  EXPECT_FALSE(unchanged(now));
  now = author;
  now.rating = 4;
  EXPECT_FALSE(unchanged(now));
}

}  // namespace
}  // namespace kin
