// SPDX-License-Identifier: MIT
// Conditions on vectors against the same filter on the objects themselves.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/support/database.hpp"

namespace kin::test::reading_arrays {

enum class Mood { calm, wild, odd };

struct Note {
  std::int64_t id{};
  std::vector<int> numbers{};
  std::optional<std::vector<std::string>> tags{};
  std::vector<Mood> moods{};
  std::vector<Decimal> prices{};
  std::vector<bool> flags{};
  std::vector<Uuid> tokens{};
  std::vector<std::chrono::sys_seconds> times{};
};

class ReadingArrays : public DatabaseTest {
 protected:
  using Tags = std::vector<std::string>;
  void SetUp() override {
    start(kin::entities<Note>);
    const Uuid token = Uuid::v4();
    const std::chrono::sys_seconds time(std::chrono::seconds(1'709'211'600));
    notes_ = {
        {1, {1, 2, 3}, Tags{"red", "blue"}, {Mood::calm}, {Decimal("9.50")}, {true}, {token}, {time}},
        {2, {}, Tags{}, {}, {}, {}, {}, {}},
        {3,
         {3, 3},
         std::nullopt,
         {Mood::wild, Mood::calm},
         {Decimal("9.5"), Decimal("1")},
         {true, false},
         {Uuid()},
         {}},
        {4,
         {4},
         Tags{"{}", "a\"b", "NULL", "é"},
         {Mood::odd},
         {Decimal("100")},
         {false},
         {token, Uuid()},
         {time, time}},
        {5, {1}, Tags{"red"}, {Mood::wild}, {}, {}, {}, {}},
    };
    EntityManager em = orm().em();
    for (const Note& note : notes_) em.create<Note>(note);
    em.flush();
  }
  std::vector<std::int64_t> ids(const Condition<Note>& condition) {
    EntityManager em = orm().em();
    std::vector<std::int64_t> found;
    for (auto note : em.find<Note>(condition).order_by(field<&Note::id>.asc()).list())
      found.push_back(note->id);
    EXPECT_EQ(em.count<Note>(condition), found.size());
    return found;
  }
  template <class F>
  std::vector<std::int64_t> expected(F&& predicate) const {
    std::vector<std::int64_t> result;
    for (const Note& note : notes_)
      if (predicate(note)) result.push_back(note.id);
    return result;
  }
  template <class T>
  static bool holds(const std::vector<T>& array, const T& element) {
    return std::ranges::find(array, element) != array.end();
  }
  template <class T>
  static bool all_in(const std::vector<T>& elements, const std::vector<T>& array) {
    return std::ranges::all_of(elements, [&](const T& element) { return holds(array, element); });
  }
  template <class T>
  static bool share(const std::vector<T>& a, const std::vector<T>& b) {
    return std::ranges::any_of(a, [&](const T& element) { return holds(b, element); });
  }
  /// The three operators on a member that is never null.
  template <auto Member, class T>
  void expect_as_sets(const std::vector<T>& array) {
    EXPECT_EQ(ids(field<Member>.overlaps(array)),
              expected([&](const Note& n) { return share(n.*Member, array); }));
    EXPECT_EQ(ids(field<Member>.contains_all(array)),
              expected([&](const Note& n) { return all_in(array, n.*Member); }));
    EXPECT_EQ(ids(field<Member>.contained_in(array)),
              expected([&](const Note& n) { return all_in(n.*Member, array); }));
    EXPECT_EQ(ids(field<Member> == array), expected([&](const Note& n) { return n.*Member == array; }));
    EXPECT_EQ(ids(field<Member> != array), expected([&](const Note& n) { return n.*Member != array; }));
    EXPECT_EQ(ids(!field<Member>.overlaps(array)),
              expected([&](const Note& n) { return !share(n.*Member, array); }));
  }

  std::vector<Note> notes_;
};

TEST_P(ReadingArrays, AreComparedAsSets) {
  for (const std::vector<int>& numbers :
       std::vector<std::vector<int>>{{}, {1}, {3, 3}, {3, 1, 2}, {1, 2, 3, 4, 5}, {9}}) {
    SCOPED_TRACE(testing::PrintToString(numbers));
    expect_as_sets<&Note::numbers>(numbers);
  }
  expect_as_sets<&Note::moods>(std::vector<Mood>{Mood::calm, Mood::wild});
  expect_as_sets<&Note::moods>(std::vector<Mood>{Mood::odd});
  expect_as_sets<&Note::prices>(std::vector<Decimal>{Decimal("9.500")});
  expect_as_sets<&Note::prices>(std::vector<Decimal>{Decimal("1.0"), Decimal("100")});
  expect_as_sets<&Note::tokens>(std::vector<Uuid>{Uuid()});
  expect_as_sets<&Note::times>(
      std::vector<std::chrono::sys_seconds>{std::chrono::sys_seconds(std::chrono::seconds(1'709'211'600))});
  expect_as_sets<&Note::flags>(std::vector<bool>{true});
}

TEST_P(ReadingArrays, ANullArrayMeetsNoCondition) {
  const auto with_tags = [&](auto predicate) {
    return expected([&](const Note& note) { return note.tags && predicate(*note.tags); });
  };
  for (const Tags& tags :
       std::vector<Tags>{{}, {"red"}, {"blue", "red"}, {"NULL"}, {"{}", "é"}, {"a\"b"}, {"null"}, {"it's"}}) {
    SCOPED_TRACE(testing::PrintToString(tags));
    EXPECT_EQ(ids(field<&Note::tags>.overlaps(tags)),
              with_tags([&](const Tags& own) { return share(own, tags); }));
    EXPECT_EQ(ids(field<&Note::tags>.contains_all(tags)),
              with_tags([&](const Tags& own) { return all_in(tags, own); }));
    EXPECT_EQ(ids(field<&Note::tags>.contained_in(tags)),
              with_tags([&](const Tags& own) { return all_in(own, tags); }));
    EXPECT_EQ(ids(field<&Note::tags> == tags), with_tags([&](const Tags& own) { return own == tags; }));
  }
  EXPECT_EQ(ids(field<&Note::tags>.is_null()), (std::vector<std::int64_t>{3}));
  EXPECT_EQ(ids(field<&Note::tags> == std::optional<Tags>()), (std::vector<std::int64_t>{3}));
}

TEST_P(ReadingArrays, TakeBracesAndOtherRanges) {
  EXPECT_EQ(ids(field<&Note::tags>.contains_all({"red"})), (std::vector<std::int64_t>{1, 5}));
  EXPECT_EQ(ids(field<&Note::numbers>.overlaps({2, 4})), (std::vector<std::int64_t>{1, 4}));
  const std::string_view tags[] = {"red", "blue"};
  EXPECT_EQ(ids(field<&Note::tags>.contained_in(tags)), (std::vector<std::int64_t>{1, 2, 5}));
}

KIN_ON_EVERY_DATABASE(ReadingArrays);

}  // namespace kin::test::reading_arrays
