// SPDX-License-Identifier: MIT
#include "loading/tree.hpp"

#include <kin/error.hpp>

#include <utility>

#include <fmt/format.h>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "query/member_hops.hpp"
#include "unit_of_work/collection_items.hpp"
#include "unit_of_work/entity_runtime.hpp"
#include "unit_of_work/key.hpp"

namespace kin::loading {
namespace {

using detail::CollectionAccess;
using detail::CollectionData;
using detail::EntityState;
using detail::FindRequest;
using detail::Manager;
using unit_of_work::reference_of;

class TreeArranger {
 public:
  TreeArranger(Manager& manager, const FindRequest& request, std::vector<EntityState*>& found)
      : manager_(manager),
        request_(request),
        parent_(*query::hops_of(*request.tree.node->metadata, request.tree.parent).back().property),
        found_(found),
        open_(found.begin(), found.end()) {}

  void run() {
    request_.tree.upward ? climb() : descend();
    if (!request_.order.empty()) return;
    // What memory sees elsewhere than the rows were, because of changes that are not flushed, comes last.
    for (EntityState* state : found_)
      if (open_.contains(state)) ordered_.push_back(state);
    found_ = std::move(ordered_);
  }

 private:
  void climb() {
    const EntityState* at = request_.tree.node;
    for (EntityState* next = parent_of(*at); next && open_.erase(next) != 0; next = parent_of(*next))
      ordered_.push_back(next);
  }

  /// Level by level, so that every row comes after all that are nearer.
  void descend() {
    for (EntityState* state : found_)
      if (EntityState* parent = parent_of(*state)) children_[parent].push_back(state);
    std::vector<EntityState*> level{request_.tree.node};
    for (std::uint32_t depth = 0; !level.empty(); ++depth) {
      const bool is_known = request_.tree.depth == 0 || depth < request_.tree.depth;
      std::vector<EntityState*> next;
      for (EntityState* owner : level) {
        const std::vector<EntityState*>& below = children_[owner];
        if (is_known) fill(*owner, below);
        for (EntityState* child : below)
          if (open_.erase(child) != 0) next.push_back(child);
      }
      ordered_.insert(ordered_.end(), next.begin(), next.end());
      level = std::move(next);
    }
  }

  void fill(EntityState& owner, const std::vector<EntityState*>& below) const {
    const Property* inverse = parent_.inverse;
    if (!inverse || !inverse->is_to_many() || !request_.where.empty()) return;
    if (!request_.only.empty() || !request_.exclude.empty()) return;
    if (!inverse->order_by.empty() && !request_.order.empty()) return;
    if (owner.has(EntityState::created_here) || !owner.has(EntityState::initialized)) return;
    CollectionData& data = CollectionAccess::data(manager_.collection_at(owner, *inverse));
    if (data.initialized && !request_.refresh) return;
    data.stored = below;
    detail::finish_loading(data);
  }

  EntityState* parent_of(const EntityState& state) const {
    return reference_of(state.entity(), parent_.offset);
  }

  Manager& manager_;
  const FindRequest& request_;
  const Property& parent_;
  std::vector<EntityState*>& found_;
  boost::unordered_flat_set<EntityState*> open_;
  boost::unordered_flat_map<EntityState*, std::vector<EntityState*>> children_{};
  std::vector<EntityState*> ordered_{};
};

}  // namespace

void TreeValues::append(const detail::TreeTerm& tree, std::vector<ValueView>& values) {
  if (!tree.node) return;
  const EntityState& node = *tree.node;
  node.manager->require_own(&node, "find_descendants, find_ancestors");
  const EntityMetadata& entity = *node.metadata;
  if (!unit_of_work::has_key(node))
    throw ValidationError(fmt::format("{} has no key yet, so nothing lies below or above it; flush() first",
                                      unit_of_work::describe(node)),
                          ErrorDetails{.entity = entity.name});
  scratch_.resize(entity.key.size());
  for (std::size_t i = 0; i < scratch_.size(); ++i)
    values.push_back(unit_of_work::column_value(*entity.key[i], node.entity(), scratch_[i]));
  if (tree.depth != 0) values.push_back(ValueView::integer(tree.depth));
}

void arrange_tree(Manager& manager, const FindRequest& request, std::vector<EntityState*>& found) {
  TreeArranger(manager, request, found).run();
}

}  // namespace kin::loading

namespace kin::detail {

void require_tree(const FindRequest& request) {
  if (!request.tree.node)
    throw ValidationError("find_descendants, find_ancestors: the Ref is null; pass an entity");
}

}  // namespace kin::detail
