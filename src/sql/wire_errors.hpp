// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "drivers/driver.hpp"

/// What all wires say in the same words.
namespace kin::sql {

/// Throws the ValidationError for a statement that is not sent.
[[noreturn]] void refuse(std::string_view message, const std::string& text);

/// Refuses a statement that wants another number of values.
void check_value_count(std::size_t wanted, std::size_t given, const std::string& text);

/// Throws the ValidationError for a value of a batch that the database cannot store: of this row the
/// parameter with this index, by the name of its entity and member. `reason` is a codec's or driver's half
/// sentence.
[[noreturn]] void refuse_in_batch(const driver::WriteBatch& batch, std::size_t row, std::size_t index,
                                  std::string_view reason, const std::string& text);

/// Where in a batch a statement failed, for the end of a sentence: ", in row 2 of 3 of Author". Without a row
/// it was one statement for all of them: ", in one of 3 rows of Author".
std::string place_in_batch(const driver::WriteBatch& batch, std::optional<std::size_t> row);

/// The entity whose rows or links a batch writes.
const EntityMetadata& entity_of(const driver::WriteBatch& batch) noexcept;

/// The member that a unique constraint of this name belongs to; empty when there is none, or more than one.
std::string_view property_of_constraint(const EntityMetadata& entity, std::string_view constraint) noexcept;

}  // namespace kin::sql
