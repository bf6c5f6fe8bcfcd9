// SPDX-License-Identifier: MIT
// Entities as JSON. What is to be written stands in a queue, so that a long chain of entities needs no stack,
// and what lies near the root is written before what lies deep.
#include <kin/serialize.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

#include "serialization/json_value.hpp"
#include "unit_of_work/entity_runtime.hpp"
#include "unit_of_work/key.hpp"
#include "unit_of_work/manager.hpp"

namespace kin::serialization {
namespace {

using detail::EntityState;
using unit_of_work::ColumnMask;
using unit_of_work::reference_of;

// An entity in a collection is two levels of JSON, and nobody can print what is deeper than some thousands.
constexpr std::uint32_t most_levels = 400;
constexpr std::int32_t no_path = -1;

Json key_of(const EntityState& state);

Json key_value(const Column& column, const EntityState& state) {
  if (column.references) {
    const EntityState* target = reference_of(state.entity(), column.access.offset);
    return target ? key_of(*target) : Json();
  }
  Scratch scratch;
  return to_json(unit_of_work::column_value(column, state.entity(), scratch));
}

/// The key alone; of several members an object of them. Null when there is none yet.
Json key_of(const EntityState& state) {
  if (!unit_of_work::has_key(state)) return nullptr;
  const std::vector<const Column*>& columns = state.metadata->key;
  if (columns.size() == 1) return key_value(*columns.front(), state);
  Json key = Json::object();
  for (const Column* column : columns) {
    Json& value = key[std::string(name_of(*column->property))];
    if (value.is_null()) value = key_value(*column, state);
  }
  return key;
}

Json key_object(const EntityState& state) {
  const std::vector<const Column*>& columns = state.metadata->key;
  if (columns.size() != 1) return key_of(state);
  Json object = Json::object();
  object[std::string(name_of(*columns.front()->property))] = key_of(state);
  return object;
}

ColumnMask known_columns(const EntityState& state) {
  ColumnMask mask;
  const auto& runtime = state.manager->runtime(*state.metadata);
  if (state.has(EntityState::initialized) && state.has(EntityState::partial)) mask = runtime.covered(state);
  if (state.has(EntityState::initialized) && !state.has(EntityState::partial))
    for (const Column& column : state.metadata->columns) mask.add(column.index);
  for (const Column* column : state.metadata->key)
    if (!column->generated_key || unit_of_work::has_key(state)) mask.add(column->index);
  if (state.metadata->generated_key && !unit_of_work::has_key(state))
    mask.drop(state.metadata->generated_key->index);
  return mask;
}

/// The paths of the options as a tree.
class Paths {
 public:
  explicit Paths(const std::vector<detail::MemberPath>& paths) {
    for (const detail::MemberPath& path : paths) {
      std::size_t at = 0;
      for (std::uint32_t i = 0; i < path.length; ++i) at = step(at, *path.steps[i]);
    }
  }
  std::int32_t find(std::int32_t node, const Property& property) const noexcept {
    if (node == no_path) return no_path;
    for (const auto& [offset, next] : nodes_[static_cast<std::size_t>(node)])
      if (offset == property.offset) return next;
    return no_path;
  }

 private:
  std::size_t step(std::size_t at, const detail::MemberId& member) {
    for (const auto& [offset, next] : nodes_[at])
      if (offset == member.offset()) return static_cast<std::size_t>(next);
    nodes_[at].emplace_back(member.offset(), static_cast<std::int32_t>(nodes_.size()));
    nodes_.emplace_back();
    return nodes_.size() - 1;
  }

  std::vector<std::vector<std::pair<std::uint32_t, std::int32_t>>> nodes_{1};
};

class Serializer {
 public:
  explicit Serializer(const SerializeOptions& options)
      : options_(options), paths_(options.populated_paths()) {}

  void write(const EntityState* root, Json& to) {
    if (!root) return;
    queue_.clear();
    written_.clear();
    push(*root, to, nullptr, 0);
    for (std::size_t at = 0; at < queue_.size(); ++at) {
      const Item item = queue_[at];
      write_object(item, at);
    }
  }

 private:
  struct Item {
    const EntityState* state;
    Json* to;
    std::size_t parent;
    std::uint32_t level;
    std::int32_t path;
  };
  /// What a relation is written with.
  struct Place {
    const Item& item;
    std::size_t index;
    const Property& property;
  };

  void push(const EntityState& state, Json& to, const Place* place, std::int32_t path) {
    written_.insert(&state);
    queue_.push_back({&state, &to, place ? place->index : 0, place ? place->item.level + 1 : 0, path});
  }

  bool is_above(const EntityState& state, std::size_t at) const noexcept {
    for (;; at = queue_[at].parent) {
      if (queue_[at].state == &state) return true;
      if (at == 0) return false;
    }
  }

  bool is_expanded(const EntityState& target, const Place& place) const {
    if (!target.has(EntityState::initialized) || place.item.level + 1 >= most_levels) return false;
    if (!options_.follows_paths()) return !written_.contains(&target);
    const bool wanted = place.property.eager || paths_.find(place.item.path, place.property) != no_path;
    return wanted && !is_above(target, place.index);
  }

  void write_related(const EntityState& target, Json& to, const Place& place) {
    if (is_expanded(target, place)) {
      push(target, to, &place, paths_.find(place.item.path, place.property));
    } else {
      to = options_.objects_forced ? key_object(target) : key_of(target);
    }
  }

  bool is_written(const Property& property, detail::TypeTag owner, bool embedded) const {
    if (property.hidden && !options_.hidden_included) return false;
    if (names(options_.excluded_members(), owner, property)) return false;
    return !options_.is_restricted() || admits(options_.only_members(), owner, embedded, property);
  }

  void put(Json& object, const Property& property, Json value) const {
    if (value.is_null() && options_.null_skipped) return;
    object[std::string(name_of(property))] = std::move(value);
  }

  void write_object(const Item& item, std::size_t index) {
    Json& object = *item.to = Json::object();
    const EntityState& state = *item.state;
    const ColumnMask known = known_columns(state);
    for (const Property& property : state.metadata->properties) {
      if (!is_written(property, state.metadata->type->tag, false)) continue;
      const Place place{item, index, property};
      if (property.is_to_many()) {
        write_collection(object, place);
      } else if (property.is_to_one()) {
        write_reference(object, place, known);
      } else {
        write_value(object, property, state.entity(), known);
      }
    }
  }

  // Embedded structs nest as deep as their types do.
  void write_value(Json& object, const Property& property, const void* owner, const ColumnMask& known) const {
    const void* member = static_cast<const std::byte*>(owner) + property.offset;
    if (property.kind == PropertyKind::embedded) return write_embedded(object, property, member, known);
    if (property.column_count > 0 && !known.has(property.first_column)) return;
    Scratch scratch;
    put(object, property, to_json(property.codec->view(*property.codec, member, scratch)));
  }

  void write_embedded(Json& object, const Property& property, const void* member,
                      const ColumnMask& known) const {
    if (property.embedded_optional) {
      if (!known.has(property.first_column)) return;
      member = property.embedded_optional->get(member);
      if (!member) return put(object, property, nullptr);
    }
    Json inner = Json::object();
    for (const Property& part : property.members)
      if (is_written(part, property.embedded->tag, true)) write_value(inner, part, member, known);
    if (!inner.empty()) put(object, property, std::move(inner));
  }

  void write_reference(Json& object, const Place& place, const ColumnMask& known) {
    const Property& property = place.property;
    const EntityState* target = reference_of(place.item.state->entity(), property.offset);
    if (target) return write_related(*target, object[std::string(name_of(property))], place);
    const bool is_known =
        property.owner ? known.has(property.first_column) : paths_.find(place.item.path, property) != no_path;
    if (is_known) put(object, property, nullptr);
  }

  void write_collection(Json& object, const Place& place) {
    EntityState& owner = const_cast<EntityState&>(*place.item.state);  // the accessor knows no other
    const CollectionBase& collection = owner.manager->collection_at(owner, place.property);
    if (!collection.is_initialized()) return;
    const std::vector<EntityState*>& items = detail::CollectionAccess::items(collection);
    Json& list = object[std::string(name_of(place.property))] = Json::array();
    auto& elements = list.get_ref<Json::array_t&>();
    elements.resize(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) write_related(*items[i], elements[i], place);
  }

  using CollectionBase = detail::CollectionBase;
  const SerializeOptions& options_;
  const Paths paths_;
  std::vector<Item> queue_{};
  boost::unordered_flat_set<const EntityState*> written_{};
};

}  // namespace
}  // namespace kin::serialization

namespace kin::detail {

Json serialize_entity(const EntityState* state, const SerializeOptions& options) {
  Json result;
  serialization::Serializer(options).write(state, result);
  return result;
}

Json serialize_entities(const std::vector<EntityState*>& states, const SerializeOptions& options) {
  Json result = Json::array();
  auto& elements = result.get_ref<Json::array_t&>();
  elements.resize(states.size());
  serialization::Serializer serializer(options);
  for (std::size_t i = 0; i < states.size(); ++i) serializer.write(states[i], elements[i]);
  return result;
}

}  // namespace kin::detail
