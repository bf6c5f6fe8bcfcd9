// SPDX-License-Identifier: MIT
#pragma once

#include <kin/log.hpp>

#include <string>

namespace kin::sql {

/// The line that console_log() prints of a statement, without a newline.
std::string log_line(const Query& query, const LogOptions& options, bool colours);

}  // namespace kin::sql
