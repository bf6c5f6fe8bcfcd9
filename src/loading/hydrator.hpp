// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/entity_state.hpp>

#include <cstdint>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

#include "drivers/driver.hpp"
#include "query/planner.hpp"
#include "unit_of_work/manager.hpp"

namespace kin::loading {

using detail::EntityState;

/// Turns rows into entities: looks each key up in the identity map, fills entities that are not known yet, and links
/// joined relations. Entities that are known keep their values, so unflushed changes survive a read.
class Hydrator : public driver::RowSink {
 public:
  Hydrator(detail::Manager& manager, const query::PlannedRead& read, bool refresh);
  Hydrator(const Hydrator&) = delete;
  Hydrator& operator=(const Hydrator&) = delete;
  ~Hydrator() override;

  void row(const ValueView* cells) override;
  /// To be called after the last row: makes joined collections visible.
  void finish();
  /// Root entities in order, each once.
  std::vector<EntityState*>& roots() noexcept { return roots_; }

  /// The first hydration source's entity in a row, with what is joined to it; null when there is none.
  EntityState* item(const ValueView* cells);

 private:
  struct SourceState {
    const query::HydrationSource* source;
    unit_of_work::IdentityMap* map;
    const unit_of_work::EntityRuntime* runtime;
    bool heard;               ///< somebody wants to know what was read
    EntityState* current = nullptr;
    bool fresh = false;       ///< the last state was made for this row, so nobody can have changed it
    bool multiplied = false;  ///< its rows repeat: a collection below it is joined, or its owner comes several times
  };
  EntityState* hydrate(std::uint32_t source, const ValueView* cells);
  void hydrate_joined(const ValueView* cells);
  EntityState* refer(SourceState& source, const ValueView* cells);
  EntityState* find_or_make(SourceState& source, const ValueView* key);
  void fill(SourceState& source, EntityState& state, const ValueView* cells);
  void assign(const query::HydrationSource& source, EntityState& state, const ValueView* cells);
  void refill(SourceState& source, EntityState& state, const ValueView* cells);
  void finish_snapshot(SourceState& source, EntityState& state);
  void link(SourceState& source, EntityState* parent, EntityState* child);
  void link_item(SourceState& source, EntityState& parent, EntityState* child);

  detail::Manager& manager_;
  std::vector<SourceState> sources_{};
  std::vector<EntityState*> roots_{};
  std::vector<detail::CollectionBase*> collections_{};
  boost::unordered_flat_set<std::pair<const void*, const void*>> linked_{};
  std::uint32_t number_;
  bool refresh_;
  bool multiplied_ = false;
};

/// Makes an inverse to-one member refer to what a query found, unless the user has assigned it, or the owner
/// that was found, to another one meanwhile.
void link_inverse(detail::Manager& manager, EntityState& state, const Property& inverse, EntityState* owner,
                  bool refresh);

}  // namespace kin::loading
