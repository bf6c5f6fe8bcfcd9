// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace kin::postgresql {

/// Appends a decimal text such as "-12.50" in the binary form of numeric: digits to the base 10 000
/// (PostgreSQL's numeric_recv). False when the text is no decimal, or has more digits than the form can say.
bool append_numeric(std::string& out, std::string_view decimal);

/// The decimal text of a numeric in binary form, NaN and infinity included; false when the bytes are none.
bool read_numeric(std::string_view bytes, std::string& decimal);

}  // namespace kin::postgresql
