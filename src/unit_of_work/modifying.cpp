// SPDX-License-Identifier: MIT
// native_update and native_delete: rows are written by a condition, past the identity map.
#include <kin/error.hpp>

#include <cstddef>
#include <vector>

#include <fmt/format.h>

#include "query/member_hops.hpp"
#include "unit_of_work/key.hpp"
#include "unit_of_work/manager.hpp"

namespace kin::detail {
namespace {

using query::ReadKind;

ReadKind kind_of(Modification kind) {
  return kind == Modification::update ? ReadKind::update : ReadKind::remove;
}

Expression value_expression(ValueView view) {
  Expression expression;
  expression.push_value(view);
  return expression;
}

/// The foreign key that stands for an entity, null for none.
void add_reference(const Property& relation, const AssignTerm& term, std::vector<Expression>& columns) {
  const EntityState* target = unit_of_work::reference_of(term.value.get(), 0);
  if (target && !unit_of_work::has_key(*target))
    throw ValidationError(
        fmt::format("native_update: {}.{} is to refer to {}, which has no key yet; flush() first",
                    relation.entity->name, relation.name, unit_of_work::describe(*target)),
        ErrorDetails{.entity = relation.entity->name, .property = relation.name});
  for (std::uint32_t i = 0; i < relation.column_count; ++i) {
    const Column& column = relation.entity->columns[relation.first_column + i];
    Scratch scratch;
    columns.push_back(
        value_expression(target ? unit_of_work::column_value(*column.references, target->entity(), scratch)
                                : ValueView::null()));
  }
}

[[noreturn]] void refuse(const Property& property, const char* why) {
  throw ValidationError(fmt::format("native_update: {}.{} {}", property.entity->name, property.name, why),
                        ErrorDetails{.entity = property.entity->name, .property = property.name});
}

/// What the term gives each column of its member, by the member's own codec.
void resolve(const EntityMetadata& root, AssignTerm& term) {
  const query::Hops hops = query::hops_of(root, term.path);
  const Property& property = *hops.back().property;
  if (property.kind == PropertyKind::embedded)
    refuse(property, "is an embedded struct; set its members: set<&Entity::member, &Embedded::member>(...)");
  if (property.column_count == 0)
    refuse(property, "has no column of its own; set the side that holds the foreign key");
  if (!property.generated.empty() || !property.formula.empty())
    refuse(property, "is computed by the database; leave it out");
  if (!term.value) {
    if (property.is_relation()) refuse(property, "is a relation, which can't be computed; assign a kin::Ref");
    term.columns.push_back(term.computed);
  } else if (property.is_to_one()) {
    add_reference(property, term, term.columns);
  } else {
    const Codec& codec = *root.columns[property.first_column].codec;
    Scratch scratch;
    try {
      term.columns.push_back(value_expression(codec.view(codec, term.value.get(), scratch)));
    } catch (const ConversionError& error) {
      refuse(property, error.reason.c_str());
    }
  }
}

FindRequest resolved(const Manager& manager, const FindRequest& request) {
  FindRequest result = request;
  const EntityMetadata& root = const_cast<Manager&>(manager).core().registry.of(request.root);
  for (AssignTerm& term : result.assign) resolve(root, term);
  for (std::size_t i = 0; i < result.assign.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const query::Hops one = query::hops_of(root, result.assign[i].path);
      const query::Hops other = query::hops_of(root, result.assign[j].path);
      if (one.back().property == other.back().property)
        refuse(*one.back().property, "is set twice; set it once");
    }
  return result;
}

}  // namespace

Task<std::uint64_t> Manager::modify(const FindRequest& request, ReadKind kind) {
  const EntityMetadata& root = core_->registry.of(request.root);
  if (kind == ReadKind::update && request.assign.empty())
    throw ValidationError(
        fmt::format("native_update: nothing is set; say what, as in .set<&{}::member>(value)", root.name),
        ErrorDetails{.entity = root.name});
  const FindRequest full = resolved(*this, request);
  const std::shared_ptr<const query::PlannedRead> planned = core_->planner.plan(full, kind);
  co_await auto_flush(planned->plan, request.flush_mode.value_or(flush_mode));
  std::vector<ValueView> values;
  query::collect_values(full, planned->plan, values);
  if (values.size() > core_->driver->capabilities().max_parameters)
    throw ValidationError(
        fmt::format("{}: the condition has {} values, more than the {} that a statement may have "
                    "here; use shorter lists, one after the other",
                    root.name, values.size(), core_->driver->capabilities().max_parameters),
        ErrorDetails{.entity = root.name});
  driver::Loan loan;
  driver::Connection* connection = co_await this->connection(loan);
  const driver::ReadRequest statement{planned->plan, values};
  const std::uint64_t changed = co_await connection->modify(statement);
  co_return changed;
}

std::uint64_t modify_blocking(Manager& manager, const FindRequest& request, Modification kind) {
  const UseGuard guard(manager);
  return run_blocking(manager.modify(request, kind_of(kind)));
}
Task<std::uint64_t> modify_task(Manager& manager, FindRequest request, Modification kind) {
  const UseGuard guard(manager);
  const std::uint64_t changed = co_await manager.modify(request, kind_of(kind));
  co_return changed;
}
std::string sql_of(Manager& manager, const FindRequest& request, Modification kind) {
  return manager.sql(resolved(manager, request), kind_of(kind));
}

}  // namespace kin::detail
