// SPDX-License-Identifier: MIT
// Trees: an entity with a reference to its own type, read by one recursive statement.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "db/support/database.hpp"

namespace kin::test::reading_trees {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

struct Category {
  std::int64_t id{};
  std::string name{};
  Ref<Category> parent{};
  Collection<Category> children{};
};
inline void describe(Schema<Category>& category) {
  category.on<&Category::parent>(nullable());
  category.on<&Category::children>(mapped_by<&Category::parent>, order_by_desc<&Category::name>);
}

struct Place {
  std::string country{};
  int code{};
  std::string name{};
  Ref<Place> part_of{};
};
inline void describe(Schema<Place>& place) {
  place.on<&Place::country>(primary_key, length(20));
  place.on<&Place::code>(primary_key);
  place.on<&Place::part_of>(nullable());
}

class ReadingTrees : public DatabaseTest {
 protected:
  EntityManager tree() {
    EntityManager em = start(kin::entities<Category>).em();
    auto root = em.create<Category>({.name = "root"});
    auto a = em.create<Category>({.name = "a", .parent = root});
    auto b = em.create<Category>({.name = "b", .parent = root});
    em.create<Category>({.name = "a1", .parent = a});
    auto b1 = em.create<Category>({.name = "b1", .parent = b});
    em.create<Category>({.name = "b11", .parent = b1});
    em.create<Category>({.name = "other"});
    em.flush();
    em.clear();
    clear_statements();
    return em;
  }
  static Ref<Category> named(EntityManager& em, const char* name) {
    return em.find_one_or_fail<Category>(field<&Category::name> == name);
  }
  template <class T>
  static std::vector<std::string> names(const std::vector<Ref<T>>& found) {
    std::vector<std::string> result;
    for (const Ref<T>& item : found) result.push_back(item->name);
    return result;
  }
};

TEST_P(ReadingTrees, DescendantsComeNearestFirstAndCanBeWalked) {
  EntityManager em = tree();
  auto root = named(em, "root");
  clear_statements();
  EXPECT_THAT(names(em.find_descendants<&Category::parent>(root).list()),
              ElementsAre("b", "a", "b1", "a1", "b11"));
  EXPECT_THAT(statements(), SizeIs(1));
  ASSERT_EQ(root->children.size(), 2U);
  auto b = *root->children.begin();
  EXPECT_EQ(b->name, "b");
  EXPECT_EQ(b->parent, root);
  auto b1 = *b->children.begin();
  auto b11 = *b1->children.begin();
  EXPECT_EQ(b11->name, "b11");
  EXPECT_THAT(b11->children, IsEmpty());
  EXPECT_THAT(statements(), SizeIs(1));
  EXPECT_FALSE(em.has_changes());
}

TEST_P(ReadingTrees, ADepthEndsTheRead) {
  EntityManager em = tree();
  auto root = named(em, "root");
  EXPECT_THAT(names(em.find_descendants<&Category::parent>(root, 2).list()),
              ElementsAre("b", "a", "b1", "a1"));
  auto b = *root->children.begin();
  auto b1 = *b->children.begin();
  EXPECT_FALSE(b1->children.is_initialized());
  EXPECT_EQ(em.find_descendants<&Category::parent>(root, 1).count(), 2U);
  EXPECT_EQ(em.find_descendants<&Category::parent>(root).count(), 5U);
}

TEST_P(ReadingTrees, AncestorsComeNearestFirst) {
  EntityManager em = tree();
  auto leaf = named(em, "b11");
  clear_statements();
  EXPECT_THAT(names(em.find_ancestors<&Category::parent>(leaf).list()), ElementsAre("b1", "b", "root"));
  EXPECT_EQ(leaf->parent->parent->parent->name, "root");
  EXPECT_THAT(statements(), SizeIs(1));
  EXPECT_THAT(names(em.find_ancestors<&Category::parent>(leaf, 2).list()), ElementsAre("b1", "b"));
  EXPECT_THAT(em.find_ancestors<&Category::parent>(named(em, "root")).list(), IsEmpty());
}

TEST_P(ReadingTrees, RootsAreBelowNothing) {
  EntityManager em = tree();
  EXPECT_THAT(names(em.find_roots<&Category::parent>().order_by(field<&Category::name>.asc()).list()),
              ElementsAre("other", "root"));
}

TEST_P(ReadingTrees, AConditionLeavesCollectionsUnread) {
  EntityManager em = tree();
  auto root = named(em, "root");
  EXPECT_THAT(names(em.find_descendants<&Category::parent>(root)
                        .where(field<&Category::name> == "a1" || field<&Category::name> == "b1")
                        .order_by(field<&Category::name>.asc())
                        .list()),
              ElementsAre("a1", "b1"));
  EXPECT_FALSE(root->children.is_initialized());
}

TEST_P(ReadingTrees, ACircleEnds) {
  EntityManager em = tree();
  auto root = named(em, "root");
  root->parent = named(em, "b11");
  em.flush();
  EXPECT_THAT(names(em.find_descendants<&Category::parent>(root).list()),
              ElementsAre("b", "a", "b1", "a1", "b11"));
  EXPECT_EQ(em.find_descendants<&Category::parent>(root).count(), 5U);
  EXPECT_EQ(em.find_descendants<&Category::parent>(root, 9).count(), 5U);
  EXPECT_THAT(names(em.find_ancestors<&Category::parent>(root).list()), ElementsAre("b11", "b1", "b"));
}

TEST_P(ReadingTrees, ADeepTreeIsReadToItsEnd) {
  EntityManager em = start(kin::entities<Category>).em();
  Ref<Category> node = em.create<Category>({.name = "0"});
  const Ref<Category> root = node;
  for (int i = 1; i <= 1500; ++i) node = em.create<Category>({.name = std::to_string(i), .parent = node});
  em.flush();
  EXPECT_EQ(em.find_descendants<&Category::parent>(root).count(), 1500U);
  const auto above = em.find_ancestors<&Category::parent>(node).list();
  ASSERT_THAT(above, SizeIs(1500));
  EXPECT_EQ(above.back(), root);
}

TEST_P(ReadingTrees, PendingChangesCount) {
  EntityManager em = tree();
  auto other = named(em, "other");
  em.create<Category>({.name = "new", .parent = other});
  EXPECT_THAT(names(em.find_descendants<&Category::parent>(other).list()), ElementsAre("new"));
}

TEST_P(ReadingTrees, KeysOfSeveralColumns) {
  EntityManager em = start(kin::entities<Place>).em();
  auto country = em.create<Place>({.country = "at", .code = 1, .name = "Austria"});
  auto land = em.create<Place>({.country = "at", .code = 2, .name = "Tyrol", .part_of = country});
  auto town = em.create<Place>({.country = "at", .code = 3, .name = "Hall", .part_of = land});
  em.flush();
  EXPECT_THAT(names(em.find_descendants<&Place::part_of>(country).list()), ElementsAre("Tyrol", "Hall"));
  EXPECT_THAT(names(em.find_descendants<&Place::part_of>(country, 1).list()), ElementsAre("Tyrol"));
  EXPECT_THAT(names(em.find_ancestors<&Place::part_of>(town).list()), ElementsAre("Tyrol", "Austria"));
}

TEST_P(ReadingTrees, TheStatement) {
  EntityManager em = tree();
  auto root = named(em, "root");
  EXPECT_THAT(
      std::vector<std::string>{canonical(em.find_descendants<&Category::parent>(root, 3).sql())},
      ElementsAre(HasSubstr(
          R"(with recursive "tree" ("k0", "level") as (select "n"."id", 1 from "category" as "n" where )"
          R"("n"."parent_id" = ? union select "n"."id", "tree"."level" + 1 from "category" as "n" join "tree" )"
          R"(on "n"."parent_id" = "tree"."k0" where "tree"."level" < ?) select )")));
}

TEST_P(ReadingTrees, Misuse) {
  EntityManager em = tree();
  auto root = named(em, "root");
  EXPECT_THROW(em.find_descendants<&Category::parent>(root).limit(1).list(), ValidationError);
  EXPECT_THROW(em.find_descendants<&Category::parent>(Ref<Category>()), ValidationError);
  auto unsaved = em.create_detached<Category>({.name = "x"});
  EXPECT_THROW(em.find_ancestors<&Category::parent>(unsaved).list(), ValidationError);
}

KIN_ON_EVERY_DATABASE(ReadingTrees);

}  // namespace kin::test::reading_trees
