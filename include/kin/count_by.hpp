// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/codec_of.hpp>
#include <kin/detail/manager_api.hpp>
#include <kin/field.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

/// Rows counted by what they have in common: EntityManager::count_by.
namespace kin::detail {

/// What rows are told apart by: the member's value, of a relation the key of its entity, empty where it
/// refers to none.
template <class M>
struct GroupKey {
  using type = M;
};
template <class T>
struct GroupKey<Ref<T>> {
  using type = std::optional<decltype(T::id)>;
};

template <auto... Members>
struct CountBy {
  using Root = std::tuple_element_t<0, std::tuple<member_owner<Members>...>>;
  using Tuple = std::tuple<typename GroupKey<member_type<Members>>::type...>;
  using Key = std::conditional_t<sizeof...(Members) == 1, std::tuple_element_t<0, Tuple>, Tuple>;
  using Counts = std::map<Key, std::uint64_t>;
  struct Row {
    Tuple key{};
    std::int64_t count{};
  };

  static FindRequest request(Expression where) {
    static_assert((std::is_same_v<member_owner<Members>, Root> && ...),
                  "kin: count_by<> needs members of one entity");
    static_assert(
        (!AnyCollectionType<member_type<Members>> && ...),
        "kin: count_by<> can't count by a collection; count its items' entity by the relation to this one");
    FindRequest request;
    request.root = type_tag<Root>;
    request.where = std::move(where);
    request.positional = true;
    (add(request, checked_path<Members>()), ...);
    Expression count;
    count.push_operator(Op::count_all);
    request.select.push_back({std::move(count), nullptr});
    return request;
  }
  static const RowShape& shape() {
    static const RowShape shape = make_shape(std::make_index_sequence<sizeof...(Members)>());
    return shape;
  }
  static Counts counts(std::vector<Row>& rows) {
    Counts counts;
    for (Row& row : rows) {
      if constexpr (sizeof...(Members) == 1) {
        counts[std::move(std::get<0>(row.key))] += static_cast<std::uint64_t>(row.count);
      } else {
        counts[std::move(row.key)] += static_cast<std::uint64_t>(row.count);
      }
    }
    return counts;
  }
  static Task<Counts> task(Manager* manager, FindRequest request) {
    std::vector<Row> rows;
    co_await rows_task(*manager, request, shape(), &rows);
    co_return counts(rows);
  }

 private:
  static void add(FindRequest& request, MemberPath path) {
    request.select.push_back({field_expression(path, nullptr), nullptr});
    request.group_by.push_back(field_expression(path, nullptr));
  }
  template <std::size_t... I>
  static RowShape make_shape(std::index_sequence<I...>) {
    const Row row;
    const auto offset = [&](const void* member) {
      return static_cast<std::uint32_t>(static_cast<const std::byte*>(member) -
                                        reinterpret_cast<const std::byte*>(&row));
    };
    RowShape shape;
    shape.type_name = "count_by";
    (shape.members.push_back(
         {"key", offset(&std::get<I>(row.key)), &codec_of<std::tuple_element_t<I, Tuple>>()}),
     ...);
    shape.members.push_back({"count", offset(&row.count), &codec_of<std::int64_t>()});
    shape.append = [](void* vector) -> void* {
      return &static_cast<std::vector<Row>*>(vector)->emplace_back();
    };
    return shape;
  }
};

}  // namespace kin::detail
