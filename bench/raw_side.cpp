// SPDX-License-Identifier: MIT
// The floor: what somebody writes by hand who wants this program's operations and nothing else.
#include "library.hpp"
#include "measure.hpp"
#include "raw_database.hpp"
#include "side.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace bench {

namespace {

using raw::Database;
using raw::Statement;

struct Author {
  std::int64_t id{};
  std::string name{};
  std::string email{};
  std::optional<int> age{};
  std::optional<std::int64_t> born{};
  std::int64_t created_at{};
  std::int64_t updated_at{};

  bool operator==(const Author&) const = default;
};

struct Tag {
  std::int64_t id{};
  std::string name{};
};

struct Book {
  std::int64_t id{};
  std::string title{};
  double price{};
  bool published{};
  std::optional<std::string> meta{};
  std::vector<Tag*> tags{};
};

struct AuthorWithBooks : Author {
  std::vector<Book*> books{};
};

/// Authors that can be found by their key.
struct Loaded {
  std::unordered_map<std::int64_t, Author*> by_key{};
  std::vector<std::unique_ptr<Author>> all{};
};

struct Graph {
  std::unordered_map<std::int64_t, std::unique_ptr<AuthorWithBooks>> authors{};
  std::unordered_map<std::int64_t, std::unique_ptr<Book>> books{};
  std::unordered_map<std::int64_t, std::unique_ptr<Tag>> tags{};
  int links = 0;
};

constexpr const char* select_authors =
    "select id, name, email, age, born, created_at, updated_at from author";
constexpr const char* select_author =
    "select id, name, email, age, born, created_at, updated_at from author where id = ?";
constexpr const char* insert_author =
    "insert into author(name, email, age, born, created_at, updated_at) values(?, ?, ?, ?, ?, ?)";
constexpr const char* insert_book =
    "insert into book(title, author_id, price, published, meta) values(?, ?, ?, ?, ?)";

void read_author(const Statement& row, Author& author) {
  author.id = row.integer(0);
  author.name = row.text(1);
  author.email = row.text(2);
  if (!row.is_null(3)) author.age = static_cast<int>(row.integer(3));
  if (!row.is_null(4)) author.born = row.integer(4);
  author.created_at = row.integer(5);
  author.updated_at = row.integer(6);
}

std::vector<Author> make_authors(int count) {
  std::vector<Author> authors(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    Author& author = authors[static_cast<std::size_t>(i)];
    author.name = library::author_name(i);
    author.email = library::author_email(i);
    author.age = library::author_age(i);
    author.born = library::author_born(i);
    author.created_at = author.updated_at = library::author_created(i);
  }
  return authors;
}

void write_author(Database& database, Statement& insert, Author& author) {
  insert.bind(1, std::string_view(author.name));
  insert.bind(2, std::string_view(author.email));
  insert.bind(3, author.age);
  insert.bind(4, author.born);
  insert.bind(5, author.created_at);
  insert.bind(6, author.updated_at);
  insert.run();
  author.id = database.last_key();
}

Loaded load_authors(Database& database) {
  Loaded loaded;
  Statement rows(database, select_authors);
  while (rows.step()) {
    auto author = std::make_unique<Author>();
    read_author(rows, *author);
    loaded.by_key.emplace(author->id, author.get());
    loaded.all.push_back(std::move(author));
  }
  require(loaded.all.size() == library::author_count, "authors");
  return loaded;
}

void change_authors(Loaded& loaded, int round) {
  for (const auto& author : loaded.all) {
    author->age = 100 + round;
    ++author->updated_at;
  }
}

void update_authors(Database& database, const Loaded& loaded) {
  Statement update(database, "update author set age = ?, updated_at = ? where id = ?");
  database.execute("begin");
  for (const auto& author : loaded.all) {
    update.bind(1, author->age);
    update.bind(2, author->updated_at);
    update.bind(3, author->id);
    update.run();
  }
  database.execute("commit");
}

std::vector<std::int64_t> tag_keys(Database& database) {
  std::vector<std::int64_t> keys;
  Statement rows(database, "select id from tag order by id");
  while (rows.step()) keys.push_back(rows.integer(0));
  return keys;
}

std::int64_t write_book(Database& database, Statement& insert, std::int64_t author, int n) {
  const std::string title = library::book_title(n);
  const std::optional<std::string> meta = library::book_meta(n);
  insert.bind(1, std::string_view(title));
  insert.bind(2, author);
  insert.bind(3, library::book_price(n));
  insert.bind(4, int{library::book_published(n)});
  insert.bind(5, meta);
  insert.run();
  return database.last_key();
}

void write_graph(Database& database, std::vector<Author>& authors, const std::vector<std::int64_t>& tags) {
  Statement author_insert(database, insert_author);
  Statement book_insert(database, insert_book);
  Statement link_insert(database, "insert into book_tag(book_id, tag_id) values(?, ?)");
  int n = 0;
  for (Author& author : authors) {
    write_author(database, author_insert, author);
    for (int i = 0; i < library::books_per_author; ++i, ++n) {
      const std::int64_t book = write_book(database, book_insert, author.id, n);
      for (const std::size_t tag : library::book_tags(n)) {
        link_insert.bind(1, book);
        link_insert.bind(2, tags[tag]);
        link_insert.run();
      }
    }
  }
}

void read_graph_authors(Database& database, Graph& graph) {
  Statement rows(database, select_authors);
  while (rows.step()) {
    auto author = std::make_unique<AuthorWithBooks>();
    read_author(rows, *author);
    const std::int64_t key = author->id;
    graph.authors.emplace(key, std::move(author));
  }
}

void read_graph_books(Database& database, Graph& graph) {
  Statement rows(database, "select id, author_id, title, price, published, meta from book");
  while (rows.step()) {
    auto book = std::make_unique<Book>();
    book->id = rows.integer(0);
    book->title = rows.text(2);
    book->price = rows.real(3);
    book->published = rows.integer(4) != 0;
    if (!rows.is_null(5)) book->meta = rows.text(5);
    graph.authors[rows.integer(1)]->books.push_back(book.get());
    const std::int64_t key = book->id;
    graph.books.emplace(key, std::move(book));
  }
}

void read_graph_tags(Database& database, Graph& graph) {
  Statement rows(database, "select bt.book_id, t.id, t.name from book_tag bt join tag t on t.id = bt.tag_id");
  while (rows.step()) {
    std::unique_ptr<Tag>& tag = graph.tags[rows.integer(1)];
    if (!tag) tag = std::make_unique<Tag>(Tag{rows.integer(1), rows.text(2)});
    graph.books[rows.integer(0)]->tags.push_back(tag.get());
    ++graph.links;
  }
}

std::string build_query() {
  static constexpr const char* conditions[] = {"a.age > ?",         "a.name like ?",
                                               "b.price < ?",       "b.published = ?",
                                               "t.name in (?,?,?)", "(a.born is null or a.born > ?)"};
  std::string sql;
  sql.reserve(512);
  sql =
      "select a.id,a.name,b.id,b.title,t.name from author a join book b on b.author_id=a.id "
      "join book_tag bt on bt.book_id=b.id join tag t on t.id=bt.tag_id";
  const char* word = " where ";
  for (const char* condition : conditions) {
    sql.append(word).append(condition);
    word = " and ";
  }
  sql.append(" order by a.name asc, b.price desc limit ").append(std::to_string(20));
  return sql;
}

class RawSide final : public Side {
 public:
  RawSide(const std::string& file, bool serialized) : database_(file, serialized) {}

  void create_tables() override;
  void empty() override;
  void fill_authors(int count) override;
  void fill_tags() override { database_.execute(library::fill_tags); }
  void fill_graph() override;

  void find_by_id() override;
  void find_all() override { keep(load_authors(database_).by_key.size()); }
  void find_all_raw() override;
  void populate_select_in() override { populate(); }
  void populate_joined() override { populate(); }
  void populate_balanced() override { populate(); }
  void insert_uow() override;
  void insert_graph() override;
  void update_uow() override;
  void delete_uow() override;
  void query_build() override;

  void load() override;
  void change() override { change_authors(loaded_, ++round_); }
  void flush() override { update_authors(database_, loaded_); }
  void look() override;
  void unload() override;
  void find_one() override;
  void touch_pages() override;

 private:
  void populate();

  Database database_;
  Loaded loaded_{};
  std::vector<Author> snapshots_{};
  int round_ = 0;
};

void RawSide::create_tables() {
  for (const char* sql : library::tables) database_.execute(sql);
}

void RawSide::empty() {
  for (const char* sql : library::empty_tables) database_.execute(sql);
}

void RawSide::fill_authors(int count) {
  Statement fill(database_, library::fill_authors);
  fill.bind(1, count);
  fill.run();
}

void RawSide::fill_graph() {
  fill_authors(library::graph_author_count);
  fill_tags();
  database_.execute(library::fill_books);
  database_.execute(library::fill_links);
}

void RawSide::find_by_id() {
  Statement rows(database_, select_author);
  for (std::int64_t id = 1; id <= library::author_count; ++id) {
    Author author;
    rows.bind(1, id);
    require(rows.step(), "author");
    read_author(rows, author);
    rows.reset();
    keep(author.name.size());
  }
}

void RawSide::find_all_raw() {
  std::vector<Author> authors;
  authors.reserve(library::author_count);
  Statement rows(database_, select_authors);
  while (rows.step()) read_author(rows, authors.emplace_back());
  require(authors.size() == library::author_count, "authors");
}

void RawSide::populate() {
  Graph graph;
  read_graph_authors(database_, graph);
  read_graph_books(database_, graph);
  read_graph_tags(database_, graph);
  require(graph.authors.size() == library::graph_author_count && graph.books.size() == library::book_count &&
              graph.links == library::link_count,
          "graph");
}

void RawSide::insert_uow() {
  std::vector<Author> authors = make_authors(library::author_count);
  Statement insert(database_, insert_author);
  database_.execute("begin");
  for (Author& author : authors) write_author(database_, insert, author);
  database_.execute("commit");
  require(authors.back().id == library::author_count, "key");
}

void RawSide::insert_graph() {
  std::vector<Author> authors = make_authors(library::graph_author_count);
  const std::vector<std::int64_t> tags = tag_keys(database_);
  database_.execute("begin");
  write_graph(database_, authors, tags);
  database_.execute("commit");
}

void RawSide::update_uow() {
  Loaded loaded = load_authors(database_);
  change_authors(loaded, ++round_);
  update_authors(database_, loaded);
}

void RawSide::delete_uow() {
  Statement remove(database_, "delete from author where id = ?");
  database_.execute("begin");
  for (const auto& author : loaded_.all) {
    remove.bind(1, author->id);
    remove.run();
  }
  database_.execute("commit");
}

void RawSide::query_build() {
  std::size_t length = 0;
  for (int i = 0; i < library::query_count; ++i) length += build_query().size();
  keep(length);
}

void RawSide::load() { loaded_ = load_authors(database_); }

void RawSide::look() {
  // The snapshots are no part of load(): of the other operations only this one needs them.
  if (snapshots_.empty())
    for (const auto& author : loaded_.all) snapshots_.push_back(*author);
  std::size_t changed = 0;
  for (std::size_t i = 0; i < snapshots_.size(); ++i) changed += !(*loaded_.all[i] == snapshots_[i]);
  require(changed == 0, "changes");
}

void RawSide::unload() {
  loaded_ = {};
  snapshots_ = {};
}

void RawSide::find_one() {
  Statement rows(database_, "select id, name, email, age, born, created_at, updated_at from author limit 1");
  Author author;
  require(rows.step(), "author");
  read_author(rows, author);
  keep(author.name.size());
}

void RawSide::touch_pages() {
  Statement rows(database_, "select sum(length(name || email)) from author");
  require(rows.step(), "author");
}

}  // namespace

std::unique_ptr<Side> make_raw_side(const std::string& file, bool serialized) {
  return std::make_unique<RawSide>(file, serialized);
}

}  // namespace bench
