// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/type_tag.hpp>
#include <kin/metadata.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "metadata/registry.hpp"

namespace kin::query {

/// One property of a path. Steps through embedded structs are folded into the property they lead to, so all
/// hops but the last are relations.
struct Hop {
  const EntityMetadata* entity = nullptr;  ///< that the property belongs to
  const Property* property = nullptr;
};
using Hops = std::vector<Hop>;

/// The properties of a path that starts at `from`. Throws ValidationError when a member is not mapped.
Hops hops_of(const EntityMetadata& from, detail::MemberPath path);
/// As above; the path's first member tells the entity.
Hops hops_of(const metadata::Registry& registry, detail::MemberPath path);

/// Index of the first hop that leads through a collection to something else; `hops.size()` when there is
/// none.
std::size_t first_crossing(const Hops& hops, std::size_t from) noexcept;

/// "Book.author.name", as messages name paths.
std::string path_name(const Hops& hops);

/// Throws ValidationError: "<path>: <sentence>", with the last hop's entity and member as details.
[[noreturn]] void refuse(const Hops& hops, std::string_view sentence);

}  // namespace kin::query
