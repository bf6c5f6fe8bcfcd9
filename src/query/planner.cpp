// SPDX-License-Identifier: MIT
#include "query/planner.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <mutex>
#include <shared_mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "query/expression_data.hpp"
#include "query/plan_cache.hpp"
#include "query/read_builder.hpp"
#include "query/shape_key.hpp"

namespace kin::query {
namespace {

/// Shapes beyond this are conditions of hundreds of terms put together at run time: seldom met twice, and
/// large.
constexpr std::size_t largest_cached_shape = 8192;

/// More rows than any database has are as good as all.
ValueView row_count(std::uint64_t rows) {
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  return ValueView::integer(static_cast<std::int64_t>(std::min(rows, most)));
}

void append_values(const detail::Expression& expression, std::vector<ValueView>& values) {
  if (expression.empty()) return;
  const detail::ExpressionData& data = *expression.data();
  for (std::size_t i = 0; i < data.values.size(); ++i) values.push_back(data.value(i));
}

/// Behind them what takes the version on, where the request says nothing of it: one more, or the time.
void append_assigned(const detail::FindRequest& request, const ReadPlan& plan, std::vector<ValueView>& values) {
  for (const detail::AssignTerm& term : request.assign)
    for (const detail::Expression& column : term.columns) append_values(column, values);
  if (values.size() == plan.value_count) return;
  const detail::Codec& codec = *plan.root->version->codec;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  values.push_back(codec.is_integer()
                       ? ValueView::integer(1)
                       : ValueView::timestamp(std::chrono::floor<std::chrono::microseconds>(now).count(),
                                              codec.fraction_digits));
}

}  // namespace

constexpr std::size_t lock_modes = static_cast<std::size_t>(LockMode::pessimistic_write_or_fail) + 1;

struct Planner::Cache {
  PlanCache by_shape{};
  std::shared_mutex by_key_mutex{};
  /// By the entity's index and the lock mode; behind them those that read the key only, and the same
  /// with rows that are marked as deleted.
  std::vector<std::array<std::shared_ptr<const PlannedRead>, 4 * lock_modes>> by_key{};
};

Planner::Planner(const metadata::Registry& registry, Strategy default_strategy)
    : registry_(registry), default_strategy_(default_strategy), cache_(std::make_unique<Cache>()) {
  cache_->by_key.resize(registry.entities().size());
}

Planner::~Planner() = default;

std::shared_ptr<const PlannedRead> Planner::plan(const detail::FindRequest& request, ReadKind kind) {
  thread_local ShapeKey key;
  const std::string_view shape = key.of(request, kind);
  if (auto known = cache_->by_shape.find(shape)) return known;
  auto planned = build_read(registry_, default_strategy_, request, kind);
  if (shape.size() > largest_cached_shape) return planned;
  return cache_->by_shape.keep(shape, std::move(planned));
}

std::shared_ptr<const PlannedRead> Planner::plan_by_key(const EntityMetadata& entity, LockMode lock,
                                                        bool with_deleted) {
  return plan_by_key(entity, lock, false, with_deleted);
}

std::shared_ptr<const PlannedRead> Planner::plan_lock(const EntityMetadata& entity, LockMode lock,
                                                      bool with_deleted) {
  return plan_by_key(entity, lock, true, with_deleted);
}

std::shared_ptr<const PlannedRead> Planner::plan_by_key(const EntityMetadata& entity, LockMode lock,
                                                        bool key_only, bool with_deleted) {
  const std::size_t variant = (key_only ? 1U : 0U) + (with_deleted ? 2U : 0U);
  auto& slot = cache_->by_key[entity.index][static_cast<std::size_t>(lock) + variant * lock_modes];
  {
    const std::shared_lock guard(cache_->by_key_mutex);
    if (slot) return slot;
  }
  auto planned = build_read_by_key(registry_, default_strategy_, entity, lock, key_only, with_deleted);
  const std::unique_lock guard(cache_->by_key_mutex);
  if (!slot) slot = std::move(planned);
  return slot;
}

// In the order of ValueNumbers.
void collect_values(const detail::FindRequest& request, const ReadPlan& plan,
                    std::vector<ValueView>& values) {
  for (const Value& value : request.owner_key) values.push_back(value.view());
  append_values(request.where, values);
  if (plan.kind == ReadKind::update) append_assigned(request, plan, values);
  if (plan.kind != ReadKind::rows) return;
  append_values(request.having, values);
  for (const detail::SelectTerm& term : request.select) append_values(term.expression, values);
  for (const detail::Expression& term : request.group_by) append_values(term, values);
  for (const detail::OrderTerm& term : request.order) append_values(term.expression, values);
  if (plan.has_limit) values.push_back(row_count(request.limit.value_or(0)));
  if (plan.has_offset) values.push_back(row_count(request.offset.value_or(0)));
}

}  // namespace kin::query
