// SPDX-License-Identifier: MIT
// The command line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

namespace countries {

struct Arguments {
  std::string database = "countries.db";
  std::filesystem::path data = "/usr/share/iso-codes/json";
  std::string country = "FR";
  std::optional<std::string> name{};
  std::optional<std::string> type{};
  std::optional<std::string> of{};
  std::uint32_t page = 1;
  bool sql = false;
  bool help = false;
};

extern const char* const usage;

/// A command line that cannot be understood.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws UsageError.
Arguments parse_arguments(int count, char** words);

}  // namespace countries
