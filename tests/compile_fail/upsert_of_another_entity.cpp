// SPDX-License-Identifier: MIT
// expect: kin: on_conflict() names a member of another entity than the one that is written
#include "model.hpp"

static void use(kin::EntityManager& em) {
#ifdef KIN_CONTROL
  em.upsert<Book>({.title = "x"}, kin::on_conflict<Book>().merge<&Book::price>());
#else
  em.upsert<Book>({.title = "x"}, kin::on_conflict<Book>().merge<&Author::name>());
#endif
}

int main() { static_cast<void>(&use); }
