// SPDX-License-Identifier: MIT
// Deletes run in the opposite order of inserts: referring rows first. Rows of types whose references form a cycle are
// ordered by the references that the database holds (the snapshots), not by those that the user may have changed.
#include <algorithm>
#include <utility>

#include <boost/unordered/unordered_flat_map.hpp>

#include "unit_of_work/entity_runtime.hpp"
#include "unit_of_work/flush_plan.hpp"

namespace kin::unit_of_work {
namespace {

class DeleteCycleOrder {
 public:
  DeleteCycleOrder(detail::Manager& manager, std::vector<ChangeSet>& rows)
      : manager_(manager), rows_(rows), referred_(rows.size()), done_(rows.size(), false) {
    for (std::uint32_t i = 0; i < rows.size(); ++i) index_.emplace(rows[i].state, i);
    for (std::uint32_t i = 0; i < rows.size(); ++i)
      for_each_stored(i, [&](const Property&, std::uint32_t target) { ++referred_[target]; });
  }

  std::vector<ChangeSet> order(std::vector<ChangeSet>& null_references) {
    std::vector<std::uint32_t> ready;
    for (std::uint32_t i = 0; i < rows_.size(); ++i)
      if (referred_[i] == 0) ready.push_back(i);
    std::vector<ChangeSet> result;
    result.reserve(rows_.size());
    while (result.size() < rows_.size()) {
      if (ready.empty()) ready = break_cycle(null_references);
      std::vector<std::uint32_t> next;
      for (std::uint32_t row : ready) {
        if (done_[row]) continue;
        done_[row] = true;
        result.push_back(rows_[row]);
        for_each_stored(row, [&](const Property& reference, std::uint32_t target) {
          if (rows_[row].columns.has(reference.first_column)) return;
          if (--referred_[target] == 0) next.push_back(target);
        });
      }
      ready = std::move(next);
    }
    // `columns` served as the mark of references that are nulled first.
    for (ChangeSet& change : result) change.deferred = std::exchange(change.columns, {});
    return result;
  }

 private:
  template <class Visit>
  void for_each_stored(std::uint32_t row, Visit&& visit) const {
    const EntityState& state = *rows_[row].state;
    if (!state.snapshot || is_marked_only(state)) return;  // a row that stays is in nobody's way
    const EntityRuntime& runtime = manager_.runtime(*state.metadata);
    for (const Property* reference : state.metadata->to_one) {
      if (!reference->owner || !reference->target->in_cycle) continue;
      const EntityState* target = runtime.stored_reference(state, *reference);
      if (!target || target == &state) continue;
      const auto found = index_.find(target);
      if (found != index_.end()) visit(*reference, found->second);
    }
  }

  /// Sets the references of one row to null first; when none is nullable the database's own rules decide.
  std::vector<std::uint32_t> break_cycle(std::vector<ChangeSet>& null_references) {
    std::vector<std::uint32_t> free;
    for (; candidate_ < rows_.size() && free.empty(); ++candidate_) {
      if (done_[candidate_]) continue;
      ChangeSet& change = rows_[candidate_];
      for_each_stored(candidate_, [&](const Property& reference, std::uint32_t target) {
        const Column& column = reference.entity->columns[reference.first_column];
        if (!column.nullable || done_[target]) return;
        for (std::uint32_t i = 0; i < reference.column_count; ++i) change.columns.add(reference.first_column + i);
        if (--referred_[target] == 0) free.push_back(target);
      });
      if (!change.columns.empty()) null_references.push_back({change.state, change.columns, {}});
    }
    if (!free.empty()) return free;
    for (std::uint32_t row = 0; row < rows_.size(); ++row)
      if (!done_[row]) free.push_back(row);
    return free;
  }

  detail::Manager& manager_;
  std::vector<ChangeSet>& rows_;
  std::vector<std::uint32_t> referred_;
  std::vector<bool> done_;
  std::uint32_t candidate_ = 0;
  boost::unordered_flat_map<const EntityState*, std::uint32_t> index_{};
};

}  // namespace

void order_deletes(detail::Manager& manager, FlushPlan& plan) {
  std::stable_sort(plan.deletes.begin(), plan.deletes.end(), [](const ChangeSet& a, const ChangeSet& b) {
    const EntityMetadata& left = *a.state->metadata;
    const EntityMetadata& right = *b.state->metadata;
    if (left.commit_rank != right.commit_rank) return left.commit_rank > right.commit_rank;
    return !left.in_cycle && left.index > right.index;
  });
  std::vector<ChangeSet> ordered;
  ordered.reserve(plan.deletes.size());
  std::size_t at = 0;
  while (at < plan.deletes.size()) {
    const EntityMetadata& first = *plan.deletes[at].state->metadata;
    std::size_t end = at;
    while (end < plan.deletes.size() && plan.deletes[end].state->metadata->commit_rank == first.commit_rank) ++end;
    std::vector<ChangeSet> group(plan.deletes.begin() + static_cast<std::ptrdiff_t>(at),
                                 plan.deletes.begin() + static_cast<std::ptrdiff_t>(end));
    if (first.in_cycle && group.size() > 1) group = DeleteCycleOrder(manager, group).order(plan.null_references);
    ordered.insert(ordered.end(), group.begin(), group.end());
    at = end;
  }
  plan.deletes = std::move(ordered);
}

}  // namespace kin::unit_of_work
