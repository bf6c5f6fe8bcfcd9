// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "drivers/driver.hpp"
#include "sql/dialect.hpp"

namespace kin::sql {

/// Reads columns of as many rows of an entity by their keys: `first` and then `columns`.
std::string select_by_keys(const EntityMetadata& entity, std::span<const Column* const> first,
                           std::span<const Column* const> columns, std::size_t rows, const Dialect& dialect);

/// Rows of a batch that come back in any order and are known by their keys.
class RowsByKey {
 public:
  /// Of the batch's rows from `first` on, so many. Lifetime: the batch outlives it.
  RowsByKey(const driver::WriteBatch& batch, std::size_t first, std::size_t count)
      : batch_(batch), first_(first), count_(count) {}

  /// Stores what a row has read back: `cells` are the key, then `columns`.
  void take(const ValueView* cells, std::span<const Column* const> columns);
  /// The entities for which no row came, in the order of the batch: the database keeps their keys in another
  /// form than they were sent in.
  std::vector<driver::EntityState*> left() const;

 private:
  const driver::WriteBatch& batch_;
  const std::size_t first_;
  const std::size_t count_;
  std::vector<driver::EntityState*> met_{};
};

}  // namespace kin::sql
