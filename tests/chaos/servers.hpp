// SPDX-License-Identifier: MIT
#pragma once

#include <kin/kin.hpp>

#include <cstdint>
#include <memory>
#include <string>

#include "chaos/proxy.hpp"
#include "db/support/database.hpp"

namespace kin::test {

/// What a test needs to know to do harm on one kind of server.
struct Harm {
  std::string own_id;        ///< query of a connection's own number, in a column called id
  std::string kill;          ///< statement that ends the connection {}
  std::string sleep;         ///< query that takes two seconds
  std::string limit_sleep;   ///< statement after which that query fails sooner
  std::string limit_locks;   ///< statement after which a lock is waited for 100 ms or a second at most
  std::string no_encryption; ///< of the URL
};
const Harm& harm_of(const Database& database);

/// Base of tests on servers that break: an Orm that reaches the server through a proxy, unencrypted so that the proxy
/// can read along, and one that reaches it directly, to look at what is really there.
class ServerTest : public DatabaseTest {
 protected:
  /// Makes both, with tables.
  void start(EntityList entities, std::uint32_t pool_size = 2, std::chrono::milliseconds acquire_timeout = {});

  Orm& orm() { return *orm_; }
  Orm& direct() { return *direct_; }
  Proxy& proxy() { return *proxy_; }
  const Harm& harm() const { return harm_of(GetParam()); }
  const Options& proxied_options() const { return options_; }
  const Options& direct_options() const { return direct_options_; }

 private:
  std::shared_ptr<const void> place_;
  std::unique_ptr<Proxy> proxy_;
  Options options_;
  Options direct_options_;
  std::unique_ptr<Orm> direct_;
  std::unique_ptr<Orm> orm_;
};

/// Runs a suite on every database that is a server.
#define KIN_ON_EVERY_SERVER(suite)                                                    \
  INSTANTIATE_TEST_SUITE_P(Db, suite, testing::ValuesIn(kin::test::server_databases()), \
                           [](const auto& info) { return info.param.name; });         \
  GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(suite)

std::vector<Database> server_databases();

}  // namespace kin::test
