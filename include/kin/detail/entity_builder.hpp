// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/aggregate.hpp>
#include <kin/detail/codec_of.hpp>
#include <kin/detail/member_path.hpp>
#include <kin/metadata.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace kin {
template <class T>
class Schema;

namespace detail {

/// What a member's C++ type says about it.
struct MemberType {
  enum class Category : std::uint8_t { scalar, embedded, to_one, to_many, unknown };
  Category category = Category::unknown;
  const Codec* codec = nullptr;                    ///< of scalars
  const TypeDescriptor* (*target)() = nullptr;     ///< of relations and embeddables
  const OptionalAccess* optional = nullptr;        ///< of optional embeddables
  std::string_view type_name{};
};

/// Collects one class's description before discovery; the erased end of Schema<T>.
class EntityBuilder {
 public:
  explicit EntityBuilder(const TypeDescriptor& type);

  /// A trailing underscore is not part of the member's name.
  void add_member(std::string_view name, std::size_t offset, const MemberType& type);
  /// The property of a member; members that were not listed become a problem that discovery reports.
  Property& property(const MemberId& member);
  /// Drops the members found by convention: the class lists them itself.
  void start_explicit_list();
  void add_index(std::string_view name, bool unique, const MemberId* const* members, std::size_t count);
  /// Keeps a sentence for discovery's report; it starts with the member, "Account.owner: ".
  void problem(std::string text);
  /// C++ name of the type of a member without a codec.
  std::string_view unknown_type_at(std::uint32_t offset) const noexcept;

  std::string table{};
  std::string schema{};
  std::string comment{};
  std::string collation{};
  std::vector<CheckDefinition> checks{};
  std::vector<IndexDefinition> indexes{};
  std::vector<EventHook> event_hooks{};
  std::vector<Property> properties{};
  std::vector<std::string> problems{};
  const TypeDescriptor& type;

 private:
  struct UnknownType {
    std::uint32_t offset;
    std::string_view name;
  };

  Property fallback_{};                ///< takes the words about members that are not listed
  std::vector<Property> set_aside_{};  ///< found by convention, and back with their words once listed
  std::vector<UnknownType> unknown_types_{};
  bool lists_itself_ = false;
};

template <class T>
const TypeDescriptor* descriptor_of();

template <class T>
struct OptionalAccessOf {
  static const void* get(const void* wrapper) {
    const auto& value = *static_cast<const std::optional<T>*>(wrapper);
    return value ? &*value : nullptr;
  }
  static void* emplace(void* wrapper) { return &static_cast<std::optional<T>*>(wrapper)->emplace(); }
  static void reset(void* wrapper) { static_cast<std::optional<T>*>(wrapper)->reset(); }
  static constexpr OptionalAccess table{&get, &emplace, &reset};
};

template <class M>
struct MemberTypeOf {
  static constexpr MemberType get() {
    if constexpr (has_codec<M>) {
      return {MemberType::Category::scalar, &codec_of<M>(), nullptr, nullptr, {}};
    } else if constexpr (std::is_aggregate_v<M> && std::is_class_v<M>) {
      return {MemberType::Category::embedded, nullptr, &descriptor_of<M>, nullptr, {}};
    } else {
      return {MemberType::Category::unknown, nullptr, nullptr, nullptr, type_name<M>()};
    }
  }
};
template <class T>
struct MemberTypeOf<Ref<T>> {
  static constexpr MemberType get() {
    return {MemberType::Category::to_one, nullptr, &descriptor_of<T>, nullptr, {}};
  }
};
template <class T>
struct MemberTypeOf<Collection<T>> {
  static constexpr MemberType get() {
    return {MemberType::Category::to_many, nullptr, &descriptor_of<T>, nullptr, {}};
  }
};
template <class T>
struct MemberTypeOf<std::optional<T>> {
  static constexpr MemberType get() {
    if constexpr (has_codec<std::optional<T>>) {
      return {MemberType::Category::scalar, &codec_of<std::optional<T>>(), nullptr, nullptr, {}};
    } else if constexpr (std::is_aggregate_v<T> && std::is_class_v<T>) {
      return {MemberType::Category::embedded, nullptr, &descriptor_of<T>, &OptionalAccessOf<T>::table, {}};
    } else {
      return {MemberType::Category::unknown, nullptr, nullptr, nullptr, type_name<std::optional<T>>()};
    }
  }
};

struct MemberCollector {
  EntityBuilder& builder;
  template <class M>
  void operator()(std::string_view name, std::size_t offset) const {
    builder.add_member(name, offset, MemberTypeOf<M>::get());
  }
};

template <class T>
concept HasStaticDescribe = requires(Schema<T>& schema) { T::describe(schema); };
template <class T>
concept HasFreeDescribe = requires(Schema<T>& schema) { describe(schema); };

template <class T>
struct TypeFunctions {
  static_assert(std::is_default_constructible_v<T>,
                "kin: an entity needs a default constructor; kin makes the object before it reads the row");
  static_assert(alignof(T) <= 16, "kin: entities with an alignment above 16 bytes are not supported");

  static void construct(void* at) { ::new (at) T(); }
  static void move_construct(void* at, void* from) {
    if constexpr (std::is_move_constructible_v<T>) ::new (at) T(std::move(*static_cast<T*>(from)));
  }
  static void destroy(void* object) { static_cast<T*>(object)->~T(); }
  static void define(EntityBuilder& builder) {
    if constexpr (std::is_aggregate_v<T>) for_each_member<T>(MemberCollector{builder});
    Schema<T> schema(builder);
    if constexpr (HasStaticDescribe<T>) {
      T::describe(schema);
    } else if constexpr (HasFreeDescribe<T>) {
      describe(schema);
    } else {
      static_assert(std::is_aggregate_v<T>,
                    "kin: this class is not an aggregate; list its members in describe() with "
                    "schema.properties<&T::a, &T::b>()");
    }
  }
};

template <class T>
inline constexpr TypeDescriptor type_descriptor{
    type_tag<T>,
    type_name<T>(),
    sizeof(T),
    alignof(T),
    &TypeFunctions<T>::construct,
    std::is_move_constructible_v<T> ? &TypeFunctions<T>::move_construct : nullptr,
    &TypeFunctions<T>::destroy,
    &TypeFunctions<T>::define,
};

template <class T>
const TypeDescriptor* descriptor_of() {
  return &type_descriptor<T>;
}

}  // namespace detail
}  // namespace kin
