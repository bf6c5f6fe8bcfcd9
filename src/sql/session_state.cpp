// SPDX-License-Identifier: MIT
#include "sql/session_state.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace kin::sql {
namespace {

constexpr std::array verbs_on_rows = {"select",  "insert", "update", "delete",
                                      "replace", "with",   "values", "merge"};
constexpr std::array verbs_of_definitions = {"create", "drop", "alter", "truncate"};

// Whatever may be followed by a parenthesis and leaves nothing.
constexpr std::array harmless = {
    "abs",        "all",     "and",         "any",       "as",         "avg",      "by",
    "cast",       "ceil",    "char_length", "coalesce",  "concat",     "count",    "date",
    "date_trunc", "decode",  "distinct",    "else",      "encode",     "every",    "except",
    "exists",     "extract", "filter",      "floor",     "from",       "greatest", "group_concat",
    "having",     "if",      "ifnull",      "in",        "intersect",  "join",     "json_extract",
    "key",        "least",   "left",        "length",    "like",       "limit",    "lower",
    "ltrim",      "max",     "min",         "mod",       "not",        "now",      "nullif",
    "on",         "or",      "over",        "partition", "position",   "random",   "replace",
    "returning",  "right",   "round",       "row",       "row_number", "rtrim",    "select",
    "set",        "some",    "string_agg",  "substr",    "substring",  "sum",      "then",
    "to_char",    "trim",    "union",       "upper",     "using",      "values",   "when",
    "where"};

constexpr bool is_word(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

template <class List>
bool contains(const List& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

// Stands for whatever is in double quotes or backticks.
constexpr std::string_view quoted_name = "\"";

/// The words of a statement and what stands between them; quoted text and comments are left out.
class Words {
 public:
  explicit Words(std::string_view sql) noexcept : rest_(sql) {}

  /// Goes on to the next word; false at the end.
  bool next();
  std::string_view word() const noexcept { return word_; }
  /// Signs between the last word and this one.
  std::string_view between() const noexcept { return between_; }

 private:
  void skip_quoted(std::string_view end);

  std::string_view rest_;
  std::string word_{};
  std::string between_{};
};

void Words::skip_quoted(std::string_view end) {
  const std::size_t found = rest_.find(end);
  const std::size_t length = found == std::string_view::npos ? rest_.size() : found + end.size();
  // Databases differ in whether it escapes the quote, and so in where the text ends.
  if (end.size() == 1 && rest_.substr(0, length).find('\\') != std::string_view::npos) between_ += '\\';
  rest_.remove_prefix(length);
}

/// Where all databases see one: MySQL's needs a space.
bool begins_line_comment(std::string_view text) {
  return text.starts_with("--") && (text.size() == 2 || text[2] == ' ' || text[2] == '\n');
}

bool Words::next() {
  word_.clear();
  between_.clear();
  while (!rest_.empty()) {
    const char c = rest_.front();
    if (is_word(c)) {
      while (!rest_.empty() && is_word(rest_.front())) {
        word_ += lower(rest_.front());
        rest_.remove_prefix(1);
      }
      return true;
    }
    // A comment of MySQL that the server runs is none: its ! is seen as a sign.
    const bool is_comment =
        rest_.starts_with("/*") && !rest_.starts_with("/*!") && !rest_.starts_with("/*M!");
    if (c == '\'' || c == '"' || c == '`') {
      const std::string_view quote = rest_.substr(0, 1);
      rest_.remove_prefix(1);
      skip_quoted(quote);
      if (c != '\'') {
        word_ = quoted_name;
        return true;
      }
      between_ += c;
    } else if (is_comment) {
      rest_.remove_prefix(2);
      skip_quoted("*/");
    } else if (begins_line_comment(rest_)) {
      const std::size_t end = rest_.find('\n');
      rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end);
    } else if (rest_.starts_with("!=")) {
      between_ += "<>";
      rest_.remove_prefix(2);
    } else {
      if (c != ' ' && c != '\n' && c != '\t' && c != '\r') between_ += c;
      rest_.remove_prefix(1);
    }
  }
  return false;
}

bool has_suspicious_sign(std::string_view between) {
  // Variables, several statements, executed comments, comments of MySQL's.
  return between.find_first_of("@;!$#\\") != std::string_view::npos ||
         between.find(":=") != std::string_view::npos;
}

}  // namespace

bool may_touch_session(std::string_view sql) {
  Words words(sql);
  if (!words.next() || has_suspicious_sign(words.between())) return true;
  const bool on_rows = contains(verbs_on_rows, words.word());
  if (!on_rows && !contains(verbs_of_definitions, words.word())) return true;

  std::string before_last;
  std::string last(words.word());
  bool is_qualified = false;  // the last word has a point in front of it
  for (bool more = true; more;) {
    more = words.next();
    const std::string_view word = words.word();
    if (has_suspicious_sign(words.between())) return true;
    const bool calls = words.between().starts_with('(') && before_last != "into";
    if (on_rows && calls && (is_qualified || !contains(harmless, last))) return true;
    // What is made from a query calls the functions of that.
    if (!on_rows && (word == "select" || word == "values" || word == "execute")) return true;
    const bool inserts = last == "insert" || last == "replace" || last == "merge" || last == "ignore";
    if (word == "into" && !inserts) return true;
    if (word.starts_with("temp") || word == "lock") return true;
    is_qualified = words.between().ends_with('.');
    before_last = std::move(last);
    last = word;
  }
  return false;
}

bool is_query(std::string_view sql) {
  Words words(sql);
  return words.next() && words.word() == "select";
}

}  // namespace kin::sql
