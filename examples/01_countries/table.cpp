// SPDX-License-Identifier: MIT
#include "table.hpp"

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <utility>

namespace countries {

namespace {

/// Columns on the screen, near enough for names in Latin letters and for flags: UTF-8 characters, of which
/// the combining accents (U+0300 to U+036F) take no room.
std::size_t width_of(const std::string& text) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool continues = (byte & 0xC0U) == 0x80U;
    const bool accent = byte == 0xCCU || (byte == 0xCDU && static_cast<unsigned char>(text[i + 1]) < 0xB0U);
    if (!continues && !accent) ++width;
  }
  return width;
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789.") == std::string::npos;
}

struct Column {
  std::size_t width = 0;
  bool numbers = true;
};

void write_cell(std::ostream& stream, const std::string& cell, const Column& column, bool last) {
  const std::string space(column.width - width_of(cell), ' ');
  if (column.numbers) stream << space;
  stream << cell;
  if (last) return;
  if (!column.numbers) stream << space;
  stream << "  ";
}

}  // namespace

Table::Table(std::vector<std::string> headings) { rows_.push_back(std::move(headings)); }

void Table::add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

std::ostream& operator<<(std::ostream& stream, const Table& table) {
  if (table.rows_.size() == 1) return stream;
  std::vector<Column> columns(table.rows_.front().size());
  for (std::size_t row = 0; row < table.rows_.size(); ++row) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string& cell = table.rows_[row][i];
      columns[i].width = std::max(columns[i].width, width_of(cell));
      if (row > 0 && !is_number(cell)) columns[i].numbers = false;
    }
  }
  for (const std::vector<std::string>& row : table.rows_) {
    stream << "  ";
    for (std::size_t i = 0; i < columns.size(); ++i)
      write_cell(stream, row[i], columns[i], i + 1 == columns.size());
    stream << '\n';
  }
  return stream;
}

}  // namespace countries
