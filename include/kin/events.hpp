// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/codec_of.hpp>
#include <kin/detail/manager_api.hpp>
#include <kin/detail/member_path.hpp>
#include <kin/entity.hpp>
#include <kin/event.hpp>
#include <kin/metadata.hpp>
#include <kin/reference.hpp>
#include <kin/unit_of_work.hpp>
#include <kin/value.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace kin {

namespace unit_of_work {
class FlushEvents;
struct ChangeRecord;
}  // namespace unit_of_work

enum class ChangeKind : std::uint8_t { create, update, remove };

/// One column of a change. Names are valid as long as the Orm.
struct ChangedValue {
  std::string_view property{};  ///< of a member of an embedded struct the dotted path
  std::string_view column{};
  Value before{};  ///< null of a new entity
  Value after{};   ///< null of a removed one
};

/// What a flush is about to do with one entity, or has done. A handle, valid until the flush ends; a null one
/// means "no change". Until the writing begins it tells what the entity differs in now, after that what was
/// written.
class ChangeSet {
 public:
  ChangeSet() noexcept = default;
  explicit ChangeSet(const unit_of_work::ChangeRecord* record) noexcept : record_(record) {}

  explicit operator bool() const noexcept { return record_ != nullptr; }
  ChangeKind kind() const;
  const EntityMetadata& metadata() const;
  /// Null when the entity is of another type.
  template <class T>
  Ref<T> entity() const {
    return detail::RefAccess::make<T>(state_of(detail::type_tag<T>));
  }
  /// The key columns; null of a new entity whose key the database has not made yet.
  std::vector<Value> key() const;

  /// Whether a column of the member differs from what was read. Of a new entity all that are inserted do, of
  /// a removed one none. Paths go into embedded structs.
  template <auto... Members>
  bool changed() const {
    return is_changed(detail::checked_path<Members...>());
  }
  /// What the member held when it was read or last flushed; a default value where that is not known.
  template <auto... Members>
  auto original() const {
    using M = detail::path_leaf<Members...>;
    if constexpr (detail::AnyRefType<M>) {
      using Target = typename detail::RefTarget<M>::type;
      return detail::RefAccess::make<Target>(original_reference(detail::checked_path<Members...>()));
    } else {
      static_assert(detail::has_codec<M>,
                    "kin: original<> names a member with a column of its own; of an embedded struct name the "
                    "member inside of it: original<&Author::home, &Address::city>()");
      M value{};
      if constexpr (detail::has_codec<M>) read_original(detail::checked_path<Members...>(), &value);
      return value;
    }
  }
  /// Names of the members that changed.
  std::vector<std::string_view> properties() const;
  /// The same with values, column by column: of a new entity those that are inserted, of a removed one all.
  std::vector<ChangedValue> values() const;

 private:
  friend class FlushEventArgs;
  detail::EntityState* state_of(detail::TypeTag tag) const;
  bool is_changed(detail::MemberPath path) const;
  void read_original(detail::MemberPath path, void* value) const;
  detail::EntityState* original_reference(detail::MemberPath path) const;

  const unit_of_work::ChangeRecord* record_ = nullptr;
};

/// What every handler of an event may do. Handlers are called in the middle of a verb of the manager: the
/// manager's own verbs throw TransactionStateError there, and what they would need the database for is not to
/// be had.
class EventVerbs {
 public:
  explicit EventVerbs(detail::Manager& manager) noexcept : manager_(manager) {}
  EventVerbs(const EventVerbs&) = delete;
  EventVerbs& operator=(const EventVerbs&) = delete;

  /// As of the EntityManager. What handlers schedule in a flush is written by the same flush, and when that
  /// fails it is taken back: a new entity is as one of create_detached then.
  template <class T>
  Ref<T> create(std::type_identity_t<T> value) {
    return detail::RefAccess::make<T>(create_state(detail::type_tag<T>, &value));
  }
  template <class T>
  void persist(const Ref<T>& entity) {
    persist_state(detail::RefAccess::state(entity));
  }
  template <class T>
  void remove(const Ref<T>& entity) {
    remove_state(detail::RefAccess::state(entity));
  }
  template <class T, class... Keys>
  Ref<T> get_reference(const Keys&... keys) {
    Scratch scratch[sizeof...(Keys)];
    std::size_t at = 0;
    const ValueView views[] = {detail::key_view(keys, scratch[at++])...};
    return detail::RefAccess::make<T>(reference_state(detail::type_tag<T>, views));
  }
  detail::Manager& internals() noexcept { return manager_; }

 protected:
  ~EventVerbs() = default;
  detail::Manager& manager_;

 private:
  detail::EntityState* create_state(detail::TypeTag tag, void* from);
  void persist_state(detail::EntityState* state);
  void remove_state(detail::EntityState* state);
  detail::EntityState* reference_state(detail::TypeTag tag, std::span<const ValueView> key);
};

/// Of an event of one entity. Valid during the call.
class EventArgs : public EventVerbs {
 public:
  EventArgs(detail::Manager& manager, Event event, detail::EntityState& state, ChangeSet change) noexcept
      : EventVerbs(manager), event_(event), state_(state), change_(change) {}

  Event event() const noexcept { return event_; }
  const EntityMetadata& metadata() const noexcept { return *state_.metadata; }
  /// Null when the entity is of another type.
  template <class T>
  Ref<T> entity() const {
    return detail::RefAccess::make<T>(state_of(detail::type_tag<T>));
  }
  /// Null outside of a flush.
  ChangeSet change_set() const noexcept { return change_; }

 private:
  detail::EntityState* state_of(detail::TypeTag tag) const noexcept;
  Event event_;
  detail::EntityState& state_;
  ChangeSet change_;
};
using EntityEventArgs = EventArgs;

/// Of a flush as a whole. Valid during the call.
class FlushEventArgs : public EventVerbs {
 public:
  FlushEventArgs(detail::Manager& manager, unit_of_work::FlushEvents& events) noexcept
      : EventVerbs(manager), events_(events) {}

  /// In before_flush none; in on_flush what is to be written, in after_flush what was.
  std::vector<ChangeSet> change_sets() const;
  /// Null when the entity is not about to change.
  template <class T>
  ChangeSet change_set(const Ref<T>& entity) const {
    return change_of(detail::RefAccess::state(entity));
  }
  /// Changes of many-to-many collections.
  std::vector<CollectionUpdate> collection_updates() const;

  // In on_flush. Elsewhere they throw TransactionStateError.
  /// Compares again, so that change_sets() has what was edited, added and removed since. Also done for the
  /// next subscriber, and before the writing.
  void recompute();
  /// The entity stays; edits of its members are updated.
  template <class T>
  void cancel_remove(const Ref<T>& entity) {
    cancel_remove_state(detail::RefAccess::state(entity));
  }
  void cancel_remove(const ChangeSet& change);
  /// The entity is deleted in place of being updated.
  void turn_into_remove(const ChangeSet& change);
  /// Nothing is written: a new entity is taken back as by remove(), a changed one gets its stored values
  /// again, a removed one stays.
  void drop(const ChangeSet& change);

 private:
  ChangeSet change_of(const detail::EntityState* state) const;
  void cancel_remove_state(detail::EntityState* state);
  unit_of_work::FlushEvents& events_;
};

/// Of the beginning or the end of a transaction or savepoint. Valid during the call.
class TransactionEventArgs : public EventVerbs {
 public:
  TransactionEventArgs(detail::Manager& manager, int level) noexcept : EventVerbs(manager), level_(level) {}
  /// 0 of the transaction, 1 and more of the savepoints inside of it.
  int level() const noexcept { return level_; }
  bool is_savepoint() const noexcept { return level_ > 0; }

 private:
  int level_;
};

/// Hears of events: of all managers as one of Options::subscribers, of one by em.add_subscriber(). Override
/// any of the methods. They are called inside of the manager's verbs, after the hooks of the entity, in the
/// order of registration; an exception ends the verb. Managers on several threads call a shared subscriber at
/// the same time.
///
/// Order of a flush: before_flush; cascades and change sets; on_flush; before_create, …_update, …_delete; the
/// transaction's start, unless one is open; all writes; after_create, …_update, …_delete; commit;
/// after_flush.
class EventSubscriber {
 public:
  EventSubscriber() = default;
  EventSubscriber(const EventSubscriber&) = delete;
  EventSubscriber& operator=(const EventSubscriber&) = delete;
  virtual ~EventSubscriber();

  /// The types whose entity events it hears of: kin::entities<Author, Book>. An empty list means all. Asked
  /// once.
  virtual EntityList entities() const { return {}; }

  virtual void on_init(EntityEventArgs&) {}
  virtual void on_load(EntityEventArgs&) {}
  virtual void before_create(EntityEventArgs&) {}
  virtual void after_create(EntityEventArgs&) {}
  virtual void before_update(EntityEventArgs&) {}
  virtual void after_update(EntityEventArgs&) {}
  virtual void before_delete(EntityEventArgs&) {}
  virtual void after_delete(EntityEventArgs&) {}
  virtual void before_upsert(EntityEventArgs&) {}
  virtual void after_upsert(EntityEventArgs&) {}

  virtual void before_flush(FlushEventArgs&) {}
  virtual void on_flush(FlushEventArgs&) {}
  virtual void after_flush(FlushEventArgs&) {}

  virtual void before_transaction_start(TransactionEventArgs&) {}
  virtual void after_transaction_start(TransactionEventArgs&) {}
  virtual void before_transaction_commit(TransactionEventArgs&) {}
  virtual void after_transaction_commit(TransactionEventArgs&) {}
  virtual void before_transaction_rollback(TransactionEventArgs&) {}
  virtual void after_transaction_rollback(TransactionEventArgs&) {}
};

}  // namespace kin
