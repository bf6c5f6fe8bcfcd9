// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/aggregate.hpp>
#include <kin/detail/codec_of.hpp>
#include <kin/detail/entity_state.hpp>
#include <kin/detail/find_request.hpp>
#include <kin/fork_options.hpp>
#include <kin/plan.hpp>
#include <kin/rows.hpp>
#include <kin/task.hpp>
#include <kin/transaction.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kin {
class AssignOptions;
class EntityManager;
class EventSubscriber;

/// What merge() and map() do with an entity that is loaded already.
enum class Merge : std::uint8_t {
  keep,     ///< it stays as it is, with its unflushed changes
  refresh,  ///< its members are replaced
};
}  // namespace kin

/// What the typed face calls: one function a verb, compiled once. Each takes the manager's guard, so that two tasks
/// in one manager get an error. The blocking form and its task run the same code.
namespace kin::detail {

class Manager;

/// A lock that is asked for: its mode, and of an optimistic one the expected version (null = not said).
struct LockRequest {
  LockMode mode = LockMode::none;
  ValueView version{};
};

EntityState* create_entity(Manager& manager, TypeTag tag, void* from, bool persist);
void persist_entity(Manager& manager, EntityState* state);
void remove_entity(Manager& manager, EntityState* state);
void hard_remove_entity(Manager& manager, EntityState* state);
void restore_entity(Manager& manager, EntityState* state);
EntityState* get_reference(Manager& manager, TypeTag tag, std::span<const ValueView> key);
/// `json` is a kin::Json, which most files must not know; without options those of the Orm apply.
EntityState* create_from_json(Manager& manager, TypeTag tag, const void* json, const AssignOptions* options);
void assign_json(Manager& manager, EntityState* state, const void* json, const AssignOptions* options);
EntityState* merge_entity(Manager& manager, TypeTag tag, void* value, Merge existing);
EntityState* map_row(Manager& manager, TypeTag tag, const Row& row, Merge existing);
void clear_type(Manager& manager, TypeTag tag);
void detach_entity(Manager& manager, EntityState* state);
bool is_managed(const Manager& manager, const EntityState* state) noexcept;
/// An object with the stored values of an entity, valid until the next call; null when the member has none.
const void* original_entity(Manager& manager, EntityState* state, const MemberId& member);
[[noreturn]] void throw_row_gone(const EntityState* state);
void clear_manager(Manager& manager);
FlushMode flush_mode(Manager& manager);
void set_flush_mode(Manager& manager, FlushMode mode);
bool is_in_transaction(Manager& manager);
bool has_changes(Manager& manager);
void add_subscriber(Manager& manager, std::shared_ptr<EventSubscriber> subscriber);

EntityState* find_by_key_blocking(Manager& manager, TypeTag tag, std::span<const ValueView> key,
                                  LockRequest lock);
Task<EntityState*> find_by_key_task(Manager& manager, TypeTag tag, std::vector<Value> key, LockRequest lock);
std::vector<EntityState*> find_blocking(Manager& manager, const FindRequest& request);
Task<std::vector<EntityState*>> find_task(Manager& manager, FindRequest request);
std::uint64_t count_blocking(Manager& manager, const FindRequest& request);
Task<std::uint64_t> count_task(Manager& manager, FindRequest request);
bool exists_blocking(Manager& manager, const FindRequest& request);
Task<bool> exists_task(Manager& manager, FindRequest request);
std::string sql_of(Manager& manager, const FindRequest& request);
bool refresh_blocking(Manager& manager, EntityState* state);
Task<bool> refresh_task(Manager& manager, EntityState* state);
void populate_blocking(Manager& manager, const FindRequest& request, std::vector<EntityState*> states);
Task<void> populate_task(Manager& manager, FindRequest request, std::vector<EntityState*> states);
void lock_blocking(Manager& manager, EntityState* state, LockRequest lock);
Task<void> lock_task(Manager& manager, EntityState* state, LockRequest lock);

/// A struct that rows are read into: its members, and how a vector of it grows.
struct RowMember {
  std::string_view name;
  std::uint32_t offset;
  const Codec* codec;
};
struct RowShape {
  std::string_view type_name;
  std::vector<RowMember> members{};
  void* (*append)(void* vector) = nullptr;  ///< adds a default row, returns its address
};
void rows_blocking(Manager& manager, const FindRequest& request, const RowShape& shape, void* vector);
Task<void> rows_task(Manager& manager, const FindRequest& request, const RowShape& shape, void* vector);
Rows execute_blocking(Manager& manager, std::string_view sql, std::span<const Value> parameters);
Task<Rows> execute_task(Manager& manager, std::string sql, std::vector<Value> parameters);

/// Writes the rows that meet the request's condition, without reading them: native_update and native_delete.
enum class Modification : std::uint8_t { update, remove };
std::uint64_t modify_blocking(Manager& manager, const FindRequest& request, Modification kind);
Task<std::uint64_t> modify_task(Manager& manager, FindRequest request, Modification kind);
std::string sql_of(Manager& manager, const FindRequest& request, Modification kind);

Plan plan_flush(Manager& manager);
/// Throws ValidationError for a read of a tree that begins at nothing.
void require_tree(const FindRequest& request);
void flush_blocking(Manager& manager);
Task<void> flush_task(Manager& manager);
void begin_blocking(Manager& manager, TransactionOptions options);
Task<void> begin_task(Manager& manager, TransactionOptions options);
void commit_blocking(Manager& manager);
Task<void> commit_task(Manager& manager);
void rollback_blocking(Manager& manager);
Task<void> rollback_task(Manager& manager);

/// What a call of transactional() does about a transaction.
enum class TransactionWay : std::uint8_t { open, join, none };

/// One run of transactional(): decides what the propagation means here, begins, and after an error chooses
/// between another try and giving up. What it changes in the manager's settings ends with it.
class TransactionRun {
 public:
  /// `returns_entities`: the work returns handles, which would not outlive a fork. Throws before anything is
  /// sent.
  TransactionRun(Manager& manager, TransactionOptions options, bool returns_entities);
  TransactionRun(const TransactionRun&) = delete;
  TransactionRun& operator=(const TransactionRun&) = delete;
  ~TransactionRun();

  /// What the work gets: a fork, or the manager that was asked.
  EntityManager& em(EntityManager& asked) const noexcept { return fork_ ? *fork_ : asked; }
  void begin_blocking();
  void commit_blocking();
  /// Rolls back; returns true after a pause when the work is to be tried again, else false.
  bool failed_blocking(std::exception_ptr error);
  Task<void> begin();
  Task<void> commit();
  Task<bool> failed(std::exception_ptr error);

 private:
  bool may_retry(const std::exception_ptr& error) const;
  Task<void> open();
  void require_own_level() const;
  Manager* manager_;  // of the fork where there is one
  TransactionOptions options_;
  std::unique_ptr<EntityManager> fork_{};
  bool waits_for_fork_ = false;  // the manager that was asked has a transaction open meanwhile
  TransactionWay way_{};
  int level_ = 0;
  int tries_ = 0;
  FlushMode flush_mode_before_{};
  bool disabled_before_ = false;
};

[[noreturn]] void throw_not_found(Manager& manager, TypeTag tag, std::span<const ValueView> key);
[[noreturn]] void throw_not_found(Manager& manager, const FindRequest& request);

template <class D>
struct RowShapeBuilder {
  RowShape& shape;
  template <class M>
  void operator()(std::string_view name, std::size_t offset) const {
    static_assert(has_codec<M>, "kin: a member of the result struct has a type that no column can be read into");
    if constexpr (has_codec<M>)
      shape.members.push_back({name, static_cast<std::uint32_t>(offset), &codec_of<M>()});
  }
};
template <class D>
const RowShape& row_shape() {
  static const RowShape shape = [] {
    RowShape made;
    made.type_name = type_name<D>();
    for_each_member<D>(RowShapeBuilder<D>{made});
    made.append = [](void* vector) -> void* { return &static_cast<std::vector<D>*>(vector)->emplace_back(); };
    return made;
  }();
  return shape;
}

template <class T>
std::vector<Ref<T>> to_refs(const std::vector<EntityState*>& states) {
  std::vector<Ref<T>> result;
  result.reserve(states.size());
  for (EntityState* state : states) result.push_back(RefAccess::make<T>(state));
  return result;
}

template <class V>
inline constexpr bool is_version = std::is_integral_v<V> && !std::is_same_v<V, bool> && !is_character<V>;
template <class D>
inline constexpr bool is_version<SysTime<D>> = true;

/// An expected version as its database form, which refers to no memory.
template <class V>
ValueView version_view(const V& version) {
  static_assert(is_version<V>,
                "kin: a version is an integer or a std::chrono::sys_time, as the member that holds it");
  if constexpr (is_version<V>) {
    Scratch scratch;
    const Codec& codec = codec_of<V>();
    return codec.view(codec, &version, scratch);
  } else {
    return {};
  }
}
template <class... Version>
LockRequest lock_request(LockMode mode, const Version&... version) {
  static_assert(sizeof...(Version) <= 1, "kin: a lock takes its mode and at most one expected version");
  LockRequest lock{mode, {}};
  ((lock.version = version_view(version)), ...);
  return lock;
}

/// A key given by the user as its database form. The view lives as long as `key` and `scratch`.
template <class K>
ValueView key_view(const K& key, Scratch& scratch) {
  if constexpr (std::is_convertible_v<const K&, std::string_view>) {
    return ValueView::text(std::string_view(key));
  } else {
    static_assert(has_codec<K>, "kin: this type cannot be a key");
    if constexpr (has_codec<K>) {
      const Codec& codec = codec_of<K>();
      return codec.view(codec, &key, scratch);
    } else {
      return {};
    }
  }
}

}  // namespace kin::detail
