// SPDX-License-Identifier: MIT
// Keys and unique values that one row gives up and another takes in the same flush (feature UOW-06): the row that
// gives up is written first. Only types with unique columns that have both kinds of changes cost anything here.
#include <algorithm>
#include <span>
#include <string>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "unit_of_work/entity_runtime.hpp"
#include "unit_of_work/flush_plan.hpp"
#include "unit_of_work/key.hpp"

namespace kin::unit_of_work {
namespace {

using detail::Manager;
using Columns = std::span<const Column* const>;

/// The values of some columns as comparable bytes; false when one of them is null, which is unique by itself.
template <class ValueOf>
bool pack(Columns columns, std::string& packed, ValueOf&& value_of) {
  packed.clear();
  for (const Column* column : columns) {
    Scratch scratch;
    const ValueView value = value_of(*column, scratch);
    if (value.is_null()) return false;
    packed += Value(value).to_string();
    packed += '\0';
  }
  return true;
}

bool pack_current(const EntityState& state, Columns columns, std::string& packed) {
  return pack(columns, packed,
              [&](const Column& column, Scratch& scratch) { return column_value(column, state.entity(), scratch); });
}

bool pack_stored(Manager& manager, const EntityState& state, Columns columns, std::string& packed) {
  if (!state.snapshot) {
    for (const Column* column : columns)
      if (!column->primary_key) return false;
    return pack_current(state, columns, packed);
  }
  const EntityRuntime& runtime = manager.runtime(*state.metadata);
  return pack(columns, packed, [&](const Column& column, Scratch& scratch) {
    return runtime.stored_value(state, column, scratch);
  });
}

bool touches(const ColumnMask& mask, Columns columns) {
  return std::any_of(columns.begin(), columns.end(), [&](const Column* column) { return mask.has(column->index); });
}

/// Sets of columns of one type that no two rows may share.
std::vector<std::vector<const Column*>> unique_sets(const EntityMetadata& entity) {
  std::vector<std::vector<const Column*>> sets;
  if (!entity.generated_key) sets.push_back(entity.key);
  for (const IndexDefinition& index : entity.indexes)
    if (index.unique) sets.push_back(index.columns);
  return sets;
}

struct Marks {
  boost::unordered_flat_set<const EntityState*> early_deletes{};
  boost::unordered_flat_set<const EntityState*> early_updates{};
  /// giver → taker among updates
  std::vector<std::pair<const EntityState*, const EntityState*>> before{};
};

void examine(Manager& manager, const EntityMetadata& entity, Columns columns, const FlushPlan& plan, Marks& marks) {
  struct Taker {
    const EntityState* state;
    bool inserts;
  };
  boost::unordered_flat_map<std::string, Taker> takers;
  std::string packed;
  for (const ChangeSet& change : plan.inserts)
    if (change.state->metadata == &entity && pack_current(*change.state, columns, packed))
      takers.emplace(packed, Taker{change.state, true});
  for (const ChangeSet& change : plan.updates)
    if (change.state->metadata == &entity && touches(change.columns, columns) &&
        pack_current(*change.state, columns, packed))
      takers.emplace(packed, Taker{change.state, false});
  if (takers.empty()) return;
  for (const ChangeSet& change : plan.deletes)
    if (change.state->metadata == &entity && pack_stored(manager, *change.state, columns, packed) &&
        takers.contains(packed))
      marks.early_deletes.insert(change.state);
  for (const ChangeSet& change : plan.updates) {
    if (change.state->metadata != &entity || !touches(change.columns, columns)) continue;
    if (!pack_stored(manager, *change.state, columns, packed)) continue;
    const auto taker = takers.find(packed);
    if (taker == takers.end() || taker->second.state == change.state) continue;
    if (taker->second.inserts) {
      marks.early_updates.insert(change.state);
    } else {
      marks.before.emplace_back(change.state, taker->second.state);
    }
  }
}

/// A row that refers to an early deleted one has to go before it.
void include_referring_deletes(Manager& manager, const FlushPlan& plan, Marks& marks) {
  bool more = !marks.early_deletes.empty();
  while (more) {
    more = false;
    for (const ChangeSet& change : plan.deletes) {
      if (marks.early_deletes.contains(change.state) || !change.state->snapshot) continue;
      for (const Property* reference : change.state->metadata->to_one) {
        if (!reference->owner) continue;
        const EntityState* target = manager.runtime(*change.state->metadata).stored_reference(*change.state, *reference);
        if (!target || !marks.early_deletes.contains(target)) continue;
        marks.early_deletes.insert(change.state);
        more = true;
        break;
      }
    }
  }
}

template <class Set>
void move_marked(std::vector<ChangeSet>& from, std::vector<ChangeSet>& to, const Set& marked) {
  const auto rest = std::stable_partition(from.begin(), from.end(),
                                          [&](const ChangeSet& change) { return !marked.contains(change.state); });
  to.insert(to.end(), rest, from.end());
  from.erase(rest, from.end());
}

/// An early update runs before the inserts: references to new rows are written by an extra update after them.
void defer_new_references(ChangeSet& change, FlushPlan& plan) {
  // The extra update could not check the version that the early one moved on.
  if (change.state->metadata->version) return;
  ColumnMask later;
  ColumnMask early = change.columns;
  for (const Property* reference : change.state->metadata->to_one) {
    if (!reference->owner || !change.columns.has(reference->first_column)) continue;
    const EntityState* target = reference_of(change.state->entity(), reference->offset);
    if (!target || !target->has(EntityState::scheduled)) continue;
    for (std::uint32_t i = 0; i < reference->column_count; ++i) {
      later.add(reference->first_column + i);
      early.drop(reference->first_column + i);
    }
  }
  if (later.empty() || early.empty()) return;
  change.columns = early;
  plan.extra_updates.push_back({change.state, later, {}});
}

/// Givers before takers. A ring of updates that swap values keeps its order: the database has the last word.
void sort_updates(std::vector<ChangeSet>& updates, const Marks& marks) {
  if (marks.before.empty()) return;
  boost::unordered_flat_map<const EntityState*, std::size_t> waiting;
  boost::unordered_flat_map<const EntityState*, std::vector<const EntityState*>> takers;
  for (const auto& [giver, taker] : marks.before) {
    ++waiting[taker];
    takers[giver].push_back(taker);
  }
  boost::unordered_flat_map<const EntityState*, ChangeSet> by_state;
  std::vector<const EntityState*> open;
  for (const ChangeSet& change : updates) {
    by_state.emplace(change.state, change);
    if (!waiting.contains(change.state)) open.push_back(change.state);
  }
  std::vector<ChangeSet> sorted;
  boost::unordered_flat_set<const EntityState*> placed;
  for (std::size_t at = 0; at < open.size(); ++at) {
    sorted.push_back(by_state.at(open[at]));
    placed.insert(open[at]);
    const auto found = takers.find(open[at]);
    if (found == takers.end()) continue;
    for (const EntityState* taker : found->second)
      if (--waiting[taker] == 0) open.push_back(taker);
  }
  for (const ChangeSet& change : updates)
    if (!placed.contains(change.state)) sorted.push_back(change);
  updates = std::move(sorted);
}

}  // namespace

void order_by_unique_values(Manager& manager, FlushPlan& plan) {
  Marks marks;
  for (const EntityMetadata* entity : manager.core().registry.entities()) {
    const auto concerns = [&](const ChangeSet& change) { return change.state->metadata == entity; };
    const bool takes = std::any_of(plan.inserts.begin(), plan.inserts.end(), concerns) ||
                       std::any_of(plan.updates.begin(), plan.updates.end(), concerns);
    if (!takes) continue;
    const bool gives = std::any_of(plan.deletes.begin(), plan.deletes.end(), concerns) ||
                       std::any_of(plan.updates.begin(), plan.updates.end(), concerns);
    if (!gives) continue;
    for (const auto& columns : unique_sets(*entity)) examine(manager, *entity, columns, plan, marks);
  }
  include_referring_deletes(manager, plan, marks);
  move_marked(plan.deletes, plan.early_deletes, marks.early_deletes);
  move_marked(plan.updates, plan.early_updates, marks.early_updates);
  for (ChangeSet& change : plan.early_updates) defer_new_references(change, plan);
  sort_updates(plan.updates, marks);
  plan.ordered_updates = !marks.before.empty();
}

}  // namespace kin::unit_of_work
