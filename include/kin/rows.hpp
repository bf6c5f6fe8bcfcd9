// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/codec_of.hpp>
#include <kin/value.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kin {

namespace detail {
[[noreturn]] void throw_no_column(std::string_view name, const std::vector<std::string>& columns);
void assign_cell(const Codec& codec, void* to, ValueView cell, std::string_view column);
}  // namespace detail

/// One row of a plain statement. Valid as long as the Rows it comes from.
class Row {
 public:
  Row(const std::vector<std::string>& columns, const Value* values) noexcept
      : columns_(&columns), values_(values) {}
  const Value& operator[](std::size_t column) const noexcept { return values_[column]; }
  /// Throws ValidationError when the result has no such column.
  const Value& operator[](std::string_view column) const {
    for (std::size_t i = 0; i < columns_->size(); ++i)
      if ((*columns_)[i] == column) return values_[i];
    detail::throw_no_column(column, *columns_);
  }
  const std::vector<std::string>& columns() const noexcept { return *columns_; }
  /// The value as a C++ type; throws ValidationError when it does not fit.
  template <class T>
  T get(std::string_view column) const {
    T result{};
    detail::assign_cell(detail::codec_of<T>(), &result, (*this)[column].view(), column);
    return result;
  }

 private:
  const std::vector<std::string>* columns_;
  const Value* values_;
};

/// The result of a plain statement: owns its values. Copyable.
class Rows {
 public:
  class iterator {
   public:
    iterator(const Rows* rows, std::size_t at) noexcept : rows_(rows), at_(at) {}
    Row operator*() const { return (*rows_)[at_]; }
    iterator& operator++() noexcept {
      ++at_;
      return *this;
    }
    friend bool operator==(const iterator&, const iterator&) noexcept = default;

   private:
    const Rows* rows_;
    std::size_t at_;
  };

  std::size_t size() const noexcept { return columns_.empty() ? 0 : values_.size() / columns_.size(); }
  bool empty() const noexcept { return values_.empty(); }
  Row operator[](std::size_t row) const noexcept { return {columns_, values_.data() + row * columns_.size()}; }
  iterator begin() const noexcept { return {this, 0}; }
  iterator end() const noexcept { return {this, size()}; }
  const std::vector<std::string>& columns() const noexcept { return columns_; }
  /// Rows changed by insert, update or delete.
  std::uint64_t changed() const noexcept { return changed_; }

  std::vector<std::string>& mutable_columns() noexcept { return columns_; }
  std::vector<Value>& mutable_values() noexcept { return values_; }
  void set_changed(std::uint64_t rows) noexcept { changed_ = rows; }

 private:
  std::vector<std::string> columns_{};
  std::vector<Value> values_{};
  std::uint64_t changed_ = 0;
};

}  // namespace kin
