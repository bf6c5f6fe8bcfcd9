// SPDX-License-Identifier: MIT
#include <kin/types/json.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "unit/types/codec_testing.hpp"

namespace kin {
namespace {

using detail::codec_of;
using testing::assigned;
using testing::check_snapshots;
using testing::Packed;
using testing::refusal;
using testing::refusal_of_view;
using testing::view_of;

ValueView text(std::string_view value) { return ValueView::text(value); }

Json nested(std::size_t levels) {
  Json value = 1;
  for (std::size_t i = 0; i < levels; ++i) {
    Json outer = Json::array();
    outer.push_back(std::move(value));
    value = std::move(outer);
  }
  return value;
}

std::string nested_text(std::size_t levels) {
  return std::string(levels, '[') + "1" + std::string(levels, ']');
}

bool unchanged(const Json& before, const Json& now) { return Packed(codec_of<Json>(), &before).equals(&now); }

TEST(JsonCodec, Converts) {
  static_assert(detail::has_codec<Json> && detail::has_codec<std::optional<Json>>);
  EXPECT_EQ(codec_of<Json>().kind, ValueKind::json);
  EXPECT_EQ(view_of(Json{{"b", {1, 2.5, nullptr, true}}, {"a", "ü"}}),
            R"(json {"a":"ü","b":[1,2.5,null,true]})");
  EXPECT_EQ(view_of(Json()), "json null");
  EXPECT_EQ(view_of(std::optional<Json>{}), "null");
  EXPECT_EQ(view_of(std::optional<Json>{Json()}), "json null");

  const Json expected{{"a", {1, "x"}}};
  EXPECT_EQ(assigned<Json>(ValueView::json(R"({"a": [1, "x"]})")), expected);
  EXPECT_EQ(assigned<Json>(text(R"({"a": [1, "x"]})")), expected);
  EXPECT_EQ(assigned<Json>(ValueView::integer(-5)), Json(-5));
  EXPECT_EQ(assigned<Json>(ValueView::unsigned_integer(5)), Json(5u));
  EXPECT_EQ(assigned<Json>(ValueView::real(0.5)), Json(0.5));
  EXPECT_EQ(assigned<Json>(ValueView::boolean(true)), Json(true));
  EXPECT_EQ(assigned<std::optional<Json>>(ValueView::null()), std::nullopt);
  EXPECT_EQ(assigned<std::optional<Json>>(text("null")), std::optional<Json>(Json()));
}

TEST(JsonCodec, Refuses) {
  EXPECT_EQ(refusal<Json>(ValueView::null()), "null, but the member isn't std::optional");
  EXPECT_EQ(refusal<Json>(text("{\"a\": 1,}")), "'{\"a\": 1,}' is not JSON, from byte 9 on");
  EXPECT_EQ(refusal<Json>(text("")), "'' is not JSON, from byte 1 on");
  EXPECT_EQ(refusal<Json>(text("1e999")), "'1e999' has a number that is out of range");
  EXPECT_EQ(refusal<Json>(ValueView::blob("x", 1)), "a blob of 1 bytes does not convert to kin::Json");
  EXPECT_EQ(refusal_of_view(Json("\xff")), "a string in the JSON value is not UTF-8");
  EXPECT_EQ(refusal_of_view(Json(Json::value_t::discarded)), "a JSON value that was discarded by its parser");
}

TEST(JsonCodec, RefusesWhatIsTooDeepForTheStack) {
  const std::string reason = "a JSON value nested deeper than 1000 levels";
  EXPECT_EQ(assigned<Json>(text(nested_text(1000))), nested(1000));
  EXPECT_EQ(refusal<Json>(text(nested_text(1001))), reason);
  EXPECT_EQ(refusal<Json>(text(nested_text(1'000'000))), reason);
  EXPECT_EQ(
      assigned<Json>(text("\"" + std::string(5000, '[') + "\\\"" + std::string(5000, '{') + "\"")).size(),
      1u);
  EXPECT_EQ(refusal_of_view(nested(1000)), "accepted");
  EXPECT_EQ(refusal_of_view(nested(100'000)), reason);
  const Json shallow = nested(1000);
  EXPECT_TRUE(unchanged(shallow, shallow));
  EXPECT_FALSE(unchanged(shallow, nested(100'000)));
}

TEST(JsonCodec, ComparesContent) {
  const Json object = Json::parse(R"({"a": 1, "b": [true, {"c": "text"}]})");
  EXPECT_TRUE(unchanged(object, Json::parse(R"({"b": [true, {"c": "text"}], "a": 1.0})")));
  for (const char* other :
       {R"({"a": 1, "b": [true, {"c": "texs"}]})", R"({"a": 1, "b": [true, {"d": "text"}]})",
        R"({"a": 1, "b": [true, {"c": "text"}, 1]})", R"({"a": 1, "b": [true]})",
        R"({"a": 1, "b": [false, {"c": "text"}]})", R"({"a": 2, "b": [true, {"c": "text"}]})", R"({"a": 1})",
        "{}", "[]", "null", "1", "\"a\""}) {
    EXPECT_FALSE(unchanged(object, Json::parse(other))) << other;
    EXPECT_FALSE(unchanged(Json::parse(other), object)) << other;
  }
}

TEST(JsonCodec, ComparesNumbersAcrossTheirTypes) {
  const auto largest = std::numeric_limits<std::uint64_t>::max();
  EXPECT_TRUE(unchanged(Json(1), Json(1u)));
  EXPECT_TRUE(unchanged(Json(1u), Json(1)));
  EXPECT_TRUE(unchanged(Json(1), Json(1.0)));
  EXPECT_TRUE(unchanged(Json(1.0), Json(1u)));
  EXPECT_FALSE(unchanged(Json(-1), Json(largest)));
  EXPECT_FALSE(unchanged(Json(largest), Json(-1)));
  EXPECT_FALSE(unchanged(Json(1), Json(1.5)));
  EXPECT_FALSE(unchanged(Json(1), Json("1")));
  EXPECT_FALSE(unchanged(Json(1), Json(true)));
}

TEST(JsonCodec, TakesNaNForNullAsItsTextDoes) {
  const Json nan = std::nan("");
  EXPECT_EQ(view_of(nan), "json null");
  EXPECT_TRUE(unchanged(nan, nan));
  EXPECT_TRUE(unchanged(nan, Json()));
  EXPECT_TRUE(unchanged(Json(), nan));
  EXPECT_FALSE(unchanged(nan, Json(0)));
}

TEST(JsonCodec, Snapshots) {
  const Json object =
      Json::parse(R"({"": [], "k": {"x": -1, "y": 1.5, "z": "text", "t": true, "f": false, "n": null}})");
  check_snapshots<Json>({{object},
                         {Json()},
                         {Json(5)},
                         {Json(5u << 31)},
                         {Json("")},
                         {Json::array()},
                         {Json::object()},
                         {Json(false)}});
  check_snapshots<std::optional<Json>>({{std::nullopt}, {Json()}, {object}});

  Json restored;
  Packed(codec_of<Json>(), &object).restore(&restored);
  EXPECT_EQ(restored, object);
  const Json real = 1.0;
  Packed(codec_of<Json>(), &real).restore(&restored);
  EXPECT_TRUE(restored.is_number_float());
}

TEST(JsonCodec, SnapshotsBinaries) {
  const Json plain = Json::binary({1, 2, 3});
  const Json typed = Json::binary({1, 2, 3}, 7);
  const Json typed_other = Json::binary({1, 2, 3}, 8);
  const Json other = Json::binary({1, 2});
  for (const Json* before : {&plain, &typed, &typed_other, &other}) {
    for (const Json* now : {&plain, &typed, &typed_other, &other})
      EXPECT_EQ(unchanged(*before, *now), before == now);
    Json restored;
    Packed(codec_of<Json>(), before).restore(&restored);
    EXPECT_EQ(restored, *before);
  }
}

}  // namespace
}  // namespace kin
