// SPDX-License-Identifier: MIT
// The program whose compilation budgets.txt limits: five entities, their relations, and each kind of verb.
#include <chrono>
#include <cstdint>
#include <iostream>
#include <optional>
#include <string>

#include <kin/kin.hpp>
#include <kin/sqlite.hpp>

using kin::field;

struct Author;
struct Book;
struct Publisher;
struct Review;
struct Tag;

struct Author {
  std::int64_t id{};
  std::string name{};
  std::string email{};
  std::optional<int> age{};
  std::chrono::sys_seconds created_at{};
  kin::Collection<Book> books{};
};
struct Publisher {
  std::int64_t id{};
  std::string name{};
  kin::Collection<Book> books{};
};
struct Book {
  std::int64_t id{};
  std::string title{};
  double price{};
  kin::Ref<Author> author{};
  kin::Ref<Publisher> publisher{};
  kin::Collection<Tag> tags{};
  kin::Collection<Review> reviews{};
};
struct Review {
  std::int64_t id{};
  int stars{};
  std::string text{};
  kin::Ref<Book> book{};
};
struct Tag {
  std::int64_t id{};
  std::string name{};
  kin::Collection<Book> books{};
};

inline void describe(kin::Schema<Author>& author) {
  author.on<&Author::email>(kin::unique, kin::length(255));
  author.on<&Author::created_at>(kin::on_create([](const Author&) { return kin::now(); }));
  author.on<&Author::books>(kin::mapped_by<&Book::author>, kin::cascade(kin::Cascade::persist),
                            kin::orphan_removal);
}
inline void describe(kin::Schema<Publisher>& publisher) {
  publisher.on<&Publisher::books>(kin::mapped_by<&Book::publisher>);
}
inline void describe(kin::Schema<Book>& book) {
  book.table("book").index<&Book::author, &Book::price>();
  book.on<&Book::author>(kin::delete_rule(kin::Rule::cascade));
  book.on<&Book::tags>(kin::pivot_table("book_tag"));
  book.on<&Book::reviews>(kin::mapped_by<&Review::book>);
}
inline void describe(kin::Schema<Tag>& tag) {
  tag.on<&Tag::name>(kin::unique);
  tag.on<&Tag::books>(kin::mapped_by<&Book::tags>);
}

int main() {
  kin::Orm orm({
      .driver = kin::sqlite::driver(),
      .db_name = ":memory:",
      .entities = kin::entities<Author, Publisher, Book, Review, Tag>,
  });
  orm.schema().update();
  {
    kin::EntityManager em = orm.em();
    auto ursula = em.create<Author>({.name = "Ursula K. Le Guin", .email = "ursula@example.org"});
    auto harper = em.create<Publisher>({.name = "Harper & Row"});
    auto book =
        em.create<Book>({.title = "The Dispossessed", .price = 9.5, .author = ursula, .publisher = harper});
    book->tags.add(em.create<Tag>({.name = "utopia"}));
    em.create<Review>({.stars = 5, .text = "An ambiguous one.", .book = book});
    em.flush();
  }
  kin::EntityManager em = orm.em();
  auto where = field<&Book::price> < 10.0;
  where = where && (field<&Book::tags, &Tag::name>.in({"sf", "utopia"}) ||
                    field<&Book::author, &Author::age>.is_null());
  auto books = em.find<Book>(where)
                   .populate<&Book::author>()
                   .populate<&Book::reviews>()
                   .order_by(field<&Book::title>.asc())
                   .limit(10)
                   .list();
  for (auto book : books) {
    std::cout << book->title << " by " << book->author->name << '\n';
    book->price += 1;
  }
  auto authors = em.find<Author>(field<&Author::books>.some(field<&Book::price> > 5.0))
                     .populate<&Author::books, &Book::tags>()
                     .list();
  for (auto author : authors)
    for (auto book : author.get<&Author::books>()) std::cout << author->name << ": " << book->title << '\n';
  em.flush();
  std::cout << em.count<Book>(field<&Book::publisher, &Publisher::name> == "Harper & Row") << '\n';
}
