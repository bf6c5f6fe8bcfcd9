// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kin {

/// What a planned statement does with its rows.
enum class PlanOperation : std::uint8_t {
  insert,
  update,
  remove,
  link,          ///< rows of a many-to-many relation come
  unlink,        ///< and go
  reserve_keys,  ///< the database makes keys for rows that are about to be inserted
};
std::string_view to_string(PlanOperation operation) noexcept;

/// One row of a planned statement, in words: "Book 3", "changed: price 9.5 → 10".
struct PlannedRow {
  std::string entity{};
  std::string reason{};
};

/// A statement that the next flush would send.
struct PlannedStatement {
  PlanOperation operation = PlanOperation::insert;
  std::string entity{};  ///< name of the entity; of links the owner's
  std::string table{};
  std::vector<std::string> columns{};  ///< that are written
  std::vector<PlannedRow> rows{};
  std::string sql{};  ///< as the query log would show it
};

/// What em.plan() found: the statements of the next flush in their order, without the transaction around
/// them. A value of its own: it stays as it is, whatever the manager does next.
class Plan {
 public:
  Plan() = default;
  explicit Plan(std::vector<PlannedStatement> statements) noexcept : statements_(std::move(statements)) {}

  const std::vector<PlannedStatement>& statements() const noexcept { return statements_; }
  bool empty() const noexcept { return statements_.empty(); }
  std::size_t size() const noexcept { return statements_.size(); }
  /// A line for each statement, below it one for each row.
  std::string to_string() const;

 private:
  std::vector<PlannedStatement> statements_{};
};
std::ostream& operator<<(std::ostream& out, const Plan& plan);

}  // namespace kin
