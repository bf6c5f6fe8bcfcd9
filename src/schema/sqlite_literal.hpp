// SPDX-License-Identifier: MIT
#pragma once

#include <kin/value.hpp>

#include <string>
#include <string_view>

namespace kin::schema {

/// A value as SQLite's text, for default values and checks, in the form in which the driver would store it.
/// Safe for any bytes. Throws ValidationError for what SQLite can't store.
std::string sqlite_literal(ValueView value);

/// Text in single quotes.
std::string sqlite_text_literal(std::string_view text);

}  // namespace kin::schema
