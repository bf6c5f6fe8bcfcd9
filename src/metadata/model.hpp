// SPDX-License-Identifier: MIT
#pragma once

#include <kin/metadata.hpp>
#include <kin/naming_strategy.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

namespace kin::metadata {

/// Findings of a discovery: it goes on after each, so that all are told at once. While it runs,
/// EntityMetadata::index is the order in which the entities were found, and the findings are sorted by it.
class Problems {
 public:
  /// "Book: …"
  void add(const EntityMetadata& entity, std::string_view sentence);
  /// "Book.author: …"
  void add(const Property& property, std::string_view sentence);
  /// A sentence that says itself what it is about, found in the description of `entity`.
  void add_as_is(const EntityMetadata& entity, std::string sentence);
  /// About no entity in particular.
  void add_general(std::string sentence);
  /// Throws MetadataError with all sentences, one a line.
  void throw_if_any() const;

 private:
  struct Problem {
    std::uint32_t entity;
    std::uint32_t member;  ///< 0 for the entity itself
    std::string text;
    std::string entity_name;
    std::string member_name;
  };
  void add(Problem problem);
  std::vector<Problem> problems_{};
};

/// "Book.author", of an embeddable's member "Book.address.city".
std::string path_of(const Property& property);

/// An index<>() or unique<>() whose members are yet to be found.
struct PendingIndex {
  EntityMetadata* entity;
  const Property* within;  ///< the embedded member whose class describes it; null for the entity's own
  IndexDefinition definition;
};

/// What the steps of a discovery share and fill.
struct Model {
  explicit Model(const NamingStrategy& names) : naming(names) {}

  EntityMetadata* find(const detail::TypeDescriptor* type) const {
    const auto found = by_tag.find(type->tag);
    return found == by_tag.end() ? nullptr : found->second;
  }

  const NamingStrategy& naming;
  std::vector<std::unique_ptr<EntityMetadata>> entities{};  ///< in the order in which they were found
  boost::unordered_flat_map<detail::TypeTag, EntityMetadata*> by_tag{};
  std::vector<PendingIndex> indexes{};
  Problems problems{};
};

/// Calls visit(property) for each property of the level and of the embeddables below it.
template <class Properties, class Visit>
void for_each_property(Properties& level, const Visit& visit) {
  for (auto& property : level) {
    visit(property);
    for_each_property(property.members, visit);
  }
}

}  // namespace kin::metadata
