// SPDX-License-Identifier: MIT
#include "types/chrono_text.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <random>
#include <string>
#include <string_view>

namespace {

using namespace kin::types;

constexpr std::int64_t second = 1'000'000;
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t hour = 60 * minute;
constexpr std::int64_t day = 24 * hour;
constexpr std::int64_t smallest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();

// A value that no test expects, to see that nothing was stored.
constexpr std::int64_t untouched = 123'456'789'012'345;

std::string timestamp_text(std::int64_t microseconds, int fraction_digits) {
  char buffer[chrono_text_capacity];
  return {buffer, format_timestamp(microseconds, fraction_digits, buffer)};
}

std::string date_text(std::int32_t days) {
  char buffer[chrono_text_capacity];
  return {buffer, format_date(days, buffer)};
}

std::string time_text(std::int64_t microseconds, int fraction_digits) {
  char buffer[chrono_text_capacity];
  return {buffer, format_time(microseconds, fraction_digits, buffer)};
}

std::int64_t timestamp_of(std::string_view text) {
  std::int64_t result = untouched;
  EXPECT_TRUE(parse_timestamp(text, result)) << text;
  return result;
}

std::int32_t date_of(std::string_view text) {
  std::int32_t result = 0;
  EXPECT_TRUE(parse_date(text, result)) << text;
  return result;
}

std::int64_t time_of(std::string_view text) {
  std::int64_t result = untouched;
  EXPECT_TRUE(parse_time(text, result)) << text;
  return result;
}

std::int64_t at(int year, unsigned month, unsigned day_of_month) {
  using namespace std::chrono;
  return sys_days(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day_of_month))
             .time_since_epoch()
             .count() *
         day;
}

TEST(TimestampText, WritesTheWantedDigitsOfTheFraction) {
  const std::int64_t moment = at(2024, 2, 29) + 13 * hour + 5 * minute + 9 * second + 123'456;
  EXPECT_EQ(timestamp_text(moment, 0), "2024-02-29 13:05:09");
  EXPECT_EQ(timestamp_text(moment, 1), "2024-02-29 13:05:09.1");
  EXPECT_EQ(timestamp_text(moment, 2), "2024-02-29 13:05:09.12");
  EXPECT_EQ(timestamp_text(moment, 3), "2024-02-29 13:05:09.123");
  EXPECT_EQ(timestamp_text(moment, 4), "2024-02-29 13:05:09.1234");
  EXPECT_EQ(timestamp_text(moment, 5), "2024-02-29 13:05:09.12345");
  EXPECT_EQ(timestamp_text(moment, 6), "2024-02-29 13:05:09.123456");
  EXPECT_EQ(timestamp_text(0, 6), "1970-01-01 00:00:00.000000");
  EXPECT_EQ(timestamp_text(1'000, 3), "1970-01-01 00:00:00.001");
}

TEST(TimestampText, DigitsOutOfRangeAreTakenAsTheNearestInRange) {
  EXPECT_EQ(timestamp_text(5, 9), "1970-01-01 00:00:00.000005");
  EXPECT_EQ(timestamp_text(5, -1), "1970-01-01 00:00:00");
}

TEST(TimestampText, BeforeTheEpochCutsTowardsThePast) {
  EXPECT_EQ(timestamp_text(-1, 6), "1969-12-31 23:59:59.999999");
  EXPECT_EQ(timestamp_text(-1, 3), "1969-12-31 23:59:59.999");
  EXPECT_EQ(timestamp_text(-1, 0), "1969-12-31 23:59:59");
  EXPECT_EQ(timestamp_text(-second, 0), "1969-12-31 23:59:59");
  EXPECT_EQ(timestamp_text(-day, 0), "1969-12-31 00:00:00");
  EXPECT_EQ(timestamp_text(-day - 1, 0), "1969-12-30 23:59:59");
}

TEST(TimestampText, WritesYearsOfAnyLength) {
  EXPECT_EQ(timestamp_text(at(1, 1, 1), 0), "0001-01-01 00:00:00");
  EXPECT_EQ(timestamp_text(at(0, 12, 31), 0), "0000-12-31 00:00:00");
  EXPECT_EQ(timestamp_text(at(-1, 3, 1), 0), "-0001-03-01 00:00:00");
  EXPECT_EQ(timestamp_text(at(-4712, 1, 1), 0), "-4712-01-01 00:00:00");
  EXPECT_EQ(timestamp_text(at(9999, 12, 31) + day - 1, 6), "9999-12-31 23:59:59.999999");
  EXPECT_EQ(timestamp_text(at(9999, 12, 31) + day, 0), "10000-01-01 00:00:00");
}

// The limits as Python's arithmetic and the calendar's period of 400 years give them.
TEST(TimestampText, WritesAndReadsTheLimits) {
  EXPECT_EQ(timestamp_text(smallest, 6), "-290308-12-21 19:59:05.224192");
  EXPECT_EQ(timestamp_text(largest, 6), "294247-01-10 04:00:54.775807");
  EXPECT_EQ(timestamp_of("-290308-12-21 19:59:05.224192"), smallest);
  EXPECT_EQ(timestamp_of("294247-01-10 04:00:54.775807"), largest);
  EXPECT_EQ(timestamp_of("-290308-12-20 20:59:05.224192-23"), smallest);
  EXPECT_EQ(timestamp_of("294247-01-11 03:00:54.775807+23"), largest);
}

TEST(TimestampText, OneMicrosecondBeyondTheLimitsIsRefused) {
  for (const char* text :
       {"-290308-12-21 19:59:05.224191", "294247-01-10 04:00:54.775808", "294247-01-10 04:00:54.775807-00:01",
        "-290308-12-21", "-290309-01-01", "294248-01-01", "999999999-01-01", "-999999999-01-01"}) {
    std::int64_t result = untouched;
    EXPECT_FALSE(parse_timestamp(text, result)) << text;
    EXPECT_EQ(result, untouched) << text;
  }
}

TEST(TimestampText, ReadsSpaceAndT) {
  const std::int64_t expected = at(2024, 2, 29) + 13 * hour + 5 * minute + 9 * second;
  EXPECT_EQ(timestamp_of("2024-02-29 13:05:09"), expected);
  EXPECT_EQ(timestamp_of("2024-02-29T13:05:09"), expected);
  EXPECT_EQ(timestamp_of("2024-02-29t13:05:09z"), expected);
  EXPECT_EQ(timestamp_of("+2024-02-29T13:05:09Z"), expected);
}

TEST(TimestampText, ReadsDateAloneAsMidnightAndTimeWithoutSeconds) {
  EXPECT_EQ(timestamp_of("2024-02-29"), at(2024, 2, 29));
  EXPECT_EQ(timestamp_of("2024-02-29 13:05"), at(2024, 2, 29) + 13 * hour + 5 * minute);
  EXPECT_EQ(timestamp_of("2024-02-29T13:05Z"), at(2024, 2, 29) + 13 * hour + 5 * minute);
  EXPECT_EQ(timestamp_of("2024-02-29T13:05+01"), at(2024, 2, 29) + 12 * hour + 5 * minute);
}

TEST(TimestampText, ReadsUpToNineDigitsAndCutsAfterSix) {
  const std::int64_t start = at(2024, 1, 1);
  EXPECT_EQ(timestamp_of("2024-01-01 00:00:00.1"), start + 100'000);
  EXPECT_EQ(timestamp_of("2024-01-01 00:00:00.12"), start + 120'000);
  EXPECT_EQ(timestamp_of("2024-01-01 00:00:00.000001"), start + 1);
  EXPECT_EQ(timestamp_of("2024-01-01 00:00:00.1234567"), start + 123'456);
  EXPECT_EQ(timestamp_of("2024-01-01 00:00:00.999999999"), start + 999'999);
  EXPECT_EQ(timestamp_of("2024-01-01 00:00:00.0000009Z"), start);
}

TEST(TimestampText, TakesTheOffsetOff) {
  const std::int64_t noon = at(2024, 3, 1) + 12 * hour;
  EXPECT_EQ(timestamp_of("2024-03-01 12:00:00+00"), noon);
  EXPECT_EQ(timestamp_of("2024-03-01 12:00:00-00:00"), noon);
  EXPECT_EQ(timestamp_of("2024-03-01 14:00:00+02"), noon);
  EXPECT_EQ(timestamp_of("2024-03-01 17:30:00+0530"), noon);
  EXPECT_EQ(timestamp_of("2024-03-01 17:45:00.5+05:45"), noon + 500'000);
  EXPECT_EQ(timestamp_of("2024-03-01T04:00:00-08:00"), noon);
  EXPECT_EQ(timestamp_of("2024-02-29T13:00:00-23:00"), noon);
  EXPECT_EQ(timestamp_of("2024-03-01 12:19:32+00:19:32"), noon);
  EXPECT_EQ(timestamp_of("2024-03-01 00:30:00+01:00"), at(2024, 2, 29) + 23 * hour + 30 * minute);
  EXPECT_EQ(timestamp_of("1970-01-01 00:00:00+00:01"), -minute);
}

class MalformedTimestamp : public testing::TestWithParam<std::string> {};

TEST_P(MalformedTimestamp, IsRefusedAndLeavesTheResultAlone) {
  std::int64_t result = untouched;
  EXPECT_FALSE(parse_timestamp(GetParam(), result));
  EXPECT_EQ(result, untouched);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, MalformedTimestamp,
    testing::Values("", " ", "-", "2024", "2024-", "2024-02", "2024-02-", "2024-2-29", "2024-02-2",
                    "202-02-29", "24-02-29", "2024-02-30", "2023-02-29", "2100-02-29", "1900-02-29",
                    "2024-04-31", "2024-06-31", "2024-09-31", "2024-11-31", "2024-01-32", "2024-01-00",
                    "2024-00-01", "2024-13-01", "0000-00-00", "0000-00-00 00:00:00", "2024/02/29",
                    "2024-02-29 ", "2024-02-29T", "2024-02-29x13:05:09", "2024-02-29  13:05:09",
                    "2024-02-29 1:05:09", "2024-02-29 13", "2024-02-29 13:", "2024-02-29 13:5:09",
                    "2024-02-29 13:05:", "2024-02-29 13:05:9", "2024-02-29 24:00:00", "2024-02-29 25:00:00",
                    "2024-02-29 13:60:00", "2024-02-29 13:05:60", "2024-02-29 13:05:09.",
                    "2024-02-29 13:05:09.Z", "2024-02-29 13:05:09.1234567890", "2024-02-29 13:05.5",
                    "2024-02-29 13:05:09,5", "2024-02-29 13:05:09 Z", "2024-02-29 13:05:09Zx",
                    "2024-02-29 13:05:09ZZ", "2024-02-29 13:05:09+", "2024-02-29 13:05:09+1",
                    "2024-02-29 13:05:09+1:00", "2024-02-29 13:05:09+01:", "2024-02-29 13:05:09+01:6",
                    "2024-02-29 13:05:09+01:60", "2024-02-29 13:05:09+0160", "2024-02-29 13:05:09+24:00",
                    "2024-02-29 13:05:09+010", "2024-02-29 13:05:09+01000", "2024-02-29 13:05:09+01:00:60",
                    "2024-02-29 13:05:09+01:00:00:00", "2024-02-29 13:05:09+-1:00", "2024-02-29Z",
                    "2024-02-29+01:00", "now", "infinity", "2024-02-29 13:05:09 BC", "--2024-02-29",
                    "+-2024-02-29", " 2024-02-29", "0000002024-02-29", "2024-02-29 -1:05:09",
                    "2024-02-29 13:05:09\n", std::string("2024-02-29\0", 11), "2024-0:-01", "2024-0/-01",
                    "2024-02-29 13:05:0:"));

TEST(TimestampText, RandomMomentsComeBack) {
  std::mt19937_64 engine(20240229);
  for (int i = 0; i < 200'000; ++i) {
    const std::int64_t moment = static_cast<std::int64_t>(engine()) >> (engine() % 50);
    ASSERT_EQ(timestamp_of(timestamp_text(moment, 6)), moment);
    const auto whole = std::chrono::floor<std::chrono::seconds>(std::chrono::microseconds(moment));
    ASSERT_EQ(timestamp_of(timestamp_text(moment, 0)), whole.count() * second);
  }
}

TEST(TimestampText, RandomOffsetsAgreeWithArithmetic) {
  std::mt19937 engine(7);
  for (int i = 0; i < 20'000; ++i) {
    const std::int64_t local = static_cast<std::int64_t>(engine()) * second;
    const int minutes = static_cast<int>(engine() % 2879) - 1439;
    const int size = minutes < 0 ? -minutes : minutes;
    char offset[16];
    std::snprintf(offset, sizeof offset, "%c%02d%s%02d", minutes < 0 ? '-' : '+', size / 60,
                  i % 2 == 0 ? ":" : "", size % 60);
    ASSERT_EQ(timestamp_of(timestamp_text(local, 0) + offset), local - minutes * minute) << offset;
  }
}

TEST(DateText, AgreesWithTheStandardCalendarOnEveryDayOfFiveThousandYears) {
  using namespace std::chrono;
  const sys_days last = sys_days(year(3500) / January / 1);
  for (sys_days at_day = sys_days(year(-1500) / January / 1); at_day < last; at_day += days(1)) {
    const year_month_day expected(at_day);
    const int number = static_cast<int>(expected.year());
    char text[32];
    const int length = std::snprintf(text, sizeof text, "%s%04d-%02u-%02u", number < 0 ? "-" : "",
                                     number < 0 ? -number : number, static_cast<unsigned>(expected.month()),
                                     static_cast<unsigned>(expected.day()));
    const auto count = static_cast<std::int32_t>(at_day.time_since_epoch().count());
    const std::string_view view(text, static_cast<std::size_t>(length));
    ASSERT_EQ(date_text(count), view);
    ASSERT_EQ(date_of(view), count);
  }
}

TEST(DateText, KnowsLeapYears) {
  EXPECT_EQ(date_of("2000-02-29"), 11'016);
  EXPECT_EQ(date_of("2024-02-29") + 1, date_of("2024-03-01"));
  EXPECT_EQ(date_of("2023-02-28") + 1, date_of("2023-03-01"));
  EXPECT_EQ(date_of("0000-02-29") + 1, date_of("0000-03-01"));
  EXPECT_EQ(date_of("-0004-02-29") + 1, date_of("-0004-03-01"));
  std::int32_t result = 0;
  EXPECT_FALSE(parse_date("2100-02-29", result));
  EXPECT_FALSE(parse_date("-0001-02-29", result));
  EXPECT_FALSE(parse_date("-0100-02-29", result));
}

TEST(DateText, WritesAndReadsTheLimits) {
  constexpr std::int32_t first = std::numeric_limits<std::int32_t>::min();
  constexpr std::int32_t last = std::numeric_limits<std::int32_t>::max();
  EXPECT_EQ(date_text(first), "-5877641-06-23");
  EXPECT_EQ(date_text(last), "5881580-07-11");
  EXPECT_EQ(date_of("-5877641-06-23"), first);
  EXPECT_EQ(date_of("5881580-07-11"), last);
  std::int32_t result = 42;
  EXPECT_FALSE(parse_date("-5877641-06-22", result));
  EXPECT_FALSE(parse_date("5881580-07-12", result));
  EXPECT_EQ(result, 42);
  EXPECT_EQ(date_text(0), "1970-01-01");
  EXPECT_EQ(date_text(-1), "1969-12-31");
}

TEST(DateText, RandomDaysComeBack) {
  std::mt19937 engine(20240229);
  for (int i = 0; i < 100'000; ++i) {
    const auto days = static_cast<std::int32_t>(engine()) >> (engine() % 16);
    ASSERT_EQ(date_of(date_text(days)), days);
  }
}

TEST(DateText, MalformedIsRefusedAndLeavesTheResultAlone) {
  for (const char* text : {"", "2024-02-30", "2024-02-29 00:00:00", "2024-02-29T00:00:00Z", "2024-02-29x",
                           "20240229", "2024-13-01", "0000-00-00", "29.02.2024", "2024-02-29 "}) {
    std::int32_t result = 42;
    EXPECT_FALSE(parse_date(text, result)) << text;
    EXPECT_EQ(result, 42) << text;
  }
}

TEST(TimeText, WritesTheWantedDigitsOfTheFraction) {
  const std::int64_t moment = 13 * hour + 5 * minute + 9 * second + 120'456;
  EXPECT_EQ(time_text(moment, 0), "13:05:09");
  EXPECT_EQ(time_text(moment, 3), "13:05:09.120");
  EXPECT_EQ(time_text(moment, 6), "13:05:09.120456");
  EXPECT_EQ(time_text(0, 0), "00:00:00");
  EXPECT_EQ(time_text(day - 1, 6), "23:59:59.999999");
  EXPECT_EQ(time_text(day, 0), "24:00:00");
}

TEST(TimeText, WritesOthersAsDurationWithinTheRoom) {
  EXPECT_EQ(time_text(-(838 * hour + 59 * minute + 59 * second), 0), "-838:59:59");
  EXPECT_EQ(time_text(-1, 6), "-00:00:00.000001");
  EXPECT_EQ(time_text(100 * hour, 0), "100:00:00");
  EXPECT_EQ(time_text(largest, 6), "2562047788:00:54.775807");
  EXPECT_EQ(time_text(smallest, 6), "-2562047788:00:54.775808");
}

TEST(TimeText, ReadsEveryForm) {
  EXPECT_EQ(time_of("13:05:09"), 13 * hour + 5 * minute + 9 * second);
  EXPECT_EQ(time_of("13:05"), 13 * hour + 5 * minute);
  EXPECT_EQ(time_of("00:00:00.5"), 500'000);
  EXPECT_EQ(time_of("00:00:00.123456789"), 123'456);
  EXPECT_EQ(time_of("23:59:59.999999999"), day - 1);
  EXPECT_EQ(time_of("24:00:00"), day);
  EXPECT_EQ(time_of("24:00:00.0000009"), day);
}

TEST(TimeText, RandomTimesComeBack) {
  std::mt19937_64 engine(20240229);
  for (int i = 0; i < 100'000; ++i) {
    const auto moment = static_cast<std::int64_t>(engine() % static_cast<std::uint64_t>(day));
    ASSERT_EQ(time_of(time_text(moment, 6)), moment);
  }
}

TEST(TimeText, MalformedIsRefusedAndLeavesTheResultAlone) {
  for (const char* text : {"",
                           "1",
                           "13",
                           "13:",
                           "1:05:09",
                           "13:5",
                           "13:05:",
                           "13:05:9",
                           "24:00:01",
                           "24:00:00.000001",
                           "24:01",
                           "25:00:00",
                           "99:00:00",
                           "13:60:00",
                           "13:05:60",
                           "13:05:09.",
                           "13:05:09.1234567890",
                           "-13:05:09",
                           "+13:05:09",
                           "13:05:09Z",
                           "13:05:09+01",
                           " 13:05:09",
                           "13:05:09 ",
                           "13.05.09",
                           "130509",
                           "838:59:59",
                           "1a:00:00",
                           ":::"}) {
    std::int64_t result = untouched;
    EXPECT_FALSE(parse_time(text, result)) << text;
    EXPECT_EQ(result, untouched) << text;
  }
}

}  // namespace
