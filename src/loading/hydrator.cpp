// SPDX-License-Identifier: MIT
#include "loading/hydrator.hpp"

#include <kin/error.hpp>

#include <cstring>

#include "unit_of_work/collection_items.hpp"
#include "unit_of_work/key.hpp"

namespace kin::loading {

using detail::CollectionAccess;
using detail::CollectionBase;
using detail::CollectionData;
using query::HydrationSource;
using unit_of_work::ColumnMask;

Hydrator::Hydrator(detail::Manager& manager, const query::PlannedRead& read, bool refresh)
    : manager_(manager), number_(manager.next_read()), refresh_(refresh) {
  sources_.reserve(read.hydration.size());
  for (const HydrationSource& source : read.hydration)
    sources_.push_back(
        {&source, &manager.map_of(*source.entity), &manager.runtime(*source.entity),
         manager.listeners().any() && (manager.listeners().hears(*source.entity, Event::on_load) ||
                                       manager.listeners().hears(*source.entity, Event::on_init))});
  for (std::size_t i = 0; i < read.hydration.size(); ++i) {
    const HydrationSource& source = read.hydration[i];
    if (!source.via || !source.via->is_to_many()) continue;
    multiplied_ = true;
    for (std::uint32_t at = source.parent; at != query::none; at = read.hydration[at].parent) {
      sources_[at].multiplied = true;
      // Its owner stands below each of several entities, so that the items come once for each of them.
      const Property* via = read.hydration[at].via;
      if (via && (via->kind == PropertyKind::many_to_one || via->kind == PropertyKind::many_to_many))
        sources_[i].multiplied = true;
    }
  }
}

Hydrator::~Hydrator() {
  for (EntityState* root : roots_) root->clear(EntityState::queued);
}

void Hydrator::row(const ValueView* cells) {
  EntityState* root = item(cells);
  if (!root) return;
  if (multiplied_) {
    if (root->has(EntityState::queued)) return;
    root->set(EntityState::queued);
  }
  roots_.push_back(root);
}

EntityState* Hydrator::item(const ValueView* cells) {
  EntityState* state = hydrate(0, cells);
  sources_[0].current = state;
  if (state) hydrate_joined(cells);
  return state;
}

void Hydrator::hydrate_joined(const ValueView* cells) {
  for (std::uint32_t i = 1; i < sources_.size(); ++i) {
    SourceState& source = sources_[i];
    EntityState* parent = sources_[source.source->parent].current;
    source.current = parent ? hydrate(i, cells) : nullptr;
    if (parent) link(source, parent, source.current);
  }
}

EntityState* Hydrator::hydrate(std::uint32_t index, const ValueView* cells) {
  SourceState& source = sources_[index];
  cells += source.source->first_cell;
  if (cells->is_null()) return nullptr;
  if (source.source->reference) return refer(source, cells);
  EntityState* state = find_or_make(source, cells);
  if (state->has(EntityState::initialized) && !refresh_ &&
      !state->has(EntityState::partial | EntityState::stale)) [[likely]]
    return state;
  const bool first = !state->has(EntityState::initialized);
  fill(source, *state, cells);
  if (source.heard) [[unlikely]]
    manager_.note_loaded(*state, first);
  return state;
}

/// An entity that is not read, only referred to. That its foreign key is known lets a flush set it to null.
EntityState* Hydrator::refer(SourceState& source, const ValueView* cells) {
  EntityState* state = find_or_make(source, cells);
  if (state->has(EntityState::initialized | EntityState::scheduled)) return state;
  if (!source.fresh && !source.runtime->changes(*state).empty()) return state;
  assign(*source.source, *state, cells);
  finish_snapshot(source, *state);
  state->clear(EntityState::initialized);
  return state;
}

EntityState* Hydrator::find_or_make(SourceState& source, const ValueView* key) {
  const EntityMetadata& entity = *source.source->entity;
  if (entity.integer_key && !entity.key.front()->references && key->kind() == ValueKind::integer) [[likely]] {
    EntityState*& slot = source.map->slot(key->as_integer());
    source.fresh = slot == nullptr;
    if (slot) return slot;
    EntityState* state = manager_.make_state(entity);
    slot = state;
    state->set(EntityState::managed);
    state->position = static_cast<std::uint32_t>(source.map->states().size());
    source.map->states().push_back(state);
    unit_of_work::assign_cell(*entity.key.front(), entity.key.front()->access.reach(state->entity()), *key);
    return state;
  }
  source.fresh = false;
  return manager_.reference(entity, key);
}

void Hydrator::fill(SourceState& source, EntityState& state, const ValueView* cells) {
  if (!source.fresh &&
      (state.has(EntityState::initialized) || !source.runtime->changes(state).empty())) {
    refill(source, state, cells);
    return;
  }
  assign(*source.source, state, cells);
  finish_snapshot(source, state);
}

void Hydrator::assign(const HydrationSource& source, EntityState& state, const ValueView* cells) {
  const std::size_t key_count = source.entity->key.size();
  const std::size_t count = source.columns.size();
  void* entity = state.entity();
  std::size_t i = key_count;
  try {
    while (i < count) {
      const Column& column = *source.columns[i];
      if (column.references) {
        const std::uint32_t width = column.property->column_count;
        bool null = false;
        for (std::uint32_t k = 0; k < width; ++k) null |= cells[i + k].is_null();
        unit_of_work::set_reference_at(entity, column.access.offset,
                         null ? nullptr : manager_.reference(*column.property->target, cells + i));
        i += width;
        continue;
      }
      if (!column.access.optional) [[likely]] {
        column.codec->assign(*column.codec, static_cast<std::byte*>(entity) + column.access.offset, cells[i]);
      } else if (!cells[i].is_null()) {
        column.codec->assign(*column.codec, column.access.reach(entity), cells[i]);
      } else if (void* member = column.access.find(entity); member && column.codec->nullable) {
        column.codec->assign(*column.codec, member, cells[i]);
      }
      ++i;
    }
  } catch (const detail::ConversionError&) {
    const Column& column = *source.columns[i];
    unit_of_work::assign_cell(column, column.access.reach(entity), cells[i]);
    throw;
  }
}

void Hydrator::finish_snapshot(SourceState& source, EntityState& state) {
  const std::byte* before = state.snapshot;
  if (source.source->partial) {
    // Two partial reads add up.
    ColumnMask loaded;
    if (before && state.has(EntityState::partial)) loaded = source.runtime->covered(state);
    for (const Column* column : source.source->columns) loaded.add(column->index);
    state.snapshot = source.runtime->take_partial_snapshot(state.entity(), loaded, manager_.arena());
    state.set(EntityState::partial);
  } else {
    state.snapshot = source.runtime->take_snapshot(state.entity(), manager_.arena());
    state.clear(EntityState::partial);
  }
  source.runtime->keep_inverses(state, before);
  state.clear(EntityState::stale);
  state.set(EntityState::initialized);
}

// An entity that holds values already: those the user changed stay (unless a refresh was asked for), and when a cell
// turns out not to fit, everything is as before.
void Hydrator::refill(SourceState& source, EntityState& state, const ValueView* cells) {
  const unit_of_work::EntityRuntime& runtime = *source.runtime;
  if (source.source->partial && state.has(EntityState::initialized) && !state.has(EntityState::partial) && !refresh_)
    return;
  ColumnMask everything;
  for (const Column& column : source.source->entity->columns) everything.add(column.index);
  std::byte* before = runtime.take_partial_snapshot(state.entity(), everything, manager_.arena());
  ColumnMask changed;
  if (!refresh_) changed = runtime.changes(state);
  std::byte* kept = changed.empty() ? nullptr
                                    : runtime.take_partial_snapshot(state.entity(), changed, manager_.arena());
  try {
    assign(*source.source, state, cells);
  } catch (...) {
    runtime.restore(state.entity(), before, true);
    throw;
  }
  finish_snapshot(source, state);
  if (kept) runtime.restore(state.entity(), kept, true);
}

void Hydrator::link(SourceState& source, EntityState* parent, EntityState* child) {
  const Property& via = *source.source->via;
  if (via.is_to_many()) {
    link_item(source, *parent, child);
  } else if (!via.owner) {
    if (refresh_ || !unit_of_work::reference_of(parent->entity(), via.offset))
      link_inverse(manager_, *parent, via, child, refresh_);
  } else if (child && via.inverse && via.inverse->is_to_one()) {
    link_inverse(manager_, *child, *via.inverse, parent, refresh_);
  }
}

void Hydrator::link_item(SourceState& source, EntityState& parent, EntityState* child) {
  CollectionBase& collection = manager_.collection_at(parent, *source.source->via);
  CollectionData& data = CollectionAccess::data(collection);
  if (data.read != number_) {
    if (data.is_known() && !refresh_) return;
    data.read = number_;
    data.stored.clear();
    collections_.push_back(&collection);
  }
  if (!child) return;
  if (source.multiplied && !linked_.insert({&collection, child}).second) return;
  data.stored.push_back(child);
}

void Hydrator::finish() {
  for (CollectionBase* collection : collections_) detail::finish_loading(CollectionAccess::data(*collection));
  collections_.clear();
}

void link_inverse(detail::Manager& manager, EntityState& state, const Property& inverse, EntityState* owner,
                  bool refresh) {
  const unit_of_work::EntityRuntime& runtime = manager.runtime(*state.metadata);
  EntityState* now = unit_of_work::reference_of(state.entity(), inverse.offset);
  if (!refresh && now != runtime.stored_inverse(state, inverse)) return;
  if (owner && unit_of_work::reference_of(owner->entity(), inverse.inverse->offset) != &state &&
      !manager.runtime(*owner->metadata).is_unchanged(*owner))
    return;
  manager.put_reference(state, inverse, owner);
}

}  // namespace kin::loading
