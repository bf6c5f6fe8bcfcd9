// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/codec_of.hpp>
#include <kin/detail/member_path.hpp>
#include <kin/types/json_fwd.hpp>

#include <nlohmann/json.hpp>

namespace kin::detail {

/// A kin::Json member is a JSON column. Equality for change tracking is by content: neither the order of an
/// object's keys nor 1 against 1.0 is a change. The JSON value null is not the database's null: that is an
/// empty std::optional<kin::Json>. Not part of kin/kin.hpp, because nlohmann's header costs more than all of
/// kin's.
template <>
struct CodecOf<Json> : Builtin<ValueKind::json> {
  static const Codec value, optional;
};

/// Lets field<&T::member>["key"], has_key() and the operators of JSON arrays compile.
template <>
inline constexpr bool is_json<Json> = true;

}  // namespace kin::detail
