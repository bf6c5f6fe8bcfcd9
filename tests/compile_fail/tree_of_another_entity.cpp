// SPDX-License-Identifier: MIT
// expect: kin: a tree is made by a kin::Ref of an entity to its own type
#include <kin/kin.hpp>

#include <cstdint>

struct Shop {
  std::int64_t id{};
};
struct Category {
  std::int64_t id{};
  kin::Ref<Category> parent{};
  kin::Ref<Shop> shop{};
};

static void use(kin::EntityManager& em, const kin::Ref<Category>& root) {
#ifdef KIN_CONTROL
  auto found = em.find_descendants<&Category::parent>(root).list();
#else
  auto found = em.find_descendants<&Category::shop>(root).list();
#endif
  static_cast<void>(found);
}

int main() { static_cast<void>(&use); }
