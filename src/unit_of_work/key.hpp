// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/entity_state.hpp>
#include <kin/metadata.hpp>

#include <cstdint>
#include <string>

namespace kin::unit_of_work {

using detail::EntityState;

/// The key column that a (possibly foreign) key column ends at, with `entity` moved to the entity that holds it;
/// null entity when a reference on the way is null.
const Column& follow(const Column& column, const void*& entity) noexcept;

/// False for an integer key of 0 that the database makes, for a null reference, and for a null optional.
bool has_key(const EntityState& state) noexcept;
std::int64_t integer_key_of(const EntityState& state);
/// Packed database form of one member, as snapshots hold it: equal keys have equal bytes.
void append_packed(const Column& leaf, const void* member, std::string& packed);
/// Codec::assign with an error that names entity and property.
void assign_cell(const Column& column, void* member, ValueView cell);
/// "Author 5", "Book (new)".
std::string describe(const EntityState& state);

}  // namespace kin::unit_of_work
