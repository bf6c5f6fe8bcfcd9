// SPDX-License-Identifier: MIT
// em.execute(), what query_logger is told, and that text is data wherever it stands.
#include "db/support/database.hpp"
#include "db/support/library.hpp"

namespace kin::test::reading_raw {

using namespace library;

class ReadingRaw : public DatabaseTest {
 protected:
  void SetUp() override {
    start(library::entities, [this](Options& options) {
      options.query_logger = [log = log_](const Query& query) { log->push_back(query); };
    });
    EntityManager em = orm().em();
    for (int i = 1; i <= 3; ++i) em.create<Tag>({.id = i, .name = "tag " + std::to_string(i)});
    em.flush();
    log_->clear();
  }
  static std::vector<std::string> parameters(const Query& query) {
    std::vector<std::string> texts;
    for (const Value& value : query.parameters) texts.push_back(value.to_string());
    return texts;
  }
  std::shared_ptr<std::vector<Query>> log_ = std::make_shared<std::vector<Query>>();
};

TEST_P(ReadingRaw, BracesAreParameters) {
  EntityManager em = orm().em();
  const auto rows = em.execute("select id, name as n from tag where id > {} and name <> {} order by id", 1, "tag 3");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows.columns(), (std::vector<std::string>{"id", "n"}));
  EXPECT_EQ(rows[0].get<std::int64_t>("id"), 2);
  EXPECT_EQ(rows[0].get<std::string>("n"), "tag 2");
  EXPECT_THROW((void)rows[0]["nothing"], ValidationError);
  ASSERT_EQ(log_->size(), 1u);
  EXPECT_EQ(canonical((*log_)[0].sql), "select id, name as n from tag where id > ? and name <> ? order by id");
  EXPECT_EQ(parameters((*log_)[0]), (std::vector<std::string>{"1", "'tag 3'"}));
}

TEST_P(ReadingRaw, TheNumberOfParametersMustFit) {
  EntityManager em = orm().em();
  EXPECT_THROW((void)em.execute("select {}, {}", 1), ValidationError);
  EXPECT_THROW((void)em.execute("select {}", 1, 2), ValidationError);
  EXPECT_THROW((void)em.execute("select 1", 2), ValidationError);
  EXPECT_THROW((void)em.execute("select {}"), ValidationError);
  EXPECT_TRUE(log_->empty()) << "nothing was sent";
}

TEST_P(ReadingRaw, ParametersOfEveryKind) {
  EntityManager em = orm().em();
  const auto rows = em.execute("select {} as a, {} as b, {} as c, {} as d, {} as e", std::int64_t{-5}, 2.5, true, std::string("it's"), std::nullopt);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].get<std::int64_t>("a"), -5);
  EXPECT_EQ(rows[0].get<double>("b"), 2.5);
  EXPECT_TRUE(rows[0].get<bool>("c"));
  EXPECT_EQ(rows[0].get<std::string>("d"), "it's");
  EXPECT_TRUE(rows[0]["e"].is_null());
}

TEST_P(ReadingRaw, AnEmptyOptionalIsNullAndAFilledOneItsValue) {
  EntityManager em = orm().em();
  const std::optional<std::string> name = "it's";
  const auto rows = em.execute("select {} as a, {} as b, {} as c, {} as d, {} as e", std::optional<int>(),
                               std::optional<int>(7), name, std::optional<std::string>(), std::optional<Mood>(Mood::wild));
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_TRUE(rows[0]["a"].is_null());
  EXPECT_EQ(rows[0].get<int>("b"), 7);
  EXPECT_EQ(rows[0].get<std::string>("c"), "it's");
  EXPECT_TRUE(rows[0]["d"].is_null());
  EXPECT_EQ(rows[0].get<Mood>("e"), Mood::wild);
  em.execute("update tag set name = {} where id = {}", std::optional<std::string>("new"), std::optional<std::int64_t>(2));
  EXPECT_EQ(em.find_one_or_fail<Tag>(2)->name, "new");
}

TEST_P(ReadingRaw, ChangedRowsAreCounted) {
  EntityManager em = orm().em();
  EXPECT_EQ(em.execute("update tag set name = replace(name, 'tag', {}) where id >= {}", "mark", 2).changed(), 2u);
  EXPECT_EQ(em.execute("delete from tag where id = {}", 77).changed(), 0u);
  EXPECT_EQ(em.find_one_or_fail<Tag>(2)->name, "mark 2");
}

TEST_P(ReadingRaw, RowsOutliveTheManager) {
  Rows rows;
  {
    EntityManager em = orm().em();
    rows = em.execute("select name from tag order by id");
  }
  std::string names;
  for (const Row row : rows) names += row.get<std::string>("name") + ";";
  EXPECT_EQ(names, "tag 1;tag 2;tag 3;");
}

TEST_P(ReadingRaw, WhatTheDatabaseRefusesIsATypedError) {
  EntityManager em = orm().em();
  EXPECT_THROW((void)em.execute("select * from no_such_table"), TableNotFoundError);
  EXPECT_THROW((void)em.execute("select no_such_column from tag"), InvalidFieldNameError);
  EXPECT_THROW((void)em.execute("selekt 1"), SyntaxError);
  EXPECT_EQ(em.count<Tag>(), 3u) << "the manager works on";
}

class ReadingLog : public ReadingRaw {};

TEST_P(ReadingLog, TellsStatementParametersRowsAndTime) {
  EntityManager em = orm().em();
  (void)em.find<Tag>(field<&Tag::id> >= 2 && field<&Tag::name>.between("tag", "tah")).limit(10).list();
  ASSERT_EQ(log_->size(), 1u);
  const Query& query = log_->front();
  EXPECT_EQ(canonical(query.sql), R"(select "t0"."id", "t0"."name" from "tag" as "t0" where "t0"."id" >= ? and "t0"."name" between ? and ? limit ?)");
  EXPECT_EQ(parameters(query), (std::vector<std::string>{"2", "'tag'", "'tah'", "10"}));
  EXPECT_EQ(query.rows, 2u);
  EXPECT_EQ(query.executions, 1u);
  EXPECT_FALSE(query.failed);
  EXPECT_GT(query.duration.count(), 0);
}

/// SQLite's text of an operator may need a value twice.
class ReadingLogTexts : public ReadingLog {};

TEST_P(ReadingLogTexts, AValueThatTheTextNeedsTwiceIsToldTwice) {
  EntityManager em = orm().em();
  (void)em.find<Tag>(field<&Tag::id> >= 2 && field<&Tag::name>.starts_with("tag")).limit(10).list();
  ASSERT_EQ(log_->size(), 1u);
  EXPECT_EQ(
      log_->front().sql,
      R"(select "t0"."id", "t0"."name" from "tag" as "t0" where "t0"."id" >= ? and substr("t0"."name", 1, length(?)) = ? limit ?)");
  EXPECT_EQ(parameters(log_->front()), (std::vector<std::string>{"2", "'tag'", "'tag'", "10"}));
}

TEST_P(ReadingLogTexts, ATransactionThatWritesBeginsImmediately) {
  EntityManager em = orm().em();
  em.create<Tag>({.id = 4, .name = "four"});
  em.flush();
  ASSERT_EQ(log_->size(), 3u);
  EXPECT_EQ((*log_)[0].sql, "begin immediate");
}

TEST_P(ReadingLog, TellsBeginAndCommitOfAFlush) {
  EntityManager em = orm().em();
  em.create<Tag>({.id = 4, .name = "four"});
  em.create<Tag>({.id = 5, .name = "five"});
  em.flush();
  ASSERT_EQ(log_->size(), 3u);
  EXPECT_EQ(canonical((*log_)[0].sql), "begin");
  EXPECT_EQ(canonical((*log_)[1].sql), R"(insert into "tag" ("id", "name") values (?, ?))");
  EXPECT_EQ(parameters((*log_)[1]), (std::vector<std::string>{"4", "'four'", "5", "'five'"}));
  EXPECT_EQ((*log_)[1].rows, 2u);
  EXPECT_EQ((*log_)[2].sql, "commit");
}

TEST_P(ReadingLog, TellsWhatFailed) {
  EntityManager em = orm().em();
  EXPECT_THROW((void)em.execute("insert into tag (id, name) values ({}, {})", 9, "tag 1"), UniqueConstraintViolationError);
  ASSERT_EQ(log_->size(), 1u);
  EXPECT_TRUE(log_->front().failed);
  EXPECT_EQ(parameters(log_->front()), (std::vector<std::string>{"9", "'tag 1'"}));
}

class ReadingText : public ReadingRaw {};

TEST_P(ReadingText, ComesBackAndIsFoundAsItWasWritten) {
  const std::vector<std::string> texts = {
      "", "'", "''", "\"", "%", "_", "\\", "\\'", "?", "??", "$1", ":name", "@x", "{}", "{0}", "{{}}", "--", "/*", "*/", ";",
      "'; drop table tag; --", "' or '1'='1", "\" or \"\"=\"", "x') union select 1, 'y' --", "100% _sure_", "line\nbreak\r\n\ttab",
      "é ü 漢字 😀", " spaces ", "null", "NULL", "0", "1e3", "a%b_c\\d'e\"f?g{}h",
  };
  {
    EntityManager em = orm().em();
    em.execute("delete from tag");
    for (const std::string& text : texts) em.create<Tag>({.name = text});
    em.flush();
  }
  for (const std::string& text : texts) {
    SCOPED_TRACE(text);
    EntityManager em = orm().em();
    const auto is_only = [&](const Condition<Tag>& condition) {
      auto found = em.find<Tag>(condition).list();
      return found.size() == 1 && found[0]->name == text;
    };
    EXPECT_TRUE(is_only(field<&Tag::name> == text));
    EXPECT_TRUE(is_only(field<&Tag::name>.in({text})));
    EXPECT_TRUE(is_only(field<&Tag::name>.between(text, text)));
    std::uint64_t containing = 0;
    std::uint64_t starting = 0;
    std::uint64_t ending = 0;
    for (const std::string& other : texts) {
      containing += other.find(text) != std::string::npos;
      starting += other.starts_with(text);
      ending += other.ends_with(text);
    }
    EXPECT_EQ(em.count<Tag>(field<&Tag::name>.contains(text)), containing);
    EXPECT_EQ(em.count<Tag>(field<&Tag::name>.starts_with(text)), starting);
    EXPECT_EQ(em.count<Tag>(field<&Tag::name>.ends_with(text)), ending);
    EXPECT_EQ(em.count<Tag>(field<&Tag::name> != text), texts.size() - 1);
    const auto raw = em.execute("select name from tag where name = {}", text);
    ASSERT_EQ(raw.size(), 1u);
    EXPECT_EQ(raw[0].get<std::string>("name"), text);
  }
  EXPECT_EQ(orm().em().count<Tag>(), texts.size()) << "nothing was dropped";
}

struct Order {
  std::int64_t id{};
  std::string select{};
  std::string weird{};
  Ref<Order> group{};
};
inline void describe(Schema<Order>& order) {
  order.table("order by \"x\"; --");
  order.on<&Order::weird>(column_name("a \"b\" ? {} 'c'"));
  order.on<&Order::group>(nullable(true));
}

class ReadingNames : public DatabaseTest {};

TEST_P(ReadingNames, NamesAreQuoted) {
  EntityManager em = start(kin::entities<Order>).em();
  auto first = em.create<Order>({.select = "s", .weird = "w"});
  em.create<Order>({.select = "t", .weird = "v", .group = first});
  em.flush();
  EntityManager other = orm().em();
  auto found = other.find<Order>(field<&Order::weird> == "v" && field<&Order::group, &Order::weird> == "w" && field<&Order::group, &Order::select> == "s")
                   .order_by(field<&Order::weird>.asc())
                   .populate<&Order::group>()
                   .list();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0]->select, "t");
  EXPECT_EQ(found[0].get<&Order::group>()->weird, "w");
  struct Strange {
    std::string w{};
  };
  EXPECT_EQ(other.find<Order>().as<Strange>(field<&Order::weird>).list().size(), 2u);
}

/// Quotes inside a name are doubled where they are the dialect's; the others are proven in tests/unit/sql.
class ReadingNameTexts : public DatabaseTest {};

TEST_P(ReadingNameTexts, QuotesInsideNamesAreDoubled) {
  EntityManager em = start(kin::entities<Order>).em();
  EXPECT_EQ(em.find<Order>(field<&Order::weird> == "v").sql(),
            R"(select "t0"."id", "t0"."select", "t0"."a ""b"" ? {} 'c'", "t0"."group_id" from "order by ""x""; --" as "t0" )"
            R"(where "t0"."a ""b"" ? {} 'c'" = ?)");
}

KIN_ON_EVERY_DATABASE(ReadingRaw);
KIN_ON_EVERY_DATABASE(ReadingLog);
KIN_ON_EVERY_SQLITE(ReadingLogTexts);
KIN_ON_EVERY_DATABASE(ReadingText);
KIN_ON_EVERY_DATABASE(ReadingNames);
KIN_ON_EVERY_SQLITE(ReadingNameTexts);

}  // namespace kin::test::reading_raw
