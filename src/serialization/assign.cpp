// SPDX-License-Identifier: MIT
// JSON objects into entities. A first pass finds what each object of the document is about and converts all
// of its values on the side, and throws for what does not fit; only then the second one changes entities.
#include <kin/assign_options.hpp>
#include <kin/error.hpp>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/unordered/unordered_flat_set.hpp>

#include "serialization/json_value.hpp"
#include "unit_of_work/collection_items.hpp"
#include "unit_of_work/key.hpp"
#include "unit_of_work/manager.hpp"

namespace kin::serialization {
namespace {

using detail::CollectionAccess;
using detail::CollectionBase;
using detail::CollectionData;
using detail::EntityState;
using detail::Manager;
using unit_of_work::reference_of;

/// An object of a type known at run time.
class Draft {
 public:
  explicit Draft(const detail::TypeDescriptor& type)
      : type_(type), memory_(::operator new(type.size, std::align_val_t{type.alignment})) {
    try {
      type.construct(memory_);
    } catch (...) {
      release();
      throw;
    }
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() {
    type_.destroy(memory_);
    release();
  }
  void* get() const noexcept { return memory_; }

 private:
  void release() noexcept { ::operator delete(memory_, std::align_val_t{type_.alignment}); }
  const detail::TypeDescriptor& type_;
  void* memory_;
};

[[noreturn]] void fail(const EntityMetadata& entity, std::string_view property, std::string_view reason) {
  throw ValidationError(property.empty() ? fmt::format("{}: {}", entity.name, reason)
                                         : fmt::format("{}.{}: {}", entity.name, property, reason),
                        ErrorDetails{.entity = entity.name, .property = std::string(property)});
}

const Property* find_named(const std::vector<Property>& properties, std::string_view name) noexcept {
  const auto found =
      std::ranges::find_if(properties, [&](const Property& each) { return name_of(each) == name; });
  return found == properties.end() ? nullptr : &*found;
}

struct Node;

/// What a relation is to refer to: an entity that is known, the one of a node, or none.
struct Target {
  EntityState* state = nullptr;
  Node* node = nullptr;
  EntityState* resolved() const noexcept;
};

struct Relation {
  const Property* property;
  std::vector<Target> targets{};
  bool replaces = false;  ///< of a collection: it holds exactly the targets afterwards
};

/// An object of the document.
struct Node {
  Node(const EntityMetadata& of, const Json& from, EntityState* known)
      : entity(of), values(from), state(known) {
    if (!known) draft = std::make_unique<Draft>(*of.type);
  }
  const EntityMetadata& entity;
  const Json& values;
  EntityState* state;              ///< null until the entity is made
  std::unique_ptr<Draft> draft{};  ///< what it is made from
  bool is_found_by_key = false;
  std::vector<Relation> relations{};
};

EntityState* Target::resolved() const noexcept { return node ? node->state : state; }

bool is_key(const EntityMetadata& entity, const Property& property) {
  return property.column_count > 0 && entity.columns[property.first_column].primary_key;
}

class Assigner {
 public:
  Assigner(Manager& manager, const AssignOptions& options) : manager_(manager), options_(options) {}

  EntityState* run(const EntityMetadata& entity, const Json& values, EntityState* state) {
    persists_ = options_.persisted && (!state || state->has(EntityState::managed));
    Node* root = add_node(entity, values, state);
    for (std::size_t at = 0; at < nodes_.size(); ++at) check(nodes_[at]);
    make_entities();
    for (Node& node : nodes_)
      if (!node.draft)
        store(node.entity.properties, node.entity.type->tag, node.values, node.state->entity(), node);
    for (Node& node : nodes_)
      for (const Relation& relation : node.relations) store_relation(*node.state, relation);
    return root->state;
  }

 private:
  Node* add_node(const EntityMetadata& entity, const Json& values, EntityState* state) {
    if (!values.is_object())
      fail(entity, {}, fmt::format("a JSON {} is no entity; an object is expected", values.type_name()));
    return &nodes_.emplace_back(entity, values, state);
  }

  // The first pass.

  void check(Node& node) {
    void* side = node.draft ? node.draft->get() : manager_.scratch_entity(node.entity);
    check_members(node, node.entity.properties, node.entity.type->tag, node.values, side, true);
  }

  // Embedded structs nest as deep as their types do.
  void check_members(Node& node, const std::vector<Property>& properties, detail::TypeTag owner,
                     const Json& values, void* side, bool is_top) {
    for (const auto& [name, value] : values.items()) {
      const Property* property = find_named(properties, name);
      if (!property || !admits_member(*property, owner, !is_top)) {
        refuse_unknown(node.entity, name);
        continue;
      }
      if (!is_taken(*property, value)) continue;
      if (property->is_relation()) {
        check_relation(node, *property, value);
        continue;
      }
      void* member = static_cast<std::byte*>(side) + property->offset;
      if (property->kind == PropertyKind::embedded) {
        check_embedded(node, *property, value, member);
      } else {
        check_value(node, *property, value, member);
      }
    }
  }

  bool admits_member(const Property& property, detail::TypeTag owner, bool embedded) const {
    if (names(options_.denied_members(), owner, property)) return false;
    return !options_.is_restricted() || admits(options_.only_members(), owner, embedded, property);
  }

  void refuse_unknown(const EntityMetadata& entity, std::string_view name) const {
    if (!options_.unknown_refused) return;
    fail(entity, name,
         "there is no such member that may be assigned; leave it out, or do not ask to refuse_unknown()");
  }

  bool is_taken(const Property& property, const Json& value) const {
    if (options_.null_ignored && value.is_null()) return false;
    return !options_.owning_only || !property.is_relation() ||
           (property.owner && property.kind != PropertyKind::one_to_many);
  }

  void check_embedded(Node& node, const Property& property, const Json& value, void* member) {
    if (value.is_null() && property.embedded_optional) return;
    if (!value.is_object())
      fail(node.entity, property.name,
           fmt::format("a JSON {} is no {}; an object is expected", value.type_name(),
                       property.embedded->name));
    if (property.embedded_optional) member = property.embedded_optional->emplace(member);
    check_members(node, property.members, property.embedded->tag, value, member, false);
  }

  void check_value(Node& node, const Property& property, const Json& value, void* member) {
    const Column* column = property.column_count > 0 ? &node.entity.columns[property.first_column] : nullptr;
    const bool guarded = column && is_protected(node, *column, property);
    if (guarded &&
        (options_.protected_skipped || identifies(node, *column) || (node.draft && value.is_null())))
      return;
    convert(node.entity, property, value, member);
    if (!guarded || (!node.draft && holds_same(node, *column, member))) return;
    fail(
        node.entity, property.name,
        fmt::format(
            "it is {}, which is not assigned; leave it out, or use kin::AssignOptions().allow_protected() or "
            ".skip_protected()",
            column->primary_key ? "a key"
            : property.version  ? "the version"
                                : "a generated member"));
  }

  bool is_protected(const Node& node, const Column& column, const Property& property) const {
    if (options_.protected_allowed) return false;
    if (property.version || !column.insertable || !property.generated.empty()) return true;
    return column.primary_key && (!node.draft || column.generated_key);
  }

  /// A key that says which entity is meant.
  static bool identifies(const Node& node, const Column& column) {
    return column.primary_key && node.is_found_by_key;
  }

  static bool holds_same(const Node& node, const Column& column, const void* member) {
    const void* current = column.access.find(node.state->entity());
    if (!current) return false;
    std::string wanted;
    std::string held;
    unit_of_work::append_packed(column, member, wanted);
    unit_of_work::append_packed(column, current, held);
    return wanted == held;
  }

  static void convert(const EntityMetadata& entity, const Property& property, const Json& value,
                      void* member) {
    try {
      from_json(*property.codec, member, value);
    } catch (const detail::ConversionError& error) {
      fail(entity, property.name, error.reason);
    }
  }

  void check_relation(Node& node, const Property& property, const Json& value) {
    if (is_key(node.entity, property) && !node.draft && !options_.protected_allowed) {
      if (options_.protected_skipped || node.is_found_by_key) return;
      const Target wanted = target_of(property, value, nullptr);
      if (!wanted.node && wanted.state == reference_of(node.state->entity(), property.offset)) return;
      fail(node.entity, property.name, "it is part of the key, which is not assigned; leave it out");
    }
    Relation relation{&property};
    if (property.is_to_one()) {
      EntityState* current = node.draft ? nullptr : reference_of(node.state->entity(), property.offset);
      relation.targets.push_back(target_of(property, value, current));
    } else {
      if (value.is_null())
        fail(node.entity, property.name, "null is no list; an array is expected, an empty one for no items");
      relation.replaces = value.is_array();
      if (relation.replaces) {
        for (const Json& item : value) relation.targets.push_back(item_of(node.entity, property, item));
        check_replaced(node, relation);
      } else {
        relation.targets.push_back(item_of(node.entity, property, value));
      }
    }
    node.relations.push_back(std::move(relation));
  }

  Target item_of(const EntityMetadata& entity, const Property& property, const Json& value) {
    if (value.is_null()) fail(entity, property.name, "null is no item of a collection");
    return target_of(property, value, nullptr);
  }

  /// What is not loaded cannot be replaced, and some items cannot be taken out.
  void check_replaced(const Node& node, const Relation& relation) {
    if (node.draft) return;
    const Property& property = *relation.property;
    const auto& items = CollectionAccess::items(manager_.collection_at(*node.state, property));
    if (property.kind != PropertyKind::one_to_many || property.orphan_removal ||
        !is_key(*property.target, *property.inverse))
      return;
    for (const EntityState* item : items) {
      const bool stays =
          std::ranges::any_of(relation.targets, [&](const Target& each) { return each.resolved() == item; });
      if (stays || item->has(EntityState::scheduled)) continue;
      fail(node.entity, property.name,
           fmt::format("{} can't be left out, since its key refers to this entity; remove() it, or give the "
                       "collection "
                       "kin::orphan_removal",
                       unit_of_work::describe(*item)));
    }
  }

  Target target_of(const Property& property, const Json& value, EntityState* current) {
    const EntityMetadata& entity = *property.target;
    if (value.is_null()) return {};
    std::vector<Value> key;
    const bool has_key = read_key(entity, value, key);
    if (!value.is_object()) {
      if (!has_key)
        fail(*property.entity, property.name,
             fmt::format("a JSON {} is no {}; its key or an object is expected", value.type_name(),
                         entity.name));
      return {referred(entity, key)};
    }
    if (has_key && value.size() == entity_key_members(entity)) return {referred(entity, key)};
    return {nullptr, add_related(entity, value, has_key ? &key : nullptr, current)};
  }

  Node* add_related(const EntityMetadata& entity, const Json& value, const std::vector<Value>* key,
                    EntityState* current) {
    if (!options_.nested_updated) return add_node(entity, value, nullptr);
    if (!key) {
      const bool updates = !options_.by_key && current && current->has(EntityState::initialized);
      return add_node(entity, value, updates ? current : nullptr);
    }
    EntityState* known = find(entity, *key);
    if (!known && (options_.merged || entity.generated_key)) known = referred(entity, *key);
    Node* node = add_node(entity, value, known);
    node->is_found_by_key = known != nullptr;
    return node;
  }

  static std::vector<ValueView> views_of(const std::vector<Value>& key) {
    std::vector<ValueView> views;
    for (const Value& value : key) views.push_back(value.view());
    return views;
  }
  EntityState* find(const EntityMetadata& entity, const std::vector<Value>& key) {
    EntityState* known = manager_.find_in_map(entity, views_of(key).data());
    return known && !known->has(EntityState::removed | EntityState::detached) ? known : nullptr;
  }
  EntityState* referred(const EntityMetadata& entity, const std::vector<Value>& key) {
    return manager_.reference(entity, views_of(key).data());
  }

  /// A key is as many members as it has, of which a reference is one with all of its columns.
  static std::size_t entity_key_members(const EntityMetadata& entity) {
    std::size_t count = 0;
    const Property* last = nullptr;
    for (const Column* column : entity.key)
      count += std::exchange(last, column->property) != column->property;
    return count;
  }

  /// The key columns of a key, of an array of its members, or of an object that has them; false when there
  /// are none.
  // Keys of keys nest as deep as their types do.
  bool read_key(const EntityMetadata& entity, const Json& value, std::vector<Value>& key) {
    const std::size_t members = entity_key_members(entity);
    if (value.is_array() ? value.size() != members : !value.is_object() && members != 1) return false;
    std::size_t at = 0;
    const Property* last = nullptr;
    for (const Column* column : entity.key) {
      const Property& property = *column->property;
      if (std::exchange(last, &property) == &property) continue;
      const Json* part = &value;
      if (value.is_array()) part = &value[at++];
      if (value.is_object()) {
        const auto found = value.find(name_of(property));
        if (found == value.end()) return false;
        part = &*found;
      }
      if (part->is_null() || !read_key_member(entity, *column, *part, key)) return false;
    }
    return true;
  }

  bool read_key_member(const EntityMetadata& entity, const Column& column, const Json& part,
                       std::vector<Value>& key) {
    if (column.references) return read_key(*column.property->target, part, key);
    void* member = column.access.reach(manager_.scratch_entity(entity));
    convert(entity, *column.property, part, member);
    Scratch scratch;
    const ValueView view = column.codec->view(*column.codec, member, scratch);
    if (column.generated_key && view.as_integer() == 0) return false;
    key.push_back(Value(view));
    return true;
  }

  // The second pass.

  /// What may fail comes first, and leaves nothing behind when it does.
  void make_entities() {
    std::vector<EntityState*> made;
    try {
      for (Node& node : nodes_) {
        if (!node.draft) continue;
        node.state = manager_.create(node.entity.type->tag, node.draft->get(), persists_);
        made.push_back(node.state);
      }
    } catch (...) {
      for (EntityState* state : made) manager_.detach(state);
      throw;
    }
  }

  /// Converts again what the first pass has found to fit.
  void store(const std::vector<Property>& properties, detail::TypeTag owner, const Json& values, void* object,
             const Node& node, bool is_top = true) {
    for (const auto& [name, value] : values.items()) {
      const Property* property = find_named(properties, name);
      if (!property || property->is_relation() || !admits_member(*property, owner, !is_top)) continue;
      if (!is_taken(*property, value)) continue;
      void* member = static_cast<std::byte*>(object) + property->offset;
      if (property->kind == PropertyKind::embedded) {
        store_embedded(*property, value, member, node);
        continue;
      }
      const Column* column =
          property->column_count > 0 ? &node.entity.columns[property->first_column] : nullptr;
      if (column && is_protected(node, *column, *property)) continue;
      store_value(*property, value, member);
    }
  }

  void store_embedded(const Property& property, const Json& value, void* member, const Node& node) {
    if (value.is_null()) return property.embedded_optional->reset(member);
    if (property.embedded_optional) {
      if (!options_.embedded_merged) property.embedded_optional->reset(member);
      member = property.embedded_optional->emplace(member);
    } else if (!options_.embedded_merged) {
      property.embedded->destroy(member);
      property.embedded->construct(member);
    }
    store(property.members, property.embedded->tag, value, member, node, false);
  }

  void store_value(const Property& property, const Json& value, void* member) const {
    if (!options_.json_merged || property.codec->kind != ValueKind::json || !value.is_object())
      return from_json(*property.codec, member, value);
    Scratch scratch;
    Json merged = to_json(property.codec->view(*property.codec, member, scratch));
    if (!merged.is_object()) return from_json(*property.codec, member, value);
    merged.update(value, true);
    from_json(*property.codec, member, merged);
  }

  void store_relation(EntityState& state, const Relation& relation) {
    const Property& property = *relation.property;
    if (property.is_to_one())
      return manager_.set_reference(state, property, relation.targets.front().resolved());
    CollectionBase& collection = manager_.collection_at(state, property);
    std::vector<EntityState*> items;
    boost::unordered_flat_set<const EntityState*> wanted;
    for (const Target& target : relation.targets)
      if (wanted.insert(target.resolved()).second) items.push_back(target.resolved());
    if (relation.replaces) {
      const std::vector<EntityState*> before = CollectionAccess::items(collection);
      for (EntityState* item : before)
        if (!wanted.contains(item)) manager_.collection_remove(collection, state, item);
    }
    for (EntityState* item : items) manager_.collection_add(collection, state, item);
    if (relation.replaces) put_in_order(collection, std::move(items));
  }

  static void put_in_order(CollectionBase& collection, std::vector<EntityState*> items) {
    CollectionData* data = CollectionAccess::data_or_null(collection);
    if (!data) return;
    detail::drop_index(*data);
    data->items = std::move(items);
  }

  Manager& manager_;
  const AssignOptions& options_;
  std::deque<Node> nodes_{};  // in which they keep their place
  bool persists_ = false;
};

const AssignOptions& options_or_default(Manager& manager, const AssignOptions* options) {
  return options ? *options : manager.core().options.assign;
}

}  // namespace
}  // namespace kin::serialization

namespace kin::detail {

EntityState* create_from_json(Manager& manager, TypeTag tag, const void* json, const AssignOptions* options) {
  const UseGuard guard(manager);
  serialization::Assigner assigner(manager, serialization::options_or_default(manager, options));
  return assigner.run(manager.core().registry.of(tag), *static_cast<const Json*>(json), nullptr);
}

void assign_json(Manager& manager, EntityState* state, const void* json, const AssignOptions* options) {
  const UseGuard guard(manager);
  manager.require_own(state, "assign");
  serialization::Assigner assigner(manager, serialization::options_or_default(manager, options));
  assigner.run(*state->metadata, *static_cast<const Json*>(json), state);
}

}  // namespace kin::detail
