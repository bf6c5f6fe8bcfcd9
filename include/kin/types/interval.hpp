// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/codec_of.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kin {

/// A span of the calendar as PostgreSQL has it: months and days have no fixed length, so they stand apart
/// from the time. An `interval` column on PostgreSQL, elsewhere its ISO 8601 text. A std::chrono duration is
/// another thing: a number of ticks.
///
/// Equal here, and for change tracking, is what has the same three parts. PostgreSQL's own == takes a month
/// for 30 days and a day for 24 hours. A value type: copying is cheap, and any thread may use it.
struct Interval {
  std::int32_t months{};  ///< a year has twelve
  std::int32_t days{};
  std::chrono::microseconds time{};

  friend bool operator==(const Interval&, const Interval&) = default;

  /// ISO 8601: P1Y2M3DT4H5M6.5S; of nothing PT0S. Each part has its own sign.
  std::string to_string() const;
  /// Reads what to_string() writes, weeks (P2W) and a sign in front, too. Nothing when the text is malformed
  /// or does not fit.
  static std::optional<Interval> parse(std::string_view iso_text) noexcept;
};

}  // namespace kin
