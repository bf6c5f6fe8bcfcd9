// SPDX-License-Identifier: MIT
#pragma once

#include <kin/collection.hpp>
#include <kin/detail/compiler_text.hpp>
#include <kin/detail/type_tag.hpp>
#include <kin/reference.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <type_traits>

namespace kin::detail {

template <class M>
struct MemberPointer;
template <class C, class M>
struct MemberPointer<M C::*> {
  using owner = C;
  using type = M;
};
template <auto Member>
using member_owner = typename MemberPointer<decltype(Member)>::owner;
template <auto Member>
using member_type = typename MemberPointer<decltype(Member)>::type;

/// Offset of a member. In the Itanium ABI (GCC, clang on Linux and macOS) a pointer to a data member is its offset.
template <auto Member>
std::uint32_t member_offset() {
  auto pointer = Member;
  std::ptrdiff_t offset;
  static_assert(sizeof pointer == sizeof offset);
  std::memcpy(&offset, &pointer, sizeof offset);
  return static_cast<std::uint32_t>(offset);
}

template <auto Member>
inline constexpr MemberId member_id{type_tag<member_owner<Member>>, &member_offset<Member>,
                                    &member_name<Member>};

template <auto... Members>
inline constexpr const MemberId* member_ids[] = {&member_id<Members>...};

/// The class that a path may go on with after a member of type M: the target of a relation, the embeddable itself.
template <class M>
struct StepInto {
  using type = M;
};
template <class T>
struct StepInto<Ref<T>> {
  using type = T;
};
template <class T>
struct StepInto<Collection<T>> {
  using type = T;
};
template <class T>
struct StepInto<std::optional<T>> {
  using type = T;
};

template <auto First, auto... Rest>
struct PathTypes {
  using root = member_owner<First>;
  using leaf = typename PathTypes<Rest...>::leaf;
  static constexpr bool connected =
      std::is_same_v<typename StepInto<member_type<First>>::type, typename PathTypes<Rest...>::root> &&
      PathTypes<Rest...>::connected;
};
template <auto First>
struct PathTypes<First> {
  using root = member_owner<First>;
  using leaf = member_type<First>;
  static constexpr bool connected = true;
};

template <auto... Members>
using path_root = typename PathTypes<Members...>::root;
template <auto... Members>
using path_leaf = typename PathTypes<Members...>::leaf;

/// Tokens and shapes hold the length in a byte.
inline constexpr std::size_t longest_path = 255;

template <auto... Members>
constexpr MemberPath checked_path() {
  static_assert(sizeof...(Members) <= longest_path, "kin: a path has at most 255 members");
  static_assert(PathTypes<Members...>::connected,
                "kin: broken path; each member must belong to the entity that the member before it refers to");
  return MemberPath{member_ids<Members...>, sizeof...(Members)};
}

template <class M>
inline constexpr bool AnyRefType = false;
template <class T>
inline constexpr bool AnyRefType<Ref<T>> = true;
template <class M>
inline constexpr bool AnyCollectionType = false;
template <class T>
inline constexpr bool AnyCollectionType<Collection<T>> = true;

template <auto Member>
inline constexpr bool is_relation_member =
    AnyRefType<member_type<Member>> || AnyCollectionType<member_type<Member>>;

/// Marks a value inside a JSON member.
struct JsonValue {};
/// Specialised for kin::Json by its own header, which alone includes the JSON library.
template <class T>
inline constexpr bool is_json = false;

}  // namespace kin::detail
