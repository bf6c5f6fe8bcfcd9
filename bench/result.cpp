// SPDX-License-Identifier: MIT
#include "result.hpp"

#include <cstdio>

namespace bench {

namespace {

std::string number(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string bar(const Result& result) {
  if (result.ratio) return number("x%.1f", *result.ratio);
  if (result.limit) return number("%g ", *result.limit) + result.unit;
  return "";
}

const char* verdict(const Result& result) {
  if (!result.has_bar()) return "";
  return result.ok() ? "ok" : "over";
}

}  // namespace

void print_header(std::ostream& to) {
  char line[160];
  std::snprintf(line, sizeof line, "%-20s %12s %12s %9s %9s %10s\n", "operation", "raw C", "kin", "ratio",
                "median's", "bar");
  to << line;
}

void print_line(std::ostream& to, const Result& result) {
  char line[160];
  std::snprintf(line, sizeof line, "%-20s %9.4f %s %9.4f %s %8.2f  %8.2f %10s  %s\n", result.name.c_str(),
                result.raw.minimum(), result.unit, result.kin.minimum(), result.unit, result.best_ratio(),
                result.median_ratio(), bar(result).c_str(), verdict(result));
  to << line << std::flush;
}

void print_json(std::ostream& to, const Result& result) {
  to << "{\"op\":\"" << result.name << "\",\"unit\":\"" << result.unit << '"'
     << number(",\"raw_min\":%.5f", result.raw.minimum())
     << number(",\"raw_median\":%.5f", result.raw.median())
     << number(",\"kin_min\":%.5f", result.kin.minimum())
     << number(",\"kin_median\":%.5f", result.kin.median()) << number(",\"ratio\":%.3f", result.best_ratio())
     << number(",\"median_ratio\":%.3f", result.median_ratio());
  if (result.ratio) to << number(",\"bar_ratio\":%g", *result.ratio);
  if (result.limit) to << number(",\"bar_limit\":%g", *result.limit);
  if (result.has_bar()) to << ",\"ok\":" << (result.ok() ? "true" : "false");
  to << "}\n" << std::flush;
}

}  // namespace bench
