// SPDX-License-Identifier: MIT
#pragma once

namespace kin {

/// The values among which kin looks for the enumerators of E. Specialise it, before E is first used in an
/// entity, for an enum with enumerators outside of these bounds:
///
///     template <>
///     struct kin::EnumRange<http::Status> {
///       static constexpr int min = 100, max = 599;
///     };
///
/// Every value in the range costs compile time (about 20 µs), so keep it as narrow as the enum. Bounds which
/// E's underlying type cannot hold are narrowed to it. Enums are stored by name, so a value
/// outside is refused when it is written.
template <class E>
struct EnumRange {
  static constexpr int min = -16;
  static constexpr int max = 127;
};

}  // namespace kin
