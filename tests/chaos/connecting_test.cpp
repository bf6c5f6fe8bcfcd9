// SPDX-License-Identifier: MIT
// Connections that can't be had: wrong password, nobody there, a pool that is empty.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kin/kin.hpp>

#include <chrono>
#include <string>

#include "chaos/servers.hpp"

namespace kin::test::connecting {

struct Note {
  std::int64_t id{};
  std::string text{};
};

namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class Connecting : public ServerTest {
 protected:
  ConnectionError refused(const Options& options) {
    try {
      const Orm orm(options);
    } catch (const ConnectionError& error) {
      return error;
    }
    ADD_FAILURE() << "a connection was made";
    return ConnectionError("");
  }
};

TEST_P(Connecting, AWrongPasswordIsAConnectionErrorWithoutThePassword) {
  start(entities<Note>);
  Options options = proxied_options();
  const std::size_t at = options.client_url.find('@');
  options.client_url.insert(at, "-but-wrong");
  const ConnectionError error = refused(options);
  EXPECT_THAT(error.what(), Not(HasSubstr("-but-wrong")));
  EXPECT_THAT(error.what(), HasSubstr("no connection"));
  EXPECT_FALSE(error.retryable()) << "it is refused the next time, too";
}

TEST_P(Connecting, NobodyThere) {
  start(entities<Note>);
  proxy().stop();
  const auto begin = std::chrono::steady_clock::now();
  const ConnectionError error = refused(proxied_options());
  EXPECT_TRUE(error.retryable());
  EXPECT_THAT(error.what(), HasSubstr("127.0.0.1"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

TEST_P(Connecting, ANestedManagerAtPoolSizeOneFailsInsteadOfHanging) {
  start(entities<Note>, 1, 100ms);
  EntityManager em = orm().em();
  em.begin();
  EXPECT_EQ(em.count<Note>(), 0u);
  EntityManager nested = orm().em();
  try {
    nested.count<Note>();
    FAIL() << "the pool lent more than it has";
  } catch (const ConnectionError& error) {
    EXPECT_THAT(error.what(), HasSubstr("pool_size"));
  }
  EXPECT_THROW(sync_wait(nested.count_async<Note>()), ConnectionError);
  em.rollback();
  EXPECT_EQ(nested.count<Note>(), 0u);
}

TEST_P(Connecting, OnePoolServesBlockingAndAsyncUsers) {
  start(entities<Note>, 2);
  std::vector<Task<std::uint64_t>> counts;
  std::vector<EntityManager> managers;
  managers.reserve(20);
  for (int i = 0; i < 20; ++i) {
    managers.push_back(orm().em());
    counts.push_back(managers.back().count_async<Note>());
  }
  std::thread blocking([&] {
    for (int i = 0; i < 50; ++i) EXPECT_EQ(orm().em().count<Note>(), 0u);
  });
  EXPECT_THAT(sync_wait(when_all(std::move(counts))), testing::Each(0u));
  blocking.join();
  EXPECT_LE(proxy().connection_count(), 2);
}

TEST_P(Connecting, BlockingVerbsNeverSuspendAndAsyncOnesDo) {
  start(entities<Note>);
  EntityManager em = orm().em();
  const std::uint64_t before = detail::suspension_count();
  em.create<Note>({.text = "x"});
  em.flush();
  EXPECT_EQ(em.count<Note>(), 1u);
  em.execute(traits().awaited_query);
  EXPECT_EQ(detail::suspension_count(), before);
  EXPECT_EQ(sync_wait(em.count_async<Note>()), 1u);
  sync_wait(em.execute_async(traits().awaited_query));
  EXPECT_GT(detail::suspension_count(), before);
}

TEST_P(Connecting, AnOpenTransactionIsRolledBackWhenItsManagerEnds) {
  start(entities<Note>, 1);
  {
    EntityManager em = orm().em();
    em.begin();
    em.create<Note>({.text = "never"});
    em.flush();
    EXPECT_EQ(em.count<Note>(), 1u);
  }
  EXPECT_EQ(direct().em().count<Note>(), 0u);
  EXPECT_EQ(orm().em().count<Note>(), 0u);
}

KIN_ON_EVERY_SERVER(Connecting);

}  // namespace
}  // namespace kin::test::connecting
