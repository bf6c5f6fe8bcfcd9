// SPDX-License-Identifier: MIT
// expect: kin: populate<> goes over relations only; a plain member is always read
#include "model.hpp"

static void use(kin::EntityManager& em, const kin::Ref<Book>& book) {
#ifdef KIN_CONTROL
  static_cast<void>(em.populate<&Book::author>(book));
#else
  static_cast<void>(em.populate<&Book::title>(book));
#endif
}

int main() { static_cast<void>(&use); }
