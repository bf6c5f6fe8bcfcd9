// SPDX-License-Identifier: MIT
#include "loading/row_reader.hpp"

#include <kin/error.hpp>

#include <fmt/format.h>

#include "unit_of_work/entity_runtime.hpp"

namespace kin::loading {

using detail::RowMember;
using detail::RowShape;

namespace {

const RowMember* find_member(const RowShape& shape, std::string_view name) {
  for (const RowMember& member : shape.members)
    if (member.name == name) return &member;
  return nullptr;
}

std::string list_of(const RowShape& shape) {
  std::string list;
  for (const RowMember& member : shape.members) (list += list.empty() ? "" : ", ") += member.name;
  return list;
}

/// The name of a selected column: as(), else the member's own.
std::string_view name_of(const detail::SelectTerm& term, const query::SelectItem& item) {
  if (term.name) return term.name;
  if (!item.expression.empty() && item.expression.back().column) {
    const std::string_view name = item.expression.back().column->property->name;
    const std::size_t dot = name.rfind('.');
    return dot == std::string_view::npos ? name : name.substr(dot + 1);
  }
  return {};
}

}  // namespace

RowReader::RowReader(detail::Manager& manager, const detail::FindRequest& request, const RowShape& shape,
                     void* vector)
    : shape_(shape), vector_(vector) {
  if (request.positional) {
    for (const RowMember& member : shape.members) members_.push_back(&member);
    return;
  }
  if (request.select.empty())
    throw ValidationError("the query selects nothing; call select() with one column for each member of " +
                          std::string(shape.type_name));
  const auto read = manager.core().planner.plan(request, query::ReadKind::rows);
  for (std::size_t i = 0; i < request.select.size(); ++i) {
    const std::string_view name = name_of(request.select[i], read->plan.select[i]);
    const RowMember* member = name.empty() ? nullptr : find_member(shape, name);
    if (!member)
      throw ValidationError(
          name.empty() ? fmt::format("column {} of the query has no name; add .as(\"…\") with a member of {} ({})",
                                     i + 1, shape.type_name, list_of(shape))
                       : fmt::format("{} has no member {} for the query's column; it has {}", shape.type_name,
                                     name, list_of(shape)));
    members_.push_back(member);
  }
  for (const RowMember& member : shape.members) {
    bool found = false;
    for (const RowMember* column : members_) found |= column == &member;
    if (!found)
      throw ValidationError(fmt::format("no column of the query goes to {}.{}; select one .as(\"{}\")",
                                        shape.type_name, member.name, member.name));
  }
}

void RowReader::row(const ValueView* cells) {
  auto* row = static_cast<std::byte*>(shape_.append(vector_));
  std::size_t i = 0;
  try {
    for (const RowMember* member : members_) {
      member->codec->assign(*member->codec, row + member->offset, cells[i]);
      ++i;
    }
  } catch (const detail::ConversionError& error) {
    throw ValidationError(fmt::format("{}.{}: {}", shape_.type_name, members_[i]->name, error.reason));
  }
}

void PlainRowsSink::columns(std::span<const std::string_view> names) {
  for (std::string_view name : names) rows_.mutable_columns().emplace_back(name);
}
void PlainRowsSink::row(const ValueView* cells) {
  for (std::size_t i = 0; i < rows_.columns().size(); ++i) rows_.mutable_values().push_back(Value(cells[i]));
}

namespace {
class CountSink final : public driver::RowSink {
 public:
  void row(const ValueView* cells) override { count = cells[0].as_integer(); }
  std::int64_t count = 0;
};

std::shared_ptr<query::ReadPlan> count_plan(const Property& relation) {
  auto plan = std::make_shared<query::ReadPlan>();
  plan->kind = query::ReadKind::count;
  plan->root = relation.target;
  query::Source source;
  source.alias = "t0";
  std::vector<const Column*> owner;
  if (const PivotTable* pivot = EntityMetadata::pivot_of(relation)) {
    source.pivot = pivot;
    source.via = &relation;
    for (const Column& column : relation.owner ? pivot->owner_columns : pivot->target_columns)
      owner.push_back(&column);
  } else {
    source.entity = relation.target;
    for (std::uint32_t i = 0; i < relation.inverse->column_count; ++i)
      owner.push_back(&relation.target->columns[relation.inverse->first_column + i]);
  }
  const bool through_pivot = source.pivot != nullptr;
  plan->sources.push_back(std::move(source));
  if (through_pivot && relation.target->soft_delete) {
    query::Source items;
    items.join = query::Source::Join::inner;
    items.entity = relation.target;
    items.parent = 0;
    items.via = &relation;
    items.alias = "t1";
    plan->sources.push_back(std::move(items));
  }
  for (const Column* column : owner) {
    query::Node field;
    field.op = detail::Op::field;
    field.column = column;
    field.source = 0;
    field.begin = static_cast<std::uint32_t>(plan->where.size());
    query::Node value;
    value.op = detail::Op::value;
    value.value = plan->value_count++;
    value.kind = column->codec->kind;
    value.begin = field.begin + 1;
    query::Node equal;
    equal.op = detail::Op::eq;
    equal.begin = field.begin;
    plan->where.push_back(field);
    plan->where.push_back(value);
    plan->where.push_back(equal);
  }
  if (owner.size() > 1) {
    query::Node both;
    both.op = detail::Op::and_;
    both.count = static_cast<std::uint32_t>(owner.size());
    plan->where.push_back(both);
  }
  return plan;
}
}  // namespace

Task<std::size_t> count_items(detail::Manager& manager, const detail::EntityState& owner,
                              const Property& relation) {
  const std::shared_ptr<query::ReadPlan> plan = count_plan(relation);
  std::vector<Scratch> scratch(owner.metadata->key.size());
  std::vector<ValueView> values;
  for (std::size_t i = 0; i < scratch.size(); ++i)
    values.push_back(unit_of_work::column_value(*owner.metadata->key[i], owner.entity(), scratch[i]));
  CountSink sink;
  driver::Loan loan;
  driver::Connection* connection = co_await manager.read_connection(loan);
  const driver::ReadRequest request{*plan, values};
  co_await connection->read(request, sink);
  co_return static_cast<std::size_t>(sink.count);
}

}  // namespace kin::loading
