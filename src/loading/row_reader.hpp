// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/find_request.hpp>
#include <kin/detail/manager_api.hpp>
#include <kin/rows.hpp>

#include <vector>

#include "drivers/driver.hpp"
#include "unit_of_work/manager.hpp"

namespace kin::loading {

/// Reads rows into a vector of the user's structs.
class RowReader final : public driver::RowSink {
 public:
  /// Throws ValidationError when the columns of the request and the members of the struct do not go together.
  RowReader(detail::Manager& manager, const detail::FindRequest& request, const detail::RowShape& shape,
            void* vector);
  void row(const ValueView* cells) override;

 private:
  const detail::RowShape& shape_;
  void* vector_;
  std::vector<const detail::RowMember*> members_{};  ///< by column
};

/// Keeps the rows of a plain statement.
class PlainRowsSink final : public driver::RowSink {
 public:
  explicit PlainRowsSink(Rows& rows) noexcept : rows_(rows) {}
  void columns(std::span<const std::string_view> names) override;
  void row(const ValueView* cells) override;

 private:
  Rows& rows_;
};

/// Number of a collection's items by a query.
Task<std::size_t> count_items(detail::Manager& manager, const detail::EntityState& owner, const Property& relation);

}  // namespace kin::loading
