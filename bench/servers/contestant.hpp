// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

namespace bench::servers {

inline constexpr int author_count = 10'000;
inline constexpr int look_up_count = 2'000;
inline constexpr int graph_author_count = 1'000;
inline constexpr int books_per_author = 5;
inline constexpr int tags_per_book = 2;
inline constexpr int tag_count = 100;
/// Rows of the graph: authors, their books, the links of those to tags.
inline constexpr int graph_rows = graph_author_count * (1 + books_per_author * (1 + tags_per_book));

/// The tag, from 0, that the book with this number has as its first or second.
constexpr int tag_of(int book, int which) { return (book * 7 + which * 31) % tag_count; }

/// One contestant on a server, with a schema of its own. What the clock does not see stands apart as empty, fill, load
/// and change.
class Contestant {
 public:
  Contestant() = default;
  Contestant(const Contestant&) = delete;
  Contestant& operator=(const Contestant&) = delete;
  virtual ~Contestant() = default;

  virtual void empty() = 0;
  virtual void fill() = 0;  ///< author_count authors with keys from 1
  virtual void load() = 0;
  virtual void change() = 0;  ///< two members of each loaded author

  virtual void find_by_id() = 0;  ///< look_up_count times
  virtual void find_all() = 0;
  virtual void insert() = 0;
  virtual void flush() = 0;   ///< writes what change() changed
  virtual void remove() = 0;  ///< what load() loaded
  virtual void unload() = 0;

  /// A graph of new rows; its tags are there already. Only where insert_graph is measured.
  virtual void empty_graph() {}
  virtual void insert_graph() {}
};

/// By hand on libpq: single prepared statements for look-ups, unnest with returning for inserts, a pipeline of prepared
/// statements for updates and deletes; binary parameters and results.
std::unique_ptr<Contestant> make_libpq(const std::string& url);
std::unique_ptr<Contestant> make_kin_on_postgresql(const std::string& url);

/// Fills a table of authors on MySQL and MariaDB, with keys that have no gaps.
inline std::string filling(const std::string& table) {
  return "insert into " + table +
         " (id, name, email, age, updated_at) with recursive d (n) as (select 0 union all select n + 1 from d where n < 99) "
         "select 1 + a.n * 100 + b.n, concat('Author ', a.n * 100 + b.n), concat('a', a.n * 100 + b.n, '@example.com'), "
         "(a.n * 100 + b.n) % 80, 1700000000000 + a.n * 100 + b.n from d a, d b";
}

/// By hand on libmariadb, with prepared statements. MariaDB: arrays of parameters, with returning for inserts. MySQL: rows
/// of one insert with many values, updates and deletes one by one.
std::unique_ptr<Contestant> make_libmariadb(const std::string& url);
std::unique_ptr<Contestant> make_kin_on_mysql(const std::string& url);

/// Microseconds that each of so many look-ups by key takes on PostgreSQL, with a pool of eight connections: by eight
/// threads that wait, or by 200 coroutines on one thread. The table has author_count authors.
double look_up_by_threads(const std::string& url, int look_ups);
double look_up_by_coroutines(const std::string& url, int look_ups);

}  // namespace bench::servers
