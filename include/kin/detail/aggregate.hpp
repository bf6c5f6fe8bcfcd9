// SPDX-License-Identifier: MIT
#pragma once

#include <kin/detail/compiler_text.hpp>

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

// The members of a plain struct without a list: how many, their names, types and offsets. C++20 has no
// reflection, but a structured binding decomposes a struct once the number of members is known, and that
// follows from how many initialisers it takes.

namespace kin::detail {

/// Storage of a T that is never constructed: its members have addresses, so they can be template arguments
/// and show their names. A variable that is defined, since GCC and clang refuse or warn about `extern` for
/// local types. `mutable`, lest a constant makes all members const. The destructor does nothing, so no exit
/// handler is registered.
template <class T>
union Ghost {
  constexpr Ghost() noexcept : nothing{} {}
  constexpr ~Ghost() {}

  char nothing;
  mutable T value;
};
template <class T>
inline constexpr Ghost<T> ghost{};

/// Stands for an initialiser of any member of T, but not for a T. Never called, but clang warns where an
/// optional's constructor would call what is not defined.
template <class T>
struct Anything {
  template <class U>
    requires(!std::is_same_v<U, T>)
  operator U() const {
    __builtin_unreachable();
  }
};

/// Stands for an initialiser of any base class of T.
template <class T>
struct AnyBase {
  template <class U>
    requires(std::is_base_of_v<U, T> && !std::is_same_v<U, T>)
  operator U() const {
    __builtin_unreachable();
  }
};

/// Stands for an initialiser of what has a constructor that takes everything.
struct Inconvertible {};

using MemberCall = void (*)(void* visitor, std::string_view name, std::size_t offset);

template <class Visitor, class Member>
void call_visitor(void* visitor, std::string_view name, std::size_t offset) {
  static_cast<Visitor*>(visitor)->template operator()<Member>(name, offset);
}

/// Not inlined: it would be repeated for every struct.
[[gnu::noinline]] inline void call_for_each(void* visitor, const MemberCall* calls, std::size_t count,
                                            NameList names, const void* object,
                                            const volatile void* const* members) {
  const auto* const begin = static_cast<const volatile char*>(object);
  for (std::size_t i = 0; i < count; ++i) {
    const std::ptrdiff_t offset = static_cast<const volatile char*>(members[i]) - begin;
    calls[i](visitor, names.next(), static_cast<std::size_t>(offset));
  }
}

/// Visits the members of an object. Two constant tables and one call are half the work for the compiler that
/// a call for each member is.
template <class Visitor, auto&... Members>
void visit_members(Visitor& visitor, const void* object) {
  static constexpr MemberCall calls[] = {
      &call_visitor<Visitor, std::remove_reference_t<decltype(Members)>>...};
  static constexpr const volatile void* members[] = {__builtin_addressof(Members)...};
  constexpr const char* text = text_of_objects<Members...>();
  auto* const erased = const_cast<std::remove_const_t<Visitor>*>(&visitor);  // call_visitor adds const again
  call_for_each(erased, calls, sizeof...(Members), NameList(text), object, members);
}

/// All that needs the number of members spelt out, one specialisation for each number:
///   accepts<T, More...>  whether T takes this many initialisers `{}`, and then one of each type More
///   visit<T>(visitor)    visit_members for the members of T
template <std::size_t Count>
struct Shape;

template <>
struct Shape<0> {
  template <class T, class... More>
  static constexpr bool accepts = requires { T{More{}...}; };
  template <class T, class Visitor>
  static void visit(Visitor&) {}
};

// Macros, because C++20 can expand a pack neither to `{}` nor to the names of a structured binding.
#define KIN_LIST(...) __VA_ARGS__
#define KIN_SHAPE(COUNT, NAMES, BRACES)                                 \
  template <>                                                           \
  struct Shape<COUNT> {                                                 \
    template <class T, class... More>                                   \
    static constexpr bool accepts = requires { T{BRACES, More{}...}; }; \
    template <class T, class Visitor>                                   \
    static void visit(Visitor& visitor) {                               \
      auto& [NAMES] = ghost<T>.value;                                   \
      visit_members<Visitor, NAMES>(visitor, &ghost<T>);                \
    }                                                                   \
  };

// The shapes of 1 to 8 members more than the lists NAMES and BRACES have. L names these members: L##1 to
// L##8.
#define KIN_EIGHT_SHAPES(COUNT, L, NAMES, BRACES)                                                        \
  KIN_SHAPE(COUNT + 1, KIN_LIST(NAMES L##1), KIN_LIST(BRACES{}))                                         \
  KIN_SHAPE(COUNT + 2, KIN_LIST(NAMES L##1, L##2), KIN_LIST(BRACES{}, {}))                               \
  KIN_SHAPE(COUNT + 3, KIN_LIST(NAMES L##1, L##2, L##3), KIN_LIST(BRACES{}, {}, {}))                     \
  KIN_SHAPE(COUNT + 4, KIN_LIST(NAMES L##1, L##2, L##3, L##4), KIN_LIST(BRACES{}, {}, {}, {}))           \
  KIN_SHAPE(COUNT + 5, KIN_LIST(NAMES L##1, L##2, L##3, L##4, L##5), KIN_LIST(BRACES{}, {}, {}, {}, {})) \
  KIN_SHAPE(COUNT + 6, KIN_LIST(NAMES L##1, L##2, L##3, L##4, L##5, L##6),                               \
            KIN_LIST(BRACES{}, {}, {}, {}, {}, {}))                                                      \
  KIN_SHAPE(COUNT + 7, KIN_LIST(NAMES L##1, L##2, L##3, L##4, L##5, L##6, L##7),                         \
            KIN_LIST(BRACES{}, {}, {}, {}, {}, {}, {}))                                                  \
  KIN_SHAPE(COUNT + 8, KIN_LIST(NAMES L##1, L##2, L##3, L##4, L##5, L##6, L##7, L##8),                   \
            KIN_LIST(BRACES{}, {}, {}, {}, {}, {}, {}, {}))

#define KIN_NAMES_8 a1, a2, a3, a4, a5, a6, a7, a8,
#define KIN_NAMES_16 KIN_NAMES_8 b1, b2, b3, b4, b5, b6, b7, b8,
#define KIN_NAMES_24 KIN_NAMES_16 c1, c2, c3, c4, c5, c6, c7, c8,
#define KIN_NAMES_32 KIN_NAMES_24 d1, d2, d3, d4, d5, d6, d7, d8,
#define KIN_NAMES_40 KIN_NAMES_32 e1, e2, e3, e4, e5, e6, e7, e8,
#define KIN_NAMES_48 KIN_NAMES_40 f1, f2, f3, f4, f5, f6, f7, f8,
#define KIN_NAMES_56 KIN_NAMES_48 g1, g2, g3, g4, g5, g6, g7, g8,
#define KIN_BRACES_8 {}, {}, {}, {}, {}, {}, {}, {},
#define KIN_BRACES_16 KIN_BRACES_8 KIN_BRACES_8
#define KIN_BRACES_24 KIN_BRACES_16 KIN_BRACES_8
#define KIN_BRACES_32 KIN_BRACES_24 KIN_BRACES_8
#define KIN_BRACES_40 KIN_BRACES_32 KIN_BRACES_8
#define KIN_BRACES_48 KIN_BRACES_40 KIN_BRACES_8
#define KIN_BRACES_56 KIN_BRACES_48 KIN_BRACES_8

KIN_EIGHT_SHAPES(0, a, , )
KIN_EIGHT_SHAPES(8, b, KIN_LIST(KIN_NAMES_8), KIN_LIST(KIN_BRACES_8))
KIN_EIGHT_SHAPES(16, c, KIN_LIST(KIN_NAMES_16), KIN_LIST(KIN_BRACES_16))
KIN_EIGHT_SHAPES(24, d, KIN_LIST(KIN_NAMES_24), KIN_LIST(KIN_BRACES_24))
KIN_EIGHT_SHAPES(32, e, KIN_LIST(KIN_NAMES_32), KIN_LIST(KIN_BRACES_32))
KIN_EIGHT_SHAPES(40, f, KIN_LIST(KIN_NAMES_40), KIN_LIST(KIN_BRACES_40))
KIN_EIGHT_SHAPES(48, g, KIN_LIST(KIN_NAMES_48), KIN_LIST(KIN_BRACES_48))
KIN_EIGHT_SHAPES(56, h, KIN_LIST(KIN_NAMES_56), KIN_LIST(KIN_BRACES_56))

#undef KIN_BRACES_8
#undef KIN_BRACES_16
#undef KIN_BRACES_24
#undef KIN_BRACES_32
#undef KIN_BRACES_40
#undef KIN_BRACES_48
#undef KIN_BRACES_56
#undef KIN_NAMES_8
#undef KIN_NAMES_16
#undef KIN_NAMES_24
#undef KIN_NAMES_32
#undef KIN_NAMES_40
#undef KIN_NAMES_48
#undef KIN_NAMES_56
#undef KIN_EIGHT_SHAPES
#undef KIN_SHAPE
#undef KIN_LIST

inline constexpr std::size_t max_members = 64;

/// True when T's first initialiser is one for a base class.
template <class T>
inline constexpr bool has_base_class =
    Shape<0>::accepts<T, AnyBase<T>> && !Shape<0>::accepts<T, Inconvertible>;

/// The largest count from Low on for which T takes that many `{}`; it is below Low + Size.
template <class T, std::size_t Low, std::size_t Size>
consteval std::size_t count_braces() {
  if constexpr (Size == 1) {
    return Low;
  } else if constexpr (Shape<Low + Size / 2>::template accepts<T>) {
    return count_braces<T, Low + Size / 2, Size - Size / 2>();
  } else {
    return count_braces<T, Low, Size / 2>();
  }
}

template <class T, std::size_t... Indexes>
consteval bool accepts_anything(std::index_sequence<Indexes...>) {
  return requires { T{(static_cast<void>(Indexes), Anything<T>{})...}; };
}

/// The number of initialisers of any kind that T takes; max_members + 1 stands for none or too many. It
/// starts low, as trailing members may be in need of an initialiser.
template <class T, std::size_t Count = 0, bool Seen = false>
consteval std::size_t count_anything() {
  if constexpr (Count > max_members) {
    return Count;
  } else {
    constexpr bool accepted = accepts_anything<T>(std::make_index_sequence<Count>());
    if constexpr (Seen && !accepted) {
      return Count - 1;
    } else {
      return count_anything<T, Count + 1, accepted>();
    }
  }
}

template <class T>
consteval std::size_t count_members() {
  constexpr bool is_complete = requires { sizeof(T); };
  static_assert(is_complete, "kin: this class is only declared here; its definition must come first");
  if constexpr (!is_complete) {
    return 0;
  } else if constexpr (!std::is_aggregate_v<T>) {
    static_assert(std::is_aggregate_v<T>,
                  "kin: this class is not an aggregate; list its members in describe() with "
                  "schema.properties<&T::a, ...>()");
    return 0;
  } else if constexpr (has_base_class<T>) {
    static_assert(!has_base_class<T>,
                  "kin: this class has a base class; list its members in describe() with "
                  "schema.properties<&T::a, ...>()");
    return 0;
  } else {
    constexpr std::size_t braces = count_braces<T, 0, max_members + 1>();
    if constexpr (Shape<braces>::template accepts<T> && !Shape<braces>::template accepts<T, Anything<T>>) {
      return braces;
    } else {  // a member that does not take `{}`, or too many members
      constexpr std::size_t count = count_anything<T>();
      static_assert(
          count <= max_members,
          "kin: this class has more than 64 members or one that cannot be initialised; list its members "
          "in describe() with schema.properties<&T::a, ...>()");
      return count <= max_members ? count : 0;
    }
  }
}

/// How many members the aggregate T has, at most 64. T must be complete; it is not constructed, and may be
/// without default constructor or not movable. Bit-fields, reference members and anonymous unions are not
/// supported.
template <class T>
inline constexpr std::size_t member_count = count_members<T>();

/// Calls visitor.template operator()<Member>(std::string_view name, std::size_t offset) for each member of T,
/// in order of declaration. The name lives as long as the program. Member is const for a const member.
template <class T, class Visitor>
void for_each_member(Visitor&& visitor) {
  Shape<member_count<T>>::template visit<T>(visitor);
}

template <class T, class Visitor>
struct MemberOf {
  T& object;
  Visitor& visitor;

  template <class Member>
  void operator()(std::string_view name, std::size_t offset) const {
    if constexpr (std::is_const_v<T>) {
      visitor(name, *reinterpret_cast<const Member*>(reinterpret_cast<const char*>(&object) + offset));
    } else {
      visitor(name, *reinterpret_cast<Member*>(reinterpret_cast<char*>(&object) + offset));
    }
  }
};

/// Calls visitor(std::string_view name, Member& member) for each member of the object, in order of
/// declaration; with a const Member for a const object.
template <class T, class Visitor>
void for_each_member_of(T& object, Visitor&& visitor) {
  const MemberOf<T, std::remove_reference_t<Visitor>> each{object, visitor};
  for_each_member<std::remove_const_t<T>>(each);
}

}  // namespace kin::detail
