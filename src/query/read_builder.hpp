// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/find_request.hpp>

#include <memory>

#include "metadata/registry.hpp"
#include "query/planner.hpp"

namespace kin::query {

/// Where the values of each part of a request begin, in the order in which a plan numbers them: the key of
/// the owner whose items are found, where, having, each select term, each group, each order; of an update
/// where, then each assigned column. Count, exists and remove need where only.
struct ValueNumbers {
  std::uint32_t where = 0;
  std::uint32_t having = 0;
  std::uint32_t select = 0;
  std::uint32_t group_by = 0;
  std::uint32_t order = 0;
  std::uint32_t assign = 0;
  std::uint32_t total = 0;

  ValueNumbers(const detail::FindRequest& request, ReadKind kind);
};

std::shared_ptr<const PlannedRead> build_read(const metadata::Registry& registry, Strategy default_strategy,
                                              const detail::FindRequest& request, ReadKind kind);
std::shared_ptr<const PlannedRead> build_read_by_key(const metadata::Registry& registry,
                                                     Strategy default_strategy, const EntityMetadata& entity,
                                                     LockMode lock, bool key_only,
                                                     bool with_deleted);

}  // namespace kin::query
