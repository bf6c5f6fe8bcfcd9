// SPDX-License-Identifier: MIT
#pragma once

struct sqlite3;

namespace kin::sqlite {

/// Gives the connection what SQLite lacks, named like the functions of the sqlite3 shell where that has them:
/// - regexp(pattern, text), which `text regexp pattern` calls: true when the RE2 pattern matches anywhere.
/// - the collation `decimal`: numeric order of decimal texts of any length; what is not a number comes last.
/// - decimal_sum(x), an aggregate and window function: the exact sum as text, null when there is none.
/// Returns SQLite's result code.
int register_functions(sqlite3* connection);

}  // namespace kin::sqlite
