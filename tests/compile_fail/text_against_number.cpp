// SPDX-License-Identifier: MIT
// expect: kin: this member cannot be compared with text
#include "model.hpp"

static void use() {
#ifdef KIN_CONTROL
  auto where = kin::field<&Book::price> == 1.5;
#else
  auto where = kin::field<&Book::price> == "cheap";
#endif
  static_cast<void>(where);
}

int main() { static_cast<void>(&use); }
