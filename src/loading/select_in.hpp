// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include <boost/unordered/unordered_flat_map.hpp>

#include "query/planner.hpp"

namespace kin::loading {

/// Plans of "the rows that belong to these keys", one for each relation and length of list. Lists are filled up to a
/// power of two by repeating the last key, so that few texts exist. Thread-safe.
class SelectInPlans {
 public:
  /// Entities of `entity` by their keys.
  std::shared_ptr<const query::PlannedRead> by_key(const EntityMetadata& entity, std::size_t list_size,
                                                   bool with_deleted);
  /// Items of a to-many relation, or the entity on the other side of a to-one inverse: from
  /// owner_cell on, a row has the owner's key.
  std::shared_ptr<const query::PlannedRead> items_of(const Property& relation, std::size_t list_size,
                                                     bool with_deleted);
  /// As list_size of items_of: the owners' keys are all integers from one value to another, which are the parameters.
  static constexpr std::size_t key_range = 0;

  /// The length that a list of `count` keys is filled up to.
  static std::size_t padded(std::size_t count) noexcept;

 private:
  using Key = std::pair<const void*, std::size_t>;
  static Key key_of(const void* of, std::size_t list_size, bool with_deleted) noexcept {
    return {of, 2 * list_size + (with_deleted ? 1 : 0)};
  }
  std::mutex mutex_{};
  boost::unordered_flat_map<Key, std::shared_ptr<const query::PlannedRead>> plans_{};
};

}  // namespace kin::loading
