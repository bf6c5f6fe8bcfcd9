// SPDX-License-Identifier: MIT
// Rows that refer to rows of their own table, and tables that refer to each other in a circle.
#include <gmock/gmock.h>

#include "db/support/database.hpp"

namespace kin::test::uow_cycles {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Node {
  std::int64_t id{};
  std::string name{};
  Ref<Node> parent{};
  Collection<Node> children{};
};
inline void describe(Schema<Node>& node) {
  node.on<&Node::parent>(nullable());
  node.on<&Node::children>(mapped_by<&Node::parent>, cascade(Cascade::all));
}

struct Employee;
/// A team needs no lead at first; an employee needs a team.
struct Team {
  std::int64_t id{};
  std::string name{};
  Ref<Employee> lead{};
};
struct Employee {
  std::int64_t id{};
  std::string name{};
  Ref<Team> team{};
};
inline void describe(Schema<Team>& team) { team.on<&Team::lead>(nullable()); }

struct Hen;
struct Egg {
  std::int64_t id{};
  Ref<Hen> layer{};
};
struct Hen {
  std::int64_t id{};
  Ref<Egg> origin{};
};

class UowCycles : public DatabaseTest {};

TEST_P(UowCycles, ATreeGoesInParentsFirstInOneFlush) {
  std::vector<std::string> names;
  EntityManager em = start(kin::entities<Node>, [&](Options& options) {
                       options.query_logger = [&](const Query& query) {
                         if (query.sql.rfind("insert", 0) != 0) return;
                         for (const Value& parameter : query.parameters)
                           if (parameter.kind() == ValueKind::text) names.push_back(parameter.to_string());
                       };
                     }).em();
  auto leaf = em.create<Node>({.name = "leaf"});
  auto branch = em.create<Node>({.name = "branch"});
  auto root = em.create<Node>({.name = "root"});
  root->children.add(branch);
  branch->children.add(leaf);
  em.flush();
  EXPECT_THAT(names, ElementsAre("'root'", "'branch'", "'leaf'"));
  em.clear();
  auto again = em.find_one_or_fail<Node>(field<&Node::name> == "leaf");
  ASSERT_TRUE(again->parent.load());
  EXPECT_EQ(again->parent->name, "branch");
  ASSERT_TRUE(again->parent->parent.load());
  EXPECT_EQ(again->parent->parent->name, "root");
  EXPECT_EQ(again->parent->parent->parent, nullptr);
}

TEST_P(UowCycles, ATreeGoesInByOneBatch) {
  EntityManager em = start(kin::entities<Node>).em();
  auto leaf = em.create<Node>({.name = "leaf"});
  leaf->parent = em.create<Node>({.name = "root"});
  em.flush();
  const std::string insert = R"(insert into "node" ("name", "parent_id") values (?, ?))";
  if (traits().rows_refer_to_each_other) {
    EXPECT_THAT(statements(), ElementsAre("begin", insert, "commit"));
  } else {
    EXPECT_THAT(statements(), ElementsAre("begin", insert, insert, "commit")) << "one batch a level";
  }
}

TEST_P(UowCycles, ATreeGoesOutChildrenFirst) {
  EntityManager em = start(kin::entities<Node>).em();
  auto root = em.create<Node>({.name = "root"});
  auto branch = em.create<Node>({.name = "branch", .parent = root});
  em.create<Node>({.name = "leaf", .parent = branch});
  em.flush();
  clear_statements();
  em.remove(root);
  em.flush();
  EXPECT_THAT(statements(), ElementsAre("begin", R"(delete from "node" where "id" = ?)", "commit"));
  EXPECT_EQ(em.count<Node>(), 0u);
}

TEST_P(UowCycles, ARowMayReferToItself) {
  EntityManager em = start(kin::entities<Node>).em();
  auto node = em.create<Node>({.name = "self"});
  node->parent = node;
  em.flush();
  EXPECT_THAT(statements(),
              ElementsAre("begin", R"(insert into "node" ("name") values (?))",
                          R"(update "node" set "parent_id" = ? where "id" = ?)", "commit"));
  em.clear();
  auto again = em.find<Node>().one_or_fail();
  EXPECT_EQ(again->parent, again);
  em.remove(again);
  em.flush();
  EXPECT_EQ(em.count<Node>(), 0u);
}

TEST_P(UowCycles, ANullableEdgeIsWrittenByAnExtraUpdate) {
  EntityManager em = start(kin::entities<Team, Employee>).em();
  auto team = em.create<Team>({.name = "core"});
  auto ada = em.create<Employee>({.name = "Ada", .team = team});
  team->lead = ada;
  em.flush();
  EXPECT_THAT(statements(),
              ElementsAre("begin", R"(insert into "team" ("name") values (?))",
                          R"(insert into "employee" ("name", "team_id") values (?, ?))",
                          R"(update "team" set "lead_id" = ? where "id" = ?)", "commit"));
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
  em.clear();
  auto again = em.find<Team>().one_or_fail();
  EXPECT_TRUE(again->lead.load());
  EXPECT_EQ(again->lead->name, "Ada");
  EXPECT_EQ(again->lead->team, again);
}

TEST_P(UowCycles, OfStoredRowsAreRemovedByCuttingTheNullableEdge) {
  EntityManager em = start(kin::entities<Team, Employee>).em();
  auto team = em.create<Team>({.name = "core"});
  auto ada = em.create<Employee>({.name = "Ada", .team = team});
  team->lead = ada;
  em.flush();
  clear_statements();
  em.remove(ada);
  em.remove(team);
  em.flush();
  EXPECT_THAT(statements(),
              ElementsAre("begin", R"(update "team" set "lead_id" = null where "id" = ?)",
                          R"(delete from "employee" where "id" = ?)", R"(delete from "team" where "id" = ?)",
                          "commit"));
  EXPECT_EQ(em.count<Team>() + em.count<Employee>(), 0u);
}

TEST_P(UowCycles, OfNodesInOneTable) {
  EntityManager em = start(kin::entities<Node>).em();
  auto a = em.create<Node>({.name = "a"});
  auto b = em.create<Node>({.name = "b"});
  auto c = em.create<Node>({.name = "c"});
  a->parent = b;
  b->parent = c;
  c->parent = a;
  em.flush();
  em.clear();
  auto first = em.find_one_or_fail<Node>(field<&Node::name> == "a");
  Ref<Node> at = first;
  for (int i = 0; i < 3; ++i) {
    ASSERT_NE(at->parent, nullptr);
    at = at->parent;
    at.load();
  }
  EXPECT_EQ(at, first);
  for (auto node : em.find<Node>().list()) em.remove(node);
  em.flush();
  EXPECT_EQ(em.count<Node>(), 0u);
}

TEST_P(UowCycles, WithoutANullableEdgeAreRefusedBeforeAnythingIsSent) {
  EntityManager em = start(kin::entities<Hen, Egg>).em();
  auto hen = em.create<Hen>({});
  auto egg = em.create<Egg>({.layer = hen});
  hen->origin = egg;
  try {
    em.flush();
    ADD_FAILURE() << "no error";
  } catch (const ValidationError& error) {
    EXPECT_THAT(error.what(), testing::AllOf(HasSubstr("Hen.origin"), HasSubstr("Egg.layer")));
    EXPECT_THAT(error.what(), HasSubstr("nullable"));
    EXPECT_THAT(error.entity(), testing::AnyOf("Hen", "Egg"));
    EXPECT_THAT(error.property(), testing::AnyOf("origin", "layer"));
  }
  EXPECT_THAT(statements(), IsEmpty());
}

TEST_P(UowCycles, MovingASubtreeUnderANewNode) {
  EntityManager em = start(kin::entities<Node>).em();
  auto root = em.create<Node>({.name = "root"});
  auto leaf = em.create<Node>({.name = "leaf", .parent = root});
  em.flush();
  clear_statements();
  auto middle = em.create<Node>({.name = "middle", .parent = root});
  middle->children.add(leaf);
  em.flush();
  EXPECT_THAT(statements(),
              ElementsAre("begin", R"(insert into "node" ("name", "parent_id") values (?, ?))",
                          R"(update "node" set "parent_id" = ? where "id" = ?)", "commit"));
  EXPECT_EQ(root->children.size(), 1u);
}

KIN_ON_EVERY_DATABASE(UowCycles);

}  // namespace kin::test::uow_cycles
