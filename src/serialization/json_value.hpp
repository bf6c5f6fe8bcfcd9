// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/codec.hpp>
#include <kin/metadata.hpp>
#include <kin/types/json.hpp>

#include <string_view>
#include <vector>

namespace kin::serialization {

/// A value as JSON: dates as ISO 8601 text in UTC, decimals and UUIDs as text, bytes as base64.
Json to_json(ValueView value);
/// Stores a JSON value of the type that the member asks for; throws detail::ConversionError.
void from_json(const detail::Codec& codec, void* member, const Json& value);

/// The name of a member in JSON.
std::string_view name_of(const Property& property) noexcept;
/// Whether a list of members names one; `owner` is the class that it is a member of.
bool names(const std::vector<const detail::MemberId*>& list, detail::TypeTag owner,
           const Property& property) noexcept;
/// Whether a list that leaves out what it does not name takes a member: of an embedded struct also when none
/// of its members is named.
bool admits(const std::vector<const detail::MemberId*>& list, detail::TypeTag owner, bool embedded,
            const Property& property) noexcept;

}  // namespace kin::serialization
