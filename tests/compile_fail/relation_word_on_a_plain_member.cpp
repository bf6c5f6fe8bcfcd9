// SPDX-License-Identifier: MIT
// expect: kin: this word describes relations
#include "model.hpp"

static void use(kin::Schema<Author>& author) {
#ifdef KIN_CONTROL
  author.on<&Author::books>(kin::cascade(kin::Cascade::persist));
#else
  author.on<&Author::name>(kin::cascade(kin::Cascade::persist));
#endif
}

int main() { static_cast<void>(&use); }
