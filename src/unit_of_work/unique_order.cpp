// SPDX-License-Identifier: MIT
// Keys and unique values that one row gives up and another takes in the same flush (feature UOW-06): the row
// that gives up is written first. Where updated rows exchange values in a ring, one of them is set to null
// before all else. Only types with unique columns that have both kinds of changes cost anything here.
#include <kin/error.hpp>

#include <algorithm>
#include <span>
#include <string>

#include <fmt/format.h>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "unit_of_work/entity_runtime.hpp"
#include "unit_of_work/flush_plan.hpp"
#include "unit_of_work/key.hpp"

namespace kin::unit_of_work {
namespace {

using detail::Manager;
using Columns = std::span<const Column* const>;

/// Values of one column are of one kind; with their lengths in front, texts side by side can't be taken for
/// others.
void append_packed_value(ValueView value, std::string& packed) {
  const auto append = [&](const auto& number) {
    packed.append(reinterpret_cast<const char*>(&number), sizeof number);
  };
  if (value.has_bytes()) {
    append(value.bytes().size());
    packed += value.bytes();
  } else if (value.kind() == ValueKind::real) {
    append(value.as_real() + 0.0);  // of -0.0, which equals it, 0.0
  } else {
    append(value.as_integer());
  }
}

/// The values of some columns as comparable bytes; false when one of them is null, which is unique by itself.
template <class ValueOf>
bool pack(Columns columns, std::string& packed, ValueOf&& value_of) {
  packed.clear();
  for (const Column* column : columns) {
    Scratch scratch;
    const ValueView value = value_of(*column, scratch);
    if (value.is_null()) return false;
    append_packed_value(value, packed);
  }
  return true;
}

bool pack_current(const EntityState& state, Columns columns, std::string& packed) {
  return pack(columns, packed, [&](const Column& column, Scratch& scratch) {
    return column_value(column, state.entity(), scratch);
  });
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
  return std::any_of(columns.begin(), columns.end(),
                     [&](const Column* column) { return mask.has(column->index); });
}

/// Sets of columns of one type that no two rows may share.
std::vector<Columns> unique_sets(const EntityMetadata& entity) {
  std::vector<Columns> sets;
  if (!entity.generated_key) sets.push_back(entity.key);
  for (const IndexDefinition& index : entity.indexes)
    if (index.unique) sets.push_back(index.columns);
  return sets;
}

/// Unique values that an updated row gives up and another row takes.
struct Move {
  EntityState* giver;
  EntityState* taker;
  Columns columns;
  bool to_insert;  ///< the taker is a new row
};

struct Marks {
  boost::unordered_flat_set<const EntityState*> early_deletes{};
  boost::unordered_flat_set<const EntityState*> early_updates{};
  std::vector<Move> moves{};
};

void examine(Manager& manager, const EntityMetadata& entity, Columns columns, const FlushPlan& plan,
             Marks& marks) {
  struct Taker {
    EntityState* state;
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
    marks.moves.push_back({change.state, taker->second.state, columns, taker->second.inserts});
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
        const EntityState* target =
            manager.runtime(*change.state->metadata).stored_reference(*change.state, *reference);
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
  const auto rest = std::stable_partition(
      from.begin(), from.end(), [&](const ChangeSet& change) { return !marked.contains(change.state); });
  to.insert(to.end(), rest, from.end());
  from.erase(rest, from.end());
}

/// Adds a column to the values that are set to null before everything else; the row's own update writes it
/// anew.
class Releases {
 public:
  explicit Releases(FlushPlan& plan) : plan_(plan) {
    for (ChangeSet& change : plan.updates) updates_.emplace(change.state, &change);
  }
  Releases(const Releases&) = delete;
  Releases& operator=(const Releases&) = delete;

  void add(EntityState* state, const Column& column) {
    updates_.at(state)->columns.add(column.index);
    updates_.at(state)->deferred.add(column.index);
    const auto [found, is_new] = positions_.emplace(state, plan_.releases.size());
    if (is_new) plan_.releases.push_back({state, {}, {}});
    plan_.releases[found->second].columns.add(column.index);
  }
  /// False when none of the columns may be null.
  bool add_one_of(const Move& move) {
    const Column* chosen = nullptr;
    for (const Column* column : move.columns) {
      if (!column->nullable || !column->updatable || !column->insertable || column->primary_key) continue;
      if (!chosen || updates_.at(move.giver)->columns.has(column->index)) chosen = column;
    }
    if (chosen) add(move.giver, *chosen);
    return chosen != nullptr;
  }
  const ColumnMask& changed_columns(const EntityState* state) const { return updates_.at(state)->columns; }

 private:
  FlushPlan& plan_;
  boost::unordered_flat_map<const EntityState*, ChangeSet*> updates_{};
  boost::unordered_flat_map<const EntityState*, std::size_t> positions_{};
};

[[noreturn]] void fail(const Property& property, const std::string& message) {
  throw ValidationError(message, ErrorDetails{.entity = property.entity->name, .property = property.name});
}

const Property& changed_property(const Move& move, const ColumnMask& changed) {
  for (const Column* column : move.columns)
    if (changed.has(column->index)) return *column->property;
  return *move.columns.front()->property;
}

/// Whether a column refers to a row that this flush inserts.
bool refers_to_new(const EntityState& state, const Column& column) {
  if (!column.references) return false;
  const EntityState* target = reference_of(state.entity(), column.access.offset);
  return target && target->has(EntityState::scheduled);
}

/// A giver that refers to a new row by the unique columns themselves cannot be written before the inserts: it
/// gives its values up by a null.
void release_new_references(Marks& marks, Releases& releases) {
  std::erase_if(marks.moves, [&](const Move& move) {
    const bool refers = std::any_of(move.columns.begin(), move.columns.end(), [&](const Column* column) {
      return refers_to_new(*move.giver, *column);
    });
    return refers && releases.add_one_of(move);
  });
}

/// Updates that give to a new row run before the inserts, and so do those that give to them.
void mark_early_updates(Marks& marks, const Releases& releases) {
  boost::unordered_flat_map<const EntityState*, std::vector<EntityState*>> givers;
  std::vector<const EntityState*> open;
  const auto mark = [&](const EntityState* state) {
    if (marks.early_updates.insert(state).second) open.push_back(state);
  };
  for (const Move& move : marks.moves) {
    if (move.to_insert) {
      mark(move.giver);
    } else {
      givers[move.taker].push_back(move.giver);
    }
  }
  while (!open.empty()) {
    const auto found = givers.find(open.back());
    open.pop_back();
    if (found == givers.end()) continue;
    for (const EntityState* giver : found->second) mark(giver);
  }
  for (const Move& move : marks.moves) {
    if (!marks.early_updates.contains(move.giver)) continue;
    const ColumnMask& changed = releases.changed_columns(move.giver);
    const bool gives = std::any_of(move.columns.begin(), move.columns.end(), [&](const Column* column) {
      return changed.has(column->index) && !refers_to_new(*move.giver, *column);
    });
    if (gives) continue;
    const Property& property = changed_property(move, changed);
    fail(property,
         fmt::format("{}.{} of {} refers to a new entity, and {} takes its old value; make it nullable, or "
                     "flush before the old value is taken",
                     property.entity->name, property.name, describe(*move.giver), describe(*move.taker)));
  }
}

/// Rows that referred to an early deleted one and now refer to another: they are updated too late for that.
void release_deleted_references(Manager& manager, const FlushPlan& plan, const Marks& marks,
                                Releases& releases) {
  if (marks.early_deletes.empty()) return;
  for (const ChangeSet& change : plan.updates) {
    if (!change.state->snapshot) continue;
    const EntityRuntime& runtime = manager.runtime(*change.state->metadata);
    for (const Property* reference : change.state->metadata->to_one) {
      if (!reference->owner || !change.columns.has(reference->first_column)) continue;
      const EntityState* target = runtime.stored_reference(*change.state, *reference);
      if (!target || !marks.early_deletes.contains(target)) continue;
      const Column* first = &reference->entity->columns[reference->first_column];
      const std::span<const Column> columns(first, reference->column_count);
      if (!std::all_of(columns.begin(), columns.end(), [](const Column& column) { return column.nullable; }))
        fail(*reference,
             fmt::format("{}.{} of {} refers to {} still while that is deleted to make room for a new "
                         "entity; make it nullable, or change that entity instead of replacing it",
                         reference->entity->name, reference->name, describe(*change.state),
                         describe(*target)));
      for (const Column& column : columns) releases.add(change.state, column);
    }
  }
}

/// An early update runs before the inserts: references to new rows are written by an extra update after them.
void defer_new_references(ChangeSet& change, FlushPlan& plan) {
  ColumnMask later;
  ColumnMask early = change.columns;
  for (const Property* reference : change.state->metadata->to_one) {
    if (!reference->owner || !change.columns.has(reference->first_column)) continue;
    if (!refers_to_new(*change.state, reference->entity->columns[reference->first_column])) continue;
    for (std::uint32_t i = 0; i < reference->column_count; ++i) {
      later.add(reference->first_column + i);
      early.drop(reference->first_column + i);
    }
  }
  if (later.empty()) return;
  change.columns = early;
  plan.extra_updates.push_back({change.state, later, {}});
}

/// Givers before takers (Kahn's algorithm, as for inserts). In a ring one value is released first.
class UpdateOrder {
 public:
  UpdateOrder(std::vector<ChangeSet>& updates, const std::vector<Move>& moves, Releases& releases)
      : updates_(updates), releases_(releases), rows_(updates.size()) {
    for (std::size_t i = 0; i < updates.size(); ++i) index_.emplace(updates[i].state, i);
    for (const Move& move : moves) {
      const auto giver = index_.find(move.giver);
      const auto taker = index_.find(move.taker);
      if (giver == index_.end() || taker == index_.end()) continue;
      edges_.push_back({&move, giver->second, taker->second});
    }
    for (std::size_t i = 0; i < edges_.size(); ++i) {
      rows_[edges_[i].giver].gives.push_back(i);
      rows_[edges_[i].taker].takes.push_back(i);
      ++rows_[edges_[i].taker].waiting;
    }
  }

  /// False when the order of the updates does not matter.
  bool sort() {
    if (edges_.empty()) return false;
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < rows_.size(); ++i)
      if (rows_[i].waiting == 0) order.push_back(i);
    for (std::size_t at = 0; at < rows_.size(); ++at) {
      while (at == order.size()) drop(ring_edge(), order);
      Row& row = rows_[order[at]];
      row.placed = true;
      for (std::size_t edge : row.gives) drop(edge, order);
    }
    std::vector<ChangeSet> sorted;
    for (std::size_t row : order) sorted.push_back(updates_[row]);
    updates_ = std::move(sorted);
    return true;
  }

 private:
  struct Edge {
    const Move* move;
    std::size_t giver;
    std::size_t taker;
    bool dropped = false;
  };
  struct Row {
    std::vector<std::size_t> gives{};
    std::vector<std::size_t> takes{};
    std::size_t waiting = 0;
    std::size_t visit = 0;
    bool placed = false;
  };

  void drop(std::size_t edge, std::vector<std::size_t>& order) {
    if (edges_[edge].dropped) return;
    edges_[edge].dropped = true;
    if (--rows_[edges_[edge].taker].waiting == 0) order.push_back(edges_[edge].taker);
  }

  /// Every row left waits for another one that is left, so that the way back from any of them runs into a
  /// ring.
  std::size_t ring_edge() {
    while (rows_[first_].placed) ++first_;
    std::vector<std::size_t> way;
    ++visit_;
    std::size_t row = first_;
    while (rows_[row].visit != visit_) {
      rows_[row].visit = visit_;
      const auto& takes = rows_[row].takes;
      way.push_back(
          *std::find_if(takes.begin(), takes.end(), [&](std::size_t edge) { return !edges_[edge].dropped; }));
      row = edges_[way.back()].giver;
    }
    const auto enters = [&](std::size_t edge) { return edges_[edge].taker == row; };
    const auto start = std::find_if(way.begin(), way.end(), enters);
    for (auto edge = start; edge != way.end(); ++edge)
      if (releases_.add_one_of(*edges_[*edge].move)) return *edge;
    fail_ring(*edges_[*start].move);
  }

  [[noreturn]] void fail_ring(const Move& move) const {
    const Property& property = changed_property(move, releases_.changed_columns(move.giver));
    fail(property,
         fmt::format("{}.{} of {} and other entities exchange their unique values in one flush, which needs "
                     "a null in between; make it nullable, or flush with another value first",
                     property.entity->name, property.name, describe(*move.giver)));
  }

  std::vector<ChangeSet>& updates_;
  Releases& releases_;
  std::vector<Row> rows_;
  std::vector<Edge> edges_{};
  boost::unordered_flat_map<const EntityState*, std::size_t> index_{};
  std::size_t first_ = 0;
  std::size_t visit_ = 0;
};

void examine_all(Manager& manager, const FlushPlan& plan, Marks& marks) {
  for (const EntityMetadata* entity : manager.core().registry.entities()) {
    const auto concerns = [&](const ChangeSet& change) { return change.state->metadata == entity; };
    const bool takes = std::any_of(plan.inserts.begin(), plan.inserts.end(), concerns) ||
                       std::any_of(plan.updates.begin(), plan.updates.end(), concerns);
    if (!takes) continue;
    const bool gives = std::any_of(plan.deletes.begin(), plan.deletes.end(), concerns) ||
                       std::any_of(plan.updates.begin(), plan.updates.end(), concerns);
    if (!gives) continue;
    for (const Columns columns : unique_sets(*entity)) examine(manager, *entity, columns, plan, marks);
  }
}

}  // namespace

void order_by_unique_values(Manager& manager, FlushPlan& plan) {
  Marks marks;
  examine_all(manager, plan, marks);
  if (marks.moves.empty() && marks.early_deletes.empty()) return;
  include_referring_deletes(manager, plan, marks);
  move_marked(plan.deletes, plan.early_deletes, marks.early_deletes);
  {
    Releases releases(plan);
    release_deleted_references(manager, plan, marks, releases);
    release_new_references(marks, releases);
    mark_early_updates(marks, releases);
    plan.ordered_updates = UpdateOrder(plan.updates, marks.moves, releases).sort();
  }
  move_marked(plan.updates, plan.early_updates, marks.early_updates);
  for (ChangeSet& change : plan.early_updates) defer_new_references(change, plan);
}

}  // namespace kin::unit_of_work
