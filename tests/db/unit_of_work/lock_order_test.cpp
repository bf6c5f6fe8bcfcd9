// SPDX-License-Identifier: MIT
// Rows are written in the order of their keys, so that two who change the same ones wait in line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kin/kin.hpp>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "db/support/database.hpp"

namespace kin::test::uow_lock_order {

struct Item {
  std::int64_t id{};
  int number{};
};
struct Word {
  std::string text{};
  int number{};
};
struct Link {
  Ref<Word> from{};
  std::int32_t place{};
  int number{};
};
inline void describe(Schema<Word>& word) { word.on<&Word::text>(primary_key, length(20)); }
inline void describe(Schema<Link>& link) { link.on<&Link::from>(primary_key).on<&Link::place>(primary_key); }

class UowLockOrder : public DatabaseTest {
 protected:
  void start_logged(EntityList list) {
    start(list, [this](Options& options) {
      options.query_logger = [this](const Query& query) {
        if (query.sql.starts_with("update ") || query.sql.starts_with("delete "))
          for (const Value& value : query.parameters) parameters_.push_back(value.to_string());
      };
    });
  }
  /// Parameters of the updates and deletes that a flush sends.
  std::vector<std::string> parameters_of(EntityManager& em) {
    parameters_.clear();
    em.flush();
    return parameters_;
  }
  /// Every `width`th of them, from `first` on.
  static std::vector<std::string> every(std::size_t width, std::size_t first,
                                        const std::vector<std::string>& all) {
    std::vector<std::string> some;
    for (std::size_t i = first; i < all.size(); i += width) some.push_back(all[i]);
    return some;
  }

 private:
  std::vector<std::string> parameters_{};
};

TEST_P(UowLockOrder, IsThatOfIntegerKeys) {
  start_logged(entities<Item>);
  EntityManager maker = orm().em();
  std::vector<std::string> keys;
  for (int i = 0; i < 20; ++i) maker.create<Item>({});
  maker.flush();
  EntityManager em = orm().em();
  for (const auto& item : em.find<Item>().order_by(field<&Item::id>.desc()).list()) {
    keys.insert(keys.begin(), std::to_string(item->id));
    item->number = 1;
  }
  EXPECT_EQ(every(2, 1, parameters_of(em)), keys);
  for (const auto& item : em.find<Item>().order_by(field<&Item::id>.desc()).list()) em.remove(item);
  EXPECT_EQ(parameters_of(em), keys);
}

TEST_P(UowLockOrder, OfOtherKeysIsTheSameForEverybody) {
  start_logged(entities<Word, Link>);
  EntityManager maker = orm().em();
  for (const char* text : {"b", "aa", "ccc", "", "dd"}) {
    const auto word = maker.create<Word>({.text = text});
    for (std::int32_t place : {3, 1, 2}) maker.create<Link>({.from = word, .place = place});
  }
  maker.flush();
  const auto keys_of = [&](bool descending, int number) {
    EntityManager em = orm().em();
    const auto order = [&](auto field) { return descending ? field.desc() : field.asc(); };
    for (const auto& word : em.find<Word>().order_by(order(field<&Word::text>)).list()) word->number = number;
    return every(2, 1, parameters_of(em));
  };
  const std::vector<std::string> words = keys_of(false, 1);
  EXPECT_EQ(words.size(), 5u);
  EXPECT_EQ(keys_of(true, 2), words);
  const auto links_of = [&](bool descending, int number) {
    EntityManager em = orm().em();
    const auto order = [&](auto field) { return descending ? field.desc() : field.asc(); };
    for (const auto& link :
         em.find<Link>().order_by(order(field<&Link::place>), order(field<&Link::from, &Word::text>)).list())
      link->number = number;
    return every(1, 0, parameters_of(em));
  };
  std::vector<std::string> links = links_of(false, 7);
  EXPECT_EQ(links.size(), 45u);
  EXPECT_EQ(every(3, 1, links_of(true, 8)), every(3, 1, links));
  EXPECT_EQ(every(3, 2, links_of(false, 9)), every(3, 2, links));
}

TEST_P(UowLockOrder, KeepsTwoFromBlockingEachOther) {
  start(entities<Item>, [](Options& options) { options.query_logger = {}; });
  EntityManager maker = orm().em();
  for (int i = 0; i < 100; ++i) maker.create<Item>({});
  maker.flush();
  std::barrier together(2);
  std::atomic<int> failures{0};
  const auto update = [&](bool descending) {
    EntityManager em = orm().em();
    const auto order = descending ? field<&Item::id>.desc() : field<&Item::id>.asc();
    const auto items = em.find<Item>().order_by(order).list();
    for (int round = 1; round <= 20; ++round) {
      for (const auto& item : items) item->number = descending ? round : -round;
      together.arrive_and_wait();
      try {
        em.flush();
      } catch (const Error& error) {
        if (failures++ == 0) ADD_FAILURE() << error.what();
      }
    }
  };
  std::thread other([&] { update(true); });
  update(false);
  other.join();
  EXPECT_EQ(failures, 0);
}

KIN_ON_EVERY_DATABASE(UowLockOrder);

}  // namespace kin::test::uow_lock_order
