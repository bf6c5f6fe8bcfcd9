// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "unit_of_work/flush_plan.hpp"

namespace kin::unit_of_work {

/// After a flush: snapshots, flags, collections and the relations of what was deleted. Inside a transaction every step
/// goes into the journal.
void close_books(detail::Manager& manager, const FlushPlan& plan);

/// Right after the writing: the books will be closed with what was written, whatever handlers edit until then.
void fix_snapshots(detail::Manager& manager, FlushPlan& plan);

/// Takes back what was noted since `mark`: generated keys, snapshots, flags, deletions.
void undo_journal(detail::Manager& manager, std::size_t mark);

/// After a failed write: version members hold their stored value again.
void restore_versions(detail::Manager& manager, const FlushPlan& plan);

/// Collections that were changed and changed back, and those whose changes live in foreign keys, start anew.
void tidy_collections(detail::Manager& manager);

bool pivot_changed(detail::Manager& manager, const PivotTable& pivot);

}  // namespace kin::unit_of_work
