// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/find_request.hpp>

#include <cstddef>
#include <memory>
#include <string_view>

#include "query/plan.hpp"

namespace kin::query {

/// Builds the shape of a request: bytes that are equal for requests that share a plan. They hold everything
/// but the values, of which only the kinds count, and the numbers of limit and offset. Reused from request to
/// request, so that a shape costs no allocation.
class ShapeKey {
 public:
  /// Valid until the next call.
  std::string_view of(const detail::FindRequest& request, ReadKind kind);

 private:
  void reserve(const detail::FindRequest& request);
  void byte(unsigned value) noexcept { *end_++ = static_cast<char>(value); }
  void number(std::uint32_t value) noexcept;
  void pointer(const void* value) noexcept;
  void path(detail::MemberPath value) noexcept;
  void paths(const std::vector<detail::MemberPath>& values) noexcept;
  void expression(const detail::Expression& value) noexcept;
  void row_clauses(const detail::FindRequest& request) noexcept;
  void assignments(const detail::FindRequest& request) noexcept;

  std::unique_ptr<char[]> buffer_{};
  std::size_t capacity_ = 0;
  char* end_ = nullptr;
};

}  // namespace kin::query
