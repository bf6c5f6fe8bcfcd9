// SPDX-License-Identifier: MIT
// Values on their way into SQLite and back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kin/error.hpp>

#include <array>
#include <limits>

#include "db/sqlite/support.hpp"
#include "types/utf8.hpp"

namespace kin::seam_test {
namespace {

using testing::HasSubstr;
using namespace std::string_literals;
using namespace std::string_view_literals;

class SqliteValues : public testing::Test {
 protected:
  std::string type_of(ValueView value) { return text(loan_, "select typeof({})", {value}); }
  std::string stored_text(ValueView value) { return text(loan_, "select {}", {value}); }

  const std::unique_ptr<driver::Driver> driver_ = make_driver(":memory:");
  const Loan loan_ = lend(*driver_);
};

TEST_F(SqliteValues, HaveTheTypesOfSqlite) {
  const std::array<unsigned char, 16> bytes{0x12, 0x34};
  EXPECT_EQ(type_of(ValueView::null()), "null");
  EXPECT_EQ(type_of(ValueView::boolean(true)), "integer");
  EXPECT_EQ(type_of(ValueView::integer(1)), "integer");
  EXPECT_EQ(type_of(ValueView::unsigned_integer(1)), "integer");
  EXPECT_EQ(type_of(ValueView::real(1)), "real");
  EXPECT_EQ(type_of(ValueView::text("x")), "text");
  EXPECT_EQ(type_of(ValueView::json("{}")), "text");
  EXPECT_EQ(type_of(ValueView::decimal("1.50")), "text");
  EXPECT_EQ(type_of(ValueView::blob("x", 1)), "blob");
  EXPECT_EQ(type_of(ValueView::uuid(bytes.data())), "text");
  EXPECT_EQ(type_of(ValueView::date(0)), "text");
  EXPECT_EQ(type_of(ValueView::time(0)), "text");
  EXPECT_EQ(type_of(ValueView::timestamp(0, 0)), "text");
}

TEST_F(SqliteValues, AreReadableWhereSqliteStoresText) {
  const std::array<unsigned char, 16> bytes{0x12, 0x34, 0x56};
  EXPECT_EQ(stored_text(ValueView::uuid(bytes.data())), "12345600-0000-0000-0000-000000000000");
  EXPECT_EQ(stored_text(ValueView::date(19782)), "2024-02-29");
  EXPECT_EQ(stored_text(ValueView::timestamp(1'709'211'909'123'456, 0)), "2024-02-29 13:05:09");
  EXPECT_EQ(stored_text(ValueView::timestamp(1'709'211'909'123'456, 6)), "2024-02-29 13:05:09.123456");
  EXPECT_EQ(stored_text(ValueView::time(47'109'000'000)), "13:05:09");
  EXPECT_EQ(stored_text(ValueView::time(47'109'120'000)), "13:05:09.120");
  EXPECT_EQ(stored_text(ValueView::time(47'109'120'001)), "13:05:09.120001");
  EXPECT_EQ(stored_text(ValueView::decimal("12345678901234567890.10")), "12345678901234567890.10");
}

TEST_F(SqliteValues, ComeBackWhole) {
  constexpr auto largest = std::numeric_limits<std::int64_t>::max();
  constexpr auto smallest = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(integer(loan_, "select {}", {ValueView::integer(largest)}), largest);
  EXPECT_EQ(integer(loan_, "select {}", {ValueView::integer(smallest)}), smallest);
  EXPECT_EQ(integer(loan_, "select {}", {ValueView::boolean(true)}), 1);
  EXPECT_EQ(value(loan_, "select {}", {ValueView::real(0.1)}).view().as_real(), 0.1);
  EXPECT_EQ(text(loan_, "select {}", {ValueView::blob("\0\xff", 2)}), "\0\xff"s);
}

TEST_F(SqliteValues, TellEmptyFromNull) {
  EXPECT_EQ(type_of(ValueView::text(std::string_view())), "text");
  EXPECT_EQ(type_of(ValueView::blob(nullptr, 0)), "blob");
  const Value empty = value(loan_, "select {}", {ValueView::blob(nullptr, 0)});
  EXPECT_EQ(empty.kind(), ValueKind::blob);
  EXPECT_TRUE(empty.view().bytes().empty());
}

TEST_F(SqliteValues, RefuseWhatSqliteWouldChange) {
  const auto nan = ValueView::real(std::numeric_limits<double>::quiet_NaN());
  const auto error = caught<ValidationError>([&] { execute(loan_, "select {}", {nan}); });
  EXPECT_THAT(error.what(), HasSubstr("SQLite stores NaN as null"));
  EXPECT_EQ(error.sql().substr(0, 7), "select ");
  EXPECT_THROW(execute(loan_, "select {}", {ValueView::unsigned_integer(1ULL << 63)}), ValidationError);
  EXPECT_EQ(integer(loan_, "select {}", {ValueView::unsigned_integer((1ULL << 63) - 1)}),
            std::numeric_limits<std::int64_t>::max());
  constexpr double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(value(loan_, "select {}", {ValueView::real(-infinity)}).view().as_real(), -infinity);
}

TEST_F(SqliteValues, KeepANulInsideText) {
  execute(loan_, "create table t (x text)");
  execute(loan_, "insert into t values ({})", {ValueView::text("a\0b"sv)});
  EXPECT_EQ(text(loan_, "select x from t"), "a\0b"s);
  EXPECT_EQ(integer(loan_, "select count(*) from t where x = {}", {ValueView::text("a\0b"sv)}), 1);
  EXPECT_EQ(integer(loan_, "select count(*) from t where x = 'a'"), 0);
  EXPECT_EQ(integer(loan_, "select length(x) from t"), 1);  // as documented: SQLite's functions stop there
}

TEST_F(SqliteValues, RefuseTextThatIsNotUtf8) {
  for (const std::string_view bad : {"\xff"sv, "caf\xe9"sv, "0123456789\xc3"sv, "\xed\xa0\x80"sv}) {
    EXPECT_THROW(execute(loan_, "select {}", {ValueView::text(bad)}), ValidationError) << bad;
    EXPECT_THROW(execute(loan_, "select {}", {ValueView::json(bad)}), ValidationError) << bad;
  }
  EXPECT_EQ(stored_text(ValueView::text("Žižkov 😀")), "Žižkov 😀");
}

TEST_F(SqliteValues, PassForeignTextThroughAsItIs) {
  const Value foreign = value(loan_, "select cast(x'61ff' as text)");
  EXPECT_EQ(foreign.kind(), ValueKind::text);
  EXPECT_EQ(foreign.view().bytes(), "a\xff");
}

TEST_F(SqliteValues, ConvertTextOfAUtf16Database) {
  const TemporaryDatabase database;
  sqlite::Options settings;
  settings.wal = false;
  settings.on_connect = {"pragma encoding = 'UTF-16'"};
  const auto driver = make_driver(database.path(), settings);
  const Loan loan = lend(*driver);
  execute(loan, "create table t (x text)");
  execute(loan, "insert into t values ({})", {ValueView::text("Žižkov 😀")});
  ASSERT_EQ(text(loan, "pragma encoding"), "UTF-16le");
  EXPECT_EQ(text(loan, "select x from t"), "Žižkov 😀");
}

// -------------------------------------------------------------------------------------------------------
// UTF-8

struct Utf8Case {
  std::string text;
  bool valid;
};

class SqliteUtf8 : public testing::TestWithParam<Utf8Case> {};

// Wherever the character lies: the check looks at eight bytes at a time.
TEST_P(SqliteUtf8, IsCheckedAtEveryPosition) {
  for (std::size_t before = 0; before <= 17; ++before) {
    for (std::size_t after = 0; after <= 17; ++after) {
      const std::string text = std::string(before, 'a') + GetParam().text + std::string(after, 'b');
      EXPECT_EQ(types::is_utf8(text), GetParam().valid) << before << " bytes before, " << after << " after";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Characters, SqliteUtf8,
                         testing::Values(Utf8Case{"", true}, Utf8Case{"\0"s, true}, Utf8Case{"\x7f", true},
                                         Utf8Case{"\xc2\x80", true}, Utf8Case{"\xdf\xbf", true},
                                         Utf8Case{"\xe0\xa0\x80", true}, Utf8Case{"\xed\x9f\xbf", true},
                                         Utf8Case{"\xee\x80\x80", true}, Utf8Case{"\xef\xbf\xbf", true},
                                         Utf8Case{"\xf0\x90\x80\x80", true},
                                         Utf8Case{"\xf4\x8f\xbf\xbf", true}, Utf8Case{"\x80", false},
                                         Utf8Case{"\xbf", false}, Utf8Case{"\xc0\x80", false},
                                         Utf8Case{"\xc1\xbf", false}, Utf8Case{"\xc2", false},
                                         Utf8Case{"\xc2\xc2", false}, Utf8Case{"\xe0\x9f\xbf", false},
                                         Utf8Case{"\xe1\x80", false}, Utf8Case{"\xed\xa0\x80", false},
                                         Utf8Case{"\xed\xbf\xbf", false}, Utf8Case{"\xf0\x8f\xbf\xbf", false},
                                         Utf8Case{"\xf1\x80\x80", false}, Utf8Case{"\xf4\x90\x80\x80", false},
                                         Utf8Case{"\xf5\x80\x80\x80", false}, Utf8Case{"\xff", false}));

}  // namespace
}  // namespace kin::seam_test
