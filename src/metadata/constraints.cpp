// SPDX-License-Identifier: MIT
#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "metadata/discovery.hpp"

namespace kin::metadata {
namespace {

using detail::MemberId;

std::vector<std::string> names_of(std::span<const Column* const> columns) {
  std::vector<std::string> names;
  for (const Column* column : columns) names.push_back(column->name);
  return names;
}

bool begins_with(std::span<const Column* const> columns, std::span<const Column* const> beginning) {
  return columns.size() >= beginning.size() &&
         std::equal(beginning.begin(), beginning.end(), columns.begin());
}

class ConstraintResolver {
 public:
  ConstraintResolver(Model& model, EntityMetadata& entity)
      : naming_(model.naming), problems_(model.problems), entity_(entity) {}

  void add_described(PendingIndex& pending) {
    IndexDefinition index = std::move(pending.definition);
    for (const MemberId* member : index.members) {
      const Property* property = find_member(*member, pending.within, index.unique);
      if (!property) return;
      if (property->is_relation() && property->column_count == 0) {
        problems_.add(entity_,
                      fmt::format("{}<>() names {}, which has no column in this table; leave it out.",
                                  word(index.unique), property->name));
        return;
      }
      append_columns(*property, index.columns);
    }
    if (!index.columns.empty()) add(std::move(index));
  }

  void add_for_words() {
    for_each_property(std::as_const(entity_.properties), [this](const Property& property) {
      // Words of an embedded struct as a whole are reported elsewhere.
      if (property.column_count == 0 || property.kind == PropertyKind::embedded) return;
      const bool is_unique = property.unique || property.kind == PropertyKind::one_to_one;
      if (is_unique) add(property, true);
      if (property.index_ && !is_unique) add(property, false);
    });
  }

  /// The database looks for rows that refer to one when that is deleted, and so do collections.
  void add_for_foreign_keys() {
    for (const Property& property : entity_.properties) {
      if (!property.is_to_one() || property.column_count == 0) continue;
      std::vector<const Column*> columns;
      append_columns(property, columns);
      if (!is_covered(columns)) add(property, false);
    }
  }

  void add_checks() {
    std::size_t unnamed = 0;
    for (CheckDefinition& check : entity_.checks) {
      if (!check.name.empty()) continue;
      check.name = naming_.constraint_name(entity_.table, {}, "check");
      if (++unnamed > 1) check.name += fmt::format("_{}", unnamed);
    }
    for_each_property(std::as_const(entity_.properties), [this](const Property& property) {
      if (property.kind != PropertyKind::scalar || property.column_count == 0) return;
      const Column& column = entity_.columns[property.first_column];
      const std::string name = naming_.constraint_name(entity_.table, std::vector{column.name}, "check");
      if (!property.check.empty()) entity_.checks.push_back({name, property.check, &column});
      if (!is_enum(column)) return;
      // A column has two checks when it is an enum and has one of its own.
      entity_.checks.push_back({property.check.empty() ? name : name + "_enum", {}, &column});
    });
  }

  void check_names() {
    std::vector<std::string_view> taken;
    for (const IndexDefinition& index : entity_.indexes) {
      if (std::ranges::find(taken, index.name) != taken.end())
        problems_.add(entity_,
                      fmt::format("two of its indexes are named {}; give one another name.", index.name));
      taken.push_back(index.name);
    }
  }

 private:
  static std::string_view word(bool unique) { return unique ? "unique" : "index"; }
  static bool is_enum(const Column& column) {
    return column.codec->enum_names != nullptr && column.codec->kind == ValueKind::text;
  }

  void append_columns(const Property& property, std::vector<const Column*>& columns) const {
    for (std::uint32_t i = 0; i < property.column_count; ++i)
      columns.push_back(&entity_.columns[property.first_column + i]);
  }

  void add(const Property& property, bool unique) {
    IndexDefinition index;
    index.unique = unique;
    append_columns(property, index.columns);
    add(std::move(index));
  }

  void add(IndexDefinition index) {
    if (index.name.empty()) {
      if (is_present(index)) return;
      index.name = naming_.constraint_name(entity_.table, names_of(index.columns), word(index.unique));
    }
    // A row that counts as deleted is in nobody's way.
    if (index.unique) index.live_by = entity_.soft_delete;
    entity_.indexes.push_back(std::move(index));
  }

  bool is_present(const IndexDefinition& index) const {
    if (index.unique && index.columns == entity_.key) return true;
    return std::ranges::any_of(entity_.indexes, [&](const IndexDefinition& other) {
      return other.columns == index.columns && (other.unique || !index.unique);
    });
  }

  bool is_covered(std::span<const Column* const> columns) const {
    if (begins_with(entity_.key, columns)) return true;
    return std::ranges::any_of(
        entity_.indexes, [&](const IndexDefinition& index) { return begins_with(index.columns, columns); });
  }

  /// A member of the entity, of the embedded struct that the index is described in, or of the only embedded
  /// struct of the member's class.
  const Property* find_member(const MemberId& member, const Property* within, bool unique) {
    const std::vector<Property>& level = within ? within->members : entity_.properties;
    const detail::TypeTag level_type = within ? within->embedded->tag : entity_.type->tag;
    std::vector<const Property*> found;
    if (member.owner == level_type) {
      add_at_offset(level, member.offset(), found);
    } else {
      for_each_property(level, [&](const Property& property) {
        if (property.kind == PropertyKind::embedded && property.embedded->tag == member.owner)
          add_at_offset(property.members, member.offset(), found);
      });
    }
    if (found.size() == 1) return found.front();
    report_member(member, found.empty(), unique);
    return nullptr;
  }

  static void add_at_offset(const std::vector<Property>& level, std::uint32_t offset,
                            std::vector<const Property*>& found) {
    for (const Property& property : level)
      if (property.offset == offset) found.push_back(&property);
  }

  void report_member(const MemberId& member, bool is_unknown, bool unique) {
    if (is_unknown) {
      problems_.add(entity_, fmt::format("{}<>() names {}, which is none of its listed members.",
                                         word(unique), member.name()));
    } else {
      problems_.add(entity_, fmt::format("{}<>() names {} of a struct that is embedded more than once; say "
                                         "kin::{} of the member inside of that struct.",
                                         word(unique), member.name(), word(unique)));
    }
  }

  const NamingStrategy& naming_;
  Problems& problems_;
  EntityMetadata& entity_;
};

}  // namespace

void resolve_constraints(Model& model) {
  for (PendingIndex& pending : model.indexes)
    ConstraintResolver(model, *pending.entity).add_described(pending);
  for (const auto& entity : model.entities) {
    ConstraintResolver resolver(model, *entity);
    resolver.add_for_words();
    resolver.add_for_foreign_keys();
    resolver.add_checks();
    resolver.check_names();
  }
}

}  // namespace kin::metadata
