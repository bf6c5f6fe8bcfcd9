// SPDX-License-Identifier: MIT
// expect: kin: this operator needs a text member
#include "model.hpp"

static void use() {
#ifdef KIN_CONTROL
  auto where = kin::field<&Book::title>.like("a%");
#else
  auto where = kin::field<&Book::price>.like("a%");
#endif
  static_cast<void>(where);
}

int main() { static_cast<void>(&use); }
