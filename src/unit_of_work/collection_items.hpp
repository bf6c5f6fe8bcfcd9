// SPDX-License-Identifier: MIT
#pragma once

#include <kin/collection.hpp>

namespace kin::detail {

/// Both return false when nothing changed. On a collection whose items are not known the change is noted and merged
/// when the items are loaded.
bool add_item(CollectionData& data, EntityState* item);
bool remove_item(CollectionData& data, EntityState* item);
/// `stored` has been read: makes it the visible items, with the changes noted meanwhile.
void finish_loading(CollectionData& data);
/// To be called by whoever changes `items` directly.
void drop_index(CollectionData& data) noexcept;

}  // namespace kin::detail
