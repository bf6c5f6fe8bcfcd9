// SPDX-License-Identifier: MIT
#pragma once

#include "result.hpp"

#include <string>
#include <string_view>

namespace bench {

/// What can only be measured in a process of its own: this program starts itself as a child.
/// Both take files that hold the authors.
Result measure_memory(const std::string& raw_file, const std::string& kin_file, int rounds);
Result measure_startup(const std::string& raw_file, const std::string& kin_file, int rounds);

/// Main of the child: `side` is raw or kin, `task` memory or startup.
int run_child(std::string_view task, std::string_view side, const std::string& file);

}  // namespace bench
