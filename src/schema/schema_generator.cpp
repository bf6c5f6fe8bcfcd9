// SPDX-License-Identifier: MIT
#include <kin/schema.hpp>
#include <kin/transaction.hpp>

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "drivers/driver.hpp"
#include "metadata/registry.hpp"

namespace kin {
namespace {

using Statements = std::vector<std::string>;

constexpr std::span<const ValueView> no_parameters{};

Task<void> run_all(driver::Connection& connection, const Statements& statements) {
  for (const std::string& statement : statements)
    (void)co_await connection.execute(statement, no_parameters, nullptr);
}

// Free functions, so that a task does not need the generator that made it. What leaves them early gives back
// the connection with its transaction open, which rolls that back.

Task<void> run_in_transaction(driver::Driver& driver, Statements statements) {
  driver::Loan connection = co_await driver.acquire();
  const TransactionOptions options;
  co_await connection->begin(options);
  co_await run_all(*connection, statements);
  co_await connection->commit();
}

Task<Statements> read_differences(driver::Driver& driver, const metadata::Registry& registry) {
  driver::Loan connection = co_await driver.acquire();
  co_return co_await driver.schema_writer().update(registry.entities(), *connection);
}

Task<void> update_in_transaction(driver::Driver& driver, const metadata::Registry& registry) {
  driver::Loan connection = co_await driver.acquire();
  // Most often there is nothing to do, and then nobody has to wait for a lock.
  const driver::SchemaWriter& writer = driver.schema_writer();
  Statements statements = co_await writer.update(registry.entities(), *connection);
  if (statements.empty()) co_return;

  const TransactionOptions options;
  co_await connection->begin(options);
  // Once more, because someone else may have been faster.
  statements = co_await writer.update(registry.entities(), *connection);
  co_await run_all(*connection, statements);
  co_await connection->commit();
}

Statements refresh_statements(const SchemaGenerator& generator) {
  Statements statements = generator.drop_sql();
  for (std::string& statement : generator.create_sql()) statements.push_back(std::move(statement));
  return statements;
}

}  // namespace

Statements SchemaGenerator::create_sql() const {
  return driver_->schema_writer().create(registry_->entities());
}
Task<void> SchemaGenerator::create_async() const { return run_in_transaction(*driver_, create_sql()); }
void SchemaGenerator::create() const { detail::run_blocking(create_async()); }

Statements SchemaGenerator::drop_sql() const { return driver_->schema_writer().drop(registry_->entities()); }
Task<void> SchemaGenerator::drop_async() const { return run_in_transaction(*driver_, drop_sql()); }
void SchemaGenerator::drop() const { detail::run_blocking(drop_async()); }

Task<void> SchemaGenerator::refresh_async() const {
  return run_in_transaction(*driver_, refresh_statements(*this));
}
void SchemaGenerator::refresh() const { detail::run_blocking(refresh_async()); }

Task<Statements> SchemaGenerator::update_sql_async() const { return read_differences(*driver_, *registry_); }
Statements SchemaGenerator::update_sql() const { return detail::run_blocking(update_sql_async()); }
Task<void> SchemaGenerator::update_async() const { return update_in_transaction(*driver_, *registry_); }
void SchemaGenerator::update() const { detail::run_blocking(update_async()); }

}  // namespace kin
