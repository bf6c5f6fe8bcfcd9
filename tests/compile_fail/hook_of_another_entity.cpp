// SPDX-License-Identifier: MIT
// expect: kin: a hook is a function of the entity, or of the entity and kin::EventArgs
#include "model.hpp"

static void use(kin::Schema<Author>& author) {
#ifdef KIN_CONTROL
  author.hook(kin::Event::before_create, [](Author& made, kin::EventArgs&) { made.name = "x"; });
#else
  author.hook(kin::Event::before_create, [](Book& made, kin::EventArgs&) { made.title = "x"; });
#endif
}

int main() { static_cast<void>(&use); }
