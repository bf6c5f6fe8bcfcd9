// SPDX-License-Identifier: MIT
// Plain rows: as<> of a find, and em.query with joins, groups, aggregates.
#include <algorithm>
#include <map>

#include "db/support/database.hpp"
#include "db/support/library.hpp"

namespace kin::test::reading_dto {

using namespace library;

struct Row {
  std::int64_t id;
  std::string title;
  double price;
  std::int64_t author;
  std::vector<std::int64_t> tags;
};

class ReadingDto : public DatabaseTest {
 protected:
  void SetUp() override {
    start(library::entities);
    EntityManager em = orm().em();
    for (int i = 1; i <= 4; ++i)
      em.create<Author>({.id = i, .name = name(i), .email = std::to_string(i), .age = i == 2 ? std::optional<int>() : 30 + i});
    for (int i = 1; i <= 3; ++i) em.create<Tag>({.id = i, .name = "tag " + std::to_string(i)});
    for (int i = 1; i <= 10; ++i) {
      Row row{i, "book " + std::to_string(i), (i * 7 % 10) / 2.0, 1 + i * i % 3, {}};
      for (int tag = 1; tag <= 3; ++tag)
        if (i % (tag + 1) == 0) row.tags.push_back(tag);
      auto book = em.create<Book>({.id = i, .title = row.title, .price = row.price, .author = em.get_reference<Author>(row.author)});
      for (std::int64_t tag : row.tags) book->tags.add(em.get_reference<Tag>(tag));
      rows_.push_back(row);
    }
    em.flush();
    clear_statements();
  }
  static std::string name(std::int64_t author) { return "author " + std::to_string(author); }

  std::vector<Row> rows_;
};

struct Sale {
  std::string title{};
  std::string author{};
  std::optional<int> age{};
};

TEST_P(ReadingDto, AsPutsFieldsIntoMembersByPosition) {
  EntityManager em = orm().em();
  const auto sales = em.find<Book>(field<&Book::price> > 1.0)
                         .order_by(field<&Book::id>.desc())
                         .limit(3)
                         .as<Sale>(field<&Book::title>, field<&Book::author, &Author::name>, field<&Book::author, &Author::age>)
                         .list();
  EXPECT_EQ(statements(),
            (std::vector<std::string>{R"(select "t0"."title", "t1"."name", "t1"."age" from "book" as "t0" )"
                                      R"(join "author" as "t1" on "t1"."id" = "t0"."author_id" where "t0"."price" > ? )"
                                      R"(order by "t0"."id" desc limit ?)"}));
  std::vector<Row> wanted;
  for (const Row& row : rows_)
    if (row.price > 1.0) wanted.push_back(row);
  std::ranges::reverse(wanted);
  wanted.resize(3);
  ASSERT_EQ(sales.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(sales[i].title, wanted[i].title);
    EXPECT_EQ(sales[i].author, name(wanted[i].author));
    EXPECT_EQ(sales[i].age, wanted[i].author == 2 ? std::optional<int>() : 30 + static_cast<int>(wanted[i].author));
  }
}

TEST_P(ReadingDto, RowsAreNoEntities) {
  EntityManager em = orm().em();
  struct Title {
    std::string title{};
  };
  auto titles = em.find<Book>().as<Title>(field<&Book::title>).list();
  ASSERT_EQ(titles.size(), rows_.size());
  titles[0].title = "changed";
  EXPECT_FALSE(em.has_changes());
  EXPECT_EQ(count_statements([&] { em.find_one<Book>(1); }), 1u) << "nothing came into the identity map";
}

struct Stat {
  std::string name{};
  std::int64_t books{};
  double total{};
  double mean{};
  double least{};
  double most{};
};

TEST_P(ReadingDto, GroupsOfAJoin) {
  struct Wanted {
    std::int64_t books = 0;
    double total = 0;
    double least = 1e9;
    double most = -1;
  };
  std::map<std::string, Wanted> groups;
  for (const Row& row : rows_) {
    Wanted& group = groups[name(row.author)];
    ++group.books;
    group.total += row.price;
    group.least = std::min(group.least, row.price);
    group.most = std::max(group.most, row.price);
  }
  std::erase_if(groups, [](const auto& group) { return group.second.books <= 2; });
  ASSERT_FALSE(groups.empty());

  EntityManager em = orm().em();
  const auto a = kin::alias<Author>("a");
  const auto stats = em.query<Book>()
                         .join<&Book::author>(a)
                         .select(a[field<&Author::name>].as("name"), kin::count(field<&Book::id>).as("books"), kin::sum(field<&Book::price>).as("total"),
                                 kin::avg(field<&Book::price>).as("mean"), kin::min(field<&Book::price>).as("least"), kin::max(field<&Book::price>).as("most"))
                         .group_by(a[field<&Author::name>])
                         .having(kin::count(field<&Book::id>) > 2)
                         .order_by(kin::column("name").asc())
                         .rows<Stat>();
  EXPECT_EQ(statements().size(), 1u);
  ASSERT_EQ(stats.size(), groups.size());
  auto wanted = groups.begin();
  for (const Stat& stat : stats) {
    EXPECT_EQ(stat.name, wanted->first);
    EXPECT_EQ(stat.books, wanted->second.books);
    EXPECT_DOUBLE_EQ(stat.total, wanted->second.total);
    EXPECT_DOUBLE_EQ(stat.mean, wanted->second.total / static_cast<double>(wanted->second.books));
    EXPECT_EQ(stat.least, wanted->second.least);
    EXPECT_EQ(stat.most, wanted->second.most);
    ++wanted;
  }
}

/// An average is written in each dialect's own way; those of the others are proven in tests/unit/sql.
class ReadingDtoTexts : public ReadingDto {};

TEST_P(ReadingDtoTexts, GroupsOfAJoin) {
  EntityManager em = orm().em();
  const auto a = kin::alias<Author>("a");
  (void)em.query<Book>()
      .join<&Book::author>(a)
      .select(a[field<&Author::name>].as("name"), kin::count(field<&Book::id>).as("books"), kin::sum(field<&Book::price>).as("total"),
              kin::avg(field<&Book::price>).as("mean"), kin::min(field<&Book::price>).as("least"), kin::max(field<&Book::price>).as("most"))
      .group_by(a[field<&Author::name>])
      .having(kin::count(field<&Book::id>) > 2)
      .order_by(kin::column("name").asc())
      .rows<Stat>();
  EXPECT_EQ(statements(),
            (std::vector<std::string>{
                R"(select "a"."name" as "name", count("t0"."id") as "books", sum("t0"."price") as "total", avg("t0"."price") as "mean", )"
                R"(min("t0"."price") as "least", max("t0"."price") as "most" from "book" as "t0" join "author" as "a" on )"
                R"("a"."id" = "t0"."author_id" group by "a"."name" having count("t0"."id") > ? order by "name")"}));
}

struct NameCount {
  std::string name{};
  std::int64_t books{};
};

TEST_P(ReadingDto, LeftJoinKeepsRowsWithoutAPartner) {
  EntityManager em = orm().em();
  const auto b = kin::alias<Book>("b");
  const auto query = [&](bool left) {
    auto q = em.query<Author>();
    if (left) {
      q.left_join<&Author::books>(b);
    } else {
      q.join<&Author::books>(b);
    }
    return q.select(field<&Author::name>, kin::count(b[field<&Book::id>]).as("books")).group_by(field<&Author::id>).order_by(field<&Author::id>.asc()).rows<NameCount>();
  };
  std::map<std::int64_t, std::int64_t> counts;
  for (const Row& row : rows_) ++counts[row.author];
  auto all = query(true);
  ASSERT_EQ(all.size(), 4u);
  for (std::int64_t i = 1; i <= 4; ++i) {
    EXPECT_EQ(all[static_cast<std::size_t>(i - 1)].name, name(i));
    EXPECT_EQ(all[static_cast<std::size_t>(i - 1)].books, counts.contains(i) ? counts[i] : 0);
  }
  EXPECT_EQ(query(false).size(), counts.size());
}

TEST_P(ReadingDto, JoinsOfAliasesThroughAPivot) {
  EntityManager em = orm().em();
  const auto b = kin::alias<Book>("b");
  const auto t = kin::alias<Tag>("t");
  struct Pair {
    std::string name{};
    std::string title{};
    std::string tag{};
  };
  const auto pairs = em.query<Author>()
                         .join<&Author::books>(b)
                         .join(b[field<&Book::tags>], t)
                         .where(t[field<&Tag::id>] != 2 && field<&Author::id> < 3 && b[field<&Book::price>] > 0.4)
                         .select(field<&Author::name>, b[field<&Book::title>], t[field<&Tag::name>].as("tag"))
                         .order_by(b[field<&Book::id>].asc(), t[field<&Tag::id>].desc())
                         .rows<Pair>();
  std::vector<std::tuple<std::string, std::string, std::string>> got;
  for (const Pair& pair : pairs) got.emplace_back(pair.name, pair.title, pair.tag);
  std::vector<std::tuple<std::string, std::string, std::string>> wanted;
  for (const Row& row : rows_) {
    std::vector<std::int64_t> tags = row.tags;
    std::ranges::reverse(tags);
    for (std::int64_t tag : tags)
      if (tag != 2 && row.author < 3 && row.price > 0.4) wanted.emplace_back(name(row.author), row.title, "tag " + std::to_string(tag));
  }
  EXPECT_FALSE(wanted.empty());
  EXPECT_EQ(got, wanted);
}

TEST_P(ReadingDto, WholeTableAggregatesAndDistinct) {
  EntityManager em = orm().em();
  struct Total {
    std::int64_t rows{};
    std::int64_t ages{};
    std::int64_t kinds{};
    std::optional<int> oldest{};
  };
  const auto total = em.query<Author>()
                         .select(kin::count().as("rows"), kin::count(field<&Author::age>).as("ages"), kin::count_distinct(field<&Author::mood>).as("kinds"),
                                 kin::max(field<&Author::age>).as("oldest"))
                         .rows<Total>();
  ASSERT_EQ(total.size(), 1u);
  EXPECT_EQ(total[0].rows, 4);
  EXPECT_EQ(total[0].ages, 3) << "a null is not counted";
  EXPECT_EQ(total[0].kinds, 1);
  EXPECT_EQ(total[0].oldest, 34);
  const auto none = em.query<Author>().where(field<&Author::id> > 99).select(kin::count().as("rows"), kin::count(field<&Author::age>).as("ages"), kin::count_distinct(field<&Author::mood>).as("kinds"), kin::max(field<&Author::age>).as("oldest")).rows<Total>();
  ASSERT_EQ(none.size(), 1u);
  EXPECT_EQ(none[0].rows, 0);
  EXPECT_EQ(none[0].oldest, std::nullopt);

  struct Mood1 {
    Mood mood{};
  };
  EXPECT_EQ(em.query<Author>().select(field<&Author::mood>).distinct().rows<Mood1>().size(), 1u);
}

TEST_P(ReadingDto, OrderLimitAndOffsetOfAQuery) {
  EntityManager em = orm().em();
  struct Title {
    std::string title{};
  };
  const auto titles = em.query<Book>().select(field<&Book::title>).order_by(field<&Book::id>.desc()).limit(2).offset(3).rows<Title>();
  ASSERT_EQ(titles.size(), 2u);
  EXPECT_EQ(titles[0].title, rows_[rows_.size() - 4].title);
  EXPECT_EQ(titles[1].title, rows_[rows_.size() - 5].title);
}

template <class F>
std::string refusal(F&& work) {
  try {
    work();
  } catch (const ValidationError& error) {
    return error.what();
  }
  return "not refused";
}

TEST_P(ReadingDto, NamesThatDoNotMatchAreRefusedBeforeAnythingIsSent) {
  EntityManager em = orm().em();
  EXPECT_EQ(refusal([&] { (void)em.query<Book>().select(field<&Book::title>.as("heading")).rows<NameCount>(); }),
            "NameCount has no member heading for the query's column; it has name, books");
  EXPECT_EQ(refusal([&] { (void)em.query<Book>().select(field<&Book::title>.as("name")).rows<NameCount>(); }),
            "no column of the query goes to NameCount.books; select one .as(\"books\")");
  EXPECT_EQ(refusal([&] { (void)em.query<Book>().select(field<&Book::title>.as("name"), kin::count()).rows<NameCount>(); }),
            "column 2 of the query has no name; add .as(\"…\") with a member of NameCount (name, books)");
  EXPECT_EQ(refusal([&] { (void)em.query<Book>().rows<NameCount>(); }),
            "the query selects nothing; call select() with one column for each member of NameCount");
  EXPECT_TRUE(statements().empty());
}

TEST_P(ReadingDto, MisusedAliasesAndColumnsAreRefused) {
  EntityManager em = orm().em();
  const auto a = kin::alias<Author>("a");
  struct Name {
    std::string name{};
  };
  EXPECT_NE(refusal([&] { (void)em.query<Book>().select(a[field<&Author::name>]).rows<Name>(); }).find("\"a\" belongs to no join"), std::string::npos);
  EXPECT_NE(refusal([&] {
              (void)em.query<Book>().join<&Book::author>(a).join<&Book::author>(a).select(a[field<&Author::name>]).rows<Name>();
            }).find("\"a\" names two joins"),
            std::string::npos);
  EXPECT_NE(refusal([&] { (void)em.query<Book>().select(field<&Book::title>.as("name")).order_by(kin::column("nothing").asc()).rows<Name>(); })
                .find("kin::column(\"nothing\")"),
            std::string::npos);
  EXPECT_TRUE(statements().empty());
}

TEST_P(ReadingDto, ANullForAMemberThatCannotHoldItIsNamed) {
  EntityManager em = orm().em();
  struct Age {
    int age{};
  };
  const std::string why = refusal([&] { (void)em.find<Author>().as<Age>(field<&Author::age>).list(); });
  EXPECT_NE(why.find("Age.age"), std::string::npos) << why;
}

KIN_ON_EVERY_DATABASE(ReadingDto);
KIN_ON_EVERY_SQLITE(ReadingDtoTexts);

}  // namespace kin::test::reading_dto
