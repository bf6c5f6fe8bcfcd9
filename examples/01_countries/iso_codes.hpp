// SPDX-License-Identifier: MIT
// The JSON files of Debian's package iso-codes.
#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>

namespace countries {

using Json = nlohmann::json;

/// The lists as their files have them: arrays of objects, all of whose members are text.
struct IsoCodes {
  Json countries{};     // ISO 3166-1
  Json subdivisions{};  // ISO 3166-2
  Json currencies{};    // ISO 4217
  Json languages{};     // ISO 639-3

  std::size_t size() const {
    return countries.size() + subdivisions.size() + currencies.size() + languages.size();
  }
};

/// A file that is missing or not what iso-codes ships; the message is one sentence with the file and the
/// remedy.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads and checks all four lists. Throws InputError.
IsoCodes read_iso_codes(const std::filesystem::path& folder);

const std::string& text(const Json& entry, const char* member);
std::optional<std::string> optional_text(const Json& entry, const char* member);

}  // namespace countries
