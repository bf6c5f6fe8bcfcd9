// SPDX-License-Identifier: MIT
#pragma once

#include <kin/collection.hpp>
#include <kin/detail/member_path.hpp>
#include <kin/reference.hpp>

#include <type_traits>

namespace kin {

namespace detail {
/// A populated path as a type, so that the compiler knows what was loaded. Types and not values, since GCC 12 cannot
/// compare member pointers in constant expressions.
template <auto... Members>
struct Path {};
template <auto Member>
struct MemberTag {};

template <class... Paths>
struct PathList {};

template <class List, class... More>
struct Append;
template <class... Paths, class... More>
struct Append<PathList<Paths...>, More...> {
  using type = PathList<Paths..., More...>;
};

/// The rests of the paths that start with Member.
template <auto Member, class Found, class... Paths>
struct SubPathsOf {
  using type = Found;
  static constexpr bool any = false;
};
template <auto Member, class Found, auto First, auto... Rest, class... Paths>
struct SubPathsOf<Member, Found, Path<First, Rest...>, Paths...> {
  static constexpr bool here = std::is_same_v<MemberTag<Member>, MemberTag<First>>;
  template <class F>
  using next = SubPathsOf<Member, F, Paths...>;
  using found =
      typename std::conditional_t<here && sizeof...(Rest) != 0, Append<Found, Path<Rest...>>, Append<Found>>::type;
  using type = typename next<found>::type;
  static constexpr bool any = here || next<found>::any;
};
}  // namespace detail

template <class T, class Paths>
class Loaded;

namespace detail {
/// What is known to be populated of an entity that is held by a handle of type R.
template <class R>
struct HandlePaths {};
template <class T>
struct HandlePaths<Ref<T>> {
  using entity = T;
  using paths = PathList<>;
};
template <class T, class Paths>
struct HandlePaths<Loaded<T, Paths>> {
  using entity = T;
  using paths = Paths;
};

template <class T, class Paths>
struct LoadedOrRef {
  using type = Loaded<T, Paths>;
};
template <class T>
struct LoadedOrRef<T, PathList<>> {
  using type = Ref<T>;
};
template <class T, class Paths>
using loaded_type = typename LoadedOrRef<T, Paths>::type;
}  // namespace detail

/// A loaded collection whose items remember what was populated below them. A view: valid as long as the entity and
/// until the collection changes.
template <class T, class Paths>
class LoadedCollection {
 public:
  class iterator {
   public:
    explicit iterator(typename Collection<T>::iterator at) noexcept : at_(at) {}
    detail::loaded_type<T, Paths> operator*() const { return detail::loaded_type<T, Paths>(*at_); }
    iterator& operator++() noexcept {
      ++at_;
      return *this;
    }
    friend bool operator==(const iterator&, const iterator&) noexcept = default;

   private:
    typename Collection<T>::iterator at_;
  };

  explicit LoadedCollection(Collection<T>& collection) noexcept : collection_(&collection) {}
  iterator begin() const { return iterator(collection_->begin()); }
  iterator end() const { return iterator(collection_->end()); }
  std::size_t size() const { return collection_->size(); }
  bool empty() const { return collection_->empty(); }
  detail::loaded_type<T, Paths> operator[](std::size_t index) const {
    return detail::loaded_type<T, Paths>((*collection_)[index]);
  }
  Collection<T>& collection() const noexcept { return *collection_; }

 private:
  Collection<T>* collection_;
};

/// A Ref that knows what was populated with it: get<&Author::books>() compiles only for populated members, so it
/// cannot throw NotInitializedError. Converts to Ref by slicing.
template <class T, class... Paths>
class Loaded<T, detail::PathList<Paths...>> : public Ref<T> {
 public:
  Loaded() noexcept = default;
  explicit Loaded(const Ref<T>& reference) noexcept : Ref<T>(reference) {}

  /// The populated relation: a LoadedCollection of a Collection, a Loaded or Ref of a Ref.
  template <auto Member>
  auto get() const {
    using Found = detail::SubPathsOf<Member, detail::PathList<>, Paths...>;
    static_assert(Found::any,
                  "kin: this relation was not populated; add .populate<…>() with this member to the find");
    using M = detail::member_type<Member>;
    using Target = typename detail::StepInto<M>::type;
    T& entity = **this;
    if constexpr (detail::AnyCollectionType<M>) {
      return LoadedCollection<Target, typename Found::type>(entity.*Member);
    } else {
      return detail::loaded_type<Target, typename Found::type>(entity.*Member);
    }
  }
  using Ref<T>::get;
};

}  // namespace kin
