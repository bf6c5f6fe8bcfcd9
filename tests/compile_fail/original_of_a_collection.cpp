// SPDX-License-Identifier: MIT
// expect: kin: original<> takes members with a column
#include "model.hpp"

static void use(kin::EntityManager& em, const kin::Ref<Book>& book) {
#ifdef KIN_CONTROL
  static_cast<void>(em.original<&Book::title>(book));
#else
  static_cast<void>(em.original<&Book::tags>(book));
#endif
}

int main() { static_cast<void>(&use); }
