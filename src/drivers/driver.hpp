// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/entity_state.hpp>
#include <kin/metadata.hpp>
#include <kin/options.hpp>
#include <kin/task.hpp>
#include <kin/transaction.hpp>
#include <kin/value.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "query/plan.hpp"

/// The seam between the core and a database. The unit of work and the loader see this and nothing below it.
namespace kin::driver {

using detail::EntityState;

/// What a database can do. Code outside drivers and dialects asks these, never which database it is.
struct Capabilities {
  std::string_view name;
  /// The rows of one batch are written one after the other, so that a row may refer to the key of an earlier
  /// one.
  bool sequential_batches = false;
  /// Generated keys can be had before the rows are written (Operation::reserve_keys), so that all rows of a
  /// flush can refer to each other, and nothing is read back.
  bool reserves_keys = false;
  /// Most parameters a statement may have.
  std::uint32_t max_parameters = 999;
  /// A list of at least so many values of one kind is one parameter, an array; 0 where each value is one.
  std::uint32_t shortest_array = 0;
  /// Most values of a statement, those of its arrays included; 0 where there are no arrays.
  std::uint32_t max_array_values = 0;
  bool savepoints = true;
  /// A serializable read-only transaction can wait until it sees a state that needs no checks (deferrable).
  bool deferrable_transactions = false;
  bool regular_expressions = false;
  bool json = false;
  /// An upsert says by which unique columns a row is the same, and on what condition it is changed. Else
  /// every unique column counts.
  bool conflict_targets = true;
  /// A row of a left join can be locked along with that of the root.
  bool locks_left_joins = true;
};

/// Receives rows. Cells are valid during the call. May throw to end the read.
class RowSink {
 public:
  virtual ~RowSink() = default;
  /// Names of the columns, once before the first row; only for execute().
  virtual void columns(std::span<const std::string_view>) {}
  virtual void row(const ValueView* cells) = 0;
};

struct ReadRequest {
  const query::ReadPlan& plan;
  std::span<const ValueView>
      values;  ///< of the expressions in order, then limit, then offset where the plan has them
};

enum class Operation : std::uint8_t {
  insert,
  update,
  remove,
  pivot_insert,
  pivot_remove,
  upsert,        ///< inserts a row, or changes the one that has its values in `conflict`
  reserve_keys,  ///< writes nothing: stores a new key into each row's entity, which is about to be inserted
};

struct PivotRow {
  EntityState* owner;
  EntityState* target;
};

/// Rows of one table that are written in one go: all rows have the same operation and columns. Values are
/// pulled from the entities when a row is written, so nothing is copied.
class WriteBatch {
 public:
  Operation operation = Operation::insert;
  const EntityMetadata* entity = nullptr;
  const PivotTable* pivot = nullptr;     ///< of pivot operations
  std::vector<const Column*> columns{};  ///< written columns of insert and update
  std::vector<EntityState*> rows{};      ///< of entity operations
  std::vector<PivotRow> pivot_rows{};    ///< of pivot operations
  bool checks_version = false;           ///< update and remove also compare entity->version with the snapshot
  /// Columns that update and remove also compare with the snapshot, null equal to null.
  std::vector<const Column*> checked{};
  bool write_nulls = false;              ///< update writes null into `columns`, whatever the entity holds
  bool ignore_duplicates = false;        ///< of pivot_insert: an existing row is no error
  std::vector<const Column*> returning{};  ///< columns to read back, the generated key first
  std::vector<const Column*> conflict{};   ///< of upsert: by whose values a row is the same
  std::vector<const Column*> merged{};  ///< of upsert: what such a row takes over; none = it stays as it is
  const query::ReadPlan* condition = nullptr;  ///< of upsert: such a row is changed only when it meets it
  std::vector<ValueView> condition_values{};
  std::vector<std::uint32_t> condition_order{};  ///< of the values as parameters; the connection fills it
  /// Of upsert: gets the rows that were written, `returning` of each, in any order; of a row that stayed as
  /// it was, or of a database that returns nothing, none comes.
  RowSink* returned = nullptr;

  std::size_t row_count() const noexcept { return pivot ? pivot_rows.size() : rows.size(); }
  /// True when a row that is met must hold what its snapshot does: which one was missed has to be found out.
  bool checks_values() const noexcept { return checks_version || !checked.empty(); }
  /// Parameters of one row, in order: `columns`; of upsert then those of the condition; then for update and
  /// remove the key, then the expected version and what `checked` columns are to hold; for pivot operations
  /// the owner's key, then the target's.
  std::size_t parameters_per_row() const noexcept;
  ValueView parameter(std::size_t row, std::size_t index, Scratch& scratch) const;
  /// Stores a value read back into the row's entity, e.g. the generated key.
  void store(std::size_t row, const Column& column, ValueView value) const;
  /// Stores what was read back of a row that comes without its place: `cells` are the key, then `columns`.
  /// Returns the row's entity; null when none is known by a key of that form, as of a padded text.
  EntityState* store_by_key(const ValueView* cells, std::span<const Column* const> columns) const;
  /// The row in words for an error, without a value that is written: by the key of a row that exists, by its
  /// place in the batch of one that is inserted.
  std::string row_in_words(std::size_t row) const;
  /// To be called by the driver for an update or remove that met no row.
  void missed(std::size_t row);
  const std::vector<std::size_t>& missed_rows() const noexcept { return missed_; }

 private:
  std::vector<std::size_t> missed_{};
};

/// One connection on loan to one manager; used by one task at a time.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual Task<void> read(const ReadRequest& request, RowSink& sink) = 0;
  virtual Task<void> write(WriteBatch& batch) = 0;
  /// Updates or deletes the rows of a plan of that kind. Returns how many they were.
  virtual Task<std::uint64_t> modify(const ReadRequest& request) = 0;
  /// Runs a statement as it stands; `sql` has {} for each parameter. Returns the number of rows changed.
  virtual Task<std::uint64_t> execute(std::string_view sql, std::span<const ValueView> parameters,
                                      RowSink* sink) = 0;
  /// Text of a read without running it.
  virtual std::string text_of(const query::ReadPlan& plan) = 0;
  /// The statement of a batch without running it, as the query log would have it.
  virtual std::string text_of(const WriteBatch& batch) {
    (void)batch;
    return {};
  }

  virtual Task<void> begin(const TransactionOptions& options) = 0;
  virtual Task<void> commit() = 0;
  virtual Task<void> rollback() = 0;
  virtual Task<void> savepoint(int level) = 0;
  virtual Task<void> release_savepoint(int level) = 0;
  virtual Task<void> rollback_to_savepoint(int level) = 0;
  /// True when the database itself has ended the transaction (deadlock, full disk): rollback sends nothing
  /// then.
  virtual bool transaction_lost() const = 0;
};

/// A connection that goes back to its pool when the loan ends; an open transaction is rolled back then.
class Loan {
 public:
  Loan() noexcept = default;
  Loan(Connection* connection, void (*give_back)(void* pool, void* token) noexcept, void* pool,
       void* token) noexcept
      : connection_(connection), give_back_(give_back), pool_(pool), token_(token) {}
  Loan(Loan&& other) noexcept { swap(other); }
  Loan& operator=(Loan&& other) noexcept {
    Loan moved(std::move(other));
    swap(moved);
    return *this;
  }
  ~Loan() {
    if (connection_) give_back_(pool_, token_);
  }
  Connection* operator->() const noexcept { return connection_; }
  Connection& operator*() const noexcept { return *connection_; }
  explicit operator bool() const noexcept { return connection_ != nullptr; }

 private:
  void swap(Loan& other) noexcept {
    std::swap(connection_, other.connection_);
    std::swap(give_back_, other.give_back_);
    std::swap(pool_, other.pool_);
    std::swap(token_, other.token_);
  }
  Connection* connection_ = nullptr;
  void (*give_back_)(void*, void*) noexcept = nullptr;
  void* pool_ = nullptr;
  void* token_ = nullptr;
};

/// Writes the definitions of tables as statements.
class SchemaWriter {
 public:
  virtual ~SchemaWriter() = default;
  using Entities = std::span<const EntityMetadata* const>;
  virtual std::vector<std::string> create(Entities entities) const = 0;
  virtual std::vector<std::string> drop(Entities entities) const = 0;
  /// Statements that add what is missing; reads the database through `connection`.
  virtual Task<std::vector<std::string>> update(Entities entities, Connection& connection) const = 0;
};

/// For what and for whom a connection is to be lent.
struct LoanRequest {
  ConnectionType type = ConnectionType::write;  ///< read: a replica's will do
  const ConnectionHook* on_reserve = nullptr;   ///< the manager's own; outlives the request
};

/// One per Orm, shared by all managers and threads.
class Driver {
 public:
  virtual ~Driver() = default;
  virtual const Capabilities& capabilities() const noexcept = 0;
  /// A connection without waiting, when one is free: the fast path of blocking verbs.
  virtual bool try_acquire(Loan& loan, const LoanRequest& request) = 0;
  /// Waits for a connection; throws ConnectionError when none becomes free in time, ConnectionSetupError when
  /// it can't be prepared for the loan.
  virtual Task<Loan> acquire(LoanRequest request) = 0;
  /// To the primary.
  bool try_acquire(Loan& loan) { return try_acquire(loan, LoanRequest()); }
  Task<Loan> acquire() { return acquire(LoanRequest()); }
  /// Waits without holding a thread where the context is not a blocking one: between tries of a transaction.
  virtual Task<void> pause(std::chrono::milliseconds time) = 0;
  virtual const SchemaWriter& schema_writer() const = 0;
  /// Problems of this metadata on this database, for discovery's report.
  virtual void validate(const EntityMetadata&, std::vector<std::string>& problems) const { (void)problems; }
};

}  // namespace kin::driver
