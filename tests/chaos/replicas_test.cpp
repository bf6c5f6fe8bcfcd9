// SPDX-License-Identifier: MIT
// A replica that stops and comes back: here the server itself, as it is seen through the proxy.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kin/kin.hpp>

#include <chrono>
#include <thread>

#include "chaos/servers.hpp"

namespace kin::test::replicas_that_break {

struct Note {
  std::int64_t id{};
  std::string text{};
};

namespace {

using namespace std::chrono_literals;

class ReplicasThatBreak : public ServerTest {
 protected:
  Options options_with_replica() {
    start(entities<Note>);
    Options options = direct_options();
    options.replicas.resize(1);
    options.replicas[0].client_url = proxied_options().client_url;
    options.replica_retry_time = 200ms;
    return options;
  }
};

TEST_P(ReplicasThatBreak, TheRestServesUntilItIsBack) {
  const Options options = options_with_replica();
  const Orm orm(options);
  EntityManager em = orm.em();
  const int before = proxy().connection_count();
  EXPECT_EQ(em.count<Note>(), 0u);
  EXPECT_EQ(proxy().connection_count(), before + 1) << "the read went to the replica";
  EXPECT_EQ(em.count<Note>(), 0u);

  proxy().stop();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(em.count<Note>(), 0u) << "the primary takes its place";
  EXPECT_EQ(sync_wait(em.count_async<Note>()), 0u);

  proxy().start();
  std::this_thread::sleep_for(300ms);
  const int stopped = proxy().connection_count();
  EXPECT_EQ(em.count<Note>(), 0u);
  EXPECT_EQ(proxy().connection_count(), stopped + 1) << "it was tried again";
}

TEST_P(ReplicasThatBreak, ReadsInItsMiddleBreakAndTheNextOnesDoNot) {
  const Options options = options_with_replica();
  const Orm orm(options);
  EntityManager em = orm.em();
  EXPECT_EQ(em.count<Note>(), 0u);
  proxy().cut_after_request("select");
  try {
    (void)em.find<Note>(field<&Note::text> == "x").list();
    FAIL() << "a read without an answer succeeded";
  } catch (const ConnectionError& error) {
    EXPECT_TRUE(error.retryable());
  }
  EXPECT_EQ(em.find<Note>(field<&Note::text> == "x").list().size(), 0u);
}

KIN_ON_EVERY_SERVER(ReplicasThatBreak);

}  // namespace
}  // namespace kin::test::replicas_that_break
