// SPDX-License-Identifier: MIT
// expect: kin: populate<> goes over relations only
#include "model.hpp"

static void use(kin::EntityManager& em) {
#ifdef KIN_CONTROL
  static_cast<void>(em.find<Book>().populate<&Book::author>());
#else
  static_cast<void>(em.find<Book>().populate<&Book::title>());
#endif
}

int main() { static_cast<void>(&use); }
