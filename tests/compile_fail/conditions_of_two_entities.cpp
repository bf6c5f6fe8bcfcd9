// SPDX-License-Identifier: MIT
// expect: kin: conditions of two different entities cannot be combined
#include "model.hpp"

static void use() {
#ifdef KIN_CONTROL
  auto where = kin::field<&Book::price> < 1.0 && kin::field<&Book::id> > 1;
#else
  auto where = kin::field<&Book::price> < 1.0 && kin::field<&Tag::id> > 1;
#endif
  static_cast<void>(where);
}

int main() { static_cast<void>(&use); }
