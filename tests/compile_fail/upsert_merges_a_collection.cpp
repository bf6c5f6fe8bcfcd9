// SPDX-License-Identifier: MIT
// expect: kin: on_conflict() can't name a collection, which has no column
#include "model.hpp"

static void use(kin::EntityManager& em) {
#ifdef KIN_CONTROL
  em.upsert<Book>({.title = "x"}, kin::on_conflict<Book>().merge<&Book::price>());
#else
  em.upsert<Book>({.title = "x"}, kin::on_conflict<Book>().merge<&Book::tags>());
#endif
}

int main() { static_cast<void>(&use); }
