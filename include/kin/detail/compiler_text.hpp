// SPDX-License-Identifier: MIT
#pragma once

#include <kin/types/enum_range.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

// The only place that knows what GCC and clang write into __PRETTY_FUNCTION__. For instance, for two objects:
//
//   GCC    consteval const char* kin::detail::text_of_objects() [with auto& ...Objects =
//          {ghost<Book>.Ghost<Book>::value.Book::id, ghost<Book>.Ghost<Book>::value.Book::title}]
//   clang  const char *kin::detail::text_of_objects() [Objects = <ghost.value.id, ghost.value.title>]
//
// GCC leaves out kin::detail in front of what is in there itself. All names are views of such texts, which
// live as long as the program. What is asked for at run time is parsed at run time: that is cheaper to
// compile than a constant is.

namespace kin::detail {

template <class T>
consteval const char* text_of_type() {
  return __PRETTY_FUNCTION__;
}

template <auto... Values>
consteval const char* text_of_values() {
  return __PRETTY_FUNCTION__;
}

template <auto&... Objects>
consteval const char* text_of_objects() {
  return __PRETTY_FUNCTION__;
}

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// True for what an identifier is made of, UTF-8 included.
constexpr bool is_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// The last identifier (or number) in a text, e.g. "title" in "{&Book::title}]".
constexpr std::string_view last_name(std::string_view text) noexcept {
  while (!text.empty() && !is_name_character(text.back())) text.remove_suffix(1);
  std::size_t begin = text.size();
  while (begin > 0 && is_name_character(text[begin - 1])) --begin;
  return text.substr(begin);
}

/// "Pair<music::Book>" for "music::Pair<music::Book>". Goes backwards, since what precedes the name can be
/// nearly anything: namespaces, "main()::", "{anonymous}::", "f(T) [with T = int]::".
constexpr std::string_view unqualified(std::string_view type) noexcept {
  std::size_t begin = type.size();
  int depth = 0;
  for (; begin > 0; --begin) {
    const char c = type[begin - 1];
    if (c == '>') ++depth;
    if (c == '<') --depth;
    if (depth == 0 && c == ':') break;
  }
  return type.substr(begin);
}

/// What surrounds the type in text_of_type, measured on a type whose name is known.
struct TypeTextFrame {
  std::size_t before;
  std::size_t around;
};
inline constexpr TypeTextFrame type_text_frame = [] {
  constexpr std::string_view text = text_of_type<void>();
  return TypeTextFrame{text.find("void"), text.size() - 4};
}();

// What every type or member would inline is kept out of line: optimising it took most of a millisecond each.
[[gnu::noinline]] constexpr std::string_view type_in(const char* text) noexcept {
  const std::string_view view = text;
  return view.substr(type_text_frame.before, view.size() - type_text_frame.around);
}
[[gnu::noinline]] constexpr std::string_view unqualified_type_in(const char* text) noexcept {
  return unqualified(type_in(text));
}
[[gnu::noinline]] constexpr std::string_view last_name_in(const char* text) noexcept {
  return last_name(text);
}

/// Name of T as the compiler writes it, e.g. "music::Author". Compilers differ in details outside of plain
/// names: spaces in "Pair<Pair<int> >", the spelling of unnamed namespaces, the function before a local type.
template <class T>
constexpr std::string_view qualified_type_name() noexcept {
  return type_in(text_of_type<T>());
}

/// Name of T without namespaces, enclosing classes and functions: "Author", "Pair<int>". Template arguments
/// are kept as the compiler writes them.
template <class T>
constexpr std::string_view type_name() noexcept {
  return unqualified_type_in(text_of_type<T>());
}

/// "title" for &Book::title, be it private or inherited. (GCC appends what std::string_view is to the text of
/// a function that returns one, so the type is spelt out.)
template <auto MemberPointer>
constexpr std::basic_string_view<char> member_name() noexcept {
  return last_name_in(__PRETTY_FUNCTION__);
}

/// Reads the names out of a text_of_values or text_of_objects, one after the other.
class NameList {
 public:
  /// Neither function's name has a bracket, so that the first one opens the list.
  constexpr explicit NameList(const char* text) noexcept : next_(text) {
    while (*next_ != '{' && *next_ != '<') ++next_;
    ++next_;
  }

  /// The next entry's last identifier; empty for a value without a name, such as "(Color)7". Once for each
  /// entry.
  constexpr std::string_view next() noexcept {
    const std::string_view name = last_name(next_entry());
    const bool is_number = !name.empty() && is_digit(name.front());
    return is_number ? std::string_view{} : name;
  }

 private:
  /// Up to the next comma that is not within brackets: types in front of a name may hold any.
  constexpr std::string_view next_entry() noexcept {
    const char* const begin = next_;
    const char* end = begin;
    for (int depth = 0;; ++end) {
      if (*end == '(' || *end == '<' || *end == '[' || *end == '{') ++depth;
      if (*end == ')' || *end == ']' || *end == '}') --depth;
      if (*end == '>' && end[-1] != '-') --depth;
      if (depth < 0 || *end == '\0' || (depth == 0 && *end == ',')) break;
    }
    next_ = *end == ',' ? end + 1 : end;
    return {begin, static_cast<std::size_t>(end - begin)};
  }

  const char* next_;
};

/// One enumerator.
struct EnumName {
  std::int64_t value;
  std::string_view name;
};

/// First and last value that is looked at.
struct EnumBounds {
  int min;
  int max;
};

template <class Integer>
consteval EnumBounds bounds_of_integer() {
  using Int = std::numeric_limits<int>;
  using Limits = std::numeric_limits<Integer>;
  if constexpr (sizeof(Integer) < sizeof(int)) return {Limits::min(), Limits::max()};
  return {Limits::is_signed ? Int::min() : 0, Int::max()};
}

// Without a fixed underlying type an enum has only the values of as many bits as its enumerators need. GCC
// takes constants beyond them, clang 19 too where it is told to, later ones do not.
#pragma GCC diagnostic push
#ifdef __clang__
#pragma GCC diagnostic ignored "-Wunknown-warning-option"
#pragma GCC diagnostic ignored "-Wenum-constexpr-conversion"
#else
#pragma GCC diagnostic ignored "-Wconversion"
#endif

template <class E, int Value>
concept ConstantOfEnum = requires { typename std::integral_constant<E, static_cast<E>(Value)>; };

template <class E, int Max, int Limit>
consteval EnumBounds bounds_by_bits() {
  if constexpr (Max < Limit && ConstantOfEnum<E, 2 * Max + 1>) {
    return bounds_by_bits<E, 2 * Max + 1, Limit>();
  } else {
    return {ConstantOfEnum<E, -Max - 1> ? -Max - 1 : 0, Max};
  }
}

template <class E, int Min, int... Indexes>
consteval const char* text_of_enum(std::integer_sequence<int, Indexes...>) {
  return text_of_values<static_cast<E>(Min + Indexes)...>();
}

#pragma GCC diagnostic pop

template <class E>
consteval EnumBounds enum_bounds() {
  constexpr int min = EnumRange<E>::min;
  constexpr int max = EnumRange<E>::max;
  static_assert(max < std::numeric_limits<int>::max() / 2, "kin: EnumRange<E>::max is too large");
  constexpr EnumBounds type = [] {
    if constexpr (requires { E{0}; }) {  // an integer in the braces: the underlying type is fixed
      return bounds_of_integer<std::underlying_type_t<E>>();
    } else {
      return bounds_by_bits<E, 0, max>();
    }
  }();
  constexpr EnumBounds bounds{type.min < min ? min : type.min, type.max > max ? max : type.max};
  static_assert(bounds.min <= bounds.max, "kin: EnumRange<E> holds no value that E can have");
  return bounds;
}

/// Writes the values that have a name to `found`; returns how many. Not constexpr, or compilers would try and
/// take three times as long for an enum.
inline std::size_t find_enumerators(const char* text, EnumBounds bounds, EnumName* found) noexcept {
  NameList names(text);
  std::size_t count = 0;
  for (int value = bounds.min; value <= bounds.max; ++value) {
    const std::string_view name = names.next();
    if (!name.empty()) found[count++] = {value, name};
  }
  return count;
}

/// The enumerators of E within EnumRange<E>, ordered by value; of several with one value the one declared
/// first. Lives as long as the program; may be called from any thread.
template <class E>
std::span<const EnumName> enum_names() {
  // Once clang has looked for an enumerator, it knows those of an enum in a class template.
  static_cast<void>(requires { E::any; });
  constexpr EnumBounds bounds = enum_bounds<E>();
  constexpr int size = bounds.max - bounds.min + 1;
  constexpr const char* text = text_of_enum<E, bounds.min>(std::make_integer_sequence<int, size>());
  static EnumName names[static_cast<std::size_t>(size)]{};
  static const std::size_t count = find_enumerators(text, bounds, names);
  return {names, count};
}

}  // namespace kin::detail

// Self-tests: a compiler that writes its texts in another way does not get past this header.
namespace kin::compiler_text_test {

enum class Color : unsigned char { red, green = 2 };
template <class T>
struct Pair {
  T first;
  T second;
};
inline constexpr Pair<Pair<int>> nested{};

constexpr bool holds(detail::NameList names, std::string_view a, std::string_view b, std::string_view c) {
  return names.next() == a && names.next() == b && names.next() == c && names.next().empty();
}

static_assert(detail::qualified_type_name<Color>() == "kin::compiler_text_test::Color");
static_assert(detail::type_name<Color>() == "Color");
static_assert(detail::type_name<Pair<int>>() == "Pair<int>");
static_assert(detail::member_name<&Pair<int>::second>() == "second");
static_assert(holds(detail::NameList(detail::text_of_objects<nested, nested.second, nested.first.second>()),
                    "nested", "second", "second"));
static_assert(holds(detail::NameList(detail::text_of_values<Color::red, Color{1}, Color::green>()), "red", "",
                    "green"));

}  // namespace kin::compiler_text_test
