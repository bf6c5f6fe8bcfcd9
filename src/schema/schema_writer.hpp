// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "drivers/driver.hpp"
#include "schema/ddl.hpp"

namespace kin::schema {

/// What an SQL database's definitions are made by: in which order, while a Ddl knows how.
/// Immutable, so it may be used from any thread.
class SqlSchemaWriter final : public driver::SchemaWriter {
 public:
  /// The Ddl outlives it.
  explicit SqlSchemaWriter(const Ddl& ddl) noexcept : ddl_(ddl) {}

  std::vector<std::string> create(Entities entities) const override;
  /// Tables that refer to others come before those, also in circles as far as their rules allow.
  std::vector<std::string> drop(Entities entities) const override;
  /// Throws ValidationError that lists all differences which cannot be mended.
  Task<std::vector<std::string>> update(Entities entities, driver::Connection& connection) const override;

 private:
  const Ddl& ddl_;
};

}  // namespace kin::schema
