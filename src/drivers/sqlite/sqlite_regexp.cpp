// SPDX-License-Identifier: MIT
#include "drivers/sqlite/sqlite_regexp.hpp"

#include <algorithm>

namespace kin::sqlite {
namespace {

re2::RE2::Options quiet() {
  re2::RE2::Options options;
  options.set_log_errors(false);  // what is wrong with a pattern is the caller's to know, not stderr's
  return options;
}

}  // namespace

const re2::RE2& RegexpCache::compiled(std::string_view pattern) {
  const auto found = std::find_if(patterns_.begin(), patterns_.end(),
                                  [pattern](const auto& known) { return known->pattern() == pattern; });
  if (found != patterns_.end()) {
    std::rotate(patterns_.begin(), found, found + 1);
    return *patterns_.front();
  }
  auto made = std::make_unique<re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), quiet());
  if (patterns_.size() == capacity) patterns_.pop_back();
  patterns_.insert(patterns_.begin(), std::move(made));
  return *patterns_.front();
}

}  // namespace kin::sqlite
