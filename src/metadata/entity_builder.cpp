// SPDX-License-Identifier: MIT
#include <kin/detail/entity_builder.hpp>

#include <algorithm>
#include <utility>

namespace kin::detail {
namespace {

std::string_view without_trailing_underscores(std::string_view name) {
  const std::size_t last = name.find_last_not_of('_');
  return last == std::string_view::npos ? name : name.substr(0, last + 1);
}

Property* find_at(std::vector<Property>& properties, std::uint32_t offset) {
  const auto found = std::ranges::find(properties, offset, &Property::offset);
  return found == properties.end() ? nullptr : &*found;
}

void set_type(Property& property, const MemberType& type) {
  switch (type.category) {
    case MemberType::Category::scalar:
      property.codec = type.codec;
      break;
    case MemberType::Category::embedded:
      property.kind = PropertyKind::embedded;
      property.embedded = type.target();
      property.embedded_optional = type.optional;
      break;
    case MemberType::Category::to_one:
      property.kind = PropertyKind::many_to_one;
      property.target_type = type.target();
      break;
    case MemberType::Category::to_many:
      property.kind = PropertyKind::one_to_many;
      property.target_type = type.target();
      break;
    case MemberType::Category::unknown:
      break;
  }
}

}  // namespace

EntityBuilder::EntityBuilder(const TypeDescriptor& described) : type(described) {}

void EntityBuilder::add_member(std::string_view name, std::size_t offset, const MemberType& member_type) {
  const auto at = static_cast<std::uint32_t>(offset);
  const std::string_view plain_name = without_trailing_underscores(name);
  if (find_at(properties, at)) {
    problem(std::string(type.name) + "." + std::string(plain_name) +
            ": properties<>() lists the member twice.");
    return;
  }
  if (Property* described = find_at(set_aside_, at)) {
    properties.push_back(std::move(*described));
    return;
  }
  Property& property = properties.emplace_back();
  property.name = plain_name;
  property.offset = at;
  set_type(property, member_type);
  if (member_type.category == MemberType::Category::unknown)
    unknown_types_.push_back({at, member_type.type_name});
}

Property& EntityBuilder::property(const MemberId& member) {
  if (member.owner == type.tag)
    if (Property* found = find_at(properties, member.offset())) return *found;
  problem(std::string(type.name) + "." + std::string(member.name()) +
          ": on<>() describes a member that is not listed; name it in properties<>() first.");
  fallback_ = Property();
  return fallback_;
}

void EntityBuilder::start_explicit_list() {
  if (lists_itself_) return;
  lists_itself_ = true;
  set_aside_ = std::move(properties);
  properties.clear();
}

void EntityBuilder::add_index(std::string_view name, bool unique, const MemberId* const* members,
                              std::size_t count) {
  IndexDefinition& index = indexes.emplace_back();
  index.name = name;
  index.unique = unique;
  index.members.assign(members, members + count);
}

void EntityBuilder::problem(std::string text) { problems.push_back(std::move(text)); }

std::string_view EntityBuilder::unknown_type_at(std::uint32_t offset) const noexcept {
  const auto found = std::ranges::find(unknown_types_, offset, &UnknownType::offset);
  return found == unknown_types_.end() ? std::string_view() : found->name;
}

}  // namespace kin::detail
