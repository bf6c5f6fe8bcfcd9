// SPDX-License-Identifier: MIT
// Every operator on a plain member against the same filter written in C++, with null as SQL means it.
#include "db/support/database.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <initializer_list>
#include <random>
#include <string_view>
#include <utility>

namespace kin::test::reading_conditions {

struct Thing {
  std::int64_t id{};
  std::string name{};
  int size{};
  std::optional<int> rank{};
  double weight{};
  bool live{};
  std::optional<std::string> note{};
};

/// True, false, or unknown as a comparison with null is.
using Truth = std::optional<bool>;

Truth all_of(std::initializer_list<Truth> parts) {
  Truth result = true;
  for (const Truth& part : parts) {
    if (part == Truth(false)) return false;
    if (!part) result.reset();
  }
  return result;
}
Truth any_of(std::initializer_list<Truth> parts) {
  Truth result = false;
  for (const Truth& part : parts) {
    if (part == Truth(true)) return true;
    if (!part) result.reset();
  }
  return result;
}
template <class V, class F>
Truth known(const std::optional<V>& value, F&& test) {
  return value ? Truth(test(*value)) : Truth();
}
std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

class ReadingConditions : public DatabaseTest {
 protected:
  void SetUp() override {
    start(kin::entities<Thing>);
    things_ = {
        {1, "Alpha", 3, 7, 0.5, true, "first"},     {2, "alphabet", 5, std::nullopt, 1.5, false, std::nullopt},
        {3, "Beta", -2, 0, 2.25, true, ""},          {4, "", 0, -7, -0.125, false, "100% sure"},
        {5, "gamma_ray", 3, 7, 1e6, true, "a_b"},    {6, "gammaXray", 4, std::nullopt, 0.0, false, "axb"},
        {7, "Zeta's", 2147483647, 1, 9.0, true, {}}, {8, "étude", -2147483647, 2, 9.5, false, "\\path"},
    };
    EntityManager em = orm().em();
    for (const Thing& thing : things_) em.create<Thing>(thing);
    em.flush();
    clear_statements();
  }

  std::vector<std::int64_t> ids(const Condition<Thing>& condition) {
    EntityManager em = orm().em();
    std::vector<std::int64_t> found;
    for (auto thing : em.find<Thing>(condition).order_by(field<&Thing::id>.asc()).list()) found.push_back(thing->id);
    EXPECT_EQ(em.count<Thing>(condition), found.size());
    EXPECT_EQ(em.find<Thing>(condition).exists(), !found.empty());
    return found;
  }
  template <class F>
  std::vector<std::int64_t> expected(bool wanted, F&& predicate) const {
    std::vector<std::int64_t> result;
    for (const Thing& thing : things_)
      if (Truth(predicate(thing)) == Truth(wanted)) result.push_back(thing.id);
    return result;
  }
  /// The condition holds for the things that the predicate holds for, and its negation for those that it fails for.
  template <class F>
  void expect(const Condition<Thing>& condition, F&& predicate) {
    EXPECT_EQ(ids(condition), expected(true, predicate));
    EXPECT_EQ(ids(!condition), expected(false, predicate));
    EXPECT_EQ(ids(!!condition), expected(true, predicate));
  }

  std::vector<Thing> things_;
};

TEST_P(ReadingConditions, ComparesIntegers) {
  for (int bound : {-7, 0, 3, 4, 2147483647}) {
    SCOPED_TRACE(bound);
    expect(field<&Thing::size> == bound, [&](const Thing& t) { return t.size == bound; });
    expect(field<&Thing::size> != bound, [&](const Thing& t) { return t.size != bound; });
    expect(field<&Thing::size> < bound, [&](const Thing& t) { return t.size < bound; });
    expect(field<&Thing::size> <= bound, [&](const Thing& t) { return t.size <= bound; });
    expect(field<&Thing::size> > bound, [&](const Thing& t) { return t.size > bound; });
    expect(field<&Thing::size> >= bound, [&](const Thing& t) { return t.size >= bound; });
    expect(field<&Thing::size> > bound + 0.5, [&](const Thing& t) { return t.size > bound + 0.5; });
  }
}

TEST_P(ReadingConditions, ComparesRealNumbersAndBooleans) {
  for (double bound : {-0.125, 0.0, 1.5, 9.25}) {
    expect(field<&Thing::weight> < bound, [&](const Thing& t) { return t.weight < bound; });
    expect(field<&Thing::weight> == bound, [&](const Thing& t) { return t.weight == bound; });
  }
  expect(field<&Thing::weight> >= 9, [](const Thing& t) { return t.weight >= 9; });
  for (bool live : {false, true}) {
    expect(field<&Thing::live> == live, [&](const Thing& t) { return t.live == live; });
    expect(field<&Thing::live> != live, [&](const Thing& t) { return t.live != live; });
  }
}

TEST_P(ReadingConditions, ComparesTextByItsBytes) {
  for (const char* bound : {"", "Alpha", "alpha", "gamma_ray", "Zeta's"}) {
    SCOPED_TRACE(bound);
    expect(field<&Thing::name> == bound, [&](const Thing& t) { return t.name == bound; });
    expect(field<&Thing::name> != std::string(bound), [&](const Thing& t) { return t.name != bound; });
    expect(field<&Thing::name> < std::string_view(bound), [&](const Thing& t) { return t.name < bound; });
    expect(field<&Thing::name> >= bound, [&](const Thing& t) { return t.name >= bound; });
  }
}

TEST_P(ReadingConditions, KnowNullAsUnknown) {
  for (int bound : {-7, 0, 7}) {
    expect(field<&Thing::rank> == bound, [&](const Thing& t) { return known(t.rank, [&](int r) { return r == bound; }); });
    expect(field<&Thing::rank> != bound, [&](const Thing& t) { return known(t.rank, [&](int r) { return r != bound; }); });
    expect(field<&Thing::rank> > bound, [&](const Thing& t) { return known(t.rank, [&](int r) { return r > bound; }); });
  }
  expect(field<&Thing::rank>.is_null(), [](const Thing& t) { return !t.rank; });
  expect(field<&Thing::rank>.is_not_null(), [](const Thing& t) { return t.rank.has_value(); });
}

TEST_P(ReadingConditions, EqualToNothingIsNull) {
  const std::optional<int> nothing;
  const std::optional<int> seven = 7;
  expect(field<&Thing::rank> == std::nullopt, [](const Thing& t) { return !t.rank; });
  expect(field<&Thing::rank> != std::nullopt, [](const Thing& t) { return t.rank.has_value(); });
  expect(field<&Thing::rank> == nothing, [](const Thing& t) { return !t.rank; });
  expect(field<&Thing::rank> != nothing, [](const Thing& t) { return t.rank.has_value(); });
  expect(field<&Thing::rank> == seven, [](const Thing& t) { return known(t.rank, [](int r) { return r == 7; }); });
}

TEST_P(ReadingConditions, CompareOneMemberWithAnother) {
  expect(field<&Thing::size> > field<&Thing::weight>, [](const Thing& t) { return t.size > t.weight; });
  expect(field<&Thing::rank> >= field<&Thing::size>,
         [](const Thing& t) { return known(t.rank, [&](int r) { return r >= t.size; }); });
  expect(field<&Thing::name> == field<&Thing::note>,
         [](const Thing& t) { return known(t.note, [&](const std::string& n) { return n == t.name; }); });
}

TEST_P(ReadingConditions, TakesListsOfAnyRange) {
  const std::vector<int> sizes = {3, 4, 99};
  const auto is_listed = [&](const Thing& t) { return std::ranges::count(sizes, t.size) > 0; };
  expect(field<&Thing::size>.in(sizes), is_listed);
  expect(field<&Thing::size>.not_in(sizes), [&](const Thing& t) { return !is_listed(t); });
  expect(field<&Thing::size>.in({3}), [](const Thing& t) { return t.size == 3; });
  expect(field<&Thing::name>.in({"Alpha", "Zeta's", ""}),
         [](const Thing& t) { return t.name == "Alpha" || t.name == "Zeta's" || t.name.empty(); });
  expect(field<&Thing::rank>.in({7, 0}), [](const Thing& t) { return known(t.rank, [](int r) { return r == 7 || r == 0; }); });
  expect(field<&Thing::rank>.not_in({7, 0}),
         [](const Thing& t) { return known(t.rank, [](int r) { return r != 7 && r != 0; }); });
}

TEST_P(ReadingConditions, TakesEmptyLists) {
  const std::vector<int> none;
  EXPECT_EQ(ids(field<&Thing::rank>.in(none)), std::vector<std::int64_t>());
  EXPECT_EQ(ids(field<&Thing::rank>.not_in(none)).size(), things_.size()) << "also where the member is null";
  EXPECT_EQ(ids(!field<&Thing::rank>.in(none)).size(), things_.size());
  EXPECT_EQ(ids(field<&Thing::rank>.in(none) || field<&Thing::size> == 3),
            expected(true, [](const Thing& t) { return t.size == 3; }));
}

// What a list with null in it means is not SQL's surprise (where `not in (null)` is true for no row), but the member
// being null, as == std::nullopt does.
TEST_P(ReadingConditions, TakesListsWithNull) {
  const std::vector<std::optional<int>> ranks = {7, std::nullopt};
  EXPECT_EQ(ids(field<&Thing::rank>.in(ranks)), expected(true, [](const Thing& t) { return !t.rank || *t.rank == 7; }));
  EXPECT_EQ(ids(field<&Thing::rank>.not_in(ranks)),
            expected(true, [](const Thing& t) { return t.rank && *t.rank != 7; }));
}

TEST_P(ReadingConditions, Between) {
  expect(field<&Thing::size>.between(-2, 4), [](const Thing& t) { return t.size >= -2 && t.size <= 4; });
  expect(field<&Thing::size>.between(4, -2), [](const Thing&) { return false; });
  expect(field<&Thing::rank>.between(0, 7),
         [](const Thing& t) { return known(t.rank, [](int r) { return r >= 0 && r <= 7; }); });
  expect(field<&Thing::name>.between("B", "b"), [](const Thing& t) { return t.name >= "B" && t.name <= "b"; });
}

TEST_P(ReadingConditions, ContainsStartsAndEnds) {
  for (const char* part : {"a", "alpha", "A", "_", "%", "'", "", "ray", "gamma_ray", "longer than any of these names", "é", "tude"}) {
    SCOPED_TRACE(part);
    expect(field<&Thing::name>.contains(part), [&](const Thing& t) { return t.name.find(part) != std::string::npos; });
    expect(field<&Thing::name>.starts_with(part), [&](const Thing& t) { return t.name.starts_with(part); });
    expect(field<&Thing::name>.ends_with(part), [&](const Thing& t) { return t.name.ends_with(part); });
    expect(field<&Thing::note>.contains(part), [&](const Thing& t) {
      return known(t.note, [&](const std::string& n) { return n.find(part) != std::string::npos; });
    });
    expect(field<&Thing::note>.starts_with(part), [&](const Thing& t) {
      return known(t.note, [&](const std::string& n) { return n.starts_with(part); });
    });
    expect(field<&Thing::note>.ends_with(part), [&](const Thing& t) {
      return known(t.note, [&](const std::string& n) { return n.ends_with(part); });
    });
  }
}

TEST_P(ReadingConditions, IlikeIgnoresCase) {
  expect(field<&Thing::name>.ilike("ALPHA%"), [](const Thing& t) { return lower(t.name).starts_with("alpha"); });
  expect(field<&Thing::name>.ilike("%ta%"), [](const Thing& t) { return lower(t.name).find("ta") != std::string::npos; });
  expect(field<&Thing::name>.ilike("gamma_ray"), [](const Thing& t) {
    const std::string name = lower(t.name);
    return name.size() == 9 && name.starts_with("gamma") && name.ends_with("ray");
  });
  expect(field<&Thing::name>.like("Beta%"), [](const Thing& t) { return t.name.starts_with("Beta"); });
  expect(field<&Thing::note>.like("%"), [](const Thing& t) { return known(t.note, [](const std::string&) { return true; }); });
}

TEST_P(ReadingConditions, MatchesRegularExpressions) {
  expect(field<&Thing::name>.matches("^[a-z]+$"), [](const Thing& t) {
    return !t.name.empty() && std::ranges::all_of(t.name, [](char c) { return c >= 'a' && c <= 'z'; });
  });
  expect(field<&Thing::name>.matches("a"), [](const Thing& t) { return t.name.find('a') != std::string::npos; });
  expect(field<&Thing::name>.matches("(?i)^ALPHA"), [](const Thing& t) { return lower(t.name).starts_with("alpha"); });
  expect(!field<&Thing::name>.matches("(?i)A"), [](const Thing& t) { return lower(t.name).find('a') == std::string::npos; });
  expect(field<&Thing::note>.matches("^$"),
         [](const Thing& t) { return known(t.note, [](const std::string& n) { return n.empty(); }); });
}

TEST_P(ReadingConditions, CombineWithAndOrNot) {
  const auto small = [](const Thing& t) { return Truth(t.size < 4); };
  const auto ranked = [](const Thing& t) { return known(t.rank, [](int r) { return r > 0; }); };
  const auto live = [](const Thing& t) { return Truth(t.live); };
  const auto s = field<&Thing::size> < 4;
  const auto r = field<&Thing::rank> > 0;
  const auto l = field<&Thing::live> == true;
  expect(s && r && l, [&](const Thing& t) { return all_of({small(t), ranked(t), live(t)}); });
  expect(s || r || l, [&](const Thing& t) { return any_of({small(t), ranked(t), live(t)}); });
  expect(s && (r || l), [&](const Thing& t) { return all_of({small(t), any_of({ranked(t), live(t)})}); });
  expect((s && r) || l, [&](const Thing& t) { return any_of({all_of({small(t), ranked(t)}), live(t)}); });
  const auto no = [](Truth a) { return a ? Truth(!*a) : a; };
  expect(!(s && r) && !(l || !r),
         [&](const Thing& t) { return all_of({no(all_of({small(t), ranked(t)})), no(any_of({live(t), no(ranked(t))}))}); });
}

TEST_P(ReadingConditions, GrowAtRunTime) {
  auto where = kin::all<Thing>();
  EXPECT_EQ(ids(where).size(), things_.size());
  EXPECT_EQ(ids(!where).size(), 0u);
  where &= field<&Thing::size> < 4;
  expect(where, [](const Thing& t) { return t.size < 4; });
  where |= field<&Thing::name> == "gammaXray";
  expect(where, [](const Thing& t) { return t.size < 4 || t.name == "gammaXray"; });
  const auto kept = where;
  where &= field<&Thing::live> == true;
  expect(where, [](const Thing& t) { return (t.size < 4 || t.name == "gammaXray") && t.live; });
  expect(kept, [](const Thing& t) { return t.size < 4 || t.name == "gammaXray"; });
  where &= where;
  expect(where, [](const Thing& t) { return (t.size < 4 || t.name == "gammaXray") && t.live; });
}

TEST_P(ReadingConditions, AllIsTheNeutralOfAndAndTheWinnerOfOr) {
  EXPECT_EQ(ids(kin::all<Thing>() && field<&Thing::size> == 3), expected(true, [](const Thing& t) { return t.size == 3; }));
  EXPECT_EQ(ids(field<&Thing::size> == 3 && kin::all<Thing>()), expected(true, [](const Thing& t) { return t.size == 3; }));
  EXPECT_EQ(ids(field<&Thing::size> == 3 || kin::all<Thing>()).size(), things_.size());
  EXPECT_EQ(ids(kin::all<Thing>() || field<&Thing::size> == 3).size(), things_.size());
}

TEST_P(ReadingConditions, MayHaveThousandsOfTerms) {
  auto where = !kin::all<Thing>();
  for (int i = 0; i < 3000; ++i) where |= field<&Thing::size> == 2'000'000 + i;
  where |= field<&Thing::size> == 5;
  EXPECT_EQ(ids(where), expected(true, [](const Thing& t) { return t.size == 5; }));
  auto deep = field<&Thing::size> == 3;
  for (int i = 0; i < 24; ++i) deep = i % 2 == 0 ? deep || field<&Thing::size> == 1'000 + i : deep && field<&Thing::size> != 2'000 + i;
  EXPECT_EQ(ids(deep), expected(true, [](const Thing& t) { return t.size == 3; }));
}

TEST_P(ReadingConditions, MakeTheseStatements) {
  EntityManager em = orm().em();
  const std::string start =
      R"(select "t0"."id", "t0"."name", "t0"."size", "t0"."rank", "t0"."weight", "t0"."live", "t0"."note" )"
      R"(from "thing" as "t0")";
  const auto sql = [&](const Condition<Thing>& condition) { return canonical(em.find<Thing>(condition).sql()); };
  EXPECT_EQ(canonical(em.find<Thing>().sql()), start);
  EXPECT_EQ(sql(kin::all<Thing>()), start);
  EXPECT_EQ(sql(field<&Thing::size> == 1), start + R"( where "t0"."size" = ?)");
  EXPECT_EQ(sql(field<&Thing::size> != 1), start + R"( where "t0"."size" <> ?)");
  EXPECT_EQ(sql(field<&Thing::rank> == std::nullopt), start + R"( where "t0"."rank" is null)");
  EXPECT_EQ(sql(field<&Thing::size>.in({1, 2, 3})), start + R"( where "t0"."size" in (?, ?, ?))");
  EXPECT_EQ(sql(field<&Thing::size>.in(std::vector<int>())), start + R"( where 1 = 0)");
  EXPECT_EQ(sql(field<&Thing::size>.between(1, 2)), start + R"( where "t0"."size" between ? and ?)");
  EXPECT_EQ(sql(field<&Thing::size> == 1 && (field<&Thing::size> == 2 || field<&Thing::live> == true)),
            start + R"( where "t0"."size" = ? and ("t0"."size" = ? or "t0"."live" = ?))");
  EXPECT_EQ(sql(!(field<&Thing::size> == 1 && field<&Thing::rank>.is_null())),
            start + R"( where not ("t0"."size" = ? and "t0"."rank" is null))");
  EXPECT_TRUE(statements().empty()) << "sql() sends nothing";
}

/// Operators that each dialect has a word of its own for; those of the others are proven in tests/unit/sql.
class ReadingConditionTexts : public ReadingConditions {};

TEST_P(ReadingConditionTexts, SearchInText) {
  EntityManager em = orm().em();
  const std::string sql = em.find<Thing>(field<&Thing::name>.contains("a")).sql();
  EXPECT_TRUE(sql.ends_with(R"( where instr("t0"."name", ?) > 0)")) << sql;
}

TEST_P(ReadingConditionTexts, LikeIgnoresTheCaseOfAsciiLetters) {
  expect(field<&Thing::name>.like("beta%"), [](const Thing& t) { return lower(t.name).starts_with("beta"); });
}

TEST_P(ReadingConditions, CannotWidenWhatWhereNarrows) {
  EntityManager em = orm().em();
  auto found = em.find<Thing>(field<&Thing::size> == 3 || field<&Thing::size> == 4)
                   .where(field<&Thing::live> == false)
                   .where(field<&Thing::rank>.is_null() || field<&Thing::rank> == 5)
                   .list();
  std::vector<std::int64_t> got;
  for (auto thing : found) got.push_back(thing->id);
  EXPECT_EQ(got, expected(true, [](const Thing& t) {
              return (t.size == 3 || t.size == 4) && !t.live && (!t.rank || t.rank == 5);
            }));
}

/// Conditions of any depth, beside what they are for each thing.
class ReadingDeepConditions : public ReadingConditions {
 protected:
  struct Checked {
    Condition<Thing> condition;
    std::vector<Truth> truths;
  };

  /// A comparison, sometimes with a member that is null for some.
  Checked leaf() {
    const int bound = static_cast<int>(random_() % 9) - 1;
    Checked checked;
    if (random_() % 2 == 0) {
      checked.condition = field<&Thing::rank> > bound;
      for (const Thing& thing : things_)
        checked.truths.push_back(known(thing.rank, [&](int rank) { return rank > bound; }));
    } else {
      checked.condition = field<&Thing::size> == bound;
      for (const Thing& thing : things_) checked.truths.emplace_back(thing.size == bound);
    }
    return checked;
  }
  static Checked join(bool by_and, Checked a, Checked b) {
    Checked joined;
    joined.condition = by_and ? std::move(a.condition) && std::move(b.condition)
                              : std::move(a.condition) || std::move(b.condition);
    for (std::size_t i = 0; i < a.truths.size(); ++i)
      joined.truths.push_back(by_and ? all_of({a.truths[i], b.truths[i]}) : any_of({a.truths[i], b.truths[i]}));
    return joined;
  }
  static Checked negate(Checked a) {
    a.condition = !std::move(a.condition);
    for (Truth& truth : a.truths)
      if (truth) truth = !*truth;
    return a;
  }
  void expect_truths(const Checked& checked) {
    std::vector<std::int64_t> holds;
    std::vector<std::int64_t> fails;
    for (std::size_t i = 0; i < things_.size(); ++i) {
      if (checked.truths[i] == Truth(true)) holds.push_back(things_[i].id);
      if (checked.truths[i] == Truth(false)) fails.push_back(things_[i].id);
    }
    EXPECT_EQ(ids(checked.condition), holds);
    EXPECT_EQ(ids(!checked.condition), fails);
  }

  std::mt19937 random_{20261124};
};

TEST_P(ReadingDeepConditions, AlternateAThousandTimes) {
  for (const bool at_the_front : {false, true}) {
    Checked deep = leaf();
    for (int i = 0; i < 1000; ++i)
      deep = at_the_front ? join(i % 2 == 0, leaf(), std::move(deep)) : join(i % 2 == 0, std::move(deep), leaf());
    expect_truths(deep);
    expect_truths(join(true, leaf(), std::move(deep)));
  }
}

TEST_P(ReadingDeepConditions, WithNotsAndBranches) {
  for (int round = 0; round < 40; ++round) {
    SCOPED_TRACE(round);
    std::vector<Checked> trees;
    for (int i = 0; i < 40; ++i) trees.push_back(leaf());
    // Joins any two of what is there, so that deep parts stand beside each other.
    while (trees.size() > 1) {
      const std::size_t at = round % 2 == 0 ? trees.size() - 1 : 1 + random_() % (trees.size() - 1);
      Checked joined = join(random_() % 2 == 0, std::move(trees[at - 1]), std::move(trees[at]));
      if (random_() % 3 == 0) joined = negate(std::move(joined));
      trees.erase(trees.begin() + static_cast<std::ptrdiff_t>(at));
      trees[at - 1] = std::move(joined);
    }
    expect_truths(trees.front());
  }
}

TEST_P(ReadingDeepConditions, OfTwoDeepHalves) {
  Checked halves[2] = {leaf(), leaf()};
  for (Checked& half : halves)
    for (int i = 0; i < 100; ++i) half = negate(join(i % 2 == 0, std::move(half), leaf()));
  expect_truths(join(false, std::move(halves[0]), std::move(halves[1])));
}

KIN_ON_EVERY_DATABASE(ReadingConditions);
KIN_ON_EVERY_DATABASE(ReadingDeepConditions);
KIN_ON_EVERY_SQLITE(ReadingConditionTexts);

}  // namespace kin::test::reading_conditions
