// SPDX-License-Identifier: MIT
// The entities that the cases misuse.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <kin/kin.hpp>

struct Book;
struct Tag;

struct Author {
  std::int64_t id{};
  std::string name{};
  std::optional<int> age{};
  kin::Collection<Book> books{};
};

struct Book {
  std::int64_t id{};
  std::string title{};
  double price{};
  kin::Ref<Author> author{};
  kin::Collection<Tag> tags{};
};

struct Tag {
  std::int64_t id{};
  std::string name{};
  kin::Collection<Book> books{};
};

inline void describe(kin::Schema<Author>& author) {
  author.on<&Author::books>(kin::mapped_by<&Book::author>);
}
inline void describe(kin::Schema<Tag>& tag) { tag.on<&Tag::books>(kin::mapped_by<&Book::tags>); }
