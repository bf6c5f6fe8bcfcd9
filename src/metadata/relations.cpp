// SPDX-License-Identifier: MIT
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "metadata/discovery.hpp"

namespace kin::metadata {
namespace {

std::string pointer_to(const Property& property) {
  return fmt::format("&{}::{}", property.entity->name, property.name);
}

}  // namespace

std::string_view word_of(PropertyKind kind) {
  switch (kind) {
    case PropertyKind::many_to_one:
      return "many_to_one";
    case PropertyKind::one_to_one:
      return "one_to_one";
    case PropertyKind::one_to_many:
      return "one_to_many";
    case PropertyKind::many_to_many:
      return "many_to_many";
    case PropertyKind::scalar:
    case PropertyKind::embedded:
      break;
  }
  return "";
}

namespace {

/// Settles one entity's relations with those of the others.
class RelationResolver {
 public:
  explicit RelationResolver(Model& model) : model_(model), problems_(model.problems) {}

  void set_targets() {
    for (const auto& entity : model_.entities)
      for (Property& property : entity->properties)
        if (property.target_type) property.target = model_.find(property.target_type);
  }

  void resolve_inverse_sides() {
    for (const auto& entity : model_.entities)
      for (Property& property : entity->properties)
        if (property.is_relation() && property.mapped_by) resolve_inverse_side(property);
  }

  /// After all inverse sides: what no other side has claimed owns its relation.
  void resolve_owning_sides() {
    for (const auto& entity : model_.entities)
      for (Property& property : entity->properties)
        if (property.is_to_many() && !property.mapped_by) resolve_owning_collection(property);
  }

  void check_both_sides_owning() {
    for (const auto& entity : model_.entities)
      for (const Property& property : entity->properties)
        if (property.is_relation() && property.owner && !property.inverse) check_other_owner(property);
  }

 private:
  Property* find_owning_side(const Property& property) const {
    const detail::MemberId& member = *property.mapped_by;
    if (member.owner != property.target->type->tag) return nullptr;
    const std::uint32_t offset = member.offset();
    for (Property& other : model_.find(property.target->type)->properties)
      if (other.offset == offset) return &other;
    return nullptr;
  }

  void resolve_inverse_side(Property& property) {
    property.owner = false;
    Property* other = find_owning_side(property);
    if (!other) {
      problems_.add(property, fmt::format("mapped_by names {}, which is not a listed member of {}.",
                                          property.mapped_by->name(), property.target->name));
      return;
    }
    if (!may_be_mapped(property, *other) || !settle_kinds(property, *other)) return;
    property.inverse = other;
    other->inverse = &property;
  }

  bool may_be_mapped(const Property& property, const Property& other) {
    if (&property == &other) {
      problems_.add(property, "mapped_by names the member itself; it names the member of the other side.");
      return false;
    }
    if (!other.is_relation() || other.target != property.entity) {
      problems_.add(property, fmt::format("mapped_by names {}, which does not refer back to {}.",
                                          path_of(other), property.entity->name));
      return false;
    }
    if (other.mapped_by) {
      problems_.add(property,
                    fmt::format("both it and {} say mapped_by, so neither owns the relation; take the "
                                "word away from one of them.",
                                path_of(other)));
      return false;
    }
    if (other.inverse) {
      problems_.add(
          property,
          fmt::format("{} is mapped by it and by {}; a relation has one other side, so take mapped_by "
                      "away from one of them.",
                      path_of(other), path_of(*other.inverse)));
      return false;
    }
    return true;
  }

  /// The kinds of both sides follow from their types; reports what the words say otherwise.
  bool settle_kinds(Property& property, Property& other) {
    if (property.is_to_one() && other.is_to_many()) {
      problems_.add(property,
                    fmt::format("a Ref holds the foreign key itself and is not mapped by the collection "
                                "{}; say kin::mapped_by<{}> of the collection.",
                                path_of(other), pointer_to(property)));
      return false;
    }
    const PropertyKind own_kind = property.is_to_one() ? PropertyKind::one_to_one
                                  : other.is_to_one()  ? PropertyKind::one_to_many
                                                       : PropertyKind::many_to_many;
    const PropertyKind other_kind = property.is_to_one() ? PropertyKind::one_to_one
                                    : other.is_to_one()  ? PropertyKind::many_to_one
                                                         : PropertyKind::many_to_many;
    const bool fits = settle_kind(property, own_kind, other);
    return settle_kind(other, other_kind, property) && fits;
  }

  bool settle_kind(Property& property, PropertyKind kind, const Property& other) {
    if (property.explicit_kind && property.kind != kind) {
      problems_.add(property,
                    fmt::format("it says kin::{}, but with {} on the other side it is {}; correct the "
                                "word or the members' types.",
                                word_of(property.kind), path_of(other), word_of(kind)));
      return false;
    }
    property.kind = kind;
    return true;
  }

  void resolve_owning_collection(Property& property) {
    if (property.kind == PropertyKind::one_to_many && property.explicit_kind) {
      report_missing_mapped_by(property, "one_to_many needs to know which member holds the foreign key");
      return;
    }
    const bool is_described = property.explicit_kind || !property.pivot_table.empty();
    if (!is_described && !property.inverse && unclaimed_reference(property)) {
      report_missing_mapped_by(property,
                               "it could be the other side of that member or a many-to-many relation");
      return;
    }
    property.kind = PropertyKind::many_to_many;
  }

  /// A Ref of the collection's target that refers back and is not the other side of anything yet.
  static const Property* unclaimed_reference(const Property& collection) {
    for (const Property& other : collection.target->properties)
      if (other.is_to_one() && other.target == collection.entity && !other.mapped_by && !other.inverse)
        return &other;
    return nullptr;
  }

  void report_missing_mapped_by(Property& property, std::string_view reason) {
    property.kind = PropertyKind::one_to_many;
    property.owner = false;
    const Property* candidate = unclaimed_reference(property);
    if (!candidate) {
      problems_.add(property, fmt::format("{}; add a kin::Ref<{}> to {} and say kin::mapped_by.", reason,
                                          property.entity->name, property.target->name));
      return;
    }
    const std::string_view or_pivot = property.explicit_kind ? "" : ", or kin::many_to_many";
    problems_.add(property, fmt::format("{} refers back and {}; say kin::mapped_by<{}>{}.",
                                        path_of(*candidate), reason, pointer_to(*candidate), or_pivot));
  }

  /// Whether the description makes clear that the relation stands alone.
  static bool stands_alone(const Property& property) {
    return property.kind == PropertyKind::many_to_many &&
           (property.explicit_kind || !property.pivot_table.empty());
  }

  void check_other_owner(const Property& property) {
    for (const Property& other : property.target->properties) {
      const bool is_pair = &other != &property && other.owner && !other.inverse &&
                           other.target == property.entity && other.kind == property.kind;
      if (!is_pair || is_later(property, other)) continue;
      if (property.kind == PropertyKind::many_to_many && !(stands_alone(property) && stands_alone(other)))
        report_two_pivots(property, other);
      if (property.kind == PropertyKind::one_to_one) report_two_keys(property, other);
    }
  }

  /// Each pair is reported once, at the member that was found first.
  static bool is_later(const Property& property, const Property& other) {
    const EntityMetadata& a = *property.entity;
    const EntityMetadata& b = *other.entity;
    return a.index != b.index ? a.index > b.index : property.index > other.index;
  }

  void report_two_pivots(const Property& property, const Property& other) {
    problems_.add(property,
                  fmt::format("both it and {0} own a many-to-many relation; if they are the two sides of "
                              "one, say kin::mapped_by<{1}> of {0}; if not, say kin::pivot_table of both.",
                              path_of(other), pointer_to(property)));
  }

  void report_two_keys(const Property& property, const Property& other) {
    problems_.add(property,
                  fmt::format("both it and {0} own a one-to-one relation; if they are the two sides of "
                              "one, say kin::mapped_by<{1}> of {0}; if not, say kin::unique in place of "
                              "kin::one_to_one.",
                              path_of(other), pointer_to(property)));
  }

  Model& model_;
  Problems& problems_;
};

}  // namespace

void resolve_relations(Model& model) {
  RelationResolver resolver(model);
  resolver.set_targets();
  resolver.resolve_inverse_sides();
  resolver.resolve_owning_sides();
  resolver.check_both_sides_owning();
}

}  // namespace kin::metadata
