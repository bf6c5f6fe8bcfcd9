// SPDX-License-Identifier: MIT
// Batches on MySQL and MariaDB: keys of many rows at once, what is read back, which rows were missed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kin/kin.hpp>

#include <atomic>
#include <future>
#include <map>
#include <optional>

#include "db/mysql/support.hpp"

namespace kin::seam_test {
namespace mysql_batches {

struct Number {
  std::int64_t id{};
  std::string name{};
  std::optional<int> value{};
};

struct Item {
  std::int64_t id{};
  std::string name{};
  std::string upper_name{};
  int amount{};
};
inline void describe(Schema<Item>& item) {
  item.on<&Item::name>(length(50));
  item.on<&Item::upper_name>(generated("upper(name)"), length(50));
  item.on<&Item::amount>(default_value(7));
}

struct Code {
  std::string id{};
  std::string note{};
  int amount{};
};
inline void describe(Schema<Code>& code) {
  code.on<&Code::id>(length(20));
  code.on<&Code::amount>(default_value(5));
}

struct Page {
  std::int64_t id{};
  std::string text{};
  int version{};
};
inline void describe(Schema<Page>& page) { page.on<&Page::version>(kin::version); }

struct Node {
  std::int64_t id{};
  Ref<Node> parent{};
};
inline void describe(Schema<Node>& node) { node.on<&Node::parent>(nullable()); }

inline constexpr EntityList entities = kin::entities<Number, Item, Code, Page, Node>;

class MysqlBatches : public MysqlTest {
 protected:
  Orm& start(mysql::Options settings = {.tls = mysql::Tls::off}) {
    Options options;
    options.driver = mysql::driver(std::move(settings));
    options.client_url = url();
    options.entities = entities;
    orm_.emplace(std::move(options));
    orm_->schema().create();
    return *orm_;
  }
  Orm& orm() { return *orm_; }

  /// Every row has the key that its entity was given.
  void expect_keys_of(const std::vector<Ref<Number>>& numbers) {
    std::map<std::int64_t, std::string> stored;
    EntityManager em = orm().em();
    for (const auto& number : em.find<Number>().list()) stored[number->id] = number->name;
    for (const Ref<Number>& number : numbers) EXPECT_EQ(stored[number->id], number->name);
  }

 private:
  std::optional<Orm> orm_;
};

std::vector<Ref<Number>> create_numbers(EntityManager& em, int count, const std::string& prefix = "n") {
  std::vector<Ref<Number>> numbers;
  for (int i = 0; i < count; ++i) {
    auto number = em.create<Number>({.name = prefix + std::to_string(i)});
    if (i % 3 == 0) number->value = i;
    numbers.push_back(number);
  }
  return numbers;
}

TEST_P(MysqlBatches, EachRowGetsItsKey) {
  EntityManager em = start().em();
  for (const int count : {1, 2, 3, 29, 299, 300, 301, 1234}) {
    const auto numbers = create_numbers(em, count, std::to_string(count) + "_");
    em.flush();
    expect_keys_of(numbers);
  }
}

TEST_P(MysqlBatches, KeysFollowTheSessionsIncrement) {
  mysql::Options settings;
  settings.on_connect = {"set auto_increment_increment = 5, auto_increment_offset = 3"};
  EntityManager em = start(settings).em();
  const auto numbers = create_numbers(em, 100);
  em.flush();
  EXPECT_EQ(numbers[1]->id - numbers[0]->id, 5);
  expect_keys_of(numbers);
}

TEST_P(MysqlBatches, KeysAreRightWhileOthersInsert) {
  start();
  std::atomic<bool> done = false;
  auto others = std::async(std::launch::async, [&] {
    EntityManager em = orm().em();
    // The database can't know how many rows these are, so it takes their keys one by one.
    while (!done) {
      em.execute(
          "insert into number (name) with recursive c (n) as (select 1 union all select n + 1 from c where "
          "n < 50) select 'other' from c");
    }
  });
  std::map<std::int64_t, std::string> expected;
  for (int round = 0; round < 20; ++round) {
    EntityManager em = orm().em();
    const auto numbers = create_numbers(em, 200, std::to_string(round) + "_");
    em.flush();
    for (const auto& number : numbers) expected[number->id] = number->name;
  }
  done = true;
  others.get();
  std::map<std::int64_t, std::string> stored;
  EntityManager em = orm().em();
  for (const auto& number : em.find<Number>(field<&Number::name> != "other").list())
    stored[number->id] = number->name;
  EXPECT_EQ(stored, expected);
}

TEST_P(MysqlBatches, WhatTheDatabaseFillsInIsReadBack) {
  EntityManager em = start().em();
  std::vector<Ref<Item>> items;
  for (int i = 0; i < 340; ++i) items.push_back(em.create<Item>({.name = "item" + std::to_string(i)}));
  auto code = em.create<Code>({.id = "b", .note = "x"});
  auto second = em.create<Code>({.id = "a", .note = "y"});
  em.flush();
  for (int i = 0; i < 340; ++i) {
    EXPECT_EQ(items[static_cast<std::size_t>(i)]->upper_name, "ITEM" + std::to_string(i));
    EXPECT_EQ(items[static_cast<std::size_t>(i)]->amount, 7);
  }
  EXPECT_EQ(code->amount, 5);
  EXPECT_EQ(second->amount, 5);
  for (const auto& item : items) item->name += "x";
  em.flush();
  EXPECT_EQ(items[0]->upper_name, "ITEM0X");
  EXPECT_EQ(items[339]->upper_name, "ITEM339X");
}

TEST_P(MysqlBatches, AnUpdateThatMissesARowIsRefusedAsAWhole) {
  EntityManager em = start().em();
  const auto numbers = create_numbers(em, 10);
  em.flush();
  orm().em().execute("delete from number where id = {}", numbers[6]->id);
  for (const auto& number : numbers) number->name = "changed";
  const auto error = caught<OptimisticLockError>([&] { em.flush(); });
  EXPECT_THAT(error.what(), testing::HasSubstr(std::to_string(numbers[6]->id)));
  EXPECT_EQ(orm().em().count<Number>(field<&Number::name> == "changed"), 0U);
}

TEST_P(MysqlBatches, AStaleVersionAmongManyIsFound) {
  EntityManager em = start().em();
  std::vector<Ref<Page>> pages;
  for (int i = 0; i < 10; ++i) pages.push_back(em.create<Page>({.text = "a"}));
  em.flush();
  orm().em().execute("update page set version = 9 where id = {}", pages[3]->id);
  for (const auto& page : pages) page->text = "b";
  const auto error = caught<OptimisticLockError>([&] { em.flush(); });
  EXPECT_THAT(error.what(), testing::HasSubstr(std::to_string(pages[3]->id)));
  EXPECT_EQ(orm().em().count<Page>(field<&Page::text> == "b"), 0U);
}

TEST_P(MysqlBatches, AnUpdateThatChangesNothingHasNotMissed) {
  EntityManager em = start().em();
  const auto numbers = create_numbers(em, 10);
  em.flush();
  orm().em().execute("update number set name = 'same'");
  for (const auto& number : numbers) number->name = "same";
  EXPECT_NO_THROW(em.flush());
}

TEST_P(MysqlBatches, RowsToDeleteMayBeGone) {
  EntityManager em = start().em();
  auto numbers = create_numbers(em, 10);
  em.flush();
  orm().em().execute("delete from number where id = {}", numbers[6]->id);
  for (const auto& number : numbers) em.remove(number);
  em.flush();
  EXPECT_EQ(orm().em().count<Number>(), 0U);
}

TEST_P(MysqlBatches, NewRowsThatReferToEachOther) {
  EntityManager em = start().em();
  Ref<Node> parent;
  for (int i = 0; i < 20; ++i) {
    auto node = em.create<Node>({.parent = parent});
    em.create<Node>({.parent = node});
    parent = node;
  }
  em.flush();
  EXPECT_EQ(orm().em().count<Node>(), 40U);
  EXPECT_EQ(orm().em().count<Node>(field<&Node::parent>.is_null()), 1U);
}

TEST_P(MysqlBatches, RowsThatTogetherAreLargerThanAPacket) {
  EntityManager em = start().em();
  std::vector<Ref<Number>> numbers;
  for (int i = 0; i < 50; ++i) numbers.push_back(em.create<Number>({.name = std::string(2'000'000, 'x')}));
  em.flush();
  EXPECT_EQ(orm().em().count<Number>(), 50U);
  EXPECT_NE(numbers[49]->id, numbers[48]->id);
}

TEST_P(MysqlBatches, AViolationNamesEntityAndMember) {
  EntityManager em = start().em();
  em.create<Code>({.id = "a"});
  em.flush();
  EntityManager other = orm().em();
  for (const char* const id : {"b", "a", "c"}) other.create<Code>({.id = id});
  const auto error = caught<UniqueConstraintViolationError>([&] { other.flush(); });
  EXPECT_EQ(error.entity(), "Code");
  EXPECT_EQ(error.table(), "code");
  EXPECT_EQ(orm().em().count<Code>(), 1U);
}

KIN_ON_MYSQL_AND_MARIADB(MysqlBatches);

}  // namespace mysql_batches
}  // namespace kin::seam_test
