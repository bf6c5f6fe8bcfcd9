// SPDX-License-Identifier: MIT
#pragma once

#include <kin/collection.hpp>
#include <kin/detail/direct_writes.hpp>
#include <kin/detail/find_request.hpp>
#include <kin/detail/manager_api.hpp>
#include <kin/event.hpp>
#include <kin/task.hpp>
#include <kin/transaction.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <unordered_map>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "drivers/driver.hpp"
#include "orm_core.hpp"
#include "unit_of_work/arena.hpp"
#include "unit_of_work/entity_runtime.hpp"
#include "unit_of_work/event_listeners.hpp"
#include "unit_of_work/identity_map.hpp"
#include "unit_of_work/journal.hpp"

namespace kin {
class TransactionEventArgs;
namespace unit_of_work {
class FlushEvents;
struct ChangeRecord;
}  // namespace unit_of_work
}  // namespace kin

namespace kin::detail {

/// The untyped EntityManager: identity map, pending changes and the transaction. One task at a time; every verb of
/// the public face takes a UseGuard first, so that a second task gets an error in place of undefined behaviour.
/// Its parts lie in rooms of their own: reading in loading/, flushing in unit_of_work/flush.cpp.
class Manager {
 public:
  explicit Manager(std::shared_ptr<OrmCore> core, ManagerOptions options = {});
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;
  ~Manager();

  OrmCore& core() noexcept { return *core_; }
  const unit_of_work::EntityRuntime& runtime(const EntityMetadata& entity) const noexcept {
    return core_->runtime(entity);
  }
  unit_of_work::Arena& arena() noexcept { return arena_; }
  FlushMode flush_mode = FlushMode::automatic;
  bool transactions_disabled = false;  ///< begin and rollback do nothing, commit flushes

  // Entities (manager.cpp).
  unit_of_work::IdentityMap& map_of(const EntityMetadata& entity) {
    auto& map = maps_[entity.index];
    if (!map) [[unlikely]] map = std::make_unique<unit_of_work::IdentityMap>(entity);
    return *map;
  }
  /// Null when the manager has no entity of the type.
  unit_of_work::IdentityMap* map_or_null(const EntityMetadata& entity) noexcept {
    return maps_[entity.index].get();
  }
  std::vector<std::unique_ptr<unit_of_work::IdentityMap>>& maps() noexcept { return maps_; }
  /// A state with a default-constructed entity, registered nowhere but for its destruction.
  EntityState* make_state(const EntityMetadata& entity);
  EntityState* create(TypeTag tag, void* from, bool persist);
  void persist(EntityState* state);
  void remove(EntityState* state);
  /// remove() of a row that goes for good, and restore(): of a type with a soft delete (soft_delete.cpp).
  void hard_remove(EntityState* state);
  void restore(EntityState* state);
  /// The state of a key, made as a stub when it is new. `cells` hold the key's columns.
  EntityState* reference(const EntityMetadata& entity, const ValueView* cells);
  /// The same for a key that the user gave. Throws ValidationError for one of another number of columns.
  EntityState* reference_of_key(TypeTag tag, std::span<const ValueView> key);
  EntityState* find_in_map(const EntityMetadata& entity, const ValueView* cells);
  /// Enters an entity whose key is set; throws ValidationError when another entity has the key.
  void register_key(EntityState* state);
  /// The key leads to nothing then, or to the entity that the next flush deletes and whose key this one took.
  void unregister_key(EntityState* state) noexcept;
  /// Throws ValidationError when another entity took the key of one that was to be deleted.
  void require_key_free(const EntityState& state);
  /// Enters an entity again after a rollback, unless another one took its key meanwhile.
  void register_if_free(EntityState* state);
  bool has_key(const EntityState& state) const;
  void clear();
  /// Takes a state out of everything; its memory lives on until clear().
  void detach(EntityState* state);
  std::string describe(const EntityState& state) const;
  /// Throws ValidationError unless the state belongs here and is alive.
  void require_own(const EntityState* state, const char* verb) const;
  /// Whether the next flush deletes something, so that cascades may have to follow.
  bool has_removals() const noexcept;

  // Relations (relations.cpp).
  CollectionBase& collection_at(EntityState& owner, const Property& property) const noexcept {
    return *reinterpret_cast<CollectionBase*>(static_cast<std::byte*>(owner.entity()) + property.offset);
  }
  const Property& property_of(const CollectionBase& collection, const EntityState& owner) const;
  /// Lets the inverse sides of an entity's to-one members know of it.
  void enter_inverse_sides(EntityState& state);
  void set_reference(EntityState& state, const Property& property, EntityState* target);
  /// Sets a to-one member and nothing else; of an inverse one it does not count as assigned by the user.
  void put_reference(EntityState& state, const Property& property, EntityState* target) {
    unit_of_work::set_reference_at(state.entity(), property.offset, target);
    if (!property.owner) store_inverse(state, property);
  }
  /// What an inverse to-one member held when it was last in step with the side that has the column.
  EntityState* stored_inverse(const EntityState& state, const Property& property) const;
  /// Whether a collection's item was assigned to another owner since: the collection hears of that at the flush only.
  bool has_left(const EntityState& item, const EntityState& owner, const Property& relation) const noexcept;
  bool collection_add(CollectionBase& collection, EntityState& owner, EntityState* item);
  bool collection_remove(CollectionBase& collection, EntityState& owner, EntityState* item);
  /// Of a collection whose items are not known: holds these from now on, and settle_collections() finds out
  /// what they replace.
  void collection_replace(CollectionBase& collection, EntityState& owner,
                          const std::vector<EntityState*>& wanted);
  /// Reads what replaced collections held and takes out what they no longer do (replaced_collections.cpp).
  Task<void> settle_collections();
  bool has_replaced_collections() const noexcept;
  void queue_collection(CollectionBase& collection, CollectionData& data);
  /// Lets the next flush tidy the collection up.
  void note_collection(CollectionBase& collection, CollectionData& data);
  void note_orphan(EntityState* item, const Property& relation);
  /// The entity that a one-to-one relation with orphan removal no longer refers to.
  void note_orphan_target(EntityState* target, const Property& property);
  std::vector<CollectionBase*>& changed_collections() noexcept { return changed_collections_; }
  struct Orphan {
    EntityState* item;
    const Property* owning;  ///< member of the item that has to be null for it to be an orphan; null = none
  };
  std::vector<Orphan>& orphans() noexcept { return orphans_; }
  /// Whether a to-one member is a part of its entity's key.
  bool is_key(const Property& to_one) const noexcept;
  /// Removes an entity for a flush: because of a cascade, or as an orphan.
  void remove_along(EntityState* state);
  std::vector<EntityState*>& removed_along() noexcept { return removed_along_; }
  /// What inverse members of entities without a snapshot held when they were last in step; of others it stands in that.
  using NewInverses = boost::unordered_flat_map<std::pair<const EntityState*, const Property*>, EntityState*>;
  NewInverses& new_inverses() noexcept { return new_inverses_; }
  /// Takes back what remove_along did for a flush that failed: the user may yet keep what was the cause of it.
  void keep_along() noexcept;

  // Reading (loading/).
  Task<std::vector<EntityState*>> find(const FindRequest& request);
  Task<EntityState*> find_by_key(const EntityMetadata& entity, const ValueView* cells, bool refresh,
                                 LockRequest lock, bool with_deleted);
  /// Throws ValidationError or TransactionStateError for a lock that cannot be had.
  void require_lockable(const EntityMetadata& entity, const LockRequest& lock) const;
  /// Throws OptimisticLockError for an entity of another version than the lock expects.
  void check_version(const EntityState& state, const LockRequest& lock) const;
  Task<void> lock(EntityState* state, LockRequest lock);
  /// Loads the eager relations of an entity that find_by_key was not needed for, as far as they are not loaded.
  Task<void> populate_eager(EntityState* known);
  Task<std::uint64_t> count(const FindRequest& request);
  Task<bool> exists(const FindRequest& request);
  Task<void> rows(const FindRequest& request, driver::RowSink& sink);
  /// native_update and native_delete: writes rows without reading them.
  Task<std::uint64_t> modify(const FindRequest& request, query::ReadKind kind);
  Task<bool> load(EntityState* state, bool refresh);
  Task<void> load_or_fail(EntityState* state);
  /// Loads relations of entities that are there already, as far as they are not loaded.
  Task<void> populate(const FindRequest& request, std::vector<EntityState*> states);
  Task<void> load_collection(CollectionBase& collection);
  Task<std::uint64_t> execute(std::string_view sql, std::span<const ValueView> parameters,
                              driver::RowSink* sink);
  std::string sql(const FindRequest& request, query::ReadKind kind = query::ReadKind::rows);

  // Writing (unit_of_work/flush.cpp).
  Task<void> flush();
  /// What flush() would send (preview.cpp).
  Plan preview();
  /// Flushes first when the flush mode and the entities of a plan ask for it.
  Task<void> auto_flush(const query::ReadPlan& plan, FlushMode mode);
  bool has_changes();

  // Events (events.cpp; those of a flush in flush_events.cpp).
  using TransactionHandler = void (EventSubscriber::*)(TransactionEventArgs&);
  const unit_of_work::EventListeners& listeners() const noexcept { return *listeners_; }
  void add_subscriber(std::shared_ptr<EventSubscriber> subscriber);
  /// Calls the hooks, then the subscribers.
  void fire_event(Event event, EntityState& state, const unit_of_work::ChangeRecord* change = nullptr);
  void fire_transaction_event(TransactionHandler handler, int level);
  /// The same, but returns what a handler throws: a rollback goes on in any case.
  std::exception_ptr tell_of_rollback(TransactionHandler handler, int level) noexcept;
  /// Lets the end of the read tell of it. `first`: nothing was known of the entity but its key.
  void note_loaded(EntityState& state, bool first) { loaded_.push_back({&state, first}); }
  /// on_init and on_load of what was noted.
  void fire_loaded();
  /// A new entity is as create_detached made it again.
  void unschedule(EntityState* state);
  unit_of_work::FlushEvents* flush_events = nullptr;  ///< of the running flush, where somebody listens

  // Written at once, past the unit of work (direct_writes.cpp, upsert.cpp).
  /// Writes batches in a transaction of their own, unless one is open or one row is all.
  Task<void> write_directly(std::span<driver::WriteBatch> batches);
  Task<void> insert(Drafts& drafts);
  Task<std::vector<EntityState*>> upsert(const UpsertRequest& request, Drafts& drafts);
  /// Fills in what on_create says, and a uuid as key.
  void run_on_create(EntityState& state);
  /// What the next flush lets the database compute (computed_values.cpp).
  boost::unordered_flat_map<const EntityState*, std::vector<unit_of_work::ComputedValue>> computed{};

  /// A manager with the same settings, empty or with copies of the entities (fork.cpp).
  std::unique_ptr<Manager> fork(const ForkOptions& options);

  // Transactions (unit_of_work/transaction.cpp; what a Propagation makes of them in propagation.cpp). The
  // verbs:
  Task<void> begin(TransactionOptions options);
  Task<void> commit();
  Task<void> rollback();
  /// As clear(), but throws ValidationError when that would lose changes.
  void start_empty();
  /// Opens a transaction, or a savepoint inside one.
  Task<void> open_level(TransactionOptions options);
  /// Counts as a level, and commits and rolls back nothing of its own.
  void join_level(const TransactionOptions& options);
  Task<void> commit_level();
  /// Rolls the innermost level back; one that joined just ends.
  Task<void> undo_level();
  /// Everything from here on until the end of the innermost transaction is undone by rollback_and_reset.
  void work_begins() { marks_.back().work = journal_.size(); }
  /// As rollback, and for another try the manager forgets what was read and changed since work_begins.
  Task<void> rollback_and_reset();
  int transaction_level() const noexcept { return static_cast<int>(marks_.size()); }
  /// What the open transaction was begun with.
  const TransactionOptions& open_transaction() const noexcept { return open_transaction_; }
  unit_of_work::Journal& journal() noexcept { return journal_; }

  /// To write with: the connection of the transaction, or one of the primary on loan to `local`. From then on
  /// reads go to the primary, too, where the options say so.
  Task<driver::Connection*> connection(driver::Loan& local);
  /// The same to read with, of a replica where that may be.
  Task<driver::Connection*> read_connection(driver::Loan& local);

  /// Scratch objects of the types, for keys that arrive as cells.
  void* scratch_entity(const EntityMetadata& entity);

  std::uint32_t next_read() noexcept { return ++reads_; }

  /// Every state of the manager, of deleted entities too.
  const std::vector<EntityState*>& allocated() const noexcept { return allocated_; }

  /// Why entities were scheduled by a cascade, for a plan that is only shown; null when nobody asks.
  std::unordered_map<const EntityState*, std::string>* origins = nullptr;

  std::size_t unscheduled = 0;  ///< entities created without persist, which cascades may still find

 private:
  friend class UseGuard;

  Task<void> load_stored_items(const Property& relation, std::span<EntityState* const> owners);
  void take_out_replaced(CollectionBase& collection, EntityState& owner, std::vector<EntityState*> wanted);
  void insert_new(EntityState* state);
  void pack_key(const EntityState& state, std::string& packed) const;
  void pack_key(const EntityMetadata& entity, const ValueView* cells, std::string& packed);
  std::int64_t integer_key(const EntityMetadata& entity, const ValueView& cell);
  EntityState* holder_of_key(const EntityState& state);
  void attach_collections(EntityState& state) const noexcept;

  std::shared_ptr<OrmCore> core_;
  unit_of_work::Arena arena_{};
  std::vector<std::unique_ptr<unit_of_work::IdentityMap>> maps_{};
  std::vector<EntityState*> allocated_{};   ///< every state, for destruction
  std::vector<void*> scratch_entities_{};
  std::vector<CollectionBase*> changed_collections_{};
  std::vector<Orphan> orphans_{};
  std::vector<EntityState*> removed_along_{};
  void store_inverse(EntityState& state, const Property& property);
  NewInverses new_inverses_{};
  std::string key_buffer_{};
  unit_of_work::Journal journal_{};
  struct Mark {
    std::size_t journal;
    std::size_t allocated;
    std::optional<std::size_t> work{};  ///< the journal's length when work began that may be retried
    std::optional<FlushMode> flush_mode{};  ///< to be set again at the end
    bool joined = false;                    ///< has no savepoint
    bool rollback_only = false;             ///< a level that joined it was rolled back
  };
  /// After an error that the outermost level may never hear of.
  void note_transaction_ended();
  /// Throws TransactionStateError when the transaction is none any more: what came next would be for good at
  /// once.
  void require_transaction_alive() const;
  void push_mark(const TransactionOptions& options, bool joined);
  void pop_mark();
  Task<void> roll_back(bool reset);
  void forget_work(const Mark& mark);
  void mark_stale();
  std::vector<Mark> marks_{};  ///< one for each open transaction, savepoint and begin that joined
  driver::Loan transaction_connection_{};
  TransactionOptions open_transaction_{};
  bool transaction_ended_ = false;  ///< by the database, after an error inside of it
  Task<driver::Connection*> borrow(driver::Loan& local, ConnectionType type);
  const ManagerOptions options_;
  std::optional<ConnectionType> read_type_{};  ///< what the running read asks for
  bool pinned_ = false;                        ///< to the primary, because something was written
  std::atomic<bool> in_use_{false};
  std::uint32_t reads_ = 0;
  bool flushing_ = false;
  const unit_of_work::EventListeners* listeners_;  // of the core, or own ones
  std::shared_ptr<const unit_of_work::EventListeners> own_listeners_{};
  struct Loaded {
    EntityState* state;
    bool first;
  };
  std::vector<Loaded> loaded_{};
};

/// Held by a verb while it runs. Throws TransactionStateError when another verb of the manager is running.
class UseGuard {
 public:
  explicit UseGuard(Manager& manager);
  UseGuard(const UseGuard&) = delete;
  UseGuard& operator=(const UseGuard&) = delete;
  ~UseGuard() { manager_.in_use_.store(false, std::memory_order_release); }

 private:
  Manager& manager_;
};

}  // namespace kin::detail
