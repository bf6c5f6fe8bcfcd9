// SPDX-License-Identifier: MIT
#pragma once

#include <kin/mysql.hpp>
#include <kin/options.hpp>

#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "db/support/seam.hpp"
#include "db/support/servers.hpp"

/// What the tests of the driver for MySQL and MariaDB share beside seam.hpp.
namespace kin::seam_test {

/// A server that the tests run on; scripts/servers starts both and tells where they are.
struct MysqlServer {
  std::string name;  ///< "MySQL" or "MariaDB"
  std::string url;
  std::string socket;
  std::string ca;

  bool is_mariadb() const { return name == "MariaDB"; }
};
inline void PrintTo(const MysqlServer& server, std::ostream* out) { *out << server.name; }

inline std::vector<MysqlServer> mysql_servers() {
  std::vector<MysqlServer> servers;
  for (const std::string name : {"MySQL", "MariaDB"}) {
    const std::string prefix = name == "MySQL" ? "KIN_TEST_MYSQL_" : "KIN_TEST_MARIADB_";
    const std::string url = test::environment(prefix + "URL");
    if (url.empty()) continue;
    servers.push_back({name, url, test::environment(prefix + "SOCKET"), test::environment(prefix + "CA")});
  }
  return servers;
}

/// Base of the tests: a database of its own on the server, dropped at the end.
class MysqlTest : public testing::TestWithParam<MysqlServer> {
 protected:
  MysqlTest() : database_(GetParam().url) {}

  /// The URL of the test's database, with settings such as "ssl-mode=disabled" behind it.
  std::string url(const std::string& settings = "") const {
    return settings.empty() ? database_.url() : database_.url() + "?" + settings;
  }
  std::unique_ptr<driver::Driver> make_driver(mysql::Options settings = {},
                                              const std::function<void(Options&)>& change = {}) const {
    Options options;
    options.driver = mysql::driver(std::move(settings));
    options.client_url = url();
    if (change) change(options);
    return options.driver->make(options);
  }
  bool is_mariadb() const { return GetParam().is_mariadb(); }
  std::string database_name() const { return database_.name(); }

 private:
  const test::ServerDatabase database_;
};

/// Runs a suite on both servers, where they are there.
#define KIN_ON_MYSQL_AND_MARIADB(suite)                                                   \
  GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(suite);                                   \
  INSTANTIATE_TEST_SUITE_P(Db, suite, testing::ValuesIn(kin::seam_test::mysql_servers()), \
                           [](const auto& info) { return info.param.name; })

}  // namespace kin::seam_test
