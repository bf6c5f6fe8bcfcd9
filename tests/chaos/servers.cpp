// SPDX-License-Identifier: MIT
#include "chaos/servers.hpp"

#include <map>
#include <stdexcept>

namespace kin::test {
namespace {

const std::map<std::string, Harm>& harms() {
  static const Harm mysql = {"select connection_id() as id",
                             "kill {}",
                             "select sleep(2) + count(*) from information_schema.schemata",
                             "set session max_execution_time = 200",
                             "set session innodb_lock_wait_timeout = 1",
                             "ssl-mode=DISABLED"};
  static const Harm mariadb = {"select connection_id() as id",
                               "kill {}",
                               "select sleep(2) + count(*) from information_schema.schemata",
                               "set session max_statement_time = 0.2",
                               "set session innodb_lock_wait_timeout = 1",
                               "ssl-mode=DISABLED"};
  static const Harm postgresql = {"select pg_backend_pid() as id",
                                  "select pg_terminate_backend({})",
                                  "select pg_sleep(2)::text",
                                  "set statement_timeout = 200",
                                  "set lock_timeout = 100",
                                  "sslmode=disable"};
  static const std::map<std::string, Harm> all = {
      {"PostgreSQL", postgresql}, {"MySQL", mysql}, {"MariaDB", mariadb}};
  return all;
}

struct Address {
  std::size_t begin;  // of host:port in the URL
  std::size_t end;
  std::string host;
  std::uint16_t port;
};

Address address_in(const std::string& url) {
  const std::size_t begin = url.find('@') + 1;
  const std::size_t end = url.find('/', begin);
  const std::size_t colon = url.find(':', begin);
  if (begin == 0 || end == std::string::npos || colon > end)
    throw std::runtime_error("the test's URL is not user:password@host:port/database");
  return {begin, end, url.substr(begin, colon - begin),
          static_cast<std::uint16_t>(std::stoi(url.substr(colon + 1, end - colon - 1)))};
}

}  // namespace

const Harm& harm_of(const Database& database) { return harms().at(database.name); }

std::vector<Database> server_databases() {
  std::vector<Database> servers;
  for (const Database& database : databases())
    if (harms().contains(database.name)) servers.push_back(database);
  return servers;
}

void ServerTest::start(EntityList entities, std::uint32_t pool_size, std::chrono::milliseconds acquire_timeout) {
  Options options;
  place_ = GetParam().prepare(options);
  options.entities = entities;
  direct_options_ = options;
  direct_ = std::make_unique<Orm>(options);
  direct_->schema().create();

  std::string& url = options.client_url;
  const Address server = address_in(url);
  proxy_ = std::make_unique<Proxy>(server.host, server.port);
  url.replace(server.begin, server.end - server.begin, "127.0.0.1:" + std::to_string(proxy_->port()));
  url += (url.find('?') == std::string::npos ? "?" : "&") + harm().no_encryption;
  options.pool_size = pool_size;
  if (acquire_timeout.count() != 0) options.acquire_timeout = acquire_timeout;
  options_ = options;
  orm_ = std::make_unique<Orm>(std::move(options));
}

}  // namespace kin::test
