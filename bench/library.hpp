// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

/// The database that is measured and what its rows hold: the same for both sides.
namespace bench::library {

inline constexpr int author_count = 10'000;       ///< of all operations but those on the graph
inline constexpr int graph_author_count = 1'000;  ///< each with five books, each with two of the tags
inline constexpr int books_per_author = 5;
inline constexpr int book_count = graph_author_count * books_per_author;
inline constexpr int tag_count = 100;
inline constexpr int link_count = 2 * book_count;
inline constexpr int graph_row_count = graph_author_count + book_count + link_count;
inline constexpr int query_count = 10'000;

inline constexpr const char* tables[] = {
    "create table author(id integer primary key autoincrement, name text not null, email text not null "
    "unique, "
    "age integer null, born datetime null, created_at datetime not null, updated_at datetime not null)",
    "create table book(id integer primary key autoincrement, title text not null, "
    "author_id integer not null references author(id), price double not null, published boolean not null, "
    "meta json null)",
    "create table tag(id integer primary key autoincrement, name text not null unique)",
    "create table book_tag(book_id integer not null references book(id), "
    "tag_id integer not null references tag(id), primary key(book_id, tag_id))",
    "create index book_author_idx on book(author_id)",
};

/// Empties all tables; keys start at 1 again.
inline constexpr const char* empty_tables[] = {
    "delete from book_tag",        "delete from book", "delete from tag", "delete from author",
    "delete from sqlite_sequence",
};

// The rows are made by the database itself, so that neither side's code has touched them.
inline constexpr const char* fill_authors =
    "with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < ?) "
    "insert into author(name, email, age, born, created_at, updated_at) "
    "select 'Author ' || i, 'a' || i || '@example.com', case when i % 10 then i % 80 end, 86400000 * i, "
    "1700000000000 + i, 1700000000000 + i from n";
inline constexpr const char* fill_tags =
    "with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < 100) "
    "insert into tag(name) select 'tag' || i from n";
inline constexpr const char* fill_books =
    "with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < 5000) "
    "insert into book(title, author_id, price, published, meta) "
    "select 'Book ' || i, i / 5 + 1, 9.5 + i % 50, i % 2, case when i % 2 then json_object('pages', i) end "
    "from n";
inline constexpr const char* fill_links =
    "insert into book_tag(book_id, tag_id) select id, (id - 1) % 100 + 1 from book "
    "union all select id, (id + 36) % 100 + 1 from book";

inline std::string author_name(int i) { return "Author " + std::to_string(i); }
inline std::string author_email(int i) { return "a" + std::to_string(i) + "@example.com"; }
inline std::optional<int> author_age(int i) { return i % 10 ? std::optional(i % 80) : std::nullopt; }
inline std::int64_t author_born(int i) { return std::int64_t{86'400'000} * i; }
inline std::int64_t author_created(int i) { return std::int64_t{1'700'000'000'000} + i; }

inline std::string book_title(int n) { return "Book " + std::to_string(n); }
inline double book_price(int n) { return 9.5 + n % 50; }
inline bool book_published(int n) { return n % 2 == 1; }
inline std::optional<std::string> book_meta(int n) {
  if (n % 2 == 0) return std::nullopt;
  return "{\"pages\":" + std::to_string(n) + "}";
}
inline std::array<std::size_t, 2> book_tags(int n) {
  return {static_cast<std::size_t>(n % tag_count), static_cast<std::size_t>((n + 37) % tag_count)};
}

}  // namespace bench::library
