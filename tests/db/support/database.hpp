// SPDX-License-Identifier: MIT
#pragma once

#include <kin/kin.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "db/support/canonical.hpp"

namespace kin::test {

/// Statements on what belongs to a session, each as the database wants it.
struct SessionTexts {
  const char* set = "pragma cache_size = 77";  ///< gives the session a setting
  const char* get = "select cache_size as value from pragma_cache_size";
  const char* temporary_table = "create temporary table scratch (id integer)";
};

/// In what databases differ by their nature, as far as tests see it.
struct Traits {
  bool stores_nan = false;
  bool stores_infinities = true;
  bool stores_unsigned_64 = false;    ///< beyond the signed ones
  bool stores_nul_in_text = true;
  bool rows_refer_to_each_other = true;  ///< in one batch, although their keys are generated
  bool tells_failed_row = true;          ///< of any batch, whatever its size
  bool returns_defaults = true;          ///< in the statement that inserts
  bool upserts_on_condition = true;      ///< an existing row is changed only when it meets one
  bool locks_rows = false;               ///< not the whole database
  bool has_deferrable_transactions = false;
  bool locks_named_tables_only = true;   ///< MariaDB locks the rows of every joined table
  bool locks_left_joins = true;          ///< PostgreSQL locks no row that may be missing
  bool keeps_decimal_scale = true;       ///< 9.50 does not come back as 9.5 or 9.5000
  bool plans_deep_conditions = true;     ///< MySQL takes minutes for what is nested 20 deep
  std::size_t most_parameters = 65'535;  ///< at least so many are taken in one statement
  std::size_t keys_of_a_chunk = 8192;    ///< most keys of one statement that populates
  bool writes_arrays = false;            ///< all new rows of a type and flush are one execution of one statement
  /// A query for how many statements the server has got by this connection; null where it can't tell.
  const char* statement_count = nullptr;
  /// Prepares the table `note` for full-text queries of its column `text`; SQLite wants another kind of table.
  const char* full_text_index = nullptr;
  bool has_partial_indexes = true;  ///< which leave rows out: unique values of deleted rows are free again
  bool has_enum_types = false;  ///< whose items update() can add to
  /// Collations: one that sorts as dictionaries do, and one that sorts by bytes.
  const char* dictionary_collation = "nocase";
  const char* byte_collation = "binary";
  bool dictionary_tells_case = false;  ///< "a" and "A" are two values of a unique member there
  /// A query whose answer is sure to be awaited: a server may answer a short one before anybody waits. Every statement
  /// is awaited on SQLite, where a thread does the work.
  const char* awaited_query = "select 1";
  SessionTexts session{};
};

/// A database that the suite runs on: where the Orm of one test lives, made fresh for it.
struct Database {
  std::string name;
  /// Sets driver and place of the options; the database is empty. Called once a test. What it returns is kept until
  /// the Orm has ended, and takes the database away then.
  std::function<std::shared_ptr<const void>(Options& options)> prepare;
  /// Its db_name is a file, which other connections and processes can open, and which outlives the Orm.
  bool is_file = false;
  Traits traits{};
};

inline void PrintTo(const Database& database, std::ostream* out) { *out << database.name; }

/// Every database of this build. Servers are those that KIN_TEST_POSTGRESQL_URL, KIN_TEST_MYSQL_URL and
/// KIN_TEST_MARIADB_URL name: eval "$(scripts/servers env)". What one lacks is asked of its capabilities by the tests,
/// not skipped here.
const std::vector<Database>& databases();
/// Those that are SQLite, for what is its own: exact texts, limits of values.
std::vector<Database> sqlite_databases();
/// Those that lie in a file.
std::vector<Database> file_databases();

/// Those that are servers, which have users, locks by name and replicas.
std::vector<Database> databases_on_servers();

/// Base of the suite: an Orm over the given entities, its tables made, its statements recorded.
class DatabaseTest : public testing::TestWithParam<Database> {
 protected:
  /// Makes the Orm, creates the tables and forgets the statements that took.
  Orm& start(EntityList entities, std::function<void(Options&)> change = {});
  Orm& orm() { return *orm_; }
  const Traits& traits() const { return GetParam().traits; }

  /// Statements since the last call of clear_statements(), begin and commit included, in one form for all databases:
  /// see canonical().
  std::vector<std::string> statements() const { return canonical(*statements_); }
  /// The same as they were sent.
  const std::vector<std::string>& sent() const { return *statements_; }
  void clear_statements() { statements_->clear(); }
  /// Number of statements that `work` sends.
  template <class F>
  std::size_t count_statements(F&& work) {
    clear_statements();
    work();
    return statements().size();
  }

 private:
  std::shared_ptr<std::vector<std::string>> statements_ = std::make_shared<std::vector<std::string>>();
  std::shared_ptr<const void> place_;
  std::unique_ptr<Orm> orm_;
};

/// Runs a suite on every database: KIN_ON_EVERY_DATABASE(FlushTest);
#define KIN_ON_EVERY_DATABASE(suite)                                                               \
  INSTANTIATE_TEST_SUITE_P(Db, suite, testing::ValuesIn(kin::test::databases()),                   \
                           [](const auto& info) { return info.param.name; })

/// Runs a suite on the servers that are there.
#define KIN_ON_EVERY_DATABASE_SERVER(suite)                                                 \
  GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(suite);                                     \
  INSTANTIATE_TEST_SUITE_P(Db, suite, testing::ValuesIn(kin::test::databases_on_servers()), \
                           [](const auto& info) { return info.param.name; })

/// Runs a suite on SQLite only.
#define KIN_ON_EVERY_SQLITE(suite)                                                                 \
  INSTANTIATE_TEST_SUITE_P(Db, suite, testing::ValuesIn(kin::test::sqlite_databases()),            \
                           [](const auto& info) { return info.param.name; })

/// Runs a suite on the databases in files only.
#define KIN_ON_EVERY_FILE_DATABASE(suite)                                                          \
  INSTANTIATE_TEST_SUITE_P(Db, suite, testing::ValuesIn(kin::test::file_databases()),              \
                           [](const auto& info) { return info.param.name; })

}  // namespace kin::test
