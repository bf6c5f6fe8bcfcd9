// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

#include "drivers/driver.hpp"
#include "unit_of_work/column_mask.hpp"
#include "unit_of_work/manager.hpp"

namespace kin::unit_of_work {

/// A change of one entity: its operation follows from the list it stands in.
struct ChangeSet {
  EntityState* state = nullptr;
  ColumnMask columns{};   ///< written columns of inserts and updates; of a delete those that mark the row in its place
  /// Of inserts: foreign keys to rows that do not exist yet, written afterwards. Of updates and deletes:
  /// columns that an earlier statement of this flush sets to null.
  ColumnMask deferred{};
  /// Of inserts and updates: what was written, when handlers may have edited the entity since; else null.
  std::byte* written = nullptr;
};

struct PivotChange {
  const PivotTable* pivot = nullptr;
  driver::PivotRow row{};
};

/// Everything that a flush writes, in the order in which the lists are written (features UOW-04). Made without any
/// I/O, so that what is wrong is found before anything is sent.
struct FlushPlan {
  std::vector<ChangeSet> releases{};        ///< columns that are null until their row's own update
  std::vector<ChangeSet> early_deletes{};   ///< free a key or unique value that an insert or update takes
  std::vector<ChangeSet> early_updates{};
  std::vector<ChangeSet> inserts{};         ///< referenced rows first
  std::vector<ChangeSet> updates{};
  std::vector<ChangeSet> extra_updates{};   ///< the deferred foreign keys
  std::vector<PivotChange> pivot_removes{};
  std::vector<PivotChange> pivot_inserts{};
  std::vector<ChangeSet> null_references{};  ///< break cycles among rows that are deleted
  std::vector<ChangeSet> deletes{};          ///< referring rows first
  bool ordered_updates = false;  ///< the order of both lists of updates matters: some free what others take
  std::vector<std::size_t> insert_levels{};  ///< ends of the runs of `inserts` that may share batches

  /// Which of the lists is being written.
  enum class Part : std::uint8_t {
    keys,
    releases,
    early_deletes,
    early_updates,
    inserts,
    updates,
    extra_updates,
    pivot_removes,
    pivot_inserts,
    null_references,
    deletes,
  };
  Part part = Part::keys;

  bool empty() const noexcept {
    return early_deletes.empty() && early_updates.empty() && inserts.empty() && updates.empty() &&
           pivot_removes.empty() && pivot_inserts.empty() && deletes.empty();
  }
};

/// Entities whose on_update has run in this flush: once is enough, however often changes are collected.
using RunOnce = boost::unordered_flat_set<const EntityState*>;

class FlushEvents;

/// Applies cascades and orphan removal, compares entities with their snapshots, runs on_update, validates, orders.
/// `events`: null when nobody listens. Throws ValidationError and leaves everything pending.
/// As a preview it runs no function of the user and leaves all values but references as they are: members of
/// on_update count as changed, versions and marks of deletion as written.
FlushPlan make_flush_plan(detail::Manager& manager, FlushEvents* events, bool preview = false);
/// Its first part, which may be repeated: what changed, neither validated nor ordered.
FlushPlan collect_changes(detail::Manager& manager, RunOnce& on_update, bool preview = false);
/// Its second part: links of collections, validation, order, versions.
void finish_plan(detail::Manager& manager, FlushPlan& plan, bool preview = false);
/// The insertion of one entity that is scheduled.
ChangeSet insertion_of(const detail::Manager& manager, EntityState& state);
/// The changed links of many-to-many collections.
void collect_pivots(detail::Manager& manager, FlushPlan& plan);

/// After a flush that failed: what the partners of changed one-to-one references were told is taken back, for the user
/// may set a reference to what is stored again, and no comparison would find that.
void forget_told_sides(detail::Manager& manager, const std::vector<ChangeSet>& updates);

/// The columns that an insert of the entity writes: all but those that the database fills in.
ColumnMask insert_columns(const EntityRuntime& runtime, const EntityState& state);
/// Moves a version member on, of a new row to its first value.
void advance_version(EntityState& state, const Column& version, bool inserting);

/// True when a flush would write something; runs no hooks.
bool anything_to_flush(detail::Manager& manager);
/// The same for the entities of one type.
bool anything_to_flush(detail::Manager& manager, const EntityMetadata& entity);
/// True when changes of other types may let entities of this one go, whose removal follows.
bool may_leave_orphans(detail::Manager& manager, const EntityMetadata& entity);

/// Whether deleting this entity only marks its row (soft_delete.cpp).
bool is_marked_only(const EntityState& state) noexcept;
/// Whether it counts as deleted by the mark that it has in memory.
bool has_mark(const EntityState& state);
/// The same of the row as it was read.
bool was_marked(const EntityState& state);
/// Gives rows that are to be marked the mark and their next version, in memory too unless it is a preview.
void mark_deletes(detail::Manager& manager, FlushPlan& plan, bool preview);
/// After a failure or a rollback: the mark is what the row holds.
void restore_mark(EntityState& state);
/// Microseconds from one time to the next that a member can tell apart.
std::int64_t time_step(const detail::Codec& codec);
/// Moves an entity's version on, as every update does.
void advance_version(EntityState& state, const Column& version, bool inserting);

// The steps, each in a file of its own.

/// inverse_sides.cpp: makes the owners follow inverse one-to-one members that the user assigned. Returns true
/// when there was one. Throws ValidationError for entities that cannot be referred to.
bool follow_inverse_sides(detail::Manager& manager);
/// cascades.cpp: schedules what cascades reach, without recursion.
void apply_cascades(detail::Manager& manager);
/// insert_order.cpp: orders plan.inserts, fills deferred, extra_updates and insert_levels.
void order_inserts(detail::Manager& manager, FlushPlan& plan);
/// key_order.cpp: orders changes by type and then by key, so that everybody locks rows in the same order.
void order_by_key(std::vector<ChangeSet>& changes);
/// delete_order.cpp: orders plan.deletes, fills null_references.
void order_deletes(detail::Manager& manager, FlushPlan& plan);
/// unique_order.cpp: moves deletes and updates that free unique values ahead.
void order_by_unique_values(detail::Manager& manager, FlushPlan& plan);
/// validation.cpp: what may not be written.
void validate_insert(const detail::Manager& manager, const ChangeSet& change);
void validate_update(const detail::Manager& manager, const ChangeSet& change);

}  // namespace kin::unit_of_work

namespace kin::detail {

/// Writes the plan in its order (flush.cpp).
Task<void> write_plan(driver::Connection& connection, unit_of_work::FlushPlan& plan,
                      const driver::Capabilities& capabilities);

}  // namespace kin::detail
