// SPDX-License-Identifier: MIT
#include <kin/options.hpp>

#include <utility>

namespace kin {

QueryParameters& QueryParameters::operator=(const QueryParameters& other) {
  if (this != &other) *this = QueryParameters(other);
  return *this;
}

const std::vector<Value>& QueryParameters::all() const {
  if (source_ != nullptr) {
    std::vector<Value> values;
    source_->append_to(values);
    values_ = std::move(values);
    source_ = nullptr;
  }
  return values_;
}

}  // namespace kin
