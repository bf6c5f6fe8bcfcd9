// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace kin {

/// Names kin::Json without the cost of its definition; include <kin/types/json.hpp> where one is a member.
using Json = nlohmann::json;

}  // namespace kin
