// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kin::postgresql {

/// A statement that the server has prepared, and what it has told of it.
struct Statement {
  std::string name{};
  std::vector<std::uint32_t> parameter_types{};
  bool binary_result = true;
  std::uint64_t last_used = 0;
};

/// The prepared statements of one connection by their texts. Thread-safety: none.
class StatementCache {
 public:
  explicit StatementCache(std::size_t capacity) noexcept : capacity_(capacity) {}

  /// Null when it is not prepared. Valid until the next insert or erase.
  const Statement* find(std::string_view text) noexcept;
  /// Keeps a statement; returns the name of the one that has to go for it, empty when there is room.
  std::string insert(const std::string& text, Statement statement);
  void erase(std::string_view text) noexcept;
  void clear() noexcept { statements_.clear(); }
  std::string next_name() { return "kin_" + std::to_string(++names_); }
  std::size_t capacity() const noexcept { return capacity_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };

  const std::size_t capacity_;
  std::uint64_t uses_ = 0;
  std::uint64_t names_ = 0;
  std::unordered_map<std::string, Statement, Hash, std::equal_to<>> statements_;
};

}  // namespace kin::postgresql
