// SPDX-License-Identifier: MIT
#include "drivers/sqlite/sqlite_functions.hpp"

#include <re2/re2.h>
#include <sqlite3.h>
#include <kin/types/decimal.hpp>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "drivers/sqlite/sqlite_regexp.hpp"

// What is called from here on is called by C code, so nothing may throw.
namespace kin::sqlite {
namespace {

constexpr int pure = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;

std::string_view text_of(sqlite3_value* value) noexcept {
  const unsigned char* const text = sqlite3_value_text(value);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text), static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

// ---------------------------------------------------------------------------------------------------- regexp

void regexp(sqlite3_context* context, int, sqlite3_value** arguments) noexcept {
  if (sqlite3_value_type(arguments[0]) == SQLITE_NULL || sqlite3_value_type(arguments[1]) == SQLITE_NULL)
    return;
  try {
    auto& patterns = *static_cast<RegexpCache*>(sqlite3_user_data(context));
    const re2::RE2& pattern = patterns.compiled(text_of(arguments[0]));
    if (!pattern.ok()) {
      const std::string message = "invalid regular expression: " + pattern.error();
      sqlite3_result_error(context, message.data(), static_cast<int>(message.size()));
      return;
    }
    const std::string_view text = text_of(arguments[1]);
    const bool matches = re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), pattern);
    sqlite3_result_int(context, matches ? 1 : 0);
  } catch (...) {
    sqlite3_result_error_nomem(context);
  }
}

void destroy_patterns(void* patterns) noexcept { delete static_cast<RegexpCache*>(patterns); }

// --------------------------------------------------------------------------------------------------- decimal

int compare_bytes(std::string_view left, std::string_view right) noexcept { return left.compare(right); }

int compare_decimals(std::string_view left, std::string_view right) {
  if (left == right) return 0;
  Decimal left_number;
  Decimal right_number;
  const bool left_is_number = Decimal::parse(left, left_number);
  const bool right_is_number = Decimal::parse(right, right_number);
  if (left_is_number && right_is_number) {
    const std::weak_ordering order = left_number <=> right_number;
    return order < 0 ? -1 : order > 0 ? 1 : 0;
  }
  if (left_is_number != right_is_number) return left_is_number ? -1 : 1;
  return compare_bytes(left, right);
}

int collate_decimal(void*, int left_size, const void* left, int right_size, const void* right) noexcept {
  const std::string_view left_text(static_cast<const char*>(left), static_cast<std::size_t>(left_size));
  const std::string_view right_text(static_cast<const char*>(right), static_cast<std::size_t>(right_size));
  try {
    return compare_decimals(left_text, right_text);
  } catch (...) {
    return compare_bytes(left_text, right_text);  // no memory, and a collation can't fail
  }
}

// The state of one sum: SQLite provides zeroed memory for it and frees that by itself.
struct Sum {
  Decimal* total;
  std::int64_t values;
};

Sum* existing_sum(sqlite3_context* context) noexcept {
  return static_cast<Sum*>(sqlite3_aggregate_context(context, 0));
}

bool decimal_of(sqlite3_value* value, Decimal& number) {
  if (sqlite3_value_type(value) != SQLITE_FLOAT) return Decimal::parse(text_of(value), number);
  const double real = sqlite3_value_double(value);
  if (!(real - real == 0)) return false;  // infinite
  number = Decimal::from_double(real);
  return true;
}

void add_to(sqlite3_context* context, sqlite3_value* value, bool negated) {
  if (sqlite3_value_type(value) == SQLITE_NULL) return;
  Decimal number;
  if (!decimal_of(value, number)) {
    sqlite3_result_error(context, "decimal_sum: a value is not a decimal number", -1);
    return;
  }
  auto* const sum = static_cast<Sum*>(sqlite3_aggregate_context(context, sizeof(Sum)));
  if (sum == nullptr) return sqlite3_result_error_nomem(context);
  if (sum->total == nullptr) sum->total = new Decimal;
  *sum->total += negated ? -number : number;
  sum->values += negated ? -1 : 1;
}

void add(sqlite3_context* context, int, sqlite3_value** arguments) noexcept {
  try {
    add_to(context, arguments[0], false);
  } catch (...) {
    sqlite3_result_error_nomem(context);
  }
}

void take_away(sqlite3_context* context, int, sqlite3_value** arguments) noexcept {
  try {
    add_to(context, arguments[0], true);
  } catch (...) {
    sqlite3_result_error_nomem(context);
  }
}

void tell_sum(sqlite3_context* context) noexcept {
  const Sum* const sum = existing_sum(context);
  if (sum == nullptr || sum->values == 0) return;
  try {
    const std::string text = sum->total->to_string();
    sqlite3_result_text(context, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
  } catch (...) {
    sqlite3_result_error_nomem(context);
  }
}

// Called once for each sum, also when the statement ends early.
void finish_sum(sqlite3_context* context) noexcept {
  tell_sum(context);
  if (Sum* const sum = existing_sum(context)) {
    delete sum->total;
    sum->total = nullptr;
  }
}

}  // namespace

int register_functions(sqlite3* connection) {
  // SQLite destroys the cache with the connection, and also when this call fails.
  int code = sqlite3_create_function_v2(connection, "regexp", 2, pure, new RegexpCache, regexp, nullptr,
                                        nullptr, destroy_patterns);
  if (code != SQLITE_OK) return code;
  code = sqlite3_create_collation_v2(connection, "decimal", SQLITE_UTF8, nullptr, collate_decimal, nullptr);
  if (code != SQLITE_OK) return code;
  return sqlite3_create_window_function(connection, "decimal_sum", 1, pure, nullptr, add, finish_sum,
                                        tell_sum, take_away, nullptr);
}

}  // namespace kin::sqlite
