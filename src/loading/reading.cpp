// SPDX-License-Identifier: MIT
// The reading verbs of the manager.
#include <kin/error.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "loading/hydrator.hpp"
#include "loading/loader.hpp"
#include "loading/row_reader.hpp"
#include "loading/tree.hpp"
#include "query/arrays.hpp"
#include "sql/session_state.hpp"
#include "unit_of_work/collection_items.hpp"
#include "unit_of_work/flush_plan.hpp"
#include "unit_of_work/key.hpp"
#include "unit_of_work/manager.hpp"

namespace kin::detail {

using loading::Hydrator;
using loading::Loader;
using query::PlannedRead;
using query::ReadKind;

namespace {
bool is_pessimistic(LockMode mode) { return mode >= LockMode::pessimistic_read; }

/// PostgreSQL says so only when it runs the statement, and not in our words.
void require_locked_joins(const query::ReadPlan& plan, const driver::Capabilities& capabilities) {
  if (plan.lock_sources.size() < 2 || capabilities.locks_left_joins) return;
  for (const std::uint32_t source : plan.lock_sources) {
    if (plan.sources[source].join != query::Source::Join::left) continue;
    const Property& relation = *plan.sources[source].via;
    throw ValidationError(
        fmt::format(
            "{}.{} may refer to nothing, and {} locks no rows of such a join; lock them by em.lock() or a "
            "find of their own",
            relation.entity->name, relation.name, capabilities.name),
        ErrorDetails{.entity = relation.entity->name, .property = relation.name});
  }
}

[[noreturn]] void throw_too_many(const query::ReadPlan& plan, const char* what, std::size_t count, std::size_t most) {
  const std::string name(plan.root->name);
  throw ValidationError(fmt::format("{}: the read has {} {}, more than the {} that a statement may have here; read with "
                                    "shorter lists, one part after the other",
                                    name, count, what, most),
                        ErrorDetails{.entity = name});
}

/// What the text is run with. Throws where they are more than a statement may have: some databases and client
/// libraries answer that with words that say nothing, or lose the connection.
std::vector<ValueView> values_of(const FindRequest& request, const query::ReadPlan& plan,
                                 const driver::Capabilities& capabilities,
                                 loading::TreeValues* tree = nullptr) {
  std::vector<ValueView> values;
  query::collect_values(request, plan, values);
  if (tree) tree->append(request.tree, values);
  if (values.size() <= capabilities.max_parameters) return values;
  const std::size_t most = std::max(capabilities.max_parameters, capabilities.max_array_values);
  if (values.size() > most) throw_too_many(plan, "values", values.size(), most);
  const std::size_t parameters = query::parameter_count(plan, values.size(), capabilities.shortest_array);
  if (parameters > capabilities.max_parameters)
    throw_too_many(plan, "values outside of long lists", parameters, capabilities.max_parameters);
  return values;
}
}  // namespace

Task<driver::Connection*> Manager::borrow(driver::Loan& local, ConnectionType type) {
  if (transaction_connection_) {
    require_transaction_alive();
    co_return &*transaction_connection_;
  }
  if (local) co_return &*local;
  driver::LoanRequest request;
  request.type = type;
  if (options_.on_reserve_connection) request.on_reserve = &options_.on_reserve_connection;
  if (!core_->driver->try_acquire(local, request)) local = co_await core_->driver->acquire(request);
  co_return &*local;
}

Task<driver::Connection*> Manager::connection(driver::Loan& local) {
  pinned_ = true;
  return borrow(local, ConnectionType::write);
}

Task<driver::Connection*> Manager::read_connection(driver::Loan& local) {
  const Options& options = core_->options;
  const bool from_primary = !options.prefer_read_replicas || (pinned_ && options.pin_reads_after_write);
  return borrow(local, read_type_.value_or(from_primary ? ConnectionType::write : ConnectionType::read));
}

namespace {
/// Of what kind the connections of a read are to be, as long as it runs.
class ReadFrom {
 public:
  ReadFrom(std::optional<ConnectionType>& type, std::optional<ConnectionType> wanted) noexcept
      : type_(type), before_(std::exchange(type, wanted)) {}
  ReadFrom(const ReadFrom&) = delete;
  ReadFrom& operator=(const ReadFrom&) = delete;
  ~ReadFrom() { type_ = before_; }

 private:
  std::optional<ConnectionType>& type_;
  std::optional<ConnectionType> before_;
};
}  // namespace

namespace {
/// Throws ValidationError when the collection could not hold what is found without losing changes.
void require_storable(const FindRequest& request) {
  if (!request.collection)
    throw ValidationError(
        "store() keeps items in the collection that they were found by: call it on matching()");
  const CollectionData* data = CollectionAccess::data_or_null(*request.collection);
  if (!data || !data->queued ||
      (!data->dirty && !data->replaced && data->added.empty() && data->taken.empty()))
    return;
  const Property& relation = *request.items_of;
  throw ValidationError(fmt::format("{}.{} has changes that a stored matching() would drop; flush first",
                                    relation.entity->name, relation.name),
                        ErrorDetails{.entity = relation.entity->name, .property = relation.name});
}

void store_items(CollectionBase& collection, const std::vector<EntityState*>& found) {
  CollectionData& data = CollectionAccess::data(collection);
  drop_index(data);
  data.items = found;
  data.stored = found;
  data.initialized = true;
  data.partial = true;
}
}  // namespace

Task<std::vector<EntityState*>> Manager::find(const FindRequest& request) {
  const ReadFrom read_from(read_type_, request.connection_type);
  const LockRequest lock{request.lock, request.lock_version};
  require_lockable(core_->registry.of(request.root), lock);
  const std::shared_ptr<const PlannedRead> read = core_->planner.plan(request, ReadKind::rows);
  require_locked_joins(read->plan, core_->driver->capabilities());
  co_await auto_flush(read->plan, request.flush_mode.value_or(flush_mode));
  if (request.store) require_storable(request);
  loading::TreeValues tree;
  const std::vector<ValueView> values = values_of(request, read->plan, core_->driver->capabilities(), &tree);
  const bool refresh = request.refresh || is_pessimistic(request.lock);
  std::vector<EntityState*> roots;
  {
    Hydrator hydrator(*this, *read, refresh);
    driver::Loan loan;
    driver::Connection* connection = co_await read_connection(loan);
    const driver::ReadRequest read_request{read->plan, values};
    co_await connection->read(read_request, hydrator);
    hydrator.finish();
    roots = std::move(hydrator.roots());
    for (EntityState* root : roots) root->clear(EntityState::queued);
  }
  for (const EntityState* root : roots) check_version(*root, lock);
  if (request.tree.node) loading::arrange_tree(*this, request, roots);
  if (!read->populate.empty()) {
    Loader loader(*this, request.refresh, request.with_deleted);
    co_await loader.populate(read->populate, roots);
  }
  if (request.store) store_items(*request.collection, roots);
  fire_loaded();
  co_return roots;
}

Task<EntityState*> Manager::find_by_key(const EntityMetadata& entity, const ValueView* cells, bool refresh,
                                        LockRequest lock, bool with_deleted) {
  const bool reread = refresh || is_pessimistic(lock.mode);
  const std::shared_ptr<const PlannedRead> read = core_->planner.plan_by_key(entity, lock.mode, with_deleted);
  EntityState* found = nullptr;
  {
    driver::Loan loan;
    driver::Connection* connection = co_await read_connection(loan);
    Hydrator hydrator(*this, *read, reread);
    const driver::ReadRequest read_request{read->plan, std::span<const ValueView>(cells, entity.key.size())};
    co_await connection->read(read_request, hydrator);
    hydrator.finish();
    if (!hydrator.roots().empty()) found = hydrator.roots().front();
  }
  if (found) check_version(*found, lock);
  if (found && !read->populate.empty()) {
    Loader loader(*this, refresh);
    std::vector<EntityState*> owners(1, found);
    co_await loader.populate(read->populate, std::move(owners));
  }
  fire_loaded();
  co_return found;
}

Task<void> Manager::populate_eager(EntityState* known) {
  const std::shared_ptr<const PlannedRead> read = core_->planner.plan_by_key(*known->metadata, LockMode::none);
  Loader loader = Loader::of_known(*this);
  std::vector<EntityState*> owners(1, known);
  co_await loader.populate(read->populate, std::move(owners));
  fire_loaded();
}

namespace {
class NumberSink final : public driver::RowSink {
 public:
  void row(const ValueView* cells) override {
    value = cells[0].as_integer();
    any = true;
  }
  std::int64_t value = 0;
  bool any = false;
};
}  // namespace

Task<std::uint64_t> Manager::count(const FindRequest& request) {
  const ReadFrom read_from(read_type_, request.connection_type);
  const std::shared_ptr<const PlannedRead> read = core_->planner.plan(request, ReadKind::count);
  co_await auto_flush(read->plan, request.flush_mode.value_or(flush_mode));
  loading::TreeValues tree;
  const std::vector<ValueView> values = values_of(request, read->plan, core_->driver->capabilities(), &tree);
  NumberSink sink;
  driver::Loan loan;
  driver::Connection* connection = co_await read_connection(loan);
  const driver::ReadRequest read_request{read->plan, values};
  co_await connection->read(read_request, sink);
  co_return static_cast<std::uint64_t>(sink.value);
}

Task<bool> Manager::exists(const FindRequest& request) {
  const ReadFrom read_from(read_type_, request.connection_type);
  const std::shared_ptr<const PlannedRead> read = core_->planner.plan(request, ReadKind::exists);
  co_await auto_flush(read->plan, request.flush_mode.value_or(flush_mode));
  loading::TreeValues tree;
  const std::vector<ValueView> values = values_of(request, read->plan, core_->driver->capabilities(), &tree);
  NumberSink sink;
  driver::Loan loan;
  driver::Connection* connection = co_await read_connection(loan);
  const driver::ReadRequest read_request{read->plan, values};
  co_await connection->read(read_request, sink);
  co_return sink.any;
}

Task<void> Manager::rows(const FindRequest& request, driver::RowSink& sink) {
  const ReadFrom read_from(read_type_, request.connection_type);
  const EntityMetadata& entity = core_->registry.of(request.root);
  if (request.lock == LockMode::optimistic)
    throw ValidationError(entity.name + ": plain rows have no version to compare; find entities to lock them",
                          ErrorDetails{.entity = entity.name});
  require_lockable(entity, {request.lock, request.lock_version});
  const std::shared_ptr<const PlannedRead> read = core_->planner.plan(request, ReadKind::rows);
  require_locked_joins(read->plan, core_->driver->capabilities());
  co_await auto_flush(read->plan, request.flush_mode.value_or(flush_mode));
  loading::TreeValues tree;
  const std::vector<ValueView> values = values_of(request, read->plan, core_->driver->capabilities(), &tree);
  driver::Loan loan;
  driver::Connection* connection = co_await read_connection(loan);
  const driver::ReadRequest read_request{read->plan, values};
  co_await connection->read(read_request, sink);
}

Task<bool> Manager::load(EntityState* state, bool refresh) {
  require_own(state, refresh ? "refresh" : "load");
  if (!refresh && state->has(EntityState::initialized) && !state->has(EntityState::partial | EntityState::stale))
    co_return true;
  if (state->has(EntityState::scheduled)) {
    if (!refresh) co_return true;
    throw ValidationError("refresh: " + describe(*state) + " has not been stored yet; flush first",
                          ErrorDetails{.entity = state->metadata->name});
  }
  std::vector<Scratch> scratch(state->metadata->key.size());
  std::vector<ValueView> cells;
  for (std::size_t i = 0; i < scratch.size(); ++i)
    cells.push_back(unit_of_work::column_value(*state->metadata->key[i], state->entity(), scratch[i]));
  EntityState* found = co_await find_by_key(*state->metadata, cells.data(), refresh, LockRequest(),
                                            unit_of_work::was_marked(*state));
  if (refresh) computed.erase(state);
  co_return found != nullptr;
}

Task<void> Manager::load_or_fail(EntityState* state) {
  const bool found = co_await load(state, false);
  if (!found)
    throw NotFoundError(describe(*state) + " was not found", ErrorDetails{.entity = state->metadata->name});
}

Task<void> Manager::populate(const FindRequest& request, std::vector<EntityState*> states) {
  for (const EntityState* state : states) require_own(state, "populate");
  const std::shared_ptr<const PlannedRead> read = core_->planner.plan(request, ReadKind::rows);
  co_await auto_flush(read->plan, flush_mode);
  Loader loader = Loader::of_known(*this);
  const EntityMetadata& entity = core_->registry.of(request.root);
  std::vector<EntityState*> unread;
  for (EntityState* state : states)
    if (!state->has(EntityState::initialized)) unread.push_back(state);
  unread = loading::distinct(std::move(unread));
  co_await loader.load_entities(entity, unread);
  states = loading::distinct(std::move(states));
  co_await loader.populate(read->populate, std::move(states));
}

Task<void> Manager::load_collection(CollectionBase& collection) {
  EntityState* owner = CollectionAccess::owner(collection);
  if (!owner || (collection.is_initialized() && !collection.is_partial())) co_return;
  require_own(owner, "load");
  const Property& relation = property_of(collection, *owner);
  Loader loader(*this, false);
  co_await loader.load_items(relation, std::span<EntityState* const>(&owner, 1));
  fire_loaded();
}

Task<std::uint64_t> Manager::execute(std::string_view sql, std::span<const ValueView> parameters,
                                     driver::RowSink* sink) {
  // A query may call a function that writes, so it is none for a replica; but most don't, so it pins no
  // reads.
  if (!sql::is_query(sql)) pinned_ = true;
  driver::Loan loan;
  driver::Connection* connection = co_await borrow(loan, ConnectionType::write);
  const std::uint64_t changed = co_await connection->execute(sql, parameters, sink);
  co_return changed;
}

std::string Manager::sql(const FindRequest& request, ReadKind kind) {
  const std::shared_ptr<const PlannedRead> read = core_->planner.plan(request, kind);
  driver::Loan loan;
  return run_blocking(read_connection(loan))->text_of(read->plan);
}

// The functions behind the typed face.

namespace {
/// Whether the next flush deletes the entity because of another one.
bool is_removed_along(Manager& manager, const EntityState& state) {
  if (!manager.has_removals()) return false;
  unit_of_work::apply_cascades(manager);
  const bool removed = state.has(EntityState::removed);
  manager.keep_along();
  return removed;
}

/// Null when the row is known to be gone or to be deleted by the next flush.
EntityState* known_by_key(Manager& manager, const EntityMetadata& entity, std::span<const ValueView> key,
                          const LockRequest& lock, bool& decided) {
  decided = false;
  manager.require_lockable(entity, lock);
  if (key.size() != entity.key.size())
    throw ValidationError(fmt::format("{} has a key of {} columns, but {} values were given", entity.name,
                                      entity.key.size(), key.size()),
                          ErrorDetails{.entity = entity.name});
  EntityState* state = manager.find_in_map(entity, key.data());
  if (!state || is_pessimistic(lock.mode)) return nullptr;
  decided = true;
  if (state->has(EntityState::removed) || unit_of_work::has_mark(*state) || is_removed_along(manager, *state))
    return nullptr;
  if (state->has(EntityState::initialized) && !state->has(EntityState::partial | EntityState::stale)) {
    manager.check_version(*state, lock);
    return state;
  }
  decided = false;
  return nullptr;
}
}  // namespace

namespace {
/// An entity that is there already may have been read by a find that left eager relations out, or made here.
bool wants_eager(const EntityState* known) {
  return known && std::ranges::any_of(known->metadata->relations, &Property::eager);
}
}  // namespace

EntityState* find_by_key_blocking(Manager& manager, TypeTag tag, std::span<const ValueView> key,
                                  LockRequest lock) {
  const UseGuard guard(manager);
  const EntityMetadata& entity = manager.core().registry.of(tag);
  bool decided;
  EntityState* known = known_by_key(manager, entity, key, lock, decided);
  if (decided) {
    if (wants_eager(known)) run_blocking(manager.populate_eager(known));
    return known;
  }
  return run_blocking(manager.find_by_key(entity, key.data(), false, lock, false));
}

Task<EntityState*> find_by_key_task(Manager& manager, TypeTag tag, std::vector<Value> key, LockRequest lock) {
  const UseGuard guard(manager);
  const EntityMetadata& entity = manager.core().registry.of(tag);
  std::vector<ValueView> cells;
  for (const Value& value : key) cells.push_back(value.view());
  bool decided;
  EntityState* known = known_by_key(manager, entity, cells, lock, decided);
  if (decided) {
    if (wants_eager(known)) co_await manager.populate_eager(known);
    co_return known;
  }
  known = co_await manager.find_by_key(entity, cells.data(), false, lock, false);
  co_return known;
}

std::vector<EntityState*> find_blocking(Manager& manager, const FindRequest& request) {
  const UseGuard guard(manager);
  return run_blocking(manager.find(request));
}
Task<std::vector<EntityState*>> find_task(Manager& manager, FindRequest request) {
  const UseGuard guard(manager);
  std::vector<EntityState*> states = co_await manager.find(request);
  co_return states;
}
std::uint64_t count_blocking(Manager& manager, const FindRequest& request) {
  const UseGuard guard(manager);
  return run_blocking(manager.count(request));
}
Task<std::uint64_t> count_task(Manager& manager, FindRequest request) {
  const UseGuard guard(manager);
  const std::uint64_t number = co_await manager.count(request);
  co_return number;
}
bool exists_blocking(Manager& manager, const FindRequest& request) {
  const UseGuard guard(manager);
  return run_blocking(manager.exists(request));
}
Task<bool> exists_task(Manager& manager, FindRequest request) {
  const UseGuard guard(manager);
  const bool found = co_await manager.exists(request);
  co_return found;
}
std::string sql_of(Manager& manager, const FindRequest& request) { return manager.sql(request); }

bool refresh_blocking(Manager& manager, EntityState* state) {
  const UseGuard guard(manager);
  return run_blocking(manager.load(state, true));
}
Task<bool> refresh_task(Manager& manager, EntityState* state) {
  const UseGuard guard(manager);
  const bool found = co_await manager.load(state, true);
  co_return found;
}

void populate_blocking(Manager& manager, const FindRequest& request, std::vector<EntityState*> states) {
  const UseGuard guard(manager);
  run_blocking(manager.populate(request, std::move(states)));
}
Task<void> populate_task(Manager& manager, FindRequest request, std::vector<EntityState*> states) {
  const UseGuard guard(manager);
  co_await manager.populate(request, std::move(states));
}

void lock_blocking(Manager& manager, EntityState* state, LockRequest lock) {
  const UseGuard guard(manager);
  run_blocking(manager.lock(state, lock));
}
Task<void> lock_task(Manager& manager, EntityState* state, LockRequest lock) {
  const UseGuard guard(manager);
  co_await manager.lock(state, lock);
}

bool load_reference_blocking(EntityState* state) {
  if (!state) throw_unreadable(state);
  const UseGuard guard(*state->manager);
  return run_blocking(state->manager->load(state, false));
}
Task<bool> load_reference(EntityState* state) {
  if (!state) throw_unreadable(state);
  const UseGuard guard(*state->manager);
  const bool found = co_await state->manager->load(state, false);
  co_return found;
}

void load_reference_or_fail_blocking(EntityState* state) {
  if (!state) throw_unreadable(state);
  const UseGuard guard(*state->manager);
  run_blocking(state->manager->load_or_fail(state));
}
Task<void> load_reference_or_fail(EntityState* state) {
  if (!state) throw_unreadable(state);
  const UseGuard guard(*state->manager);
  co_await state->manager->load_or_fail(state);
}

void CollectionBase::matching_request(FindRequest& request) const {
  if (!owner_ || owner_->has(EntityState::scheduled) || !unit_of_work::has_key(*owner_)) {
    const std::string entity = owner_ ? owner_->metadata->name : std::string();
    throw ValidationError("matching: the owner of the collection" +
                              (owner_ ? " (" + entity + ")" : std::string()) +
                              " has no row yet; persist and flush it first",
                          ErrorDetails{.entity = entity});
  }
  request.collection = const_cast<CollectionBase*>(this);
  request.items_of = &owner_->manager->property_of(*this, *owner_);
  Scratch scratch;
  for (const Column* column : owner_->metadata->key)
    request.owner_key.push_back(Value(unit_of_work::column_value(*column, owner_->entity(), scratch)));
}

Manager& CollectionBase::matching_manager() const noexcept { return *owner_->manager; }

void CollectionBase::load_blocking() {
  if (!owner_) return;
  const UseGuard guard(*owner_->manager);
  run_blocking(owner_->manager->load_collection(*this));
}
Task<void> CollectionBase::load_task() {
  if (!owner_) co_return;
  const UseGuard guard(*owner_->manager);
  co_await owner_->manager->load_collection(*this);
}
std::size_t CollectionBase::load_count_blocking() const {
  if (is_initialized() && !is_partial()) return size();
  const UseGuard guard(*owner_->manager);
  return run_blocking(loading::count_items(*owner_->manager, *owner_, owner_->manager->property_of(*this, *owner_)));
}
Task<std::size_t> CollectionBase::load_count_task() const {
  if (is_initialized() && !is_partial()) co_return size();
  const UseGuard guard(*owner_->manager);
  const std::size_t count =
      co_await loading::count_items(*owner_->manager, *owner_, owner_->manager->property_of(*this, *owner_));
  co_return count;
}

void rows_blocking(Manager& manager, const FindRequest& request, const RowShape& shape, void* vector) {
  const UseGuard guard(manager);
  loading::RowReader reader(manager, request, shape, vector);
  run_blocking(manager.rows(request, reader));
}
Task<void> rows_task(Manager& manager, const FindRequest& request, const RowShape& shape, void* vector) {
  const UseGuard guard(manager);
  loading::RowReader reader(manager, request, shape, vector);
  co_await manager.rows(request, reader);
}

Rows execute_blocking(Manager& manager, std::string_view sql, std::span<const Value> parameters) {
  const UseGuard guard(manager);
  std::vector<ValueView> views;
  for (const Value& value : parameters) views.push_back(value.view());
  Rows rows;
  loading::PlainRowsSink sink(rows);
  rows.set_changed(run_blocking(manager.execute(sql, views, &sink)));
  return rows;
}
Task<Rows> execute_task(Manager& manager, std::string sql, std::vector<Value> parameters) {
  const UseGuard guard(manager);
  std::vector<ValueView> views;
  for (const Value& value : parameters) views.push_back(value.view());
  Rows rows;
  loading::PlainRowsSink sink(rows);
  const std::uint64_t changed = co_await manager.execute(sql, views, &sink);
  rows.set_changed(changed);
  co_return rows;
}

void throw_not_found(Manager& manager, TypeTag tag, std::span<const ValueView> key) {
  const EntityMetadata& entity = manager.core().registry.of(tag);
  std::string text;
  for (const ValueView& value : key) text += ' ' + Value(value).to_string();
  throw NotFoundError(fmt::format("{}{} was not found", entity.name, text), ErrorDetails{.entity = entity.name});
}
void throw_not_found(Manager& manager, const FindRequest& request) {
  const EntityMetadata& entity = manager.core().registry.of(request.root);
  throw NotFoundError(fmt::format("no {} meets the condition", entity.name),
                      ErrorDetails{.entity = entity.name, .sql = manager.sql(request)});
}

void throw_no_column(std::string_view name, const std::vector<std::string>& columns) {
  std::string list;
  for (const std::string& column : columns) list += (list.empty() ? "" : ", ") + column;
  throw ValidationError(fmt::format("the result has no column {}; it has {}", name, list));
}
void assign_cell(const Codec& codec, void* to, ValueView cell, std::string_view column) {
  try {
    codec.assign(codec, to, cell);
  } catch (const ConversionError& error) {
    throw ValidationError(fmt::format("column {}: {}", column, error.reason));
  }
}

}  // namespace kin::detail
