// SPDX-License-Identifier: MIT
// Order, limit, offset, count and exists.
#include <algorithm>

#include "db/support/database.hpp"
#include "db/support/library.hpp"

namespace kin::test::reading_order {

using namespace library;
using Ids = std::vector<std::int64_t>;

struct BookRow {
  std::int64_t id;
  std::string title;
  double price;
  std::int64_t author;
  std::vector<std::int64_t> tags;
};

class ReadingOrder : public DatabaseTest {
 protected:
  void SetUp() override {
    start(library::entities);
    EntityManager em = orm().em();
    for (int i = 1; i <= 5; ++i) {
      const auto number = std::to_string(i);
      em.create<Author>({.id = i, .name = i % 2 ? "odd" : "even", .email = number, .age = i == 3 ? std::optional<int>() : 70 - i});
    }
    for (int i = 1; i <= 4; ++i) em.create<Tag>({.id = i, .name = std::string(1, static_cast<char>('z' - i))});
    for (int i = 1; i <= 12; ++i) {
      BookRow row{i, "title " + std::to_string(i % 5), (i * 7 % 12) / 4.0, 1 + i % 4, {}};
      for (int tag = 1; tag <= 4; ++tag)
        if (i % (tag + 1) == 0) row.tags.push_back(tag);
      books_.push_back(row);
      auto book = em.create<Book>({.id = row.id, .title = row.title, .price = row.price, .author = em.get_reference<Author>(row.author)});
      for (std::int64_t tag : row.tags) book->tags.add(em.get_reference<Tag>(tag));
    }
    em.flush();
    clear_statements();
  }
  template <class Less>
  Ids sorted(Less&& less) const {
    std::vector<BookRow> rows = books_;
    std::ranges::stable_sort(rows, less);
    Ids ids;
    for (const BookRow& row : rows) ids.push_back(row.id);
    return ids;
  }
  template <class List>
  static Ids ids_of(const List& list) {
    Ids ids;
    for (const auto& entity : list) ids.push_back(entity->id);
    return ids;
  }
  static Ids part(const Ids& ids, std::size_t offset, std::size_t limit) {
    Ids result;
    for (std::size_t i = offset; i < ids.size() && result.size() < limit; ++i) result.push_back(ids[i]);
    return result;
  }
  static std::optional<int> age(std::int64_t author) { return author == 3 ? std::optional<int>() : 70 - static_cast<int>(author); }

  std::vector<BookRow> books_;
};

TEST_P(ReadingOrder, BySeveralTermsInTheirOrder) {
  EntityManager em = orm().em();
  EXPECT_EQ(ids_of(em.find<Book>().order_by(field<&Book::title>.desc(), field<&Book::price>.asc(), field<&Book::id>.desc()).list()),
            sorted([](const BookRow& a, const BookRow& b) {
              if (a.title != b.title) return a.title > b.title;
              if (a.price != b.price) return a.price < b.price;
              return a.id > b.id;
            }));
  EXPECT_EQ(ids_of(em.find<Book>().order_by(field<&Book::price>.asc()).order_by(field<&Book::id>.desc()).list()),
            sorted([](const BookRow& a, const BookRow& b) { return a.price != b.price ? a.price < b.price : a.id > b.id; }));
}

TEST_P(ReadingOrder, ByAMemberOfARelationWithNullsWhereTheyAreAsked) {
  EntityManager em = orm().em();
  for (bool descending : {false, true}) {
    for (bool first : {false, true}) {
      const auto base = descending ? field<&Book::author, &Author::age>.desc() : field<&Book::author, &Author::age>.asc();
      EXPECT_EQ(ids_of(em.find<Book>().order_by(first ? base.nulls_first() : base.nulls_last(), field<&Book::id>.asc()).list()),
                sorted([&](const BookRow& a, const BookRow& b) {
                  const auto left = age(a.author);
                  const auto right = age(b.author);
                  if (left.has_value() != right.has_value()) return first ? !left.has_value() : left.has_value();
                  if (left != right) return descending ? *left > *right : *left < *right;
                  return a.id < b.id;
                }));
    }
  }
}

/// The order of nulls is written in each dialect's own way; those of the others are proven in tests/unit/sql.
class ReadingOrderTexts : public ReadingOrder {};

TEST_P(ReadingOrderTexts, ByAMemberOfARelationWithNullsLast) {
  EntityManager em = orm().em();
  EXPECT_EQ(em.find<Book>().order_by(field<&Book::author, &Author::age>.desc().nulls_last(), field<&Book::id>.asc()).sql(),
            R"(select "t0"."id", "t0"."title", "t0"."price", "t0"."author_id" from "book" as "t0" )"
            R"(join "author" as "t1" on "t1"."id" = "t0"."author_id" order by "t1"."age" desc nulls last, "t0"."id")");
}

TEST_P(ReadingOrder, ByTheLeastItemOfACollectionOrTheGreatestWhenDescending) {
  EntityManager em = orm().em();
  const auto least = [](const BookRow& row) {
    char name = 0;
    for (std::int64_t tag : row.tags) name = name == 0 ? static_cast<char>('z' - tag) : std::min(name, static_cast<char>('z' - tag));
    return name;
  };
  const auto greatest = [](const BookRow& row) {
    char name = 0;
    for (std::int64_t tag : row.tags) name = std::max(name, static_cast<char>('z' - tag));
    return name;
  };
  // Of a book without tags the value is null: 0 here.
  EXPECT_EQ(ids_of(em.find<Book>().order_by(field<&Book::tags, &Tag::name>.asc().nulls_first(), field<&Book::id>.asc()).list()),
            sorted([&](const BookRow& a, const BookRow& b) { return least(a) != least(b) ? least(a) < least(b) : a.id < b.id; }));
  EXPECT_EQ(ids_of(em.find<Book>().order_by(field<&Book::tags, &Tag::name>.desc().nulls_last(), field<&Book::id>.asc()).list()),
            sorted([&](const BookRow& a, const BookRow& b) { return greatest(a) != greatest(b) ? greatest(a) > greatest(b) : a.id < b.id; }));
}

TEST_P(ReadingOrder, BySizeOfACollection) {
  EntityManager em = orm().em();
  EXPECT_EQ(ids_of(em.find<Book>().order_by(field<&Book::tags>.size().desc(), field<&Book::id>.asc()).list()),
            sorted([](const BookRow& a, const BookRow& b) { return a.tags.size() != b.tags.size() ? a.tags.size() > b.tags.size() : a.id < b.id; }));
}

TEST_P(ReadingOrder, LimitAndOffsetCutTheSameListEverywhere) {
  EntityManager em = orm().em();
  const Ids all = sorted([](const BookRow& a, const BookRow& b) { return a.price != b.price ? a.price < b.price : a.id < b.id; });
  for (std::size_t limit : {0u, 1u, 5u, 12u, 100u}) {
    for (std::size_t offset : {0u, 3u, 11u, 12u, 50u}) {
      SCOPED_TRACE(std::to_string(limit) + " from " + std::to_string(offset));
      EXPECT_EQ(ids_of(em.find<Book>().order_by(field<&Book::price>.asc(), field<&Book::id>.asc()).limit(limit).offset(offset).list()),
                part(all, offset, limit));
    }
  }
  EXPECT_EQ(ids_of(em.find<Book>().order_by(field<&Book::price>.asc(), field<&Book::id>.asc()).offset(4).list()), part(all, 4, 100));
}

// With every strategy, and with collections joined, a limit counts books and not rows.
TEST_P(ReadingOrder, LimitCountsRoots) {
  const Ids all = sorted([](const BookRow& a, const BookRow& b) { return a.title != b.title ? a.title > b.title : a.id < b.id; });
  for (Strategy strategy : {Strategy::select_in, Strategy::joined, Strategy::balanced}) {
    for (std::size_t offset : {0u, 2u, 10u}) {
      EntityManager em = orm().em();
      auto books = em.find<Book>(field<&Book::price> >= 0.0)
                       .order_by(field<&Book::title>.desc(), field<&Book::id>.asc())
                       .populate<&Book::tags>()
                       .populate<&Book::author>()
                       .strategy(strategy)
                       .limit(4)
                       .offset(offset)
                       .list();
      EXPECT_EQ(ids_of(books), part(all, offset, 4));
      for (const auto& book : books) {
        Ids tags;
        for (auto tag : book.get<&Book::tags>()) tags.push_back(tag->id);
        std::ranges::sort(tags);
        EXPECT_EQ(tags, books_[static_cast<std::size_t>(book->id - 1)].tags);
        EXPECT_EQ(book.get<&Book::author>()->id, books_[static_cast<std::size_t>(book->id - 1)].author);
      }
    }
  }
}

TEST_P(ReadingOrder, LimitWithJoinedCollectionsAndAnOrderOverThem) {
  const auto least = [](const BookRow& row) {
    char name = 0;
    for (std::int64_t tag : row.tags) name = name == 0 ? static_cast<char>('z' - tag) : std::min(name, static_cast<char>('z' - tag));
    return name;
  };
  EntityManager em = orm().em();
  auto books = em.find<Book>(field<&Book::tags>.some())
                   .order_by(field<&Book::tags, &Tag::name>.asc(), field<&Book::author, &Author::age>.asc().nulls_first(), field<&Book::id>.asc())
                   .populate<&Book::tags>()
                   .strategy(Strategy::joined)
                   .limit(3)
                   .offset(1)
                   .list();
  std::vector<BookRow> rows;
  for (const BookRow& row : books_)
    if (!row.tags.empty()) rows.push_back(row);
  std::ranges::sort(rows, [&](const BookRow& a, const BookRow& b) {
    if (least(a) != least(b)) return least(a) < least(b);
    if (age(a.author) != age(b.author)) return age(a.author) < age(b.author);
    return a.id < b.id;
  });
  Ids all;
  for (const BookRow& row : rows) all.push_back(row.id);
  EXPECT_EQ(ids_of(books), part(all, 1, 3));
}

TEST_P(ReadingOrder, TheJoinedLimitIsOneStatement) {
  EntityManager em = orm().em();
  (void)em.find<Book>(field<&Book::price> > 0.1).order_by(field<&Book::id>.desc()).populate<&Book::tags>().strategy(Strategy::joined).limit(2).list();
  EXPECT_EQ(statements(),
            (std::vector<std::string>{
                R"(select "t0"."id", "t0"."title", "t0"."price", "t0"."author_id", "t2"."id", "t2"."name" from )"
                R"((select "t0".* from "book" as "t0" where "t0"."price" > ? order by "t0"."id" desc limit ?) as "t0" )"
                R"(left join "book_tag" as "t1" on "t1"."book_id" = "t0"."id" left join "tag" as "t2" on "t2"."id" = "t1"."tag_id" )"
                R"(order by "t0"."id" desc)"}));
}

TEST_P(ReadingOrder, CountAndExistsIgnoreLimitAndOffset) {
  EntityManager em = orm().em();
  const auto dear = field<&Book::price> > 1.0;
  const auto many = static_cast<std::size_t>(std::ranges::count_if(books_, [](const BookRow& row) { return row.price > 1.0; }));
  EXPECT_EQ(em.count<Book>(), books_.size());
  EXPECT_EQ(em.count<Book>(dear), many);
  EXPECT_EQ(em.find<Book>(dear).limit(1).offset(1).count(), many);
  auto [page, total] = em.find<Book>(dear).order_by(field<&Book::id>.asc()).limit(2).offset(1).list_and_count();
  EXPECT_EQ(total, many);
  EXPECT_EQ(page.size(), std::min<std::size_t>(2, many - 1));
  EXPECT_TRUE(em.find<Book>(dear).exists());
  EXPECT_FALSE(em.find<Book>(field<&Book::price> > 1e9).exists());
  EXPECT_EQ(em.find<Book>(dear).populate<&Book::tags>().strategy(Strategy::joined).count(), many) << "joins do not multiply the count";
}

TEST_P(ReadingOrder, CountExistsAndOneSendTheseStatements) {
  EntityManager em = orm().em();
  em.count<Book>(field<&Book::author, &Author::name> == "odd");
  (void)em.find<Book>(field<&Book::price> > 1.0).exists();
  (void)em.find<Tag>().order_by(field<&Tag::id>.asc()).one();
  EXPECT_EQ(statements(),
            (std::vector<std::string>{
                R"(select count(*) from "book" as "t0" join "author" as "t1" on "t1"."id" = "t0"."author_id" where "t1"."name" = ?)",
                R"(select 1 from "book" as "t0" where "t0"."price" > ? limit 1)",
                R"(select "t0"."id", "t0"."name" from "tag" as "t0" order by "t0"."id" limit ?)"}));
}

TEST_P(ReadingOrder, OneIsTheFirstOrNothing) {
  EntityManager em = orm().em();
  const Ids all = sorted([](const BookRow& a, const BookRow& b) { return a.price != b.price ? a.price > b.price : a.id < b.id; });
  EXPECT_EQ(em.find<Book>().order_by(field<&Book::price>.desc(), field<&Book::id>.asc()).one()->id, all.front());
  EXPECT_EQ(em.find<Book>(field<&Book::price> > 1e9).one(), nullptr);
  EXPECT_THROW((void)em.find<Book>(field<&Book::price> > 1e9).one_or_fail(), NotFoundError);
  EXPECT_EQ(em.find_one<Book>(field<&Book::id> == 3)->id, 3);
  EXPECT_EQ(em.find_one<Book>(99), nullptr);
  try {
    em.find_one_or_fail<Book>(99);
    FAIL() << "must throw";
  } catch (const NotFoundError& error) {
    EXPECT_EQ(error.entity(), "Book");
    EXPECT_STREQ(error.what(), "Book 99 was not found");
  }
}

TEST_P(ReadingOrder, AFindMayRunAgain) {
  EntityManager em = orm().em();
  const auto find = em.find<Book>(field<&Book::price> > 1.0).order_by(field<&Book::id>.asc());
  const Ids before = ids_of(find.list());
  auto copy = find;
  copy.limit(1);
  EXPECT_EQ(ids_of(copy.list()), part(before, 0, 1));
  EXPECT_EQ(ids_of(find.list()), before);
  EXPECT_EQ(find.count(), before.size());
}

TEST_P(ReadingOrder, ACommentCannotEndItself) {
  EntityManager em = orm().em();
  EXPECT_EQ(em.find<Tag>().comment("report */ drop table tag; /*").list().size(), 4u);
  ASSERT_EQ(statements().size(), 1u);
  EXPECT_EQ(statements()[0], R"(/* report * / drop table tag; / * */ select "t0"."id", "t0"."name" from "tag" as "t0")");
  EXPECT_EQ(em.count<Tag>(), 4u);
}

KIN_ON_EVERY_DATABASE(ReadingOrder);
KIN_ON_EVERY_SQLITE(ReadingOrderTexts);

}  // namespace kin::test::reading_order
