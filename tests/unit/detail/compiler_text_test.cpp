// SPDX-License-Identifier: MIT
#include <kin/detail/compiler_text.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace music {

struct Author {
  std::int64_t id{};
  std::string name{};
};
template <class T>
struct Pair {
  T first;
  T second;
};
template <class First, class Second>
struct Two {
  struct Inner {};
};
struct Outer {
  struct Inner {};
};
namespace {
struct Hidden {
  int field;
};
enum class HiddenColor { red };
}  // namespace

class Account {
 public:
  static constexpr std::string_view private_member() { return kin::detail::member_name<&Account::owner_>(); }

 private:
  [[maybe_unused]] std::string owner_;
};

template <class T>
class Collection {
 public:
  Collection();
  Collection(Collection&&) noexcept;
};
struct NeverDefined;
struct Shelf {
  Collection<NeverDefined> books;
  std::vector<std::optional<int>> slots;
  int grid[3];
};
struct Box : Shelf {
  int height;
};
struct Umlaut {
  int größe;
};

}  // namespace music

struct Global {
  int value;
};

namespace shop {

enum class Color { red, green = 3, blue };
enum class Temperature { cold = -16, low = -1, zero, hot = 127, too_cold = -17, too_hot = 128 };
enum class Byte : std::uint8_t { none, some = 100, all = 255 };
enum class SignedByte : std::int8_t { low = -16, high = 127 };
enum class Switch : bool { off, on };
enum class Sign : char { comma = ',', quote = '\'', open = '(', less = '<', backslash = '\\', letter = 'a' };
enum class Wide : std::uint64_t { one = 1, huge = std::uint64_t{1} << 60 };
enum class Status { ok = 200, not_found = 404 };
enum Old { old_none, old_five = 5 };
enum OldNegative { minus_three = -3, plus_two = 2 };
enum OldFixed : short { fixed_one = 1 };
enum class Twins { first = 1, second = 1 };
enum class Words { true_, False, t1 };
enum class Empty {};
struct Order {
  enum class State { open, closed };
  enum { nameless_one = 1 } nameless;
};
template <class T>
struct Holder {
  enum class Kind : char { a, b };
};

}  // namespace shop

template <>
struct kin::EnumRange<shop::Status> {
  static constexpr int min = 100, max = 599;
};
template <>
struct kin::EnumRange<shop::Byte> {
  static constexpr int min = 0, max = 1000;
};

namespace kin::detail {
namespace {

template <class T>
std::string name_of_local_in_template() {
  struct Local {};
  return std::string(type_name<Local>());
}

template <class E>
std::string described() {
  std::string text;
  for (const EnumName& enumerator : enum_names<E>()) {
    text += std::string(enumerator.name) + '=' + std::to_string(enumerator.value) + ' ';
  }
  return text;
}

template <auto&... Objects>
std::vector<std::string> names_of() {
  NameList list(text_of_objects<Objects...>());
  std::vector<std::string> names;
  for (std::size_t i = 0; i < sizeof...(Objects); ++i) names.emplace_back(list.next());
  return names;
}

TEST(QualifiedTypeName, HasAllNamespaces) {
  EXPECT_EQ(qualified_type_name<music::Author>(), "music::Author");
  EXPECT_EQ(qualified_type_name<music::Outer::Inner>(), "music::Outer::Inner");
  EXPECT_EQ(qualified_type_name<Global>(), "Global");
  EXPECT_EQ(qualified_type_name<int>(), "int");
}

TEST(TypeName, LeavesOutNamespacesAndEnclosingClasses) {
  EXPECT_EQ(type_name<music::Author>(), "Author");
  EXPECT_EQ(type_name<music::Outer::Inner>(), "Inner");
  EXPECT_EQ(type_name<Global>(), "Global");
  EXPECT_EQ(type_name<shop::Color>(), "Color");
  EXPECT_EQ(type_name<unsigned int>(), "unsigned int");
}

TEST(TypeName, KeepsTemplateArguments) {
  EXPECT_EQ(type_name<music::Pair<int>>(), "Pair<int>");
  EXPECT_EQ(type_name<music::Pair<music::Author>>(), "Pair<music::Author>");
  EXPECT_EQ((type_name<music::Two<int, music::Author>>()), "Two<int, music::Author>");
  EXPECT_EQ((type_name<music::Two<int, music::Author>::Inner>()), "Inner");
}

TEST(TypeName, WorksForUnnamedNamespaces) { EXPECT_EQ(type_name<music::Hidden>(), "Hidden"); }

TEST(TypeName, WorksForLocalTypes) {
  struct Local {};
  EXPECT_EQ(type_name<Local>(), "Local");
  EXPECT_EQ(type_name<music::Pair<Global>>(), "Pair<Global>");
  EXPECT_EQ((name_of_local_in_template<music::Two<int, char>>()), "Local");
  const auto in_lambda = [](auto) {
    struct Deep {};
    return type_name<Deep>();
  };
  EXPECT_EQ(in_lambda(1), "Deep");
}

TEST(TypeName, IsAConstant) { static_assert(type_name<music::Author>() == "Author"); }

TEST(MemberName, IsTheLastPartOfTheMemberPointer) {
  EXPECT_EQ(member_name<&music::Author::id>(), "id");
  EXPECT_EQ(member_name<&music::Author::name>(), "name");
  EXPECT_EQ(member_name<&Global::value>(), "value");
  EXPECT_EQ(member_name<&music::Pair<music::Author>::second>(), "second");
  EXPECT_EQ(member_name<&music::Hidden::field>(), "field");
}

TEST(MemberName, WorksForPrivateMembers) { EXPECT_EQ(music::Account::private_member(), "owner_"); }

TEST(MemberName, WorksForInheritedMembers) {
  EXPECT_EQ(member_name<&music::Box::height>(), "height");
  EXPECT_EQ(member_name<&music::Box::slots>(), "slots");
}

TEST(MemberName, DoesNotNeedTheMembersTypeToBeComplete) {
  EXPECT_EQ(member_name<&music::Shelf::books>(), "books");
  EXPECT_EQ(member_name<&music::Shelf::grid>(), "grid");
}

TEST(MemberName, WorksForLocalTypes) {
  struct Local {
    int total;
  };
  EXPECT_EQ(member_name<&Local::total>(), "total");
}

TEST(MemberName, KeepsUtf8) { EXPECT_EQ(member_name<&music::Umlaut::größe>(), "größe"); }

TEST(MemberName, IsAFunctionThatCanBePointedAt) {
  std::string_view (*const name)() = &member_name<&music::Author::name>;
  EXPECT_EQ(name(), "name");
}

inline constexpr music::Pair<music::Pair<int>> pair_of_pairs{};
inline constexpr music::Two<int, char> two{};

TEST(ObjectNames, AreTheLastPartOfEachObject) {
  const std::vector<std::string> expected{"pair_of_pairs", "second", "first", "two"};
  EXPECT_EQ((names_of<pair_of_pairs, pair_of_pairs.second, pair_of_pairs.second.first, two>()), expected);
}

TEST(ObjectNames, AreNoneForNoObjects) {
  EXPECT_TRUE(names_of<>().empty());
  EXPECT_EQ(NameList(text_of_objects<>()).next(), "");
}

TEST(NameList, SkipsCommasAndBracketsOfTypes) {
  NameList list(
      "text_of() [Values = <ns::A<int, f(int, char)>::x, (ns::B<1, 2>)-7, g(T) [with T = int]::C::y>]");
  EXPECT_EQ(list.next(), "x");
  EXPECT_EQ(list.next(), "");
  EXPECT_EQ(list.next(), "y");
  EXPECT_EQ(list.next(), "");
}

TEST(EnumNames, AreOrderedByValue) {
  EXPECT_EQ(described<shop::Color>(), "red=0 green=3 blue=4 ");
  EXPECT_EQ(described<shop::Sign>(), "quote=39 open=40 comma=44 less=60 backslash=92 letter=97 ");
}

TEST(EnumNames, CoverTheDefaultRangeAndNoMore) {
  EXPECT_EQ(described<shop::Temperature>(), "cold=-16 low=-1 zero=0 hot=127 ");
}

TEST(EnumNames, CoverARangeOfTheUsersChoice) {
  EXPECT_EQ(described<shop::Status>(), "ok=200 not_found=404 ");
}

TEST(EnumNames, StayWithinTheUnderlyingType) {
  EXPECT_EQ(described<shop::Byte>(), "none=0 some=100 all=255 ");
  EXPECT_EQ(described<shop::SignedByte>(), "low=-16 high=127 ");
  EXPECT_EQ(described<shop::Switch>(), "off=0 on=1 ");
  EXPECT_EQ(described<shop::Wide>(), "one=1 ");
}

TEST(EnumNames, WorkWithoutFixedUnderlyingType) {
  EXPECT_EQ(described<shop::Old>(), "old_none=0 old_five=5 ");
  EXPECT_EQ(described<shop::OldNegative>(), "minus_three=-3 plus_two=2 ");
  EXPECT_EQ(described<shop::OldFixed>(), "fixed_one=1 ");
  EXPECT_EQ(described<decltype(shop::Order::nameless)>(), "nameless_one=1 ");
}

TEST(EnumNames, HaveTheFirstOfTwoEnumeratorsOfOneValue) { EXPECT_EQ(described<shop::Twins>(), "first=1 "); }

TEST(EnumNames, MayLookLikeKeywords) { EXPECT_EQ(described<shop::Words>(), "true_=0 False=1 t1=2 "); }

TEST(EnumNames, MayBeNone) { EXPECT_EQ(described<shop::Empty>(), ""); }

TEST(EnumNames, WorkInsideClassesTemplatesFunctionsAndUnnamedNamespaces) {
  enum class Local { here = 1 };
  EXPECT_EQ(described<shop::Order::State>(), "open=0 closed=1 ");
  EXPECT_EQ((described<shop::Holder<std::pair<int, char>>::Kind>()), "a=0 b=1 ");
  EXPECT_EQ(described<music::HiddenColor>(), "red=0 ");
  EXPECT_EQ(described<Local>(), "here=1 ");
}

TEST(EnumNames, AreComputedOnce) {
  EXPECT_EQ(enum_names<shop::Color>().data(), enum_names<shop::Color>().data());
}

}  // namespace
}  // namespace kin::detail
