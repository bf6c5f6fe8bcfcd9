// SPDX-License-Identifier: MIT
// expect: kin: the member belongs to another entity than the alias
#include "model.hpp"

static void use() {
  auto a = kin::alias<Author>("a");
#ifdef KIN_CONTROL
  auto name = a[kin::field<&Author::name>];
#else
  auto name = a[kin::field<&Book::title>];
#endif
  static_cast<void>(name);
}

int main() { static_cast<void>(&use); }
