// SPDX-License-Identifier: MIT
// Conditions on kin::Json members against the same filter on the documents themselves.
#include <kin/types/json.hpp>

#include <algorithm>

#include "db/support/database.hpp"

namespace kin::test::reading_json {

struct Doc {
  std::int64_t id{};
  Json meta{};
  std::optional<Json> tags{};
};

class ReadingJson : public DatabaseTest {
 protected:
  void SetUp() override {
    start(kin::entities<Doc>);
    docs_ = {
        {1, Json::parse(R"({"a": {"b": 1, "c": "x"}, "on": true})"), Json::parse(R"(["red", "blue"])")},
        {2, Json::parse(R"({"a": {"b": 2.5}, "on": false})"), Json::parse(R"([])")},
        {3, Json::parse(R"({"a": "text", "it's": 1, "q\"uote": 2, "": 3, "d.e": 4, "[0]": 5})"), std::nullopt},
        {4, Json::parse(R"([1, 2, {"a": 1}])"), Json::parse(R"([1, 2, "2", true, null])")},
        {5, Json::parse(R"({"a": {"b": null, "c": "é 漢"}})"), Json::parse(R"(["red"])")},
        {6, Json::parse(R"({})"), Json::parse(R"(["green", "red", "red"])")},
    };
    EntityManager em = orm().em();
    for (const Doc& doc : docs_) em.create<Doc>(doc);
    em.flush();
    clear_statements();
  }
  std::vector<std::int64_t> ids(const Condition<Doc>& condition) {
    EntityManager em = orm().em();
    std::vector<std::int64_t> found;
    for (auto doc : em.find<Doc>(condition).order_by(field<&Doc::id>.asc()).list()) found.push_back(doc->id);
    EXPECT_EQ(em.count<Doc>(condition), found.size());
    return found;
  }
  template <class F>
  std::vector<std::int64_t> expected(F&& predicate) const {
    std::vector<std::int64_t> result;
    for (const Doc& doc : docs_)
      if (predicate(doc)) result.push_back(doc.id);
    return result;
  }
  /// What stands at the path, or null.
  static Json at(const Json& json, std::initializer_list<const char*> path) {
    const Json* here = &json;
    for (const char* key : path) {
      if (!here->is_object() || !here->contains(key)) return nullptr;
      here = &(*here)[key];
    }
    return *here;
  }
  static bool holds(const Json& array, const Json& element) { return std::ranges::find(array, element) != array.end(); }
  static bool all_in(const Json& elements, const Json& array) {
    return std::ranges::all_of(elements, [&](const Json& element) { return holds(array, element); });
  }

  std::vector<Doc> docs_;
};

TEST_P(ReadingJson, ValuesInsideAreCompared) {
  EXPECT_EQ(ids(field<&Doc::meta>["a"]["b"] == 1), expected([](const Doc& d) { return at(d.meta, {"a", "b"}) == 1; }));
  EXPECT_EQ(ids(field<&Doc::meta>["a"]["b"] > 1), expected([](const Doc& d) {
              const Json value = at(d.meta, {"a", "b"});
              return value.is_number() && value.get<double>() > 1;
            }));
  EXPECT_EQ(ids(field<&Doc::meta>["a"]["b"] == 2.5), expected([](const Doc& d) { return at(d.meta, {"a", "b"}) == 2.5; }));
  EXPECT_EQ(ids(field<&Doc::meta>["a"]["c"] == "é 漢"), expected([](const Doc& d) { return at(d.meta, {"a", "c"}) == "é 漢"; }));
  EXPECT_EQ(ids(field<&Doc::meta>["a"] == "text"), expected([](const Doc& d) { return at(d.meta, {"a"}) == "text"; }));
  EXPECT_EQ(ids(field<&Doc::meta>["on"] == true), expected([](const Doc& d) { return at(d.meta, {"on"}) == true; }));
  EXPECT_EQ(ids(field<&Doc::meta>["on"] == false), expected([](const Doc& d) { return at(d.meta, {"on"}) == false; }));
  EXPECT_EQ(ids(field<&Doc::meta>["a"]["b"].is_null()), expected([](const Doc& d) { return at(d.meta, {"a", "b"}).is_null(); }));
}

TEST_P(ReadingJson, KeysAreTextAndNoPathSyntax) {
  for (const char* key : {"it's", "", "d.e", "[0]", "none", "a'] or 1=1 --", "*", "$", "back\\slash"}) {
    SCOPED_TRACE(key);
    EXPECT_EQ(ids(field<&Doc::meta>[key] >= 1), expected([&](const Doc& d) {
                const Json value = at(d.meta, {key});
                return value.is_number() && value.get<double>() >= 1;
              }));
    EXPECT_EQ(ids(field<&Doc::meta>.has_key(key)), expected([&](const Doc& d) { return d.meta.is_object() && d.meta.contains(key); }));
  }
}

TEST_P(ReadingJson, AKeyWithADoubleQuoteIsRefusedInAPathAndFoundByHasKey) {
  EXPECT_THROW((void)field<&Doc::meta>["q\"uote"], ValidationError);
  EXPECT_EQ(ids(field<&Doc::meta>.has_key("q\"uote")),
            expected([](const Doc& d) { return d.meta.is_object() && d.meta.contains("q\"uote"); }));
}

TEST_P(ReadingJson, HasKeySeesKeysWhoseValueIsNull) {
  EXPECT_EQ(ids(field<&Doc::meta>.has_key("a")), expected([](const Doc& d) { return d.meta.is_object() && d.meta.contains("a"); }));
  EXPECT_EQ(ids(field<&Doc::meta>.has_key("on") && !field<&Doc::meta>.has_key("b")), expected([](const Doc& d) { return d.meta.is_object() && d.meta.contains("on"); }));
}

TEST_P(ReadingJson, ArraysAreComparedAsSets) {
  for (const char* text : {R"(["red"])", R"(["red", "blue"])", R"([])", R"([1])", R"(["2"])", R"([2.0])", R"([true])", R"(["green", "red", "x"])", R"([null])"}) {
    SCOPED_TRACE(text);
    const Json array = Json::parse(text);
    EXPECT_EQ(ids(field<&Doc::tags>.overlaps(array)), expected([&](const Doc& d) {
                return d.tags && std::ranges::any_of(array, [&](const Json& element) { return holds(*d.tags, element); });
              }));
    EXPECT_EQ(ids(field<&Doc::tags>.contains_all(array)), expected([&](const Doc& d) { return d.tags && all_in(array, *d.tags); }));
    EXPECT_EQ(ids(field<&Doc::tags>.contained_in(array)), expected([&](const Doc& d) { return d.tags && all_in(*d.tags, array); }));
  }
  EXPECT_EQ(ids(field<&Doc::tags>.is_null()), expected([](const Doc& d) { return !d.tags; }));
}

// A negated operator is unknown for null, as every other one is.
TEST_P(ReadingJson, NegatedOperatorsKnowNullAsUnknown) {
  const Json red = Json::parse(R"(["red"])");
  EXPECT_EQ(ids(!field<&Doc::tags>.contains_all(red)), expected([&](const Doc& d) { return d.tags && !holds(*d.tags, "red"); }));
  EXPECT_EQ(ids(!field<&Doc::tags>.contained_in(red)), expected([&](const Doc& d) { return d.tags && !all_in(*d.tags, red); }));
  EXPECT_EQ(ids(!field<&Doc::tags>.overlaps(red)), expected([&](const Doc& d) { return d.tags && !holds(*d.tags, "red"); }));
  EXPECT_EQ(ids(!field<&Doc::tags>.has_key("k")), expected([&](const Doc& d) { return d.tags.has_value(); }));
}

TEST_P(ReadingJson, OrdersByAValueInside) {
  EntityManager em = orm().em();
  std::vector<double> values;
  for (auto doc : em.find<Doc>(field<&Doc::meta>["a"]["b"] > 0).order_by(field<&Doc::meta>["a"]["b"].desc()).list()) values.push_back(at(doc->meta, {"a", "b"}).get<double>());
  EXPECT_TRUE(std::ranges::is_sorted(values, std::ranges::greater()));
  EXPECT_EQ(values.size(), 2u);
}

TEST_P(ReadingJson, ANullDocumentIsNeitherEqualNorUnequal) {
  const Json red = Json::parse(R"(["red"])");
  EXPECT_EQ(ids(field<&Doc::tags> == red), expected([&](const Doc& d) { return d.tags && *d.tags == red; }));
  EXPECT_EQ(ids(field<&Doc::tags> != red), expected([&](const Doc& d) { return d.tags && *d.tags != red; }));
}

TEST_P(ReadingJson, DocumentsComeBackAsTheyWere) {
  EntityManager em = orm().em();
  for (auto doc : em.find<Doc>().list()) {
    EXPECT_EQ(doc->meta, docs_[static_cast<std::size_t>(doc->id - 1)].meta);
    EXPECT_EQ(doc->tags, docs_[static_cast<std::size_t>(doc->id - 1)].tags);
  }
  EXPECT_FALSE(em.has_changes());
}

KIN_ON_EVERY_DATABASE(ReadingJson);

}  // namespace kin::test::reading_json
