// SPDX-License-Identifier: MIT
// expect: kin: this word describes columns; a Collection has none of its own
#include "model.hpp"

static void use(kin::Schema<Author>& author) {
#ifdef KIN_CONTROL
  author.on<&Author::name>(kin::unique);
#else
  author.on<&Author::books>(kin::unique);
#endif
}

int main() { static_cast<void>(&use); }
