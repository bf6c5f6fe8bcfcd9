// SPDX-License-Identifier: MIT
#include "metadata/discovery.hpp"

#include <kin/detail/entity_builder.hpp>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace kin::metadata {
namespace {

using detail::EntityBuilder;
using detail::TypeDescriptor;

/// Splits "schema.table".
void set_table(EntityMetadata& entity, const EntityBuilder& builder, Model& model) {
  entity.schema = builder.schema;
  entity.table = builder.table.empty() ? model.naming.table_name(entity.name) : builder.table;
  const std::size_t dot = builder.table.find('.');
  if (dot == std::string::npos) return;
  entity.table = builder.table.substr(dot + 1);
  std::string schema = builder.table.substr(0, dot);
  if (!builder.schema.empty() && builder.schema != schema)
    model.problems.add(entity,
                       fmt::format("table(\"{}\") and schema(\"{}\") name two schemas; say one of them.",
                                   builder.table, builder.schema));
  entity.schema = std::move(schema);
}

/// What to write in place of a type that is no column.
std::string remedy_for_type(std::string_view type_name) {
  const bool refers = type_name.find("Ref<") != std::string_view::npos;
  if (refers && type_name.starts_with("optional"))
    return "a Ref can be null by itself; write kin::Ref and say kin::nullable()";
  if (refers) return "write kin::Collection for a relation to many entities";
  if (type_name.ends_with('*') || type_name.starts_with("shared_ptr") || type_name.starts_with("unique_ptr"))
    return "write kin::Ref for a relation to an entity";
  return "specialise kin::CustomType for the type, or say kin::type<Converter> of the member";
}

void check_type(const Property& property, const EntityBuilder& builder, Problems& problems) {
  if (property.kind != PropertyKind::scalar || property.codec) return;
  const std::string_view type_name = builder.unknown_type_at(property.offset);
  problems.add(property, fmt::format("its type {} is no column; {}.", type_name, remedy_for_type(type_name)));
}

/// kin::type<Converter> makes a column of a member that was found to be something else.
void forget_other_kinds(Property& property) {
  if (property.kind != PropertyKind::scalar) return;
  property.embedded = nullptr;
  property.embedded_optional = nullptr;
  property.target_type = nullptr;
}

void add_builder_problems(const EntityBuilder& builder, const EntityMetadata& entity, Problems& problems) {
  for (const std::string& problem : builder.problems) problems.add_as_is(entity, problem);
}

void describe_entity(EntityMetadata& entity, Model& model) {
  EntityBuilder builder(*entity.type);
  entity.type->define(builder);
  set_table(entity, builder, model);
  entity.comment = std::move(builder.comment);
  entity.collation = std::move(builder.collation);
  entity.checks = std::move(builder.checks);
  entity.event_hooks = std::move(builder.event_hooks);
  entity.properties = std::move(builder.properties);
  for (std::size_t i = 0; i < entity.properties.size(); ++i) {
    Property& property = entity.properties[i];
    property.entity = &entity;
    property.index = static_cast<std::uint32_t>(i);
    forget_other_kinds(property);
    check_type(property, builder, model.problems);
  }
  for (IndexDefinition& index : builder.indexes)
    model.indexes.push_back({&entity, nullptr, std::move(index)});
  add_builder_problems(builder, entity, model.problems);
}

EntityMetadata& add_entity(const TypeDescriptor& type, Model& model) {
  auto entity = std::make_unique<EntityMetadata>();
  entity->name = type.name;
  entity->type = &type;
  entity->index = static_cast<std::uint32_t>(model.entities.size());
  model.by_tag.emplace(type.tag, entity.get());
  return *model.entities.emplace_back(std::move(entity));
}

/// Puts the members of embedded classes in place.
class Embedder {
 public:
  explicit Embedder(Model& model) : model_(model) {}

  void embed(Property& property) {
    if (property.kind != PropertyKind::embedded || !may_embed(property)) return;
    EntityBuilder builder(*property.embedded);
    property.embedded->define(builder);
    take_members(property, builder);
    take_constraints(property, builder);
    add_builder_problems(builder, *property.entity, model_.problems);

    way_.push_back(property.embedded);
    for (Property& member : property.members) embed(member);
    way_.pop_back();
  }

 private:
  bool may_embed(const Property& property) {
    if (std::ranges::find(way_, property.embedded) != way_.end()) {
      model_.problems.add(property,
                          fmt::format("{} contains itself; an embedded struct cannot, make it an entity "
                                      "and refer to it with kin::Ref.",
                                      property.embedded->name));
      return false;
    }
    if (!model_.find(property.embedded)) return true;
    model_.problems.add(property, fmt::format("{0} is an entity and cannot be embedded too; refer to it with "
                                              "kin::Ref<{0}>.",
                                              property.embedded->name));
    return false;
  }

  void take_members(Property& property, EntityBuilder& builder) {
    property.members = std::move(builder.properties);
    for (Property& member : property.members) {
      member.name = property.name + "." + member.name;
      member.entity = property.entity;
      member.index = property.index;
      forget_other_kinds(member);
      check_type(member, builder, model_.problems);
      if (member.is_relation())
        model_.problems.add(member,
                            fmt::format("{} is embedded, and relations inside of embedded structs are not "
                                        "supported yet; move the member into the entity.",
                                        property.embedded->name));
    }
  }

  void take_constraints(Property& property, EntityBuilder& builder) {
    EntityMetadata& entity = *model_.find(property.entity->type);
    for (IndexDefinition& index : builder.indexes)
      model_.indexes.push_back({&entity, &property, std::move(index)});
    std::ranges::move(builder.checks, std::back_inserter(entity.checks));
    if (!builder.event_hooks.empty())
      model_.problems.add(property,
                          fmt::format("{} is embedded and has no events of its own; give the entity the "
                                      "hook.",
                                      property.embedded->name));
    if (builder.table.empty() && builder.schema.empty()) return;
    model_.problems.add(property, fmt::format("{} is embedded and has no table of its own; take table() and "
                                              "schema() out of its description.",
                                              property.embedded->name));
  }

  Model& model_;
  std::vector<const TypeDescriptor*> way_{};
};

void embed_all(EntityMetadata& entity, Model& model) {
  for (Property& property : entity.properties) Embedder(model).embed(property);
}

}  // namespace

void discover_types(Model& model, const EntityList& listed) {
  if (listed.count == 0)
    model.problems.add_general(
        "There are no entities; list them in the options: .entities = kin::entities<Author, Book>.");

  for (std::size_t i = 0; i < listed.count; ++i)
    if (!model.find(listed.types[i])) add_entity(*listed.types[i], model);
  for (std::size_t i = 0; i < model.entities.size(); ++i) {  // grows while relations lead on
    EntityMetadata& entity = *model.entities[i];
    describe_entity(entity, model);
    for (const Property& property : entity.properties)
      if (property.target_type && !model.find(property.target_type)) add_entity(*property.target_type, model);
  }
  // Only now is it known which classes are entities.
  for (const auto& entity : model.entities) embed_all(*entity, model);
}

void fill_lists(Model& model) {
  for (const auto& entity : model.entities) {
    entity->property_by_offset.assign(entity->type->size, -1);
    for (const Property& property : entity->properties) {
      entity->property_by_offset[property.offset] = static_cast<std::int16_t>(property.index);
      if (!property.is_relation()) continue;
      entity->relations.push_back(&property);
      (property.is_to_one() ? entity->to_one : entity->collections).push_back(&property);
    }
    for_each_property(std::as_const(entity->properties), [&](const Property& property) {
      if (property.on_create || property.on_update) entity->hooks.push_back(&property);
    });
  }
}

}  // namespace kin::metadata
