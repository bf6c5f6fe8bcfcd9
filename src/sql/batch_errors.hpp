// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

#include "drivers/driver.hpp"

namespace kin::sql {

/// Throws the ValidationError for a value of a batch that the database cannot store: the parameter with this
/// index, by the name of its entity and member. `reason` is a codec's or driver's half sentence.
[[noreturn]] void refuse_in_batch(const driver::WriteBatch& batch, std::size_t index,
                                  const std::string& reason, const std::string& text);

}  // namespace kin::sql
