// SPDX-License-Identifier: MIT
#pragma once

#include <kin/reference.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kin {

template <class T>
class Collection;
template <class T>
class Condition;
template <class T, class Paths>
class Find;

namespace detail {

template <class... Paths>
struct PathList;
struct FindRequest;
template <class M>
struct MemberPointer;

struct CollectionIndex;

/// Items of a collection; made when it is first populated or changed.
struct CollectionData {
  CollectionData() noexcept = default;
  CollectionData(const CollectionData&) = delete;
  CollectionData& operator=(const CollectionData&) = delete;
  ~CollectionData();

  std::vector<EntityState*> items{};     ///< what the user sees
  std::vector<EntityState*> stored{};    ///< what the database held at the last read or flush
  std::vector<EntityState*> added{};     ///< changes made while the items are not known
  std::vector<EntityState*> taken{};
  bool initialized = false;
  bool dirty = false;
  bool queued = false;                   ///< stands in the manager's list of changed collections
  bool replaced = false;  ///< `items` were set unread: the next flush finds out what they replace
  bool partial = false;   ///< `items` are those of a stored matching() only
  std::uint32_t read = 0;                ///< number of the read that is filling it
  CollectionIndex* index = nullptr;      ///< of the items, or of the noted changes; made when there are many

  /// Changes are made to the items; of others they are noted until the items are known.
  bool is_known() const noexcept { return initialized && !partial; }
};

/// The untyped part of Collection<T>: everything but the handles' type.
class CollectionBase {
 public:
  CollectionBase() noexcept = default;
  CollectionBase(const CollectionBase&) = delete;
  CollectionBase& operator=(const CollectionBase&) = delete;
  CollectionBase(CollectionBase&& other) noexcept : owner_(nullptr), data_(other.data_) {
    other.data_ = nullptr;
  }
  /// Takes the items over; the owner stays. For use before the entity is handed to a manager.
  CollectionBase& operator=(CollectionBase&& other);
  ~CollectionBase() {
    if (data_) delete data_;
  }

  /// Number of items. Throws NotInitializedError when they have not been loaded.
  std::size_t size() const { return items().size(); }
  bool empty() const { return items().empty(); }
  /// True when the items are known: loaded, or the owner was created here.
  bool is_initialized() const noexcept {
    return data_ ? data_->initialized || owner_is_new() : owner_is_new();
  }
  /// True when items were added or removed since the last read or flush.
  bool is_dirty() const noexcept { return data_ && (data_->dirty || data_->replaced); }
  /// True when only items that met the condition of a stored matching() are known; it can't be changed then.
  bool is_partial() const noexcept { return data_ && data_->partial; }
  /// Takes every item out. Of a collection that is not loaded the next flush reads the items first.
  void remove_all();

 protected:
  friend struct CollectionAccess;

  bool owner_is_new() const noexcept {
    return owner_ == nullptr || owner_->has(EntityState::created_here);
  }
  const std::vector<EntityState*>& items() const {
    if (data_ != nullptr && data_->initialized) [[likely]] return data_->items;
    return items_slow();
  }
  const std::vector<EntityState*>& items_slow() const;
  bool add_state(EntityState* item);
  bool remove_state(EntityState* item);
  bool contains_state(const EntityState* item) const;
  void set_states(std::vector<EntityState*> items);
  void load_blocking();
  Task<void> load_task();
  std::size_t load_count_blocking() const;
  Task<std::size_t> load_count_task() const;
  /// A find over the items. Throws ValidationError when the owner has no row yet.
  void matching_request(FindRequest& request) const;
  Manager& matching_manager() const noexcept;

  EntityState* owner_ = nullptr;     ///< null while the entity does not lie in a manager's arena
  CollectionData* data_ = nullptr;
};

/// The core's way into collections.
struct CollectionAccess {
  static CollectionData& data(CollectionBase& collection) {
    if (!collection.data_) collection.data_ = new CollectionData();
    return *collection.data_;
  }
  static CollectionData* data_or_null(CollectionBase& collection) noexcept { return collection.data_; }
  static const CollectionData* data_or_null(const CollectionBase& collection) noexcept {
    return collection.data_;
  }
  static EntityState* owner(const CollectionBase& collection) noexcept { return collection.owner_; }
  static void attach(CollectionBase& collection, EntityState* owner) noexcept { collection.owner_ = owner; }
  template <class C>
  static const std::vector<EntityState*>& items(const C& collection) {
    return collection.items();
  }
};

template <class T>
class HandleIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = Ref<T>;
  using difference_type = std::ptrdiff_t;
  using pointer = void;
  using reference = Ref<T>;

  HandleIterator() noexcept = default;
  explicit HandleIterator(EntityState* const* at) noexcept : at_(at) {}
  Ref<T> operator*() const noexcept { return RefAccess::make<T>(*at_); }
  HandleIterator& operator++() noexcept {
    ++at_;
    return *this;
  }
  HandleIterator operator++(int) noexcept {
    HandleIterator before = *this;
    ++at_;
    return before;
  }
  friend bool operator==(const HandleIterator&, const HandleIterator&) noexcept = default;
  friend std::ptrdiff_t operator-(const HandleIterator& a, const HandleIterator& b) noexcept {
    return a.at_ - b.at_;
  }

 private:
  EntityState* const* at_ = nullptr;
};

/// A range of handles, also of such that know what was populated.
template <class Range, class T>
concept RangeOfRefs = requires(const Range& range) {
  { *std::begin(range) } -> std::convertible_to<const Ref<T>&>;
  std::end(range);
};

}  // namespace detail

/// The many side of a relation, as a member of an entity. Changes are written by the next flush; adding or
/// removing keeps the other side of the relation in step at once. Reading items that have not been loaded throws
/// NotInitializedError and names the populate path to add; adding and removing works without loading.
/// Iterators are invalidated by add, remove and load. Belongs to the thread of its EntityManager.
template <class T>
class Collection : public detail::CollectionBase {
 public:
  using value_type = Ref<T>;
  using iterator = detail::HandleIterator<T>;
  using const_iterator = iterator;

  Collection() noexcept = default;
  Collection(std::initializer_list<Ref<T>> items) {
    for (const Ref<T>& item : items) add(item);
  }

  iterator begin() const { return iterator(items().data()); }
  iterator end() const { return iterator(items().data() + items().size()); }
  Ref<T> operator[](std::size_t index) const { return detail::RefAccess::make<T>(items()[index]); }
  /// Throws std::out_of_range.
  Ref<T> at(std::size_t index) const { return detail::RefAccess::make<T>(items().at(index)); }

  /// Returns false when the item was in the collection already.
  bool add(const Ref<T>& item) { return add_state(detail::RefAccess::state(item)); }
  /// Returns how many of them were not in the collection before.
  std::size_t add(std::initializer_list<Ref<T>> items) { return add_each(items); }
  template <class Range>
    requires detail::RangeOfRefs<Range, T>
  std::size_t add(const Range& items) {
    return add_each(items);
  }
  /// Returns false when the item was not in the collection.
  bool remove(const Ref<T>& item) { return remove_state(detail::RefAccess::state(item)); }
  /// Returns how many of them were in the collection.
  std::size_t remove(std::initializer_list<Ref<T>> items) { return remove_each(items); }
  template <class Range>
    requires detail::RangeOfRefs<Range, T>
  std::size_t remove(const Range& items) {
    return remove_each(std::vector<Ref<T>>(std::begin(items), std::end(items)));
  }
  /// Takes out the loaded items for which the predicate is true, and returns how many they were.
  template <std::predicate<const Ref<T>&> Predicate>
  std::size_t remove(Predicate predicate) {
    return remove_each(filter(std::move(predicate)));
  }
  bool contains(const Ref<T>& item) const { return contains_state(detail::RefAccess::state(item)); }
  /// Makes the collection hold exactly these items; only the differences are written. Of a collection that is
  /// not loaded the next flush reads the items first, those of all such collections of a relation at once.
  template <class Range = std::initializer_list<Ref<T>>>
  void set(const Range& range) {
    std::vector<detail::EntityState*> states;
    for (const Ref<T>& item : range) states.push_back(detail::RefAccess::state(item));
    set_states(std::move(states));
  }

  // Of loaded items.

  /// The first item for which the predicate is true, or null.
  template <std::predicate<const Ref<T>&> Predicate>
  Ref<T> find_item(Predicate predicate) const {
    const iterator found = std::find_if(begin(), end(), std::move(predicate));
    return found == end() ? Ref<T>() : *found;
  }
  template <std::predicate<const Ref<T>&> Predicate>
  bool exists(Predicate predicate) const {
    return static_cast<bool>(find_item(std::move(predicate)));
  }
  template <std::predicate<const Ref<T>&> Predicate>
  std::vector<Ref<T>> filter(Predicate predicate) const {
    std::vector<Ref<T>> found;
    for (const Ref<T>& item : *this)
      if (predicate(item)) found.push_back(item);
    return found;
  }
  /// At most `limit` items from the one at `offset` on; fewer, or none, where the collection ends.
  std::vector<Ref<T>> slice(std::size_t offset, std::size_t limit) const {
    std::vector<Ref<T>> part;
    for (std::size_t at = offset; at < this->size() && at - offset < limit; ++at) part.push_back((*this)[at]);
    return part;
  }
  /// The items by one of their members: index_by<&Tag::name>(). Of equal ones the first stays.
  template <auto Member>
  auto index_by() const {
    using Key = typename detail::MemberPointer<decltype(Member)>::type;
    static_assert(std::is_same_v<typename detail::MemberPointer<decltype(Member)>::owner, T>,
                  "kin: index_by<> takes a member of the collection's items");
    std::unordered_map<Key, Ref<T>> found;
    for (const Ref<T>& item : *this) found.emplace((*item).*Member, item);
    return found;
  }
  /// The keys of the items, also of those that were never read: the member `id`, or the one that is named.
  auto identifiers() const {
    std::vector<std::remove_cvref_t<decltype(std::declval<T&>().id)>> keys;
    for (const Ref<T>& item : *this) keys.push_back(item.unwrap().id);
    return keys;
  }
  template <auto Member>
  auto identifiers() const {
    static_assert(std::is_same_v<typename detail::MemberPointer<decltype(Member)>::owner, T>,
                  "kin: identifiers<> takes a member of the collection's items");
    std::vector<typename detail::MemberPointer<decltype(Member)>::type> keys;
    for (const Ref<T>& item : *this) keys.push_back(item.unwrap().*Member);
    return keys;
  }

  // From the database.

  /// A find over the items, whether they are loaded or not: refine it, and run it by list(), one(), count()
  /// …. The collection stays as it is, unless store() is called.
  Find<T, detail::PathList<>> matching() const;
  template <class R>
  Find<T, detail::PathList<>> matching(Condition<R> condition) const;
  /// Loads the items if they are not known, or only in part. Later calls send nothing.
  Collection& load() {
    load_blocking();
    return *this;
  }
  Task<void> load_async() { return load_task(); }
  /// Number of items by a count in the database; of known items without a query.
  std::size_t load_count() const { return load_count_blocking(); }
  Task<std::size_t> load_count_async() const { return load_count_task(); }
  /// Number of items that meet a condition, always by a count in the database.
  template <class R>
  std::size_t load_count(Condition<R> condition) const;

 private:
  template <class Range>
  std::size_t add_each(const Range& items) {
    std::size_t count = 0;
    for (const Ref<T>& item : items) count += add(item) ? 1 : 0;
    return count;
  }
  template <class Range>
  std::size_t remove_each(const Range& items) {
    std::size_t count = 0;
    for (const Ref<T>& item : items) count += remove(item) ? 1 : 0;
    return count;
  }
};

namespace detail {
template <class T>
struct CollectionTarget {};
template <class T>
struct CollectionTarget<Collection<T>> {
  using type = T;
};
}  // namespace detail

}  // namespace kin
