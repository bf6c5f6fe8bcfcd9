// SPDX-License-Identifier: MIT
#include "drivers/sqlite/sqlite_errors.hpp"

#include <fmt/format.h>
#include <sqlite3.h>
#include <kin/error.hpp>

#include <new>
#include <utility>

namespace kin::sqlite {
namespace {

constexpr std::string_view unique_prefix = "UNIQUE constraint failed: ";
constexpr std::string_view not_null_prefix = "NOT NULL constraint failed: ";
constexpr std::string_view check_prefix = "CHECK constraint failed: ";
constexpr std::string_view foreign_key_words = "FOREIGN KEY constraint failed";

// One failure on its way to becoming an exception.
struct Failure {
  int code;
  std::string_view words;  // SQLite's
  const ErrorContext& context;
  ErrorDetails details{};
};

std::string_view rest_after(std::string_view words, std::string_view prefix) {
  return words.starts_with(prefix) ? words.substr(prefix.size()) : std::string_view();
}

// "author" of "table author already exists"
std::string_view between(std::string_view words, std::string_view prefix, std::string_view suffix) {
  const std::string_view rest = rest_after(words, prefix);
  const std::size_t end = rest.find(suffix);
  return end == std::string_view::npos ? std::string_view() : rest.substr(0, end);
}

bool contains(std::string_view words, std::string_view part) {
  return words.find(part) != std::string_view::npos;
}

template <class E>
[[noreturn]] void raise(Failure& failure, std::string message) {
  if (!failure.context.row.empty()) {
    message += ", in ";
    message += failure.context.row;
  }
  if (!failure.context.sql.empty()) {
    message += " [";
    message += failure.context.sql;
    message += ']';
  }
  throw E(message, std::move(failure.details));
}

// "no such column: x", or what the code means when SQLite's words may hold values.
std::string in_words(const Failure& failure) {
  if (failure.context.preparing) return std::string(failure.words);
  return sqlite3_errstr(failure.code);
}

// The member behind "author.email", where it is one of the entity that was written.
void name_property(Failure& failure, std::string_view column_name) {
  const EntityMetadata* entity = failure.context.entity;
  if (entity == nullptr || entity->table != failure.details.table) return;
  for (const Column& column : entity->columns) {
    if (column.name == column_name && column.property != nullptr) {
      failure.details.property = column.property->name;
      return;
    }
  }
}

// `columns` is what SQLite tells: "author.email", "author.first, author.last" or "index 'author_lower_name'".
void name_columns(Failure& failure, std::string_view columns) {
  failure.details.constraint = columns;
  const std::size_t point = columns.find('.');
  if (point == std::string_view::npos || columns.starts_with("index ")) return;
  failure.details.table = columns.substr(0, point);
  if (!contains(columns, ", ")) name_property(failure, columns.substr(point + 1));
}

[[noreturn]] void raise_foreign_key(Failure& failure) {
  raise<ForeignKeyConstraintViolationError>(failure,
                                            "foreign key constraint violated: a row refers to one that "
                                            "does not exist, or is still referred to");
}

[[noreturn]] void raise_constraint(Failure& failure) {
  switch (failure.code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      name_columns(failure, rest_after(failure.words, unique_prefix));
      raise<UniqueConstraintViolationError>(
          failure, fmt::format("unique constraint violated: {}", failure.details.constraint));
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      raise_foreign_key(failure);
    case SQLITE_CONSTRAINT_NOTNULL:
      name_columns(failure, rest_after(failure.words, not_null_prefix));
      raise<NotNullConstraintViolationError>(
          failure, fmt::format("null is not allowed: {}", failure.details.constraint));
    case SQLITE_CONSTRAINT_CHECK:
      failure.details.constraint = rest_after(failure.words, check_prefix);
      raise<CheckConstraintViolationError>(
          failure, fmt::format("check constraint violated: {}", failure.details.constraint));
    case SQLITE_CONSTRAINT_TRIGGER:
      // "on delete restrict" is a trigger of SQLite's own.
      if (failure.words == foreign_key_words) raise_foreign_key(failure);
      raise<ConstraintViolationError>(failure, "a trigger refused the change; server_text() has its words");
    default:
      // Such as a value of another type in a strict table, whose words name column and types but no value.
      raise<ConstraintViolationError>(failure,
                                      fmt::format("constraint violated: {}", sqlite3_errstr(failure.code)));
  }
}

[[noreturn]] void raise_lock(Failure& failure) {
  failure.details.retryable = true;
  if (failure.code == SQLITE_BUSY_SNAPSHOT) {
    raise<LockWaitTimeoutError>(
        failure, "another connection has written since this transaction read, so it can't write any more");
  }
  raise<LockWaitTimeoutError>(failure,
                              "the database is locked by another connection, longer than busy_timeout");
}

// What is wrong with the file, and which one it is.
[[noreturn]] void raise_file(Failure& failure) {
  std::string message = sqlite3_errstr(failure.code);
  if (!failure.context.file.empty()) message += fmt::format(": '{}'", failure.context.file);
  raise<ConnectionError>(failure, std::move(message));
}

bool is_nested_too_deep(std::string_view words) {
  return words == "parser stack overflow" || words.starts_with("Expression tree is too large");
}

// SQLITE_ERROR stands for all kinds of mistakes; its words tell which.
[[noreturn]] void raise_mistake(Failure& failure) {
  const std::string_view words = failure.words;
  // The statement may be of any length, and says nothing that the sentence does not.
  if (failure.context.preparing && is_nested_too_deep(words))
    throw ValidationError(
        fmt::format(
            "the statement nests expressions or sub-selects deeper than this SQLite's parser goes ({}); use "
            "fewer conditions on collections inside each other, or fewer parentheses in a statement of your "
            "own",
            words),
        std::move(failure.details));
  if (const auto table = rest_after(words, "no such table: "); !table.empty()) {
    failure.details.table = table;
    raise<TableNotFoundError>(failure, fmt::format("no such table: {}", table));
  }
  if (words.ends_with(" already exists") || words.starts_with("there is already ")) {
    failure.details.table = between(words, "table ", " already exists");
    raise<TableExistsError>(failure, std::string(words));
  }
  if (words.starts_with("no such column: ") || contains(words, " has no column named ") ||
      words.starts_with("unknown column ")) {
    failure.details.table = between(words, "table ", " has no column named ");
    raise<InvalidFieldNameError>(failure, std::string(words));
  }
  if (words.starts_with("ambiguous column name: "))
    raise<NonUniqueFieldNameError>(failure, std::string(words));
  if (words.ends_with(": syntax error") || words == "incomplete input" ||
      words.starts_with("unrecognized token: ")) {
    raise<SyntaxError>(failure, std::string(words));
  }
  raise<DriverError>(failure, in_words(failure));
}

[[noreturn]] void raise_typed(Failure& failure) {
  switch (failure.code & 0xff) {
    case SQLITE_NOMEM:
      throw std::bad_alloc();
    case SQLITE_CONSTRAINT:
      raise_constraint(failure);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      raise_lock(failure);
    case SQLITE_READONLY:
      raise<ReadOnlyError>(failure, "the database is read-only");
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_IOERR:
      raise_file(failure);
    case SQLITE_FULL:
      raise<DriverError>(failure, "the database or its disk is full");
    case SQLITE_TOOBIG:
      raise<DriverError>(failure, "a value or the statement is larger than SQLite's limit");
    case SQLITE_INTERRUPT:
      raise<DriverError>(failure, "the statement was interrupted");
    case SQLITE_ERROR:
      raise_mistake(failure);
    default:
      raise<DriverError>(failure, in_words(failure));
  }
}

}  // namespace

void throw_error(int code, std::string_view server_text, const ErrorContext& context) {
  Failure failure{code, server_text, context};
  failure.details.sql = context.sql;
  failure.details.code = std::to_string(code);
  failure.details.server_text = server_text;
  if (context.entity != nullptr) failure.details.entity = context.entity->name;
  raise_typed(failure);
}

void throw_error(sqlite3* connection, int code, const ErrorContext& context) {
  // Copied, because SQLite's words last only until its next call.
  const std::string words = sqlite3_errmsg(connection);
  ErrorContext with_file = context;
  const char* const file = sqlite3_db_filename(connection, "main");
  if (file != nullptr) with_file.file = file;
  throw_error(code, words, with_file);
}

}  // namespace kin::sqlite
