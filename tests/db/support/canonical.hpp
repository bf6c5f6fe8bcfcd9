// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace kin::test {

/// Statements in one form for all databases, so that a test says once what is sent and in which order. The texts of
/// each database are the business of tests/unit/sql; what is made alike here is
/// - placeholders: ?, without a cast; quotes: "; any beginning of a transaction: begin;
/// - comparisons in which null is the same as null: is;
/// - batches: as the statement of one of their rows, whether they are written row by row, as rows of one insert, or as
///   arrays of columns (PostgreSQL's unnest and any);
/// - generated keys: no statement that reserves them, no column for them, no returning of them.
std::vector<std::string> canonical(const std::vector<std::string>& statements);
std::string canonical(const std::string& statement);

}  // namespace kin::test
