// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/codec.hpp>
#include <kin/value.hpp>

#include <cstdint>
#include <string>
#include <string_view>

/// What the codecs share in converting a cell: the roads that are not the fast one, and the sentences of
/// refusal.
namespace kin::detail {

/// Throws a ConversionError.
[[noreturn]] void refuse(std::string reason);
/// For a cell of a kind that a type does not take: "a blob of 3 bytes does not convert to int".
[[noreturn]] void refuse_kind(ValueView cell, std::string_view type_name);
/// "'12x' is not an integer"
[[noreturn]] void refuse_text(std::string_view text, std::string_view what_it_is_not);

/// A cell in words, for messages: its number, its text in quotes (cut short), or its kind.
std::string describe(ValueView cell);
std::string quoted(std::string_view text);

/// The text of a cell of any kind but null and blob; false for those. Numbers in their shortest form.
bool print_cell(ValueView cell, std::string& to);

/// With as many digits of the fraction as it has.
std::string print_timestamp(std::int64_t microseconds);
std::string print_time(std::int64_t microseconds);

/// An integer of at most 64 bits, as what a cell is to fit into.
struct IntegerTarget {
  std::string_view type_name;
  std::uint8_t bits;
  bool is_signed;
};

/// The integer in a cell of any kind; of an unsigned target the bits. Throws when there is none or it does
/// not fit.
std::int64_t integer_from_cell(ValueView cell, IntegerTarget target);
/// "70000 does not fit into 16 bits"
[[noreturn]] void refuse_integer(std::string_view number, IntegerTarget target);

/// The nearest double to the number in a cell; from an integer only when it is equal.
double real_from_cell(ValueView cell, std::string_view type_name);

/// The same kind of view of other bytes.
ValueView with_bytes(ValueView view, std::string_view bytes);
/// Copies the bytes of a view that is about to lose them into scratch.
ValueView keep_bytes(ValueView view, Scratch& scratch);

/// Throws when a text or blob is longer than a ValueView can say.
void refuse_size(std::size_t size);
inline void check_size(std::size_t size) {
  if (size > UINT32_MAX) [[unlikely]]
    refuse_size(size);
}

}  // namespace kin::detail
