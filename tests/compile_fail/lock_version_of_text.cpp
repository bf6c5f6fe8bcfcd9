// SPDX-License-Identifier: MIT
// expect: kin: a version is an integer or a std::chrono::sys_time
#include "model.hpp"

static auto use(kin::EntityManager& em) {
#ifdef KIN_CONTROL
  return em.find<Book>().lock(kin::LockMode::optimistic).lock_version(3).one();
#else
  return em.find<Book>().lock(kin::LockMode::optimistic).lock_version("3").one();
#endif
}

int main() { static_cast<void>(&use); }
