// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace kin {

/// What an error knows beside its message. Empty strings mean "not known" or "does not apply".
struct ErrorDetails {
  std::string entity{};      ///< name of the entity type concerned, e.g. "Author"
  std::string property{};    ///< name of the member concerned, e.g. "email"
  std::string sql{};         ///< statement that was running, without parameter values
  std::string code{};        ///< SQLSTATE or the client library's own number, as text
  std::string constraint{};  ///< name or columns of the violated constraint, as the server tells them
  std::string table{};       ///< table concerned, as the server tells it
  std::string server_text{}; ///< the server's own words, kept apart: they may contain user data
  bool retryable{};          ///< true when running the same work again may succeed
};

/// Root of everything kin throws. Copying never throws; immutable, so it may be passed between threads.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message);
  Error(const std::string& message, ErrorDetails details);

  const std::string& entity() const noexcept { return details_->entity; }
  const std::string& property() const noexcept { return details_->property; }
  const std::string& sql() const noexcept { return details_->sql; }
  const std::string& code() const noexcept { return details_->code; }
  const std::string& constraint() const noexcept { return details_->constraint; }
  const std::string& table() const noexcept { return details_->table; }
  const std::string& server_text() const noexcept { return details_->server_text; }
  bool retryable() const noexcept { return details_->retryable; }
  const ErrorDetails& details() const noexcept { return *details_; }

 private:
  std::shared_ptr<const ErrorDetails> details_;
};

/// A value, an entity's state or a request that kin refuses before anything is sent.
class ValidationError : public Error {
 public:
  using Error::Error;
};

/// The entities' description is wrong; thrown by the Orm's constructor with all findings at once.
class MetadataError : public ValidationError {
 public:
  using ValidationError::ValidationError;
};

/// `…_or_fail` found nothing.
class NotFoundError : public ValidationError {
 public:
  using ValidationError::ValidationError;
};

/// A reference or collection was read that has not been loaded; names the populate path to add.
class NotInitializedError : public ValidationError {
 public:
  using ValidationError::ValidationError;
};

/// Someone else changed or deleted the row since it was read.
class OptimisticLockError : public ValidationError {
 public:
  using ValidationError::ValidationError;
};

/// begin, commit, rollback or a verb at a moment that does not allow it.
class TransactionStateError : public ValidationError {
 public:
  using ValidationError::ValidationError;
};

/// A cursor of pagination that is malformed or belongs to another order.
class CursorError : public ValidationError {
 public:
  using ValidationError::ValidationError;
};

/// Root of what the database or its client library reports.
class DriverError : public Error {
 public:
  using Error::Error;
};

/// The database can't be reached or opened, the connection broke, or the pool had none free in time.
class ConnectionError : public DriverError {
 public:
  using DriverError::DriverError;
};

/// A statement of on_create_connection or on_reserve_connection failed, so the connection was not lent. Says
/// of which hook it was; details are those of the statement's own error.
class ConnectionSetupError : public DriverError {
 public:
  using DriverError::DriverError;
};

/// The database lacks what was asked of it; thrown before anything is sent.
class UnsupportedError : public DriverError {
 public:
  using DriverError::DriverError;
};

/// Root of the violated constraints.
class ConstraintViolationError : public DriverError {
 public:
  using DriverError::DriverError;
};
class UniqueConstraintViolationError : public ConstraintViolationError {
 public:
  using ConstraintViolationError::ConstraintViolationError;
};
class ForeignKeyConstraintViolationError : public ConstraintViolationError {
 public:
  using ConstraintViolationError::ConstraintViolationError;
};
class NotNullConstraintViolationError : public ConstraintViolationError {
 public:
  using ConstraintViolationError::ConstraintViolationError;
};
class CheckConstraintViolationError : public ConstraintViolationError {
 public:
  using ConstraintViolationError::ConstraintViolationError;
};

/// The database ended this transaction to resolve a deadlock; retryable.
class DeadlockError : public DriverError {
 public:
  using DriverError::DriverError;
};
/// The transaction could not be serialised with others; retryable.
class SerializationError : public DriverError {
 public:
  using DriverError::DriverError;
};
/// A lock was not granted in time (SQLITE_BUSY, 55P03, 1205); retryable.
class LockWaitTimeoutError : public DriverError {
 public:
  using DriverError::DriverError;
};
class TableNotFoundError : public DriverError {
 public:
  using DriverError::DriverError;
};
class TableExistsError : public DriverError {
 public:
  using DriverError::DriverError;
};
class InvalidFieldNameError : public DriverError {
 public:
  using DriverError::DriverError;
};
class NonUniqueFieldNameError : public DriverError {
 public:
  using DriverError::DriverError;
};
class SyntaxError : public DriverError {
 public:
  using DriverError::DriverError;
};
class ReadOnlyError : public DriverError {
 public:
  using DriverError::DriverError;
};

}  // namespace kin
