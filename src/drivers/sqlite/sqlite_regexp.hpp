// SPDX-License-Identifier: MIT
#pragma once

#include <re2/re2.h>

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace kin::sqlite {

/// The patterns that a connection used last, compiled. Thread-safety: none.
class RegexpCache {
 public:
  static constexpr std::size_t capacity = 16;

  /// Compiled now or earlier; ok() is false for an invalid pattern. Valid until the next call.
  const re2::RE2& compiled(std::string_view pattern);

 private:
  std::vector<std::unique_ptr<re2::RE2>> patterns_;  // used last comes first
};

}  // namespace kin::sqlite
