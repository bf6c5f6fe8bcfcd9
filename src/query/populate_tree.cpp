// SPDX-License-Identifier: MIT
#include "query/populate_tree.hpp"

#include <kin/error.hpp>

#include <algorithm>

#include <fmt/format.h>

namespace kin::query {
namespace {

/// More relations than anyone writes down: eager relations that lead everywhere.
constexpr int most_eager_paths = 1000;

bool has_column(const Property& property, const Column& column) noexcept {
  return column.index - property.first_column < property.column_count;
}

bool any_has_column(const std::vector<const Property*>& properties, const Column& column) noexcept {
  return std::ranges::any_of(properties,
                             [&](const Property* property) { return has_column(*property, column); });
}

void add_populate(PopulateTree& root, const Hops& hops) {
  PopulateTree* node = &root;
  for (const Hop& hop : hops) {
    if (hop.property->is_relation()) {
      node = &node->child(*hop.property);
    } else {
      node->named.push_back(hop.property);  // a lazy member, asked for
    }
  }
}

void add_only(PopulateTree& root, const Hops& hops) {
  PopulateTree* node = &root;
  node->restricted = true;
  for (std::size_t i = 0; i + 1 < hops.size(); ++i) {
    node = &node->child(*hops[i].property);
    node->restricted = true;
  }
  node->named.push_back(hops.back().property);
}

void add_exclude(PopulateTree& root, const Hops& hops) {
  PopulateTree* node = &root;
  for (std::size_t i = 0; node && i + 1 < hops.size(); ++i) node = node->find_child(*hops[i].property);
  if (node) node->excluded.push_back(hops.back().property);
}

/// Adds eager relations to a tree. As deep as the model has eager relations in a row.
class EagerPaths {
 public:
  void add(PopulateTree& node) {
    for (const Property* relation : node.entity->relations)
      if (relation->eager && !is_inside(*relation) && !node.find_child(*relation)) add_child(node, *relation);
    for (const auto& child : node.children) {
      way_.push_back(child->property);
      add(*child);
      way_.pop_back();
    }
  }

 private:
  bool is_inside(const Property& relation) const { return std::ranges::find(way_, &relation) != way_.end(); }
  void add_child(PopulateTree& node, const Property& relation) {
    node.child(relation);
    if (++count_ <= most_eager_paths) return;
    throw ValidationError(
        fmt::format("{}.{}: more than {} paths of eager relations start at one find; take kin::eager "
                    "away from some of them.",
                    relation.entity->name, relation.name, most_eager_paths),
        {.entity = relation.entity->name, .property = relation.name});
  }

  std::vector<const Property*> way_{};
  int count_ = 0;
};

}  // namespace

PopulateTree* PopulateTree::find_child(const Property& relation) const noexcept {
  for (const auto& child : children)
    if (child->property == &relation) return child.get();
  return nullptr;
}

PopulateTree& PopulateTree::child(const Property& relation) {
  if (PopulateTree* found = find_child(relation)) return *found;
  auto added = std::make_unique<PopulateTree>();
  added->entity = relation.target;
  added->property = &relation;
  return *children.emplace_back(std::move(added));
}

bool PopulateTree::wants(const Column& column) const noexcept {
  if (column.primary_key || &column == entity->version || column.property->concurrency_check) return true;
  if (property && !property->owner && property->inverse && has_column(*property->inverse, column))
    return true;
  for (const auto& populated : children)
    if (has_column(*populated->property, column)) return true;
  if (any_has_column(excluded, column)) return false;
  const bool is_named = any_has_column(named, column);
  return restricted ? is_named : is_named || !column.lazy;
}

bool PopulateTree::wants_inverse(const Property& relation) const noexcept {
  if (relation.owner || !relation.inverse || find_child(relation)) return false;
  if (property && property->inverse == &relation) return false;  // the way here leads back
  if (std::ranges::find(excluded, &relation) != excluded.end()) return false;
  return !restricted || std::ranges::find(named, &relation) != named.end();
}

PopulateTree populate_tree(const EntityMetadata& root, const detail::FindRequest& request, PathTable& paths) {
  PopulateTree tree;
  tree.entity = &root;
  for (const detail::MemberPath& path : request.populate) add_populate(tree, paths.hops(path));
  for (const detail::MemberPath& path : request.only) add_only(tree, paths.hops(path));
  EagerPaths().add(tree);
  for (const detail::MemberPath& path : request.exclude) add_exclude(tree, paths.hops(path));
  return tree;
}

}  // namespace kin::query
