// SPDX-License-Identifier: MIT
#pragma once

#include <kin/events.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "unit_of_work/flush_plan.hpp"

namespace kin::unit_of_work {

/// What a ChangeSet of the public face tells of.
struct ChangeRecord {
  EntityState* state = nullptr;
  ChangeKind kind{};
  std::byte* snapshot = nullptr;  ///< as of before the flush, which keeps it
  bool partial = false;
  ColumnMask columns{};  ///< what is written, once that is settled
  bool settled = false;
};

/// The events of one flush, from its beginning to its end; exists only when somebody listens. Unless the
/// flush succeeds, its destructor takes back what the handlers have scheduled.
class FlushEvents {
 public:
  explicit FlushEvents(detail::Manager& manager);
  FlushEvents(const FlushEvents&) = delete;
  FlushEvents& operator=(const FlushEvents&) = delete;
  ~FlushEvents();

  /// before_flush, on_flush and the before_* events, until the handlers have nothing new to say. Returns the
  /// changes, neither validated nor ordered.
  FlushPlan prepare(RunOnce& on_update);
  /// Of the plan that prepare() makes, as far as it came.
  const std::vector<ChangeSet>& updates() const noexcept { return plan_.updates; }
  /// Everything in the plan is written: fixes its snapshots and fires the after_* events.
  void written(FlushPlan& plan);
  /// What after_* handlers have made, to be written by the same flush; empty when that was nothing.
  FlushPlan made_since();
  /// Around the closing of the books, which takes all changes of collections and all orphans for written:
  /// those that after_* handlers have made stay pending.
  void before_books();
  void after_books();
  /// The flush is committed, its books are closed: what was scheduled stays.
  void succeed() noexcept { steps_.clear(); }
  void after_flush();

  // What handlers do.
  void note_scheduled(EntityState* state);
  void note_removed(EntityState* state);
  /// Of after_* handlers: what is being written is removed by the next flush. True when it waits.
  bool defer_remove(EntityState* state);
  void cancel_remove(EntityState* state);
  void drop(const ChangeRecord& change);
  void recompute();
  std::vector<const ChangeRecord*> changes() const { return changes_; }
  const ChangeRecord* change_of(const EntityState* state) const;
  std::vector<CollectionUpdate> collection_updates() const;

 private:
  enum class Moment : std::uint8_t { before, changing, preparing, writing, after };
  struct Step {
    enum class Kind : std::uint8_t { scheduled, removed, kept } kind;
    EntityState* state;
  };

  /// The pending changes of a many-to-many collection.
  struct Links {
    detail::CollectionBase* collection;
    std::vector<EntityState*> items{};  ///< where they are known
    std::vector<EntityState*> added{};
    std::vector<EntityState*> taken{};
  };
  static Links links_of(detail::CollectionBase& collection);
  void keep_late(detail::CollectionBase& collection);

  void require_changing(const char* verb) const;
  bool fire_before(const FlushPlan& plan);
  bool fire_before(const std::vector<ChangeSet>& changes, ChangeKind kind);
  void fire_after(const std::vector<ChangeSet>& changes, ChangeKind kind);
  void settle(const std::vector<ChangeSet>& changes, ChangeKind kind);
  void list(const FlushPlan& plan);
  ChangeRecord& record(const ChangeSet& change, ChangeKind kind);
  void undo(const Step& step);

  detail::Manager& manager_;
  Moment moment_ = Moment::before;
  RunOnce* on_update_ = nullptr;
  FlushPlan plan_{};                    // while handlers may still change it
  std::deque<ChangeRecord> records_{};  // their addresses stay
  boost::unordered_flat_map<std::pair<const EntityState*, ChangeKind>, ChangeRecord*> record_of_{};
  boost::unordered_flat_set<const ChangeRecord*> fired_{};
  std::vector<const ChangeRecord*> changes_{};
  std::vector<CollectionUpdate> collection_updates_{};
  std::vector<Step> steps_{};
  std::vector<EntityState*> made_{};  // by after_* handlers
  std::vector<Links> written_{};      // collections as they were written
  std::size_t written_orphans_ = 0;
  bool settled_ = false;
  std::vector<EntityState*> late_removes_{};
  std::vector<Links> late_{};  // what after_* handlers changed in them
  std::vector<detail::Manager::Orphan> late_orphans_{};
};

}  // namespace kin::unit_of_work
