// SPDX-License-Identifier: MIT
#include "statement_log.hpp"

#include <chrono>
#include <ostream>
#include <sstream>

namespace countries {

namespace {

std::string line_of(const kin::Query& query) {
  std::ostringstream line;
  line << query.sql << "  [" << std::chrono::duration<double, std::milli>(query.duration).count() << " ms, "
       << query.rows << (query.rows == 1 ? " row" : " rows");
  if (query.executions > 1) line << " in " << query.executions << " executions";
  line << ']';
  return line.str();
}

}  // namespace

void StatementLog::add(const kin::Query& query) {
  lines_.push_back(line_of(query));
  if (query.failed) return;
  if (query.sql.starts_with("insert")) {
    rows_written_.inserted += query.rows;
  } else if (query.sql.starts_with("update")) {
    rows_written_.updated += query.rows;
  } else if (query.sql.starts_with("delete")) {
    rows_written_.deleted += query.rows;
  } else {
    return;
  }
  if (listener_) listener_(query.rows);
}

std::ostream& operator<<(std::ostream& stream, const StatementLog& log) {
  for (const std::string& line : log.lines_) stream << "  " << line << '\n';
  return stream;
}

}  // namespace countries
