// SPDX-License-Identifier: MIT
#pragma once

#include <kin/metadata.hpp>

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "query/plan.hpp"

namespace kin::query {

/// Number of a place in its Places.
using PlaceId = std::uint32_t;

/// A column and the source it is read from.
struct FieldAt {
  const Column* column = nullptr;
  std::uint32_t source = none;
};

/// The entities that the paths of one plan stand at. A place becomes a source (a join) only when a column is
/// asked of it that is not known without: the key of a to-one target lies in the foreign key, the key of a
/// many-to-many one in the pivot table. Paths with the same beginning share their places and so their joins.
class Places {
 public:
  explicit Places(ReadPlan& plan) : plan_(plan) {}

  PlaceId add_root(const EntityMetadata& entity);
  /// The target of a to-one relation, shared by all that ask for it.
  PlaceId to_one(PlaceId from, const Property& relation);
  /// As to_one(), but goes through collections too, by an inner join: what it is asked from then has one row
  /// for each item. For sub-selects that speak of all items at once.
  PlaceId shared(PlaceId from, const Property& relation);
  /// A relation joined for one purpose only. An empty alias is replaced by one of our own.
  PlaceId joined(PlaceId from, const Property& relation, Source::Join join, std::string_view alias);
  /// The items of a collection, as the first source of a new sub-select that plan.subqueries[subquery] is to
  /// be.
  PlaceId items(PlaceId from, const Property& collection, std::uint32_t subquery);

  /// The pivot table of a many-to-many relation that leads to the root, joined to that.
  std::uint32_t pivot_of_root(const PivotTable& table, const Property& relation);

  const EntityMetadata& entity(PlaceId place) const { return *places_[place].entity; }
  /// The place's source, joined now if it is not yet.
  std::uint32_t source(PlaceId place);
  FieldAt field(PlaceId place, const Column& column);
  /// The key of the place's entity, without a join where the foreign key tells it.
  FieldAt key(PlaceId place, std::size_t index);
  /// Names that aliases of our own must differ from.
  void reserve_alias(std::string_view alias) { reserved_.push_back(alias); }

 private:
  struct Place {
    const EntityMetadata* entity = nullptr;
    std::uint32_t source = none;
    PlaceId parent = none;
    const Property* via = nullptr;
    std::uint32_t link_source = none;  ///< where the values of the key lie without a join
    boost::container::small_vector<const Column*, 2> link{};  ///< in the order of the entity's key
    boost::container::small_vector<std::pair<const Property*, PlaceId>, 2> shared{};
  };

  std::uint32_t add_source(Source source, std::string_view alias = {});
  std::string own_alias() const;
  PlaceId add_place(PlaceId parent, const Property& via);
  void link_by_foreign_key(PlaceId place);
  void link_by_pivot(PlaceId place, std::uint32_t pivot_source);
  std::uint32_t add_pivot(PlaceId from, const Property& relation, Source::Join join, std::uint32_t subquery);
  Source::Join join_kind(const Place& place) const;
  bool keeps_rows(std::uint32_t source) const;

  ReadPlan& plan_;
  std::vector<Place> places_{};
  std::vector<std::string_view> reserved_{};
};

}  // namespace kin::query
