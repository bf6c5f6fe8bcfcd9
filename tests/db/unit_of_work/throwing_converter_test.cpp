// SPDX-License-Identifier: MIT
// A converter of the user's own that throws in the middle of a flush: the exception comes out as it is,
// nothing is half written, and the manager and its connection can be used again.
#include <gmock/gmock.h>

#include <kin/types/custom.hpp>

#include <stdexcept>
#include <string>

#include "db/support/database.hpp"

namespace kin::test::uow_throwing_converter {

struct Fussy {
  std::string text{};
};

/// Calls until one throws; negative: none does.
int calls_left = -1;

}  // namespace kin::test::uow_throwing_converter

template <>
struct kin::CustomType<kin::test::uow_throwing_converter::Fussy> {
  using Stored = std::string;
  static Stored to_database(const kin::test::uow_throwing_converter::Fussy& value) {
    int& left = kin::test::uow_throwing_converter::calls_left;
    if (left == 0) throw std::runtime_error("not now");
    if (left > 0) --left;
    return value.text;
  }
  static kin::test::uow_throwing_converter::Fussy from_database(const Stored& stored) { return {stored}; }
};

namespace kin::test::uow_throwing_converter {

struct Item {
  std::int64_t id{};
  Fussy fussy{};
};

class UowThrowingConverter : public DatabaseTest {
 protected:
  void SetUp() override {
    start(entities<Item>, [](Options& options) {
      options.pool_size = 1;  // whoever comes next gets the connection that it happened on
      options.acquire_timeout = std::chrono::milliseconds(2000);
    });
    EntityManager em = orm().em();
    for (int i = 0; i < 3; ++i) em.create<Item>({.fussy = {"old"}});
    em.flush();
  }
  void TearDown() override { calls_left = -1; }

  std::uint64_t stored(const std::string& text) {
    const auto rows = orm().em().execute("select count(*) as n from item where fussy = {}", text);
    return rows[0].get<std::uint64_t>("n");
  }
};

TEST_P(UowThrowingConverter, AtAnyMomentBeforeTheCommit) {
  // At each call in turn, until the flush gets as far as to its commit.
  bool committed = false;
  int failures = 0;
  for (int call = 0; !committed; ++call) {
    ASSERT_LT(call, 1000);
    SCOPED_TRACE(call);
    EntityManager em = orm().em();
    for (const auto& item : em.find<Item>().list()) item->fussy.text = "new";
    em.create<Item>({.fussy = {"new"}});
    em.create<Item>({.fussy = {"new"}});
    clear_statements();
    calls_left = call;
    bool thrown = false;
    try {
      em.flush();
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "not now");
      thrown = true;
    }
    calls_left = -1;
    committed = !thrown || (!statements().empty() && statements().back() == "commit");
    if (committed) break;
    ++failures;
    EXPECT_EQ(stored("new"), 0u);
    EXPECT_EQ(stored("old"), 3u);
  }
  EXPECT_GT(failures, 5);
  EXPECT_EQ(stored("new"), 5u);
}

TEST_P(UowThrowingConverter, LeavesAllPending) {
  EntityManager em = orm().em();
  const auto items = em.find<Item>().list();
  for (const auto& item : items) item->fussy.text = "new";
  // The comparison takes one call a row; this is the second row on its way to the database.
  calls_left = static_cast<int>(items.size()) + 1;
  EXPECT_THROW(em.flush(), std::runtime_error);
  calls_left = -1;
  EXPECT_TRUE(em.has_changes());
  em.flush();
  EXPECT_EQ(stored("new"), 3u);
}

KIN_ON_EVERY_DATABASE(UowThrowingConverter);

}  // namespace kin::test::uow_throwing_converter
