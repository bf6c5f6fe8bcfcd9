// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/direct_writes.hpp>

#include <memory>
#include <vector>

#include "unit_of_work/column_mask.hpp"
#include "unit_of_work/manager.hpp"

namespace kin::detail {

/// The states of the drafts lie outside of the arena, so that rows without number can be inserted. They are
/// marked as detached.
struct Drafts::Data {
  Data(Manager& of, const EntityMetadata& type) : manager(of), entity(type) {}
  Data(const Data&) = delete;
  Data& operator=(const Data&) = delete;
  ~Data();

  Manager& manager;
  const EntityMetadata& entity;
  std::vector<EntityState*> states{};
  std::vector<unit_of_work::ColumnMask> given{};  ///< columns whose members are other than in a new object
  std::vector<bool> has_key{};                    ///< the value itself has a key
  EntityState* adopted = nullptr;                 ///< the entity of create_detached() among the states
};

/// Handlers may change the values, and what they set counts as given.
void tell_before_upsert(Drafts::Data& drafts);
/// Throws ValidationError for what may not be inserted. Versions have their first value afterwards.
void prepare_drafts(Drafts::Data& drafts, const char* verb);

}  // namespace kin::detail
