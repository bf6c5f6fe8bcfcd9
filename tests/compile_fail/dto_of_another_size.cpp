// SPDX-License-Identifier: MIT
// expect: kin: as<> needs one field for each member of the result struct
#include "model.hpp"

struct Sale {
  std::string title{};
  double price{};
};
static void use(kin::EntityManager& em) {
#ifdef KIN_CONTROL
  static_cast<void>(em.find<Book>().as<Sale>(kin::field<&Book::title>, kin::field<&Book::price>));
#else
  static_cast<void>(em.find<Book>().as<Sale>(kin::field<&Book::title>));
#endif
}

int main() { static_cast<void>(&use); }
