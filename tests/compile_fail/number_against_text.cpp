// SPDX-License-Identifier: MIT
// expect: kin: this member cannot be compared with a value of that type
#include "model.hpp"

static void use() {
#ifdef KIN_CONTROL
  auto where = kin::field<&Book::title> == "1";
#else
  auto where = kin::field<&Book::title> == 1;
#endif
  static_cast<void>(where);
}

int main() { static_cast<void>(&use); }
