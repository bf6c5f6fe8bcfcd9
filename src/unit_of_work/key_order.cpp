// SPDX-License-Identifier: MIT
// Two flushes that change the same rows wait for each other in line, and not in a circle, when both write
// them in the same order: that of the keys, whatever order the rows were read in.
#include <algorithm>
#include <iterator>
#include <span>
#include <string>
#include <utility>

#include "unit_of_work/entity_runtime.hpp"
#include "unit_of_work/flush_plan.hpp"
#include "unit_of_work/key.hpp"

namespace kin::unit_of_work {
namespace {

/// Any order will do that does not depend on the process: that of the packed bytes.
std::string packed_key_of(const EntityState& state) {
  std::string packed;
  for (const Column* column : state.metadata->key) {
    const void* entity = state.entity();
    const Column& leaf = follow(*column, entity);
    if (entity) append_packed(leaf, leaf.access.find(entity), packed);
  }
  return packed;
}

template <class KeyOf>
void order_run(std::span<ChangeSet> run, KeyOf&& key_of) {
  using Key = decltype(key_of(*run.front().state));
  // Mostly they are in order: rows come so from the database.
  bool in_order = true;
  Key last = key_of(*run.front().state);
  for (std::size_t i = 1; i < run.size() && in_order; ++i) {
    Key key = key_of(*run[i].state);
    in_order = last <= key;
    last = std::move(key);
  }
  if (in_order) return;
  std::vector<std::pair<Key, std::size_t>> keys;
  keys.reserve(run.size());
  for (std::size_t i = 0; i < run.size(); ++i) keys.emplace_back(key_of(*run[i].state), i);
  std::sort(keys.begin(), keys.end());
  std::vector<ChangeSet> ordered;
  ordered.reserve(run.size());
  for (const auto& [key, at] : keys) ordered.push_back(run[at]);
  std::ranges::copy(ordered, run.begin());
}

std::uint32_t type_of(const ChangeSet& change) { return change.state->metadata->index; }

}  // namespace

void order_by_key(std::vector<ChangeSet>& changes) {
  if (changes.size() < 2) return;
  if (!std::ranges::is_sorted(changes, {}, type_of)) std::ranges::stable_sort(changes, {}, type_of);
  for (std::span<ChangeSet> rest(changes); !rest.empty();) {
    const std::uint32_t type = type_of(rest.front());
    const auto end =
        std::ranges::find_if(rest, [&](const ChangeSet& change) { return type_of(change) != type; });
    const std::span<ChangeSet> run = rest.first(static_cast<std::size_t>(end - rest.begin()));
    if (run.front().state->metadata->integer_key) {
      order_run(run, integer_key_of);
    } else {
      order_run(run, packed_key_of);
    }
    rest = rest.subspan(run.size());
  }
}

}  // namespace kin::unit_of_work
