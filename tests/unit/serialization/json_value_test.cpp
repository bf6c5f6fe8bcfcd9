// SPDX-License-Identifier: MIT
#include "serialization/json_value.hpp"

#include <kin/types/decimal.hpp>
#include <kin/types/interval.hpp>
#include <kin/types/uuid.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace {

using kin::Json;
using kin::Scratch;
using kin::detail::codec_of;

template <class T>
T read(const Json& json) {
  T value{};
  kin::serialization::from_json(codec_of<T>(), &value, json);
  return value;
}
template <class T>
Json write(const T& value) {
  Scratch scratch;
  return kin::serialization::to_json(codec_of<T>().view(codec_of<T>(), &value, scratch));
}
template <class T>
std::string refusal(const Json& json) {
  try {
    (void)read<T>(json);
  } catch (const kin::detail::ConversionError& error) {
    return error.reason;
  }
  return "taken";
}

TEST(JsonValue, BytesAreBase64OfAnyLength) {
  for (std::size_t size = 0; size < 70; ++size) {
    std::vector<std::byte> bytes;
    for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<std::byte>(251 * i + size));
    EXPECT_EQ(read<std::vector<std::byte>>(write(bytes)), bytes);
  }
  EXPECT_EQ(write(std::vector<std::byte>{std::byte{'f'}, std::byte{'o'}}), "Zm8=");
  EXPECT_EQ(read<std::vector<std::byte>>("").size(), 0u);
  for (const char* text : {"Zm8", "Zm=8", "Zm9\n", "====", "Zm8*"})
    EXPECT_NE(refusal<std::vector<std::byte>>(text), "taken") << text;
}

TEST(JsonValue, TypesThatJsonLacksAreText) {
  using namespace std::chrono;
  EXPECT_EQ(write(sys_time<milliseconds>(milliseconds(1709211909250))), "2024-02-29T13:05:09.25Z");
  EXPECT_EQ(read<sys_time<milliseconds>>("2024-02-29T14:05:09.250+01:00").time_since_epoch().count(),
            1709211909250);
  EXPECT_EQ(write(sys_days(2024y / 2 / 29)), "2024-02-29");
  EXPECT_EQ(read<year_month_day>("2024-02-29"), 2024y / 2 / 29);
  EXPECT_EQ(write(kin::Decimal("1.50")), "1.50");
  EXPECT_EQ(read<kin::Decimal>(0.1), kin::Decimal("0.1"));
  EXPECT_EQ(read<kin::Decimal>(7), kin::Decimal("7"));
  const kin::Uuid uuid = kin::Uuid::v7();
  EXPECT_EQ(write(uuid), uuid.to_string());
  EXPECT_EQ(read<kin::Uuid>(uuid.to_string()), uuid);
  EXPECT_EQ(write(std::vector<int>{1, 2}), (Json{1, 2}));
  EXPECT_EQ(read<std::vector<std::string>>(Json{"a", "b"}), (std::vector<std::string>{"a", "b"}));
}

TEST(JsonValue, NumbersConvertWhereNothingIsLost) {
  EXPECT_EQ(read<int>(3.0), 3);
  EXPECT_EQ(read<std::uint64_t>(Json(UINT64_MAX)), UINT64_MAX);
  EXPECT_EQ(read<double>(3), 3.0);
  EXPECT_NE(refusal<std::int8_t>(300), "taken");
  EXPECT_NE(refusal<unsigned>(-1), "taken");
  EXPECT_NE(refusal<int>(3.5), "taken");
  EXPECT_NE(refusal<int>("3"), "taken");
  EXPECT_NE(refusal<int>(true), "taken");
  EXPECT_NE(refusal<bool>(1), "taken");
  EXPECT_NE(refusal<double>("1"), "taken");
  EXPECT_NE(refusal<std::string>(1), "taken");
  EXPECT_NE(refusal<std::string>(nullptr), "taken");
}

TEST(JsonValue, NullIsTheNullOfTheMember) {
  EXPECT_EQ(read<std::optional<int>>(nullptr), std::nullopt);
  EXPECT_EQ(read<std::optional<Json>>(nullptr), std::nullopt);
  EXPECT_TRUE(read<Json>(nullptr).is_null());
  EXPECT_EQ(read<std::optional<int>>(3), 3);
  EXPECT_EQ(write(std::optional<int>()), Json());
}

TEST(JsonValue, ADocumentThatIsTooDeepIsRefused) {
  Json deep;
  for (int i = 0; i < 2000; ++i) {
    Json outer = Json::array();
    outer.push_back(std::move(deep));
    deep = std::move(outer);
  }
  EXPECT_NE(refusal<Json>(deep).find("deeper"), std::string::npos);
}

}  // namespace
