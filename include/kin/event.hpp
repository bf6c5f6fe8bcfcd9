// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace kin {

/// What happens to an entity, for hooks in describe() and for subscribers; see <kin/events.hpp> for when.
enum class Event : std::uint8_t {
  on_init,  ///< made by em.create, or read for the first time
  on_load,  ///< read, or read again; not of a stub
  before_create,
  after_create,
  before_update,
  after_update,
  before_delete,
  after_delete,
  before_upsert,
  after_upsert,
};

}  // namespace kin
