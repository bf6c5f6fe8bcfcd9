// SPDX-License-Identifier: MIT
// expect: kin: set<> needs a value of the member's type
#include "model.hpp"

static void use(kin::EntityManager& em) {
#ifdef KIN_CONTROL
  em.set<&Book::price>(em.get_reference<Book>(1), kin::field<&Book::price> + 1);
#else
  em.set<&Book::title>(em.get_reference<Book>(1), kin::field<&Book::price> + 1);
#endif
}

int main() { static_cast<void>(&use); }
