// SPDX-License-Identifier: MIT
// What a flush would send: the plan is made and written as ever, but to a connection that only takes notes,
// and then the manager is what it was.
#include <kin/plan.hpp>

#include <ostream>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "unit_of_work/collection_items.hpp"
#include "unit_of_work/entity_runtime.hpp"
#include "unit_of_work/flush_plan.hpp"
#include "unit_of_work/key.hpp"

namespace kin {

std::string_view to_string(PlanOperation operation) noexcept {
  switch (operation) {
    case PlanOperation::insert:
      return "insert";
    case PlanOperation::update:
      return "update";
    case PlanOperation::remove:
      return "remove";
    case PlanOperation::link:
      return "link";
    case PlanOperation::unlink:
      return "unlink";
    case PlanOperation::reserve_keys:
      return "reserve keys";
  }
  return "";
}

std::string Plan::to_string() const {
  std::string text;
  for (std::size_t i = 0; i < statements_.size(); ++i) {
    const PlannedStatement& statement = statements_[i];
    fmt::format_to(std::back_inserter(text), "{}. {} {}, {} row{}: {}\n", i + 1,
                   kin::to_string(statement.operation), statement.entity, statement.rows.size(),
                   statement.rows.size() == 1 ? "" : "s", statement.sql);
    for (const PlannedRow& row : statement.rows)
      fmt::format_to(std::back_inserter(text), "   {}: {}\n", row.entity, row.reason);
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const Plan& plan) { return out << plan.to_string(); }

}  // namespace kin

namespace kin::unit_of_work {
namespace {

using detail::CollectionAccess;
using detail::CollectionBase;
using detail::CollectionData;
using detail::Manager;
using driver::Operation;
using driver::WriteBatch;
using Origins = std::unordered_map<const EntityState*, std::string>;
using Part = FlushPlan::Part;

/// All of a manager that making a plan changes; puts it back at its end.
class Memento {
 public:
  explicit Memento(Manager& manager)
      : manager_(manager),
        orphans_(manager.orphans()),
        changed_(manager.changed_collections()),
        removed_along_(manager.removed_along()),
        new_inverses_(manager.new_inverses()),
        unscheduled_(manager.unscheduled) {
    maps_.reserve(manager.maps().size());
    for (const auto& map : manager.maps()) maps_.push_back(map ? map->content() : IdentityMap::Content());
    for (EntityState* state : manager.allocated())
      if (!state->has(EntityState::detached)) save(*state);
    manager.origins = &origins_;
  }
  Memento(const Memento&) = delete;
  Memento& operator=(const Memento&) = delete;
  ~Memento() {
    manager_.origins = nullptr;
    for (std::size_t i = 0; i < maps_.size(); ++i)
      if (manager_.maps()[i]) manager_.maps()[i]->put_back(std::move(maps_[i]));
    for (const SavedState& saved : states_) {
      saved.state->flags = saved.flags;
      saved.state->position = saved.position;
    }
    put_back_references();
    for (SavedCollection& saved : collections_) put_back(saved);
    manager_.orphans() = std::move(orphans_);
    manager_.changed_collections() = std::move(changed_);
    manager_.removed_along() = std::move(removed_along_);
    manager_.new_inverses() = std::move(new_inverses_);
    manager_.unscheduled = unscheduled_;
  }

  const Origins& origins() const noexcept { return origins_; }

 private:
  struct SavedState {
    EntityState* state;
    std::uint32_t flags;
    std::uint32_t position;
  };
  struct SavedReference {
    EntityState* state;
    const Property* property;
    EntityState* target;
    EntityState* stored;  ///< of an inverse member
  };
  struct SavedCollection {
    CollectionBase* collection;
    std::vector<EntityState*> items{};
    std::vector<EntityState*> stored{};
    std::vector<EntityState*> added{};
    std::vector<EntityState*> taken{};
    bool initialized = false;
    bool dirty = false;
    bool queued = false;
    bool replaced = false;
    bool partial = false;
  };

  void save(EntityState& state) {
    states_.push_back({&state, state.flags, state.position});
    for (const Property* property : state.metadata->to_one) {
      EntityState* stored = nullptr;
      if (!property->owner && state.snapshot)
        stored = manager_.runtime(*state.metadata).stored_inverse(state, *property);
      references_.push_back({&state, property, reference_of(state.entity(), property->offset), stored});
    }
    for (const Property* property : state.metadata->collections) {
      SavedCollection saved{&manager_.collection_at(state, *property)};
      if (const CollectionData* data = CollectionAccess::data_or_null(*saved.collection)) {
        saved.items = data->items;
        saved.stored = data->stored;
        saved.added = data->added;
        saved.taken = data->taken;
        saved.initialized = data->initialized;
        saved.dirty = data->dirty;
        saved.queued = data->queued;
        saved.replaced = data->replaced;
        saved.partial = data->partial;
      }
      collections_.push_back(std::move(saved));
    }
  }

  /// What the snapshot holds of an inverse member is written from the member, so that comes first.
  void put_back_references() const {
    for (const SavedReference& saved : references_) {
      void* entity = saved.state->entity();
      if (!saved.property->owner && saved.state->snapshot) {
        set_reference_at(entity, saved.property->offset, saved.stored);
        manager_.runtime(*saved.state->metadata).store_inverse(*saved.state, *saved.property);
      }
      set_reference_at(entity, saved.property->offset, saved.target);
    }
  }

  static void put_back(SavedCollection& saved) {
    CollectionData* data = CollectionAccess::data_or_null(*saved.collection);
    if (!data) return;
    detail::drop_index(*data);
    data->items = std::move(saved.items);
    data->stored = std::move(saved.stored);
    data->added = std::move(saved.added);
    data->taken = std::move(saved.taken);
    data->initialized = saved.initialized;
    data->dirty = saved.dirty;
    data->queued = saved.queued;
    data->replaced = saved.replaced;
    data->partial = saved.partial;
  }

  Manager& manager_;
  std::vector<Manager::Orphan> orphans_;
  std::vector<CollectionBase*> changed_;
  std::vector<EntityState*> removed_along_;
  Manager::NewInverses new_inverses_;
  std::size_t unscheduled_;
  std::vector<IdentityMap::Content> maps_{};
  std::vector<SavedState> states_{};
  std::vector<SavedReference> references_{};
  std::vector<SavedCollection> collections_{};
  Origins origins_{};
};

PlanOperation operation_of(Operation operation) {
  switch (operation) {
    case Operation::insert:
    case Operation::upsert:  // of no flush
      return PlanOperation::insert;
    case Operation::update:
      return PlanOperation::update;
    case Operation::remove:
      return PlanOperation::remove;
    case Operation::pivot_insert:
      return PlanOperation::link;
    case Operation::pivot_remove:
      return PlanOperation::unlink;
    case Operation::reserve_keys:
      break;
  }
  return PlanOperation::reserve_keys;
}

std::string in_words(ValueView value) {
  constexpr std::size_t longest = 80;
  std::string text = Value(value).to_string();
  if (text.size() <= longest) return text;
  text.resize(longest);
  return text + "...";
}

/// Says why a row is written.
class Reasons {
 public:
  Reasons(const FlushPlan& plan, const Origins& origins) : plan_(plan), origins_(origins) {}

  std::string of(const WriteBatch& batch, std::size_t row) const {
    if (batch.pivot) return link_in_words(batch, row);
    const EntityState& state = *batch.rows[row];
    switch (plan_.part) {
      case Part::keys:
        return "new: its key is made before it is written";
      case Part::inserts:
        return origin(state, "new");
      case Part::releases:
        return "null until its own statement: frees a value that another row takes";
      case Part::extra_updates:
        return "foreign key written after the cycle";
      case Part::null_references:
        return "breaks a cycle of references between rows that are removed";
      case Part::early_deletes:
        return origin(state, "removed") + mark(batch) + "; frees a unique value";
      case Part::deletes:
        return origin(state, "removed") + mark(batch);
      case Part::early_updates:
        return changes(batch, state) + "; frees a unique value";
      default:
        return changes(batch, state);
    }
  }

 private:
  std::string origin(const EntityState& state, const char* otherwise) const {
    const auto found = origins_.find(&state);
    return found == origins_.end() ? otherwise : found->second;
  }

  static const char* mark(const WriteBatch& batch) {
    return batch.operation == Operation::update ? ", by its mark of a soft delete" : "";
  }

  static std::string link_in_words(const WriteBatch& batch, std::size_t row) {
    return fmt::format("{}: {} {}", batch.pivot->owner_property->name,
                       describe(*batch.pivot_rows[row].target),
                       batch.operation == Operation::pivot_insert ? "added" : "taken out");
  }

  static std::string changes(const WriteBatch& batch, const EntityState& state) {
    std::string text = "changed:";
    const char* separator = " ";
    for (const Column* column : batch.columns) {
      text += std::exchange(separator, ", ");
      text += change(*column, state);
    }
    return text;
  }

  /// Values that are hidden from serialisation are hidden here, too.
  static std::string change(const Column& column, const EntityState& state) {
    const Property& property = *column.property;
    if (property.hidden) return property.name;
    if (column.entity->version == &column) return property.name + " + 1";
    Scratch scratch;
    std::string now = in_words(column_value(column, state.entity(), scratch));
    if (property.is_to_one()) {
      const EntityState* target = reference_of(state.entity(), property.offset);
      if (target && !has_key(*target)) now = describe(*target);
    }
    const EntityRuntime& runtime = state.manager->runtime(*state.metadata);
    if (!state.snapshot || (state.has(EntityState::partial) && !runtime.covered(state).has(column.index)))
      return fmt::format("{} = {}", property.name, now);
    const std::string before = in_words(runtime.stored_value(state, column, scratch));
    if (before == now && property.on_update) return property.name + " by its on_update";
    return fmt::format("{} {} → {}", property.name, before, now);
  }

  const FlushPlan& plan_;
  const Origins& origins_;
};

/// Takes note of the batches; the texts are those of the connection behind it.
class NotingConnection final : public driver::Connection {
 public:
  NotingConnection(driver::Connection& texts, const Reasons& reasons) : texts_(texts), reasons_(reasons) {}

  Task<void> write(WriteBatch& batch) override {
    note(batch);
    co_return;
  }
  Task<void> read(const driver::ReadRequest&, driver::RowSink&) override { co_return; }
  Task<std::uint64_t> modify(const driver::ReadRequest&) override { co_return 0; }
  Task<std::uint64_t> execute(std::string_view, std::span<const ValueView>, driver::RowSink*) override {
    co_return 0;
  }
  std::string text_of(const query::ReadPlan& plan) override { return texts_.text_of(plan); }
  Task<void> begin(const TransactionOptions&) override { co_return; }
  Task<void> commit() override { co_return; }
  Task<void> rollback() override { co_return; }
  Task<void> savepoint(int) override { co_return; }
  Task<void> release_savepoint(int) override { co_return; }
  Task<void> rollback_to_savepoint(int) override { co_return; }
  bool transaction_lost() const override { return false; }

  std::vector<PlannedStatement> statements{};

 private:
  void note(const WriteBatch& batch) {
    PlannedStatement statement;
    statement.operation = operation_of(batch.operation);
    const EntityMetadata& entity = batch.pivot ? *batch.pivot->owner_property->entity : *batch.entity;
    statement.entity = entity.name;
    statement.table = batch.pivot ? batch.pivot->name : entity.table;
    if (batch.pivot) {
      for (const auto* side : {&batch.pivot->owner_columns, &batch.pivot->target_columns})
        for (const Column& column : *side) statement.columns.push_back(column.name);
    }
    for (const Column* column : batch.columns) statement.columns.push_back(column->name);
    for (std::size_t row = 0; row < batch.row_count(); ++row) {
      const EntityState& state = batch.pivot ? *batch.pivot_rows[row].owner : *batch.rows[row];
      statement.rows.push_back({describe(state), reasons_.of(batch, row)});
    }
    statement.sql = texts_.text_of(batch);
    statements.push_back(std::move(statement));
  }

  driver::Connection& texts_;
  const Reasons& reasons_;
};

}  // namespace
}  // namespace kin::unit_of_work

namespace kin::detail {

Plan Manager::preview() {
  const unit_of_work::Memento memento(*this);
  unit_of_work::FlushPlan plan = unit_of_work::make_flush_plan(*this, nullptr, true);
  if (plan.empty()) return {};
  driver::Loan loan;
  driver::Connection* connection = run_blocking(read_connection(loan));
  const unit_of_work::Reasons reasons(plan, memento.origins());
  unit_of_work::NotingConnection notes(*connection, reasons);
  run_blocking(write_plan(notes, plan, core_->driver->capabilities()));
  return Plan(std::move(notes.statements));
}

Plan plan_flush(Manager& manager) {
  const UseGuard guard(manager);
  return manager.preview();
}

}  // namespace kin::detail
