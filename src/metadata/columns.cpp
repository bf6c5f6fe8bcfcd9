// SPDX-License-Identifier: MIT
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/unordered/unordered_flat_map.hpp>

#include "metadata/discovery.hpp"

namespace kin::metadata {
namespace {

/// Where a level of properties stands in its entity: at its top, or in an embedded struct.
struct Place {
  std::string prefix{};
  MemberAccess access{};  ///< of the object that has the properties
  bool nullable = false;
  bool is_key = false;
  bool lazy = false;
  bool is_top = true;
};

std::string_view local_name(const Property& property) {
  const std::string_view name = property.name;
  return name.substr(name.rfind('.') + 1);
}

MemberAccess access_of(const Property& property, const Place& place) {
  MemberAccess access = place.access;
  access.offset += property.offset;
  return access;
}

class ColumnMaker {
 public:
  explicit ColumnMaker(Model& model) : model_(model), naming_(model.naming), problems_(model.problems) {}

  /// The columns that make the key, followed through keys that refer to other entities.
  const std::vector<Column>& key_of(EntityMetadata& entity) {
    const auto [entry, is_new] = keys_.try_emplace(&entity);
    Key& key = *(is_new ? entry->second = std::make_unique<Key>() : entry->second);
    if (key.state == Key::State::in_progress) key.is_circular = true;
    if (key.state != Key::State::unknown) return key.columns;
    key.state = Key::State::in_progress;
    std::vector<Column> columns;
    for (Property& property : entity.properties)
      if (property.primary_key) append(property, Place(), columns);
    if (key.is_circular)
      problems_.add(entity,
                    "its key refers to other entities whose keys lead back to it; take kin::primary_key "
                    "away from one of these members.");
    key.columns = std::move(columns);
    key.state = Key::State::known;
    return key.columns;
  }

  void make_columns(EntityMetadata& entity) {
    for (Property& property : entity.properties) append(property, Place(), entity.columns);
    for (std::size_t i = 0; i < entity.columns.size(); ++i)
      entity.columns[i].index = static_cast<std::uint32_t>(i);
  }

 private:
  struct Key {
    enum class State : std::uint8_t { unknown, in_progress, known };
    State state = State::unknown;
    bool is_circular = false;
    std::vector<Column> columns{};
  };

  void append(Property& property, const Place& place, std::vector<Column>& columns) {
    const std::size_t first = columns.size();
    if (property.kind == PropertyKind::scalar) append_scalar(property, place, columns);
    if (property.kind == PropertyKind::embedded) append_embedded(property, place, columns);
    if (property.is_to_one() && property.owner && place.is_top) append_foreign_key(property, place, columns);
    property.first_column = static_cast<std::uint32_t>(first);
    property.column_count = static_cast<std::uint32_t>(columns.size() - first);
  }

  static Column& add_column(const Property& property, const Place& place, std::vector<Column>& columns) {
    Column& column = columns.emplace_back();
    column.property = &property;
    column.entity = property.entity;
    column.access = access_of(property, place);
    column.type = property.column_type;
    column.lazy = place.lazy || property.lazy;
    column.primary_key = place.is_key || property.primary_key;
    // The key is what tells rows apart: a changed one is another row.
    column.updatable = !column.primary_key;
    return column;
  }

  void append_scalar(const Property& property, const Place& place, std::vector<Column>& columns) {
    if (!property.codec) return;  // reported when the type was read
    Column& column = add_column(property, place, columns);
    const bool is_named = !property.column_name.empty();
    column.name =
        place.prefix + (is_named ? property.column_name : naming_.column_name(local_name(property)));
    column.codec = property.codec;
    column.nullable = place.nullable || property.nullable.value_or(property.codec->nullable);
    const bool is_computed = !property.generated.empty() || !property.formula.empty();
    column.insertable = !is_computed;
    column.updatable = column.updatable && !is_computed;
  }

  void append_embedded(Property& property, const Place& place, std::vector<Column>& columns) {
    Place inside;
    inside.prefix =
        place.prefix + (property.prefix ? *property.prefix : naming_.column_name(local_name(property)) + "_");
    inside.nullable = place.nullable || property.embedded_optional != nullptr;
    inside.is_key = place.is_key || property.primary_key;
    inside.lazy = place.lazy || property.lazy;
    inside.is_top = false;
    inside.access = access_of(property, place);
    if (property.embedded_optional) {
      MemberAccess value;
      value.optional = property.embedded_optional;
      value.outer = std::make_shared<const MemberAccess>(std::move(inside.access));
      inside.access = std::move(value);
    }
    for (Property& member : property.members) append(member, inside, columns);
  }

  void append_foreign_key(const Property& property, const Place& place, std::vector<Column>& columns) {
    const std::vector<Column>& key = key_of(*model_.find(property.target->type));
    if (key.empty()) {
      report_missing_key(property);
      return;
    }
    const std::vector<std::string> names = foreign_key_names(property, key);
    for (std::size_t i = 0; i < key.size(); ++i) {
      Column& column = add_column(property, place, columns);
      column.name = place.prefix + names[i];
      column.codec = key[i].codec;
      column.nullable = place.nullable || property.nullable.value_or(false);
      if (column.type.empty()) column.type = key[i].type;
    }
  }

  /// Of a target that has a key which cannot be used, the reason is reported there.
  void report_missing_key(const Property& property) {
    if (std::ranges::none_of(property.target->properties, &Property::primary_key))
      problems_.add(property, fmt::format("its target {} has no key to refer to.", property.target->name));
  }

  std::vector<std::string> foreign_key_names(const Property& property, const std::vector<Column>& key) {
    std::vector<std::string> names = property.join_columns;
    const bool is_named = !property.column_name.empty();
    if (is_named && !names.empty())
      problems_.add(property, "it has both kin::column_name and kin::join_column; say one of them.");
    if (is_named && names.empty()) names.push_back(property.column_name);
    if (!names.empty() && names.size() != key.size())
      problems_.add(
          property,
          fmt::format("it names {} column{}, and the key of {} has {}; say kin::join_column "
                      "once for each.",
                      names.size(), names.size() == 1 ? "" : "s", property.target->name, key.size()));
    if (names.size() == key.size()) return names;
    names.clear();
    for (const Column& column : key)
      names.push_back(naming_.join_column_name(local_name(property), column.name));
    return names;
  }

  Model& model_;
  const NamingStrategy& naming_;
  Problems& problems_;
  boost::unordered_flat_map<const EntityMetadata*, std::unique_ptr<Key>> keys_{};
};

/// A member `id` is the key unless the description names another.
void mark_key(EntityMetadata& entity, Problems& problems) {
  Property* id = nullptr;
  for (Property& property : entity.properties) {
    if (property.primary_key) return;
    if (property.name == "id" && !property.is_to_many()) id = &property;
  }
  if (id) {
    id->primary_key = true;
    return;
  }
  problems.add(entity, "it has no primary key; add a member id, or say kin::primary_key of another member.");
}

/// Pointers into the vectors of columns, which do not grow any more.
void link_columns(EntityMetadata& entity) {
  for (const Property& property : entity.properties) {
    if (!property.is_to_one() || property.column_count != property.target->key.size()) continue;
    for (std::uint32_t i = 0; i < property.column_count; ++i)
      entity.columns[property.first_column + i].references = property.target->key[i];
  }
  for (const Column& column : entity.columns)
    if (column.property->version) entity.version = &column;
  for (const Column& column : entity.columns)
    if (column.property->soft_delete) entity.soft_delete = &column;
  for (const Column& column : entity.columns)
    if (column.property->concurrency_check && !column.primary_key && &column != entity.version)
      entity.concurrency_checks.push_back(&column);
}

/// The database makes a key that is one integer of the entity's own, unless the description says who does.
bool is_made_by_database(const EntityMetadata& entity) {
  if (entity.key.size() != 1) return false;
  const Property& property = *entity.key.front()->property;
  const bool is_own_integer = property.kind == PropertyKind::scalar &&
                              &property == &entity.properties[property.index] && property.codec->is_integer();
  return is_own_integer && !property.default_value && property.default_raw.empty() && !property.on_create &&
         property.generated.empty();
}

void describe_key(EntityMetadata& entity) {
  for (const Column& column : entity.columns)
    if (column.primary_key) entity.key.push_back(&column);
  entity.integer_key = entity.key.size() == 1 && entity.key.front()->codec->is_integer();
  if (!is_made_by_database(entity)) return;
  Column& column = entity.columns[entity.key.front()->index];
  column.generated_key = true;
  entity.generated_key = &column;
}

}  // namespace

void resolve_columns(Model& model) {
  for (const auto& entity : model.entities) mark_key(*entity, model.problems);
  ColumnMaker maker(model);
  // Before the columns: a property's place in them is set by the last that asks.
  for (const auto& entity : model.entities) maker.key_of(*entity);
  for (const auto& entity : model.entities) maker.make_columns(*entity);
  for (const auto& entity : model.entities) describe_key(*entity);
  for (const auto& entity : model.entities) link_columns(*entity);
}

}  // namespace kin::metadata
