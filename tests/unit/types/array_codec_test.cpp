// SPDX-License-Identifier: MIT
#include <kin/types/decimal.hpp>
#include <kin/types/interval.hpp>
#include <kin/types/json.hpp>
#include <kin/types/uuid.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sql/postgresql_arrays.hpp"
#include "unit/types/codec_testing.hpp"

namespace kin {
namespace {

using namespace std::chrono_literals;
using detail::codec_of;
using testing::assigned;
using testing::check_snapshots;
using testing::refusal;
using testing::refusal_of_view;
using testing::view_of;

enum class Mood : std::uint8_t { calm, wild };

template <class T>
using Vector = std::vector<T>;

TEST(ArrayCodec, IsTheTextOfAJsonArray) {
  EXPECT_EQ(view_of(Vector<int>{}), "array []");
  EXPECT_EQ(view_of(Vector<int>{1, -2}), "array [1,-2]");
  EXPECT_EQ(view_of(Vector<std::uint64_t>{std::numeric_limits<std::uint64_t>::max()}),
            "array [18446744073709551615]");
  EXPECT_EQ(view_of(Vector<bool>{true, false}), "array [true,false]");
  EXPECT_EQ(view_of(Vector<double>{1.0, -0.0, 0.1, 1e300}), "array [1.0,-0.0,0.1,1e+300]");
  EXPECT_EQ(view_of(Vector<double>{std::numeric_limits<double>::infinity()}), R"(array ["Infinity"])");
  EXPECT_EQ(view_of(Vector<std::string>{"a\"b\\c", "{,}", "NULL", "é\n"}),
            R"(array ["a\"b\\c","{,}","NULL","é\u000a"])");
  EXPECT_EQ(view_of(Vector<Decimal>{Decimal("9.50"), Decimal("100"), Decimal("2.00")}),
            R"(array ["9.5","100","2"])");
  EXPECT_EQ(view_of(Vector<Mood>{Mood::wild, Mood::calm}), R"(array ["wild","calm"])");
  EXPECT_EQ(view_of(Vector<std::chrono::sys_seconds>{std::chrono::sys_days(std::chrono::year(2024) / 2 / 29) +
                                                     13h}),
            R"(array ["2024-02-29T13:00:00Z"])");
  EXPECT_EQ(view_of(Vector<std::optional<int>>{1, std::nullopt}), "array [1,null]");
  EXPECT_EQ(view_of(std::optional<Vector<int>>()), "null");
  EXPECT_EQ(view_of(std::optional(Vector<int>{1})), "array [1]");
}

TEST(ArrayCodec, BytesStayBlobs) {
  EXPECT_EQ(codec_of<Vector<std::byte>>().kind, ValueKind::blob);
  EXPECT_EQ(codec_of<Vector<std::uint8_t>>().kind, ValueKind::blob);
  EXPECT_EQ(codec_of<Vector<std::int8_t>>().kind, ValueKind::array);
  EXPECT_FALSE(detail::has_codec<Vector<Vector<int>>>);
  EXPECT_FALSE(detail::has_codec<Vector<Json>>);
  EXPECT_FALSE(detail::has_codec<Vector<Vector<std::byte>>>);
}

TEST(ArrayCodec, ReadsJsonAndPostgresqlsText) {
  EXPECT_EQ(assigned<Vector<int>>(ValueView::array("[1, -2]")), (Vector<int>{1, -2}));
  EXPECT_EQ(assigned<Vector<int>>(ValueView::json("[]")), Vector<int>());
  EXPECT_EQ(assigned<Vector<int>>(ValueView::text("{1,-2}")), (Vector<int>{1, -2}));
  EXPECT_EQ(assigned<Vector<int>>(ValueView::text("{}")), Vector<int>());
  EXPECT_EQ(assigned<Vector<std::string>>(ValueView::text(R"({a,"b \"c\" \\,}","NULL"})")),
            (Vector<std::string>{"a", "b \"c\" \\,}", "NULL"}));
  EXPECT_EQ(assigned<Vector<std::optional<std::string>>>(ValueView::text(R"({NULL,"NULL"})")),
            (Vector<std::optional<std::string>>{std::nullopt, "NULL"}));
  EXPECT_EQ(assigned<Vector<Mood>>(ValueView::array(R"(["wild"])")), Vector<Mood>{Mood::wild});
  EXPECT_EQ(assigned<Vector<bool>>(ValueView::array("[true,false]")), (Vector<bool>{true, false}));
  const double minus_zero = assigned<Vector<double>>(ValueView::array("[-0.0]")).front();
  EXPECT_TRUE(std::signbit(minus_zero));
  EXPECT_EQ(assigned<Vector<double>>(ValueView::array(R"(["-Infinity"])")).front(),
            -std::numeric_limits<double>::infinity());
}

TEST(ArrayCodec, SaysWhichElementDoesNotFit) {
  EXPECT_EQ(refusal<Vector<std::int8_t>>(ValueView::array("[1, 300]")),
            "element 1: 300 does not fit into 8 bits");
  EXPECT_EQ(refusal<Vector<int>>(ValueView::array("[1, null]")),
            "element 1: null, but the member isn't std::optional");
  EXPECT_EQ(refusal<Vector<Mood>>(ValueView::array(R"(["calm", "mad"])")),
            "element 1: 'mad' is not an enumerator of Mood: calm, wild");
  EXPECT_EQ(refusal<Vector<int>>(ValueView::array("[[1]]")),
            "element 0: an element is itself an array or an object");
  EXPECT_EQ(refusal<Vector<int>>(ValueView::text("{1")), "'{1' is not an array of one dimension");
  EXPECT_EQ(refusal<Vector<int>>(ValueView::text("{{1},{2}}")),
            "'{{1},{2}}' is not an array of one dimension");
  EXPECT_EQ(refusal<Vector<int>>(ValueView::json("{}x")), "'{}x' is not an array of one dimension");
  EXPECT_EQ(refusal<Vector<int>>(ValueView::json("17")), "'17' is not a JSON array");
  EXPECT_EQ(refusal<Vector<int>>(ValueView::integer(1)), "an integer does not convert to std::vector");
  EXPECT_EQ(refusal_of_view(Vector<std::string>{"\xff"}), "the text is not valid UTF-8");
}

TEST(ArrayCodec, ComparesByContent) {
  check_snapshots<Vector<int>>({{{}}, {{1}}, {{1, 2}}, {{2, 1}}});
  check_snapshots<Vector<bool>>({{{}}, {{true}}, {{false, true}}});
  check_snapshots<Vector<std::string>>({{{}}, {{""}}, {{"a", "b"}}, {{"ab", ""}}});
  check_snapshots<Vector<Decimal>>({{{Decimal("0.1")}, {Decimal("0.10")}}, {{Decimal("1")}}});
  check_snapshots<std::optional<Vector<int>>>({{std::nullopt}, {Vector<int>{}}, {Vector<int>{1}}});
}

TEST(PostgresqlArray, QuotesEachElement) {
  EXPECT_EQ(sql::postgresql_array("[]"), "{}");
  EXPECT_EQ(sql::postgresql_array(R"([1, null, true, 0.5])"), R"({"1",NULL,"true","0.5"})");
  EXPECT_EQ(sql::postgresql_array(R"(["a\"b\\", "NULL", "", "{x}"])"), R"({"a\"b\\","NULL","","{x}"})");
}

TEST(Interval, IsIso8601) {
  const auto text = [](int months, int days, std::chrono::microseconds time) {
    return Interval{months, days, time}.to_string();
  };
  EXPECT_EQ(text(0, 0, 0us), "PT0S");
  EXPECT_EQ(text(14, 3, 4h), "P1Y2M3DT4H");
  EXPECT_EQ(text(-14, 3, -(4h + 5min + 6500ms)), "P-1Y-2M3DT-4H-5M-6.5S");
  EXPECT_EQ(text(0, 0, -500000us), "PT-0.5S");
  EXPECT_EQ(text(12, 0, 1us), "P1YT0.000001S");
  EXPECT_EQ(text(0, 0, std::chrono::microseconds::min()), "PT-2562047788H-54.775808S");
}

TEST(Interval, ReadsWhatItWrites) {
  for (const Interval& value :
       {Interval{}, Interval{14, 3, 4h}, Interval{-14, 3, -6500ms}, Interval{0, -1, 1us},
        Interval{std::numeric_limits<int>::min(), std::numeric_limits<int>::max(),
                 std::chrono::microseconds::max()},
        Interval{std::numeric_limits<int>::max(), std::numeric_limits<int>::min(),
                 std::chrono::microseconds::min()}})
    EXPECT_EQ(Interval::parse(value.to_string()), value) << value.to_string();
  EXPECT_EQ(Interval::parse("P2W"), (Interval{0, 14, {}}));
  EXPECT_EQ(Interval::parse("-P1M"), (Interval{-1, 0, {}}));
  for (const char* text : {"", "P", "PT", "1Y", "P1", "P1H", "PT1Y", "P1.5Y", "PT1.5H", "PT.5S", "P1Y ",
                           "P1YT", "P99999999999Y", "PT9999999999999999999S"})
    EXPECT_EQ(Interval::parse(text), std::nullopt) << text;
}

TEST(Interval, ComparesPartByPart) {
  check_snapshots<Interval>({{{}}, {{1, 0, {}}}, {{0, 30, {}}}, {{0, 0, 720h}}});
  check_snapshots<std::optional<Interval>>({{std::nullopt}, {Interval{}}, {Interval{1, 2, 3us}}});
  EXPECT_EQ(refusal<Interval>(ValueView::text("a month")),
            "'a month' is not an interval such as P1Y2M3DT4H5M6S");
  EXPECT_EQ(refusal<Interval>(ValueView::integer(1)), "an integer does not convert to kin::Interval");
}

}  // namespace
}  // namespace kin
