// SPDX-License-Identifier: MIT
#pragma once

#include <kin/metadata.hpp>
#include <kin/options.hpp>

#include <memory>
#include <span>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

namespace kin::metadata {

/// All entities of one Orm. Built by discovery; immutable and shared by all threads after that.
class Registry {
 public:
  /// Discovers the entities of `options` and those their relations lead to. Throws MetadataError that lists
  /// every problem found, a sentence each with entity and member.
  explicit Registry(const Options& options);
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// Throws ValidationError when the type is not an entity of this Orm.
  const EntityMetadata& of(detail::TypeTag tag) const {
    const auto found = by_tag_.find(tag);
    if (found == by_tag_.end()) [[unlikely]]
      throw_unknown();
    return *found->second;
  }
  const EntityMetadata* find(detail::TypeTag tag) const noexcept {
    const auto found = by_tag_.find(tag);
    return found == by_tag_.end() ? nullptr : found->second;
  }
  /// Ascending by EntityMetadata::index, which is also commit order: referenced entities come first.
  std::span<const EntityMetadata* const> entities() const noexcept { return order_; }

 private:
  [[noreturn]] static void throw_unknown();

  std::vector<std::unique_ptr<EntityMetadata>> owned_{};
  std::vector<const EntityMetadata*> order_{};
  boost::unordered_flat_map<detail::TypeTag, const EntityMetadata*> by_tag_{};
};

}  // namespace kin::metadata
