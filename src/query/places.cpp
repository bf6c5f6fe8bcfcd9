// SPDX-License-Identifier: MIT
#include "query/places.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

namespace kin::query {
namespace {

/// The pivot's columns that refer to the target of `relation`, seen from that side.
const std::vector<Column>& target_columns(const PivotTable& pivot, const Property& relation) {
  return relation.owner ? pivot.target_columns : pivot.owner_columns;
}

}  // namespace

PlaceId Places::add_root(const EntityMetadata& entity) {
  Source source;
  source.entity = &entity;
  Place& place = places_.emplace_back();
  place.entity = &entity;
  place.source = add_source(std::move(source));
  return static_cast<PlaceId>(places_.size() - 1);
}

PlaceId Places::to_one(PlaceId from, const Property& relation) {
  for (const auto& [property, place] : places_[from].shared)
    if (property == &relation) return place;
  const PlaceId place = add_place(from, relation);
  places_[from].shared.emplace_back(&relation, place);
  link_by_foreign_key(place);
  return place;
}

PlaceId Places::shared(PlaceId from, const Property& relation) {
  if (relation.is_to_one()) return to_one(from, relation);
  for (const auto& [property, place] : places_[from].shared)
    if (property == &relation) return place;
  const PlaceId place = joined(from, relation, Source::Join::inner, {});
  places_[from].shared.emplace_back(&relation, place);
  return place;
}

PlaceId Places::joined(PlaceId from, const Property& relation, Source::Join join, std::string_view alias) {
  Source source;
  source.join = join;
  source.entity = relation.target;
  source.via = &relation;
  source.parent = this->source(from);
  source.subquery = plan_.sources[source.parent].subquery;
  if (relation.kind == PropertyKind::many_to_many)
    source.parent = add_pivot(from, relation, join, source.subquery);
  const std::uint32_t joined_source = add_source(std::move(source), alias);
  const PlaceId place = add_place(from, relation);
  places_[place].source = joined_source;
  return place;
}

PlaceId Places::items(PlaceId from, const Property& collection, std::uint32_t subquery) {
  const std::uint32_t outer = source(from);
  const PlaceId place = add_place(from, collection);
  if (collection.kind == PropertyKind::many_to_many) {
    link_by_pivot(place, add_pivot(from, collection, Source::Join::root, subquery));
    // A pivot row tells nothing of a deleted item.
    if (collection.target->soft_delete && !plan_.with_deleted) (void)source(place);
    return place;
  }
  Source source;
  source.entity = collection.target;
  source.parent = outer;
  source.via = &collection;
  source.subquery = subquery;
  places_[place].source = add_source(std::move(source));
  return place;
}

std::uint32_t Places::source(PlaceId id) {
  if (places_[id].source != none) return places_[id].source;
  const Property& via = *places_[id].via;
  Source source;
  source.entity = places_[id].entity;
  source.via = &via;
  // What comes after a pivot table is joined to that.
  source.parent = via.is_to_many() ? places_[id].link_source : this->source(places_[id].parent);
  source.subquery = plan_.sources[source.parent].subquery;
  const bool keeps = keeps_rows(source.parent);
  source.join =
      keeps && join_kind(places_[id]) == Source::Join::inner ? Source::Join::inner : Source::Join::left;
  const std::uint32_t added = add_source(std::move(source));
  places_[id].source = added;
  return added;
}

FieldAt Places::field(PlaceId id, const Column& column) {
  const auto& key = places_[id].entity->key;
  const auto found = std::ranges::find(key, &column);
  if (found != key.end()) return this->key(id, static_cast<std::size_t>(found - key.begin()));
  return {&column, source(id)};
}

FieldAt Places::key(PlaceId id, std::size_t index) {
  const Place& place = places_[id];
  if (!place.link.empty()) return {place.link[index], place.link_source};
  const Column* column = place.entity->key[index];
  return {column, source(id)};
}

std::uint32_t Places::add_source(Source source, std::string_view alias) {
  source.alias = alias.empty() ? own_alias() : std::string(alias);
  plan_.sources.push_back(std::move(source));
  return static_cast<std::uint32_t>(plan_.sources.size() - 1);
}

std::string Places::own_alias() const {
  std::string alias = fmt::format("t{}", plan_.sources.size());
  while (std::ranges::find(reserved_, alias) != reserved_.end()) alias += '_';
  return alias;
}

PlaceId Places::add_place(PlaceId parent, const Property& via) {
  Place place;
  place.entity = via.target;
  place.parent = parent;
  place.via = &via;
  places_.push_back(std::move(place));
  return static_cast<PlaceId>(places_.size() - 1);
}

void Places::link_by_foreign_key(PlaceId id) {
  const Property& via = *places_[id].via;
  if (!via.owner) return;  // the other side holds the foreign key
  const PlaceId parent = places_[id].parent;
  // A foreign key that is part of its entity's key may itself lie in another foreign key.
  for (std::uint32_t i = 0; i < via.column_count; ++i) {
    const FieldAt at = field(parent, via.entity->columns[via.first_column + i]);
    places_[id].link_source = at.source;
    places_[id].link.push_back(at.column);
  }
}

void Places::link_by_pivot(PlaceId id, std::uint32_t pivot_source) {
  Place& place = places_[id];
  place.link_source = pivot_source;
  for (const Column& column : target_columns(*plan_.sources[pivot_source].pivot, *place.via))
    place.link.push_back(&column);
}

std::uint32_t Places::add_pivot(PlaceId from, const Property& relation, Source::Join join,
                                std::uint32_t subquery) {
  Source pivot;
  pivot.join = join;
  pivot.pivot = EntityMetadata::pivot_of(relation);
  pivot.parent = source(from);
  pivot.via = &relation;
  pivot.subquery = subquery;
  return add_source(std::move(pivot));
}

std::uint32_t Places::pivot_of_root(const PivotTable& table, const Property& relation) {
  Source pivot;
  pivot.join = Source::Join::inner;
  pivot.pivot = &table;
  pivot.parent = source(0);
  pivot.via = &relation;
  pivot.reversed = true;
  return add_source(std::move(pivot));
}

Source::Join Places::join_kind(const Place& place) const {
  const auto may_be_null = [](const Column* column) { return column->nullable; };
  const bool always_there = !place.link.empty() && std::ranges::none_of(place.link, may_be_null) &&
                            (plan_.with_deleted || !place.entity->soft_delete || place.via->is_to_many());
  return always_there ? Source::Join::inner : Source::Join::left;
}

bool Places::keeps_rows(std::uint32_t source) const {
  return plan_.sources[source].join != Source::Join::left;
}

}  // namespace kin::query
