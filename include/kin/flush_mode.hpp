// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace kin {

/// When pending changes are flushed by themselves.
enum class FlushMode : std::uint8_t {
  automatic,  ///< before a query, when entity types that it touches have changes; the default
  commit,     ///< by flush() and commit() only
  always,     ///< before every query
};

}  // namespace kin
