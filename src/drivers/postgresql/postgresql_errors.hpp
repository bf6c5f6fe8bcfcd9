// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <libpq-fe.h>

#include "drivers/driver.hpp"

namespace kin::postgresql {

/// What was going on when something failed.
struct ErrorContext {
  std::string_view sql{};                     ///< empty when no statement was running
  const driver::WriteBatch* batch = nullptr;  ///< that was written
  std::optional<std::size_t> row{};           ///< of the batch
};

/// Throws the typed error for a result that tells of a failure.
[[noreturn]] void throw_result(const PGresult* result, const ErrorContext& context);

/// Throws a ConnectionError with libpq's words, for a connection that can't be made or is broken.
[[noreturn]] void throw_connection(const PGconn* connection, std::string_view what,
                                   const ErrorContext& context, bool retryable = true);

}  // namespace kin::postgresql
