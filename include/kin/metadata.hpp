// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/codec.hpp>
#include <kin/detail/type_tag.hpp>
#include <kin/event.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kin {

class EventArgs;
struct EntityMetadata;
struct Property;

namespace detail {
class EntityBuilder;
struct EntityState;

/// What the erased core needs of a class: how to make, move and destroy it, and how to list its members.
struct TypeDescriptor {
  TypeTag tag;
  std::string_view name;
  std::size_t size;
  std::size_t alignment;
  void (*construct)(void* at);                   ///< value-initialises
  void (*move_construct)(void* at, void* from);  ///< null when T can't be moved
  void (*destroy)(void* object);
  void (*define)(EntityBuilder& builder);        ///< members by convention, then describe()
};
}  // namespace detail

enum class PropertyKind : std::uint8_t { scalar, embedded, many_to_one, one_to_one, one_to_many, many_to_many };

/// Which operations on an entity extend to the entities of a relation.
enum class Cascade : std::uint8_t { none = 0, persist = 1, remove = 2, all = 3 };
constexpr Cascade operator|(Cascade a, Cascade b) noexcept {
  return static_cast<Cascade>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr bool includes(Cascade set, Cascade part) noexcept {
  return (static_cast<unsigned>(set) & static_cast<unsigned>(part)) != 0;
}

/// What the database does with a row that refers to a deleted or re-keyed one.
enum class Rule : std::uint8_t { unset, cascade, set_null, set_default, restrict_, no_action };

/// How populated relations are read.
enum class Strategy : std::uint8_t {
  balanced,   ///< to-one relations by join, to-many ones by one more query each
  select_in,  ///< one more query for each relation
  joined,     ///< one query with joins; sibling collections by one more query each, so rows never multiply
};

/// Where a value lies inside an entity: an offset, possibly below optional embeddables that may be empty.
struct MemberAccess {
  std::uint32_t offset = 0;  ///< from the innermost optional embeddable's value, or from the entity
  const detail::OptionalAccess* optional = nullptr;  ///< of that embeddable; null when there is none
  std::shared_ptr<const MemberAccess> outer{};       ///< where the optional embeddable itself lies

  /// Address of the member inside the entity; null when an optional embeddable on the way is empty.
  const void* find(const void* entity) const {
    if (!optional) return static_cast<const std::byte*>(entity) + offset;
    return find_in_optional(entity);
  }
  void* find(void* entity) const { return const_cast<void*>(find(static_cast<const void*>(entity))); }
  /// As find, but makes empty optional embeddables on the way hold a default value.
  void* reach(void* entity) const;

 private:
  const void* find_in_optional(const void* entity) const;
};

/// One column of an entity's table.
struct Column {
  std::string name{};
  const Property* property = nullptr;      ///< the leaf property: of an embeddable's member, that member
  const EntityMetadata* entity = nullptr;
  MemberAccess access{};                   ///< of the value; of a foreign key that of the Ref
  const detail::Codec* codec = nullptr;    ///< of the value; for a foreign key that of the key column it holds
  const Column* references = nullptr;      ///< for a foreign key: the key column of the target
  std::uint32_t index = 0;                 ///< position in EntityMetadata::columns
  std::string type{};                      ///< column_type of the description; empty = the dialect decides
  bool nullable = false;
  bool primary_key = false;
  bool generated_key = false;              ///< the database makes the key on insert
  bool insertable = true;                  ///< false for generated columns and formulas
  bool updatable = true;
  bool lazy = false;                       ///< left out of reads unless asked for
};

/// One member of an entity or embeddable.
struct Property {
  std::string name{};  ///< name of the member; inside embeddables the dotted path, e.g. "address.city"
  PropertyKind kind = PropertyKind::scalar;
  const EntityMetadata* entity = nullptr;
  std::uint32_t index = 0;       ///< in EntityMetadata::properties; inside embeddables that of the top one
  std::uint32_t offset = 0;      ///< of the member in its own class
  const detail::Codec* codec = nullptr;

  // Columns of this property in EntityMetadata::columns; relations without a column have none.
  std::uint32_t first_column = 0;
  std::uint32_t column_count = 0;

  // Embeddables.
  const detail::TypeDescriptor* embedded = nullptr;
  const detail::OptionalAccess* embedded_optional = nullptr;
  std::vector<Property> members{};  ///< properties of the embeddable
  std::optional<std::string> prefix{};
  bool object = false;

  // Relations.
  const detail::TypeDescriptor* target_type = nullptr;
  const EntityMetadata* target = nullptr;
  const Property* inverse = nullptr;        ///< the property of the other side, where there is one
  const detail::MemberId* mapped_by = nullptr;
  bool owner = true;                        ///< holds the foreign key, or the pivot table
  Cascade cascade = Cascade::persist;
  bool orphan_removal = false;
  bool eager = false;
  std::optional<Strategy> strategy{};
  Rule delete_rule = Rule::unset;
  Rule update_rule = Rule::unset;
  std::string pivot_table{};
  std::vector<std::string> join_columns{};          ///< pivot's columns to the owner; of to-one: the columns
  std::vector<std::string> inverse_join_columns{};  ///< pivot's columns to the target
  bool explicit_kind = false;
  std::optional<PropertyKind> contradicted_kind{};  ///< said before the explicit kind; a mistake

  struct Order {
    const detail::MemberId* member;
    bool descending;
  };
  std::vector<Order> order_by{};  ///< default order of a collection

  std::string serialized_name{};  ///< in JSON; empty = the member's name

  // Column shape.
  std::string column_name{};
  std::string column_type{};
  std::optional<bool> nullable{};
  std::uint32_t length = 0;  ///< 0 = not said
  std::uint32_t precision = 0;
  std::uint32_t scale = 0;
  bool primary_key = false;
  bool unique = false;
  bool index_ = false;
  bool version = false;
  bool soft_delete = false;
  bool concurrency_check = false;
  bool hidden = false;
  bool lazy = false;
  std::optional<Value> default_value{};
  std::string default_raw{};
  std::string check{};
  std::string comment{};
  std::string formula{};
  std::string generated{};
  std::string collation{};
  std::string native_enum{};  ///< name of the enum type, where the database has such types

  std::function<void(const void* entity, void* member)> on_create{};
  std::function<void(const void* entity, void* member)> on_update{};

  bool is_relation() const noexcept { return kind >= PropertyKind::many_to_one; }
  bool is_to_one() const noexcept {
    return kind == PropertyKind::many_to_one || kind == PropertyKind::one_to_one;
  }
  bool is_to_many() const noexcept { return kind >= PropertyKind::one_to_many; }
};

/// An index or unique constraint over several members.
struct IndexDefinition {
  std::string name{};
  bool unique = false;
  std::vector<const Column*> columns{};
  std::vector<const detail::MemberId*> members{};  ///< as described, before discovery
  const Column* live_by = nullptr;  ///< mark of soft delete: rows that have it are not part of the index
};

struct CheckDefinition {
  std::string name{};
  std::string expression{};          ///< SQL; empty when the column may hold the names of its enum only
  const Column* column = nullptr;    ///< of a check that belongs to one member
};

/// A pivot table of a many-to-many relation without an entity of its own.
struct PivotTable {
  std::string name{};
  std::string schema{};
  const Property* owner_property = nullptr;
  std::vector<Column> owner_columns{};   ///< refer to the owner's key columns, in their order
  std::vector<Column> target_columns{};  ///< refer to the target's key columns, in their order
  IndexDefinition target_index{};        ///< over target_columns; the primary key serves the other direction
};

/// What describe() wants to be called for an event.
struct EventHook {
  Event event{};
  std::function<void(void* entity, EventArgs& args)> call{};
};

/// The run-time description of one entity type, made once when the Orm is constructed and immutable after that;
/// valid as long as the Orm, safe to read from any thread.
struct EntityMetadata {
  std::string name{};  ///< class name without namespace
  std::string table{};
  std::string schema{};
  std::string comment{};
  std::string collation{};  ///< of text members that say none of their own
  const detail::TypeDescriptor* type = nullptr;
  std::uint32_t index = 0;            ///< dense number inside the Orm
  std::uint32_t commit_rank = 0;      ///< inserts run in ascending rank, deletes in descending
  bool in_cycle = false;              ///< its foreign keys form a cycle with entities of the same rank
  std::vector<Property> properties{};
  std::vector<Column> columns{};
  std::vector<const Column*> key{};           ///< primary key columns in order
  std::vector<const Property*> relations{};
  std::vector<const Property*> collections{};
  std::vector<const Property*> to_one{};
  std::vector<const Property*> hooks{};       ///< properties with on_create or on_update
  std::vector<EventHook> event_hooks{};       ///< in the order of the description
  std::vector<IndexDefinition> indexes{};
  std::vector<CheckDefinition> checks{};
  std::vector<std::unique_ptr<PivotTable>> pivots{};  ///< of the many-to-many relations that this entity owns
  std::vector<std::int16_t> property_by_offset{};     ///< member offset → index in properties, -1 for none
  const Column* generated_key = nullptr;
  const Column* version = nullptr;
  const Column* soft_delete = nullptr;  ///< set in rows that count as deleted; null where rows are deleted
  std::vector<const Column*> concurrency_checks{};  ///< key and version, always checked, apart
  bool integer_key = false;  ///< one key column, an integer: the identity map's fast path

  const Property* find_property(std::string_view member) const noexcept;
  const Property* property_at(std::uint32_t offset) const noexcept {
    if (offset >= property_by_offset.size() || property_by_offset[offset] < 0) return nullptr;
    return &properties[static_cast<std::size_t>(property_by_offset[offset])];
  }
  /// Pivot table of a many-to-many property, from either side.
  static const PivotTable* pivot_of(const Property& property) noexcept;
};

}  // namespace kin
