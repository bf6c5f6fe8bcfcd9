// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/find_request.hpp>
#include <kin/metadata.hpp>

#include <cstdint>
#include <memory>
#include <vector>

#include "metadata/registry.hpp"
#include "query/plan.hpp"

namespace kin::query {

/// An entity whose columns stand in each row of a read, one range of cells each; the first is the root.
struct HydrationSource {
  const EntityMetadata* entity = nullptr;
  std::uint32_t first_cell = 0;
  std::vector<const Column*> columns{};  ///< key columns first
  std::uint32_t parent = none;           ///< index of the hydration source that `via` belongs to
  const Property* via = nullptr;
  bool partial = false;                  ///< only some columns of the entity are read
  bool reference = false;  ///< only its key, its version and the foreign key of `via`: it stays unread
};

/// A relation to populate, resolved; joined ones point at their hydration source, others are read afterwards.
struct PopulateNode {
  const Property* property = nullptr;
  std::uint32_t hydration = none;  ///< index of the hydration source when joined
  std::vector<PopulateNode> children{};
};

struct PlannedRead {
  ReadPlan plan{};
  std::vector<HydrationSource> hydration{};  ///< empty for count, exists and select lists
  std::vector<PopulateNode> populate{};
  std::uint32_t owner_cell = 0;  ///< of a read of items: where in a row the owner's key begins
};

/// Resolves requests into plans and keeps them by shape: a request that differs from an earlier one only in values
/// builds nothing. Shared by all managers of an Orm; thread-safe.
class Planner {
 public:
  Planner(const metadata::Registry& registry, Strategy default_strategy);
  ~Planner();

  /// Throws ValidationError for what the types could not rule out (an unknown alias, a relation used as a value …).
  std::shared_ptr<const PlannedRead> plan(const detail::FindRequest& request, ReadKind kind);
  /// Rows of `entity` by its key: the values are the key's columns.
  std::shared_ptr<const PlannedRead> plan_by_key(const EntityMetadata& entity,
                                                 LockMode lock = LockMode::none, bool with_deleted = false);
  /// The same with nothing but the key in its rows: to lock them.
  std::shared_ptr<const PlannedRead> plan_lock(const EntityMetadata& entity, LockMode lock,
                                               bool with_deleted = false);

 private:
  struct Cache;
  std::shared_ptr<const PlannedRead> plan_by_key(const EntityMetadata& entity, LockMode lock, bool key_only,
                                                 bool with_deleted);

  const metadata::Registry& registry_;
  Strategy default_strategy_;
  std::unique_ptr<Cache> cache_;
};

/// The values of a request in the order its plan numbers them, followed by limit and offset where it has them.
/// Views point into the request, which must outlive them.
void collect_values(const detail::FindRequest& request, const ReadPlan& plan, std::vector<ValueView>& values);

}  // namespace kin::query
