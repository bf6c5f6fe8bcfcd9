// SPDX-License-Identifier: MIT
// upsert: rows are inserted or changed at once, and their entities are managed afterwards.
#include <kin/error.hpp>

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <boost/unordered/unordered_flat_map.hpp>

#include "loading/hydrator.hpp"
#include "query/member_hops.hpp"
#include "query/row_plan.hpp"
#include "unit_of_work/drafts.hpp"
#include "unit_of_work/flush_plan.hpp"
#include "unit_of_work/key.hpp"

namespace kin::detail {

using driver::Operation;
using driver::WriteBatch;
using query::ReadKind;
using query::RowPlan;
using unit_of_work::ColumnMask;

namespace {

using Columns = std::vector<const Column*>;

/// Rows of one statement that reads back what a database does not return.
constexpr std::size_t read_back_rows = 200;

[[noreturn]] void refuse(const EntityMetadata& entity, const std::string& sentence) {
  throw ValidationError("upsert: " + sentence, ErrorDetails{.entity = entity.name});
}

/// Copies of rows, which are made entities of when all of them are sure to stay.
class KeptRows final : public driver::RowSink {
 public:
  explicit KeptRows(std::size_t width) : width_(width) {}
  void row(const ValueView* cells) override {
    for (std::size_t i = 0; i < width_; ++i) cells_.emplace_back(cells[i]);
  }
  template <class Visit>
  void for_each(Visit&& visit) const {
    std::vector<ValueView> views(width_);
    for (std::size_t at = 0; at < cells_.size(); at += width_) {
      for (std::size_t i = 0; i < width_; ++i) views[i] = cells_[at + i].view();
      visit(views.data());
    }
  }

 private:
  std::size_t width_;
  std::vector<Value> cells_{};
};

struct UpsertRow {
  EntityState* draft = nullptr;
  std::size_t target = 0;  ///< which of the sets of conflict columns
  std::string values{};    ///< packed, of those columns
  std::size_t round = 0;   ///< how many rows before have the same ones
  ColumnMask columns{};
  ColumnMask merged{};
  EntityState* result = nullptr;
};

class Upsert {
 public:
  Upsert(Manager& manager, const UpsertRequest& request, Drafts::Data& drafts)
      : manager_(manager), request_(request), drafts_(drafts), entity_(drafts.entity) {
    find_returned();
    plan_condition();
    listed_ = columns_of(request.conflict);
    if (!listed_.empty()) require_unique(listed_);
    run_on_update();
    for (std::size_t i = 0; i < drafts.states.size(); ++i) add_row(i);
  }

  const query::ReadPlan& condition() const noexcept { return condition_->plan; }

  /// One for all rows of the same columns; of rows with the same values each comes after the one before it.
  std::vector<WriteBatch> batches() {
    std::vector<WriteBatch> batches;
    std::size_t last_round = 0;
    for (const UpsertRow& row : rows_) last_round = std::max(last_round, row.round);
    for (std::size_t round = 0; round <= last_round; ++round) add_batches(round, batches);
    return batches;
  }
  /// Of what the statements returned. Formulas only a read can tell, so that then nothing is taken.
  void take_returned() {
    if (!has_formulas_) take(returned_rows_);
  }

  /// Makes entities of rows that came back, and gives them to their drafts, or to the one whose row it must
  /// be.
  void take(const KeptRows& rows, UpsertRow* only = nullptr) {
    query::PlannedRead read;
    read.hydration.push_back({.entity = &entity_, .columns = returning_});
    loading::Hydrator hydrator(manager_, read, true);
    rows.for_each([&](const ValueView* cells) {
      if (drafts_.adopted) adopt(cells);
      hydrator.row(cells);
    });
    hydrator.finish();
    if (only && !hydrator.roots().empty()) {
      only->result = hydrator.roots().front();
    } else {
      give(hydrator.roots());
    }
  }

  std::vector<UpsertRow*> left() {
    std::vector<UpsertRow*> left;
    for (UpsertRow& row : rows_)
      if (!row.result) left.push_back(&row);
    return left;
  }
  std::vector<UpsertRow>& rows() noexcept { return rows_; }
  const Columns& returning() const noexcept { return returning_; }
  /// Rows by the values of their conflict columns.
  void require(RowPlan& plan, const UpsertRow& row) const {
    Scratch scratch;
    for (const Column* column : targets_[row.target])
      plan.require(*column, unit_of_work::column_value(*column, row.draft->entity(), scratch));
    plan.end_row();
  }
  std::size_t width_of_target() const noexcept {
    std::size_t width = 1;
    for (const Columns& target : targets_) width = std::max(width, target.size());
    return width;
  }
  [[noreturn]] void fail_elsewhere(const UpsertRow& row) const {
    refuse(entity_,
           fmt::format("a row of {} met another one by a unique value other than that of {}, so it can't be "
                       "told which was changed; name what is the same by on_conflict<...>()",
                       entity_.name, names(targets_[row.target])));
  }

 private:
  void find_returned() {
    returning_ = entity_.key;
    for (const Column& column : entity_.columns) {
      if (!column.primary_key) returning_.push_back(&column);
      has_formulas_ = has_formulas_ || !column.property->formula.empty();
    }
    returned_rows_ = KeptRows(has_formulas_ ? entity_.key.size() : returning_.size());
  }

  void plan_condition() {
    where_.root = request_.root;
    where_.where = request_.where;
    condition_ = manager_.core().planner.plan(where_, ReadKind::remove);
    if (request_.where.empty()) return;
    if (!manager_.core().driver->capabilities().conflict_targets)
      refuse(entity_,
             fmt::format("{} changes a row that is there without a condition; leave where() out, or read the "
                         "entity and flush",
                         manager_.core().driver->capabilities().name));
    if (condition_->plan.sources.size() != 1)
      refuse(entity_, fmt::format("where() may be on members of {} only, not on what a relation leads to",
                                  entity_.name));
    query::collect_values(where_, condition_->plan, condition_values_);
  }

  Columns columns_of(const std::vector<MemberPath>& members) const {
    Columns columns;
    for (const MemberPath& path : members) {
      const Property& property = *query::hops_of(entity_, path).back().property;
      if (property.column_count == 0)
        refuse(entity_,
               fmt::format("{}.{} has no column of its own; name the side that holds the foreign key",
                           entity_.name, property.name));
      for (std::uint32_t i = 0; i < property.column_count; ++i)
        columns.push_back(&entity_.columns[property.first_column + i]);
    }
    return columns;
  }

  void require_unique(const Columns& columns) const {
    const auto same = [&](const Columns& unique) {
      return unique.size() == columns.size() && std::ranges::all_of(columns, [&](const Column* column) {
               return std::ranges::find(unique, column) != unique.end();
             });
    };
    if (same(entity_.key)) return;
    for (const IndexDefinition& index : entity_.indexes)
      if (index.unique && same(index.columns)) return;
    refuse(entity_, fmt::format("{} of on_conflict() is neither the key of {} nor described as unique<...>",
                                names(columns), entity_.name));
  }

  std::string names(const Columns& columns) const {
    std::string text;
    for (const Column* column : columns) {
      if (!text.empty()) text += ", ";
      text += entity_.name + "." + column->property->name;
    }
    return text;
  }

  /// Members that change with every write, where no value is given.
  void run_on_update() {
    for (const Property* property : entity_.hooks) {
      if (!property->on_update || property->on_create) continue;
      for (std::size_t i = 0; i < drafts_.states.size(); ++i) {
        void* const entity = drafts_.states[i]->entity();
        if (drafts_.given[i].has(property->first_column)) continue;
        property->on_update(entity, static_cast<std::byte*>(entity) + property->offset);
      }
    }
  }

  void add_row(std::size_t at) {
    UpsertRow& row = rows_.emplace_back();
    row.draft = drafts_.states[at];
    row.target = target_of(at);
    for (const Column* column : targets_[row.target]) append_value(*row.draft, *column, row.values);
    row.round = seen_[{row.target, row.values}]++;
  }

  std::size_t target_of(std::size_t at) {
    const EntityState& draft = *drafts_.states[at];
    if (!listed_.empty()) {
      for (const Column* column : listed_)
        if (is_null(draft, *column))
          refuse(
              entity_,
              fmt::format("{}.{} is null, and nulls are the same as no other; set it, or name other members "
                          "by on_conflict<...>()",
                          entity_.name, column->property->name));
      return add_target(listed_);
    }
    if (drafts_.has_key[at]) return add_target(entity_.key);
    for (const IndexDefinition& index : entity_.indexes) {
      const bool has_values = std::ranges::all_of(index.columns, [&](const Column* column) {
        return drafts_.given[at].has(column->index) && !is_null(draft, *column);
      });
      if (index.unique && has_values) return add_target(index.columns);
    }
    refuse(entity_,
           fmt::format("row {} of {} of {} has neither a key nor values of all members of a unique set; set "
                       "them, or name members by on_conflict<...>()",
                       at + 1, drafts_.states.size(), entity_.name));
  }

  std::size_t add_target(const Columns& columns) {
    const auto known = std::ranges::find(targets_, columns);
    if (known != targets_.end()) return static_cast<std::size_t>(known - targets_.begin());
    targets_.push_back(columns);
    return targets_.size() - 1;
  }

  static bool is_null(const EntityState& state, const Column& column) {
    Scratch scratch;
    return unit_of_work::column_value(column, state.entity(), scratch).is_null();
  }

  static void append_value(const EntityState& state, const Column& column, std::string& packed) {
    const void* entity = state.entity();
    const Column& leaf = unit_of_work::follow(column, entity);
    const void* member = entity ? leaf.access.find(entity) : nullptr;
    if (member) unit_of_work::append_packed(leaf, member, packed);
  }

  void add_batches(std::size_t round, std::vector<WriteBatch>& batches) {
    const std::size_t first = batches.size();
    std::vector<const UpsertRow*> shapes;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      UpsertRow& row = rows_[i];
      if (row.round != round) continue;
      choose_columns(row, i);
      const auto same = std::ranges::find_if(shapes, [&](const UpsertRow* shape) {
        return shape->target == row.target && shape->columns == row.columns && shape->merged == row.merged;
      });
      const auto at = first + static_cast<std::size_t>(same - shapes.begin());
      if (same == shapes.end()) {
        shapes.push_back(&row);
        batches.push_back(make_batch(row));
      }
      batches[at].rows.push_back(row.draft);
    }
  }

  void choose_columns(UpsertRow& row, std::size_t at) const {
    row.columns = unit_of_work::insert_columns(manager_.runtime(entity_), *row.draft);
    for (const Column* column : targets_[row.target]) row.columns.add(column->index);
    if (request_.action == UpsertAction::ignore) return;
    if (request_.action == UpsertAction::merge_listed) {
      for (const Column* column : columns_of(request_.merge)) row.merged.add(column->index);
    } else {
      row.merged = drafts_.given[at];
    }
    for (const Column* column : columns_of(request_.exclude)) row.merged.drop(column->index);
    for (const Column* column : targets_[row.target]) row.merged.drop(column->index);
    for (const Column& column : entity_.columns)
      if (column.primary_key || !column.insertable || !column.updatable) row.merged.drop(column.index);
    if (entity_.version) row.merged.drop(entity_.version->index);
    if (row.merged.empty()) return;
    for (const Property* property : entity_.hooks)
      if (property->on_update) row.merged.add(property->first_column);
    if (entity_.version) row.merged.add(entity_.version->index);
    for (const Column& column : entity_.columns)
      if (row.merged.has(column.index)) row.columns.add(column.index);
  }

  WriteBatch make_batch(const UpsertRow& row) {
    WriteBatch batch;
    batch.operation = Operation::upsert;
    batch.entity = &entity_;
    for (const Column& column : entity_.columns) {
      if (row.columns.has(column.index)) batch.columns.push_back(&column);
      if (row.merged.has(column.index)) batch.merged.push_back(&column);
    }
    batch.conflict = targets_[row.target];
    batch.returning = has_formulas_ ? entity_.key : returning_;
    batch.returned = &returned_rows_;
    if (!request_.where.empty() && !batch.merged.empty()) {
      batch.condition = &condition_->plan;
      batch.condition_values = condition_values_;
    }
    return batch;
  }

  /// The entity of create_detached() becomes that of the row, unless the manager has one.
  void adopt(const ValueView* cells) {
    EntityState& state = *drafts_.adopted;
    if (state.has(EntityState::managed) || manager_.find_in_map(entity_, cells)) return;
    for (std::size_t i = 0; i < entity_.key.size(); ++i) {
      const Column& column = *entity_.key[i];
      if (!column.references)
        unit_of_work::assign_cell(column, column.access.reach(state.entity()), cells[i]);
    }
    manager_.register_key(&state);
    unit_of_work::IdentityMap& map = manager_.map_of(entity_);
    state.position = static_cast<std::uint32_t>(map.states().size());
    map.states().push_back(&state);
    state.set(EntityState::managed);
    state.clear(EntityState::created_here);
    --manager_.unscheduled;
  }

  void give(const std::vector<EntityState*>& states) {
    std::map<std::pair<std::size_t, std::string>, EntityState*> known;
    for (EntityState* state : states)
      for (std::size_t target = 0; target < targets_.size(); ++target) {
        std::string values;
        for (const Column* column : targets_[target]) append_value(*state, *column, values);
        known[{target, std::move(values)}] = state;
      }
    for (UpsertRow& row : rows_) {
      const auto found = known.find({row.target, row.values});
      if (found != known.end()) row.result = found->second;
    }
  }

  Manager& manager_;
  const UpsertRequest& request_;
  Drafts::Data& drafts_;
  const EntityMetadata& entity_;
  FindRequest where_{};
  std::shared_ptr<const query::PlannedRead> condition_{};
  std::vector<ValueView> condition_values_{};
  Columns listed_{};
  Columns returning_{};
  bool has_formulas_ = false;
  KeptRows returned_rows_{0};
  std::vector<Columns> targets_{};
  std::vector<UpsertRow> rows_{};
  std::map<std::pair<std::size_t, std::string>, std::size_t> seen_{};
};

/// Reads rows by their conflict values. A single one is whatever comes back: its values may be kept in
/// another form.
Task<void> read_back(Manager& manager, Upsert& upsert, std::span<UpsertRow* const> rows,
                     const EntityMetadata& entity) {
  RowPlan plan(entity, ReadKind::rows);
  plan.select(upsert.returning());
  for (const UpsertRow* row : rows) upsert.require(plan, *row);
  const query::ReadPlan& finished = plan.finish();
  const driver::ReadRequest read{finished, plan.values()};
  KeptRows kept(upsert.returning().size());
  driver::Loan loan;
  driver::Connection* connection = co_await manager.connection(loan);
  co_await connection->read(read, kept);
  upsert.take(kept, rows.size() == 1 ? rows.front() : nullptr);
}

}  // namespace

Task<std::vector<EntityState*>> Manager::upsert(const UpsertRequest& request, Drafts& drafts) {
  std::vector<EntityState*> states;
  if (drafts.size() == 0) co_return states;
  const EntityMetadata& entity = drafts.data().entity;
  tell_before_upsert(drafts.data());
  Upsert work(*this, request, drafts.data());
  prepare_drafts(drafts.data(), "upsert");
  co_await auto_flush(work.condition(), flush_mode);
  std::vector<WriteBatch> batches = work.batches();
  co_await write_directly(batches);
  work.take_returned();
  const std::vector<UpsertRow*> left = work.left();
  const std::size_t most = core_->driver->capabilities().max_parameters / work.width_of_target();
  const std::size_t chunk = std::max<std::size_t>(std::min(read_back_rows, most), 1);
  for (std::size_t at = 0; at < left.size(); at += chunk) {
    const std::span<UpsertRow* const> some = std::span(left).subspan(at, std::min(chunk, left.size() - at));
    co_await read_back(*this, work, some, entity);
  }
  const std::vector<UpsertRow*> alone = left.size() > 1 ? work.left() : std::vector<UpsertRow*>();
  for (UpsertRow* const& row : alone) {
    const std::span<UpsertRow* const> one(&row, 1);
    co_await read_back(*this, work, one, entity);
  }
  for (const UpsertRow& row : work.rows()) {
    if (!row.result) work.fail_elsewhere(row);
    states.push_back(row.result);
  }
  fire_loaded();
  for (EntityState* state : states) fire_event(Event::after_upsert, *state);
  co_return states;
}

std::vector<EntityState*> upsert_blocking(Manager& manager, const UpsertRequest& request, Drafts& drafts) {
  const UseGuard guard(manager);
  return run_blocking(manager.upsert(request, drafts));
}
Task<std::vector<EntityState*>> upsert_task(Manager& manager, UpsertRequest request, Drafts drafts) {
  const UseGuard guard(manager);
  std::vector<EntityState*> states = co_await manager.upsert(request, drafts);
  co_return states;
}

}  // namespace kin::detail
