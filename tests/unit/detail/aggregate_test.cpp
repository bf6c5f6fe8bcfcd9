// SPDX-License-Identifier: MIT
#include <kin/detail/aggregate.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace kin::detail {
namespace {

/// A move-only to-many relation; T may be incomplete.
template <class T>
class Collection {
 public:
  Collection() {}
  Collection(std::initializer_list<T*>) {}
  Collection(Collection&&) noexcept {}
  Collection& operator=(Collection&&) noexcept { return *this; }
  ~Collection() {}

 private:
  [[maybe_unused]] std::vector<T*> items_;
};

/// A to-one relation that converts from about everything; T may be incomplete.
template <class T>
class Ref {
 public:
  Ref() = default;
  Ref(std::nullptr_t) {}
  Ref(T& target) : target_(&target) {}
  template <class Other>
  Ref(Other&& other) : target_(other.target()) {}

 private:
  [[maybe_unused]] T* target_ = nullptr;
};

class Decimal {
 public:
  Decimal() = default;
  Decimal(int units) : units_(units) {}
  explicit Decimal(std::string_view) {}
  bool operator==(const Decimal&) const = default;

 private:
  std::int64_t units_ = 0;
};

struct Member {
  std::string name;
  std::size_t offset;
  std::size_t size;
  bool operator==(const Member&) const = default;
};
void PrintTo(const Member& member, std::ostream* out) {
  *out << member.name << " at " << member.offset << " of size " << member.size;
}

template <class T>
std::vector<Member> members() {
  std::vector<Member> found;
  for_each_member<T>([&]<class M>(std::string_view name, std::size_t offset) {
    found.push_back({std::string(name), offset, sizeof(M)});
  });
  return found;
}

template <class T>
std::string names() {
  std::string text;
  for (const Member& member : members<T>()) text += (text.empty() ? "" : " ") + member.name;
  return text;
}

template <class T>
inline constexpr char tag{};
template <class T>
std::vector<const void*> member_types() {
  std::vector<const void*> found;
  for_each_member<T>([&]<class M>(std::string_view, std::size_t) { found.push_back(&tag<M>); });
  return found;
}
template <class... Types>
std::vector<const void*> types() {
  return {&tag<Types>...};
}

struct Nothing {};
struct One {
  std::string only;
};
struct Two {
  int first;
  char second;
};
struct Forty {
  int m1{}, m2{}, m3{}, m4{}, m5{}, m6{}, m7{}, m8{};
  int m9{}, m10{}, m11{}, m12{}, m13{}, m14{}, m15{}, m16{};
  int m17{}, m18{}, m19{}, m20{}, m21{}, m22{}, m23{}, m24{};
  int m25{}, m26{}, m27{}, m28{}, m29{}, m30{}, m31{}, m32{};
  int m33{}, m34{}, m35{}, m36{}, m37{}, m38{}, m39{}, m40{};
};
struct SixtyFour {
  int m1{}, m2{}, m3{}, m4{}, m5{}, m6{}, m7{}, m8{};
  int m9{}, m10{}, m11{}, m12{}, m13{}, m14{}, m15{}, m16{};
  int m17{}, m18{}, m19{}, m20{}, m21{}, m22{}, m23{}, m24{};
  int m25{}, m26{}, m27{}, m28{}, m29{}, m30{}, m31{}, m32{};
  int m33{}, m34{}, m35{}, m36{}, m37{}, m38{}, m39{}, m40{};
  int m41{}, m42{}, m43{}, m44{}, m45{}, m46{}, m47{}, m48{};
  int m49{}, m50{}, m51{}, m52{}, m53{}, m54{}, m55{}, m56{};
  int m57{}, m58{}, m59{}, m60{}, m61{}, m62{}, m63{}, m64{};
};

struct Book;
enum class Genre : std::uint8_t { novel, poem };
struct Address {
  std::string street{};
  int number{};
};
struct Author {
  std::int64_t id{};
  std::string name{};
  std::optional<int> age{};
  std::chrono::sys_seconds created_at{};
  Collection<Book> books{};
  Ref<Author> mentor{};
  Address address{};
  Genre genre{};
  std::array<int, 3> scores{};
  std::vector<std::string> tags{};
};
struct Book {
  std::int64_t id{};
  Ref<Author> author{};
};

TEST(Aggregate, CountsItsMembers) {
  static_assert(member_count<Nothing> == 0);
  static_assert(member_count<One> == 1);
  static_assert(member_count<Two> == 2);
  static_assert(member_count<Author> == 10);
  static_assert(member_count<Forty> == 40);
  static_assert(member_count<SixtyFour> == 64);
}

TEST(Aggregate, NamesItsMembersInOrder) {
  EXPECT_EQ(names<Nothing>(), "");
  EXPECT_EQ(names<One>(), "only");
  EXPECT_EQ(names<Two>(), "first second");
  EXPECT_EQ(names<Author>(), "id name age created_at books mentor address genre scores tags");
  EXPECT_EQ(members<Forty>().back().name, "m40");
  std::string expected = "m1";
  for (int i = 2; i <= 64; ++i) expected += " m" + std::to_string(i);
  EXPECT_EQ(names<SixtyFour>(), expected);
}

TEST(Aggregate, KnowsTheOffsetsOfItsMembers) {
  const std::vector<Member> expected{{"first", offsetof(Two, first), sizeof(int)},
                                     {"second", offsetof(Two, second), sizeof(char)}};
  EXPECT_EQ(members<Two>(), expected);
  Author author;
  const auto at = [&](const void* member) {
    return static_cast<std::size_t>(static_cast<const char*>(member) -
                                    reinterpret_cast<const char*>(&author));
  };
  const std::vector<Member> found = members<Author>();
  EXPECT_EQ(found[0].offset, at(&author.id));
  EXPECT_EQ(found[1].offset, at(&author.name));
  EXPECT_EQ(found[4].offset, at(&author.books));
  EXPECT_EQ(found[9].offset, at(&author.tags));
  EXPECT_EQ(members<SixtyFour>()[63].offset, 63 * sizeof(int));
}

TEST(Aggregate, KnowsTheTypesOfItsMembers) {
  EXPECT_EQ(member_types<Author>(),
            (types<std::int64_t, std::string, std::optional<int>, std::chrono::sys_seconds, Collection<Book>,
                   Ref<Author>, Address, Genre, std::array<int, 3>, std::vector<std::string>>()));
  EXPECT_EQ(member_types<Book>(), (types<std::int64_t, Ref<Author>>()));
}

struct NeverDefined;
struct Unfinished {
  Ref<NeverDefined> reference{};
  Collection<NeverDefined> collection{};
  std::unique_ptr<Unfinished> next{};
};

TEST(Aggregate, MayReferToIncompleteTypes) { EXPECT_EQ(names<Unfinished>(), "reference collection next"); }

struct Greedy {
  Ref<Book> converts_from_everything;
  std::optional<Ref<Book>> optional_reference;
  std::optional<std::optional<std::string>> twice_optional;
  std::variant<std::monostate, std::string, int> variant;
  std::function<void(int)> function;
  std::map<std::string, std::vector<int>> map;
  std::pair<Decimal, std::string> pair;
  Collection<Book> takes_a_list;
  std::vector<std::vector<bool>> nested;
};

TEST(Aggregate, IsNotConfusedByMembersThatConvertFromAnything) {
  EXPECT_EQ(names<Greedy>(),
            "converts_from_everything optional_reference twice_optional variant function map pair "
            "takes_a_list nested");
}

struct NoDefault {
  explicit NoDefault(int) {}
  NoDefault(const NoDefault&) = delete;
};
struct NeedsItsKey {
  NoDefault key;
  std::string name;
  std::optional<std::string> email;
  Ref<Book> book;
  Collection<Book> books;
};
struct HasItsKey {
  int before = 1;
  NoDefault key{1};
  std::string after{};
};
class ExplicitDefault {
 public:
  explicit ExplicitDefault() {}
};
struct EndsExplicitly {
  std::string name;
  ExplicitDefault last;
};

TEST(Aggregate, NeedNotBeDefaultConstructible) {
  static_assert(!std::is_default_constructible_v<NeedsItsKey>);
  EXPECT_EQ(names<NeedsItsKey>(), "key name email book books");
  EXPECT_EQ(names<HasItsKey>(), "before key after");
  EXPECT_EQ(names<EndsExplicitly>(), "name last");
}

struct Pinned {
  std::atomic<int> counter;
  std::unique_ptr<int> owner;
};

TEST(Aggregate, NeedNotBeMovable) {
  static_assert(!std::is_move_constructible_v<Pinned>);
  EXPECT_EQ(names<Pinned>(), "counter owner");
}

struct Constant {
  const int fixed = 1;
  int loose = 2;
};

TEST(Aggregate, KeepsTheConstOfItsMembers) { EXPECT_EQ(member_types<Constant>(), (types<const int, int>())); }

struct Grid {
  int cells[2][3];
  char text[8];
  std::string name;
};

TEST(Aggregate, MayHaveArrays) {
  EXPECT_EQ(names<Grid>(), "cells text name");
  EXPECT_EQ(member_types<Grid>(), (types<int[2][3], char[8], std::string>()));
}

struct Busy {
  static constexpr int factor = 2;
  enum class State { open };
  int value{};
  State state{};
  int doubled() const { return factor * value; }
  bool operator==(const Busy&) const = default;
};

TEST(Aggregate, MayHaveFunctionsAndStatics) { EXPECT_EQ(names<Busy>(), "value state"); }

template <class T>
struct Pair {
  T first;
  std::optional<T> second;
};

TEST(Aggregate, MayBeATemplate) {
  EXPECT_EQ(names<Pair<int>>(), "first second");
  EXPECT_EQ((names<Pair<std::pair<int, char>>>()), "first second");
}

struct Addressless {
  int value;
  void operator&() const = delete;
};
struct Awkward {
  Addressless hides_its_address;
  alignas(64) char aligned;
  [[no_unique_address]] Nothing empty;
};

TEST(Aggregate, MayHaveMembersThatHideTheirAddress) {
  EXPECT_EQ(names<Awkward>(), "hides_its_address aligned empty");
  EXPECT_EQ(members<Awkward>()[1].offset, 64U);
}

TEST(Aggregate, MayBeLocal) {
  struct Spender {
    std::int64_t id{};
    Decimal spent{};
  };
  EXPECT_EQ(names<Spender>(), "id spent");
  EXPECT_EQ(member_types<Spender>(), (types<std::int64_t, Decimal>()));
  EXPECT_EQ(members<Spender>()[1].offset, sizeof(std::int64_t));
}

template <class T>
std::string names_of_local_in_template() {
  struct Local {
    T value{};
    std::string text{};
  };
  return names<Local>();
}

TEST(Aggregate, MayBeLocalToATemplateOrLambda) {
  EXPECT_EQ((names_of_local_in_template<std::pair<int, char>>()), "value text");
  const auto in_lambda = [](auto) {
    struct Deep {
      std::string deep{};
    };
    return names<Deep>();
  };
  EXPECT_EQ(in_lambda(1), "deep");
}

struct CountingVisitor {
  int calls = 0;
  template <class M>
  void operator()(std::string_view, std::size_t) {
    ++calls;
  }
};

TEST(ForEachMember, KeepsTheStateOfTheVisitor) {
  CountingVisitor visitor;
  for_each_member<Author>(visitor);
  for_each_member<Two>(visitor);
  EXPECT_EQ(visitor.calls, 12);
}

TEST(ForEachMember, TakesAConstVisitor) {
  int calls = 0;
  const auto visitor = [&]<class M>(std::string_view, std::size_t) { ++calls; };
  for_each_member<Two>(visitor);
  EXPECT_EQ(calls, 2);
}

TEST(ForEachMember, GivesNamesThatOutliveTheVisit) {
  std::vector<std::string_view> views;
  for_each_member<Two>([&]<class M>(std::string_view name, std::size_t) { views.push_back(name); });
  EXPECT_EQ(views, (std::vector<std::string_view>{"first", "second"}));
}

TEST(ForEachMemberOf, GivesTheMembersOfTheObject) {
  Two two{1, 'a'};
  for_each_member_of(two, [](std::string_view name, auto& member) {
    if (name == "first") member = 7;
    if (name == "second") member = 'z';
  });
  EXPECT_EQ(two.first, 7);
  EXPECT_EQ(two.second, 'z');
}

TEST(ForEachMemberOf, GivesConstMembersOfAConstObject) {
  const One one{"text"};
  std::string seen;
  for_each_member_of(one, [&](std::string_view, auto& member) {
    static_assert(std::is_same_v<decltype(member), const std::string&>);
    seen = member;
  });
  EXPECT_EQ(seen, "text");
}

}  // namespace
}  // namespace kin::detail
