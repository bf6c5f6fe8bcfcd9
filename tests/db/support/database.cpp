// SPDX-License-Identifier: MIT
#include "db/support/database.hpp"

#include <kin/sqlite.hpp>

#include <atomic>
#include <filesystem>
#include <string>

#include <unistd.h>

namespace kin::test {
namespace {

std::filesystem::path new_file() {
  static std::atomic<int> number{0};
  const auto folder = std::filesystem::temp_directory_path() / ("kin-tests-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  static const struct Cleaner {
    std::filesystem::path folder;
    ~Cleaner() {
      std::error_code ignored;
      std::filesystem::remove_all(folder, ignored);
    }
  } cleaner{folder};
  return folder / ("test" + std::to_string(++number) + ".db");
}

}  // namespace

const std::vector<Database>& databases() {
  static const std::vector<Database> all = {
      {"SQLiteMemory",
       [](Options& options) {
         options.driver = kin::sqlite::driver();
         options.db_name = ":memory:";
       }},
      {"SQLiteFile",
       [](Options& options) {
         options.driver = kin::sqlite::driver();
         options.db_name = new_file().string();
       },
       true},
  };
  return all;
}

std::vector<Database> file_databases() {
  std::vector<Database> files;
  for (const Database& database : databases())
    if (database.is_file) files.push_back(database);
  return files;
}

Orm& DatabaseTest::start(EntityList entities, std::function<void(Options&)> change) {
  Options options;
  GetParam().prepare(options);
  options.entities = entities;
  options.query_logger = [log = statements_](const Query& query) { log->push_back(query.sql); };
  if (change) change(options);
  orm_ = std::make_unique<Orm>(std::move(options));
  orm_->schema().create();
  clear_statements();
  return *orm_;
}

}  // namespace kin::test
