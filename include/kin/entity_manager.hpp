// SPDX-License-Identifier: MIT
#pragma once

#include <kin/assign_options.hpp>
#include <kin/count_by.hpp>
#include <kin/detail/direct_writes.hpp>
#include <kin/detail/manager_api.hpp>
#include <kin/find.hpp>
#include <kin/native_update.hpp>
#include <kin/on_conflict.hpp>
#include <kin/plan.hpp>
#include <kin/query_builder.hpp>
#include <kin/transaction.hpp>
#include <kin/unit_of_work.hpp>

#include <concepts>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace kin {

namespace detail {
template <class C>
struct ConditionRoot {
  using type = void;
};
template <class R>
struct ConditionRoot<Condition<R>> {
  using type = R;
};
template <class C>
inline constexpr bool is_condition = !std::is_void_v<typename ConditionRoot<std::remove_cvref_t<C>>::type>;
template <class T>
struct TaskResult {
  static constexpr bool is_task = false;
};
template <class T>
struct TaskResult<Task<T>> {
  static constexpr bool is_task = true;
  using type = T;
};

/// Whether a type is a handle to an entity, or a list or an optional of such.
template <class R>
inline constexpr bool holds_entities = false;
template <class T>
inline constexpr bool holds_entities<Ref<T>> = true;
template <class T, class Paths>
inline constexpr bool holds_entities<Loaded<T, Paths>> = true;
template <class R>
  requires requires { typename R::value_type; } && (!std::is_same_v<typename R::value_type, R>)
inline constexpr bool holds_entities<R> = holds_entities<typename R::value_type>;

template <class J>
concept JsonDocument = is_json<std::remove_cvref_t<J>>;
}  // namespace detail

/// Says of remove() that the row goes for good, where the type's rows are only marked (soft_delete<>).
struct HardDelete {};
inline constexpr HardDelete hard_delete{};
/// Says of native_delete() that rows which a soft delete has marked go, too.
struct WithDeleted {};
inline constexpr WithDeleted with_deleted{};

/// One unit of work: an identity map, the changes made to its entities, and the transaction that writes them.
/// Cheap to make, move-only; one task at a time uses it (a second one gets TransactionStateError). Owns its entities:
/// every Ref is valid until clear() or the manager's end. An open transaction is rolled back at the end.
class EntityManager {
 public:
  explicit EntityManager(std::unique_ptr<detail::Manager> manager) noexcept;
  EntityManager(EntityManager&&) noexcept;
  EntityManager& operator=(EntityManager&&) noexcept;
  ~EntityManager();

  /// Makes an entity from a value and schedules it for insertion: em.create<Author>({.name = "Ursula"}).
  template <class T>
  Ref<T> create(std::type_identity_t<T> value) {
    return detail::RefAccess::make<T>(detail::create_entity(*manager_, detail::type_tag<T>, &value, true));
  }
  /// Makes an entity that is inserted only when persist() or a cascade reaches it.
  template <class T>
  Ref<T> create_detached(std::type_identity_t<T> value) {
    return detail::RefAccess::make<T>(detail::create_entity(*manager_, detail::type_tag<T>, &value, false));
  }
  /// Makes an entity from a JSON object and schedules it for insertion, as assign() reads it; needs
  /// <kin/serialize.hpp>. A key that the database makes is not taken, unless the options allow it.
  template <class T, detail::JsonDocument J>
  Ref<T> create(const J& json) {
    return detail::RefAccess::make<T>(detail::create_from_json(*manager_, detail::type_tag<T>, &json, nullptr));
  }
  template <class T, detail::JsonDocument J>
  Ref<T> create(const J& json, const AssignOptions& options) {
    return detail::RefAccess::make<T>(detail::create_from_json(*manager_, detail::type_tag<T>, &json, &options));
  }
  /// Sets what a kin::Json object names; needs <kin/serialize.hpp>. Values convert as those of the database do,
  /// dates, decimals and UUIDs from text, enums from names. A relation takes a key, or an object, which changes the
  /// entity whose key it carries, else makes a new one; a loaded collection takes an array of those and holds
  /// exactly them afterwards, or one, which is added. Sends nothing: a key that is not loaded becomes a reference.
  /// Throws ValidationError that names entity and property for what does not fit, and then nothing is assigned.
  template <class T, class J>
  void assign(const Ref<T>& entity, const J& json) {
    assign_json<T>(entity, json, nullptr);
  }
  template <class T, class J>
  void assign(const Ref<T>& entity, const J& json, const AssignOptions& options) {
    assign_json<T>(entity, json, &options);
  }
  /// Makes a value that came from elsewhere, with its key, the managed entity of a row that is there: its members
  /// are taken for what the row holds, no query is sent, and its collections are not loaded. An entity that is
  /// loaded already stays as it is, unless Merge::refresh lets the value replace it and its unflushed changes.
  template <class T>
  Ref<T> merge(std::type_identity_t<T> value, Merge existing = Merge::keep) {
    return detail::RefAccess::make<T>(detail::merge_entity(*manager_, detail::type_tag<T>, &value, existing));
  }
  /// The managed entity of a row that execute() returned, by the names of its columns; others are passed over.
  /// Throws ValidationError when a key column is missing. Existing entities as in merge().
  template <class T>
  Ref<T> map(const Row& row, Merge existing = Merge::keep) {
    return detail::RefAccess::make<T>(detail::map_row(*manager_, detail::type_tag<T>, row, existing));
  }
  /// Schedules an entity for insertion; takes back a remove(). Cascades over its relations at flush.
  template <class T>
  void persist(const Ref<T>& entity) {
    detail::persist_entity(*manager_, detail::RefAccess::state(entity));
  }
  /// Schedules an entity for deletion; one that was never stored is forgotten.
  template <class T>
  void remove(const Ref<T>& entity) {
    detail::remove_entity(*manager_, detail::RefAccess::state(entity));
  }
  /// Schedules the deletion of a row whose type has a soft delete; so do the cascades that begin here.
  template <class T>
  void remove(const Ref<T>& entity, HardDelete) {
    detail::hard_remove_entity(*manager_, detail::RefAccess::state(entity));
  }
  /// Takes a soft delete back: of an entity that was found by with_deleted(), or whose remove() was not
  /// flushed yet. Throws ValidationError where there is nothing of the kind.
  template <class T>
  void restore(const Ref<T>& entity) {
    detail::restore_entity(*manager_, detail::RefAccess::state(entity));
  }
  /// The entity with this key without asking the database: as found before, else a stub that serves as a foreign key
  /// and loads when asked to. Several arguments are the columns of a composite key in order.
  template <class T, class... Keys>
  Ref<T> get_reference(const Keys&... keys) {
    Scratch scratch[sizeof...(Keys)];
    std::size_t at = 0;
    const ValueView views[] = {detail::key_view(keys, scratch[at++])...};
    return detail::RefAccess::make<T>(detail::get_reference(*manager_, detail::type_tag<T>, views));
  }

  template <class T>
  Find<T> find() {
    return Find<T>(*manager_, request<T>());
  }
  template <class T, class R>
  Find<T> find(Condition<R> condition) {
    return Find<T>(*manager_, request<T>(std::move(condition)));
  }
  /// What lies below an entity in the tree that a to-one member of its type to itself makes, by one recursive
  /// statement: nearest first, of `depth` levels or all. The inverse collections of all that was read through are
  /// filled, so that the tree can be walked; not so with a condition. Circles in the data end.
  template <auto Parent, class T>
  Find<T> find_descendants(const Ref<T>& root, std::uint32_t depth = 0) {
    return Find<T>(*manager_, tree<Parent, T>(detail::RefAccess::state(root), depth, false));
  }
  /// What lies above an entity in such a tree, nearest first.
  template <auto Parent, class T>
  Find<T> find_ancestors(const Ref<T>& node, std::uint32_t depth = 0) {
    return Find<T>(*manager_, tree<Parent, T>(detail::RefAccess::state(node), depth, true));
  }
  /// The entities that lie below no other one.
  template <auto Parent>
  auto find_roots() {
    using T = detail::member_owner<Parent>;
    static_assert(std::is_same_v<detail::member_type<Parent>, Ref<T>>,
                  "kin: a tree is made by a kin::Ref of an entity to its own type");
    return find<T>(field<Parent>.is_null());
  }
  /// By key, served from the identity map where it is there; or by a condition. Null when there is none. With
  /// LockMode::optimistic the expected version follows: another one is an OptimisticLockError.
  template <class T, class K, class... Version>
  Ref<T> find_one(const K& key_or_condition, LockMode lock = LockMode::none, const Version&... version) {
    if constexpr (detail::is_condition<K>) {
      return Find<T>(*manager_, request<T>(key_or_condition, detail::lock_request(lock, version...))).one();
    } else {
      Scratch scratch;
      const ValueView key = detail::key_view(key_or_condition, scratch);
      return detail::RefAccess::make<T>(detail::find_by_key_blocking(
          *manager_, detail::type_tag<T>, {&key, 1}, detail::lock_request(lock, version...)));
    }
  }
  /// Throws NotFoundError, naming the entity and what was asked for.
  template <class T, class K, class... Version>
  Ref<T> find_one_or_fail(const K& key_or_condition, LockMode lock = LockMode::none,
                          const Version&... version) {
    Ref<T> found = find_one<T>(key_or_condition, lock, version...);
    if (!found) not_found<T>(key_or_condition);
    return found;
  }
  template <class T, class K, class... Version>
  Task<Ref<T>> find_one_async(K key_or_condition, LockMode lock = LockMode::none, Version... version) {
    return find_one_task<T>(manager_.get(), std::move(key_or_condition),
                            detail::lock_request(lock, version...), false);
  }
  template <class T, class K, class... Version>
  Task<Ref<T>> find_one_or_fail_async(K key_or_condition, LockMode lock = LockMode::none,
                                      Version... version) {
    return find_one_task<T>(manager_.get(), std::move(key_or_condition),
                            detail::lock_request(lock, version...), true);
  }
  template <class T>
  std::uint64_t count() {
    return detail::count_blocking(*manager_, request<T>());
  }
  template <class T, class R>
  std::uint64_t count(Condition<R> condition) {
    return detail::count_blocking(*manager_, request<T>(std::move(condition)));
  }
  template <class T>
  Task<std::uint64_t> count_async() {
    return detail::count_task(*manager_, request<T>());
  }
  template <class T, class R>
  Task<std::uint64_t> count_async(Condition<R> condition) {
    return detail::count_task(*manager_, request<T>(std::move(condition)));
  }
  /// A query that ends in plain rows: joins, groups, aggregates.
  template <class T>
  QueryBuilder<T> query() {
    return QueryBuilder<T>(*manager_, request<T>());
  }
  /// Updates all rows that meet a condition by one statement: native_update<Book>(field<&Book::price> < 1.0)
  /// .set<&Book::price>(1.0).run(). For every row say kin::all<Book>().
  template <class T, class R>
  NativeUpdate<T> native_update(Condition<R> condition) {
    return NativeUpdate<T>(*manager_, request<T>(std::move(condition)));
  }
  /// Deletes all rows that meet a condition by one statement and returns how many they were. No cascade but the
  /// database's own, no hook; entities that the manager holds stay as they are. What is pending is flushed first.
  template <class T, class R>
  std::uint64_t native_delete(Condition<R> condition) {
    return detail::modify_blocking(*manager_, request<T>(std::move(condition)), detail::Modification::remove);
  }
  template <class T, class R>
  std::uint64_t native_delete(Condition<R> condition, WithDeleted) {
    detail::FindRequest wanted = request<T>(std::move(condition));
    wanted.with_deleted = true;
    return detail::modify_blocking(*manager_, wanted, detail::Modification::remove);
  }
  template <class T, class R>
  Task<std::uint64_t> native_delete_async(Condition<R> condition) {
    return detail::modify_task(*manager_, request<T>(std::move(condition)), detail::Modification::remove);
  }
  /// Inserts a row, or changes the one that is there: em.upsert<Author>({.name = "U", .email = "u@x"}), at
  /// once and by one statement where the database can tell what came out of it. Returns the managed entity,
  /// as the row is now; one that the manager holds already is updated as by refresh(). What is pending is
  /// flushed first. Throws ValidationError when no unique member has a value.
  template <class T>
  Ref<T> upsert(std::type_identity_t<T> value, const OnConflict<T>& options = {}) {
    detail::Drafts drafts = detail::draft_of<T>(*manager_, value);
    return upsert_drafts(options, drafts).front();
  }
  /// The same for an entity of create_detached(), which is managed then, unless the manager has another for
  /// the row.
  template <class T>
  Ref<T> upsert(const Ref<T>& entity, const std::type_identity_t<OnConflict<T>>& options = {}) {
    detail::Drafts drafts = detail::draft_of<T>(*manager_, entity);
    return upsert_drafts(options, drafts).front();
  }
  /// Rows of a range, all or none of them, in few statements. Entities come in the order of the range.
  template <class T, class Range>
  std::vector<Ref<T>> upsert_many(Range&& range, const OnConflict<T>& options = {}) {
    detail::Drafts drafts = detail::drafts_of<T>(*manager_, std::forward<Range>(range));
    return upsert_drafts(options, drafts);
  }
  /// Takes the value over before the task begins.
  template <class T>
  Task<Ref<T>> upsert_async(T& value, const OnConflict<T>& options = {}) {
    return detail::upsert_one<T>(*manager_, options.request(), detail::draft_of(*manager_, value));
  }
  template <class T, class Range>
  Task<std::vector<Ref<T>>> upsert_many_async(Range&& range, const OnConflict<T>& options = {}) {
    return detail::upsert_several<T>(*manager_, options.request(),
                                     detail::drafts_of<T>(*manager_, std::forward<Range>(range)));
  }
  /// Inserts a row at once and returns its key, past the identity map: the member `id`, or the members that
  /// are named after the entity. What is pending stays so.
  template <class T, auto... Key>
  auto insert(std::type_identity_t<T> value) {
    detail::Drafts drafts = detail::draft_of<T>(*manager_, value);
    detail::insert_blocking(*manager_, drafts);
    return detail::inserted_key<T, Key...>(drafts.at(0));
  }
  template <class T, auto... Key, class Range>
  auto insert_many(Range&& range) {
    detail::Drafts drafts = detail::drafts_of<T>(*manager_, std::forward<Range>(range));
    detail::insert_blocking(*manager_, drafts);
    return detail::inserted_keys<T, Key...>(drafts);
  }
  /// Takes the value over before the task begins.
  template <class T, auto... Key>
  auto insert_async(T& value) {
    return detail::insert_one<T, Key...>(*manager_, detail::draft_of(*manager_, value));
  }
  template <class T, auto... Key, class Range>
  auto insert_many_async(Range&& range) {
    return detail::insert_several<T, Key...>(*manager_,
                                             detail::drafts_of<T>(*manager_, std::forward<Range>(range)));
  }
  /// Lets the next flush compute a member from what the row holds then: em.set<&Book::stock>(book,
  /// field<&Book::stock> - 1). Until then the member keeps its value; afterwards it has the row's. A value
  /// that is assigned meanwhile, other than the one it has, takes its place.
  template <auto... Members, class T, class V>
  void set(const Ref<T>& entity, const V& computed) {
    static_assert(std::is_same_v<detail::path_root<Members...>, T>,
                  "kin: set<> names a member of another entity than the one that is given");
    static_assert(detail::ArithmeticTerm<V>::is_member,
                  "kin: set<> needs a computation over fields; a plain value is assigned to the member");
    if constexpr (detail::ArithmeticTerm<V>::is_member) {
      static_assert(std::is_same_v<typename detail::ArithmeticTerm<V>::root, T>,
                    "kin: set<> computes from members of the entity that is updated only");
      static_assert(detail::comparable<detail::strip_optional<detail::path_leaf<Members...>>,
                                       typename detail::ArithmeticTerm<V>::value>(),
                    "kin: set<> needs a value of the member's type");
      detail::set_computed(*manager_, detail::RefAccess::state(entity), detail::checked_path<Members...>(),
                           computed.expression());
    }
  }
  /// How many rows there are of each value of a member, of each key of a relation, or of each tuple of
  /// several: em.count_by<&Book::author>(). One statement; only what occurs is in the map.
  template <auto... Members>
  auto count_by(Condition<typename detail::CountBy<Members...>::Root> condition = {}) {
    using Groups = detail::CountBy<Members...>;
    std::vector<typename Groups::Row> rows;
    detail::rows_blocking(*manager_, Groups::request(std::move(condition).expression()), Groups::shape(),
                          &rows);
    return Groups::counts(rows);
  }
  template <auto... Members>
  auto count_by_async(Condition<typename detail::CountBy<Members...>::Root> condition = {}) {
    using Groups = detail::CountBy<Members...>;
    return Groups::task(manager_.get(), Groups::request(std::move(condition).expression()));
  }
  /// Reads an entity again, dropping its unflushed changes; false when its row is gone.
  template <class T>
  bool refresh(const Ref<T>& entity) {
    return detail::refresh_blocking(*manager_, detail::RefAccess::state(entity));
  }
  template <class T>
  Task<bool> refresh_async(const Ref<T>& entity) {
    return detail::refresh_task(*manager_, detail::RefAccess::state(entity));
  }
  /// As refresh, but throws NotFoundError when the row is gone.
  template <class T>
  void refresh_or_fail(const Ref<T>& entity) {
    if (!refresh(entity)) detail::throw_row_gone(detail::RefAccess::state(entity));
  }
  template <class T>
  Task<void> refresh_or_fail_async(Ref<T> entity) {
    const bool found = co_await detail::refresh_task(*manager_, detail::RefAccess::state(entity));
    if (!found) detail::throw_row_gone(detail::RefAccess::state(entity));
  }
  /// Loads a relation of entities that are there already: em.populate<&Author::books, &Book::tags>(authors),
  /// of one handle or of a range of them. What is loaded stays as it is, what is not takes one query for each
  /// relation of the path. Returns handles that know the path.
  template <auto... Members, class Entities>
  auto populate(const Entities& entities) {
    auto call = populate_call<Members...>(entities);
    detail::populate_blocking(*manager_, call.request, std::move(call.states));
    return std::move(call.result);
  }
  template <auto... Members, class Entities>
  auto populate_async(Entities entities) {
    return populate_later(*manager_, populate_call<Members...>(entities));
  }
  /// Optimistic: throws OptimisticLockError unless the entity was read with the version that follows the
  /// mode. Pessimistic: locks its row until the end of the transaction without reading it, so that unflushed
  /// changes stay; refresh() reads what stands there now. Throws NotFoundError when the row is gone, and in a
  /// mode that leaves out locked rows also when another transaction has it.
  template <class T, class... Version>
  void lock(const Ref<T>& entity, LockMode mode, const Version&... version) {
    detail::lock_blocking(*manager_, detail::RefAccess::state(entity),
                          detail::lock_request(mode, version...));
  }
  template <class T, class... Version>
  Task<void> lock_async(const Ref<T>& entity, LockMode mode, const Version&... version) {
    return detail::lock_task(*manager_, detail::RefAccess::state(entity),
                             detail::lock_request(mode, version...));
  }

  /// Writes all changes in one transaction (or in the open one): new entities parents first, then changed columns,
  /// then deletions. Sends nothing when there is nothing to do. When it throws, the database is as before, and so is
  /// the manager: everything that was pending still is, and keys made on the way are taken back.
  void flush() { detail::flush_blocking(*manager_); }
  Task<void> flush_async() { return detail::flush_task(*manager_); }
  /// What the next flush would send, without sending it and without changing anything: neither the entities
  /// nor what is scheduled. Functions of on_update are not called, their members count as changed. Throws what
  /// the flush would throw before it sends anything.
  Plan plan() { return detail::plan_flush(*manager_); }
  /// Forgets all entities and pending changes; every Ref becomes invalid.
  void clear() { detail::clear_manager(*manager_); }
  /// Forgets the entities of one type; others keep their references to them, and a flush that would write one
  /// refuses. Throws TransactionStateError when the open transaction has written one of them.
  template <class T>
  void clear() {
    detail::clear_type(*manager_, detail::type_tag<T>);
  }
  /// Forgets one entity and its pending changes; the next find reads it anew. Otherwise as clear<T>().
  template <class T>
  void detach(const Ref<T>& entity) {
    detail::detach_entity(*manager_, detail::RefAccess::state(entity));
  }
  /// True for an entity of this manager that has a row or is to get one; false also for null, for one that was
  /// detached or deleted, and for one that no persist() has reached yet.
  template <class T>
  bool is_managed(const Ref<T>& entity) const noexcept {
    return detail::is_managed(*manager_, detail::RefAccess::state(entity));
  }
  /// What the manager holds and what the next flush would write.
  UnitOfWork unit_of_work() noexcept { return UnitOfWork(*manager_); }
  /// What a member held when its row was last read or flushed: em.original<&Book::title>(book). Empty when the
  /// entity is new or the member was not read.
  template <auto Member, class T>
  std::optional<detail::member_type<Member>> original(const Ref<T>& entity) {
    static_assert(std::is_same_v<detail::member_owner<Member>, T>,
                  "kin: original<> names a member of another class than that of the entity");
    static_assert(!detail::AnyCollectionType<detail::member_type<Member>>,
                  "kin: original<> takes members with a column; em.unit_of_work().collection_updates() tells what "
                  "changed in a collection");
    const void* stored = detail::original_entity(*manager_, detail::RefAccess::state(entity), detail::member_id<Member>);
    if (!stored) return std::nullopt;
    return static_cast<const T*>(stored)->*Member;
  }
  /// The verbs for one entity: em.repository<Book>(), or a class of your own that derives from
  /// kin::Repository<Book>: em.repository<BookRepository>().
  template <class R>
  auto repository();
  /// True when a flush would write something.
  bool has_changes() { return detail::has_changes(*manager_); }

  /// Lets a subscriber hear of this manager's events, after those of the options, and of its forks'. See
  /// <kin/events.hpp>.
  void add_subscriber(std::shared_ptr<EventSubscriber> subscriber) {
    detail::add_subscriber(*manager_, std::move(subscriber));
  }

  /// Another unit of work on the same Orm, with this one's settings unless `options` say others. It is empty,
  /// or knows what this one has read and flushed. Entities of the two do not mix, and it has connections of
  /// its own.
  EntityManager fork(ForkOptions options = {}) const;
  FlushMode flush_mode() const { return detail::flush_mode(*manager_); }
  void set_flush_mode(FlushMode mode) { detail::set_flush_mode(*manager_, mode); }
  /// True between begin() and its commit() or rollback(), and in the work of transactional() where that has a
  /// transaction.
  bool is_in_transaction() const { return detail::is_in_transaction(*manager_); }

  /// Starts a transaction, or a savepoint inside one. Propagation: required and mandatory join the open one,
  /// whose commit then waits for this one's; never refuses to be inside of one; those that need a fork or may
  /// do without a transaction are for transactional() and get a ValidationError.
  void begin(TransactionOptions options = {}) { detail::begin_blocking(*manager_, options); }
  /// Flushes and commits, or releases the savepoint.
  void commit() { detail::commit_blocking(*manager_); }
  /// Undoes what was written since begin. Entities keep the values they have in memory, and what was flushed
  /// since begin is pending again. Of a begin that joined, nothing can be undone alone: the transaction that
  /// it joined can only be rolled back afterwards, and its commit() throws TransactionStateError.
  void rollback() { detail::rollback_blocking(*manager_); }
  Task<void> begin_async(TransactionOptions options = {}) { return detail::begin_task(*manager_, options); }
  Task<void> commit_async() { return detail::commit_task(*manager_); }
  Task<void> rollback_async() { return detail::rollback_task(*manager_); }

  /// Runs work(em) in a transaction (nested: a savepoint, or what the propagation says), flushes and commits;
  /// rolls back and rethrows on an exception. Work that gets a fork must use the manager that it is given.
  /// With retries, what is pending is flushed inside the transaction before work runs, and after an error
  /// that says retryable() both run again; before that, entities that work loaded or made are forgotten, and
  /// those known before hold the values that they had.
  template <class F>
  auto transactional(F&& work, TransactionOptions options = {}) {
    using Result = std::invoke_result_t<F&, EntityManager&>;
    static_assert(!detail::TaskResult<Result>::is_task,
                  "kin: transactional() got a coroutine; use co_await em.transactional_async(work)");
    detail::TransactionRun run(*manager_, options, detail::holds_entities<Result>);
    for (;;) {
      try {
        run.begin_blocking();
        if constexpr (std::is_void_v<Result>) {
          work(run.em(*this));
          run.commit_blocking();
          return;
        } else {
          Result result = work(run.em(*this));
          run.commit_blocking();
          return result;
        }
      } catch (...) {
        if (!run.failed_blocking(std::current_exception())) throw;
      }
    }
  }
  /// As transactional; work is a coroutine that returns Task. The work must be a named object that outlives the task.
  template <class F>
  auto transactional_async(F& work, TransactionOptions options = {})
      -> Task<typename detail::TaskResult<std::invoke_result_t<F&, EntityManager&>>::type> {
    using Result = typename detail::TaskResult<std::invoke_result_t<F&, EntityManager&>>::type;
    detail::TransactionRun run(*manager_, options, detail::holds_entities<Result>);
    for (;;) {
      std::exception_ptr error;
      try {
        co_await run.begin();
        if constexpr (std::is_void_v<Result>) {
          co_await work(run.em(*this));
          co_await run.commit();
          co_return;
        } else {
          Result result = co_await work(run.em(*this));
          co_await run.commit();
          co_return result;
        }
      } catch (...) {
        error = std::current_exception();
      }
      const bool again = co_await run.failed(error);
      if (!again) std::rethrow_exception(error);
    }
  }

  /// A temporary would be gone before the task has run.
  template <class F>
    requires(!std::is_lvalue_reference_v<F>)
  auto transactional_async(F&& work, TransactionOptions options = {}) {
    static_assert(std::is_lvalue_reference_v<F>,
                  "kin: transactional_async() needs work that outlives the task; name it first: auto work = "
                  "[&](kin::EntityManager& em) -> kin::Task<void> { ... }; co_await em.transactional_async(work)");
    return transactional_async(work, options);
  }

  /// Runs a statement as it stands; each {} is a bound parameter, null for an empty optional. Pending changes are not flushed first.
  template <class... Values>
  Rows execute(std::string_view sql, const Values&... values) {
    const std::vector<Value> parameters = parameter_list(values...);
    return detail::execute_blocking(*manager_, sql, parameters);
  }
  template <class... Values>
  Task<Rows> execute_async(std::string sql, const Values&... values) {
    return detail::execute_task(*manager_, std::move(sql), parameter_list(values...));
  }

  detail::Manager& internals() noexcept { return *manager_; }

 private:
  template <class T, class J>
  void assign_json(const Ref<T>& entity, const J& json, const AssignOptions* options) {
    static_assert(detail::JsonDocument<J>,
                  "kin: assign() takes a kin::Json; include <kin/serialize.hpp>, and make one of a text by "
                  "kin::Json::parse(text)");
    if constexpr (detail::JsonDocument<J>)
      detail::assign_json(*manager_, detail::RefAccess::state(entity), &json, options);
  }
  template <class T>
  std::vector<Ref<T>> upsert_drafts(const OnConflict<T>& options, detail::Drafts& drafts) {
    return detail::refs_of<T>(detail::upsert_blocking(*manager_, options.request(), drafts));
  }
  template <class Result>
  struct PopulateCall {
    detail::FindRequest request{};
    std::vector<detail::EntityState*> states{};
    Result result{};
  };
  template <auto... Members, class Handle>
  static auto populated(const Handle& handle) {
    using T = typename detail::HandlePaths<Handle>::entity;
    static_assert(std::is_same_v<detail::path_root<Members...>, T>,
                  "kin: populate<> starts at another entity than those that are given");
    static_assert((detail::is_relation_member<Members> && ...),
                  "kin: populate<> goes over relations only; a plain member is always read");
    using Paths =
        typename detail::Append<typename detail::HandlePaths<Handle>::paths, detail::Path<Members...>>::type;
    return Loaded<T, Paths>(handle);
  }
  template <auto... Members, class Entities>
  static auto populate_call(const Entities& entities) {
    detail::FindRequest request;
    request.root = detail::type_tag<detail::path_root<Members...>>;
    request.populate.push_back(detail::checked_path<Members...>());
    request.strategy = Strategy::select_in;
    if constexpr (requires { typename detail::HandlePaths<Entities>::entity; }) {
      PopulateCall<decltype(populated<Members...>(entities))> call{std::move(request), {}, {}};
      call.result = populated<Members...>(entities);
      if (entities) call.states.push_back(detail::RefAccess::state(entities));
      return call;
    } else {
      using Handle = std::remove_cvref_t<decltype(*std::begin(entities))>;
      using Result = std::vector<decltype(populated<Members...>(std::declval<const Handle&>()))>;
      PopulateCall<Result> call{std::move(request), {}, {}};
      for (const Handle& entity : entities) {
        call.result.push_back(populated<Members...>(entity));
        if (entity) call.states.push_back(detail::RefAccess::state(entity));
      }
      return call;
    }
  }
  template <class Result>
  static Task<Result> populate_later(detail::Manager& manager, PopulateCall<Result> call) {
    co_await detail::populate_task(manager, std::move(call.request), std::move(call.states));
    co_return std::move(call.result);
  }
  template <class T>
  static detail::FindRequest request() {
    detail::FindRequest request;
    request.root = detail::type_tag<T>;
    return request;
  }
  template <class T, class R>
  static detail::FindRequest request(Condition<R> condition, detail::LockRequest lock = {}) {
    static_assert(std::is_same_v<R, T>, "kin: the condition is on another entity than the one that is read");
    detail::FindRequest request;
    request.root = detail::type_tag<T>;
    request.where = std::move(condition).expression();
    request.lock = lock.mode;
    request.lock_version = lock.version;
    return request;
  }
  template <auto Parent, class T>
  static detail::FindRequest tree(detail::EntityState* node, std::uint32_t depth, bool upward) {
    static_assert(std::is_same_v<detail::member_owner<Parent>, T>,
                  "kin: the member that makes the tree is one of another entity than the one given");
    static_assert(std::is_same_v<detail::member_type<Parent>, Ref<T>>,
                  "kin: a tree is made by a kin::Ref of an entity to its own type");
    detail::FindRequest wanted = request<T>();
    wanted.tree = {detail::checked_path<Parent>(), node, upward, depth};
    detail::require_tree(wanted);
    return wanted;
  }
  template <class... Values>
  static std::vector<Value> parameter_list(const Values&... values) {
    std::vector<Value> list;
    list.reserve(sizeof...(Values));
    (detail::capture<detail::strip_optional<Values>>(values, [&](ValueView view) { list.push_back(Value(view)); }), ...);
    return list;
  }
  template <class T, class K>
  [[noreturn]] void not_found(const K& key_or_condition) {
    if constexpr (detail::is_condition<K>) {
      detail::throw_not_found(*manager_, request<T>(key_or_condition));
    } else {
      Scratch scratch;
      const ValueView key = detail::key_view(key_or_condition, scratch);
      detail::throw_not_found(*manager_, detail::type_tag<T>, {&key, 1});
    }
  }
  template <class T, class K>
  static Task<Ref<T>> find_one_task(detail::Manager* manager, K key_or_condition, detail::LockRequest lock,
                                    bool or_fail) {
    detail::EntityState* found = nullptr;
    if constexpr (detail::is_condition<K>) {
      detail::FindRequest wanted = request<T>(key_or_condition, lock);
      wanted.limit = 1;
      std::vector<detail::EntityState*> states = co_await detail::find_task(*manager, wanted);
      if (!states.empty()) found = states.front();
      if (!found && or_fail) detail::throw_not_found(*manager, wanted);
    } else {
      Scratch scratch;
      std::vector<Value> key;
      key.push_back(Value(detail::key_view(key_or_condition, scratch)));
      found = co_await detail::find_by_key_task(*manager, detail::type_tag<T>, key, lock);
      if (!found && or_fail) {
        const ValueView view = key.front().view();
        detail::throw_not_found(*manager, detail::type_tag<T>, {&view, 1});
      }
    }
    co_return detail::RefAccess::make<T>(found);
  }

  std::unique_ptr<detail::Manager> manager_;
};

}  // namespace kin
