// SPDX-License-Identifier: MIT
// expect: kin: populate<> starts at another entity than those that are given
#include <vector>

#include "model.hpp"

static void use(kin::EntityManager& em, const std::vector<kin::Ref<Book>>& books) {
#ifdef KIN_CONTROL
  static_cast<void>(em.populate<&Book::author>(books));
#else
  static_cast<void>(em.populate<&Author::books>(books));
#endif
}

int main() { static_cast<void>(&use); }
