// SPDX-License-Identifier: MIT
#pragma once

#include <kin/value.hpp>

#include <cstddef>
#include <memory_resource>
#include <vector>

#include <mysql.h>

namespace kin::mysql {

/// The values of one execution in the form that the client library sends: one row of parameters, or one row
/// after the other. Lifetime: bytes of values that are not transient() stay where they are, so the values
/// outlive the execution.
class Parameters {
 public:
  Parameters() = default;
  Parameters(const Parameters&) = delete;
  Parameters& operator=(const Parameters&) = delete;

  void clear() noexcept;
  /// Throws detail::ConversionError for what MySQL can't store: a NaN, an infinity, a year beyond 9999.
  void add(ValueView value);
  /// Drops what was added after the first ones.
  void truncate(std::size_t count) noexcept;
  std::size_t count() const noexcept { return values_.size(); }
  /// About what the values take in a packet.
  std::size_t bytes(std::size_t first, std::size_t count) const noexcept;
  bool is_longer(std::size_t value, std::size_t bytes) const noexcept {
    return values_[value].length > bytes;
  }

  /// Has the statement take all values. False when the client library refuses.
  bool bind(MYSQL_STMT* statement);
  /// Has the statement take the values as rows of `width` each; see fits_array(). False when the library
  /// refuses.
  bool bind_array(MYSQL_STMT* statement, std::size_t width);
  /// An array has one type a column: true when the values of each are of one kind, or null.
  bool fits_array(std::size_t width) const noexcept;

 private:
  struct Parameter {
    enum_field_types type = MYSQL_TYPE_NULL;
    my_bool is_unsigned = 0;
    char indicator = STMT_INDICATOR_NONE;
    unsigned long length = 0;
    union {
      long long integer = 0;
      double real;
      const void* bytes;
      MYSQL_TIME time;
    };
  };
  static void describe(MYSQL_BIND& bind, Parameter& parameter) noexcept;
  static my_bool next_row(void* self, MYSQL_BIND* binds, unsigned int row) noexcept;
  void set_bytes(Parameter& parameter, enum_field_types type, ValueView value);

  std::vector<Parameter> values_;
  std::vector<MYSQL_BIND> binds_;
  std::size_t width_ = 0;  // of a row of the array
  std::pmr::monotonic_buffer_resource copies_;
};

}  // namespace kin::mysql
