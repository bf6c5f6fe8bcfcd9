// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace kin::sql {

/// Whether a statement that a user wrote may leave something in the session: variables, locks, temporary
/// tables, a current database. In doubt it may. What can't: reading and writing rows, and defining what is
/// not temporary, as long as no function is called that is not known to leave nothing.
bool may_touch_session(std::string_view sql);

/// Whether the first word of a statement says that it reads.
bool is_query(std::string_view sql);

}  // namespace kin::sql
