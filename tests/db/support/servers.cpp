// SPDX-License-Identifier: MIT
#include "db/support/servers.hpp"

#include <kin/kin.hpp>
#ifdef KIN_TEST_MYSQL
#include <kin/mysql.hpp>
#endif
#ifdef KIN_TEST_POSTGRESQL
#include <kin/postgresql.hpp>
#endif

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string_view>

#include <unistd.h>

namespace kin::test {
namespace {

// An Orm has entities; this one's are never written.
struct Unused {
  std::int64_t id{};
};

bool is_postgresql(std::string_view url) { return url.starts_with("postgres"); }

// Whoever waits to drop a database waits for a test that has left a transaction open: not for ever.
std::shared_ptr<const DriverFactory> driver_for(const std::string& url) {
#ifdef KIN_TEST_POSTGRESQL
  if (is_postgresql(url)) {
    postgresql::Options options;
    options.on_connect = {"set lock_timeout = '20s'"};
    return postgresql::driver(options);
  }
#endif
#ifdef KIN_TEST_MYSQL
  if (!is_postgresql(url)) {
    mysql::Options options;
    options.on_connect = {"set lock_wait_timeout = 20"};
    options.tls = mysql::Tls::off;
    return mysql::driver(options);
  }
#endif
  throw std::logic_error("this build has no driver for " + url);
}

Orm& server_at(const std::string& url) {
  static std::map<std::string, std::unique_ptr<Orm>> servers;
  std::unique_ptr<Orm>& server = servers[url];
  if (!server) {
    Options options;
    options.driver = driver_for(url);
    options.client_url = url;
    options.pool_size = 1;
    options.entities = entities<Unused>;
    server = std::make_unique<Orm>(std::move(options));
  }
  return *server;
}

std::string new_name() {
  static std::atomic<int> number{0};
  return "kin_" + std::to_string(getpid()) + "_" + std::to_string(++number);
}

// On PostgreSQL the schema is the first and only place where names are looked for, elsewhere the database is.
std::string url_of(const std::string& server_url, const std::string& name) {
  if (is_postgresql(server_url)) return server_url + "?options=-csearch_path%3D" + name;
  return server_url.substr(0, server_url.find('/', server_url.find("://") + 3) + 1) + name;
}

}  // namespace

std::string environment(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  return value == nullptr ? std::string() : std::string(value);
}

ServerDatabase::ServerDatabase(const std::string& server_url)
    : name_(new_name()), url_(url_of(server_url, name_)), server_(server_at(server_url)) {
  server_.em().execute((is_postgresql(url_) ? "create schema " : "create database ") + name_);
}

ServerDatabase::~ServerDatabase() {
  try {
    server_.em().execute(is_postgresql(url_) ? "drop schema " + name_ + " cascade"
                                             : "drop database " + name_);
  } catch (const Error& error) {
    std::cerr << name_ << " stays on its server: " << error.what() << '\n';
  }
}

}  // namespace kin::test
