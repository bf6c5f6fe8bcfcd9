// SPDX-License-Identifier: MIT
// Collections that were set without being loaded: what the database holds is read when it is needed.
#include <algorithm>
#include <utility>
#include <vector>

#include "loading/loader.hpp"
#include "unit_of_work/collection_items.hpp"
#include "unit_of_work/manager.hpp"

namespace kin::detail {
namespace {

bool is_replaced(const CollectionBase& collection) noexcept {
  const CollectionData* data = CollectionAccess::data_or_null(collection);
  return data && data->replaced;
}

/// An owner that goes takes its items or pivot rows along by its own rules.
bool is_to_settle(const CollectionBase& collection) noexcept {
  const EntityState* owner = CollectionAccess::owner(collection);
  return is_replaced(collection) && owner && owner->has(EntityState::managed) &&
         !owner->has(EntityState::removed);
}

}  // namespace

bool Manager::has_replaced_collections() const noexcept {
  return std::ranges::any_of(changed_collections_,
                             [](const CollectionBase* collection) { return is_replaced(*collection); });
}

Task<void> Manager::settle_collections() {
  if (!has_replaced_collections()) co_return;
  std::vector<std::pair<const Property*, std::vector<EntityState*>>> by_relation;
  for (CollectionBase* collection : changed_collections_) {
    if (!is_to_settle(*collection)) continue;
    EntityState* owner = CollectionAccess::owner(*collection);
    const Property* relation = &property_of(*collection, *owner);
    auto known = std::ranges::find(by_relation, relation, [](const auto& entry) { return entry.first; });
    if (known == by_relation.end()) known = by_relation.insert(known, {relation, {}});
    known->second.push_back(owner);
  }
  for (const auto& [relation, owners] : by_relation) co_await load_stored_items(*relation, owners);
}

/// From the primary, since what is read here is written against.
Task<void> Manager::load_stored_items(const Property& relation, std::span<EntityState* const> owners) {
  const std::optional<ConnectionType> type_before = std::exchange(read_type_, ConnectionType::write);
  std::vector<std::vector<EntityState*>> wanted;
  for (EntityState* owner : owners) {
    CollectionData& data = CollectionAccess::data(collection_at(*owner, relation));
    wanted.push_back(std::move(data.items));
    drop_index(data);
    data.items.clear();
    data.initialized = false;
  }
  std::exception_ptr error;
  try {
    loading::Loader loader(*this, false);
    co_await loader.load_items(relation, owners);
  } catch (...) {
    error = std::current_exception();
  }
  read_type_ = type_before;
  for (std::size_t i = 0; i < owners.size(); ++i) {
    CollectionBase& collection = collection_at(*owners[i], relation);
    CollectionData& data = CollectionAccess::data(collection);
    if (!error) {
      try {
        take_out_replaced(collection, *owners[i], wanted[i]);
        continue;
      } catch (...) {
        error = std::current_exception();
      }
    }
    // The next flush tries again.
    drop_index(data);
    data.items = std::move(wanted[i]);
    data.stored.clear();
    data.initialized = true;
    data.replaced = true;
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace kin::detail
