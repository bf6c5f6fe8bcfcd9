// SPDX-License-Identifier: MIT
// Rows in the order in which their foreign keys can be written. Types whose references form no cycle are ordered by
// EntityMetadata::commit_rank alone; rows of the others by Kahn's algorithm (A. B. Kahn, Topological sorting of large
// networks, 1962) over the references between the new rows. Where rows form a cycle, a nullable foreign key is left
// out of the insert and written by an extra update.
#include <kin/error.hpp>

#include <algorithm>
#include <deque>

#include <boost/unordered/unordered_flat_map.hpp>
#include <fmt/format.h>

#include "unit_of_work/entity_runtime.hpp"
#include "unit_of_work/flush_plan.hpp"
#include "unit_of_work/key.hpp"

namespace kin::unit_of_work {
namespace {

bool nullable(const Property& reference) {
  const EntityMetadata& entity = *reference.entity;
  for (std::uint32_t i = 0; i < reference.column_count; ++i)
    if (!entity.columns[reference.first_column + i].nullable) return false;
  return true;
}

/// The rows of one strongly connected group of entity types.
class CycleOrder {
 public:
  CycleOrder(std::vector<ChangeSet>& rows) : rows_(rows), waiting_(rows.size()), dependents_(rows.size()) {
    for (std::uint32_t i = 0; i < rows.size(); ++i) index_.emplace(rows[i].state, i);
    for (std::uint32_t i = 0; i < rows.size(); ++i)
      for_each_pending(i, [&](const Property&, std::uint32_t target) {
        ++waiting_[i];
        dependents_[target].push_back(i);
      });
  }

  /// Ordered rows; `levels` gets the end of each run whose rows depend on earlier runs only.
  std::vector<ChangeSet> order(std::vector<std::size_t>& levels) {
    std::vector<std::uint32_t> ready;
    for (std::uint32_t i = 0; i < rows_.size(); ++i)
      if (waiting_[i] == 0) ready.push_back(i);
    std::vector<ChangeSet> result;
    result.reserve(rows_.size());
    done_.assign(rows_.size(), false);
    while (result.size() < rows_.size()) {
      if (ready.empty()) ready = break_cycle();
      std::vector<std::uint32_t> next;
      for (std::uint32_t row : ready) {
        done_[row] = true;
        result.push_back(rows_[row]);
        for (std::uint32_t dependent : dependents_[row])
          if (--waiting_[dependent] == 0) next.push_back(dependent);
      }
      levels.push_back(result.size());
      ready = std::move(next);
    }
    return result;
  }

 private:
  /// Calls visit(reference, target row) for each foreign key to a row that this flush inserts.
  template <class Visit>
  void for_each_pending(std::uint32_t row, Visit&& visit) const {
    const ChangeSet& change = rows_[row];
    for (const Property* reference : change.state->metadata->to_one) {
      if (!reference->owner) continue;
      const EntityState* target = reference_of(change.state->entity(), reference->offset);
      if (!target || target == change.state) continue;
      const auto found = index_.find(target);
      if (found != index_.end()) visit(*reference, found->second);
    }
  }

  /// Leaves the nullable foreign keys of the first row that still waits out of its insert, until one row is free.
  std::vector<std::uint32_t> break_cycle() {
    for (; candidate_ < rows_.size(); ++candidate_) {
      const std::uint32_t row = candidate_;
      if (done_[row]) continue;
      for_each_pending(row, [&](const Property& reference, std::uint32_t target) {
        const std::uint32_t first = reference.first_column;
        if (done_[target] || !nullable(reference) || rows_[row].deferred.has(first)) return;
        for (std::uint32_t i = 0; i < reference.column_count; ++i) rows_[row].deferred.add(first + i);
        --waiting_[row];
        // The edge is gone: the target must not count this row down later.
        auto& list = dependents_[target];
        list.erase(std::find(list.begin(), list.end(), row));
      });
      if (waiting_[row] == 0) {
        ++candidate_;
        return {row};
      }
    }
    throw_cycle();
  }

  struct Way {
    const Property* reference = nullptr;
    std::uint32_t target = 0;
  };

  /// A reference that the row cannot be inserted without, to a row that is not inserted either.
  Way required_way(std::uint32_t row) const {
    Way way;
    for_each_pending(row, [&](const Property& reference, std::uint32_t target) {
      if (!done_[target] && !nullable(reference)) way = {&reference, target};
    });
    return way;
  }

  /// The members of one circle of required references, each once. Every row that is left has such a reference, so
  /// that following them comes back to a row.
  std::vector<const Property*> required_circle() const {
    auto row = static_cast<std::uint32_t>(std::find(done_.begin(), done_.end(), false) - done_.begin());
    for (std::size_t i = 0; i < rows_.size(); ++i) row = required_way(row).target;
    const std::uint32_t start = row;
    std::vector<const Property*> circle;
    do {
      const Way way = required_way(row);
      if (std::find(circle.begin(), circle.end(), way.reference) == circle.end()) circle.push_back(way.reference);
      row = way.target;
    } while (row != start);
    return circle;
  }

  [[noreturn]] void throw_cycle() const {
    std::string members;
    const std::vector<const Property*> circle = required_circle();
    for (const Property* reference : circle)
      members += fmt::format("{}{}.{}", members.empty() ? "" : ", ", reference->entity->name, reference->name);
    throw ValidationError(
        fmt::format("new entities refer to each other in a circle, and none of the references can be null at first: "
                    "{}; make {} nullable",
                    members, circle.size() == 1 ? "it" : "one of them"),
        ErrorDetails{.entity = circle.front()->entity->name, .property = circle.front()->name});
  }

  std::vector<ChangeSet>& rows_;
  std::vector<std::uint32_t> waiting_;
  std::vector<std::vector<std::uint32_t>> dependents_;
  std::vector<bool> done_{};
  std::uint32_t candidate_ = 0;
  boost::unordered_flat_map<const EntityState*, std::uint32_t> index_{};
};

/// A row may refer to itself when its key is known; else its own reference is written afterwards.
void defer_self_references(ChangeSet& change) {
  if (has_key(*change.state)) return;
  for (const Property* reference : change.state->metadata->to_one) {
    if (!reference->owner || reference_of(change.state->entity(), reference->offset) != change.state) continue;
    if (!nullable(*reference))
      throw ValidationError(fmt::format("{}.{} refers to the new entity itself; make it nullable",
                                        reference->entity->name, reference->name),
                            ErrorDetails{.entity = reference->entity->name, .property = reference->name});
    for (std::uint32_t i = 0; i < reference->column_count; ++i) change.deferred.add(reference->first_column + i);
  }
}

}  // namespace

void order_inserts(detail::Manager& manager, FlushPlan& plan) {
  (void)manager;
  std::stable_sort(plan.inserts.begin(), plan.inserts.end(), [](const ChangeSet& a, const ChangeSet& b) {
    return a.state->metadata->commit_rank < b.state->metadata->commit_rank;
  });
  std::vector<ChangeSet> ordered;
  ordered.reserve(plan.inserts.size());
  std::size_t at = 0;
  while (at < plan.inserts.size()) {
    const EntityMetadata& first = *plan.inserts[at].state->metadata;
    std::size_t end = at;
    while (end < plan.inserts.size() && plan.inserts[end].state->metadata->commit_rank == first.commit_rank) ++end;
    const std::size_t base = ordered.size();
    if (!first.in_cycle) {
      ordered.insert(ordered.end(), plan.inserts.begin() + static_cast<std::ptrdiff_t>(at),
                     plan.inserts.begin() + static_cast<std::ptrdiff_t>(end));
      plan.insert_levels.push_back(ordered.size());
    } else {
      std::vector<ChangeSet> group(plan.inserts.begin() + static_cast<std::ptrdiff_t>(at),
                                   plan.inserts.begin() + static_cast<std::ptrdiff_t>(end));
      for (ChangeSet& change : group) defer_self_references(change);
      std::vector<std::size_t> levels;
      std::vector<ChangeSet> rows = CycleOrder(group).order(levels);
      for (std::size_t level : levels) plan.insert_levels.push_back(base + level);
      ordered.insert(ordered.end(), rows.begin(), rows.end());
    }
    at = end;
  }
  for (const ChangeSet& change : ordered)
    if (!change.deferred.empty()) plan.extra_updates.push_back({change.state, change.deferred, {}});
  plan.inserts = std::move(ordered);
}

}  // namespace kin::unit_of_work
