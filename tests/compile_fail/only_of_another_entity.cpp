// SPDX-License-Identifier: MIT
// expect: kin: only<> and exclude<> take members of the entity that is read
#include "model.hpp"

static void use(kin::EntityManager& em) {
#ifdef KIN_CONTROL
  static_cast<void>(em.find<Book>().only<&Book::title>());
#else
  static_cast<void>(em.find<Book>().only<&Tag::name>());
#endif
}

int main() { static_cast<void>(&use); }
