// SPDX-License-Identifier: MIT
#include "sql/logged_query.hpp"

namespace kin::sql {

LoggedQuery::LoggedQuery(const QueryLogger& logger, std::string_view sql,
                         std::span<const ValueView> parameters)
    : logger_(logger) {
  query_.sql = sql;
  query_.failed = true;
  query_.parameters.reserve(parameters.size());
  for (const ValueView& parameter : parameters) query_.parameters.emplace_back(parameter);
  start_ = std::chrono::steady_clock::now();
}

LoggedQuery::~LoggedQuery() {
  query_.duration = std::chrono::steady_clock::now() - start_;
  try {
    if (batch_ != nullptr) add_batch();
    logger_(query_);
  } catch (...) {  // NOLINT(bugprone-empty-catch)
    // The statement's own outcome counts.
  }
}

void LoggedQuery::succeeded(std::uint64_t rows) noexcept {
  query_.rows = rows;
  query_.failed = false;
}

void LoggedQuery::add_batch() {
  const std::size_t rows = batch_->row_count();
  const std::size_t parameters = batch_->parameters_per_row();
  query_.executions = whole_ ? 1 : rows;
  query_.parameters.reserve(rows * parameters);
  Scratch scratch;
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t index = 0; index < parameters; ++index) {
      query_.parameters.emplace_back(batch_->parameter(row, index, scratch));
    }
  }
}

}  // namespace kin::sql
