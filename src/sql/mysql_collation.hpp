// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace kin::sql {

/// The collations of the tables that kin makes, of which text is equal when its bytes are, as in C++: with
/// the servers' own ones a unique member or a key could not hold both "a" and "A", with utf8mb4_bin not both
/// "a" and "a ". Order is that of the code points.
inline constexpr std::string_view mysql_collation = "utf8mb4_0900_bin";
inline constexpr std::string_view mariadb_collation = "utf8mb4_nopad_bin";

}  // namespace kin::sql
