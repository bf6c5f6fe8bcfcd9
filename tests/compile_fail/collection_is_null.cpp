// SPDX-License-Identifier: MIT
// expect: kin: a collection is never null
#include "model.hpp"

static void use() {
#ifdef KIN_CONTROL
  auto where = kin::field<&Author::age>.is_null();
#else
  auto where = kin::field<&Author::books>.is_null();
#endif
  static_cast<void>(where);
}

int main() { static_cast<void>(&use); }
