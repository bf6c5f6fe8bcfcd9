// SPDX-License-Identifier: MIT
#include "db/support/database.hpp"

#include <kin/sqlite.hpp>
#ifdef KIN_TEST_MYSQL
#include <kin/mariadb.hpp>
#include <kin/mysql.hpp>
#endif
#ifdef KIN_TEST_POSTGRESQL
#include <kin/postgresql.hpp>
#endif

#include <atomic>
#include <filesystem>
#include <string>

#include <unistd.h>

#include "db/support/servers.hpp"

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

#if defined(KIN_TEST_POSTGRESQL) || defined(KIN_TEST_MYSQL)
Database on_server(std::string name, const std::string& url, std::shared_ptr<const DriverFactory> driver,
                   const Traits& traits) {
  const auto prepare = [url, driver = std::move(driver)](Options& options) {
    const auto database = std::make_shared<const ServerDatabase>(url);
    options.driver = driver;
    options.client_url = database->url();
    return database;
  };
  return {std::move(name), prepare, false, traits};
}
#endif

#ifdef KIN_TEST_POSTGRESQL
Traits postgresql_traits() {
  Traits traits;
  traits.stores_nan = true;
  traits.stores_unsigned_64 = true;
  traits.stores_nul_in_text = false;
  traits.tells_failed_row = false;
  traits.locks_rows = true;
  traits.has_deferrable_transactions = true;
  traits.locks_left_joins = false;
  traits.writes_arrays = true;
  traits.full_text_index = "create index note_text on note using gin (to_tsvector('simple', text))";
  traits.awaited_query = "select pg_sleep(0.02)::text";
  traits.session.set = "set statement_timeout = 77777";
  traits.session.get = "select current_setting('statement_timeout') as value";
  traits.has_enum_types = true;
  traits.dictionary_collation = "en-x-icu";
  traits.byte_collation = "C";
  traits.dictionary_tells_case = true;
  return traits;
}
#endif
#ifdef KIN_TEST_MYSQL
Traits mariadb_traits() {
  Traits traits;
  traits.upserts_on_condition = false;
  traits.stores_infinities = false;
  traits.has_partial_indexes = false;
  traits.stores_unsigned_64 = true;
  traits.rows_refer_to_each_other = false;
  traits.tells_failed_row = false;
  traits.locks_rows = true;
  traits.locks_named_tables_only = false;
  traits.keeps_decimal_scale = false;
  traits.full_text_index = "create fulltext index note_text on note (text)";
  traits.awaited_query = "select sleep(0.02)";
  traits.statement_count =
      "select variable_value as number from information_schema.session_status where variable_name = 'QUESTIONS'";
  traits.session.set = "set @kin = 'left'";
  traits.session.get = "select coalesce(@kin, 'none') as value";
  traits.has_enum_types = true;
  traits.dictionary_collation = "utf8mb4_general_ci";
  traits.byte_collation = "utf8mb4_bin";
  return traits;
}

Traits mysql_traits() {
  Traits traits = mariadb_traits();
  traits.returns_defaults = false;
  traits.locks_named_tables_only = true;
  traits.plans_deep_conditions = false;
  traits.statement_count =
      "select variable_value as number from performance_schema.session_status where variable_name = 'Questions'";
  return traits;
}
#endif

std::vector<Database> all_databases() {
  std::vector<Database> all = {
      {"SQLiteMemory",
       [](Options& options) {
         options.driver = kin::sqlite::driver();
         options.db_name = ":memory:";
         return nullptr;
       }},
      {"SQLiteFile",
       [](Options& options) {
         options.driver = kin::sqlite::driver();
         options.db_name = new_file().string();
         return nullptr;
       },
       true},
  };
#ifdef KIN_TEST_POSTGRESQL
  if (const std::string url = environment("KIN_TEST_POSTGRESQL_URL"); !url.empty())
    all.push_back(on_server("PostgreSQL", url, kin::postgresql::driver(), postgresql_traits()));
#endif
#ifdef KIN_TEST_MYSQL
  mysql::Options settings;
  settings.tls = mysql::Tls::off;  // whose handshake would take longer than most tests
  // A test that would wait for ever is to fail.
  settings.on_connect = {"set max_execution_time = 20000"};
  if (const std::string url = environment("KIN_TEST_MYSQL_URL"); !url.empty())
    all.push_back(on_server("MySQL", url, kin::mysql::driver(settings), mysql_traits()));
  settings.on_connect = {"set max_statement_time = 20"};
  if (const std::string url = environment("KIN_TEST_MARIADB_URL"); !url.empty())
    all.push_back(on_server("MariaDB", url, kin::mariadb::driver(settings), mariadb_traits()));
#endif
  return all;
}

}  // namespace

const std::vector<Database>& databases() {
  static const std::vector<Database> all = all_databases();
  return all;
}

std::vector<Database> sqlite_databases() {
  std::vector<Database> found;
  for (const Database& database : databases())
    if (database.name.starts_with("SQLite")) found.push_back(database);
  return found;
}

std::vector<Database> databases_on_servers() {
  std::vector<Database> found;
  for (const Database& database : databases())
    if (!database.name.starts_with("SQLite")) found.push_back(database);
  return found;
}

std::vector<Database> file_databases() {
  std::vector<Database> files;
  for (const Database& database : databases())
    if (database.is_file) files.push_back(database);
  return files;
}

Orm& DatabaseTest::start(EntityList entities, std::function<void(Options&)> change) {
  Options options;
  orm_.reset();
  place_ = GetParam().prepare(options);
  options.entities = entities;
  options.query_logger = [log = statements_](const Query& query) { log->push_back(query.sql); };
  if (change) change(options);
  orm_ = std::make_unique<Orm>(std::move(options));
  orm_->schema().create();
  clear_statements();
  return *orm_;
}

}  // namespace kin::test
