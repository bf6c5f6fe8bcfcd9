// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "query/plan.hpp"

namespace kin::query {

/// True when the list of an in or not_in, the node `list`, is one parameter where lists from `shortest`
/// values on are (0: none are): all of it are values of one kind, and follow each other in the request.
bool is_array(const std::vector<Node>& nodes, std::uint32_t list, std::uint32_t shortest);

/// Parameters of a read with so many values, where such lists are one each.
std::size_t parameter_count(const ReadPlan& plan, std::size_t values, std::uint32_t shortest);

}  // namespace kin::query
