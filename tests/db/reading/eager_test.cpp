// SPDX-License-Identifier: MIT
// Eager relations: loaded by every find, also by one for a key, whether or not the entity is there already.
#include <algorithm>
#include <string>
#include <vector>

#include "db/support/database.hpp"

namespace kin::test::reading_eager {

inline constexpr Strategy strategies[] = {Strategy::select_in, Strategy::joined, Strategy::balanced};

struct Order;
struct Region {
  std::int64_t id{};
  std::string name{};
};
struct Customer {
  std::int64_t id{};
  std::string name{};
  Ref<Region> region{};
};
struct Line {
  std::int64_t id{};
  int amount{};
  Ref<Order> order{};
};
struct Invoice {
  std::int64_t id{};
  std::string number{};
  Ref<Order> order{};
};
struct Order {
  std::int64_t id{};
  std::string title{};
  Ref<Customer> customer{};
  Collection<Line> lines{};
  Ref<Invoice> invoice{};
};
inline void describe(Schema<Customer>& customer) { customer.on<&Customer::region>(eager); }
inline void describe(Schema<Invoice>& invoice) { invoice.on<&Invoice::order>(one_to_one); }
inline void describe(Schema<Order>& order) {
  order.table("orders");
  order.on<&Order::customer>(eager);
  order.on<&Order::lines>(mapped_by<&Line::order>, eager);
  order.on<&Order::invoice>(mapped_by<&Invoice::order>, eager);
}

class ReadingEager : public DatabaseTest {
 protected:
  void start_with(Strategy strategy) {
    start(kin::entities<Region, Customer, Line, Invoice, Order>,
          [&](Options& options) { options.strategy = strategy; });
    EntityManager em = orm().em();
    auto region = em.create<Region>({.name = "north"});
    auto customer = em.create<Customer>({.name = "c", .region = region});
    for (int i = 1; i <= 2; ++i) {
      auto order = em.create<Order>({.title = "order " + std::to_string(i), .customer = customer});
      for (int line = 1; line <= 3; ++line) em.create<Line>({.amount = 10 * i + line, .order = order});
      em.create<Invoice>({.number = std::to_string(i), .order = order});
    }
    em.flush();
    clear_statements();
  }
  /// All of it is there, without another statement.
  void expect_loaded(const Ref<Order>& order) {
    clear_statements();
    EXPECT_EQ(order->title, "order 1");
    EXPECT_EQ(order->customer->name, "c");
    EXPECT_EQ(order->customer->region->name, "north");
    ASSERT_TRUE(order->lines.is_initialized());
    std::vector<int> amounts;
    for (auto line : order->lines) amounts.push_back(line->amount);
    std::ranges::sort(amounts);
    EXPECT_EQ(amounts, (std::vector<int>{11, 12, 13}));
    ASSERT_TRUE(order->invoice);
    EXPECT_EQ(order->invoice->number, "1");
    EXPECT_TRUE(statements().empty());
  }
};

TEST_P(ReadingEager, AFindByKeyLoadsThem) {
  for (const Strategy strategy : strategies) {
    start_with(strategy);
    EntityManager em = orm().em();
    expect_loaded(em.find_one<Order>(1));
    EXPECT_FALSE(em.has_changes());
    EXPECT_EQ(count_statements([&] { EXPECT_EQ(em.find_one<Order>(1)->title, "order 1"); }), 0u)
        << "nothing is left to load";
    EXPECT_FALSE(em.find_one<Order>(77));
  }
}

TEST_P(ReadingEager, AFindByKeyLoadsThemAsAFindDoes) {
  for (const Strategy strategy : strategies) {
    start_with(strategy);
    EntityManager em = orm().em();
    const std::size_t by_key = count_statements([&] { (void)em.find_one<Order>(1); });
    em.clear();
    EXPECT_EQ(count_statements([&] { (void)em.find_one<Order>(field<&Order::id> == 1); }), by_key);
  }
}

Task<Ref<Order>> find_async(EntityManager& em) { co_return co_await em.find_one_or_fail_async<Order>(1); }

TEST_P(ReadingEager, AFindByKeyThatIsAwaitedLoadsThem) {
  start_with(Strategy::balanced);
  EntityManager em = orm().em();
  expect_loaded(sync_wait(find_async(em)));
  em.clear();
  (void)em.find<Line>().list();  // knows the orders by their keys
  expect_loaded(sync_wait(find_async(em)));
}

TEST_P(ReadingEager, ALoadedStubHasThem) {
  start_with(Strategy::balanced);
  EntityManager em = orm().em();
  auto order = em.get_reference<Order>(1);
  EXPECT_TRUE(em.refresh(order));
  expect_loaded(order);
}

// A flush leaves what it wrote in the identity map, with the relations as they were made: what was never read
// is loaded by the first find, as MikroORM does it.
TEST_P(ReadingEager, AnEntityThatIsThereAlreadyGetsWhatItLacks) {
  for (const Strategy strategy : strategies) {
    start_with(strategy);
    EntityManager em = orm().em();
    auto line = em.find_one_or_fail<Line>(field<&Line::amount> == 11);
    auto order = em.find_one_or_fail<Order>(1);
    EXPECT_EQ(line->order, order);
    expect_loaded(order);
    em.clear();

    auto customer = em.create<Customer>({.name = "new", .region = em.get_reference<Region>(1)});
    em.flush();
    EXPECT_EQ(em.find_one<Customer>(customer->id), customer);
    clear_statements();
    EXPECT_EQ(customer->region->name, "north");
    EXPECT_TRUE(statements().empty()) << "find_one has loaded it";
  }
}

TEST_P(ReadingEager, UnflushedChangesStay) {
  start_with(Strategy::balanced);
  EntityManager em = orm().em();
  auto order = em.find_one_or_fail<Order>(1);
  auto other = em.create<Customer>({.name = "other", .region = em.get_reference<Region>(1)});
  order->customer = other;
  order->title = "mine";
  EXPECT_EQ(em.find_one<Order>(1), order);
  EXPECT_EQ(order->customer, other);
  EXPECT_EQ(order->title, "mine");
  em.flush();
  EXPECT_EQ(orm().em().find_one_or_fail<Order>(1)->title, "mine");
}

KIN_ON_EVERY_DATABASE(ReadingEager);

}  // namespace kin::test::reading_eager
