// SPDX-License-Identifier: MIT
#include "sql/query_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using kin::Value;
using kin::ValueView;
using kin::sql::log_line;

kin::Query query(std::string sql) {
  kin::Query query;
  query.sql = std::move(sql);
  query.duration = 210us;
  return query;
}

kin::LogOptions with_parameters() {
  kin::LogOptions options;
  options.parameters = true;
  return options;
}

TEST(QueryLog, SaysWhatRanHowLongAndForHowManyRows) {
  kin::Query select = query("select 1");
  select.rows = 3;
  EXPECT_EQ(log_line(select, {}, false), "[query] select 1 [took 0.21 ms, 3 rows]");
  select.rows = 1;
  EXPECT_EQ(log_line(select, {}, false), "[query] select 1 [took 0.21 ms, 1 row]");
  select.rows = 0;
  EXPECT_EQ(log_line(select, {}, false), "[query] select 1 [took 0.21 ms, 0 rows]");
}

TEST(QueryLog, TellsNoRowsOfStatementsThatHaveNone) {
  EXPECT_EQ(log_line(query("begin immediate"), {}, false), "[query] begin immediate [took 0.21 ms]");
  EXPECT_EQ(log_line(query("savepoint \"kin_1\""), {}, false), "[query] savepoint \"kin_1\" [took 0.21 ms]");
  EXPECT_EQ(log_line(query("UPDATE a SET b = 1"), {}, false),
            "[query] UPDATE a SET b = 1 [took 0.21 ms, 0 rows]");
}

TEST(QueryLog, ChoosesAUnit) {
  kin::Query slow = query("commit");
  slow.duration = 12400us;
  EXPECT_EQ(log_line(slow, {}, false), "[query] commit [took 12 ms]");
  slow.duration = 2345ms;
  EXPECT_EQ(log_line(slow, {}, false), "[query] commit [took 2.35 s]");
  slow.duration = 4us;
  EXPECT_EQ(log_line(slow, {}, false), "[query] commit [took 0.004 ms]");
}

TEST(QueryLog, ShowsParametersOnRequestOnly) {
  kin::Query select = query("select ?");
  select.parameters = {Value(ValueView::integer(7)), Value(ValueView::text("seven")), Value()};
  EXPECT_EQ(log_line(select, {}, false), "[query] select ? [took 0.21 ms, 0 rows]");
  EXPECT_EQ(log_line(select, with_parameters(), false),
            "[query] select ? -- [7, 'seven', null] [took 0.21 ms, 0 rows]");
}

TEST(QueryLog, ShowsTheFirstRowsOfABatch) {
  kin::Query insert = query("insert into a values (?)");
  insert.executions = 5;
  insert.rows = 5;
  std::vector<Value> values;
  for (int i = 1; i <= 5; ++i) values.emplace_back(ValueView::integer(i));
  insert.parameters = values;
  EXPECT_EQ(log_line(insert, with_parameters(), false),
            "[query] insert into a values (?) -- [1] [2] [3] and 2 more [took 0.21 ms, 5 times, 5 rows]");
}

TEST(QueryLog, SaysThatAStatementFailed) {
  kin::Query insert = query("insert into a values (1)");
  insert.failed = true;
  EXPECT_EQ(log_line(insert, {}, false), "[query] insert into a values (1) [took 0.21 ms, failed]");
}

TEST(QueryLog, KeepsToOneLine) {
  EXPECT_EQ(log_line(query("select 1\n\t  from a\r\n where b"), {}, false),
            "[query] select 1 from a where b [took 0.21 ms, 0 rows]");
  kin::Query forged = query("select ?");
  forged.parameters = {Value(ValueView::text("x\n[query] commit \x1b[31m"))};
  EXPECT_EQ(log_line(forged, with_parameters(), false),
            "[query] select ? -- ['x\\x0a[query] commit \\x1b[31m'] [took 0.21 ms, 0 rows]");
}

TEST(QueryLog, CutsLongValuesBetweenCharacters) {
  kin::Query select = query("select ?");
  std::string text(198, 'x');
  const std::string longer = text + "€€€";
  select.parameters = {Value(ValueView::text(longer))};  // byte 200 lies inside the first of them
  const std::string line = log_line(select, with_parameters(), false);
  EXPECT_EQ(line, "[query] select ? -- ['" + text + "…] [took 0.21 ms, 0 rows]");
}

TEST(QueryLog, ColoursTheOutcome) {
  kin::Query commit = query("commit");
  EXPECT_EQ(log_line(commit, {}, true), "\x1b[2m[query] \x1b[0mcommit \x1b[2m[took 0.21 ms]\x1b[0m");
  commit.failed = true;
  EXPECT_EQ(log_line(commit, {}, true), "\x1b[2m[query] \x1b[0mcommit \x1b[31m[took 0.21 ms, failed]\x1b[0m");
}

TEST(ConsoleLog, WritesLinesToWhereItIsTold) {
  std::vector<std::string> lines;
  kin::LogOptions options;
  options.write = [&lines](std::string_view line) { lines.emplace_back(line); };
  const kin::QueryLogger log = kin::console_log(options);
  log(query("commit"));
  EXPECT_THAT(lines, testing::ElementsAre("[query] commit [took 0.21 ms]"));
}

TEST(ConsoleLog, LeavesOutFastStatementsButNoFailedOnes) {
  std::vector<std::string> lines;
  kin::LogOptions options;
  options.slower_than = 1ms;
  options.write = [&lines](std::string_view line) { lines.emplace_back(line); };
  const kin::QueryLogger log = kin::console_log(options);
  log(query("begin immediate"));
  kin::Query failed = query("commit");
  failed.failed = true;
  log(failed);
  kin::Query slow = query("rollback");
  slow.duration = 1ms;
  log(slow);
  EXPECT_THAT(lines, testing::ElementsAre("[query] commit [took 0.21 ms, failed]",
                                          "[query] rollback [took 1.00 ms]"));
}

TEST(ConsoleLog, WritesToStderr) {
  testing::internal::CaptureStderr();
  kin::console_log()(query("commit"));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "[query] commit [took 0.21 ms]\n");
}

}  // namespace
