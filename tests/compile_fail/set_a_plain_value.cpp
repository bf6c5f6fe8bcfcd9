// SPDX-License-Identifier: MIT
// expect: kin: set<> needs a computation over fields; a plain value is assigned to the member
#include "model.hpp"

static void use(kin::EntityManager& em) {
#ifdef KIN_CONTROL
  em.set<&Book::price>(em.get_reference<Book>(1), kin::field<&Book::price> + 1);
#else
  em.set<&Book::price>(em.get_reference<Book>(1), 7);
#endif
}

int main() { static_cast<void>(&use); }
