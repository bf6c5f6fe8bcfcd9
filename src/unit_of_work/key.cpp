// SPDX-License-Identifier: MIT
#include "unit_of_work/key.hpp"

#include <kin/error.hpp>

#include "unit_of_work/entity_runtime.hpp"

namespace kin::unit_of_work {

const Column& follow(const Column& column, const void*& entity) noexcept {
  const Column* at = &column;
  while (at->references && entity) {
    const EntityState* target = reference_of(entity, at->access.offset);
    entity = target ? target->entity() : nullptr;
    at = at->references;
  }
  return *at;
}

bool has_key(const EntityState& state) noexcept {
  for (const Column* column : state.metadata->key) {
    const EntityState* holder = &state;
    const Column* leaf = column;
    for (; leaf->references && holder; leaf = leaf->references)
      holder = reference_of(holder->entity(), leaf->access.offset);
    if (!holder) return false;
    Scratch scratch;
    const ValueView value = leaf->codec->view(*leaf->codec, leaf->access.find(holder->entity()), scratch);
    if (value.is_null()) return false;
    // Of a row that is there already, zero is a key like another.
    const bool is_new = holder->has(EntityState::created_here) && !holder->snapshot;
    if (leaf->generated_key && is_new && value.as_integer() == 0) return false;
  }
  return true;
}

std::int64_t integer_key_of(const EntityState& state) {
  const void* entity = state.entity();
  const Column& leaf = follow(*state.metadata->key.front(), entity);
  Scratch scratch;
  return leaf.codec->view(*leaf.codec, leaf.access.find(entity), scratch).as_integer();
}

void append_packed(const Column& leaf, const void* member, std::string& packed) {
  const std::size_t size = leaf.codec->snapshot_size(*leaf.codec, member);
  const std::size_t at = packed.size();
  packed.resize(at + size);
  leaf.codec->snapshot_write(*leaf.codec, member, reinterpret_cast<std::byte*>(packed.data() + at));
}

void assign_cell(const Column& column, void* member, ValueView cell) {
  try {
    column.codec->assign(*column.codec, member, cell);
  } catch (const detail::ConversionError& error) {
    ErrorDetails details;
    details.entity = column.entity ? column.entity->name : std::string();
    details.property = column.property ? column.property->name : column.name;
    std::string message =
        details.entity + "." + details.property + " (column " + column.name + "): " + error.reason;
    throw ValidationError(message, std::move(details));
  }
}

std::string describe(const EntityState& state) {
  std::string text = state.metadata->name;
  if (!has_key(state)) return text + " (new)";
  for (const Column* column : state.metadata->key) {
    Scratch scratch;
    text += ' ' + Value(column_value(*column, state.entity(), scratch)).to_string();
  }
  return text;
}

}  // namespace kin::unit_of_work
