// SPDX-License-Identifier: MIT
#include "sql/logged_query.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using kin::Query;
using kin::QueryParameters;
using kin::Value;
using kin::ValueView;

/// Counts how often it is asked.
class Source final : public kin::detail::ParameterSource {
 public:
  void append_to(std::vector<Value>& values) const override {
    ++asked;
    values.emplace_back(ValueView::integer(7));
    values.emplace_back(ValueView::text("seven"));
  }
  mutable int asked = 0;
};

TEST(QueryParameters, AreNotCopiedForALoggerThatDoesNotLook) {
  const Source source;
  {
    const QueryParameters parameters(source);
  }
  EXPECT_EQ(source.asked, 0);
}

TEST(QueryParameters, AreCopiedOnce) {
  const Source source;
  const QueryParameters parameters(source);
  EXPECT_EQ(parameters.size(), 2u);
  EXPECT_FALSE(parameters.empty());
  EXPECT_EQ(parameters[0].view().as_integer(), 7);
  EXPECT_EQ(parameters[1].to_string(), "'seven'");
  EXPECT_EQ(source.asked, 1);
}

TEST(QueryParameters, OfACopyOutliveTheirSource) {
  std::optional<Source> source(std::in_place);
  QueryParameters kept;
  {
    const QueryParameters parameters(*source);
    kept = parameters;
  }
  source.reset();
  std::vector<std::string> texts;
  for (const Value& value : kept) texts.push_back(value.to_string());
  EXPECT_EQ(texts, (std::vector<std::string>{"7", "'seven'"}));
}

TEST(LoggedQuery, GivesTheParametersToALoggerThatKeepsTheQuery) {
  std::vector<Query> log;
  const kin::QueryLogger logger = [&](const Query& query) { log.push_back(query); };
  {
    const std::vector<ValueView> values = {ValueView::integer(1), ValueView::null()};
    kin::sql::LoggedQuery query(logger, "select ?, ?", values);
    query.succeeded(3);
  }
  ASSERT_EQ(log.size(), 1u);
  EXPECT_EQ(log[0].rows, 3u);
  ASSERT_EQ(log[0].parameters.size(), 2u);
  EXPECT_EQ(log[0].parameters[0].view().as_integer(), 1);
  EXPECT_TRUE(log[0].parameters[1].is_null());
}

}  // namespace
