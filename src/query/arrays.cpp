// SPDX-License-Identifier: MIT
#include "query/arrays.hpp"

namespace kin::query {
namespace {

using detail::Op;

/// Values that are no parameters of their own.
std::size_t saved(const std::vector<Node>& nodes, std::uint32_t shortest) {
  std::size_t sum = 0;
  for (std::uint32_t i = 0; i < nodes.size(); ++i)
    if (is_array(nodes, i, shortest)) sum += nodes[i].count - 1;
  return sum;
}

}  // namespace

bool is_array(const std::vector<Node>& nodes, std::uint32_t list, std::uint32_t shortest) {
  const Node& node = nodes[list];
  if (shortest == 0 || node.count < shortest || (node.op != Op::in && node.op != Op::not_in)) return false;
  const std::uint32_t first = list - node.count;
  if (first == 0 || nodes[first - 1].op == Op::json_path || nodes[first].kind == ValueKind::null)
    return false;
  for (std::uint32_t i = 0; i < node.count; ++i) {
    const Node& value = nodes[first + i];
    if (value.op != Op::value || value.kind != nodes[first].kind || value.value != nodes[first].value + i)
      return false;
  }
  return true;
}

std::size_t parameter_count(const ReadPlan& plan, std::size_t values, std::uint32_t shortest) {
  std::size_t less = saved(plan.where, shortest) + saved(plan.having, shortest);
  for (const SelectItem& item : plan.select) less += saved(item.expression, shortest);
  for (const SelectItem& item : plan.group_by) less += saved(item.expression, shortest);
  for (const OrderItem& item : plan.order) less += saved(item.expression, shortest);
  for (const Subquery& subquery : plan.subqueries)
    less += saved(subquery.where, shortest) + saved(subquery.value, shortest);
  return values - less;
}

}  // namespace kin::query
