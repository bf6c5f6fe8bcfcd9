// SPDX-License-Identifier: MIT
// expect: kin: lock_tables<> goes over to-one relations
#include "model.hpp"

static auto use(kin::EntityManager& em) {
#ifdef KIN_CONTROL
  return em.find<Book>().lock(kin::LockMode::pessimistic_write).lock_tables<&Book::author>().one();
#else
  return em.find<Book>().lock(kin::LockMode::pessimistic_write).lock_tables<&Book::tags>().one();
#endif
}

int main() { static_cast<void>(&use); }
