// SPDX-License-Identifier: MIT
#pragma once

#include <kin/condition.hpp>
#include <kin/detail/manager_api.hpp>
#include <kin/field.hpp>
#include <kin/loaded.hpp>

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace kin {

/// A page of results and the number of rows without limit and offset.
template <class Item>
struct ListAndCount {
  std::vector<Item> items{};
  std::uint64_t total{};
};

template <class T, class D>
class FindAs;

/// What is to be read: refined by chained calls, run by the last one. Nothing is sent before that. An ordinary value:
/// may be kept, copied and run again as long as its EntityManager lives.
///
/// Verbs throw ValidationError for a request that cannot be right, DriverError for what the database reports.
template <class T, class Paths = detail::PathList<>>
class [[nodiscard("kin: a find is only a description; call list(), one(), count() … to run it")]] Find {
  using Item = detail::loaded_type<T, Paths>;

 public:
  Find(detail::Manager& manager, detail::FindRequest request) noexcept
      : manager_(&manager), request_(std::move(request)) {}

  /// Narrows the condition further.
  template <class R>
  Find& where(Condition<R> condition) {
    static_assert(std::is_same_v<R, T>, "kin: the condition is on another entity than the one that is read");
    request_.where.combine(detail::Op::and_, std::move(condition).expression());
    return *this;
  }
  template <class... R>
  Find& order_by(const Order<R>&... terms) {
    static_assert((std::is_same_v<R, T> && ...), "kin: the order is on another entity than the one that is read");
    (request_.order.push_back({terms.expression(), terms.descending(), terms.nulls()}), ...);
    return *this;
  }
  /// Most root entities to read, however many rows joins make of each.
  Find& limit(std::uint64_t count) {
    request_.limit = count;
    return *this;
  }
  Find& offset(std::uint64_t count) {
    request_.offset = count;
    return *this;
  }
  /// How populated relations are read.
  Find& strategy(Strategy strategy) {
    request_.strategy = strategy;
    return *this;
  }
  /// Overwrites entities that the manager has already, dropping their unflushed changes.
  Find& refresh() {
    request_.refresh = true;
    return *this;
  }
  /// Pessimistic: locks the rows of the root entity until the end of the transaction.
  Find& lock(LockMode mode) {
    request_.lock = mode;
    return *this;
  }
  /// Of LockMode::optimistic: an entity that has another version is an OptimisticLockError.
  template <class V>
  Find& lock_version(const V& version) {
    request_.lock_version = detail::version_view(version);
    return *this;
  }
  /// Locks the rows of a relation too, which is joined then: a path of to-one members of any depth.
  template <auto... Members>
  Find& lock_tables() {
    static_assert(std::is_same_v<detail::path_root<Members...>, T>,
                  "kin: lock_tables<> starts at another entity than the one that is read");
    static_assert(
        (detail::AnyRefType<detail::member_type<Members>> && ...),
        "kin: lock_tables<> goes over to-one relations; the items of a collection are read by a statement of "
        "their own, so lock them by a find of their own");
    request_.lock_tables.push_back(detail::checked_path<Members...>());
    return *this;
  }
  /// Rows that a soft delete has marked count, too: those of the root and of everything that is joined,
  /// populated or asked for in conditions.
  Find& with_deleted() {
    request_.with_deleted = true;
    return *this;
  }
  /// Of matching(): the collection holds what list() finds, in its order. It is partial and can't be changed
  /// until load() has read all of its items. Throws ValidationError at list() for other finds, and for a
  /// collection with unflushed changes.
  Find& store() {
    request_.store = true;
    return *this;
  }
  Find& flush_mode(FlushMode mode) {
    request_.flush_mode = mode;
    return *this;
  }
  /// Reads from a replica or from the primary, whatever the options and earlier writes would choose. In a
  /// transaction it is the primary in any case.
  Find& connection_type(ConnectionType type) {
    request_.connection_type = type;
    return *this;
  }
  /// Put in front of the statement as an SQL comment.
  Find& comment(std::string text) {
    request_.comment = std::move(text);
    return *this;
  }
  /// Reads only these members (and the key); the others keep their default values until a later read.
  template <auto... Members>
  Find& only() {
    (request_.only.push_back(checked<Members>()), ...);
    return *this;
  }
  /// Reads all but these members.
  template <auto... Members>
  Find& exclude() {
    (request_.exclude.push_back(checked<Members>()), ...);
    return *this;
  }
  /// Loads a relation along: a member, or a path of members of any depth.
  template <auto... Members>
  auto populate() {
    static_assert(std::is_same_v<detail::path_root<Members...>, T>,
                  "kin: populate<> starts at another entity than the one that is read");
    static_assert((detail::is_relation_member<Members> && ...),
                  "kin: populate<> goes over relations only; a plain member is always read");
    request_.populate.push_back(detail::checked_path<Members...>());
    using More = typename detail::Append<Paths, detail::Path<Members...>>::type;
    return Find<T, More>(*manager_, std::move(request_));
  }
  /// Reads plain rows in place of entities: one member of D for each field, in order.
  template <class D, class... Fields>
  FindAs<T, D> as(const Fields&... fields);

  std::vector<Item> list() const { return wrap(detail::find_blocking(*manager_, request_)); }
  Task<std::vector<Item>> list_async() const { return list_task(manager_, request_); }
  /// The first entity, or null.
  Item one() const { return first(detail::find_blocking(*manager_, limited())); }
  Task<Item> one_async() const { return one_task(manager_, limited()); }
  /// Throws NotFoundError when there is none.
  Item one_or_fail() const {
    Item found = one();
    if (!found) detail::throw_not_found(*manager_, request_);
    return found;
  }
  Task<Item> one_or_fail_async() const { return one_or_fail_task(manager_, limited()); }
  /// Number of root entities, without limit and offset.
  std::uint64_t count() const { return detail::count_blocking(*manager_, request_); }
  Task<std::uint64_t> count_async() const { return detail::count_task(*manager_, request_); }
  bool exists() const { return detail::exists_blocking(*manager_, request_); }
  Task<bool> exists_async() const { return detail::exists_task(*manager_, request_); }
  ListAndCount<Item> list_and_count() const {
    ListAndCount<Item> result;
    result.items = list();
    result.total = count();
    return result;
  }
  Task<ListAndCount<Item>> list_and_count_async() const { return list_and_count_task(manager_, request_); }
  /// The statement that list() would send first.
  std::string sql() const { return detail::sql_of(*manager_, request_); }

 private:
  template <auto Member>
  static constexpr detail::MemberPath checked() {
    static_assert(std::is_same_v<detail::member_owner<Member>, T>,
                  "kin: only<> and exclude<> take members of the entity that is read");
    return detail::checked_path<Member>();
  }
  detail::FindRequest limited() const {
    detail::FindRequest request = request_;
    request.limit = 1;
    return request;
  }
  static std::vector<Item> wrap(const std::vector<detail::EntityState*>& states) {
    std::vector<Item> result;
    result.reserve(states.size());
    for (detail::EntityState* state : states) result.push_back(Item(detail::RefAccess::make<T>(state)));
    return result;
  }
  static Item first(const std::vector<detail::EntityState*>& states) {
    return states.empty() ? Item() : Item(detail::RefAccess::make<T>(states.front()));
  }
  static Task<std::vector<Item>> list_task(detail::Manager* manager, detail::FindRequest request) {
    std::vector<detail::EntityState*> states = co_await detail::find_task(*manager, std::move(request));
    co_return wrap(states);
  }
  static Task<Item> one_task(detail::Manager* manager, detail::FindRequest request) {
    std::vector<detail::EntityState*> states = co_await detail::find_task(*manager, std::move(request));
    co_return first(states);
  }
  static Task<Item> one_or_fail_task(detail::Manager* manager, detail::FindRequest request) {
    std::vector<detail::EntityState*> states = co_await detail::find_task(*manager, request);
    if (states.empty()) detail::throw_not_found(*manager, request);
    co_return first(states);
  }
  static Task<ListAndCount<Item>> list_and_count_task(detail::Manager* manager, detail::FindRequest request) {
    ListAndCount<Item> result;
    std::vector<detail::EntityState*> states = co_await detail::find_task(*manager, request);
    result.items = wrap(states);
    result.total = co_await detail::count_task(*manager, std::move(request));
    co_return result;
  }

  detail::Manager* manager_;
  detail::FindRequest request_;
};

/// A find that ends in plain rows of struct D.
template <class T, class D>
class [[nodiscard("kin: a find is only a description; call list() or one() to run it")]] FindAs {
 public:
  FindAs(detail::Manager& manager, detail::FindRequest request) noexcept
      : manager_(&manager), request_(std::move(request)) {}
  std::vector<D> list() const {
    std::vector<D> result;
    detail::rows_blocking(*manager_, request_, detail::row_shape<D>(), &result);
    return result;
  }
  Task<std::vector<D>> list_async() const { return list_task(manager_, request_); }
  std::string sql() const { return detail::sql_of(*manager_, request_); }

 private:
  static Task<std::vector<D>> list_task(detail::Manager* manager, detail::FindRequest request) {
    std::vector<D> result;
    co_await detail::rows_task(*manager, request, detail::row_shape<D>(), &result);
    co_return result;
  }
  detail::Manager* manager_;
  detail::FindRequest request_;
};

template <class T>
Find<T, detail::PathList<>> Collection<T>::matching() const {
  detail::FindRequest request;
  request.root = detail::type_tag<T>;
  this->matching_request(request);
  return Find<T>(this->matching_manager(), std::move(request));
}
template <class T>
template <class R>
Find<T, detail::PathList<>> Collection<T>::matching(Condition<R> condition) const {
  static_assert(std::is_same_v<R, T>, "kin: the condition is on another entity than the collection's items");
  Find<T> found = matching();
  found.where(std::move(condition));
  return found;
}
template <class T>
template <class R>
std::size_t Collection<T>::load_count(Condition<R> condition) const {
  return static_cast<std::size_t>(matching(std::move(condition)).count());
}

template <class T, class Paths>
template <class D, class... Fields>
FindAs<T, D> Find<T, Paths>::as(const Fields&... fields) {
  static_assert(sizeof...(Fields) == detail::member_count<D>,
                "kin: as<> needs one field for each member of the result struct");
  detail::FindRequest request = request_;
  request.populate.clear();
  request.positional = true;
  (request.select.push_back({fields.expression(), nullptr}), ...);
  return FindAs<T, D>(*manager_, std::move(request));
}

}  // namespace kin
