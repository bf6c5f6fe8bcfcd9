// SPDX-License-Identifier: MIT
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "metadata/discovery.hpp"

namespace kin::metadata {
namespace {

using detail::Codec;

bool is_text(const Codec& codec) { return codec.kind == ValueKind::text; }
bool is_version_type(const Codec& codec) {
  return !codec.nullable && (codec.is_integer() || codec.kind == ValueKind::timestamp);
}

/// Checks one member's words against each other and against its type.
class PropertyValidator {
 public:
  PropertyValidator(const EntityMetadata& entity, const Property& property, Problems& problems)
      : entity_(entity), property_(property), problems_(problems) {}

  void validate() {
    if (property_.is_relation()) {
      validate_relation();
    } else if (property_.kind == PropertyKind::embedded) {
      validate_embedded();
    } else if (property_.codec) {
      validate_scalar();
    }
    if (property_.primary_key) validate_key();
  }

 private:
  void add(std::string_view sentence) { problems_.add(property_, sentence); }
  bool is_top_level() const { return &property_ == &entity_.properties[property_.index]; }

  void validate_scalar() {
    validate_shape();
    validate_value_sources();
    if (property_.version) validate_version();
    if (property_.soft_delete) validate_soft_delete();
    if (property_.concurrency_check) validate_concurrency_check();
  }

  /// Documents have many texts, and some databases no equality of them at all.
  void validate_concurrency_check() {
    const bool is_document =
        property_.codec->kind == ValueKind::json || property_.column_type.starts_with("json");
    if (is_document)
      add("JSON is not compared by kin::concurrency_check; take the word away and give the entity a "
          "kin::version.");
    if (property_.lazy)
      add("kin::concurrency_check needs a value that is read with every row; take kin::lazy away.");
  }

  void validate_shape() {
    const Codec& codec = *property_.codec;
    if (property_.length != 0 && !is_text(codec))
      add(fmt::format("kin::length is for text, and its type is {}; take the word away.", codec.type_name));
    if (!property_.collation.empty() && (!is_text(codec) || codec.enum_names))
      add(fmt::format("kin::collation is for text, and its type is {}; take the word away.",
                      codec.type_name));
    if (property_.precision == 0) return;
    if (codec.kind != ValueKind::decimal)
      add(fmt::format(
          "kin::precision is for kin::Decimal, and its type is {}; change the type or take the word "
          "away.",
          codec.type_name));
    if (property_.scale > property_.precision)
      add(fmt::format("kin::precision({}, {}) asks for more digits after the point than in all.",
                      property_.precision, property_.scale));
  }

  /// Each value comes from one place.
  void validate_value_sources() {
    const bool has_default = property_.default_value.has_value() || !property_.default_raw.empty();
    if (!property_.generated.empty()) {
      if (has_default) add("a column is either generated or has a default; take one of the words away.");
      if (property_.on_create || property_.on_update)
        add("the database computes a generated column; take kin::on_create and kin::on_update away.");
      if (property_.primary_key || property_.version)
        add("a generated column can be neither key nor version; take one of the words away.");
    }
    if (property_.default_value && !property_.default_raw.empty())
      add("it has both kin::default_value and kin::default_raw; say one of them.");
  }

  void validate_soft_delete() {
    if (&property_ != &entity_.properties[property_.index])
      return add("the mark of a soft delete belongs to the entity; move it out of the embedded struct.");
    if (property_.lazy) add("the mark of a soft delete is read with every row; take kin::lazy away.");
    if (property_.version) add("it cannot be both version and mark of a soft delete; use two members.");
    for (const Property& other : entity_.properties) {
      if (&other == &property_) return;
      if (!other.soft_delete) continue;
      return add(fmt::format(
          "an entity has one soft delete, and {} marks it already; take soft_delete<> away from one of them.",
          other.name));
    }
  }

  void validate_version() {
    if (!is_top_level()) {
      add("a version belongs to the entity; move it out of the embedded struct.");
      return;
    }
    if (!is_version_type(*property_.codec))
      add(fmt::format(
          "a version is an integer or a std::chrono::sys_time that is never null, and its type is {}; "
          "change the type.",
          property_.codec->type_name));
    if (property_.lazy) add("a version is read with every row; take kin::lazy away.");
    if (property_.primary_key) add("it cannot be both key and version; take one of the words away.");
    for (const Property& other : entity_.properties) {
      if (&other == &property_) break;
      if (!other.version) continue;
      add(fmt::format(
          "an entity has one version, and {} is one already; take kin::version away from one of them.",
          path_of(other)));
      break;
    }
  }

  void validate_key() {
    if (!is_top_level()) {
      add("kin::primary_key inside of an embedded struct has no meaning; say it of the entity's member.");
      return;
    }
    if (property_.is_relation() && !property_.owner) {
      add("the other side holds the column of this relation, so it cannot be the key; take kin::primary_key "
          "away.");
      return;
    }
    if (property_.lazy) add("a key is read with every row; take kin::lazy away.");
    if (property_.codec && property_.codec->kind == ValueKind::array)
      add("an array cannot be the key; take kin::primary_key away.");
    for (std::uint32_t i = 0; i < property_.column_count; ++i) {
      if (!entity_.columns[property_.first_column + i].nullable) continue;
      add("a key is never null; take std::optional or kin::nullable away.");
      break;
    }
  }

  void validate_embedded() {
    if (!has_column_words()) return;
    add(fmt::format("the words of a column do not fit an embedded struct; say them of the members of {}.",
                    property_.embedded->name));
  }

  /// primary_key, prefix, hidden and lazy apart, which mean something for several columns too.
  bool has_column_words() const {
    return !property_.column_name.empty() || !property_.column_type.empty() || property_.nullable ||
           property_.length != 0 || property_.precision != 0 || property_.unique || property_.index_ ||
           property_.version || property_.concurrency_check || property_.default_value ||
           !property_.default_raw.empty() || !property_.check.empty() || !property_.generated.empty() ||
           property_.on_create || property_.on_update;
  }

  void validate_relation() {
    if (!is_top_level()) return;  // reported as not supported
    if (property_.contradicted_kind)
      add(fmt::format("it says both kin::{} and kin::{}; take one of the words away.",
                      word_of(*property_.contradicted_kind), word_of(property_.kind)));
    if (property_.orphan_removal && property_.kind == PropertyKind::many_to_many)
      add("orphan_removal deletes an entity that left its only owner, and in a many-to-many relation it has "
          "several; take the word away.");
    if (property_.orphan_removal && property_.kind == PropertyKind::many_to_one)
      add(fmt::format(
          "orphan_removal is for the other side: other entities may refer to the same {}; say it of "
          "the collection, or make the relation one_to_one.",
          property_.target->name));
    if (property_.is_to_one()) validate_to_one();
    if (property_.is_to_many()) validate_to_many();
  }

  void validate_to_one() {
    if (property_.owner) {
      validate_rules();
    } else if (has_words_of_owner()) {
      add(fmt::format("words of the column belong to the side that has it; say them of {}.", owner()));
    }
  }

  void validate_rules() {
    const bool sets_null = property_.delete_rule == Rule::set_null || property_.update_rule == Rule::set_null;
    if (sets_null && property_.column_count != 0 && !entity_.columns[property_.first_column].nullable)
      add("Rule::set_null needs a column that may be null; say kin::nullable() or choose another rule.");
  }

  bool has_words_of_owner() const {
    return !property_.column_name.empty() || !property_.column_type.empty() || property_.nullable ||
           property_.unique || property_.index_ || property_.concurrency_check ||
           !property_.join_columns.empty() || property_.delete_rule != Rule::unset ||
           property_.update_rule != Rule::unset;
  }

  void validate_to_many() {
    const bool has_pivot_words = !property_.pivot_table.empty() || !property_.join_columns.empty() ||
                                 !property_.inverse_join_columns.empty();
    if (has_pivot_words && property_.kind == PropertyKind::one_to_many)
      add("a one-to-many relation has no pivot table; take the words about its table and columns away.");
    if (has_pivot_words && property_.kind == PropertyKind::many_to_many && !property_.owner)
      add(fmt::format("words of the pivot table belong to the owning side; say them of {}.", owner()));
    for (const Property::Order& order : property_.order_by) validate_order(*order.member);
  }

  std::string owner() const {
    return property_.inverse ? path_of(*property_.inverse) : std::string("the other side");
  }

  void validate_order(const detail::MemberId& member) {
    if (member.owner == property_.target->type->tag)
      for (const Property& other : property_.target->properties)
        if (other.offset == member.offset() && other.column_count != 0) return;
    add(fmt::format("order_by names {}, which is no column of {}.", member.name(), property_.target->name));
  }

  const EntityMetadata& entity_;
  const Property& property_;
  Problems& problems_;
};

void validate_column_names(const EntityMetadata& entity, Problems& problems) {
  std::map<std::string_view, const Column*> taken;
  for (const Column& column : entity.columns) {
    const auto [other, is_new] = taken.emplace(column.name, &column);
    if (is_new) continue;
    problems.add(
        *column.property,
        fmt::format("its column {} is that of {} too; give one of them another name by kin::column_name.",
                    column.name, path_of(*other->second->property)));
  }
}

void validate_pivot_columns(const PivotTable& pivot, Problems& problems) {
  std::map<std::string_view, const Column*> taken;
  for (const std::vector<Column>* side : {&pivot.owner_columns, &pivot.target_columns})
    for (const Column& column : *side)
      if (!taken.emplace(column.name, &column).second)
        problems.add(
            *pivot.owner_property,
            fmt::format("two columns of its pivot table {} are named {}; name them by kin::join_column and "
                        "kin::inverse_join_column.",
                        pivot.name, column.name));
}

/// Members that share an enum type have the same items.
class EnumTypes {
 public:
  explicit EnumTypes(Problems& problems) : problems_(problems) {}

  void add(const Property& property) {
    if (property.native_enum.empty() || !property.codec) return;
    const auto [other, is_new] =
        taken_.emplace(std::pair(property.entity->schema, property.native_enum), &property);
    if (is_new || items_of(property) == items_of(*other->second)) return;
    problems_.add(property,
                  fmt::format("its enum type {} is that of {} too, which has other items; give one of "
                              "them another name by kin::native_enum.",
                              property.native_enum, path_of(*other->second)));
  }

 private:
  static std::vector<std::string_view> items_of(const Property& property) {
    const detail::Codec& codec = property.codec->element ? *property.codec->element : *property.codec;
    std::vector<std::string_view> items;
    if (codec.enum_names)
      for (const detail::EnumName& item : codec.enum_names()) items.push_back(item.name);
    return items;
  }

  Problems& problems_;
  std::map<std::pair<std::string, std::string>, const Property*> taken_{};
};

class TableNames {
 public:
  explicit TableNames(Problems& problems) : problems_(problems) {}

  void add(const EntityMetadata& entity) {
    const auto [other, is_new] = taken_.emplace(std::pair(entity.schema, entity.table), entity.name);
    if (is_new) return;
    problems_.add(entity,
                  fmt::format("its table {} is that of {} too; give one of them another name by table().",
                              entity.table, other->second));
  }
  void add(const PivotTable& pivot) {
    const std::string path = path_of(*pivot.owner_property);
    const auto [other, is_new] = taken_.emplace(std::pair(pivot.schema, pivot.name), path);
    if (is_new) return;
    problems_.add(*pivot.owner_property,
                  fmt::format("its pivot table {} is the table of {} too; give it another "
                              "name by kin::pivot_table.",
                              pivot.name, other->second));
  }

 private:
  Problems& problems_;
  std::map<std::pair<std::string, std::string>, std::string> taken_{};
};

}  // namespace

void validate(Model& model) {
  TableNames tables(model.problems);
  EnumTypes enum_types(model.problems);
  for (const auto& entity : model.entities) {
    for_each_property(std::as_const(entity->properties), [&](const Property& property) {
      PropertyValidator(*entity, property, model.problems).validate();
      enum_types.add(property);
    });
    validate_column_names(*entity, model.problems);
    tables.add(*entity);
  }
  for (const auto& entity : model.entities)
    for (const auto& pivot : entity->pivots) {
      validate_pivot_columns(*pivot, model.problems);
      tables.add(*pivot);
    }
}

}  // namespace kin::metadata
