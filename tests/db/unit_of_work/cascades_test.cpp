// SPDX-License-Identifier: MIT
// What persist and remove take along over the relations.
#include <gmock/gmock.h>

#include "db/support/database.hpp"

namespace kin::test::uow_cascades {

using testing::ElementsAre;
using testing::HasSubstr;

struct Line;
struct Order;

struct Customer {
  std::int64_t id{};
  std::string name{};
  Collection<Order> orders{};
};
struct Order {
  std::int64_t id{};
  std::string number{};
  Ref<Customer> customer{};
  Collection<Line> lines{};
};
struct Line {
  std::int64_t id{};
  std::string text{};
  Ref<Order> order{};
};
inline void describe(Schema<Customer>& customer) {
  customer.on<&Customer::orders>(mapped_by<&Order::customer>, cascade(Cascade::all));
}
inline void describe(Schema<Order>& order) {
  order.table("orders");
  order.on<&Order::lines>(mapped_by<&Line::order>, cascade(Cascade::all));
}
inline constexpr EntityList entities = kin::entities<Customer, Order, Line>;

/// The same without any cascade.
struct Leaf {
  std::int64_t id{};
  std::string name{};
};
struct Branch {
  std::int64_t id{};
  Ref<Leaf> leaf{};
  Collection<Leaf> others{};
};
inline void describe(Schema<Branch>& branch) {
  branch.on<&Branch::leaf>(cascade(Cascade::none), nullable());
  branch.on<&Branch::others>(cascade(Cascade::none));
}

class UowCascades : public DatabaseTest {
 protected:
  /// A customer with two orders of two lines each.
  std::int64_t seed() {
    EntityManager em = orm().em();
    auto customer = em.create<Customer>({.name = "C"});
    for (const char* number : {"1", "2"}) {
      auto order = em.create<Order>({.number = number, .customer = customer});
      for (const char* text : {"a", "b"}) em.create<Line>({.text = text, .order = order});
    }
    em.flush();
    clear_statements();
    return customer->id;
  }
};

TEST_P(UowCascades, PersistReachesDetachedEntitiesOverEveryRelation) {
  EntityManager em = start(entities).em();
  auto line = em.create_detached<Line>({.text = "a"});
  auto order = em.create_detached<Order>({.number = "1", .lines = {line}});
  auto customer = em.create_detached<Customer>({.name = "C", .orders = {order}});
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
  em.persist(customer);
  em.flush();
  EXPECT_EQ(em.count<Line>(), 1u);
  EXPECT_EQ(em.count<Order>(), 1u);
  EXPECT_EQ(em.count<Customer>(), 1u);
  EXPECT_EQ(line->order, order);
  EXPECT_EQ(order->customer, customer);
}

TEST_P(UowCascades, PersistReachesUpwardsFromAChild) {
  EntityManager em = start(entities).em();
  auto order = em.create_detached<Order>({.number = "1", .customer = em.create_detached<Customer>({.name = "C"})});
  em.create<Line>({.text = "a", .order = order});
  em.flush();
  EXPECT_EQ(em.count<Customer>(), 1u);
}

TEST_P(UowCascades, PersistReachesFromAStoredEntity) {
  start(entities);
  const auto id = seed();
  EntityManager em = orm().em();
  auto customer = em.find_one_or_fail<Customer>(id);
  customer->orders.add(em.create_detached<Order>({.number = "3"}));
  em.flush();
  EXPECT_EQ(em.count<Order>(), 3u);
}

TEST_P(UowCascades, WithoutPersistATargetMustBePersistedItself) {
  EntityManager em = start(kin::entities<Branch, Leaf>).em();
  auto leaf = em.create_detached<Leaf>({.name = "l"});
  auto branch = em.create<Branch>({.leaf = leaf});
  clear_statements();
  try {
    em.flush();
    ADD_FAILURE() << "no error";
  } catch (const ValidationError& error) {
    EXPECT_EQ(error.entity(), "Branch");
    EXPECT_EQ(error.property(), "leaf");
    EXPECT_THAT(error.what(), HasSubstr("Branch.leaf"));
    EXPECT_THAT(error.what(), HasSubstr("persist()"));
  }
  EXPECT_TRUE(statements().empty());
  em.persist(leaf);
  em.flush();
  EXPECT_EQ(em.count<Leaf>(), 1u);
  branch->others.add(em.create_detached<Leaf>({.name = "m"}));
  EXPECT_THROW(em.flush(), ValidationError);
}

TEST_P(UowCascades, RemoveTakesLoadedRelationsAlongChildrenFirst) {
  start(entities);
  const auto id = seed();
  EntityManager em = orm().em();
  auto customer =
      em.find<Customer>(field<&Customer::id> == id).populate<&Customer::orders, &Order::lines>().one_or_fail();
  clear_statements();
  em.remove(customer);
  em.flush();
  EXPECT_THAT(statements(), ElementsAre("begin", R"(delete from "line" where "id" = ?)",
                                        R"(delete from "orders" where "id" = ?)",
                                        R"(delete from "customer" where "id" = ?)", "commit"));
  EXPECT_EQ(em.count<Line>() + em.count<Order>() + em.count<Customer>(), 0u);
}

TEST_P(UowCascades, RemoveOfANewGraphLeavesNothing) {
  EntityManager em = start(entities).em();
  auto customer = em.create<Customer>({.name = "C"});
  auto order = em.create<Order>({.number = "1", .customer = customer});
  em.create<Line>({.text = "a", .order = order});
  em.remove(customer);
  EXPECT_EQ(count_statements([&] { em.flush(); }), 0u);
  EXPECT_EQ(em.count<Customer>() + em.count<Order>() + em.count<Line>(), 0u);
}

TEST_P(UowCascades, PersistBringsBackANewGraphThatWasRemoved) {
  EntityManager em = start(entities).em();
  auto customer = em.create<Customer>({.name = "C"});
  auto order = em.create<Order>({.number = "1", .customer = customer});
  em.create<Line>({.text = "a", .order = order});
  em.remove(customer);
  em.persist(customer);
  em.flush();
  EXPECT_EQ(em.count<Line>(), 1u);
  EXPECT_EQ(em.count<Order>(), 1u);
  EXPECT_EQ(em.count<Customer>(), 1u);
}

TEST_P(UowCascades, RemoveTakesNewChildrenOfAStoredEntityAlong) {
  start(entities);
  const auto id = seed();
  EntityManager em = orm().em();
  auto customer =
      em.find<Customer>(field<&Customer::id> == id).populate<&Customer::orders, &Order::lines>().one_or_fail();
  em.create<Order>({.number = "3", .customer = customer});
  em.remove(customer);
  em.flush();
  EXPECT_EQ(em.count<Order>(), 0u);
  EXPECT_EQ(em.count<Customer>(), 0u);
}

TEST_P(UowCascades, RemoveOfAParentWithoutCascadeIsTheDatabasesToRefuse) {
  EntityManager em = start(kin::entities<Branch, Leaf>).em();
  auto leaf = em.create<Leaf>({.name = "l"});
  em.create<Branch>({.leaf = leaf});
  em.flush();
  // The column is nullable, so the foreign key's rule sets it to null.
  em.remove(leaf);
  em.flush();
  em.clear();
  EXPECT_EQ(em.find<Branch>().one_or_fail()->leaf, nullptr);
}

TEST_P(UowCascades, PersistAfterACreateThatFailedStillReachesEverything) {
  EntityManager em = start(entities).em();
  auto one = em.create<Customer>({.id = 5, .name = "C"});
  EXPECT_THROW(em.create<Customer>({.id = 5, .name = "D"}), ValidationError);
  one->orders.add(em.create_detached<Order>({.number = "1"}));
  em.flush();
  EXPECT_EQ(em.count<Order>(), 1u);
}

TEST_P(UowCascades, ACreateThatFailedLeavesNoTraceInItsParent) {
  EntityManager em = start(entities).em();
  auto customer = em.create<Customer>({.name = "C"});
  em.create<Order>({.id = 5, .number = "1", .customer = customer});
  EXPECT_THROW(em.create<Order>({.id = 5, .number = "2", .customer = customer}), ValidationError);
  EXPECT_EQ(customer->orders.size(), 1u);
  em.flush();
  EXPECT_EQ(em.count<Order>(), 1u);
}

TEST_P(UowCascades, RemoveLeavesWhatWasAssignedToAnotherParent) {
  start(entities);
  const auto id = seed();
  EntityManager em = orm().em();
  auto customer = em.find<Customer>(field<&Customer::id> == id).populate<&Customer::orders>().one_or_fail();
  auto order = customer->orders[0];
  order->customer = em.create<Customer>({.name = "D"});
  em.remove(em.get_reference<Customer>(id));
  for (auto other : customer->orders)
    if (other != order) other->lines.load();
  em.flush();
  EXPECT_EQ(orm().em().find<Order>().one_or_fail()->id, order->id);
}

KIN_ON_EVERY_DATABASE(UowCascades);

}  // namespace kin::test::uow_cascades
