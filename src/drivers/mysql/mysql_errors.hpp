// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <mysql.h>

#include "drivers/driver.hpp"

namespace kin::mysql {

/// What was going on when the server or the client library failed.
struct ErrorContext {
  std::string_view sql{};                  ///< empty when no statement was running
  const driver::WriteBatch* batch = nullptr;  ///< that was written
  /// The server refused to prepare the statement. No value was bound by then, so its words can't hold any and
  /// may stand in our message.
  bool preparing = false;
  std::optional<std::size_t> row{};  ///< of the batch
};

/// A failure as the client library tells it, copied, because its words last only until its next call.
struct Failure {
  unsigned int code = 0;
  std::string words{};

  static Failure of(MYSQL* connection);
  /// The connection's where the statement knows of none.
  static Failure of(MYSQL_STMT* statement, MYSQL* connection);

  /// The connection is of no use any more.
  bool is_disconnect() const noexcept;
};

/// Throws the typed error. std::bad_alloc when the client library had no memory.
[[noreturn]] void throw_error(const Failure& failure, const ErrorContext& context);
/// The ConnectionError for a connection to `place` that did not come about.
[[noreturn]] void throw_unconnected(const Failure& failure, std::string_view place);

}  // namespace kin::mysql
