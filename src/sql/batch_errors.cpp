// SPDX-License-Identifier: MIT
#include "sql/batch_errors.hpp"

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
  } else if (index - written < batch.entity->key.size()) {
    column = batch.entity->key[index - written];
  }
  return column != nullptr && column->property != nullptr ? std::string_view(column->property->name)
                                                          : std::string_view();
}

}  // namespace

void refuse_in_batch(const driver::WriteBatch& batch, std::size_t index, const std::string& reason,
                     const std::string& text) {
  ErrorDetails details;
  details.property = property_of(batch, index);
  if (batch.entity != nullptr) details.entity = batch.entity->name;
  details.sql = text;
  std::string message = fmt::format("{}.{}: {} [{}]", details.entity, details.property, reason, text);
  throw ValidationError(message, std::move(details));
}

}  // namespace kin::sql
