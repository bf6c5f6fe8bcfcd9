// SPDX-License-Identifier: MIT
// expect: kin: an entity with a Collection can't be copied; give the range away by std::move(range)
#include <utility>
#include <vector>

#include "model.hpp"

static void use(kin::EntityManager& em) {
#ifdef KIN_CONTROL
  std::vector<Book> books;
  em.insert_many<Book>(std::move(books));
#else
  std::vector<Book> books;
  em.insert_many<Book>(books);
#endif
}

int main() { static_cast<void>(&use); }
