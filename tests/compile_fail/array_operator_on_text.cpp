// SPDX-License-Identifier: MIT
// expect: kin: this operator needs an array member (std::vector) or a kin::Json member
#include "model.hpp"

static void use() {
#ifdef KIN_CONTROL
  auto where = kin::field<&Book::title>.contains("key");
#else
  auto where = kin::field<&Book::title>.overlaps({"key"});
#endif
  static_cast<void>(where);
}

int main() { static_cast<void>(&use); }
