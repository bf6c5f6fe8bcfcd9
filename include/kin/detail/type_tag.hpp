// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kin::detail {

/// Identity of a C++ type without RTTI; the type may be incomplete where it is named.
using TypeTag = const void*;
template <class T>
inline constexpr char type_tag_anchor = 0;
template <class T>
inline constexpr TypeTag type_tag = &type_tag_anchor<T>;

/// A member of a class, known by its class and its offset; resolved to a Property once the Orm exists.
struct MemberId {
  TypeTag owner;
  std::uint32_t (*offset)();
  std::string_view (*name)();
};

/// A path over members such as Book::author, Author::name: pointer to a static array and its length.
struct MemberPath {
  const MemberId* const* steps = nullptr;
  std::uint32_t length = 0;
};

}  // namespace kin::detail
