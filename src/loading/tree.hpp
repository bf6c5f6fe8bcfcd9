// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/find_request.hpp>

#include <cstddef>
#include <memory>
#include <vector>

#include "unit_of_work/manager.hpp"

namespace kin::loading {

/// The values of a read of a part of a tree, which are known when it runs: the key of the node may come by
/// the flush before it. Holds what the views point into.
class TreeValues {
 public:
  /// Throws ValidationError when the node has no key.
  void append(const detail::TreeTerm& tree, std::vector<ValueView>& values);

 private:
  std::vector<Scratch> scratch_{};
};

/// Brings what was read of a tree into order, nearest first, unless the request has an order of its own, and
/// fills the inverse collections of the rows whose children were all read.
void arrange_tree(detail::Manager& manager, const detail::FindRequest& request,
                  std::vector<detail::EntityState*>& found);

}  // namespace kin::loading
