// SPDX-License-Identifier: MIT
#include "iso_codes.hpp"

#include <fstream>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace countries {

namespace {

using Path = std::filesystem::path;

[[noreturn]] void throw_missing(const Path& file) {
  throw InputError("Cannot read " + file.string() +
                   ": get it with `apt-get install iso-codes`, or name the folder that has it with --data.");
}

[[noreturn]] void throw_malformed(const Path& file, const std::string& finding) {
  throw InputError(file.string() + " is not as the package iso-codes has it, " + finding +
                   ": repair it with `apt-get install --reinstall iso-codes`.");
}

Json parse(const Path& file) {
  std::ifstream stream(file);
  // A folder can be opened, but nothing can be read from it.
  if (!stream || stream.peek() == std::ifstream::traits_type::eof()) throw_missing(file);
  try {
    return Json::parse(stream);
  } catch (const Json::parse_error& error) {
    throw_malformed(file, "it ceases to be JSON at byte " + std::to_string(error.byte));
  }
}

void check_entry(const Json& entry, std::initializer_list<const char*> required, const Path& file) {
  if (!entry.is_object()) throw_malformed(file, "an entry is no object: " + entry.dump());
  for (const auto& [member, value] : entry.items())
    if (!value.is_string()) throw_malformed(file, "\"" + member + "\" is no text in " + entry.dump());
  for (const char* member : required)
    if (!entry.contains(member) || text(entry, member).empty())
      throw_malformed(file, "\"" + std::string(member) + "\" is missing in " + entry.dump());
}

/// A member that is one letter out of a few.
void check_letter(const Json& entry, const char* member, std::string_view letters, const Path& file) {
  const std::string& letter = text(entry, member);
  if (letter.size() != 1 || letters.find(letter) == std::string_view::npos)
    throw_malformed(file, "\"" + std::string(member) + "\" is unknown in " + entry.dump());
}

Path file_of(const Path& folder, const std::string& standard) {
  return folder / ("iso_" + standard + ".json");
}

Json read_list(const Path& folder, const std::string& standard, std::initializer_list<const char*> required) {
  const Path file = file_of(folder, standard);
  Json document = parse(file);
  if (!document.contains(standard) || !document[standard].is_array())
    throw_malformed(file, "it holds no list \"" + standard + "\"");
  Json list = std::move(document[standard]);
  for (const Json& entry : list) check_entry(entry, required, file);
  return list;
}

}  // namespace

IsoCodes read_iso_codes(const Path& folder) {
  IsoCodes codes;
  codes.countries = read_list(folder, "3166-1", {"alpha_2", "alpha_3", "numeric", "name"});
  codes.subdivisions = read_list(folder, "3166-2", {"code", "name", "type"});
  codes.currencies = read_list(folder, "4217", {"alpha_3", "numeric", "name"});
  codes.languages = read_list(folder, "639-3", {"alpha_3", "name", "scope", "type"});
  for (const Json& language : codes.languages) {
    check_letter(language, "scope", "IMS", file_of(folder, "639-3"));
    check_letter(language, "type", "ACEHLS", file_of(folder, "639-3"));
  }
  return codes;
}

const std::string& text(const Json& entry, const char* member) {
  return entry.at(member).get_ref<const std::string&>();
}

std::optional<std::string> optional_text(const Json& entry, const char* member) {
  const auto found = entry.find(member);
  if (found == entry.end()) return std::nullopt;
  return found->get<std::string>();
}

}  // namespace countries
