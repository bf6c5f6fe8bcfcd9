// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdint>
#include <ranges>
#include <tuple>
#include <utility>
#include <vector>

#include "metadata/discovery.hpp"

namespace kin::metadata {
namespace {

/// Tarjan's strongly connected components over the foreign keys: entities that refer to each other, in a
/// circle or directly, are one component. Components are found after those that they refer to.
class Components {
 public:
  explicit Components(const Model& model) : model_(model), nodes_(model.entities.size()) {
    for (const auto& entity : model.entities)
      if (nodes_[entity->index].number == 0) visit(entity->index);
  }

  /// By the order in which the entities were found.
  std::vector<std::vector<std::uint32_t>> take() && { return std::move(components_); }

 private:
  struct Node {
    std::uint32_t number = 0;  ///< order of the visit, from 1
    std::uint32_t low = 0;     ///< lowest number that can be reached on the stack
    bool on_stack = false;
  };

  void visit(std::uint32_t index) {
    Node& node = nodes_[index];
    node.number = node.low = ++visited_;
    node.on_stack = true;
    stack_.push_back(index);
    for (const Property* property : model_.entities[index]->to_one) {
      if (!property->owner) continue;
      const std::uint32_t target = property->target->index;
      if (nodes_[target].number == 0) visit(target);
      if (nodes_[target].on_stack) node.low = std::min(node.low, nodes_[target].low);
    }
    if (node.low == node.number) pop_component(index);
  }

  void pop_component(std::uint32_t root) {
    std::vector<std::uint32_t>& component = components_.emplace_back();
    std::uint32_t index;
    do {
      index = stack_.back();
      stack_.pop_back();
      nodes_[index].on_stack = false;
      component.push_back(index);
    } while (index != root);
    std::ranges::sort(component);
  }

  const Model& model_;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> stack_{};
  std::uint32_t visited_ = 0;
  std::vector<std::vector<std::uint32_t>> components_{};
};

bool is_required(const EntityMetadata& entity, const Property& property) {
  return property.column_count != 0 && !entity.columns[property.first_column].nullable;
}

/// Inside of a circle, entities come after those that they cannot be inserted without, as far as that goes.
void sort_circle(const Model& model, std::vector<std::uint32_t>& component) {
  std::vector<std::uint32_t> sorted;
  const auto is_open = [&](std::uint32_t index) {
    return std::ranges::find(component, index) != component.end() &&
           std::ranges::find(sorted, index) == sorted.end();
  };
  const auto is_ready = [&](std::uint32_t index) {
    const EntityMetadata& entity = *model.entities[index];
    return std::ranges::none_of(entity.to_one, [&](const Property* property) {
      return property->owner && property->target != &entity && is_required(entity, *property) &&
             is_open(property->target->index);
    });
  };
  while (sorted.size() < component.size()) {
    auto open = component | std::views::filter(is_open);
    auto next = std::ranges::find_if(open, is_ready);
    sorted.push_back(next == open.end() ? *open.begin() : *next);
  }
  component = std::move(sorted);
}

bool refers_to_itself(const EntityMetadata& entity) {
  return std::ranges::any_of(entity.to_one, [&](const Property* property) {
    return property->owner && property->target == &entity;
  });
}

/// The length of the longest way to an entity that refers to no other.
std::uint32_t rank_of(const Model& model, const std::vector<std::uint32_t>& component) {
  std::uint32_t rank = 0;
  for (const std::uint32_t index : component)
    for (const Property* property : model.entities[index]->to_one) {
      const bool leads_out =
          property->owner && std::ranges::find(component, property->target->index) == component.end();
      if (leads_out) rank = std::max(rank, property->target->commit_rank + 1);
    }
  return rank;
}

void set_rank(const Model& model, const std::vector<std::uint32_t>& component) {
  const std::uint32_t rank = rank_of(model, component);
  for (const std::uint32_t index : component) {
    EntityMetadata& entity = *model.entities[index];
    entity.commit_rank = rank;
    entity.in_cycle = component.size() > 1 || refers_to_itself(entity);
  }
}

}  // namespace

void order_for_commit(Model& model) {
  std::vector<std::vector<std::uint32_t>> components = Components(model).take();
  for (std::vector<std::uint32_t>& component : components) set_rank(model, component);
  std::ranges::sort(components, {}, [&](const std::vector<std::uint32_t>& component) {
    return std::tuple(model.entities[component.front()]->commit_rank, component.front());
  });

  std::vector<std::unique_ptr<EntityMetadata>> ordered;
  for (std::vector<std::uint32_t>& component : components) {
    sort_circle(model, component);
    for (const std::uint32_t index : component) ordered.push_back(std::move(model.entities[index]));
  }
  model.entities = std::move(ordered);
  for (std::size_t i = 0; i < model.entities.size(); ++i)
    model.entities[i]->index = static_cast<std::uint32_t>(i);
}

}  // namespace kin::metadata
