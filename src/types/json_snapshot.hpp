// SPDX-License-Identifier: MIT
#pragma once

#include <kin/types/json_fwd.hpp>

#include <cstddef>

/// A JSON value packed into bytes, so that it can be compared with what it was without parsing, printing or
/// allocating: about as fast as comparing two values.
namespace kin::detail {

/// Deeper values are refused: to copy and to write one recurses, and a hostile text must not exhaust the
/// stack.
inline constexpr std::size_t json_depth_limit = 1000;
[[noreturn]] void refuse_depth();

/// Throws a ConversionError beyond json_depth_limit.
std::size_t json_snapshot_size(const Json& value);
/// Returns the end.
std::byte* json_snapshot_write(const Json& value, std::byte* to);
/// By content, where numbers are equal across their C++ types (1 and 1.0) and infinity and NaN are null, as
/// they are in the text. Leaves `packed` behind the value when equal, anywhere in it when not.
bool json_snapshot_equal(const Json& value, const std::byte*& packed);
/// Leaves `packed` behind the value.
Json json_snapshot_read(const std::byte*& packed);

}  // namespace kin::detail
