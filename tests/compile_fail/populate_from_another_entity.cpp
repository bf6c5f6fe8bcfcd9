// SPDX-License-Identifier: MIT
// expect: kin: populate<> starts at another entity than the one that is read
#include "model.hpp"

static void use(kin::EntityManager& em) {
#ifdef KIN_CONTROL
  static_cast<void>(em.find<Book>().populate<&Book::author>());
#else
  static_cast<void>(em.find<Book>().populate<&Author::books>());
#endif
}

int main() { static_cast<void>(&use); }
