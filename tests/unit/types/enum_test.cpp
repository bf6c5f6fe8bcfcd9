// SPDX-License-Identifier: MIT
#include <kin/types/enum.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>

namespace enum_shop {

enum class Color { red, green = 5, crimson = 0 };
enum class Level : std::int8_t { low = -3, high = 100 };
enum class Status { ok = 200, missing = 404 };
enum Plain { plain_one = 1, plain_two };

}  // namespace enum_shop

template <>
struct kin::EnumRange<enum_shop::Status> {
  static constexpr int min = 200;
  static constexpr int max = 499;
};

namespace {

using enum_shop::Color;
using enum_shop::Level;
using enum_shop::Status;

TEST(EnumName, IsThatOfTheEnumerator) {
  EXPECT_EQ(kin::enum_name(Color::green), "green");
  EXPECT_EQ(kin::enum_name(Level::low), "low");
  EXPECT_EQ(kin::enum_name(Status::missing), "missing");
  EXPECT_EQ(kin::enum_name(enum_shop::plain_two), "plain_two");
}

TEST(EnumName, OfTwoWithOneValueIsTheFirst) { EXPECT_EQ(kin::enum_name(Color::crimson), "red"); }

TEST(EnumName, IsEmptyForAValueWithoutOne) {
  EXPECT_EQ(kin::enum_name(static_cast<Color>(3)), "");
  EXPECT_EQ(kin::enum_name(static_cast<Color>(1'000'000)), "");
}

TEST(EnumFromName, FindsTheEnumerator) {
  EXPECT_EQ(kin::enum_from_name<Color>("green"), Color::green);
  EXPECT_EQ(kin::enum_from_name<Level>("low"), Level::low);
  EXPECT_EQ(kin::enum_from_name<Level>("high"), Level::high);
  EXPECT_EQ(kin::enum_from_name<Status>("missing"), Status::missing);
}

TEST(EnumFromName, IsNothingForAnyOtherText) {
  EXPECT_EQ(kin::enum_from_name<Color>("blue"), std::nullopt);
  EXPECT_EQ(kin::enum_from_name<Color>("Green"), std::nullopt);
  EXPECT_EQ(kin::enum_from_name<Color>("gree"), std::nullopt);
  EXPECT_EQ(kin::enum_from_name<Color>(""), std::nullopt);
}

}  // namespace
