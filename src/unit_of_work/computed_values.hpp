// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include "drivers/driver.hpp"
#include "unit_of_work/column_mask.hpp"
#include "unit_of_work/flush_plan.hpp"
#include "unit_of_work/manager.hpp"

/// Members whose next value the database computes: EntityManager::set.
namespace kin::unit_of_work {

/// The columns that are to be computed. Those whose member got another value since are forgotten: that value
/// is written.
ColumnMask computed_columns(detail::Manager& manager, const EntityState& state);

/// Writes the changes that have such columns, each by a statement of its own, and reads what came out;
/// returns the others. Throws OptimisticLockError for a row that is gone or does not hold what `expected`
/// asks for.
Task<std::vector<ChangeSet>> write_computed(driver::Connection& connection,
                                            std::span<const ChangeSet> changes,
                                            ColumnMask (*expected)(const ChangeSet&));

/// Throws OptimisticLockError for an entity whose row was not met.
[[noreturn]] void throw_missed(const EntityState& state);

/// After a flush: the members hold what the row does. Returns what a rollback has to make pending again.
std::vector<ComputedValue> close_computed(detail::Manager& manager, EntityState& state);

/// After a rollback.
void undo_computed(detail::Manager& manager, EntityState& state, std::vector<ComputedValue>&& values);

}  // namespace kin::unit_of_work
