// SPDX-License-Identifier: MIT
// expect: kin: this relation was not populated
#include "model.hpp"

static void use(kin::EntityManager& em) {
  for (auto book : em.find<Book>().populate<&Book::author>().list())
#ifdef KIN_CONTROL
    static_cast<void>(book.get<&Book::author>());
#else
    static_cast<void>(book.get<&Book::tags>());
#endif
}

int main() { static_cast<void>(&use); }
