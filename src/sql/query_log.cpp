// SPDX-License-Identifier: MIT
#include "sql/query_log.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <span>
#include <string_view>
#include <utility>

namespace kin::sql {
namespace {

constexpr std::size_t most_rows = 3;        // of a batch whose parameters are shown
constexpr std::size_t longest_value = 200;  // bytes
constexpr std::string_view dim = "\x1b[2m";
constexpr std::string_view red = "\x1b[31m";
constexpr std::string_view plain = "\x1b[0m";

bool is_control(char character) {
  const auto code = static_cast<unsigned char>(character);
  return code < 0x20 || code == 0x7f;
}

// Statements may be laid out over lines: each run of white space in them becomes a space.
void append_sql(std::string& line, std::string_view sql) {
  bool after_space = false;
  for (const char character : sql) {
    const bool is_space = character == '\n' || character == '\r' || character == '\t';
    if (is_space || (after_space && character == ' ')) {
      after_space = true;
      continue;
    }
    if (std::exchange(after_space, false)) line += ' ';
    line += is_control(character) ? '?' : character;
  }
}

// Not inside a character, whose further bytes are 10xxxxxx.
std::size_t cut(std::string_view text) {
  if (text.size() <= longest_value) return text.size();
  std::size_t end = longest_value;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return end;
}

void append_value(std::string& line, const Value& value) {
  const std::string text = value.to_string();
  const std::size_t end = cut(text);
  for (const char character : std::string_view(text).substr(0, end)) {
    if (is_control(character)) {
      fmt::format_to(std::back_inserter(line), "\\x{:02x}", static_cast<unsigned char>(character));
    } else {
      line += character;
    }
  }
  if (end < text.size()) line += "…";
}

void append_row(std::string& line, std::span<const Value> values) {
  line += " [";
  for (const Value& value : values) {
    if (&value != values.data()) line += ", ";
    append_value(line, value);
  }
  line += ']';
}

void append_parameters(std::string& line, const Query& query) {
  const std::span<const Value> values = query.parameters.all();
  if (values.empty() || query.executions == 0) return;
  const std::size_t row_size = values.size() / query.executions;
  const std::size_t shown = std::min<std::size_t>(query.executions, most_rows);
  line += " --";
  for (std::size_t row = 0; row < shown; ++row) append_row(line, values.subspan(row * row_size, row_size));
  if (shown < query.executions)
    fmt::format_to(std::back_inserter(line), " and {} more", query.executions - shown);
}

std::string in_words(std::chrono::nanoseconds duration) {
  const double milliseconds = std::chrono::duration<double, std::milli>(duration).count();
  if (milliseconds >= 1000) return fmt::format("{:.2f} s", milliseconds / 1000);
  const int digits = milliseconds < 0.1 ? 3 : milliseconds < 10 ? 2 : 0;
  return fmt::format("{:.{}f} ms", milliseconds, digits);
}

// Others, such as begin and create table, have no rows to tell of.
bool has_rows(std::string_view sql) {
  constexpr std::array<std::string_view, 7> verbs{"select", "insert",  "update", "delete",
                                                  "with",   "replace", "values"};
  const std::string_view first = sql.substr(0, sql.find_first_of(" \n\t("));
  return std::any_of(verbs.begin(), verbs.end(), [first](std::string_view verb) {
    return std::equal(first.begin(), first.end(), verb.begin(), verb.end(),
                      [](char left, char right) { return (left | 0x20) == right; });
  });
}

void append_outcome(std::string& line, const Query& query) {
  fmt::format_to(std::back_inserter(line), "[took {}", in_words(query.duration));
  if (query.executions != 1) fmt::format_to(std::back_inserter(line), ", {} times", query.executions);
  if (query.failed) {
    line += ", failed";
  } else if (query.rows != 0 || has_rows(query.sql)) {
    fmt::format_to(std::back_inserter(line), ", {} {}", query.rows, query.rows == 1 ? "row" : "rows");
  }
  line += ']';
}

// One write a line: lines of several threads, and of other writers to stderr, don't mix.
void write_to_stderr(std::string line) {
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

bool wants_colours() {
  const char* const no_color = std::getenv("NO_COLOR");
  return (no_color == nullptr || *no_color == '\0') && ::isatty(STDERR_FILENO) == 1;
}

}  // namespace

std::string log_line(const Query& query, const LogOptions& options, bool colours) {
  std::string line;
  if (colours) line += dim;
  line += "[query] ";
  if (colours) line += plain;
  append_sql(line, query.sql);
  if (options.parameters) append_parameters(line, query);
  line += ' ';
  if (colours) line += query.failed ? red : dim;
  append_outcome(line, query);
  if (colours) line += plain;
  return line;
}

}  // namespace kin::sql

namespace kin {

QueryLogger console_log(LogOptions options) {
  const bool colours = !options.write && sql::wants_colours();
  return [options = std::move(options), colours](const Query& query) {
    if (!query.failed && query.duration < options.slower_than) return;
    std::string line = sql::log_line(query, options, colours);
    if (options.write) {
      options.write(line);
    } else {
      sql::write_to_stderr(std::move(line));
    }
  };
}

}  // namespace kin
