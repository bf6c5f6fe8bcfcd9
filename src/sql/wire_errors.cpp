// SPDX-License-Identifier: MIT
#include "sql/wire_errors.hpp"

#include <kin/error.hpp>

#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace kin::sql {
namespace {

// The member whose value is a parameter of the batch's rows; empty where there is none.
std::string_view property_of(const driver::WriteBatch& batch, std::size_t index) {
  if (batch.pivot != nullptr) return batch.pivot->owner_property->name;
  const std::size_t written = batch.write_nulls ? 0 : batch.columns.size();
  const Column* column = batch.entity->version;
  if (index < written) {
    column = batch.columns[index];
  } else if (batch.operation == driver::Operation::upsert) {
    column = nullptr;
  } else if (index - written < batch.entity->key.size()) {
    column = batch.entity->key[index - written];
  } else if (index + batch.checked.size() >= batch.parameters_per_row()) {
    column = batch.checked[index + batch.checked.size() - batch.parameters_per_row()];
  }
  return column != nullptr && column->property != nullptr ? std::string_view(column->property->name)
                                                          : std::string_view();
}

}  // namespace

void refuse(std::string_view message, const std::string& text) {
  ErrorDetails details;
  details.sql = text;
  throw ValidationError(fmt::format("{} [{}]", message, text), std::move(details));
}

void check_value_count(std::size_t wanted, std::size_t given, const std::string& text) {
  if (wanted == given) return;
  refuse(fmt::format("the statement has {} parameters, but {} values are given", wanted, given), text);
}

void refuse_in_batch(const driver::WriteBatch& batch, std::size_t row, std::size_t index,
                     std::string_view reason, const std::string& text) {
  ErrorDetails details;
  details.property = property_of(batch, index);
  details.entity = entity_of(batch).name;
  details.sql = text;
  const std::string message = fmt::format("{}.{}: {}, in {} [{}]", details.entity, details.property, reason,
                                          batch.row_in_words(row), text);
  throw ValidationError(message, std::move(details));
}

std::string place_in_batch(const driver::WriteBatch& batch, std::optional<std::size_t> row) {
  if (!row && batch.row_count() == 1) row = 0;
  if (row) return ", in " + batch.row_in_words(*row);
  if (batch.pivot == nullptr)
    return fmt::format(", in one of {} rows of {}", batch.row_count(), batch.entity->name);
  return fmt::format(", in one of {} links of {}.{}", batch.row_count(), entity_of(batch).name,
                     batch.pivot->owner_property->name);
}

const EntityMetadata& entity_of(const driver::WriteBatch& batch) noexcept {
  return batch.pivot != nullptr ? *batch.pivot->owner_property->entity : *batch.entity;
}

std::string_view property_of_constraint(const EntityMetadata& entity, std::string_view constraint) noexcept {
  for (const IndexDefinition& index : entity.indexes)
    if (index.name == constraint && index.columns.size() == 1) return index.columns.front()->property->name;
  return {};
}

}  // namespace kin::sql
