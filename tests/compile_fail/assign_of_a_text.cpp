// SPDX-License-Identifier: MIT
// expect: kin: assign() takes a kin::Json; include <kin/serialize.hpp>
#include "model.hpp"

#ifdef KIN_CONTROL
#include <kin/serialize.hpp>
#endif

static void use(kin::EntityManager& em, const kin::Ref<Book>& book) {
#ifdef KIN_CONTROL
  em.assign(book, kin::Json::parse(R"({"title": "new"})"));
#else
  em.assign(book, R"({"title": "new"})");
#endif
}

int main() { static_cast<void>(&use); }
