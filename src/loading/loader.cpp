// SPDX-License-Identifier: MIT
#include "loading/loader.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include "unit_of_work/collection_items.hpp"
#include "unit_of_work/entity_runtime.hpp"
#include "unit_of_work/key.hpp"

namespace kin::loading {

using detail::CollectionAccess;
using detail::CollectionBase;
using detail::CollectionData;
using detail::EntityState;
using detail::Manager;
using query::PlannedRead;
using unit_of_work::column_value;
using unit_of_work::reference_of;

namespace {

// Longer lists gain nothing measurable, and a statement text stays below 100 kB.
constexpr std::size_t longest_list = 8192;

/// The keys of a chunk as parameters, filled up to the length of the plan by repeating the last one.
class KeyList {
 public:
  void fill(std::span<EntityState* const> states, std::size_t padded) {
    values_.clear();
    const std::size_t width = states.front()->metadata->key.size();
    scratch_.resize(states.size() * width);
    std::size_t at = 0;
    for (const EntityState* state : states)
      for (const Column* column : state->metadata->key)
        values_.push_back(column_value(*column, state->entity(), scratch_[at++]));
    while (values_.size() < padded * width) values_.push_back(values_[values_.size() - width]);
  }
  std::span<const ValueView> values() const noexcept { return values_; }

 private:
  std::vector<ValueView> values_{};
  std::vector<Scratch> scratch_{};
};

/// The lowest and the highest key when the owners' keys are integers without a gap: a range is read faster than a list.
bool gapless_range(std::span<EntityState* const> owners, ValueView (&range)[2]) {
  if (owners.size() < 2 || !owners.front()->metadata->integer_key) return false;
  std::int64_t low = std::numeric_limits<std::int64_t>::max();
  std::int64_t high = std::numeric_limits<std::int64_t>::min();
  for (const EntityState* owner : owners) {
    const std::int64_t key = unit_of_work::integer_key_of(*owner);
    low = std::min(low, key);
    high = std::max(high, key);
  }
  // Unsigned, since the distance of two signed numbers may not fit. The owners are distinct.
  if (static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) != owners.size() - 1) return false;
  range[0] = ValueView::integer(low);
  range[1] = ValueView::integer(high);
  return true;
}

/// Rows that hold their owner's key: links each to that owner.
class ItemSink final : public driver::RowSink {
 public:
  ItemSink(Manager& manager, const PlannedRead& read, const Property& relation, bool refresh)
      : manager_(manager),
        hydrator_(manager, read, refresh),
        owner_cell_(read.owner_cell),
        relation_(relation),
        refresh_(refresh) {}
  void row(const ValueView* cells) override {
    EntityState* owner = manager_.find_in_map(*relation_.entity, cells + owner_cell_);
    EntityState* item = hydrator_.item(cells);
    if (!owner || !item) return;
    if (!relation_.is_to_many()) {
      link_inverse(manager_, *owner, relation_, item, refresh_);
      return;
    }
    CollectionAccess::data(manager_.collection_at(*owner, relation_)).stored.push_back(item);
  }

 private:
  Manager& manager_;
  Hydrator hydrator_;
  std::uint32_t owner_cell_;
  const Property& relation_;
  bool refresh_;
};

/// Those whose reference leads to an entity that has not been read.
std::vector<EntityState*> without_target(const Property& relation, std::span<EntityState* const> owners) {
  std::vector<EntityState*> result;
  for (EntityState* owner : owners) {
    const EntityState* target = reference_of(owner->entity(), relation.offset);
    if (target && !target->has(EntityState::initialized)) result.push_back(owner);
  }
  return result;
}

}  // namespace

std::vector<EntityState*> distinct(std::vector<EntityState*> states) {
  std::size_t kept = 0;
  for (EntityState* state : states) {
    if (state->has(EntityState::queued)) continue;
    state->set(EntityState::queued);
    states[kept++] = state;
  }
  states.resize(kept);
  for (EntityState* state : states) state->clear(EntityState::queued);
  return states;
}

std::size_t Loader::chunk_size(std::size_t key_columns) const noexcept {
  const driver::Capabilities& capabilities = manager_.core().driver->capabilities();
  // A list of a key with more columns is no array.
  const std::size_t most = std::max(capabilities.max_parameters / key_columns,
                                    key_columns == 1 ? std::size_t{capabilities.max_array_values} : 0);
  return std::max<std::size_t>(1, std::min(longest_list, std::bit_floor(most)));
}

Task<void> Loader::populate(std::span<const query::PopulateNode> nodes, std::vector<EntityState*> owners) {
  if (owners.empty()) co_return;
  for (const query::PopulateNode& node : nodes) {
    const Property& relation = *node.property;
    if (node.hydration == query::none || !joins_were_read_) {
      if (relation.is_to_one() && relation.owner) {
        co_await load_to_one(relation, owners);
      } else {
        co_await load_items(relation, owners);
      }
    } else if (relation.is_to_one() && relation.owner) {
      // The join brought what the rows refer to; an entity with an unflushed change refers to another one.
      const std::vector<EntityState*> changed = without_target(relation, owners);
      if (!changed.empty()) co_await load_to_one(relation, changed);
    }
    if (node.children.empty()) continue;
    std::vector<EntityState*> below = next_level(relation, owners);
    co_await populate(node.children, std::move(below));
  }
}

std::vector<EntityState*> Loader::next_level(const Property& relation, std::span<EntityState* const> owners) const {
  std::vector<EntityState*> states;
  for (EntityState* owner : owners) {
    if (relation.is_to_one()) {
      EntityState* target = reference_of(owner->entity(), relation.offset);
      if (target && target->has(EntityState::initialized)) states.push_back(target);
      continue;
    }
    const CollectionData* data = CollectionAccess::data_or_null(manager_.collection_at(*owner, relation));
    if (data) states.insert(states.end(), data->items.begin(), data->items.end());
  }
  return distinct(std::move(states));
}

Task<void> Loader::load_to_one(const Property& relation, std::span<EntityState* const> owners) {
  std::vector<EntityState*> targets;
  for (EntityState* owner : owners) {
    EntityState* target = reference_of(owner->entity(), relation.offset);
    if (!target || target->has(EntityState::created_here)) continue;
    if (target->has(EntityState::initialized) && !target->has(EntityState::partial | EntityState::stale) && !refresh_)
      continue;
    targets.push_back(target);
  }
  targets = distinct(std::move(targets));
  co_await load_entities(*relation.target, targets);
}

Task<void> Loader::load_entities(const EntityMetadata& entity, std::span<EntityState* const> states) {
  const std::size_t chunk = chunk_size(entity.key.size());
  KeyList keys;
  driver::Loan loan;
  for (std::size_t at = 0; at < states.size(); at += chunk) {
    const std::span<EntityState* const> part = states.subspan(at, std::min(chunk, states.size() - at));
    const std::size_t padded = SelectInPlans::padded(part.size());
    keys.fill(part, padded);
    const std::shared_ptr<const PlannedRead> plan =
        manager_.core().select_in.by_key(entity, padded, with_deleted_);
    Hydrator hydrator(manager_, *plan, refresh_);
    driver::Connection* connection = co_await manager_.read_connection(loan);
    const driver::ReadRequest request{plan->plan, keys.values()};
    co_await connection->read(request, hydrator);
    hydrator.finish();
  }
}

Task<void> Loader::load_items(const Property& relation, std::span<EntityState* const> given) {
  std::vector<EntityState*> owners;
  for (EntityState* owner : given) {
    if (!owner->snapshot && !owner->has(EntityState::managed)) continue;
    if (owner->has(EntityState::scheduled)) continue;
    if (relation.is_to_many()) {
      CollectionData& data = CollectionAccess::data(manager_.collection_at(*owner, relation));
      if (data.is_known() && !refresh_) continue;
      data.stored.clear();
    } else if (refresh_) {
      manager_.put_reference(*owner, relation, nullptr);
    } else if (const EntityState* target = reference_of(owner->entity(), relation.offset);
               target && target->has(EntityState::initialized) &&
               !target->has(EntityState::partial | EntityState::stale)) {
      continue;
    }
    owners.push_back(owner);
  }
  const std::span<EntityState* const> all = owners;
  ValueView range[2];
  const bool gapless = gapless_range(all, range);
  const std::size_t chunk = gapless ? all.size() : chunk_size(relation.entity->key.size());
  KeyList keys;
  driver::Loan loan;
  for (std::size_t at = 0; at < all.size(); at += chunk) {
    const std::span<EntityState* const> part = all.subspan(at, std::min(chunk, all.size() - at));
    const std::size_t list_size = gapless ? SelectInPlans::key_range : SelectInPlans::padded(part.size());
    if (!gapless) keys.fill(part, list_size);
    const std::shared_ptr<const PlannedRead> plan =
        manager_.core().select_in.items_of(relation, list_size, with_deleted_);
    ItemSink sink(manager_, *plan, relation, refresh_);
    driver::Connection* connection = co_await manager_.read_connection(loan);
    const driver::ReadRequest request{plan->plan, gapless ? std::span<const ValueView>(range) : keys.values()};
    co_await connection->read(request, sink);
  }
  if (!relation.is_to_many()) co_return;
  for (EntityState* owner : owners)
    detail::finish_loading(CollectionAccess::data(manager_.collection_at(*owner, relation)));
}

}  // namespace kin::loading
