// SPDX-License-Identifier: MIT
// expect: kin: mapped_by names a member of another entity than the relation's target
#include "model.hpp"

static void use(kin::Schema<Author>& author) {
#ifdef KIN_CONTROL
  author.on<&Author::books>(kin::mapped_by<&Book::author>);
#else
  author.on<&Author::books>(kin::mapped_by<&Tag::books>);
#endif
}

int main() { static_cast<void>(&use); }
