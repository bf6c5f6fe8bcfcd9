// SPDX-License-Identifier: MIT
#pragma once

#include <kin/options.hpp>

#include <memory>
#include <mutex>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "drivers/driver.hpp"
#include "loading/select_in.hpp"
#include "metadata/registry.hpp"
#include "query/planner.hpp"
#include "unit_of_work/entity_runtime.hpp"
#include "unit_of_work/event_listeners.hpp"

namespace kin {

/// What all managers of one Orm share. Immutable but for caches that lock themselves.
struct OrmCore {
  explicit OrmCore(Options given);

  Options options;
  metadata::Registry registry;
  std::unique_ptr<driver::Driver> driver;
  query::Planner planner;
  std::vector<std::unique_ptr<unit_of_work::EntityRuntime>> runtimes;  ///< by EntityMetadata::index
  loading::SelectInPlans select_in;
  unit_of_work::EventListeners listeners;

  const unit_of_work::EntityRuntime& runtime(const EntityMetadata& entity) const noexcept {
    return *runtimes[entity.index];
  }
};

}  // namespace kin
