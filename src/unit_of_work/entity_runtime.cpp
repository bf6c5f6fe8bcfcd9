// SPDX-License-Identifier: MIT
#include "unit_of_work/entity_runtime.hpp"

#include <kin/error.hpp>

#include <cstring>

namespace kin::unit_of_work {
namespace {

const void* member_of(const Tracked& member, const void* entity) {
  if (!member.access) [[likely]] return static_cast<const std::byte*>(entity) + member.offset;
  return member.access->find(entity);
}

std::size_t member_size(const Tracked& member, const void* entity) {
  if (!member.codec) return sizeof(EntityState*);
  const void* value = member_of(member, entity);
  const std::size_t flag = member.access ? 1 : 0;
  if (!value) return flag;
  return flag + member.codec->snapshot_size(*member.codec, value);
}

std::byte* pack_member(const Tracked& member, const void* entity, std::byte* to) {
  if (!member.codec) {
    EntityState* target = reference_of(entity, member.offset);
    std::memcpy(to, &target, sizeof target);
    return to + sizeof target;
  }
  const void* value = member_of(member, entity);
  if (member.access) *to++ = std::byte{value != nullptr};
  if (!value) return to;
  return member.codec->snapshot_write(*member.codec, value, to);
}

bool equal_member(const Tracked& member, const void* entity, const std::byte*& packed) {
  if (!member.codec) {
    EntityState* stored;
    std::memcpy(&stored, packed, sizeof stored);
    packed += sizeof stored;
    return stored == reference_of(entity, member.offset);
  }
  if (!member.access) [[likely]]
    return member.codec->snapshot_equal(*member.codec, static_cast<const std::byte*>(entity) + member.offset,
                                        packed);
  const bool stored = *packed++ != std::byte{0};
  const void* value = member_of(member, entity);
  if (!stored) return value == nullptr;
  if (!value) {
    Scratch scratch;
    (void)member.codec->snapshot_view(*member.codec, packed, scratch);
    return false;
  }
  return member.codec->snapshot_equal(*member.codec, value, packed);
}

/// The step of a to-one member: the snapshot holds the pointer.
bool reference_step(const detail::SnapshotStep* step, const std::byte* entity, const std::byte* packed) {
  if (std::memcmp(packed, entity + step->offset, sizeof(EntityState*)) != 0) return false;
  return detail::run_next(step, entity, packed + sizeof(EntityState*));
}

std::vector<detail::SnapshotStep> comparison_steps(const std::vector<Tracked>& tracked) {
  std::vector<detail::SnapshotStep> steps;
  steps.reserve(tracked.size() + 1);
  for (const Tracked& member : tracked) {
    if (member.access) return {};
    if (member.codec) {
      steps.push_back(detail::make_snapshot_step(*member.codec, member.offset));
    } else {
      detail::SnapshotStep step;
      step.run = &reference_step;
      step.offset = member.offset;
      steps.push_back(step);
    }
  }
  steps.push_back(detail::last_snapshot_step());
  return steps;
}

void add_columns(ColumnMask& mask, const Tracked& member) {
  if (member.codec) {
    mask.add(member.column->index);
    return;
  }
  for (std::uint32_t i = 0; i < member.property->column_count; ++i) mask.add(member.column->index + i);
}

}  // namespace

EntityRuntime::EntityRuntime(const EntityMetadata& metadata) : metadata_(metadata) {
  if (metadata.columns.size() > ColumnMask::capacity)
    throw MetadataError(metadata.name + ": more than 256 columns; split the entity");
  const Property* last_reference = nullptr;
  for (const Column& column : metadata.columns) {
    Tracked member;
    member.column = &column;
    member.property = column.property;
    member.offset = column.access.offset;
    member.is_key = column.primary_key;
    if (column.references) {
      if (column.property == last_reference) continue;
      last_reference = column.property;
    } else {
      member.codec = column.codec;
      if (column.access.optional) member.access = &column.access;
    }
    tracked_.push_back(member);
  }
  for (const Property* property : metadata.to_one)
    if (!property->owner && property->inverse) inverses_.push_back(property);
  steps_ = comparison_steps(tracked_);
  fresh_object_ = arena_.allocate(metadata.type->size);
  metadata.type->construct(fresh_object_);
  fresh_snapshot_ = take_snapshot(fresh_object_, arena_);
}

EntityRuntime::~EntityRuntime() { metadata_.type->destroy(fresh_object_); }

std::size_t EntityRuntime::packed_size(const void* entity, const ColumnMask* loaded) const {
  std::size_t size = 0;
  for (const Tracked& member : tracked_)
    if (!loaded || loaded->has(member.column->index)) size += member_size(member, entity);
  return size;
}

std::byte* EntityRuntime::pack(const void* entity, const ColumnMask* loaded, std::byte* to) const {
  for (const Tracked& member : tracked_)
    if (!loaded || loaded->has(member.column->index)) to = pack_member(member, entity, to);
  return to;
}

std::byte* EntityRuntime::take_snapshot(const void* entity, Arena& arena) const {
  std::byte* packed = make_room(packed_size(entity, nullptr), entity, arena);
  pack(entity, nullptr, packed);
  return packed;
}

std::byte* EntityRuntime::take_partial_snapshot(const void* entity, const ColumnMask& loaded,
                                                Arena& arena) const {
  std::byte* packed = make_room(sizeof(ColumnMask) + packed_size(entity, &loaded), entity, arena);
  std::memcpy(packed, &loaded, sizeof loaded);
  pack(entity, &loaded, packed + sizeof loaded);
  return packed;
}

std::byte* EntityRuntime::make_room(std::size_t size, const void* entity, Arena& arena) const {
  if (inverses_.empty()) [[likely]]
    return arena.allocate_bytes(size);
  std::byte* to = arena.allocate_bytes(inverses_.size() * sizeof(EntityState*) + size);
  for (const Property* property : inverses_) {
    EntityState* target = reference_of(entity, property->offset);
    std::memcpy(to, &target, sizeof target);
    to += sizeof target;
  }
  return to;
}

std::size_t EntityRuntime::place_of(const Property& inverse) const noexcept {
  std::size_t place = inverses_.size();
  for (const Property* property : inverses_) {
    if (property == &inverse) break;
    --place;
  }
  return place * sizeof(EntityState*);
}

EntityState* EntityRuntime::stored_inverse(const EntityState& state,
                                           const Property& property) const noexcept {
  if (!state.snapshot) return nullptr;
  EntityState* stored;
  std::memcpy(&stored, state.snapshot - place_of(property), sizeof stored);
  return stored;
}

void EntityRuntime::store_inverse(EntityState& state, const Property& property) const noexcept {
  if (!state.snapshot) return;
  EntityState* target = reference_of(state.entity(), property.offset);
  std::memcpy(state.snapshot - place_of(property), &target, sizeof target);
}

void EntityRuntime::keep_inverses(EntityState& state, const std::byte* before) const noexcept {
  if (inverses_.empty()) [[likely]]
    return;
  const std::size_t size = inverses_.size() * sizeof(EntityState*);
  if (before) {
    std::memcpy(state.snapshot - size, before - size, size);
  } else {
    std::memset(state.snapshot - size, 0, size);
  }
}

const std::byte* EntityRuntime::skip(const Tracked& member, const std::byte* packed) const {
  if (!member.codec) return packed + sizeof(EntityState*);
  if (member.access && *packed++ == std::byte{0}) return packed;
  Scratch scratch;
  (void)member.codec->snapshot_view(*member.codec, packed, scratch);
  return packed;
}

template <class Visit>
void EntityRuntime::walk(const std::byte* packed, bool partial, Visit&& visit) const {
  ColumnMask loaded;
  if (partial) {
    std::memcpy(&loaded, packed, sizeof loaded);
    packed += sizeof loaded;
  }
  for (const Tracked& member : tracked_)
    if (!partial || loaded.has(member.column->index)) visit(member, packed);
}

bool EntityRuntime::is_unchanged(const EntityState& state) const {
  if (!state.snapshot || state.has(EntityState::partial)) return changes(state).empty();
  if (!steps_.empty()) return detail::equals_snapshot(steps_.data(), state.entity(), state.snapshot);
  const void* entity = state.entity();
  const std::byte* packed = state.snapshot;
  for (const Tracked& member : tracked_)
    if (!equal_member(member, entity, packed)) return false;
  return true;
}

ColumnMask EntityRuntime::covered(const EntityState& state) const {
  ColumnMask mask;
  if (!state.snapshot) return mask;
  if (state.has(EntityState::partial)) {
    std::memcpy(&mask, state.snapshot, sizeof mask);
    return mask;
  }
  for (const Column& column : metadata_.columns) mask.add(column.index);
  return mask;
}

ColumnMask EntityRuntime::changes(const EntityState& state) const {
  ColumnMask mask;
  const void* entity = state.entity();
  if (state.snapshot && !state.has(EntityState::partial)) {
    const std::byte* packed = state.snapshot;
    for (const Tracked& member : tracked_)
      if (!equal_member(member, entity, packed)) add_columns(mask, member);
    return mask;
  }
  const ColumnMask known = covered(state);
  const std::byte* packed = state.snapshot ? state.snapshot + sizeof(ColumnMask) : nullptr;
  const std::byte* fresh = fresh_snapshot_;
  for (const Tracked& member : tracked_) {
    const bool same_as_fresh = equal_member(member, entity, fresh);
    if (known.has(member.column->index)) {
      if (!equal_member(member, entity, packed)) add_columns(mask, member);
    } else if (!same_as_fresh && !member.is_key) {
      add_columns(mask, member);
    }
  }
  return mask;
}

bool EntityRuntime::has_default(const void* entity, const Property& property) const {
  const std::byte* packed = fresh_snapshot_;
  for (const Tracked& member : tracked_) {
    const bool equal = equal_member(member, entity, packed);
    if (member.property == &property) return equal;
  }
  return false;
}

void EntityRuntime::restore(EntityState& state) const {
  restore(state.entity(), state.snapshot, state.has(EntityState::partial));
  for (const Property* property : inverses_)
    set_reference_at(state.entity(), property->offset, stored_inverse(state, *property));
}

void EntityRuntime::restore_member(const Tracked& member, void* entity, const std::byte*& packed) const {
  if (!member.codec) {
    EntityState* stored;
    std::memcpy(&stored, packed, sizeof stored);
    packed += sizeof stored;
    set_reference_at(entity, member.offset, stored);
    return;
  }
  if (!member.access) {
    member.codec->snapshot_restore(*member.codec, static_cast<std::byte*>(entity) + member.offset, packed);
    return;
  }
  if (*packed++ != std::byte{0}) {
    member.codec->snapshot_restore(*member.codec, member.access->reach(entity), packed);
  } else if (void* holder = member.access->outer ? member.access->outer->find(entity) : nullptr) {
    member.access->optional->reset(holder);
  }
}

void EntityRuntime::restore(void* entity, const std::byte* snapshot, bool partial) const {
  walk(snapshot, partial,
       [&](const Tracked& member, const std::byte*& packed) { restore_member(member, entity, packed); });
}

void EntityRuntime::reset(EntityState& state, const ColumnMask& columns) const {
  const ColumnMask known = covered(state);
  const auto reset_from = [&](const std::byte* snapshot, bool partial, bool of_snapshot) {
    walk(snapshot, partial, [&](const Tracked& member, const std::byte*& packed) {
      const std::uint32_t column = member.column->index;
      if (member.codec && columns.has(column) && known.has(column) == of_snapshot) {
        restore_member(member, state.entity(), packed);
      } else {
        packed = skip(member, packed);
      }
    });
  };
  if (state.snapshot) reset_from(state.snapshot, state.has(EntityState::partial), true);
  reset_from(fresh_snapshot_, false, false);
}

ValueView EntityRuntime::stored_value(const EntityState& state, const Column& column, Scratch& scratch) const {
  ValueView result;
  walk(state.snapshot, state.has(EntityState::partial), [&](const Tracked& member, const std::byte*& packed) {
    const bool wanted = member.codec ? member.column == &column
                                     : column.references && member.property == column.property;
    if (!wanted) {
      packed = skip(member, packed);
      return;
    }
    if (!member.codec) {
      EntityState* stored;
      std::memcpy(&stored, packed, sizeof stored);
      packed += sizeof stored;
      if (stored) result = column_value(*column.references, stored->entity(), scratch);
      return;
    }
    if (member.access && *packed++ == std::byte{0}) return;
    result = member.codec->snapshot_view(*member.codec, packed, scratch);
  });
  return result;
}

EntityState* EntityRuntime::stored_reference(const EntityState& state, const Property& property) const {
  EntityState* result = nullptr;
  walk(state.snapshot, state.has(EntityState::partial), [&](const Tracked& member, const std::byte*& packed) {
    if (member.property == &property && !member.codec) {
      std::memcpy(&result, packed, sizeof result);
      packed += sizeof result;
    } else {
      packed = skip(member, packed);
    }
  });
  return result;
}

ValueView column_value(const Column& column, const void* entity, Scratch& scratch) {
  const Column* at = &column;
  while (at->references) {
    const EntityState* target = reference_of(entity, at->access.offset);
    if (!target) return ValueView::null();
    at = at->references;
    entity = target->entity();
  }
  const void* member = at->access.find(entity);
  if (!member) return ValueView::null();
  return at->codec->view(*at->codec, member, scratch);
}

}  // namespace kin::unit_of_work
