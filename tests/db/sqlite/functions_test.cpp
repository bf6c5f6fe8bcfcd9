// SPDX-License-Identifier: MIT
// What kin adds to SQLite: regexp, the collation decimal and decimal_sum.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kin/error.hpp>

#include "db/sqlite/support.hpp"

namespace kin::seam_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class SqliteFunctions : public testing::Test {
 protected:
  bool matches(std::string_view text, std::string_view pattern) {
    return integer(loan_, "select {} regexp {}", {ValueView::text(text), ValueView::text(pattern)}) != 0;
  }
  std::vector<std::string> texts(std::string_view sql) {
    std::vector<std::string> texts;
    for (const auto& row : rows(loan_, sql).rows) texts.emplace_back(row[0].view().bytes());
    return texts;
  }

  const std::unique_ptr<driver::Driver> driver_ = make_driver(":memory:");
  const Loan loan_ = lend(*driver_);
};

TEST_F(SqliteFunctions, RegexpFindsThePatternAnywhere) {
  EXPECT_TRUE(matches("The Dispossessed", "Disp"));
  EXPECT_TRUE(matches("The Dispossessed", "^The .*d$"));
  EXPECT_FALSE(matches("The Dispossessed", "^Disp"));
  EXPECT_FALSE(matches("The Dispossessed", "disp"));
  EXPECT_TRUE(matches("The Dispossessed", "(?i)disp"));
  EXPECT_TRUE(matches("Žižkov", "^.{6}$"));  // characters, not bytes
  EXPECT_TRUE(matches("", ""));
}

TEST_F(SqliteFunctions, RegexpOfNullIsNull) {
  EXPECT_TRUE(value(loan_, "select null regexp 'x'").is_null());
  EXPECT_TRUE(value(loan_, "select 'x' regexp null").is_null());
}

TEST_F(SqliteFunctions, RegexpReadsNumbersAsText) {
  EXPECT_EQ(integer(loan_, "select 1234 regexp '^12'"), 1);
}

TEST_F(SqliteFunctions, RegexpRefusesAnInvalidPattern) {
  const auto error = caught<DriverError>([&] { matches("x", "(secret"); });
  EXPECT_THAT(error.server_text(), HasSubstr("invalid regular expression"));
  EXPECT_THAT(error.what(), Not(HasSubstr("secret")));
}

TEST_F(SqliteFunctions, RegexpKeepsMoreThanOnePattern) {
  for (int round = 0; round < 2; ++round) {
    for (int pattern = 0; pattern < 40; ++pattern) {
      const std::string number = std::to_string(pattern);
      EXPECT_TRUE(matches("<" + number + ">", "<" + number + ">"));
      EXPECT_FALSE(matches("<x>", "<" + number + ">"));
    }
  }
}

TEST_F(SqliteFunctions, DecimalOrdersByNumber) {
  execute(loan_, "create table t (x text collate decimal)");
  execute(
      loan_,
      "insert into t values ('10'), ('9.5'), ('-3'), ('12345678901234567890.2'), ('12345678901234567890.1'), "
      "('none'), ('1e3')");
  EXPECT_THAT(
      texts("select x from t order by x"),
      ElementsAre("-3", "9.5", "10", "1e3", "12345678901234567890.1", "12345678901234567890.2", "none"));
  EXPECT_THAT(texts("select x from t where x > '9.50' and x <= '10.00'"), ElementsAre("10"));
  EXPECT_THAT(texts("select x from t where x = '9.50'"), ElementsAre("9.5"));
  EXPECT_EQ(text(loan_, "select max(x) from t where x <> 'none'"), "12345678901234567890.2");
}

TEST_F(SqliteFunctions, DecimalSumIsExact) {
  execute(loan_, "create table t (x text, g integer)");
  EXPECT_TRUE(value(loan_, "select decimal_sum(x) from t").is_null());
  execute(loan_,
          "insert into t values ('0.10', 1), ('0.20', 1), (null, 1), ('12345678901234567890.05', 2), (null, "
          "3), (5, 4)");
  EXPECT_EQ(text(loan_, "select decimal_sum(x) from t"), "12345678901234567895.35");
  EXPECT_EQ(text(loan_, "select decimal_sum(x) from t where g = 1"), "0.30");
  EXPECT_TRUE(value(loan_, "select decimal_sum(x) from t where g = 3").is_null());
  EXPECT_EQ(text(loan_, "select decimal_sum(column1) from (values (0.1), (0.2), (7))"), "7.3");
}

TEST_F(SqliteFunctions, DecimalSumMovesOverAWindow) {
  EXPECT_THAT(texts("select decimal_sum(column1) over (rows between 1 preceding and current row) "
                    "from (values ('0.1'), ('0.2'), ('0.3'))"),
              ElementsAre("0.1", "0.3", "0.5"));
}

TEST_F(SqliteFunctions, DecimalSumRefusesWhatIsNoNumber) {
  const auto error = caught<DriverError>([&] { execute(loan_, "select decimal_sum('secret')"); });
  EXPECT_EQ(error.server_text(), "decimal_sum: a value is not a decimal number");
  EXPECT_THROW(execute(loan_, "select decimal_sum(9e999)"), DriverError);
}

}  // namespace
}  // namespace kin::seam_test
