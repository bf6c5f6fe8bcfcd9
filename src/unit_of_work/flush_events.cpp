// SPDX-License-Identifier: MIT
#include "unit_of_work/flush_events.hpp"

#include <kin/error.hpp>

#include <algorithm>
#include <iterator>
#include <string>

#include "unit_of_work/books.hpp"
#include "unit_of_work/collection_items.hpp"
#include "unit_of_work/entity_runtime.hpp"
#include "unit_of_work/key.hpp"

namespace kin::unit_of_work {

using detail::Manager;

namespace {

/// So often before_* handlers may answer to each other's new changes.
constexpr int most_rounds = 100;

Event before(ChangeKind kind) {
  if (kind == ChangeKind::create) return Event::before_create;
  return kind == ChangeKind::update ? Event::before_update : Event::before_delete;
}
Event after(ChangeKind kind) {
  if (kind == ChangeKind::create) return Event::after_create;
  return kind == ChangeKind::update ? Event::after_update : Event::after_delete;
}

/// An earlier handler may have removed the entity, or taken it back.
bool still_due(const EntityState& state, ChangeKind kind) {
  if (!state.has(EntityState::managed)) return false;
  if (kind == ChangeKind::create) return state.has(EntityState::scheduled);
  return state.has(EntityState::removed) == (kind == ChangeKind::remove);
}

std::vector<EntityState*> minus(const std::vector<EntityState*>& from,
                                const std::vector<EntityState*>& taken) {
  const boost::unordered_flat_set<EntityState*> out(taken.begin(), taken.end());
  std::vector<EntityState*> rest;
  std::ranges::copy_if(from, std::back_inserter(rest),
                       [&](EntityState* state) { return !out.contains(state); });
  return rest;
}

[[noreturn]] void throw_endless() {
  throw ValidationError(
      "flush: the before_* handlers make new changes whose own before_* handlers make more, without end; let "
      "them "
      "leave out what they have made themselves");
}

}  // namespace

FlushEvents::FlushEvents(Manager& manager) : manager_(manager) { manager.flush_events = this; }

FlushEvents::~FlushEvents() {
  manager_.flush_events = nullptr;
  while (!steps_.empty()) {
    const Step step = steps_.back();
    steps_.pop_back();
    try {
      undo(step);
    } catch (...) {
      // Another entity took the key meanwhile; that one stays.
    }
  }
}

void FlushEvents::undo(const Step& step) {
  EntityState& state = *step.state;
  switch (step.kind) {
    case Step::Kind::scheduled:
      manager_.unschedule(&state);
      break;
    case Step::Kind::removed:
      if (state.has(EntityState::removed)) manager_.persist(&state);
      break;
    case Step::Kind::kept:
      if (state.has(EntityState::managed)) manager_.remove(&state);
      break;
  }
}

void FlushEvents::note_scheduled(EntityState* state) {
  // After the flush it is as of the next one.
  if (moment_ == Moment::after) return;
  state->set(EntityState::from_event);
  steps_.push_back({Step::Kind::scheduled, state});
  if (moment_ == Moment::writing) made_.push_back(state);
}

void FlushEvents::note_removed(EntityState* state) {
  if (moment_ != Moment::after) steps_.push_back({Step::Kind::removed, state});
}

bool FlushEvents::defer_remove(EntityState* state) {
  if (moment_ != Moment::writing) return false;
  late_removes_.push_back(state);
  return true;
}

void FlushEvents::require_changing(const char* verb) const {
  if (moment_ == Moment::changing) return;
  throw TransactionStateError(std::string(verb) +
                              ": change sets can be changed in on_flush only; move the call there");
}

void FlushEvents::cancel_remove(EntityState* state) {
  require_changing("cancel_remove");
  manager_.require_own(state, "cancel_remove");
  if (!state->has(EntityState::removed)) return;
  std::erase_if(manager_.orphans(), [&](const Manager::Orphan& orphan) { return orphan.item == state; });
  manager_.persist(state);
  steps_.push_back({Step::Kind::kept, state});
}

void FlushEvents::drop(const ChangeRecord& change) {
  require_changing("drop");
  EntityState& state = *change.state;
  if (!still_due(state, change.kind)) return;
  if (change.kind == ChangeKind::remove) return cancel_remove(&state);
  if (change.kind == ChangeKind::create) {
    manager_.remove(&state);
    steps_.push_back({Step::Kind::removed, &state});
    return;
  }
  const EntityRuntime& runtime = manager_.runtime(*state.metadata);
  const ColumnMask changes = runtime.changes(state);
  for (const Property* property : state.metadata->to_one) {
    if (!property->owner || !changes.has(property->first_column)) continue;
    EntityState* stored = state.snapshot ? runtime.stored_reference(state, *property) : nullptr;
    if (stored && stored->has(EntityState::detached)) stored = nullptr;
    manager_.set_reference(state, *property, stored);
  }
  runtime.reset(state, changes);
}

void FlushEvents::recompute() {
  require_changing("recompute");
  plan_ = collect_changes(manager_, *on_update_);
  list(plan_);
}

ChangeRecord& FlushEvents::record(const ChangeSet& change, ChangeKind kind) {
  ChangeRecord*& known = record_of_[{change.state, kind}];
  if (!known) {
    known = &records_.emplace_back();
    known->state = change.state;
    known->kind = kind;
    known->snapshot = change.state->snapshot;
    known->partial = change.state->has(EntityState::partial);
  }
  if (!known->settled) known->columns = change.columns;
  return *known;
}

void FlushEvents::list(const FlushPlan& plan) {
  changes_.clear();
  for (const ChangeSet& change : plan.inserts) changes_.push_back(&record(change, ChangeKind::create));
  for (const ChangeSet& change : plan.updates) changes_.push_back(&record(change, ChangeKind::update));
  for (const ChangeSet& change : plan.deletes) changes_.push_back(&record(change, ChangeKind::remove));
  FlushPlan links;
  collect_pivots(manager_, links);
  collection_updates_.clear();
  const auto add = [&](const PivotChange& change, std::vector<AnyRef> CollectionUpdate::* list) {
    const Property& property = *change.pivot->owner_property;
    auto found = std::ranges::find_if(collection_updates_, [&](const CollectionUpdate& update) {
      return update.owner == AnyRef(change.row.owner) && update.member == property.name;
    });
    if (found == collection_updates_.end()) {
      collection_updates_.push_back({AnyRef(change.row.owner), property.name, {}, {}});
      found = collection_updates_.end() - 1;
    }
    ((*found).*list).push_back(AnyRef(change.row.target));
  };
  for (const PivotChange& change : links.pivot_inserts) add(change, &CollectionUpdate::added);
  for (const PivotChange& change : links.pivot_removes) add(change, &CollectionUpdate::removed);
}

const ChangeRecord* FlushEvents::change_of(const EntityState* state) const {
  const auto found = std::ranges::find(changes_, state, &ChangeRecord::state);
  return found == changes_.end() ? nullptr : *found;
}

std::vector<CollectionUpdate> FlushEvents::collection_updates() const { return collection_updates_; }

FlushPlan FlushEvents::prepare(RunOnce& on_update) {
  const auto& subscribers = manager_.listeners().subscribers();
  FlushEventArgs args(manager_, *this);
  for (const auto& subscriber : subscribers) subscriber->before_flush(args);
  on_update_ = &on_update;
  moment_ = Moment::changing;
  if (subscribers.empty()) plan_ = collect_changes(manager_, on_update);
  for (const auto& subscriber : subscribers) {
    recompute();
    subscriber->on_flush(args);
  }
  if (!subscribers.empty()) plan_ = collect_changes(manager_, on_update);
  moment_ = Moment::preparing;
  for (int round = 0; fire_before(plan_); ++round) {
    if (round == most_rounds) throw_endless();
    plan_ = collect_changes(manager_, on_update);
  }
  if (!subscribers.empty()) list(plan_);
  on_update_ = nullptr;
  moment_ = Moment::writing;
  return std::move(plan_);
}

bool FlushEvents::fire_before(const FlushPlan& plan) {
  bool fired = fire_before(plan.inserts, ChangeKind::create);
  fired |= fire_before(plan.updates, ChangeKind::update);
  fired |= fire_before(plan.deletes, ChangeKind::remove);
  return fired;
}

bool FlushEvents::fire_before(const std::vector<ChangeSet>& changes, ChangeKind kind) {
  bool fired = false;
  for (const ChangeSet& change : changes) {
    if (!manager_.listeners().hears(*change.state->metadata, before(kind)) || !still_due(*change.state, kind))
      continue;
    const ChangeRecord& known = record(change, kind);
    if (!fired_.insert(&known).second) continue;
    fired = true;
    manager_.fire_event(before(kind), *change.state, &known);
  }
  return fired;
}

void FlushEvents::settle(const std::vector<ChangeSet>& changes, ChangeKind kind) {
  for (const ChangeSet& change : changes) {
    ChangeRecord& known = record(change, kind);
    known.columns = change.columns;
    known.settled = true;
  }
}

void FlushEvents::fire_after(const std::vector<ChangeSet>& changes, ChangeKind kind) {
  for (const ChangeSet& change : changes) {
    if (!manager_.listeners().hears(*change.state->metadata, after(kind))) continue;
    manager_.fire_event(after(kind), *change.state, &record(change, kind));
  }
}

FlushEvents::Links FlushEvents::links_of(detail::CollectionBase& collection) {
  const detail::CollectionData& data = detail::CollectionAccess::data(collection);
  Links links{&collection, {}, {}, {}};
  if (data.initialized) {
    links.items = data.items;
  } else {
    links.added = data.added;
    links.taken = data.taken;
  }
  return links;
}

void FlushEvents::before_books() {
  for (detail::CollectionBase* collection : manager_.changed_collections())
    if (detail::CollectionAccess::data(*collection).dirty) keep_late(*collection);
  const auto& orphans = manager_.orphans();
  const std::size_t written = std::min(written_orphans_, orphans.size());
  late_orphans_.assign(orphans.begin() + static_cast<std::ptrdiff_t>(written), orphans.end());
}

void FlushEvents::keep_late(detail::CollectionBase& collection) {
  const detail::CollectionData& data = detail::CollectionAccess::data(collection);
  const auto found = std::ranges::find(written_, &collection, &Links::collection);
  Links before{&collection, data.initialized ? data.stored : std::vector<EntityState*>(), {}, {}};
  if (found != written_.end()) before = std::move(*found);
  if (data.initialized) {
    if (before.items != data.items) late_.push_back(std::move(before));
    return;
  }
  Links late{&collection, {}, minus(data.added, before.added), minus(data.taken, before.taken)};
  // What was written and then changed back.
  for (EntityState* state : minus(before.taken, data.taken)) late.added.push_back(state);
  for (EntityState* state : minus(before.added, data.added)) late.taken.push_back(state);
  if (!late.added.empty() || !late.taken.empty()) late_.push_back(std::move(late));
}

void FlushEvents::after_books() {
  for (Links& late : late_) {
    detail::CollectionData& data = detail::CollectionAccess::data(*late.collection);
    if (data.initialized) {
      data.stored = std::move(late.items);
    } else {
      detail::drop_index(data);
      data.added = std::move(late.added);
      data.taken = std::move(late.taken);
    }
    manager_.queue_collection(*late.collection, data);
  }
  manager_.orphans() = std::move(late_orphans_);
  for (EntityState* state : late_removes_)
    if (state->has(EntityState::managed)) manager_.remove(state);
}

void FlushEvents::written(FlushPlan& plan) {
  if (!settled_) {
    for (detail::CollectionBase* collection : manager_.changed_collections())
      if (detail::CollectionAccess::data(*collection).dirty) written_.push_back(links_of(*collection));
    written_orphans_ = manager_.orphans().size();
    settled_ = true;
  }
  fix_snapshots(manager_, plan);
  settle(plan.inserts, ChangeKind::create);
  for (const auto* list : {&plan.early_updates, &plan.updates}) settle(*list, ChangeKind::update);
  for (const auto* list : {&plan.early_deletes, &plan.deletes}) settle(*list, ChangeKind::remove);
  fire_after(plan.inserts, ChangeKind::create);
  for (const auto* list : {&plan.early_updates, &plan.updates}) fire_after(*list, ChangeKind::update);
  for (const auto* list : {&plan.early_deletes, &plan.deletes}) fire_after(*list, ChangeKind::remove);
}

FlushPlan FlushEvents::made_since() {
  FlushPlan plan;
  for (std::size_t round = 0; !made_.empty(); ++round) {
    if (round == most_rounds) throw_endless();
    const std::vector<EntityState*> made = std::move(made_);
    made_.clear();
    std::vector<ChangeSet> changes;
    for (EntityState* state : made)
      if (state->has(EntityState::scheduled)) changes.push_back(insertion_of(manager_, *state));
    // Their handlers may make some, too.
    fire_before(changes, ChangeKind::create);
    for (const ChangeSet& change : changes)
      if (still_due(*change.state, ChangeKind::create))
        plan.inserts.push_back(insertion_of(manager_, *change.state));
  }
  for (const ChangeSet& change : plan.inserts) validate_insert(manager_, change);
  for (const ChangeSet& change : plan.inserts)
    if (manager_.has_key(*change.state)) manager_.register_key(change.state);
  if (!plan.inserts.empty()) order_inserts(manager_, plan);
  for (const ChangeSet& change : plan.inserts) changes_.push_back(&record(change, ChangeKind::create));
  return plan;
}

void FlushEvents::after_flush() {
  moment_ = Moment::after;
  FlushEventArgs args(manager_, *this);
  for (const auto& subscriber : manager_.listeners().subscribers()) subscriber->after_flush(args);
}

}  // namespace kin::unit_of_work

namespace kin {

std::vector<ChangeSet> FlushEventArgs::change_sets() const {
  std::vector<ChangeSet> sets;
  for (const unit_of_work::ChangeRecord* record : events_.changes()) sets.emplace_back(record);
  return sets;
}
ChangeSet FlushEventArgs::change_of(const detail::EntityState* state) const {
  return ChangeSet(events_.change_of(state));
}
std::vector<CollectionUpdate> FlushEventArgs::collection_updates() const {
  return events_.collection_updates();
}
void FlushEventArgs::recompute() { events_.recompute(); }
void FlushEventArgs::cancel_remove_state(detail::EntityState* state) { events_.cancel_remove(state); }
void FlushEventArgs::cancel_remove(const ChangeSet& change) {
  if (change) events_.cancel_remove(change.record_->state);
}
void FlushEventArgs::turn_into_remove(const ChangeSet& change) {
  if (!change || change.record_->state->has(detail::EntityState::removed)) return;
  manager_.remove(change.record_->state);
  events_.note_removed(change.record_->state);
}
void FlushEventArgs::drop(const ChangeSet& change) {
  if (change) events_.drop(*change.record_);
}

}  // namespace kin
