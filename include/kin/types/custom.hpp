// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/codec_of.hpp>

#include <optional>
#include <type_traits>
#include <utility>

namespace kin {

/// Makes a type of the user's own a column. Specialise it next to the type:
///
///     template <>
///     struct kin::CustomType<Money> {
///       using Stored = std::int64_t;                       // any type with a codec; std::optional for null
///       static Stored to_database(const Money& money);
///       static Money from_database(const Stored& cents);
///     };
///
/// Two values are equal for change tracking when their stored forms are. Exceptions pass through unchanged. A
/// std::optional<Money> needs nothing more: null never reaches the functions, unless Stored is itself
/// optional. Types that kin knows already keep their own codec; give a single member another one by
/// kin::type<Converter>, where Converter has the same members.
template <class T>
struct CustomType;

namespace detail {

/// The typed part of a custom codec; the rest is compiled once, in src/types/codecs_custom.cpp.
struct CustomAccess {
  const Codec* stored;
  void (*to_database)(const void* member, void (*use)(void* context, const void* stored), void* context);
  void (*from_database)(void* member, void (*fill)(void* context, void* stored), void* context);
};

template <class Converter, class T>
struct CustomCodec {
 private:
  using Stored = typename Converter::Stored;
  static_assert(has_codec<Stored>, "kin: Stored of a custom type must itself be a type with a codec");
  // Any other one when there is none, so that no further errors follow.
  using StoredCodec = CodecOf<std::conditional_t<has_codec<Stored>, Stored, bool>>;

  static void to_database(const void* member, void (*use)(void*, const void*), void* context) {
    const Stored stored = Converter::to_database(*static_cast<const T*>(member));
    use(context, &stored);
  }
  static void from_database(void* member, void (*fill)(void*, void*), void* context) {
    Stored stored{};
    fill(context, &stored);
    *static_cast<T*>(member) = Converter::from_database(static_cast<const Stored&>(stored));
  }
  static constexpr CustomAccess access{&StoredCodec::value, &to_database, &from_database};
  static constexpr Codec make() noexcept {
    Codec codec = make_codec<CustomFamily>(shape, type_name<T>());
    codec.context = &access;
    if constexpr (std::is_enum_v<Stored> && shape.kind == ValueKind::text)
      codec.enum_names = &enum_names<Stored>;
    if constexpr (shape.kind == ValueKind::array) codec.element = StoredCodec::value.element;
    return codec;
  }

 public:
  static constexpr CodecShape shape = StoredCodec::shape;
  static constexpr Codec value = make();
};

template <Customised T>
struct CodecOf<T> : CustomCodec<CustomType<T>, T> {};

template <class Converter, class T>
constexpr const Codec& custom_codec_of(const T*) noexcept {
  return CustomCodec<Converter, T>::value;
}
template <class Converter, class T>
constexpr const Codec& custom_codec_of(const std::optional<T>*) noexcept {
  // A converter of the whole optional wins over one of the value in it.
  if constexpr (std::is_same_v<decltype(Converter::from_database(std::declval<typename Converter::Stored>())),
                               std::optional<T>>) {
    return CustomCodec<Converter, std::optional<T>>::value;
  } else {
    return OptionalCodec<T, CustomCodec<Converter, T>>::value;
  }
}

/// The codec of a member of type T described with kin::type<Converter>.
template <class Converter, class T>
constexpr const Codec& custom_codec() noexcept {
  return custom_codec_of<Converter>(static_cast<const T*>(nullptr));
}

}  // namespace detail
}  // namespace kin
