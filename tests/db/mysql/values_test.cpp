// SPDX-License-Identifier: MIT
// Values on their way to MySQL and MariaDB and back, in the binary form of the protocol.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "db/mysql/support.hpp"

namespace kin::seam_test {
namespace {

class MysqlValues : public MysqlTest {
 protected:
  MysqlValues() : driver_(make_driver({.tls = mysql::Tls::off})), loan_(lend(*driver_)) {}

  /// The value as it comes back from a column of that type.
  Value through(const std::string& type, ValueView value) {
    execute(loan_, "drop table if exists t");
    execute(loan_, "create table t (x " + type + ")");
    execute(loan_, "insert into t values ({})", {value});
    return seam_test::value(loan_, "select x from t");
  }

  const std::unique_ptr<driver::Driver> driver_;
  const Loan loan_;
};

TEST_P(MysqlValues, IntegersOfEverySize) {
  for (const char* const type : {"tinyint", "smallint", "mediumint", "integer", "bigint"}) {
    EXPECT_EQ(through(type, ValueView::integer(-100)).view().as_integer(), -100) << type;
    EXPECT_EQ(through(std::string(type) + " unsigned", ValueView::integer(200)).view().as_integer(), 200)
        << type;
    EXPECT_TRUE(through(type, ValueView::null()).is_null()) << type;
  }
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(through("bigint", ValueView::integer(least)).view().as_integer(), least);
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  const Value unsigned_one = through("bigint unsigned", ValueView::unsigned_integer(most));
  EXPECT_EQ(unsigned_one.kind(), ValueKind::unsigned_integer);
  EXPECT_EQ(unsigned_one.view().as_unsigned(), most);
  EXPECT_EQ(through("tinyint(1)", ValueView::boolean(true)).view().as_integer(), 1);
  EXPECT_EQ(through("year", ValueView::integer(2026)).view().as_integer(), 2026);
  EXPECT_EQ(through("bit(12)", ValueView::integer(0xabc)).view().as_unsigned(), 0xabcU);
}

TEST_P(MysqlValues, RealsAndDecimals) {
  EXPECT_EQ(through("double", ValueView::real(0.1)).view().as_real(), 0.1);
  EXPECT_EQ(through("float", ValueView::real(0.5)).view().as_real(), 0.5);
  const Value decimal =
      through("decimal(40, 10)", ValueView::decimal("123456789012345678901234567890.0123456789"));
  EXPECT_EQ(decimal.kind(), ValueKind::decimal);
  EXPECT_EQ(decimal.view().bytes(), "123456789012345678901234567890.0123456789");
}

TEST_P(MysqlValues, TextOfEveryLength) {
  for (const std::size_t length : {std::size_t{0}, std::size_t{1}, std::size_t{250}, std::size_t{251},
                                   std::size_t{65'536}, std::size_t{300'000}}) {
    const std::string text(length, 'x');
    const Value back = through("longtext", ValueView::text(text));
    EXPECT_EQ(back.kind(), ValueKind::text);
    EXPECT_EQ(back.view().bytes(), text) << length;
  }
  const std::string text("\xF0\x9F\x93\x9A \0 'quoted' \\ ", 18);
  EXPECT_EQ(through("varchar(50)", ValueView::text(text)).view().bytes(), text);
}

TEST_P(MysqlValues, Bytes) {
  const std::string bytes("\0\xff\x80 16 bytes \0\x01\x02", 16);
  for (const char* const type : {"binary(16)", "varbinary(20)", "longblob"}) {
    const Value back = through(type, ValueView::blob(bytes.data(), bytes.size()));
    EXPECT_EQ(back.kind(), ValueKind::blob) << type;
    EXPECT_EQ(back.view().bytes(), bytes) << type;
  }
  EXPECT_EQ(through("binary(16)", ValueView::uuid(bytes.data())).view().bytes(), bytes);
}

TEST_P(MysqlValues, Json) {
  const Value back = through("json", ValueView::json(R"({"a": [1, "\u00e4"]})"));
  EXPECT_EQ(back.kind(), is_mariadb() ? ValueKind::text : ValueKind::json);
  EXPECT_THAT(std::string(back.view().bytes()), testing::StartsWith(R"({"a": [1, ")"));
}

TEST_P(MysqlValues, DatesAndTimes) {
  constexpr std::int64_t second = 1'000'000;
  for (const std::int64_t days : {-719'162, -1, 0, 20'000, 2'932'896}) {
    const Value back = through("date", ValueView::date(days));
    EXPECT_EQ(back.kind(), ValueKind::date);
    EXPECT_EQ(back.view().as_integer(), days);
  }
  for (const std::int64_t moment : {std::int64_t{0}, -second * 86'400 * 365 - 1,
                                    1'700'000'000 * second + 123'456, 20'000 * 86'400 * second}) {
    const Value back = through("datetime(6)", ValueView::timestamp(moment, 6));
    EXPECT_EQ(back.kind(), ValueKind::timestamp);
    EXPECT_EQ(back.view().as_integer(), moment);
    EXPECT_EQ(back.view().fraction_digits(), 6);
  }
  EXPECT_EQ(through("datetime", ValueView::timestamp(5 * second, 0)).view().as_integer(), 5 * second);
  EXPECT_EQ(through("timestamp(3)", ValueView::timestamp(5 * second + 7000, 3)).view().as_integer(),
            5 * second + 7000);
  for (const std::int64_t time :
       {std::int64_t{0}, 45'296 * second, 86'399 * second + 999'999, -second, 50 * 3600 * second}) {
    const Value back = through("time(6)", ValueView::time(time));
    EXPECT_EQ(back.kind(), ValueKind::time);
    EXPECT_EQ(back.view().as_integer(), time);
  }
}

TEST_P(MysqlValues, ManyColumnsOfOneRow) {
  const Rows result = rows(loan_, "select {}, null, {}, null, null, {}, null, null, null, {}, {}",
                           {ValueView::integer(1), ValueView::text("two"), ValueView::real(2.5),
                            ValueView::null(), ValueView::text("")});
  ASSERT_EQ(result.rows.size(), 1U);
  const std::vector<Value>& row = result.rows.front();
  EXPECT_EQ(row[0].view().as_integer(), 1);
  EXPECT_EQ(row[2].view().bytes(), "two");
  EXPECT_EQ(row[5].view().as_real(), 2.5);
  EXPECT_TRUE(row[1].is_null() && row[3].is_null() && row[4].is_null() && row[8].is_null() &&
              row[9].is_null());
  EXPECT_EQ(row[10].view().bytes(), "");
  EXPECT_FALSE(row[10].is_null());
}

TEST_P(MysqlValues, ColumnsHaveNames) {
  const Rows result = rows(loan_, "select 1 as one, 'x' as `two words`");
  EXPECT_THAT(result.names, testing::ElementsAre("one", "two words"));
}

KIN_ON_MYSQL_AND_MARIADB(MysqlValues);

}  // namespace
}  // namespace kin::seam_test
