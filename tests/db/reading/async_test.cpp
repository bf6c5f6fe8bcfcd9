// SPDX-License-Identifier: MIT
// Every verb's _async twin does the same; blocking verbs never suspend, the twins do; many units of work at once.
#include <algorithm>

#include "db/support/database.hpp"
#include "db/support/library.hpp"

namespace kin::test::reading_async {

using namespace library;
using Ids = std::vector<std::int64_t>;

struct Title {
  std::string title{};
};

class ReadingAsync : public DatabaseTest {
 protected:
  void SetUp() override {
    start(library::entities, [](Options& options) { options.query_logger = nullptr; });
    EntityManager em = orm().em();
    // Keys are generated, from 1: so the tests can make more.
    std::vector<Ref<Author>> authors;
    std::vector<Ref<Tag>> tags;
    for (int i = 1; i <= 3; ++i) authors.push_back(em.create<Author>({.name = "author " + std::to_string(i), .email = std::to_string(i)}));
    for (int i = 1; i <= 2; ++i) tags.push_back(em.create<Tag>({.name = "tag " + std::to_string(i)}));
    for (int i = 1; i <= 8; ++i) {
      auto book = em.create<Book>({.title = "book " + std::to_string(i), .price = static_cast<double>(i), .author = authors[static_cast<std::size_t>(i % 3)]});
      book->tags.add(tags[static_cast<std::size_t>(i % 2)]);
    }
    em.flush();
  }
  template <class List>
  static Ids ids_of(const List& list) {
    Ids ids;
    for (const auto& entity : list) ids.push_back(entity->id);
    return ids;
  }
};

Task<void> compare_reads(EntityManager& em, EntityManager& blocking, bool* done) {
  const auto dear = field<&Book::price> > 2.5;
  const auto by_id = field<&Book::id>.asc();
  const auto same = [](const auto& a, const auto& b) {
    EXPECT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) EXPECT_EQ(a[i]->id, b[i]->id);
  };
  auto list = co_await em.find<Book>(dear).order_by(by_id).list_async();
  same(list, blocking.find<Book>(dear).order_by(by_id).list());
  for (Strategy strategy : {Strategy::select_in, Strategy::joined, Strategy::balanced}) {
    em.clear();
    blocking.clear();
    auto full = co_await em.find<Author>().order_by(field<&Author::id>.asc()).populate<&Author::books>().populate<&Author::books, &Book::tags>().strategy(strategy).list_async();
    auto full_blocking = blocking.find<Author>().order_by(field<&Author::id>.asc()).populate<&Author::books>().populate<&Author::books, &Book::tags>().strategy(strategy).list();
    same(full, full_blocking);
    for (std::size_t i = 0; i < full.size(); ++i) {
      Ids a;
      Ids b;
      for (auto book : full[i]->books)
        for (auto tag : book->tags) a.push_back(book->id * 100 + tag->id);
      for (auto book : full_blocking[i]->books)
        for (auto tag : book->tags) b.push_back(book->id * 100 + tag->id);
      std::ranges::sort(a);
      std::ranges::sort(b);
      EXPECT_EQ(a, b);
    }
  }
  auto one = co_await em.find<Book>(dear).order_by(by_id).one_async();
  EXPECT_EQ(one->id, blocking.find<Book>(dear).order_by(by_id).one()->id);
  auto certain = co_await em.find<Book>(dear).order_by(by_id).one_or_fail_async();
  EXPECT_EQ(certain, one);
  auto page = co_await em.find<Book>(dear).order_by(by_id).limit(2).offset(1).list_and_count_async();
  auto page_blocking = blocking.find<Book>(dear).order_by(by_id).limit(2).offset(1).list_and_count();
  same(page.items, page_blocking.items);
  EXPECT_EQ(page.total, page_blocking.total);
  const auto number = co_await em.find<Book>(dear).count_async();
  EXPECT_EQ(number, blocking.find<Book>(dear).count());
  const auto all = co_await em.count_async<Book>();
  EXPECT_EQ(all, blocking.count<Book>());
  const auto some = co_await em.count_async<Book>(dear);
  EXPECT_EQ(some, blocking.count<Book>(dear));
  const bool exists = co_await em.find<Book>(dear).exists_async();
  EXPECT_TRUE(exists);
  auto titles = co_await em.find<Book>(dear).order_by(by_id).as<Title>(field<&Book::title>).list_async();
  auto titles_blocking = blocking.find<Book>(dear).order_by(by_id).as<Title>(field<&Book::title>).list();
  EXPECT_EQ(titles.size(), titles_blocking.size());
  for (std::size_t i = 0; i < titles.size(); ++i) EXPECT_EQ(titles[i].title, titles_blocking[i].title);
  auto rows = co_await em.query<Book>().select(field<&Book::title>).order_by(by_id).rows_async<Title>();
  EXPECT_EQ(rows.size(), 8u);

  em.clear();
  auto by_key = co_await em.find_one_async<Book>(5);
  EXPECT_EQ(by_key->title, "book 5");
  auto by_condition = co_await em.find_one_async<Book>(field<&Book::title> == "book 5");
  EXPECT_EQ(by_condition, by_key);
  auto nobody = co_await em.find_one_async<Book>(99);
  EXPECT_EQ(nobody, nullptr);
  bool refused = false;
  try {
    auto none = co_await em.find_one_or_fail_async<Book>(99);
    EXPECT_EQ(none, nullptr) << "must throw";
  } catch (const NotFoundError& error) {
    refused = true;
    EXPECT_STREQ(error.what(), "Book 99 was not found");
  }
  EXPECT_TRUE(refused);
  auto stub = em.get_reference<Author>(2);
  const bool loaded = co_await stub.load_async();
  EXPECT_TRUE(loaded);
  EXPECT_EQ(stub->name, "author 2");
  co_await stub->books.load_async();
  EXPECT_EQ(stub->books.size(), static_cast<std::size_t>(blocking.count<Book>(field<&Book::author> == 2)));
  stub->name = "changed";
  const bool refreshed = co_await em.refresh_async(stub);
  EXPECT_TRUE(refreshed);
  EXPECT_EQ(stub->name, "author 2");
  auto raw = co_await em.execute_async("select title from book where id = {}", 3);
  EXPECT_EQ(raw[0].get<std::string>("title"), "book 3");
  *done = true;
}

TEST_P(ReadingAsync, TwinsOfTheReadingVerbsFindTheSame) {
  EntityManager em = orm().em();
  EntityManager blocking = orm().em();
  bool done = false;
  kin::sync_wait(compare_reads(em, blocking, &done));
  EXPECT_TRUE(done);
}

Task<void> write(EntityManager& em) {
  auto book = co_await em.find_one_or_fail_async<Book>(1);
  book->title = "written";
  co_await em.flush_async();
  co_await em.begin_async();
  book->title = "rolled back";
  co_await em.flush_async();
  co_await em.rollback_async();
  co_await em.refresh_async(book);
  EXPECT_EQ(book->title, "written");
  co_await em.begin_async();
  book->price = 77;
  co_await em.commit_async();
  auto work = [](EntityManager& inner) -> Task<int> {
    inner.create<Tag>({.id = 9, .name = "nine"});
    co_return 9;
  };
  const int made = co_await em.transactional_async(work);
  EXPECT_EQ(made, 9);
}

TEST_P(ReadingAsync, TwinsOfTheWritingVerbsWriteTheSame) {
  {
    EntityManager em = orm().em();
    kin::sync_wait(write(em));
  }
  EntityManager em = orm().em();
  EXPECT_EQ(em.find_one_or_fail<Book>(1)->title, "written");
  EXPECT_EQ(em.find_one_or_fail<Book>(1)->price, 77);
  EXPECT_EQ(em.find_one_or_fail<Tag>(9)->name, "nine");
}

TEST_P(ReadingAsync, BlockingVerbsNeverSuspend) {
  const auto before = kin::detail::suspension_count();
  EntityManager em = orm().em();
  auto authors = em.find<Author>().populate<&Author::books>().populate<&Author::books, &Book::tags>().strategy(Strategy::select_in).list();
  EXPECT_EQ(authors.size(), 3u);
  (void)em.find<Book>().populate<&Book::author>().populate<&Book::tags>().strategy(Strategy::joined).refresh().list();
  (void)em.find<Book>().limit(2).list_and_count();
  (void)em.find<Book>().exists();
  (void)em.find<Book>().as<Title>(field<&Book::title>).list();
  (void)em.query<Book>().select(field<&Book::title>).rows<Title>();
  (void)em.execute("select {}", 1);
  EntityManager other = orm().em();
  auto stub = other.get_reference<Author>(1);
  stub.load();
  stub->books.load();
  (void)stub->books[0]->tags.load_count();
  other.refresh(stub);
  stub->name = "new name";
  other.create<Tag>({.name = "new tag"});
  other.flush();
  other.begin();
  other.begin();
  other.rollback();
  other.commit();
  other.transactional([](EntityManager& inner) { inner.create<Tag>({.name = "in a transaction"}); });
  EXPECT_EQ(other.count<Tag>(), 4u);
  EXPECT_EQ(kin::detail::suspension_count(), before);
}

Task<std::uint64_t> count_once(EntityManager& em) {
  const auto number = co_await em.count_async<Book>();
  co_return number;
}

TEST_P(ReadingAsync, AsyncVerbsDoSuspend) {
  EntityManager em = orm().em();
  const auto before = kin::detail::suspension_count();
  EXPECT_EQ(kin::sync_wait(count_once(em)), 8u);
  kin::sync_wait(em.execute_async(traits().awaited_query));
  EXPECT_GT(kin::detail::suspension_count(), before);
}

Task<int> unit_of_work(Orm& orm, int number) {
  EntityManager em = orm.em();
  int found = 0;
  for (int round = 0; round < 5; ++round) {
    em.clear();
    auto books = co_await em.find<Book>(field<&Book::id> <= number % 8 + 1).populate<&Book::author>().populate<&Book::tags>().list_async();
    found += static_cast<int>(books.size());
    for (const auto& book : books) {
      EXPECT_EQ(book.get<&Book::author>()->id, 1 + book->id % 3);
      EXPECT_EQ(book.get<&Book::tags>().size(), 1u);
    }
  }
  em.create<Tag>({.name = "of unit " + std::to_string(number)});
  co_await em.flush_async();
  co_return found;
}

TEST_P(ReadingAsync, ManyUnitsOfWorkAtOnceShareThePool) {
  constexpr int units = 24;  // three times as many as there are connections
  std::vector<Task<int>> tasks;
  for (int i = 0; i < units; ++i) tasks.push_back(unit_of_work(orm(), i));
  const std::vector<int> found = kin::sync_wait(kin::when_all(std::move(tasks)));
  ASSERT_EQ(found.size(), static_cast<std::size_t>(units));
  for (int i = 0; i < units; ++i) EXPECT_EQ(found[static_cast<std::size_t>(i)], 5 * (i % 8 + 1));
  EntityManager em = orm().em();
  EXPECT_EQ(em.count<Tag>(field<&Tag::name>.starts_with("of unit ")), static_cast<std::uint64_t>(units));
}

Task<bool> second_use_is_refused(EntityManager& em) {
  Task<std::uint64_t> first = count_once(em);
  Task<std::uint64_t> second = count_once(em);
  std::vector<Task<std::uint64_t>> both;
  both.push_back(std::move(first));
  both.push_back(std::move(second));
  bool refused = false;
  try {
    co_await kin::when_all(std::move(both));
  } catch (const TransactionStateError&) {
    refused = true;
  }
  co_return refused;
}

TEST_P(ReadingAsync, OneManagerServesOneTaskAtATime) {
  EntityManager em = orm().em();
  (void)kin::sync_wait(second_use_is_refused(em));  // true, unless the first one was done before the second began
  EXPECT_EQ(em.count<Book>(), 8u) << "and goes on working";
}

Task<void> fails(EntityManager& em) {
  co_await em.execute_async("select * from no_such_table");
}

TEST_P(ReadingAsync, ErrorsArriveAtTheOneWhoAwaits) {
  EntityManager em = orm().em();
  EXPECT_THROW(kin::sync_wait(fails(em)), TableNotFoundError);
  EXPECT_EQ(em.count<Book>(), 8u);
}

KIN_ON_EVERY_DATABASE(ReadingAsync);

}  // namespace kin::test::reading_async
