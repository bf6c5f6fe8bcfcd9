// SPDX-License-Identifier: MIT
// expect: kin: only numbers can be added, subtracted, multiplied and divided
#include "model.hpp"

static void use() {
#ifdef KIN_CONTROL
  auto more = kin::field<&Book::price> + 1;
#else
  auto more = kin::field<&Book::title> + 1;
#endif
  static_cast<void>(more);
}

int main() { static_cast<void>(&use); }
