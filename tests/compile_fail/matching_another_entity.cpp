// SPDX-License-Identifier: MIT
// expect: kin: the condition is on another entity than the collection's items
#include "model.hpp"

static void use(Author& author) {
#ifdef KIN_CONTROL
  static_cast<void>(author.books.matching(kin::field<&Book::price> < 5.0));
#else
  static_cast<void>(author.books.matching(kin::field<&Author::name> == "U"));
#endif
}

int main() { static_cast<void>(&use); }
