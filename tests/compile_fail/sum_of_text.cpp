// SPDX-License-Identifier: MIT
// expect: kin: sum() and avg() need a number
#include "model.hpp"

static void use() {
#ifdef KIN_CONTROL
  auto sum = kin::sum(kin::field<&Book::price>);
#else
  auto sum = kin::sum(kin::field<&Book::title>);
#endif
  static_cast<void>(sum);
}

int main() { static_cast<void>(&use); }
