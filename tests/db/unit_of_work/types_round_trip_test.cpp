// SPDX-License-Identifier: MIT
// Every basic type goes in and comes out as it was; what a database cannot hold is refused before it is stored.
#include <gmock/gmock.h>
#include <kin/types/json.hpp>

#include <chrono>
#include <cmath>
#include <limits>

#include "db/support/database.hpp"

namespace kin::test::uow_types {

using testing::HasSubstr;
using namespace std::chrono_literals;

enum class Colour { red, green, blue };

struct Everything {
  std::int64_t id{};
  bool flag{};
  std::int8_t i8{};
  std::int16_t i16{};
  std::int32_t i32{};
  std::int64_t i64{};
  std::uint8_t u8{};
  std::uint16_t u16{};
  std::uint32_t u32{};
  std::uint64_t u64{};
  float f32{};
  double f64{};
  std::string text{};
  Blob blob{};
  std::vector<std::uint8_t> bytes{};
  Decimal decimal{};
  Uuid uuid{};
  Json json{};
  Colour colour{};
  std::chrono::year_month_day date{std::chrono::year(2000) / 1 / 1};
  std::chrono::sys_days day{};
  std::chrono::sys_seconds second{};
  std::chrono::sys_time<std::chrono::milliseconds> milli{};
  std::chrono::sys_time<std::chrono::microseconds> micro{};

  std::optional<bool> o_flag{};
  std::optional<std::int64_t> o_i64{};
  std::optional<double> o_f64{};
  std::optional<std::string> o_text{};
  std::optional<Blob> o_blob{};
  std::optional<Decimal> o_decimal{};
  std::optional<Uuid> o_uuid{};
  std::optional<Json> o_json{};
  std::optional<Colour> o_colour{};
  std::optional<std::chrono::year_month_day> o_date{};
  std::optional<std::chrono::sys_seconds> o_second{};
};
inline void describe(Schema<Everything>& everything) {
  everything.on<&Everything::decimal>(precision(40, 20));
  everything.on<&Everything::o_decimal>(precision(40, 20));
}

class UowTypesRoundTrip : public DatabaseTest {
 protected:
  /// Stores the value and gives what a fresh manager reads.
  Everything round_trip(Everything value) {
    if (!started_) start(kin::entities<Everything>);
    started_ = true;
    EntityManager em = orm().em();
    auto entity = em.create<Everything>(std::move(value));
    em.flush();
    EXPECT_EQ(count_statements([&] { em.flush(); }), 0u) << "nothing has changed since it was written";
    EntityManager other = orm().em();
    auto again = other.find_one_or_fail<Everything>(entity->id);
    EXPECT_EQ(count_statements([&] { other.flush(); }), 0u) << "nothing has changed since it was read";
    return *again;
  }
  /// Expects ValidationError, the member's name in it, and no more rows than were `stored` before.
  void refused(Everything value, const std::string& member, std::uint64_t stored = 0) {
    if (!started_) start(kin::entities<Everything>);
    started_ = true;
    EntityManager em = orm().em();
    auto entity = em.create<Everything>(std::move(value));
    try {
      em.flush();
      ADD_FAILURE() << member << " was accepted";
    } catch (const ValidationError& error) {
      EXPECT_THAT(error.what(), HasSubstr(member));
      EXPECT_EQ(error.entity(), "Everything");
      EXPECT_EQ(error.property(), member);
    }
    EXPECT_EQ(entity->id, 0);
    EXPECT_EQ(orm().em().count<Everything>(), stored);
  }

 private:
  bool started_ = false;
};

TEST_P(UowTypesRoundTrip, Defaults) {
  const Everything e = round_trip({});
  EXPECT_EQ(e.i64, 0);
  EXPECT_EQ(e.text, "");
  EXPECT_TRUE(e.blob.empty());
  EXPECT_TRUE(e.uuid.is_nil());
  EXPECT_TRUE(e.json.is_null());
  EXPECT_EQ(e.o_flag, std::nullopt);
  EXPECT_EQ(e.o_i64, std::nullopt);
  EXPECT_EQ(e.o_f64, std::nullopt);
  EXPECT_EQ(e.o_text, std::nullopt);
  EXPECT_EQ(e.o_blob, std::nullopt);
  EXPECT_EQ(e.o_decimal, std::nullopt);
  EXPECT_EQ(e.o_uuid, std::nullopt);
  EXPECT_EQ(e.o_json, std::nullopt);
  EXPECT_EQ(e.o_colour, std::nullopt);
  EXPECT_EQ(e.o_date, std::nullopt);
  EXPECT_EQ(e.o_second, std::nullopt);
}

template <class Limit>
Everything limits(Limit limit) {
  Everything e;
  e.flag = true;
  e.i8 = limit(std::int8_t{});
  e.i16 = limit(std::int16_t{});
  e.i32 = limit(std::int32_t{});
  e.i64 = limit(std::int64_t{});
  e.u8 = limit(std::uint8_t{});
  e.u16 = limit(std::uint16_t{});
  e.u32 = limit(std::uint32_t{});
  e.f32 = limit(float{});
  e.f64 = limit(double{});
  return e;
}
void expect_numbers(const Everything& a, const Everything& b) {
  EXPECT_EQ(a.flag, b.flag);
  EXPECT_EQ(a.i8, b.i8);
  EXPECT_EQ(a.i16, b.i16);
  EXPECT_EQ(a.i32, b.i32);
  EXPECT_EQ(a.i64, b.i64);
  EXPECT_EQ(a.u8, b.u8);
  EXPECT_EQ(a.u16, b.u16);
  EXPECT_EQ(a.u32, b.u32);
  EXPECT_EQ(a.u64, b.u64);
  EXPECT_EQ(a.f32, b.f32);
  EXPECT_EQ(a.f64, b.f64);
}

TEST_P(UowTypesRoundTrip, LimitsOfNumbers) {
  const Everything low = limits([]<class T>(T) { return std::numeric_limits<T>::lowest(); });
  expect_numbers(round_trip(low), low);
  Everything high = limits([]<class T>(T) { return std::numeric_limits<T>::max(); });
  high.u64 = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  expect_numbers(round_trip(high), high);
  const Everything small = limits([]<class T>(T) { return std::numeric_limits<T>::denorm_min(); });
  expect_numbers(round_trip(small), small);
}

TEST_P(UowTypesRoundTrip, RealNumbers) {
  for (const double number : {0.1, -0.0, 1e308, 5e-324, 123456789.123456789, 1.0 / 3}) {
    Everything e;
    e.f64 = number;
    e.o_f64 = number;
    const Everything again = round_trip(e);
    EXPECT_EQ(again.f64, number);
    EXPECT_EQ(again.o_f64, number);
  }
}

TEST_P(UowTypesRoundTrip, InfinitiesWhereTheDatabaseHasThem) {
  Everything e;
  e.f64 = std::numeric_limits<double>::infinity();
  e.o_f64 = -std::numeric_limits<double>::infinity();
  if (!traits().stores_infinities) return refused(e, "f64");
  const Everything again = round_trip(e);
  EXPECT_EQ(again.f64, e.f64);
  EXPECT_EQ(again.o_f64, e.o_f64);
}

TEST_P(UowTypesRoundTrip, NanIsRefusedWhereTheDatabaseHasNone) {
  Everything e;
  e.f64 = std::numeric_limits<double>::quiet_NaN();
  if (traits().stores_nan) {
    EXPECT_TRUE(std::isnan(round_trip(e).f64));
    return;
  }
  refused(e, "f64");
  Everything o;
  o.o_f64 = std::numeric_limits<double>::quiet_NaN();
  refused(o, "o_f64");
}

TEST_P(UowTypesRoundTrip, UnsignedBeyondTheSignedOnes) {
  Everything e;
  e.u64 = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) + 1;
  if (!traits().stores_unsigned_64) return refused(e, "u64");
  EXPECT_EQ(round_trip(e).u64, e.u64);
  e.u64 = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(round_trip(e).u64, e.u64);
}

TEST_P(UowTypesRoundTrip, Texts) {
  std::uint64_t stored = 0;
  for (const std::string& text :
       {std::string(), std::string("a\0b", 3), std::string("\0", 1), std::string("'\"\\%_ ?{}"), std::string("Grüße 你好 🎈"),
        std::string(100'000, 'x'), std::string("line\r\nline\ttab")}) {
    Everything e;
    e.text = text;
    e.o_text = text;
    if (!traits().stores_nul_in_text && text.find('\0') != std::string::npos) {
      refused(e, "text", stored);
      continue;
    }
    ++stored;
    const Everything again = round_trip(e);
    EXPECT_EQ(again.text, text);
    EXPECT_EQ(again.o_text, text);
  }
}

TEST_P(UowTypesRoundTrip, InvalidUtf8IsRefused) {
  for (const char* text : {"\xff", "a\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80"}) {
    Everything e;
    e.text = text;
    refused(e, "text");
  }
}

TEST_P(UowTypesRoundTrip, Blobs) {
  Everything e;
  for (int i = 0; i < 256; ++i) {
    e.blob.push_back(static_cast<std::byte>(i));
    e.bytes.push_back(static_cast<std::uint8_t>(255 - i));
  }
  e.o_blob = Blob();
  const Everything again = round_trip(e);
  EXPECT_EQ(again.blob, e.blob);
  EXPECT_EQ(again.bytes, e.bytes);
  ASSERT_TRUE(again.o_blob) << "empty is not null";
  EXPECT_TRUE(again.o_blob->empty());
}

TEST_P(UowTypesRoundTrip, Decimals) {
  for (const char* text : {"0.10", "-12345678901234567890.12345678901234567890", "99999999999999999999.99999999999999999999",
                           "0.00000000000000000001", "1", "-0.5"}) {
    Everything e;
    e.decimal = Decimal(text);
    e.o_decimal = Decimal(text);
    const Everything again = round_trip(e);
    EXPECT_EQ(again.decimal, e.decimal) << again.decimal.to_string();
    EXPECT_EQ(again.o_decimal, e.o_decimal);
  }
}

TEST_P(UowTypesRoundTrip, AnEqualDecimalOfAnotherScaleIsNoChange) {
  EntityManager em = start(kin::entities<Everything>).em();
  auto e = em.create<Everything>({.decimal = Decimal("1.50")});
  em.flush();
  e->decimal = Decimal("1.5");
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
}

TEST_P(UowTypesRoundTrip, Times) {
  using namespace std::chrono;
  for (const auto& date : {year(1969) / December / 31, year(1) / January / 1, year(1600) / February / 29,
                           year(2024) / February / 29, year(9999) / December / 31}) {
    Everything e;
    e.date = date;
    e.o_date = date;
    e.day = sys_days(date);
    e.second = sys_days(date) + 23h + 59min + 58s;
    e.o_second = e.second;
    e.milli = e.second + 7ms;
    e.micro = e.milli + 13us;
    const Everything again = round_trip(e);
    EXPECT_EQ(again.date, e.date);
    EXPECT_EQ(again.o_date, e.o_date);
    EXPECT_EQ(again.day, e.day);
    EXPECT_EQ(again.second, e.second);
    EXPECT_EQ(again.o_second, e.o_second);
    EXPECT_EQ(again.milli, e.milli);
    EXPECT_EQ(again.micro, e.micro);
  }
}

TEST_P(UowTypesRoundTrip, ADateThatIsNoneIsRefused) {
  using namespace std::chrono;
  for (const auto& date : {year_month_day(), year(2023) / February / 29}) {
    Everything e;
    e.date = date;
    refused(e, "date");
    Everything o;
    o.o_date = date;
    refused(o, "o_date");
  }
}

TEST_P(UowTypesRoundTrip, TimesJustBefore1970) {
  Everything e;
  e.second = std::chrono::sys_seconds(-1s);
  e.milli = std::chrono::sys_time<std::chrono::milliseconds>(-1ms);
  e.micro = std::chrono::sys_time<std::chrono::microseconds>(-1us);
  const Everything again = round_trip(e);
  EXPECT_EQ(again.second, e.second);
  EXPECT_EQ(again.milli, e.milli);
  EXPECT_EQ(again.micro, e.micro);
}

TEST_P(UowTypesRoundTrip, Enums) {
  Everything e;
  e.colour = Colour::blue;
  e.o_colour = Colour::red;
  const Everything again = round_trip(e);
  EXPECT_EQ(again.colour, Colour::blue);
  EXPECT_EQ(again.o_colour, Colour::red);
  EXPECT_EQ(orm().em().execute("select colour from everything")[0].get<std::string>("colour"), "blue");
}

TEST_P(UowTypesRoundTrip, Uuids) {
  Everything e;
  e.uuid = Uuid::v7();
  e.o_uuid = Uuid::parse("ffffffff-ffff-ffff-ffff-ffffffffffff");
  const Everything again = round_trip(e);
  EXPECT_EQ(again.uuid, e.uuid);
  EXPECT_EQ(again.o_uuid, e.o_uuid);
}

TEST_P(UowTypesRoundTrip, JsonValues) {
  Everything e;
  e.json = Json{{"a", {1, 2.5, "x", nullptr, true}}, {"b", {{"c", -9223372036854775807LL}}}};
  e.o_json = Json::array();
  const Everything again = round_trip(e);
  EXPECT_EQ(again.json, e.json);
  EXPECT_EQ(again.o_json, e.o_json);
}

TEST_P(UowTypesRoundTrip, AChangeInsideJsonIsFound) {
  EntityManager em = start(kin::entities<Everything>).em();
  auto e = em.create<Everything>({.json = Json{{"a", {{"b", 1}}}, {"z", 2}}});
  em.flush();
  e->json["a"]["b"] = 2;
  clear_statements();
  em.flush();
  ASSERT_EQ(statements().size(), 3u);
  EXPECT_EQ(statements()[1], R"(update "everything" set "json" = ? where "id" = ?)");
  EntityManager other = orm().em();
  EXPECT_EQ(other.find<Everything>().one_or_fail()->json["a"]["b"], 2);
}

// Where rows that change together are written by one statement, no column tells it the types of the values.
TEST_P(UowTypesRoundTrip, ValuesOfRowsThatAreUpdatedTogether) {
  std::vector<Everything> values = {
      limits([]<class T>(T) { return std::numeric_limits<T>::lowest(); }),
      limits([]<class T>(T) { return std::numeric_limits<T>::max(); }),
      limits([]<class T>(T) { return std::numeric_limits<T>::denorm_min(); }),
  };
  for (int i = 0; i < 7; ++i) {
    Everything e;
    e.u64 = std::numeric_limits<std::int64_t>::max();
    e.text = i == 3 ? std::string(200'000, 'x') + "é" : "it's \"\\ " + std::string(static_cast<std::size_t>(i), 'y') + " ";
    e.blob = Blob(i == 4 ? 100'000u : 3u, std::byte{0xff});
    e.bytes = {0, 1, 0xfe};
    e.decimal = Decimal("12345678901234567890.12345678901234567890");
    e.uuid = Uuid::v4();
    e.json = Json{{"a", {1, 2.5, "é", nullptr, true}}};
    e.colour = Colour::blue;
    e.date = std::chrono::year(1969) / 7 / 20;
    e.day = std::chrono::sys_days(std::chrono::days(-3 + i));
    e.second = std::chrono::sys_seconds(1'700'000'000s);
    e.milli = std::chrono::sys_time<std::chrono::milliseconds>(1'700'000'000'123ms);
    e.micro = std::chrono::sys_time<std::chrono::microseconds>(1'700'000'000'123'456us);
    if (i % 2 == 0) {
      e.o_flag = true;
      e.o_i64 = -1;
      e.o_f64 = 0.1;
      e.o_text = "";
      e.o_blob = Blob{};
      e.o_decimal = Decimal("-0.5");
      e.o_uuid = e.uuid;
      e.o_json = Json::array();
      e.o_colour = Colour::green;
      e.o_date = e.date;
      e.o_second = e.second;
    }
    values.push_back(e);
  }
  EntityManager em = start(kin::entities<Everything>).em();
  std::vector<Ref<Everything>> entities;
  for (std::size_t i = 0; i < values.size(); ++i) {
    Everything other;  // of which every member changes in every row, so that all rows change the same columns
    other.flag = !values[i].flag;
    other.i8 = 77;
    other.i16 = 77;
    other.i32 = 77;
    other.i64 = 77;
    other.u8 = 77;
    other.u16 = 77;
    other.u32 = 77;
    other.u64 = 77;
    other.f32 = 77;
    other.f64 = 77;
    other.text = "other";
    other.blob = Blob{std::byte{7}};
    other.bytes = {7};
    other.decimal = Decimal("7");
    other.uuid = Uuid::v4();
    other.json = Json("other");
    other.date = std::chrono::year(1977) / 7 / 7;
    other.day = std::chrono::sys_days(std::chrono::days(77));
    other.second = std::chrono::sys_seconds(77s);
    other.milli = std::chrono::sys_time<std::chrono::milliseconds>(77ms);
    other.micro = std::chrono::sys_time<std::chrono::microseconds>(77us);
    other.colour = values[i].colour == Colour::blue ? Colour::red : Colour::green;
    other.o_flag = false;
    other.o_i64 = 77;
    other.o_f64 = 77;
    other.o_text = "other";
    other.o_blob = Blob{std::byte{7}};
    other.o_decimal = Decimal("7");
    other.o_uuid = Uuid::v4();
    other.o_json = Json("other");
    other.o_colour = Colour::red;
    other.o_date = other.date;
    other.o_second = other.second;
    entities.push_back(em.create<Everything>(other));
  }
  em.flush();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::int64_t id = entities[i]->id;
    *entities[i] = values[i];
    entities[i]->id = id;
  }
  clear_statements();
  em.flush();
  EXPECT_EQ(statements().size(), 3u) << "begin, one batch, commit";
  // Comparing with what is written finds what came back otherwise.
  EntityManager other = orm().em();
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto read = other.find_one_or_fail<Everything>(entities[i]->id);
    expect_numbers(*read, values[i]);
    const std::int64_t id = read->id;
    *read = values[i];
    read->id = id;
    EXPECT_FALSE(other.has_changes()) << "row " << i;
    other.clear();
  }
}

KIN_ON_EVERY_DATABASE(UowTypesRoundTrip);

}  // namespace kin::test::uow_types
