// SPDX-License-Identifier: MIT
// expect: kin: the condition is on another entity than the collection's items
#include "model.hpp"

static void use() {
#ifdef KIN_CONTROL
  auto where = kin::field<&Author::books>.some(kin::field<&Book::price> < 5.0);
#else
  auto where = kin::field<&Author::books>.some(kin::field<&Tag::id> < 5);
#endif
  static_cast<void>(where);
}

int main() { static_cast<void>(&use); }
