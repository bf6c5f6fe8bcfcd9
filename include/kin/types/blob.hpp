// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

namespace kin {

/// Any bytes. A std::vector<std::uint8_t> works as a member just as well.
using Blob = std::vector<std::byte>;

}  // namespace kin
