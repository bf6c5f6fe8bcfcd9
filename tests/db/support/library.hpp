// SPDX-License-Identifier: MIT
#pragma once

#include <kin/kin.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace kin::test::library {

struct Book;
struct Tag;
struct Author;

enum class Mood { calm, wild };

struct Address {
  std::string street{};
  std::string city{};
};

struct Author {
  std::int64_t id{};
  std::string name{};
  std::string email{};
  std::optional<int> age{};
  Mood mood{};
  Address home{};
  std::optional<Address> work{};
  std::chrono::sys_seconds created_at{};
  Collection<Book> books{};
};

struct Book {
  std::int64_t id{};
  std::string title{};
  double price{};
  Ref<Author> author{};
  Collection<Tag> tags{};
};

struct Tag {
  std::int64_t id{};
  std::string name{};
  Collection<Book> books{};
};

inline void describe(Schema<Author>& author) {
  author.on<&Author::email>(unique, length(255));
  author.on<&Author::created_at>(on_create([](const Author&) { return now(); }));
  author.on<&Author::books>(mapped_by<&Book::author>, cascade(Cascade::persist), orphan_removal);
}
inline void describe(Schema<Book>& book) {
  book.table("book").index<&Book::author, &Book::price>();
  book.on<&Book::author>(delete_rule(Rule::cascade));
  book.on<&Book::tags>(pivot_table("book_tag"));
}
inline void describe(Schema<Tag>& tag) {
  tag.on<&Tag::name>(unique);
  tag.on<&Tag::books>(mapped_by<&Book::tags>);
}

inline constexpr EntityList entities = kin::entities<Author, Book, Tag>;

}  // namespace kin::test::library
