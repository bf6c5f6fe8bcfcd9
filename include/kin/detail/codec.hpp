// SPDX-License-Identifier: MIT
#pragma once

#include <kin/value.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace kin::detail {

struct EnumName;

/// How the value inside an optional-like wrapper is reached.
struct OptionalAccess {
  const void* (*get)(const void* wrapper);  ///< null when empty
  void* (*emplace)(void* wrapper);          ///< makes an empty wrapper hold a default value, returns that
  void (*reset)(void* wrapper);
};

/// Everything the erased core needs to know of one C++ type of member: one immutable table a type, compiled once.
/// All functions get the table itself, so that one function serves many types (all enums, all optionals).
struct Codec {
  ValueKind kind;                    ///< database form
  std::uint8_t size_bits;            ///< width of integers (8 to 64) and reals (32, 64); 0 otherwise
  std::uint8_t fraction_digits;      ///< precision of timestamps and times in text form
  bool nullable;                     ///< true for optionals
  std::string_view type_name;        ///< C++ name for messages

  /// Database form of the member. Bytes point into the member, or into scratch (then is_transient()).
  ValueView (*view)(const Codec& self, const void* member, Scratch& scratch);
  /// Stores a cell into the member, converting where that loses nothing; throws ConversionError otherwise.
  void (*assign)(const Codec& self, void* member, ValueView cell);

  /// Snapshot of the member: its database form, packed. `write` returns the end; `equal` advances `packed`.
  std::size_t (*snapshot_size)(const Codec& self, const void* member);
  std::byte* (*snapshot_write)(const Codec& self, const void* member, std::byte* to);
  bool (*snapshot_equal)(const Codec& self, const void* member, const std::byte*& packed);
  /// Stores the packed value back into the member and advances `packed`.
  void (*snapshot_restore)(const Codec& self, void* member, const std::byte*& packed);
  /// The packed value as a ValueView; advances `packed`. Bytes point into the snapshot or into scratch.
  ValueView (*snapshot_view)(const Codec& self, const std::byte*& packed, Scratch& scratch);

  const Codec* inner = nullptr;                     ///< of an optional: the codec of its value
  const OptionalAccess* optional = nullptr;         ///< of an optional
  std::span<const EnumName> (*enum_names)() = nullptr;  ///< of an enum: its enumerators
  const void* context = nullptr;                    ///< free for the functions above
  const Codec* element = nullptr;                   ///< of an array, also in an optional: of its elements

  bool is_integer() const noexcept {
    return kind == ValueKind::integer || kind == ValueKind::unsigned_integer;
  }
};

/// A cell or value that does not fit the member's type. The caller adds entity and property and rethrows it as a
/// ValidationError.
struct ConversionError {
  std::string reason;
};

}  // namespace kin::detail
