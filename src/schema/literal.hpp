// SPDX-License-Identifier: MIT
#pragma once

#include <kin/value.hpp>

#include <string>
#include <string_view>

/// What the databases' literals have in common.
namespace kin::schema {

/// Two digits a byte.
std::string hex_of(std::string_view bytes);

/// Text in single quotes, those inside of it doubled.
std::string quoted_text(std::string_view text);

/// A date, time or timestamp as text in UTC, with as few digits as show all of the value, never fewer than
/// its type has.
std::string chrono_text(ValueView value);

/// As few digits as tell the number, with a point or an exponent.
std::string real_text(double value);

}  // namespace kin::schema
