// SPDX-License-Identifier: MIT
#include <kin/metadata.hpp>

#include <cstddef>
#include <memory>
#include <string_view>

namespace kin {

const void* MemberAccess::find_in_optional(const void* entity) const {
  const void* wrapper = outer->find(entity);
  if (!wrapper) return nullptr;
  const void* value = optional->get(wrapper);
  return value ? static_cast<const std::byte*>(value) + offset : nullptr;
}

void* MemberAccess::reach(void* entity) const {
  if (!optional) return static_cast<std::byte*>(entity) + offset;
  void* wrapper = outer->reach(entity);
  // emplace() may replace a value that is there.
  void* value = const_cast<void*>(optional->get(wrapper));
  if (!value) value = optional->emplace(wrapper);
  return static_cast<std::byte*>(value) + offset;
}

const Property* EntityMetadata::find_property(std::string_view member) const noexcept {
  const std::vector<Property>* level = &properties;
  for (;;) {
    const Property* found = nullptr;
    for (const Property& property : *level) {
      if (property.name == member) return &property;
      const bool leads_on = !property.members.empty() && member.size() > property.name.size() &&
                            member.starts_with(property.name) && member[property.name.size()] == '.';
      if (leads_on) found = &property;
    }
    if (!found) return nullptr;
    level = &found->members;
  }
}

const PivotTable* EntityMetadata::pivot_of(const Property& property) noexcept {
  if (property.kind != PropertyKind::many_to_many) return nullptr;
  const Property* owner = property.owner ? &property : property.inverse;
  if (!owner) return nullptr;
  for (const std::unique_ptr<PivotTable>& pivot : owner->entity->pivots)
    if (pivot->owner_property == owner) return pivot.get();
  return nullptr;
}

}  // namespace kin
