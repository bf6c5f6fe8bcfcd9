// SPDX-License-Identifier: MIT
// expect: kin: some(), none() and every() need a Collection member
#include "model.hpp"

static void use() {
#ifdef KIN_CONTROL
  auto where = kin::field<&Author::books>.some();
#else
  auto where = kin::field<&Author::name>.some();
#endif
  static_cast<void>(where);
}

int main() { static_cast<void>(&use); }
