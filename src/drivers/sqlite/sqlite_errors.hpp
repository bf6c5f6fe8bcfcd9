// SPDX-License-Identifier: MIT
#pragma once

#include <kin/metadata.hpp>

#include <string>
#include <string_view>

struct sqlite3;

namespace kin::sqlite {

/// What was going on when SQLite failed.
struct ErrorContext {
  std::string_view sql{};                  ///< empty when no statement was running
  const EntityMetadata* entity = nullptr;  ///< whose rows were written
  /// SQLite failed to prepare the statement. No value was bound by then, so its words can't hold any and may
  /// stand in our message.
  bool preparing = false;
  std::string row{};   ///< of a batch: which row failed, in words
  std::string file{};  ///< of the database; throw_error() with a connection asks that
};

/// Throws the typed error for the connection's last failure, which had this (extended) result code.
[[noreturn]] void throw_error(sqlite3* connection, int code, const ErrorContext& context);

/// The same for words and a code without a connection at hand. std::bad_alloc for SQLITE_NOMEM.
[[noreturn]] void throw_error(int code, std::string_view server_text, const ErrorContext& context);

}  // namespace kin::sqlite
