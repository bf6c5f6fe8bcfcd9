// SPDX-License-Identifier: MIT
#include "drivers/mysql/mysql_errors.hpp"

#include <errmsg.h>
#include <mysqld_error.h>
#include <kin/error.hpp>

#include <new>
#include <utility>

#include <fmt/format.h>

#include "sql/wire_errors.hpp"

namespace kin::mysql {
namespace {

// Numbers that the header of the client library does not know, or only by MariaDB's names.
constexpr unsigned int mariadb_check_violated = 4025;
constexpr unsigned int mysql_check_violated = 3819;
constexpr unsigned int mysql_lock_not_granted_at_once = 3572;
constexpr unsigned int mysql_execution_time_exceeded = 3024;
constexpr unsigned int mariadb_statement_timeout = 1969;
constexpr unsigned int mariadb_connection_killed = 1927;
constexpr unsigned int mysql_idle_for_too_long = 4031;

// One failure on its way to becoming an exception.
struct Report {
  const Failure& failure;
  const ErrorContext& context;
  ErrorDetails details{};
};

const EntityMetadata* entity_of(const ErrorContext& context) {
  return context.batch != nullptr ? &sql::entity_of(*context.batch) : nullptr;
}

template <class E>
[[noreturn]] void raise(Report& report, std::string message) {
  if (report.context.batch != nullptr)
    message += sql::place_in_batch(*report.context.batch, report.context.row);
  if (!report.context.sql.empty()) message += fmt::format(" [{}]", report.context.sql);
  throw E(message, std::move(report.details));
}

// The text between the quotes that follow the last `prefix`: what stands in front may hold a user's values.
std::string_view quoted_after(std::string_view words, std::string_view prefix, char quote) {
  const std::size_t found = words.rfind(prefix);
  if (found == std::string_view::npos) return {};
  const std::string_view rest = words.substr(found + prefix.size());
  return rest.substr(0, rest.find(quote));
}

// "email_unique" of "Duplicate entry 'x' for key 'author.email_unique'": MySQL puts the table in front.
void name_unique(Report& report) {
  std::string_view key = quoted_after(report.failure.words, "for key '", '\'');
  if (const std::size_t point = key.find('.'); point != std::string_view::npos) {
    report.details.table = key.substr(0, point);
    key.remove_prefix(point + 1);
  } else if (const EntityMetadata* entity = entity_of(report.context)) {
    report.details.table = entity->table;
  }
  report.details.constraint = key;
  if (const EntityMetadata* entity = entity_of(report.context))
    report.details.property = sql::property_of_constraint(*entity, key);
}

// "… fails (`library`.`book`, CONSTRAINT `book_author` FOREIGN KEY (`author_id`) REFERENCES …"
void name_foreign_key(Report& report) {
  const std::string_view words = report.failure.words;
  report.details.constraint = quoted_after(words, "CONSTRAINT `", '`');
  report.details.table = quoted_after(words.substr(0, words.find(", CONSTRAINT `")), "`.`", '`');
}

void name_column(Report& report, std::string_view column_name) {
  const EntityMetadata* entity = entity_of(report.context);
  report.details.constraint = column_name;
  if (entity == nullptr) return;
  report.details.table = entity->table;
  report.details.constraint = fmt::format("{}.{}", entity->table, column_name);
  for (const Column& column : entity->columns)
    if (column.name == column_name && column.property != nullptr)
      report.details.property = column.property->name;
}

// "CONSTRAINT `positive` failed for `library`.`book`" (MariaDB), "Check constraint 'positive' is violated."
// (MySQL)
void name_check(Report& report) {
  const std::string_view words = report.failure.words;
  report.details.constraint = report.failure.code == mariadb_check_violated
                                  ? quoted_after(words, "CONSTRAINT `", '`')
                                  : quoted_after(words, "onstraint '", '\'');
  if (const EntityMetadata* entity = entity_of(report.context)) report.details.table = entity->table;
}

[[noreturn]] void raise_unique(Report& report) {
  name_unique(report);
  raise<UniqueConstraintViolationError>(report, fmt::format("unique constraint violated: {} of {}",
                                                            report.details.constraint, report.details.table));
}

[[noreturn]] void raise_foreign_key(Report& report) {
  name_foreign_key(report);
  raise<ForeignKeyConstraintViolationError>(
      report,
      fmt::format("foreign key constraint violated: {} of {}: a row refers to one that does not exist, or is "
                  "still referred to",
                  report.details.constraint, report.details.table));
}

[[noreturn]] void raise_not_null(Report& report, std::string_view column) {
  name_column(report, column);
  raise<NotNullConstraintViolationError>(report,
                                         fmt::format("null is not allowed: {}", report.details.constraint));
}

[[noreturn]] void raise_check(Report& report) {
  name_check(report);
  raise<CheckConstraintViolationError>(report, fmt::format("check constraint violated: {} of {}",
                                                           report.details.constraint, report.details.table));
}

// The words of these name a column and no value.
[[noreturn]] void raise_unfit_value(Report& report) {
  name_column(report, quoted_after(report.failure.words, "column '", '\''));
  report.details.constraint.clear();
  raise<DriverError>(report, report.failure.words);
}

[[noreturn]] void raise_disconnect(Report& report) {
  report.details.retryable = true;
  raise<ConnectionError>(report, fmt::format("the connection to the server broke: {}", report.failure.words));
}

template <class E>
[[noreturn]] void raise_retryable(Report& report, std::string message) {
  report.details.retryable = true;
  raise<E>(report, std::move(message));
}

// Words of other failures may repeat a value, such as "Incorrect string value: 'x' for column …".
[[noreturn]] void raise_other(Report& report) {
  if (report.context.preparing) raise<DriverError>(report, report.failure.words);
  raise<DriverError>(
      report, fmt::format("the server refused the statement with error {}; server_text() has its words",
                          report.failure.code));
}

[[noreturn]] void raise_mistake(Report& report) {
  const std::string& words = report.failure.words;
  switch (report.failure.code) {
    case ER_NO_SUCH_TABLE:
      report.details.table = quoted_after(words, ".", '\'');
      raise<TableNotFoundError>(report, words);
    case ER_BAD_TABLE_ERROR:
      raise<TableNotFoundError>(report, words);
    case ER_TABLE_EXISTS_ERROR:
      report.details.table = quoted_after(words, "Table '", '\'');
      raise<TableExistsError>(report, words);
    case ER_BAD_FIELD_ERROR:
    case ER_KEY_COLUMN_DOES_NOT_EXIST:
      raise<InvalidFieldNameError>(report, words);
    case ER_NON_UNIQ_ERROR:
      raise<NonUniqueFieldNameError>(report, words);
    case ER_PARSE_ERROR:
    case ER_SYNTAX_ERROR:
    case ER_EMPTY_QUERY:
      // Repeats a part of the statement, which our message shows anyway.
      raise<SyntaxError>(report, words);
    default:
      raise_other(report);
  }
}

[[noreturn]] void raise_typed(Report& report) {
  switch (report.failure.code) {
    case CR_OUT_OF_MEMORY:
      throw std::bad_alloc();
    case ER_DUP_ENTRY:
    case ER_DUP_ENTRY_WITH_KEY_NAME:
    case ER_DUP_UNIQUE:
      raise_unique(report);
    case ER_NO_REFERENCED_ROW:
    case ER_NO_REFERENCED_ROW_2:
    case ER_ROW_IS_REFERENCED:
    case ER_ROW_IS_REFERENCED_2:
      raise_foreign_key(report);
    case ER_BAD_NULL_ERROR:
      raise_not_null(report, quoted_after(report.failure.words, "Column '", '\''));
    case ER_NO_DEFAULT_FOR_FIELD:
      raise_not_null(report, quoted_after(report.failure.words, "Field '", '\''));
    case mariadb_check_violated:
    case mysql_check_violated:
      raise_check(report);
    case ER_DATA_TOO_LONG:
    case ER_WARN_DATA_OUT_OF_RANGE:
      raise_unfit_value(report);
    case ER_LOCK_DEADLOCK:
      raise_retryable<DeadlockError>(
          report,
          "the transactions of two connections waited for each other, and this one was "
          "ended");
    case ER_CHECKREAD:
      raise_retryable<SerializationError>(report,
                                          "a row has changed since the transaction read it; run it again");
    case ER_LOCK_WAIT_TIMEOUT:
    case mysql_lock_not_granted_at_once:
      raise_retryable<LockWaitTimeoutError>(report, "a lock was not granted in time");
    case ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION:
      raise<ReadOnlyError>(report, "the transaction was begun as read-only");
    case ER_OPTION_PREVENTS_STATEMENT:
    case ER_READ_ONLY_MODE:
      raise<ReadOnlyError>(report, "the server is read-only");
    case ER_QUERY_INTERRUPTED:
    case mysql_execution_time_exceeded:
    case mariadb_statement_timeout:
      raise<DriverError>(report, "the statement was interrupted or took longer than the server allows");
    case ER_TOO_MANY_TABLES:
    case ER_STACK_OVERRUN_NEED_MORE:
      raise<ValidationError>(
          report,
          fmt::format("the statement has more joins and sub-selects, or nests them deeper, than this server "
                      "takes ({}); use fewer conditions on collections inside each other",
                      report.failure.words));
    case ER_NET_PACKET_TOO_LARGE:
      raise<DriverError>(report, "a value or the statement is larger than the server's max_allowed_packet");
    default:
      if (report.failure.is_disconnect()) raise_disconnect(report);
      raise_mistake(report);
  }
}

ErrorDetails details_of(const Failure& failure, const ErrorContext& context) {
  ErrorDetails details;
  details.sql = context.sql;
  details.code = std::to_string(failure.code);
  details.server_text = failure.words;
  if (const EntityMetadata* entity = entity_of(context)) details.entity = entity->name;
  return details;
}

}  // namespace

Failure Failure::of(MYSQL* connection) { return {mysql_errno(connection), mysql_error(connection)}; }

Failure Failure::of(MYSQL_STMT* statement, MYSQL* connection) {
  if (mysql_stmt_errno(statement) == 0) return of(connection);
  return {mysql_stmt_errno(statement), mysql_stmt_error(statement)};
}

bool Failure::is_disconnect() const noexcept {
  switch (code) {
    case CR_SERVER_GONE_ERROR:
    case CR_SERVER_LOST:
    case CR_SERVER_LOST_EXTENDED:
    case CR_SSL_CONNECTION_ERROR:
    case CR_ERR_NET_READ:
    case CR_ERR_NET_WRITE:
    case CR_COMMANDS_OUT_OF_SYNC:
    case CR_MALFORMED_PACKET:
    case ER_SERVER_SHUTDOWN:
    case ER_NEW_ABORTING_CONNECTION:
    case ER_NET_READ_ERROR:
    case ER_NET_READ_INTERRUPTED:
    case ER_NET_ERROR_ON_WRITE:
    case ER_NET_WRITE_INTERRUPTED:
    case mariadb_connection_killed:
    case mysql_idle_for_too_long:
      return true;
    default:
      return false;
  }
}

void throw_error(const Failure& failure, const ErrorContext& context) {
  Report report{failure, context, details_of(failure, context)};
  raise_typed(report);
}

void throw_unconnected(const Failure& failure, std::string_view place) {
  if (failure.code == CR_OUT_OF_MEMORY) throw std::bad_alloc();
  ErrorDetails details = details_of(failure, ErrorContext());
  // A wrong name or password stays wrong; a server that is full or not there may come back.
  details.retryable = failure.code == ER_CON_COUNT_ERROR || failure.code >= CR_MIN_ERROR;
  throw ConnectionError(fmt::format("no connection to {}: {}", place, failure.words), std::move(details));
}

}  // namespace kin::mysql
