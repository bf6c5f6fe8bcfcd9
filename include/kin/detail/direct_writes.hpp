// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/entity_state.hpp>
#include <kin/detail/expression.hpp>
#include <kin/detail/find_request.hpp>
#include <kin/detail/type_tag.hpp>
#include <kin/reference.hpp>
#include <kin/task.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

/// Rows that are written past the unit of work: upsert() and insert(); and values that it lets the database
/// compute.
namespace kin::detail {

class Manager;

enum class UpsertAction : std::uint8_t { merge_given, merge_listed, ignore };

/// What on_conflict() describes, untyped.
struct UpsertRequest {
  TypeTag root = nullptr;
  std::vector<MemberPath> conflict{};  ///< none = the key, else the first unique set that has values
  std::vector<MemberPath> merge{};
  std::vector<MemberPath> exclude{};
  UpsertAction action = UpsertAction::merge_given;
  Expression where{};
};

/// Values on their way into rows. They belong to no identity map, and end with this object; it may not
/// outlive the manager.
class Drafts {
 public:
  Drafts(Manager& manager, TypeTag tag);
  Drafts(Drafts&&) noexcept;
  Drafts& operator=(Drafts&&) noexcept;
  ~Drafts();

  /// Takes a value over: it is moved from. Members with on_create get their values.
  void add(void* value);
  /// An entity of create_detached(), which becomes managed itself when it is written.
  void adopt(EntityState* state);
  const void* at(std::size_t index) const noexcept;
  std::size_t size() const noexcept;

  struct Data;
  Data& data() noexcept { return *data_; }

 private:
  std::unique_ptr<Data> data_;
};

/// The managed entity of each draft, in order.
std::vector<EntityState*> upsert_blocking(Manager& manager, const UpsertRequest& request, Drafts& drafts);
Task<std::vector<EntityState*>> upsert_task(Manager& manager, UpsertRequest request, Drafts drafts);
/// The drafts have their keys afterwards.
void insert_blocking(Manager& manager, Drafts& drafts);
Task<void> insert_task(Manager& manager, Drafts& drafts);
/// The next flush lets the database compute a member of the entity.
void set_computed(Manager& manager, EntityState* state, MemberPath path, Expression value);

/// Moves the values of a range that is given away, and copies those of another one.
template <class T, class Range>
Drafts drafts_of(Manager& manager, Range&& range) {
  static_assert(std::is_same_v<std::ranges::range_value_t<Range>, T>,
                "kin: the range holds values of another type than the entity that is written");
  static_assert(!std::is_lvalue_reference_v<Range> || std::copy_constructible<T>,
                "kin: an entity with a Collection can't be copied; give the range away by std::move(range)");
  Drafts drafts(manager, type_tag<T>);
  for (auto&& value : range) {
    if constexpr (std::is_lvalue_reference_v<Range>) {
      T copy(value);
      drafts.add(&copy);
    } else {
      drafts.add(&value);
    }
  }
  return drafts;
}
template <class T>
Drafts draft_of(Manager& manager, T& value) {
  Drafts drafts(manager, type_tag<T>);
  drafts.add(&value);
  return drafts;
}
template <class T>
Drafts draft_of(Manager& manager, const Ref<T>& entity) {
  Drafts drafts(manager, type_tag<T>);
  drafts.adopt(RefAccess::state(entity));
  return drafts;
}

template <class T>
std::vector<Ref<T>> refs_of(const std::vector<EntityState*>& states) {
  std::vector<Ref<T>> refs;
  refs.reserve(states.size());
  for (EntityState* const state : states) refs.push_back(RefAccess::make<T>(state));
  return refs;
}

/// The key of a row that was inserted: the members that are named, else the member `id`, else nothing.
template <class T, auto... Key>
auto inserted_key(const void* entity) {
  const T& value = *static_cast<const T*>(entity);
  if constexpr (sizeof...(Key) > 1) {
    return std::make_tuple(value.*Key...);
  } else if constexpr (sizeof...(Key) == 1) {
    return std::get<0>(std::make_tuple(value.*Key...));
  } else if constexpr (requires { value.id; }) {
    return value.id;
  } else {
    static_cast<void>(value);
    return;
  }
}
template <class T, auto... Key>
using InsertedKey = decltype(inserted_key<T, Key...>(nullptr));

template <class T, auto... Key>
auto inserted_keys(const Drafts& drafts) {
  using One = InsertedKey<T, Key...>;
  if constexpr (std::is_void_v<One>) {
    static_cast<void>(drafts);
  } else {
    std::vector<One> keys;
    keys.reserve(drafts.size());
    for (std::size_t i = 0; i < drafts.size(); ++i) keys.push_back(inserted_key<T, Key...>(drafts.at(i)));
    return keys;
  }
}
template <class T, auto... Key>
using InsertedKeys = decltype(inserted_keys<T, Key...>(std::declval<const Drafts&>()));

template <class T>
Task<Ref<T>> upsert_one(Manager& manager, UpsertRequest request, Drafts drafts) {
  std::vector<EntityState*> states = co_await upsert_task(manager, std::move(request), std::move(drafts));
  co_return RefAccess::make<T>(states.front());
}
template <class T>
Task<std::vector<Ref<T>>> upsert_several(Manager& manager, UpsertRequest request, Drafts drafts) {
  std::vector<EntityState*> states = co_await upsert_task(manager, std::move(request), std::move(drafts));
  co_return refs_of<T>(states);
}
template <class T, auto... Key>
Task<InsertedKey<T, Key...>> insert_one(Manager& manager, Drafts drafts) {
  co_await insert_task(manager, drafts);
  co_return inserted_key<T, Key...>(drafts.at(0));
}
template <class T, auto... Key>
Task<InsertedKeys<T, Key...>> insert_several(Manager& manager, Drafts drafts) {
  co_await insert_task(manager, drafts);
  co_return inserted_keys<T, Key...>(drafts);
}

}  // namespace kin::detail
