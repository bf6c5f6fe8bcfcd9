// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/expression.hpp>
#include <kin/value.hpp>

#include <cstddef>
#include <cstdint>

#include <boost/container/small_vector.hpp>

namespace kin::detail {

/// A value of an expression. Trivially copyable, 16 bytes: what lies in memory of its own lies in
/// ExpressionData::bytes, so that copying an expression copies three blocks.
struct StoredValue {
  ValueKind kind = ValueKind::null;
  std::uint8_t fraction_digits = 0;
  std::uint32_t size = 0;
  union {
    std::int64_t integer = 0;
    double real;
    std::uint64_t begin;  ///< of the value's bytes
  };
};

/// What an Expression holds. The inline buffers are sized so that two or three comparisons cost one
/// allocation.
struct ExpressionData {
  boost::container::small_vector<Token, 8> tokens{};
  boost::container::small_vector<StoredValue, 4> values{};
  boost::container::small_vector<char, 48> bytes{};

  /// Valid until the expression changes.
  ValueView value(std::size_t index) const noexcept;
  void add_value(ValueView value);
};

/// How many operands an operator has, `token.count` included where it says so.
std::uint32_t operand_count(const Token& token) noexcept;

}  // namespace kin::detail
