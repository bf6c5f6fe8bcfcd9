// SPDX-License-Identifier: MIT
#pragma once

#include <kin/metadata.hpp>

#include <cstdint>
#include <optional>
#include <vector>

#include "query/places.hpp"
#include "query/planner.hpp"
#include "query/populate_tree.hpp"

namespace kin::query {

/// What a reference needs of the entity that holds the key of an inverse to-one relation.
HydrationSource inverse_reference(const Property& relation);

/// Plans which columns a find reads, and which of the populated relations are joined to it.
class EntityRead {
 public:
  /// `strategy` is the request's; without one that of the relation counts, then the default.
  EntityRead(PlannedRead& planned, Places& places, std::optional<Strategy> strategy,
             Strategy default_strategy)
      : planned_(planned), places_(places), strategy_(strategy), default_strategy_(default_strategy) {}

  void add(const PopulateTree& root, PlaceId place);
  /// True when joined collections give an entity of the root more than one row.
  bool multiplies_roots() const noexcept { return !collections_.empty(); }
  /// Appends to the plan's order what keeps the rows of one root together and its collections in their order.
  void add_order() const;

 private:
  struct JoinedCollection {
    const Property* property;
    PlaceId place;
  };
  /// Where the walk over the tree stands.
  struct Branch {
    PlaceId place = 0;
    std::uint32_t hydration = 0;
    std::size_t collections = 0;  ///< joined collections on the way from the root
    bool joined = true;
  };

  std::uint32_t add_columns(const PopulateTree& node, PlaceId place, std::uint32_t parent);
  void add_column(HydrationSource& source, const Column& column, std::uint32_t from);
  /// Whom inverse one-to-one members refer to stands in the other side's table only.
  void add_inverse_references(const PopulateTree& node, PlaceId place, std::uint32_t hydration);
  std::vector<PopulateNode> populate(const PopulateTree& node, const Branch& branch);
  bool is_joined(const Property& relation, const Branch& branch) const;
  Branch join(const PopulateTree& node, const Branch& branch);
  void order_by(const Column& column, std::uint32_t source, bool descending) const;

  PlannedRead& planned_;
  Places& places_;
  std::optional<Strategy> strategy_;
  Strategy default_strategy_;
  std::vector<JoinedCollection> collections_{};  ///< each inside the one before
};

}  // namespace kin::query
