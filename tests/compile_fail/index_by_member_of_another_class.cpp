// SPDX-License-Identifier: MIT
// expect: kin: index_by<> takes a member of the collection's items
#include "model.hpp"

static void use(Author& author) {
#ifdef KIN_CONTROL
  static_cast<void>(author.books.index_by<&Book::title>());
#else
  static_cast<void>(author.books.index_by<&Tag::name>());
#endif
}

int main() { static_cast<void>(&use); }
