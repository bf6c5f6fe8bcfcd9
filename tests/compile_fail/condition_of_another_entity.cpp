// SPDX-License-Identifier: MIT
// expect: kin: the condition is on another entity than the one that is read
#include "model.hpp"

static void use(kin::EntityManager& em) {
#ifdef KIN_CONTROL
  static_cast<void>(em.find<Book>(kin::field<&Book::price> < 1.0));
#else
  static_cast<void>(em.find<Book>(kin::field<&Tag::id> < 1));
#endif
}

int main() { static_cast<void>(&use); }
