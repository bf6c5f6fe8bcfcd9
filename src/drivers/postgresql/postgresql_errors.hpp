// SPDX-License-Identifier: MIT
#pragma once

#include <kin/metadata.hpp>

#include <string>
#include <string_view>

#include <libpq-fe.h>

namespace kin::postgresql {

/// What was going on when something failed.
struct ErrorContext {
  std::string_view sql{};                  ///< empty when no statement was running
  const EntityMetadata* entity = nullptr;  ///< whose rows were written
};

/// Throws the typed error for a result that tells of a failure.
[[noreturn]] void throw_result(const PGresult* result, const ErrorContext& context);

/// Throws a ConnectionError with libpq's words, for a connection that can't be made or is broken.
[[noreturn]] void throw_connection(const PGconn* connection, std::string_view what,
                                   const ErrorContext& context);

}  // namespace kin::postgresql
