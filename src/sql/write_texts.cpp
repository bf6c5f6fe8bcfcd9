// SPDX-License-Identifier: MIT
#include "sql/write_texts.hpp"

#include <cstdint>

#include "sql/statements.hpp"

namespace kin::sql {
namespace {

// Updates have as many shapes as there are sets of changed columns: beyond this it starts over.
constexpr std::size_t most_texts = 2048;

std::size_t mix(std::size_t hash, std::size_t more) noexcept {
  hash = (hash ^ more) * 0x9e3779b97f4a7c15U;
  return hash ^ (hash >> 32);
}

template <class T>
std::size_t mix(std::size_t hash, const T* pointer) noexcept {
  return mix(hash, reinterpret_cast<std::uintptr_t>(pointer));
}

bool is_single(const driver::WriteBatch& batch) noexcept { return batch.row_count() == 1; }
bool is_single(const auto& shape) noexcept { return shape.single; }

template <class ShapeOrBatch>
std::size_t hash_of(const ShapeOrBatch& shape) noexcept {
  std::size_t hash = static_cast<std::size_t>(shape.operation) * 16 + (is_single(shape) ? 8U : 0U) +
                     (shape.checks_version ? 4U : 0U) + (shape.write_nulls ? 2U : 0U) +
                     (shape.ignore_duplicates ? 1U : 0U);
  hash = mix(mix(hash, shape.entity), shape.pivot);
  for (const Column* column : shape.columns) hash = mix(hash, column);
  for (const Column* column : shape.returning) hash = mix(hash, column);
  for (const Column* column : shape.checked) hash = mix(hash, column);
  for (const Column* column : shape.conflict) hash = mix(hash, column);
  for (const Column* column : shape.merged) hash = mix(hash, column);
  return mix(mix(hash, shape.columns.size()), shape.checked.size());
}

template <class Left, class Right>
bool equal(const Left& left, const Right& right) noexcept {
  return left.operation == right.operation && is_single(left) == is_single(right) &&
         left.checks_version == right.checks_version && left.write_nulls == right.write_nulls &&
         left.ignore_duplicates == right.ignore_duplicates && left.entity == right.entity &&
         left.pivot == right.pivot && left.columns == right.columns && left.returning == right.returning &&
         left.checked == right.checked && left.conflict == right.conflict && left.merged == right.merged;
}

}  // namespace

WriteTexts::Shape::Shape(const driver::WriteBatch& batch)
    : operation(batch.operation),
      single(batch.row_count() == 1),
      checks_version(batch.checks_version),
      write_nulls(batch.write_nulls),
      ignore_duplicates(batch.ignore_duplicates),
      entity(batch.entity),
      pivot(batch.pivot),
      columns(batch.columns),
      returning(batch.returning),
      checked(batch.checked),
      conflict(batch.conflict),
      merged(batch.merged) {}

std::size_t WriteTexts::Hash::operator()(const Shape& shape) const noexcept { return hash_of(shape); }

std::size_t WriteTexts::Hash::operator()(const driver::WriteBatch& batch) const noexcept {
  return hash_of(batch);
}

bool WriteTexts::Equal::operator()(const Shape& left, const Shape& right) const noexcept {
  return equal(left, right);
}

bool WriteTexts::Equal::operator()(const driver::WriteBatch& left, const Shape& right) const noexcept {
  return equal(left, right);
}

const std::string& WriteTexts::of(const driver::WriteBatch& batch) {
  if (const auto found = texts_.find(batch); found != texts_.end()) return found->second;
  if (texts_.size() >= most_texts) texts_.clear();
  return texts_.emplace(Shape(batch), dialect_.write(batch)).first->second;
}

}  // namespace kin::sql
