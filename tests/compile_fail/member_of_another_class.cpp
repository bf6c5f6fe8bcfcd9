// SPDX-License-Identifier: MIT
// expect: kin: on<> names a member of another class than the one described
#include "model.hpp"

static void use(kin::Schema<Author>& author) {
#ifdef KIN_CONTROL
  author.on<&Author::name>(kin::unique);
#else
  author.on<&Book::title>(kin::unique);
#endif
}

int main() { static_cast<void>(&use); }
