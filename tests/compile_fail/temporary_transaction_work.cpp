// SPDX-License-Identifier: MIT
// expect: kin: transactional_async() needs work that outlives the task; name it first
#include "model.hpp"

static kin::Task<int> use(kin::EntityManager& em) {
#ifdef KIN_CONTROL
  auto work = [](kin::EntityManager&) -> kin::Task<int> { co_return 1; };
  const int result = co_await em.transactional_async(work);
#else
  const int result = co_await em.transactional_async([](kin::EntityManager&) -> kin::Task<int> { co_return 1; });
#endif
  co_return result;
}

int main() { static_cast<void>(&use); }
