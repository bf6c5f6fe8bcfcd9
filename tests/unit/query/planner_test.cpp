// SPDX-License-Identifier: MIT
#include "query/planner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "query/plan_cache.hpp"
#include "query_testing.hpp"

namespace kin::query::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto title = field<&Book::title>;
constexpr auto price = field<&Book::price>;

std::shared_ptr<const PlannedRead> planned(const detail::FindRequest& request, ReadKind kind = ReadKind::rows,
                                           Strategy strategy = Strategy::balanced) {
  Planner planner(model(), strategy);
  return planner.plan(request, kind);
}

/// "author[0](books[1] tags)": the names of populated relations, their hydration source where they are
/// joined.
std::string text_of(const std::vector<PopulateNode>& nodes) {
  std::string text;
  for (const PopulateNode& node : nodes) {
    if (!text.empty()) text += ' ';
    text += node.property->name;
    if (node.hydration != none) text += fmt::format("[{}]", node.hydration);
    if (!node.children.empty()) text += "(" + text_of(node.children) + ")";
  }
  return text;
}
template <class T>
std::string populated(const Request<T>& request) {
  return text_of(planned(request)->populate);
}

std::vector<std::string> columns_of(const HydrationSource& source) {
  std::vector<std::string> names;
  for (const Column* column : source.columns) names.push_back(column->name);
  return names;
}

// --- which columns are read ---

TEST(Planner, ReadsTheKeyFirstAndNoLazyColumns) {
  const auto read = planned(Request<Stock>());
  ASSERT_EQ(read->hydration.size(), 1u);
  EXPECT_THAT(columns_of(read->hydration[0]), ElementsAre("book_id", "place", "value"));
  EXPECT_FALSE(read->hydration[0].partial);
  EXPECT_EQ(read->hydration[0].parent, none);

  const auto books = planned(Request<Book>());
  EXPECT_THAT(columns_of(books->hydration[0]),
              ElementsAre("id", "title", "price", "version", "author_id", "translator_id", "meta"));
  EXPECT_TRUE(books->hydration[0].partial);
}

template <auto... Members, class T>
Request<T> only(Request<T> request) {
  request.only.push_back(detail::checked_path<Members...>());
  return request;
}
template <auto... Members, class T>
Request<T> exclude(Request<T> request) {
  request.exclude.push_back(detail::checked_path<Members...>());
  return request;
}

TEST(Planner, OnlyKeepsKeyAndVersion) {
  const auto read = planned(only<&Book::title>(Request<Book>()));
  EXPECT_THAT(columns_of(read->hydration[0]), ElementsAre("id", "title", "version"));
  EXPECT_TRUE(read->hydration[0].partial);
  EXPECT_THAT(columns_of(planned(only<&Book::text>(Request<Book>()))->hydration[0]),
              ElementsAre("id", "text", "version"));
  EXPECT_THAT(columns_of(planned(only<&Book::author>(Request<Book>()))->hydration[0]),
              ElementsAre("id", "version", "author_id"));
  EXPECT_THAT(columns_of(planned(only<&Author::address>(Request<Author>()))->hydration[0]),
              ElementsAre("id", "address_street", "address_city"));
}

TEST(Planner, OnlyKeepsWhatLinksPopulatedEntities) {
  const auto read = planned(only<&Book::title>(Request<Book>().with<&Book::author>()));
  EXPECT_THAT(columns_of(read->hydration[0]), ElementsAre("id", "title", "version", "author_id"));
  EXPECT_EQ(read->hydration[1].columns.size(), read->hydration[1].entity->columns.size());

  const auto books = planned(only<&Author::books, &Book::title>(Request<Author>()).how(Strategy::joined));
  EXPECT_THAT(columns_of(books->hydration[0]), ElementsAre("id"));
  EXPECT_THAT(columns_of(books->hydration[1]), ElementsAre("id", "title", "version", "author_id"));
}

TEST(Planner, OnlyOfAPathPopulatesIt) {
  const Request<Book> request = only<&Book::author, &Author::name>(only<&Book::title>(Request<Book>()));
  const auto read = planned(request);
  EXPECT_EQ(text_of(read->populate), "author[1]");
  EXPECT_THAT(columns_of(read->hydration[1]), ElementsAre("id", "name"));
}

TEST(Planner, ExcludeNeverTakesTheKey) {
  const Request<Book> request =
      exclude<&Book::id>(exclude<&Book::price>(exclude<&Book::meta>(Request<Book>())));
  EXPECT_THAT(columns_of(planned(request)->hydration[0]),
              ElementsAre("id", "title", "version", "author_id", "translator_id"));
  const auto nested =
      planned(exclude<&Book::author, &Author::address>(Request<Book>().with<&Book::author>()));
  EXPECT_THAT(columns_of(nested->hydration[1]),
              ElementsAre("id", "name", "age", "summer_house_street", "summer_house_city"));
}

TEST(Planner, CellsOfHydrationSourcesFollowEachOther) {
  const auto read =
      planned(Request<Book>().with<&Book::author, &Author::profile>().with<&Book::translator>());
  ASSERT_EQ(read->hydration.size(), 5u);
  std::uint32_t cells = 0;
  for (const HydrationSource& source : read->hydration) {
    EXPECT_EQ(source.first_cell, cells);
    for (const Column* column : source.columns) {
      EXPECT_EQ(read->plan.select[cells].expression.front().column, column);
      ++cells;
    }
  }
  EXPECT_EQ(read->plan.select.size(), cells);
  EXPECT_EQ(read->hydration[2].via->name, "profile");
  EXPECT_EQ(read->hydration[2].parent, 1u);
  EXPECT_EQ(read->hydration[3].parent, 0u);
  EXPECT_EQ(read->hydration[4].parent, 3u);
}

// --- which relations are joined ---

TEST(Planner, PathsImplyTheirBeginnings) {
  EXPECT_EQ(populated(Request<Author>().with<&Author::books, &Book::tags>().with<&Author::books>()),
            "books(tags)");
  EXPECT_EQ(populated(Request<Author>().with<&Author::books, &Book::tags>().with<&Author::profile>()),
            "books(tags) profile[1]");
}

TEST(Planner, BalancedJoinsToOne) {
  const auto request = Request<Book>()
                           .with<&Book::author, &Author::profile>()
                           .with<&Book::tags>()
                           .with<&Book::author, &Author::books, &Book::translator>();
  EXPECT_EQ(populated(request), "author[1](profile[2] books(translator)) tags");
}

TEST(Planner, SelectInJoinsNothing) {
  EXPECT_EQ(populated(Request<Book>().with<&Book::author, &Author::profile>().with<&Book::tags>().how(
                Strategy::select_in)),
            "author(profile) tags");
  EXPECT_EQ(planned(Request<Book>().with<&Book::author>().how(Strategy::select_in))->plan.sources.size(), 1u);
}

TEST(Planner, JoinedTakesOneBranchOfCollections) {
  // tags stands beside the joined books, and would multiply them.
  EXPECT_EQ(populated(Request<Book>()
                          .with<&Book::author, &Author::books, &Book::tags>()
                          .with<&Book::tags>()
                          .with<&Book::translator>()
                          .how(Strategy::joined)),
            "author[1](books[3](tags[4])) tags translator[5]");
  EXPECT_EQ(
      populated(
          Request<Book>().with<&Book::tags>().with<&Book::author, &Author::books, &Book::translator>().how(
              Strategy::joined)),
      "tags[1] author[2](books(translator))");
}

TEST(Planner, RequestsStrategyComesBeforeTheDefault) {
  const Request<Author> request = Request<Author>().with<&Author::books>();
  EXPECT_EQ(text_of(planned(request, ReadKind::rows, Strategy::joined)->populate), "books[2]");
  EXPECT_EQ(text_of(planned(request, ReadKind::rows, Strategy::select_in)->populate), "books");
  const Request<Author> other = Request<Author>(request).how(Strategy::joined);
  EXPECT_EQ(text_of(planned(other, ReadKind::rows, Strategy::select_in)->populate), "books[2]");
}

TEST(Planner, JoinsOfConditionsAreShared) {
  const auto read = planned(
      Request<Book>(field<&Book::author, &Author::name> == "x" && field<&Book::author, &Author::age> == 1)
          .with<&Book::author>()
          .by(field<&Book::author, &Author::name>.asc()));
  // The third is the author's profile, whose key the author's row lacks.
  EXPECT_EQ(read->plan.sources.size(), 3u);
  // A collection is not: the condition must not hide items of what is populated.
  const auto author = planned(Request<Author>(field<&Author::books, &Book::title> == "x")
                                  .with<&Author::books>()
                                  .how(Strategy::joined));
  EXPECT_EQ(author->plan.sources.size(), 4u);
}

TEST(Planner, WhomAOneToOneInverseRefersToIsReadAlong) {
  const auto read = planned(Request<Author>());
  ASSERT_EQ(read->hydration.size(), 2u);
  EXPECT_FALSE(read->hydration[0].reference);
  EXPECT_TRUE(read->hydration[1].reference);
  EXPECT_EQ(read->hydration[1].parent, 0u);
  EXPECT_EQ(read->hydration[1].via->name, "profile");
  EXPECT_THAT(columns_of(read->hydration[1]), ElementsAre("id", "author_id"));
  EXPECT_THAT(read->populate, IsEmpty()) << "it is not populated by that";

  const auto populated = planned(Request<Author>().with<&Author::profile>());
  ASSERT_EQ(populated->hydration.size(), 2u);
  EXPECT_FALSE(populated->hydration[1].reference);
  const auto back = planned(Request<Profile>().with<&Profile::author>());
  EXPECT_EQ(back->plan.sources.size(), 2u) << "the way there leads back";
  EXPECT_EQ(planned(only<&Author::name>(Request<Author>()))->plan.sources.size(), 1u);
}

TEST(Planner, EagerRelationsAreNotFollowedInsideThemselves) {
  EXPECT_EQ(populated(Request<Category>()), "children");
  EXPECT_EQ(populated(Request<Category>().with<&Category::parent>()), "parent[1](children) children");
  EXPECT_EQ(populated(Request<Category>().with<&Category::children, &Category::children>()),
            "children(children)");
  EXPECT_THAT(populated(Request<Category>().how(Strategy::joined)), "children[1]");
}

TEST(Planner, CollectionsKeepTheirOrderInsideTheRoots) {
  const auto read = planned(Request<Author>().with<&Author::books, &Book::tags>().how(Strategy::joined));
  std::vector<std::string> order;
  for (const OrderItem& item : read->plan.order) order.push_back(item.expression.front().column->name);
  EXPECT_THAT(order, ElementsAre("id", "title", "id"));
  EXPECT_THAT(planned(Request<Author>().with<&Author::books>())->plan.order, IsEmpty());
  // A key that is ordered by already is not repeated.
  const auto by_key =
      planned(Request<Author>().with<&Author::books>().by(field<&Author::id>.desc()).how(Strategy::joined));
  ASSERT_EQ(by_key->plan.order.size(), 2u);
  EXPECT_TRUE(by_key->plan.order[0].descending);
}

TEST(Planner, LimitsOfMultipliedRootsAreMarked) {
  const Request<Author> request = Request<Author>().with<&Author::books>().rows(3);
  EXPECT_FALSE(planned(request)->plan.limit_roots);
  EXPECT_TRUE(planned(Request<Author>(request).how(Strategy::joined))->plan.limit_roots);
  EXPECT_FALSE(planned(Request<Author>(request).how(Strategy::joined).rows({}))->plan.limit_roots);
}

TEST(Planner, NodesKnowWhereTheirSubtreeBegins) {
  const auto read = planned(Request<Book>(price < 1.0 && !(title == "a" || price.in({1.0, 2.0, 3.0}))));
  const std::vector<Node>& where = read->plan.where;
  std::vector<std::uint32_t> begins;
  for (const Node& node : where) begins.push_back(node.begin);
  // price 1 <   title a ==   price 1 2 3 in   or not and
  EXPECT_THAT(begins, ElementsAre(0, 1, 0, 3, 4, 3, 6, 7, 8, 9, 6, 3, 3, 0));
  EXPECT_EQ(where.back().count, 2u);
}

// --- by key ---

TEST(Planner, PlansByKeyOnce) {
  Planner planner(model(), Strategy::balanced);
  const EntityMetadata& stock = model().of(detail::type_tag<Stock>);
  const auto read = planner.plan_by_key(stock);
  EXPECT_EQ(sql_of(*read), R"(select "t0"."book_id", "t0"."place", "t0"."value" from "stock" as "t0" )"
                           R"(where "t0"."book_id" = ? and "t0"."place" = ?)");
  EXPECT_EQ(read->plan.value_count, 2u);
  EXPECT_EQ(planner.plan_by_key(stock), read);
  EXPECT_EQ(text_of(planner.plan_by_key(model().of(detail::type_tag<Category>))->populate), "children");
}

// --- the cache ---

TEST(PlanCache, RequestsThatDifferInValuesShareAPlan) {
  Planner planner(model(), Strategy::balanced);
  const auto plan = [&](const detail::FindRequest& request, ReadKind kind = ReadKind::rows) {
    return planner.plan(request, kind);
  };
  const auto first = plan(Request<Book>(price < 1.0 && title == "a").rows(5));
  EXPECT_EQ(plan(Request<Book>(price < 2.0 && title == "a much longer text than before").rows(50)), first);

  EXPECT_NE(plan(Request<Book>(price < 1.0 && title == "a")), first);
  EXPECT_NE(plan(Request<Book>(price < 1.0 && title == "a").rows(5, 1)), first);
  EXPECT_NE(plan(Request<Book>(price <= 1.0 && title == "a").rows(5)), first);
  EXPECT_NE(plan(Request<Book>(price < 1.0 || title == "a").rows(5)), first);
  EXPECT_NE(plan(Request<Book>(price < 1.0 && title == "a").rows(5), ReadKind::count), first);
  EXPECT_NE(plan(Request<Book>(price < 1.0 && title == "a").rows(5).with<&Book::author>()), first);
  EXPECT_NE(plan(Request<Book>(price < 1.0 && title == "a").rows(5).by(title.asc())), first);
  EXPECT_NE(plan(Request<Book>(price < 1.0 && title == "a").rows(5).how(Strategy::joined)), first);
  Request<Book> commented = Request<Book>(price < 1.0 && title == "a").rows(5);
  commented.comment = "why";
  EXPECT_NE(plan(commented), first);
}

TEST(PlanCache, ListsShareAPlanByTheirLength) {
  Planner planner(model(), Strategy::balanced);
  const auto plan = [&](std::vector<double> values) {
    return planner.plan(Request<Book>(price.in(values)), ReadKind::rows);
  };
  EXPECT_EQ(plan({1, 2}), plan({3, 4}));
  EXPECT_NE(plan({1, 2}), plan({1, 2, 3}));
}

TEST(PlanCache, KindsOfValuesTellShapesApart) {
  Planner planner(model(), Strategy::balanced);
  const auto integer = planner.plan(Request<Book>(price < 1), ReadKind::rows);
  EXPECT_NE(planner.plan(Request<Book>(price < 1.0), ReadKind::rows), integer);
}

TEST(PlanCache, StaysBoundedAndKeepsWhatIsUsed) {
  PlanCache cache;
  const auto used = std::make_shared<const PlannedRead>();
  cache.keep("used", used);
  for (int i = 0; i < 50'000; ++i) {
    cache.keep(std::to_string(i), std::make_shared<const PlannedRead>());
    if (i % 16 == 0) {
      ASSERT_EQ(cache.find("used"), used);
    }
  }
  EXPECT_LE(cache.size(), PlanCache::capacity);
  EXPECT_EQ(cache.find("0"), nullptr);
}

TEST(PlanCache, TakesConditionsOfAnySize) {
  auto where = price < 0.0;
  for (int i = 0; i < 50'000; ++i)
    where = i % 2 == 0 ? std::move(where) || price < i : std::move(where) && price > i;
  const Request<Book> request(std::move(where));
  Planner planner(model(), Strategy::balanced);
  EXPECT_EQ(planner.plan(request, ReadKind::count)->plan.value_count, 50'001u);
}

TEST(PlanCache, ServesManyThreads) {
  Planner planner(model(), Strategy::balanced);
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 300; ++i) {
        std::vector<double> values(static_cast<std::size_t>(i % 50 + 1));
        const auto read = planner.plan(Request<Book>(price.in(values)), ReadKind::rows);
        if (read->plan.value_count != values.size()) ++failures;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
}

TEST(Planner, NumbersValuesByClause) {
  Request<Book> request(price < 1.0);
  request.column(kin::count(title).as("n")).column(meta_at({"s"}).as("s"));
  request.group_by.push_back(meta_at({"g"}).expression());
  request.having = (kin::count() > 2).expression();
  request.by(meta_at({"o"}).asc()).rows(3, 4);
  const auto read = planned(request);
  std::vector<ValueView> values;
  collect_values(request, read->plan, values);
  std::vector<std::string> texts;
  for (const ValueView value : values) texts.push_back(Value(value).to_string());
  EXPECT_THAT(texts, ElementsAre("1", "2", R"('$."s"')", R"('$."g"')", R"('$."o"')", "3", "4"));
  EXPECT_EQ(read->plan.value_count, 5u);
  EXPECT_THAT(values_of(request), ElementsAre(R"('$."s"')", "1", R"('$."g"')", "2", R"('$."o"')", "3", "4"));
}

// --- what is refused ---

TEST(PlannerRefuses, ValuesOfAnotherKindThanTheKey) {
  EXPECT_EQ(refusal_of(Request<Category>(field<&Category::parent> == 3)),
            "Category.parent: it is compared with an integer, but the key of Category is text; compare with "
            "text or "
            "with a kin::Ref<Category>.");
  EXPECT_THAT(refusal_of(Request<Book>(field<&Book::author>.in({"a", "b"}))),
              HasSubstr("Book.author: it is compared with text, but the key of Author is an integer"));
  EXPECT_THAT(refusal_of(Request<Author>(field<&Author::books, &Book::translator> == "x")),
              HasSubstr("Author.books.translator: it is compared with text"));
  EXPECT_THAT(refusal_of(Request<Category>(field<&Category::parent> == "x")), HasSubstr("planned: "));
}

TEST(PlannerRefuses, CompositeKeysAsValues) {
  constexpr auto sentence =
      "Movement.stock: the key of Stock has several members, so the relation is no single value; name one of "
      "them at "
      "the end of the path.";
  EXPECT_EQ(refusal_of(Request<Movement>(field<&Movement::stock> == 3)), sentence);
  EXPECT_EQ(refusal_of(Request<Movement>().by(field<&Movement::stock>.asc())), sentence);
}

TEST(PlannerRefuses, RelationsAsText) {
  const auto author = field<&Book::author>;
  const detail::Expression like =
      detail::comparison(detail::Op::like, author.path(), author.alias(), ValueView::text("x"));
  EXPECT_EQ(refusal_of(Request<Book>(Condition<Book>(like))),
            "Book.author: a relation is neither text nor JSON; go on to a member of Author with a path.");
}

TEST(PlannerRefuses, EmbeddedStructsAsValues) {
  EXPECT_EQ(refusal_of(Request<Author>().by(field<&Author::address>.asc())),
            "Author.address: an embedded struct is no single value; name one of its members at the end of "
            "the path.");
}

TEST(PlannerRefuses, UnknownAliases) {
  const auto author = kin::alias<Author>("a");
  EXPECT_EQ(refusal_of(Request<Book>(author[field<&Author::name>] == "x")),
            "The alias \"a\" belongs to no join of this query; add .join<...>(alias) before it is used.");
  Request<Book> twice;
  for (int i = 0; i < 2; ++i)
    twice.joins.push_back({detail::checked_path<&Book::author>(), nullptr, author.name(), false});
  EXPECT_EQ(refusal_of(twice), "The alias \"a\" names two joins; give one of them another name.");
}

TEST(PlannerRefuses, AliasesOfAnotherEntity) {
  const auto label = kin::alias<Tag>("a");
  Request<Book> query(label[field<&Tag::name>] == "x");
  query.joins.push_back({detail::checked_path<&Book::author>(), nullptr, label.name(), false});
  EXPECT_EQ(refusal_of(query), "Tag.name: the alias \"a\" stands for Author.");
}

TEST(PlannerRefuses, ColumnsThatAreNotSelected) {
  Request<Book> query;
  query.column(title.as("a")).by(kin::column("b").asc());
  EXPECT_EQ(
      refusal_of(query),
      "kin::column(\"b\"): no selected column has that name; select it with .as(\"...\"), or name a member.");
  EXPECT_THAT(refusal_of(Request<Book>().by(kin::column("title").asc())), HasSubstr("no selected column"));
  Request<Book> filtered(kin::column("a") == 1);
  filtered.column(title.as("a"));
  EXPECT_THAT(refusal_of(filtered),
              HasSubstr("kin::column(\"a\"): columns of the result can be named in order_by()"));
}

TEST(PlannerRefuses, CollectionsInRows) {
  Request<Author> query;
  query.column(field<&Author::books, &Book::title>);
  EXPECT_THAT(refusal_of(query), HasSubstr("Author.books.title: the path leads through a collection"));
}

TEST(PlannerRefuses, AggregatesOfRows) {
  EXPECT_THAT(refusal_of(Request<Book>(kin::count(title) > 1)), HasSubstr("put the condition into having()"));
}

TEST(PlannerRefuses, ConditionsOnAnotherEntity) {
  Request<Book> request;
  request.where = (field<&Author::name> == "x").expression();
  EXPECT_EQ(refusal_of(request),
            "Author.name: Book is read here; reach Author by a path that starts at Book, or by the alias of "
            "a join.");
}

TEST(PlannerRefuses, CountsOfGroups) {
  Request<Book> query;
  query.group_by.push_back(title.expression());
  EXPECT_THAT(refusal_of(query, ReadKind::count), HasSubstr("Book: a grouped query cannot be counted"));
}

TEST(PlannerRefuses, EndlessNesting) {
  auto where = field<&Category::code> == "x";
  for (int i = 0; i < 500; ++i) where = field<&Category::children>.some(where);
  EXPECT_THAT(refusal_of(Request<Category>(std::move(where))),
              HasSubstr("Category.children: conditions on collections lie more than 64 deep in each other"));
}

TEST(PlannerRefuses, OrdersOverTwoCollections) {
  detail::Expression sum = field<&Author::books, &Book::price>.expression();
  sum.append(field<&Author::profile, &Profile::author, &Author::books, &Book::price>.expression());
  sum.push_operator(detail::Op::add);
  Request<Author> request;
  request.order.push_back({sum, false, 0});
  EXPECT_THAT(refusal_of(request), HasSubstr("an order cannot follow two collections at once"));
}

}  // namespace
}  // namespace kin::query::testing
