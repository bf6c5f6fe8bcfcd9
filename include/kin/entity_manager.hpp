// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/manager_api.hpp>
#include <kin/find.hpp>
#include <kin/native_update.hpp>
#include <kin/query_builder.hpp>
#include <kin/transaction.hpp>

#include <concepts>
#include <cstdint>
#include <exception>
#include <memory>
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
}  // namespace detail

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
  Task<std::uint64_t> native_delete_async(Condition<R> condition) {
    return detail::modify_task(*manager_, request<T>(std::move(condition)), detail::Modification::remove);
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
  /// Forgets all entities and pending changes; every Ref becomes invalid.
  void clear() { detail::clear_manager(*manager_); }
  /// True when a flush would write something.
  bool has_changes() { return detail::has_changes(*manager_); }

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
