// SPDX-License-Identifier: MIT
#include <kin/error.hpp>

#include <utility>

namespace kin {
namespace {
// One shared object, so that an error without details costs no allocation.
const std::shared_ptr<const ErrorDetails>& no_details() {
  static const auto none = std::make_shared<const ErrorDetails>();
  return none;
}
}  // namespace

Error::Error(const std::string& message) : std::runtime_error(message), details_(no_details()) {}

Error::Error(const std::string& message, ErrorDetails details)
    : std::runtime_error(message), details_(std::make_shared<const ErrorDetails>(std::move(details))) {}

}  // namespace kin
