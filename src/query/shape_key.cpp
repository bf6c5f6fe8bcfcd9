// SPDX-License-Identifier: MIT
#include "query/shape_key.hpp"

#include <cstring>

#include "query/expression_data.hpp"

namespace kin::query {
namespace {

using detail::Op;

// Bytes beside those of Op, so that the bytes of a shape can be read in one way only.
constexpr unsigned with_more = 0x80;  ///< added to an Op that is followed by its count, or by its alias
constexpr unsigned repeated =
    0xfe;  ///< the token before stands there as often as the number that follows says
constexpr unsigned end_of_expression = 0xff;

constexpr std::size_t largest_token = 2 + 2 * sizeof(void*);
constexpr std::size_t fixed_part = 112;

std::size_t room_for(const detail::Expression& expression) {
  return 1 + (expression.empty() ? 0 : expression.data()->tokens.size() * largest_token);
}

}  // namespace

std::string_view ShapeKey::of(const detail::FindRequest& request, ReadKind kind) {
  reserve(request);
  end_ = buffer_.get();
  const bool limited = kind == ReadKind::rows;
  byte(static_cast<unsigned>(kind));
  byte((limited && request.limit ? 1u : 0u) | (limited && request.offset ? 2u : 0u) |
       (request.distinct ? 4u : 0u) | static_cast<unsigned>(request.lock) << 3 |
       (request.with_deleted ? 128u : 0u));
  byte(request.strategy ? 1 + static_cast<unsigned>(*request.strategy) : 0);
  pointer(request.root);
  byte(!request.tree.node ? 0 : 1u + (request.tree.upward ? 1u : 0u) + (request.tree.depth != 0 ? 2u : 0u));
  if (request.tree.node) path(request.tree.parent);
  pointer(request.items_of);
  expression(request.where);
  number(static_cast<std::uint32_t>(request.joins.size()));
  for (const detail::JoinTerm& join : request.joins) {
    path(join.path);
    pointer(join.parent_alias);
    pointer(join.alias);
    byte(join.left ? 1 : 0);
  }
  number(static_cast<std::uint32_t>(request.group_by.size()));
  for (const detail::Expression& term : request.group_by) expression(term);
  if (kind == ReadKind::rows) row_clauses(request);
  if (kind == ReadKind::update) assignments(request);
  std::memcpy(end_, request.comment.data(), request.comment.size());
  end_ += request.comment.size();
  return {buffer_.get(), static_cast<std::size_t>(end_ - buffer_.get())};
}

void ShapeKey::row_clauses(const detail::FindRequest& request) noexcept {
  expression(request.having);
  number(static_cast<std::uint32_t>(request.order.size()));
  for (const detail::OrderTerm& term : request.order) {
    expression(term.expression);
    byte((term.descending ? 1u : 0u) | static_cast<unsigned>(term.nulls) << 1);
  }
  number(static_cast<std::uint32_t>(request.select.size()));
  for (const detail::SelectTerm& term : request.select) {
    expression(term.expression);
    pointer(term.name);
  }
  paths(request.populate);
  paths(request.only);
  paths(request.exclude);
  paths(request.lock_tables);
}

void ShapeKey::assignments(const detail::FindRequest& request) noexcept {
  for (const detail::AssignTerm& term : request.assign) {
    path(term.path);
    for (const detail::Expression& column : term.columns) expression(column);
  }
}

/// Makes room for the largest key the request can have, so that nothing is checked while it is written.
void ShapeKey::reserve(const detail::FindRequest& request) {
  constexpr std::size_t path_size = 1 + sizeof(void*);
  std::size_t size = fixed_part + room_for(request.where) + room_for(request.having) + request.comment.size();
  for (const detail::OrderTerm& term : request.order) size += room_for(term.expression) + 1;
  for (const detail::SelectTerm& term : request.select) size += room_for(term.expression) + sizeof(void*);
  for (const detail::Expression& term : request.group_by) size += room_for(term);
  for (const detail::AssignTerm& term : request.assign) {
    size += path_size;
    for (const detail::Expression& column : term.columns) size += room_for(column);
  }
  size += request.joins.size() * (path_size + 2 * sizeof(void*) + 1);
  size +=
      (request.populate.size() + request.only.size() + request.exclude.size() + request.lock_tables.size()) *
      path_size;
  if (size <= capacity_) return;
  capacity_ = size + size / 2;
  buffer_ = std::make_unique_for_overwrite<char[]>(capacity_);
}

void ShapeKey::number(std::uint32_t value) noexcept {
  std::memcpy(end_, &value, sizeof value);
  end_ += sizeof value;
}

void ShapeKey::pointer(const void* value) noexcept {
  std::memcpy(end_, static_cast<const void*>(&value), sizeof value);
  end_ += sizeof value;
}

void ShapeKey::path(detail::MemberPath value) noexcept {
  byte(value.length);
  pointer(static_cast<const void*>(value.steps));
}

void ShapeKey::paths(const std::vector<detail::MemberPath>& values) noexcept {
  number(static_cast<std::uint32_t>(values.size()));
  for (const detail::MemberPath& value : values) path(value);
}

void ShapeKey::expression(const detail::Expression& value) noexcept {
  if (!value.empty()) {
    const detail::ExpressionData& data = *value.data();
    const auto* stored = data.values.data();
    const auto* const last = data.tokens.data() + data.tokens.size();
    for (const auto* token = data.tokens.data(); token != last; ++token) {
      const auto op = static_cast<unsigned>(token->op);
      if (token->op == Op::value) {
        // Lists of a thousand values are common, so values of one kind in a row are counted.
        const ValueKind kind = stored->kind;
        std::uint32_t count = 1;
        ++stored;
        for (; token + 1 != last && token[1].op == Op::value && stored->kind == kind; ++token, ++stored)
          ++count;
        byte(op);
        byte(static_cast<unsigned>(kind));
        if (count == 1) continue;
        byte(repeated);
        number(count);
      } else if (token->op == Op::field) {
        byte(token->alias ? op | with_more : op);
        path({token->path, token->path_length});
        if (token->alias) pointer(token->alias);
      } else if (token->op == Op::column) {
        byte(op);
        pointer(token->alias);
      } else if (token->count != 0) {
        byte(op | with_more);
        number(token->count);
      } else {
        byte(op);
      }
    }
  }
  byte(end_of_expression);
}

}  // namespace kin::query
