// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include <kin/orm.hpp>

namespace kin::test {

/// A variable of the environment, empty where it is not set.
std::string environment(const std::string& name);

/// A database of one test on a server, on PostgreSQL a schema; dropped at its end.
class ServerDatabase {
 public:
  /// Makes it on the server at that URL, with a name that no other test has.
  explicit ServerDatabase(const std::string& server_url);
  ServerDatabase(const ServerDatabase&) = delete;
  ServerDatabase& operator=(const ServerDatabase&) = delete;
  ~ServerDatabase();

  const std::string& name() const noexcept { return name_; }
  /// Where it is found.
  const std::string& url() const noexcept { return url_; }

 private:
  const std::string name_;
  const std::string url_;
  Orm& server_;  // to make and drop databases with
};

}  // namespace kin::test
