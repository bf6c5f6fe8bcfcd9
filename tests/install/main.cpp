// SPDX-License-Identifier: MIT
// What a first program with kin looks like: it creates, flushes and, in a fresh unit of work, finds.
#include <cstdint>
#include <iostream>
#include <string>

#include <kin/kin.hpp>
#include <kin/sqlite.hpp>

struct Author {
  std::int64_t id{};
  std::string name{};
};
struct Book {
  std::int64_t id{};
  std::string title{};
  kin::Ref<Author> author{};
};

int main() {
  kin::Orm orm({
      .driver = kin::sqlite::driver(),
      .db_name = ":memory:",
      .entities = kin::entities<Author, Book>,
  });
  orm.schema().update();
  {
    kin::EntityManager em = orm.em();
    auto ursula = em.create<Author>({.name = "Ursula K. Le Guin"});
    em.create<Book>({.title = "The Dispossessed", .author = ursula});
    em.flush();
  }
  kin::EntityManager em = orm.em();
  const auto by_ursula = kin::field<&Book::author, &Author::name> == "Ursula K. Le Guin";
  for (auto book : em.find<Book>(by_ursula).populate<&Book::author>().list())
    std::cout << book->title << " by " << book->author->name << '\n';
}
