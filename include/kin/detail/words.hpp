// SPDX-License-Identifier: MIT
#pragma once

#include <kin/condition.hpp>
#include <kin/detail/codec_of.hpp>
#include <kin/detail/member_path.hpp>
#include <kin/metadata.hpp>
#include <kin/types/custom.hpp>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace kin::detail {

/// Which members a word may describe; each has its own sentence when the word does not fit.
enum class WordScope : std::uint8_t { any, column, scalar, text, number, relation, to_one, to_many, embedded };

template <WordScope S>
struct Word {
  static constexpr WordScope scope = S;
};

struct Unique : Word<WordScope::column> {
  void apply(Property& property) const;
};
struct Index : Word<WordScope::column> {
  void apply(Property& property) const;
};
struct PrimaryKey : Word<WordScope::column> {
  void apply(Property& property) const;
};
struct Version : Word<WordScope::scalar> {
  void apply(Property& property) const;
};
struct ConcurrencyCheck : Word<WordScope::column> {
  void apply(Property& property) const;
};
struct Hidden : Word<WordScope::any> {
  void apply(Property& property) const;
};
struct SerializedName : Word<WordScope::any> {
  constexpr explicit SerializedName(std::string_view value) : text(value) {}
  std::string_view text;
  void apply(Property& property) const { property.serialized_name.assign(text); }
};
struct Lazy : Word<WordScope::scalar> {
  void apply(Property& property) const;
};
struct Length : Word<WordScope::text> {
  constexpr explicit Length(std::uint32_t count) : characters(count) {}
  std::uint32_t characters;
  void apply(Property& property) const;
};
struct Precision : Word<WordScope::number> {
  constexpr Precision(std::uint32_t p, std::uint32_t s) : digits(p), scale(s) {}
  std::uint32_t digits;
  std::uint32_t scale;
  void apply(Property& property) const;
};
struct Nullable : Word<WordScope::column> {
  constexpr explicit Nullable(bool is) : value(is) {}
  bool value;
  void apply(Property& property) const;
};
/// A word that sets one text of the property.
template <WordScope S, std::string Property::* Target>
struct Text : Word<S> {
  constexpr explicit Text(std::string_view value) : text(value) {}
  std::string_view text;
  void apply(Property& property) const { (property.*Target).assign(text); }
};
using ColumnName = Text<WordScope::column, &Property::column_name>;
using ColumnType = Text<WordScope::column, &Property::column_type>;
using DefaultRaw = Text<WordScope::scalar, &Property::default_raw>;
using Check = Text<WordScope::scalar, &Property::check>;
using Comment = Text<WordScope::column, &Property::comment>;
using Generated = Text<WordScope::scalar, &Property::generated>;
using Collation = Text<WordScope::text, &Property::collation>;
using PivotTableName = Text<WordScope::to_many, &Property::pivot_table>;

struct Prefix : Word<WordScope::embedded> {
  constexpr explicit Prefix(std::string_view value) : text(value) {}
  std::string_view text;
  void apply(Property& property) const;
};
struct JoinColumn : Word<WordScope::relation> {
  constexpr explicit JoinColumn(std::string_view value) : text(value) {}
  std::string_view text;
  void apply(Property& property) const;
};
struct InverseJoinColumn : Word<WordScope::to_many> {
  constexpr explicit InverseJoinColumn(std::string_view value) : text(value) {}
  std::string_view text;
  void apply(Property& property) const;
};
constexpr WordScope scope_of_kind(PropertyKind kind) {
  const bool to_one = kind == PropertyKind::many_to_one || kind == PropertyKind::one_to_one;
  return to_one ? WordScope::to_one : WordScope::to_many;
}
template <PropertyKind K>
struct Kind : Word<scope_of_kind(K)> {
  void apply(Property& property) const {
    if (property.explicit_kind && property.kind != K) property.contradicted_kind = property.kind;
    property.kind = K;
    property.explicit_kind = true;
  }
};
struct CascadeWord : Word<WordScope::relation> {
  constexpr explicit CascadeWord(Cascade set) : cascade(set) {}
  Cascade cascade;
  void apply(Property& property) const;
};
struct OrphanRemoval : Word<WordScope::relation> {
  void apply(Property& property) const;
};
struct Eager : Word<WordScope::relation> {
  void apply(Property& property) const;
};
struct DeleteRule : Word<WordScope::to_one> {
  constexpr explicit DeleteRule(Rule which) : rule(which) {}
  Rule rule;
  void apply(Property& property) const;
};
struct UpdateRule : Word<WordScope::to_one> {
  constexpr explicit UpdateRule(Rule which) : rule(which) {}
  Rule rule;
  void apply(Property& property) const;
};
struct StrategyWord : Word<WordScope::relation> {
  constexpr explicit StrategyWord(Strategy which) : strategy(which) {}
  Strategy strategy;
  void apply(Property& property) const;
};

template <auto Member>
struct MappedBy : Word<WordScope::relation> {
  template <class T, class M>
  void apply_typed(Property& property) const {
    static_assert(std::is_same_v<member_owner<Member>, typename StepInto<M>::type>,
                  "kin: mapped_by names a member of another entity than the relation's target");
    static_assert(std::is_same_v<member_type<Member>, Ref<T>> || std::is_same_v<member_type<Member>, Collection<T>>,
                  "kin: mapped_by names a member that does not refer back to this entity");
    property.mapped_by = &member_id<Member>;
    property.owner = false;
  }
};
struct OrderByMember : Word<WordScope::to_many> {
  constexpr OrderByMember(const MemberId* id, bool down) : member(id), descending(down) {}
  const MemberId* member;
  bool descending;
  void apply(Property& property) const;
};

/// Words whose meaning depends on the member's type M and the entity T.
template <class F>
struct OnCreate : Word<WordScope::scalar> {
  constexpr explicit OnCreate(F f) : function(f) {}
  F function;
  template <class T, class M>
  void apply_typed(Property& property) const {
    static_assert(std::is_invocable_v<const F&, const T&> || std::is_invocable_v<const F&>,
                  "kin: on_create needs a function that takes the entity by const reference, or nothing");
    property.on_create = [f = function](const void* entity, void* member) {
      if constexpr (std::is_invocable_v<const F&, const T&>) {
        *static_cast<M*>(member) = f(*static_cast<const T*>(entity));
      } else {
        *static_cast<M*>(member) = f();
      }
    };
  }
};
template <class F>
struct OnUpdate : Word<WordScope::scalar> {
  constexpr explicit OnUpdate(F f) : function(f) {}
  F function;
  template <class T, class M>
  void apply_typed(Property& property) const {
    static_assert(std::is_invocable_v<const F&, const T&> || std::is_invocable_v<const F&>,
                  "kin: on_update needs a function that takes the entity by const reference, or nothing");
    property.on_update = [f = function](const void* entity, void* member) {
      if constexpr (std::is_invocable_v<const F&, const T&>) {
        *static_cast<M*>(member) = f(*static_cast<const T*>(entity));
      } else {
        *static_cast<M*>(member) = f();
      }
    };
  }
};
template <class V>
struct DefaultValue : Word<WordScope::scalar> {
  constexpr explicit DefaultValue(V v) : value(v) {}
  V value;
  template <class T, class M>
  void apply_typed(Property& property) const {
    if constexpr (std::is_convertible_v<const V&, std::string_view>) {
      property.default_value = Value(ValueView::text(std::string_view(value)));
    } else {
      Scratch scratch;
      const Codec& codec = codec_of<V>();
      property.default_value = Value(codec.view(codec, &value, scratch));
    }
  }
};
template <class M>
struct EnumIn {
  using type = M;
};
template <class M>
struct EnumIn<std::optional<M>> : EnumIn<M> {};
template <class M>
struct EnumIn<std::vector<M>> : EnumIn<M> {};
struct NativeEnum : Word<WordScope::scalar> {
  constexpr explicit NativeEnum(std::string_view value) : name(value) {}
  std::string_view name;
  template <class T, class M>
  void apply_typed(Property& property) const {
    static_assert(std::is_enum_v<typename EnumIn<M>::type>,
                  "kin: native_enum() describes enums and arrays of enums; the member is neither");
    property.native_enum.assign(name);
  }
};
template <class Converter>
struct TypeWord : Word<WordScope::any> {
  template <class T, class M>
  void apply_typed(Property& property) const {
    property.codec = &custom_codec<Converter, M>();
    property.kind = PropertyKind::scalar;
  }
};

}  // namespace kin::detail
