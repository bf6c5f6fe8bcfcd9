// SPDX-License-Identifier: MIT
#pragma once

#include <kin/value.hpp>

#include "types/chrono_text.hpp"

struct sqlite3_stmt;

namespace kin::sqlite {

/// Room for the text of a date, time or UUID.
struct BoundText {
  char bytes[types::chrono_text_capacity];
};

/// Binds a value to the parameter with this number, counted from 1, and returns SQLite's result code.
/// Lifetime: SQLite copies nothing, so the value's bytes and `text` stay as they are until the statement is
/// reset. Errors: detail::ConversionError for what SQLite can't store: a NaN, an integer beyond 64 signed
/// bits, text that is not UTF-8.
int bind_value(sqlite3_stmt* statement, int number, ValueView value, BoundText& text);

}  // namespace kin::sqlite
