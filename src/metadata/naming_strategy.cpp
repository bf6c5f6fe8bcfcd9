// SPDX-License-Identifier: MIT
#include <kin/naming_strategy.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace kin {
namespace {

/// Of PostgreSQL, in bytes; MySQL allows one more, SQLite any length.
constexpr std::size_t max_identifier_size = 63;

/// FNV-1a, because a shortened name has to be the same in every build and on every machine.
std::uint32_t stable_hash(std::string_view text) noexcept {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

/// Cuts a name that is too long and tells it apart from others with the same beginning by a hash of the
/// whole.
std::string shortened(std::string name) {
  if (name.size() <= max_identifier_size) return name;
  const std::string hash = fmt::format("_{:08x}", stable_hash(name));
  std::size_t end = max_identifier_size - hash.size();
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80)
    --end;  // no half of a UTF-8 character
  name.resize(end);
  return name + hash;
}

constexpr bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
constexpr bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_name_character(char c) noexcept {
  return is_upper(c) || is_lower(c) || is_digit(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
constexpr char to_lower(char c) noexcept { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

/// Whether the capital at `at` begins a word: the T of BookTag, the S of HTTPServer.
bool begins_word(std::string_view name, std::size_t at) noexcept {
  if (at == 0 || !is_upper(name[at])) return false;
  const char before = name[at - 1];
  if (is_upper(before)) return at + 1 < name.size() && is_lower(name[at + 1]);
  return before != '_' && is_name_character(before);
}

/// Characters that no plain name has, those of Pair<int>, become single underscores between words.
std::string underscored(std::string_view name) {
  std::string result;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!is_name_character(name[i])) {
      if (!result.empty() && result.back() != '_') result += '_';
      continue;
    }
    if (begins_word(name, i)) result += '_';
    result += to_lower(name[i]);
  }
  if (!name.empty() && !is_name_character(name.back()) && result.ends_with('_')) result.pop_back();
  return result;
}

/// What both strategies have in common: names are put together from parts with underscores.
class JoinedNaming : public NamingStrategy {
 public:
  std::string table_name(std::string_view entity) const override { return shortened(part(entity)); }
  std::string column_name(std::string_view member) const override { return shortened(part(member)); }
  std::string join_column_name(std::string_view member, std::string_view key_column) const override {
    return shortened(fmt::format("{}_{}", part(member), key_column));
  }
  std::string pivot_table_name(std::string_view owner_table, std::string_view /*target_table*/,
                               std::string_view member) const override {
    return shortened(fmt::format("{}_{}", owner_table, part(member)));
  }
  std::string pivot_column_name(std::string_view entity, std::string_view key_column,
                                std::string_view suffix) const override {
    return shortened(fmt::format("{}{}_{}", part(entity), suffix, key_column));
  }
  std::string constraint_name(std::string_view table, std::span<const std::string> columns,
                              std::string_view kind) const override {
    std::string name(table);
    if (kind == "primary") return shortened(name.append("_pkey"));
    for (const std::string& column : columns) name.append("_").append(column);
    return shortened(name.append("_").append(kind));
  }

 private:
  /// A name of the code as part of a name in the database.
  virtual std::string part(std::string_view name) const = 0;
};

class UnderscoreNaming final : public JoinedNaming {
  std::string part(std::string_view name) const override { return underscored(name); }
};

class EntityCaseNaming final : public JoinedNaming {
  std::string part(std::string_view name) const override { return std::string(name); }
};

}  // namespace

std::shared_ptr<const NamingStrategy> underscore_naming() {
  static const auto strategy = std::make_shared<const UnderscoreNaming>();
  return strategy;
}

std::shared_ptr<const NamingStrategy> entity_case_naming() {
  static const auto strategy = std::make_shared<const EntityCaseNaming>();
  return strategy;
}

}  // namespace kin
