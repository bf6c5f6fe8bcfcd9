// SPDX-License-Identifier: MIT
#include "query/plan_cache.hpp"

#include <mutex>
#include <utility>

namespace kin::query {

PlanCache::Plan PlanCache::find(std::string_view shape) {
  Part& part = part_of(shape);
  Plan plan;
  {
    const std::shared_lock lock(part.mutex);
    if (const auto found = part.young.find(shape); found != part.young.end()) return found->second;
    const auto found = part.old.find(shape);
    if (found == part.old.end()) return nullptr;
    plan = found->second;
  }
  return keep(shape, std::move(plan));
}

PlanCache::Plan PlanCache::keep(std::string_view shape, Plan plan) {
  Part& part = part_of(shape);
  const std::unique_lock lock(part.mutex);
  return store(part, shape, std::move(plan));
}

PlanCache::Plan PlanCache::store(Part& part, std::string_view shape, Plan plan) {
  if (const auto found = part.young.find(shape); found != part.young.end()) return found->second;
  if (const auto found = part.old.find(shape); found != part.old.end()) plan = found->second;
  if (part.young.size() >= generation_size) {
    part.old = std::move(part.young);
    part.young.clear();
  }
  return part.young.emplace(std::string(shape), std::move(plan)).first->second;
}

std::size_t PlanCache::size() {
  std::size_t count = 0;
  for (Part& part : parts_) {
    const std::shared_lock lock(part.mutex);
    count += part.young.size() + part.old.size();
  }
  return count;
}

}  // namespace kin::query
