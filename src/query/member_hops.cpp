// SPDX-License-Identifier: MIT
#include "query/member_hops.hpp"

#include <kin/error.hpp>

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace kin::query {
namespace {

const Property* member_at(const std::vector<Property>& members, std::uint32_t offset) noexcept {
  const auto found = std::ranges::find(members, offset, &Property::offset);
  return found == members.end() ? nullptr : &*found;
}

/// Walks the steps of one path.
class Walk {
 public:
  explicit Walk(const EntityMetadata& from) : entity_(&from) {}

  void step(const detail::MemberId& member) {
    if (!entity_) refuse(hops_, "a plain member ends a path; take the members after it away.");
    const Property& property = find(member);
    if (within_) hops_.pop_back();
    hops_.push_back({entity_, &property});
    within_ = property.kind == PropertyKind::embedded ? &property : nullptr;
    if (!within_) entity_ = property.target;
  }
  Hops take() { return std::move(hops_); }

 private:
  const Property& find(const detail::MemberId& member) const {
    const auto* type = within_ ? within_->embedded : entity_->type;
    const Property* property = nullptr;
    if (type && type->tag == member.owner)
      property =
          within_ ? member_at(within_->members, member.offset()) : entity_->property_at(member.offset());
    if (!property) refuse_unknown(member);
    return *property;
  }
  [[noreturn]] void refuse_unknown(const detail::MemberId& member) const {
    throw ValidationError(
        fmt::format("{0}: {1} is not one of its mapped members; list it in the description of {0}.",
                    entity_->name, member.name()),
        {.entity = entity_->name, .property = std::string(member.name())});
  }

  const EntityMetadata* entity_;
  const Property* within_ = nullptr;  ///< the embedded struct that the next step starts from
  Hops hops_{};
};

}  // namespace

Hops hops_of(const EntityMetadata& from, detail::MemberPath path) {
  Walk walk(from);
  for (std::uint32_t i = 0; i < path.length; ++i) walk.step(*path.steps[i]);
  return walk.take();
}

Hops hops_of(const metadata::Registry& registry, detail::MemberPath path) {
  return hops_of(registry.of(path.steps[0]->owner), path);
}

std::size_t first_crossing(const Hops& hops, std::size_t from) noexcept {
  for (std::size_t i = from; i + 1 < hops.size(); ++i)
    if (hops[i].property->is_to_many()) return i;
  return hops.size();
}

std::string path_name(const Hops& hops) {
  std::string name = hops.front().entity->name;
  for (const Hop& hop : hops) {
    name += '.';
    name += hop.property->name;
  }
  return name;
}

void refuse(const Hops& hops, std::string_view sentence) {
  const Hop& last = hops.back();
  throw ValidationError(fmt::format("{}: {}", path_name(hops), sentence),
                        {.entity = last.entity->name, .property = last.property->name});
}

}  // namespace kin::query
