// SPDX-License-Identifier: MIT
// expect: kin: count_by<> can't count by a collection; count its items' entity by the relation to this one
#include "model.hpp"

static void use(kin::EntityManager& em) {
#ifdef KIN_CONTROL
  em.count_by<&Book::author>();
#else
  em.count_by<&Author::books>();
#endif
}

int main() { static_cast<void>(&use); }
