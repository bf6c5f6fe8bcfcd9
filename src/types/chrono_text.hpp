// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

/// Database text of dates and times, in the proleptic Gregorian calendar and UTC. These run once a cell: they
/// allocate nothing, use no locale and throw nothing. Thread-safe.
///
/// A date is YYYY-MM-DD. Years beyond 9999 have more digits, years before 0 a minus sign (year 0 is 1 BC); a
/// plus sign is read too. A time is HH:MM:SS with the wanted digits of a fraction; a text without seconds is
/// read too. A parser wants all of the text to be one value, without spaces around it, and leaves the result
/// alone when it returns false.
namespace kin::types {

/// Characters that `out` needs room for, whatever is written: a shorter fraction is cut off after it was
/// written.
inline constexpr std::size_t chrono_text_capacity = 40;

/// Writes "2024-02-29 13:05:09.123" without a terminator and returns the length.
/// microseconds since 1970-01-01T00:00:00Z; fraction_digits 0 to 6, what they cannot show is cut off towards
/// the past.
std::size_t format_timestamp(std::int64_t microseconds, int fraction_digits, char* out) noexcept;

/// Reads a date, then 'T' or a space and a time, then 'Z' or an offset ±HH, ±HHMM, ±HH:MM or ±HH:MM:SS (as
/// PostgreSQL writes local mean times), which is taken off. All after the date may be absent. Up to 9 digits
/// of a fraction are read, those after the sixth cut off. Without an offset the text is UTC. False when
/// malformed, when there is no such day or time, and when the result does not fit.
[[nodiscard]] bool parse_timestamp(std::string_view text, std::int64_t& microseconds) noexcept;

/// Writes "2024-02-29" without a terminator and returns the length. days since 1970-01-01.
std::size_t format_date(std::int32_t days, char* out) noexcept;

/// Reads a date alone.
[[nodiscard]] bool parse_date(std::string_view text, std::int32_t& days) noexcept;

/// Writes "13:05:09.123" without a terminator and returns the length. microseconds since midnight; what is
/// not a time of day is written as a duration, such as "-838:59:59" of MySQL's TIME.
std::size_t format_time(std::int64_t microseconds, int fraction_digits, char* out) noexcept;

/// Reads a time of day, 00:00:00 to 24:00:00 (the end of the day, which PostgreSQL's time can hold), without
/// an offset. Fractions as in parse_timestamp().
[[nodiscard]] bool parse_time(std::string_view text, std::int64_t& microseconds) noexcept;

}  // namespace kin::types
