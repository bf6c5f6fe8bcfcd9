// SPDX-License-Identifier: MIT
#pragma once

#include <kin/entity_manager.hpp>

#include <utility>

namespace kin {

/// The verbs of an EntityManager for one entity, and the place for queries of its own:
/// class BookRepository : public kin::Repository<Book> { using Repository::Repository; … }, had by
/// em.repository<BookRepository>(). Schedules and writes nothing: persist(), remove() and flush() are the
/// manager's, since they are about everything that it holds. Cheap to copy; valid as long as the manager,
/// which stays in place.
template <class T>
class Repository {
 public:
  using entity_type = T;

  explicit Repository(EntityManager& em) noexcept : em_(&em) {}
  EntityManager& em() const noexcept { return *em_; }

  auto find() const { return em_->find<T>(); }
  template <class R>
  auto find(Condition<R> condition) const {
    return em_->find<T>(std::move(condition));
  }
  template <class K, class... Lock>
  Ref<T> find_one(const K& key_or_condition, const Lock&... lock) const {
    return em_->find_one<T>(key_or_condition, lock...);
  }
  template <class K, class... Lock>
  Ref<T> find_one_or_fail(const K& key_or_condition, const Lock&... lock) const {
    return em_->find_one_or_fail<T>(key_or_condition, lock...);
  }
  template <class K, class... Lock>
  Task<Ref<T>> find_one_async(K key_or_condition, Lock... lock) const {
    return em_->find_one_async<T>(std::move(key_or_condition), lock...);
  }
  template <class K, class... Lock>
  Task<Ref<T>> find_one_or_fail_async(K key_or_condition, Lock... lock) const {
    return em_->find_one_or_fail_async<T>(std::move(key_or_condition), lock...);
  }
  auto count() const { return em_->count<T>(); }
  template <class R>
  auto count(Condition<R> condition) const {
    return em_->count<T>(std::move(condition));
  }
  auto count_async() const { return em_->count_async<T>(); }
  template <class R>
  auto count_async(Condition<R> condition) const {
    return em_->count_async<T>(std::move(condition));
  }
  auto query() const { return em_->query<T>(); }

  Ref<T> create(T value) const { return em_->create<T>(std::move(value)); }
  template <detail::JsonDocument J, class... Options>
  Ref<T> create(const J& json, const Options&... options) const {
    return em_->create<T>(json, options...);
  }
  template <class J, class... Options>
  void assign(const Ref<T>& entity, const J& json, const Options&... options) const {
    em_->assign(entity, json, options...);
  }
  Ref<T> merge(T value, Merge existing = Merge::keep) const {
    return em_->merge<T>(std::move(value), existing);
  }
  Ref<T> map(const Row& row, Merge existing = Merge::keep) const { return em_->map<T>(row, existing); }
  template <class... Keys>
  Ref<T> get_reference(const Keys&... keys) const {
    return em_->get_reference<T>(keys...);
  }
  template <class R>
  auto native_update(Condition<R> condition) const {
    return em_->native_update<T>(std::move(condition));
  }
  template <class R>
  auto native_delete(Condition<R> condition) const {
    return em_->native_delete<T>(std::move(condition));
  }
  template <class R>
  auto native_delete_async(Condition<R> condition) const {
    return em_->native_delete_async<T>(std::move(condition));
  }

 private:
  EntityManager* em_;
};

template <class R>
auto EntityManager::repository() {
  if constexpr (requires { typename R::entity_type; }) {
    return R(*this);
  } else {
    return Repository<R>(*this);
  }
}

}  // namespace kin
