// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "drivers/driver.hpp"
#include "sql/dialect.hpp"

namespace kin::sql {

/// The texts of write batches by their shape, so that a batch which differs only in rows builds no text.
/// Thread-safety: none; each connection has its own.
class WriteTexts {
 public:
  explicit WriteTexts(const Dialect& dialect) noexcept : dialect_(dialect) {}

  /// Valid until the next call.
  const std::string& of(const driver::WriteBatch& batch);

 private:
  // All that Dialect::write() depends on.
  struct Shape {
    explicit Shape(const driver::WriteBatch& batch);

    driver::Operation operation;
    bool single;  // one row
    bool checks_version;
    bool write_nulls;
    bool ignore_duplicates;
    const EntityMetadata* entity;
    const PivotTable* pivot;
    std::vector<const Column*> columns;
    std::vector<const Column*> returning;
    std::vector<const Column*> checked;
    std::vector<const Column*> conflict;
    std::vector<const Column*> merged;
  };
  // Both also take a batch, so that a look-up makes no Shape.
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const Shape& shape) const noexcept;
    std::size_t operator()(const driver::WriteBatch& batch) const noexcept;
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Shape& left, const Shape& right) const noexcept;
    bool operator()(const driver::WriteBatch& left, const Shape& right) const noexcept;
    bool operator()(const Shape& left, const driver::WriteBatch& right) const noexcept {
      return (*this)(right, left);
    }
  };

  const Dialect& dialect_;
  std::unordered_map<Shape, std::string, Hash, Equal> texts_;
};

}  // namespace kin::sql
