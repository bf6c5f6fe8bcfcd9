// SPDX-License-Identifier: MIT
#include "sql/logged_query.hpp"

namespace kin::sql {

LoggedQuery::LoggedQuery(const QueryLogger& logger, std::string_view sql,
                         std::span<const ValueView> parameters)
    : logger_(logger), parameters_(parameters) {
  query_.sql = sql;
  query_.failed = true;
  if (!parameters.empty()) query_.parameters = QueryParameters(*this);
  start_ = std::chrono::steady_clock::now();
}

LoggedQuery::~LoggedQuery() {
  query_.duration = std::chrono::steady_clock::now() - start_;
  try {
    logger_(query_);
  } catch (...) {  // NOLINT(bugprone-empty-catch)
    // The statement's own outcome counts.
  }
}

void LoggedQuery::succeeded(std::uint64_t rows) noexcept {
  query_.rows = rows;
  query_.failed = false;
}

void LoggedQuery::set_batch(const driver::WriteBatch& batch, bool whole) {
  batch_ = &batch;
  query_.executions = whole ? 1 : batch.row_count();
  query_.parameters = QueryParameters(*this);
}

void LoggedQuery::append_to(std::vector<Value>& values) const {
  if (batch_ == nullptr) {
    values.reserve(parameters_.size());
    for (const ValueView& parameter : parameters_) values.emplace_back(parameter);
    return;
  }
  const std::size_t rows = batch_->row_count();
  const std::size_t parameters = batch_->parameters_per_row();
  values.reserve(rows * parameters);
  Scratch scratch;
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t index = 0; index < parameters; ++index) {
      values.emplace_back(batch_->parameter(row, index, scratch));
    }
  }
}

}  // namespace kin::sql
