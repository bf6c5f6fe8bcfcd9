// SPDX-License-Identifier: MIT
#include "arguments.hpp"

#include <charconv>
#include <string_view>
#include <utility>

namespace countries {

const char* const usage =
    R"(Usage: 01_countries [FILE] [options]
Brings the SQLite database FILE (default: countries.db) up to date with the ISO codes of Debian's package
iso-codes, then asks it a few questions.

  --data DIR       folder of the JSON files (default: /usr/share/iso-codes/json)
  --country CODE   the country whose tree is shown (default: FR)
  --name TEXT      filter: subdivisions whose name contains TEXT; upper and lower case matter
  --type TEXT      filter: subdivisions of exactly this type, such as Province
  --of TEXT        filter: subdivisions of countries whose name contains TEXT
  --page N         page of the list of extinct languages (default: 1)
  --sql            print the statements that were sent
  --help           print this
)";

namespace {

std::uint32_t parse_page(std::string_view word) {
  std::uint32_t page = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), page);
  if (error != std::errc() || end != word.data() + word.size() || page == 0)
    throw UsageError("--page needs a number from 1, not \"" + std::string(word) + "\".");
  return page;
}

void set_option(Arguments& arguments, std::string_view option, std::string value) {
  if (option == "--data") {
    arguments.data = std::move(value);
  } else if (option == "--country") {
    arguments.country = std::move(value);
  } else if (option == "--name") {
    arguments.name = std::move(value);
  } else if (option == "--type") {
    arguments.type = std::move(value);
  } else if (option == "--of") {
    arguments.of = std::move(value);
  } else if (option == "--page") {
    arguments.page = parse_page(value);
  } else {
    throw UsageError("There is no option " + std::string(option) + ".");
  }
}

}  // namespace

Arguments parse_arguments(int count, char** words) {
  Arguments arguments;
  bool has_database = false;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "--help") {
      arguments.help = true;
    } else if (word == "--sql") {
      arguments.sql = true;
    } else if (word.starts_with("--")) {
      if (i + 1 == count) throw UsageError("Nothing follows the option " + std::string(word) + ".");
      set_option(arguments, word, words[++i]);
    } else if (has_database) {
      throw UsageError("\"" + std::string(word) + "\" would be a second database file.");
    } else {
      arguments.database = word;
      has_database = true;
    }
  }
  return arguments;
}

}  // namespace countries
