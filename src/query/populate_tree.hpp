// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/find_request.hpp>
#include <kin/metadata.hpp>

#include <memory>
#include <vector>

#include "query/member_hops.hpp"
#include "query/token_table.hpp"

namespace kin::query {

/// An entity that a find reads with its relations: what to populate of it, and which of its columns are
/// wanted.
struct PopulateTree {
  const EntityMetadata* entity = nullptr;
  const Property* property = nullptr;  ///< relation that leads here; null for the root
  bool restricted = false;             ///< only the columns of `named` are wanted
  std::vector<const Property*> named{};
  std::vector<const Property*> excluded{};
  std::vector<std::unique_ptr<PopulateTree>> children{};

  PopulateTree* find_child(const Property& relation) const noexcept;
  PopulateTree& child(const Property& relation);
  /// Whether a read takes this column of `entity`: the key, the version, what kin::concurrency_check
  /// compares and the foreign keys that link populated entities always.
  bool wants(const Column& column) const noexcept;
  /// Whether a read finds out whom an inverse to-one member refers to, which it populates in no other way.
  bool wants_inverse(const Property& relation) const noexcept;
};

/// What a request says by populate, only and exclude, and the relations that are always populated. An eager
/// relation is not followed inside itself.
PopulateTree populate_tree(const EntityMetadata& root, const detail::FindRequest& request, PathTable& paths);

}  // namespace kin::query
