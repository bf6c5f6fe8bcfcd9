// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/entity_builder.hpp>
#include <kin/detail/words.hpp>

#include <cstddef>
#include <string_view>
#include <type_traits>

namespace kin {

// The words of describe(): what convention cannot know of a member. See docs/entities.md for each.
inline constexpr detail::Unique unique{};
inline constexpr detail::Index index{};
inline constexpr detail::PrimaryKey primary_key{};
inline constexpr detail::Version version{};
/// Updates and deletes go through only while the row has the value that was read, else OptimisticLockError.
inline constexpr detail::ConcurrencyCheck concurrency_check{};
inline constexpr detail::Hidden hidden{};
/// The member's name in JSON, for kin::serialize() and em.assign().
constexpr detail::SerializedName serialized_name(std::string_view name) { return detail::SerializedName(name); }
/// Left out of reads unless named in only<>().
inline constexpr detail::Lazy lazy{};
/// Length in characters.
constexpr detail::Length length(std::uint32_t characters) { return detail::Length(characters); }
/// Digits in all and digits after the point.
constexpr detail::Precision precision(std::uint32_t digits, std::uint32_t scale) { return {digits, scale}; }
constexpr detail::Nullable nullable(bool value = true) { return detail::Nullable(value); }
constexpr detail::ColumnName column_name(std::string_view name) { return detail::ColumnName(name); }
/// The column's type as the database spells it.
constexpr detail::ColumnType column_type(std::string_view type) { return detail::ColumnType(type); }
template <class V>
constexpr auto default_value(V value) {
  return detail::DefaultValue<V>(value);
}
/// An SQL expression as the column's default.
constexpr detail::DefaultRaw default_raw(std::string_view sql) { return detail::DefaultRaw(sql); }
/// An SQL condition over columns that every row has to meet.
constexpr detail::Check check(std::string_view sql) { return detail::Check(sql); }
constexpr detail::Comment comment(std::string_view text) { return detail::Comment(text); }
/// By which rules the database compares and orders the member's text: "C", utf8mb4_bin, nocase. The database's
/// own name of them; foreign keys take over that of their key.
constexpr detail::Collation collation(std::string_view name) { return detail::Collation(name); }
/// Keeps an enum, or an array of enums, in an enum type of that name on PostgreSQL, which members may share, and
/// an enum in an enum column on MySQL and MariaDB. Elsewhere it is text with a check, as without the word.
constexpr detail::NativeEnum native_enum(std::string_view name) { return detail::NativeEnum(name); }
/// The SQL expression of a generated column; read back after each write.
constexpr detail::Generated generated(std::string_view sql) { return detail::Generated(sql); }
/// Fills the member when the entity is created and the member still holds its default value.
template <class F>
constexpr auto on_create(F function) {
  return detail::OnCreate<F>(function);
}
/// Sets the member whenever the entity is updated because of another change.
template <class F>
constexpr auto on_update(F function) {
  return detail::OnUpdate<F>(function);
}
/// Converts by Converter::to_database and Converter::from_database; see kin::CustomType.
template <class Converter>
inline constexpr detail::TypeWord<Converter> type{};

inline constexpr detail::Kind<PropertyKind::many_to_one> many_to_one{};
inline constexpr detail::Kind<PropertyKind::one_to_one> one_to_one{};
inline constexpr detail::Kind<PropertyKind::one_to_many> one_to_many{};
inline constexpr detail::Kind<PropertyKind::many_to_many> many_to_many{};
/// The member of the other side that owns the relation.
template <auto Member>
inline constexpr detail::MappedBy<Member> mapped_by{};
/// Replaces the default, which is Cascade::persist.
constexpr detail::CascadeWord cascade(Cascade set) { return detail::CascadeWord(set); }
/// An entity taken out of the relation is deleted.
inline constexpr detail::OrphanRemoval orphan_removal{};
/// Populated by every find.
inline constexpr detail::Eager eager{};
constexpr detail::DeleteRule delete_rule(Rule rule) { return detail::DeleteRule(rule); }
constexpr detail::UpdateRule update_rule(Rule rule) { return detail::UpdateRule(rule); }
constexpr detail::StrategyWord strategy(Strategy which) { return detail::StrategyWord(which); }
/// Default order of a collection's items.
template <auto Member>
inline constexpr detail::OrderByMember order_by{&detail::member_id<Member>, false};
template <auto Member>
inline constexpr detail::OrderByMember order_by_desc{&detail::member_id<Member>, true};
constexpr detail::PivotTableName pivot_table(std::string_view name) { return detail::PivotTableName(name); }
/// Of a to-one relation its column; of a many-to-many one the pivot's column to this side. Repeat for composite
/// keys.
constexpr detail::JoinColumn join_column(std::string_view name) { return detail::JoinColumn(name); }
constexpr detail::InverseJoinColumn inverse_join_column(std::string_view name) {
  return detail::InverseJoinColumn(name);
}
/// In front of the column names of an embeddable, in place of the member's name and an underscore.
constexpr detail::Prefix prefix(std::string_view text) { return detail::Prefix(text); }

namespace detail {
template <class M, class W>
constexpr void check_word_fits() {
  constexpr WordScope scope = W::scope;
  constexpr bool relation = AnyRefType<M> || AnyCollectionType<M>;
  if constexpr (scope == WordScope::relation)
    static_assert(relation, "kin: this word describes relations; the member is neither a Ref nor a Collection");
  if constexpr (scope == WordScope::to_one)
    static_assert(AnyRefType<M>, "kin: this word describes to-one relations; the member is not a Ref");
  if constexpr (scope == WordScope::to_many)
    static_assert(AnyCollectionType<M>,
                  "kin: this word describes to-many relations; the member is not a Collection");
  if constexpr (scope == WordScope::column)
    static_assert(!AnyCollectionType<M>, "kin: this word describes columns; a Collection has none of its own");
  if constexpr (scope == WordScope::scalar || scope == WordScope::text || scope == WordScope::number)
    static_assert(!relation, "kin: this word describes plain members; the member is a relation");
  if constexpr (scope == WordScope::embedded)
    static_assert(!relation && !has_codec<M>, "kin: this word describes embedded structs; the member is none");
}
template <class M>
inline constexpr bool is_optional_time = false;
template <class D>
inline constexpr bool is_optional_time<std::optional<SysTime<D>>> = !std::is_same_v<D, std::chrono::days>;
}  // namespace detail

/// What describe() receives: the description of entity or embeddable T, filled with what convention found.
template <class T>
class Schema {
 public:
  explicit Schema(detail::EntityBuilder& builder) noexcept : builder_(builder) {}

  /// Says more about one member.
  template <auto Member, class... Words>
  Schema& on(const Words&... words) {
    static_assert(std::is_same_v<detail::member_owner<Member>, T>,
                  "kin: on<> names a member of another class than the one described");
    using M = detail::member_type<Member>;
    Property& property = builder_.property(detail::member_id<Member>);
    (apply<M>(property, words), ...);
    return *this;
  }
  /// Lists the members of a class that is not an aggregate. A trailing underscore is not part of the name.
  template <auto... Members>
  Schema& properties() {
    builder_.start_explicit_list();
    (builder_.add_member(detail::member_name<Members>(), detail::member_offset<Members>(),
                         detail::MemberTypeOf<detail::member_type<Members>>::get()),
     ...);
    return *this;
  }
  Schema& table(std::string_view name) {
    builder_.table.assign(name);
    return *this;
  }
  Schema& schema(std::string_view name) {
    builder_.schema.assign(name);
    return *this;
  }
  Schema& comment(std::string_view text) {
    builder_.comment.assign(text);
    return *this;
  }
  /// The collation of all text members that say none of their own.
  Schema& collation(std::string_view name) {
    builder_.collation.assign(name);
    return *this;
  }
  /// An SQL condition over columns that every row has to meet.
  Schema& check(std::string_view expression, std::string_view name = {}) {
    builder_.checks.push_back({std::string(name), std::string(expression)});
    return *this;
  }
  /// Calls a function of the entity, or of the entity and kin::EventArgs, at an event: see <kin/events.hpp>.
  /// Functions of one event are called in the order of the description.
  template <class F>
  Schema& hook(Event event, F function) {
    constexpr bool takes_args = std::is_invocable_v<F&, T&, EventArgs&>;
    static_assert(takes_args || std::is_invocable_v<F&, T&>,
                  "kin: a hook is a function of the entity, or of the entity and kin::EventArgs: "
                  "[](Book& book, kin::EventArgs& args) { ... }");
    if constexpr (takes_args) {
      builder_.event_hooks.push_back({event, [function](void* entity, EventArgs& args) mutable {
                                        function(*static_cast<T*>(entity), args);
                                      }});
    } else if constexpr (std::is_invocable_v<F&, T&>) {
      builder_.event_hooks.push_back(
          {event, [function](void* entity, EventArgs&) mutable { function(*static_cast<T*>(entity)); }});
    }
    return *this;
  }
  /// Rows are not deleted but marked in this member: a time, null in rows that count, or a bool. Reads leave
  /// marked rows out unless they say with_deleted(); em.remove(entity, kin::hard_delete) deletes for good.
  template <auto Member>
  Schema& soft_delete() {
    using M = detail::member_type<Member>;
    static_assert(std::is_same_v<detail::member_owner<Member>, T>,
                  "kin: soft_delete<> names a member of another class than the one described");
    static_assert(std::is_same_v<M, bool> || detail::is_optional_time<M>,
                  "kin: soft_delete<> needs a bool or a std::optional<std::chrono::sys_time>");
    builder_.property(detail::member_id<Member>).soft_delete = true;
    return *this;
  }
  template <auto... Members>
  Schema& index(std::string_view name = {}) {
    builder_.add_index(name, false, detail::member_ids<Members...>, sizeof...(Members));
    return *this;
  }
  template <auto... Members>
  Schema& unique(std::string_view name = {}) {
    builder_.add_index(name, true, detail::member_ids<Members...>, sizeof...(Members));
    return *this;
  }

 private:
  template <class M, class W>
  void apply(Property& property, const W& word) {
    detail::check_word_fits<M, W>();
    if constexpr (requires { word.template apply_typed<T, M>(property); }) {
      word.template apply_typed<T, M>(property);
    } else {
      word.apply(property);
    }
  }

  detail::EntityBuilder& builder_;
};

/// The entity types of an Orm; those that relations lead to are found without being listed.
struct EntityList {
  const detail::TypeDescriptor* const* types = nullptr;
  std::size_t count = 0;
};
namespace detail {
template <class... Ts>
inline constexpr const TypeDescriptor* descriptor_list[] = {&type_descriptor<Ts>...};
}
template <class... Ts>
inline constexpr EntityList entities{detail::descriptor_list<Ts...>, sizeof...(Ts)};

}  // namespace kin
