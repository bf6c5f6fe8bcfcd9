// SPDX-License-Identifier: MIT
// expect: kin: the order is on another entity than the one that is read
#include "model.hpp"

static void use(kin::EntityManager& em) {
#ifdef KIN_CONTROL
  static_cast<void>(em.find<Book>().order_by(kin::field<&Book::title>.asc()));
#else
  static_cast<void>(em.find<Book>().order_by(kin::field<&Tag::name>.asc()));
#endif
}

int main() { static_cast<void>(&use); }
