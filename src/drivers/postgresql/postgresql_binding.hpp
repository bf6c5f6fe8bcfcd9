// SPDX-License-Identifier: MIT
#pragma once

#include <kin/value.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "drivers/driver.hpp"

namespace kin::postgresql {

/// The parameters of one execution, as libpq takes them. Reused from one to the next, for the memory. Values
/// are sent in the binary form of the type that the server has found for the parameter, and as text where
/// there is none. Errors: detail::ConversionError for a value that the parameter's type cannot hold.
class Parameters {
 public:
  void clear() noexcept;
  void add(ValueView value, std::uint32_t type);
  /// One array of a column's values: of the rows from `row` to `end` the parameter with this index. After an
  /// error `row` is the one that it is about.
  void add_array(const driver::WriteBatch& batch, std::size_t& row, std::size_t end, std::size_t index,
                 std::uint32_t type);
  /// One array of these values.
  void add_array(std::span<const ValueView> values, std::uint32_t type);

  int count() const noexcept { return static_cast<int>(starts_.size()); }
  /// Valid until the next change.
  const char* const* values();
  const int* lengths() const noexcept { return lengths_.data(); }
  const int* formats() const noexcept { return formats_.data(); }
  /// Lets go of memory that an unusually large execution took.
  void trim();

 private:
  template <class ValueAt>
  void append_array(const ValueAt& value_at, std::size_t& at, std::size_t end, std::uint32_t type);
  template <class ValueAt>
  void append_text_array(const ValueAt& value_at, std::size_t& at, std::size_t end);
  void finish(std::size_t start, bool binary);

  std::string bytes_;
  std::vector<std::size_t> starts_;  // npos: null
  std::vector<int> lengths_;
  std::vector<int> formats_;
  std::vector<const char*> values_;
  Scratch scratch_{};
};

}  // namespace kin::postgresql
