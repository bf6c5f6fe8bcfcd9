// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "sql/dialect.hpp"

namespace kin::sql {

/// Stands in a text that is being put together for the placeholder of a value. Dialects move and repeat
/// operands as they need, so only the finished text tells how many placeholders there are and in which order.
/// The mark is a zero byte, which occurs in no SQL, the value's number, and of an array how many values
/// follow each other in it.
inline constexpr std::size_t mark_size = 1 + 2 * sizeof(std::uint32_t);

inline void append_mark(std::string& out, std::uint32_t value, std::uint32_t array = 0) {
  char mark[mark_size] = {};
  std::memcpy(mark + 1, &value, sizeof value);
  std::memcpy(mark + 1 + sizeof value, &array, sizeof array);
  out.append(mark, mark_size);
}

/// Replaces the marks by placeholders; `values` receives the number of each one's value or values, `arrays`
/// for each placeholder how many values are its array, 0 for one that takes a single value.
inline std::string with_placeholders(std::string_view marked, const Dialect& dialect,
                                     std::vector<std::uint32_t>& values, std::vector<std::uint32_t>& arrays) {
  std::string text;
  text.reserve(marked.size());
  for (;;) {
    const std::size_t mark = marked.find('\0');
    text += marked.substr(0, mark);
    if (mark == std::string_view::npos) return text;
    std::uint32_t value = 0;
    std::uint32_t array = 0;
    std::memcpy(&value, marked.data() + mark + 1, sizeof value);
    std::memcpy(&array, marked.data() + mark + 1 + sizeof value, sizeof array);
    for (std::uint32_t i = 0; i == 0 || i < array; ++i) values.push_back(value + i);
    arrays.push_back(array);
    dialect.placeholder(text, static_cast<std::uint32_t>(arrays.size()));
    marked.remove_prefix(mark + mark_size);
  }
}

}  // namespace kin::sql
