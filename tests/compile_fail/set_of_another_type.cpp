// SPDX-License-Identifier: MIT
// expect: kin: set<> needs a value of the member's type
#include "model.hpp"

static void use(kin::EntityManager& em) {
#ifdef KIN_CONTROL
  em.native_update<Book>(kin::all<Book>()).set<&Book::title>("new").run();
#else
  em.native_update<Book>(kin::all<Book>()).set<&Book::title>(7).run();
#endif
}

int main() { static_cast<void>(&use); }
