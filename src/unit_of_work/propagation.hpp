// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/manager_api.hpp>
#include <kin/transaction.hpp>

namespace kin::unit_of_work {

/// What transactional() does.
struct Course {
  detail::TransactionWay way{};
  bool fork = false;  ///< in another manager
};

/// Throws TransactionStateError when the propagation, or what the transaction is to be like, does not go with
/// the one that is open; ValidationError and UnsupportedError for options that cannot be.
Course course_of(detail::Manager& manager, const TransactionOptions& options);
/// The same for begin(), which is never of the way `none`.
detail::TransactionWay way_of_begin(detail::Manager& manager, const TransactionOptions& options);

}  // namespace kin::unit_of_work
