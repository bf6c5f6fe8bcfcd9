// SPDX-License-Identifier: MIT
#include "drivers/postgresql/postgresql_errors.hpp"

#include <kin/error.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "sql/wire_errors.hpp"

namespace kin::postgresql {
namespace {

struct Failure {
  ErrorDetails details{};
  std::string primary{};  // the server's sentence; names no value for the classes where it is repeated
  std::string column{};
  std::string place{};  // in the batch
};

std::string field(const PGresult* result, int code) {
  const char* const text = PQresultErrorField(result, code);
  return text == nullptr ? std::string() : std::string(text);
}

template <class E>
[[noreturn]] void raise(Failure& failure, std::string message) {
  message += failure.place;
  if (!failure.details.sql.empty()) message += fmt::format(" [{}]", failure.details.sql);
  throw E(message, std::move(failure.details));
}

void name_batch(Failure& failure, const ErrorContext& context) {
  if (context.batch == nullptr) return;
  const EntityMetadata& entity = sql::entity_of(*context.batch);
  failure.details.entity = entity.name;
  failure.place = sql::place_in_batch(*context.batch, context.row);
  failure.details.property = sql::property_of_constraint(entity, failure.details.constraint);
  for (const Column& column : entity.columns)
    if (column.name == failure.column && entity.table == failure.details.table)
      failure.details.property = column.property->name;
}

[[noreturn]] void raise_constraint(Failure& failure) {
  const std::string& code = failure.details.code;
  const std::string& constraint = failure.details.constraint;
  const std::string& table = failure.details.table;
  if (code == "23505")
    raise<UniqueConstraintViolationError>(
        failure, fmt::format("unique constraint violated: {} of {}", constraint, table));
  if (code == "23503" || code == "23001") {
    raise<ForeignKeyConstraintViolationError>(
        failure,
        fmt::format(
            "foreign key constraint violated: {} of {}: a row refers to one that does not exist, or is "
            "still referred to",
            constraint, table));
  }
  if (code == "23502") {
    failure.details.constraint = table + "." + failure.column;
    raise<NotNullConstraintViolationError>(failure,
                                           fmt::format("null is not allowed: {}.{}", table, failure.column));
  }
  if (code == "23514")
    raise<CheckConstraintViolationError>(
        failure, fmt::format("check constraint violated: {} of {}", constraint, table));
  raise<ConstraintViolationError>(failure, fmt::format("constraint violated: {} of {}", constraint, table));
}

[[noreturn]] void raise_mistake(Failure& failure) {
  const std::string& code = failure.details.code;
  if (code == "42P01" || code == "3F000") raise<TableNotFoundError>(failure, failure.primary);
  if (code == "42P07" || code == "42P06") raise<TableExistsError>(failure, failure.primary);
  if (code == "42703") raise<InvalidFieldNameError>(failure, failure.primary);
  if (code == "42702") raise<NonUniqueFieldNameError>(failure, failure.primary);
  if (code == "42601") raise<SyntaxError>(failure, failure.primary);
  raise<DriverError>(failure, failure.primary);
}

bool is_shutdown(const std::string& code) {
  return code == "57P01" || code == "57P02" || code == "57P03" || code == "57P05";
}

[[noreturn]] void raise_typed(Failure& failure) {
  const std::string& code = failure.details.code;
  const std::string code_class = code.substr(0, 2);
  if (code_class == "23") raise_constraint(failure);
  if (code == "40P01") {
    failure.details.retryable = true;
    raise<DeadlockError>(failure,
                         "the transactions of two connections waited for each other, and this one was ended");
  }
  if (code == "40001") {
    failure.details.retryable = true;
    raise<SerializationError>(failure, "the transaction could not be serialised with others; run it again");
  }
  if (code == "55P03") {
    failure.details.retryable = true;
    raise<LockWaitTimeoutError>(failure, "a lock was not granted in time");
  }
  if (code == "25006") raise<ReadOnlyError>(failure, "the transaction or the server is read-only");
  if (code == "57014")
    raise<DriverError>(failure, "the statement was cancelled or took longer than statement_timeout");
  if (code == "53300") {
    failure.details.retryable = true;
    raise<ConnectionError>(failure, "the server has no connection left");
  }
  if (code_class == "08" || is_shutdown(code)) {
    failure.details.retryable = true;
    raise<ConnectionError>(failure, "the server closed the connection");
  }
  if (code_class == "28" || code == "3D000") raise<ConnectionError>(failure, failure.primary);
  if (code_class == "42" || code_class == "3F" || code_class == "0A") raise_mistake(failure);
  // Words of the other classes may repeat a value, such as "invalid input syntax for type integer: "x"".
  raise<DriverError>(
      failure,
      fmt::format("PostgreSQL refused the statement with SQLSTATE {}; server_text() has its words", code));
}

std::string trimmed(const char* text) {
  std::string words = text == nullptr ? "" : text;
  while (!words.empty() && (words.back() == '\n' || words.back() == ' ')) words.pop_back();
  return words;
}

}  // namespace

void throw_result(const PGresult* result, const ErrorContext& context) {
  Failure failure;
  ErrorDetails& details = failure.details;
  details.sql = context.sql;
  details.code = field(result, PG_DIAG_SQLSTATE);
  details.constraint = field(result, PG_DIAG_CONSTRAINT_NAME);
  details.table = field(result, PG_DIAG_TABLE_NAME);
  details.server_text = trimmed(PQresultErrorMessage(result));
  failure.primary = field(result, PG_DIAG_MESSAGE_PRIMARY);
  failure.column = field(result, PG_DIAG_COLUMN_NAME);
  name_batch(failure, context);
  if (details.code.empty()) {  // libpq's own
    details.retryable = true;
    raise<ConnectionError>(failure,
                           fmt::format("the connection to PostgreSQL broke: {}", details.server_text));
  }
  raise_typed(failure);
}

void throw_connection(const PGconn* connection, std::string_view what, const ErrorContext& context,
                      bool retryable) {
  Failure failure;
  failure.details.sql = context.sql;
  failure.details.server_text = trimmed(PQerrorMessage(connection));
  failure.details.retryable = retryable;
  raise<ConnectionError>(failure, fmt::format("{}: {}", what, failure.details.server_text));
}

}  // namespace kin::postgresql
