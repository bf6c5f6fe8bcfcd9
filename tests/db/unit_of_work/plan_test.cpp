// SPDX-License-Identifier: MIT
// em.plan(): what the next flush would send, told without sending it.
#include <gmock/gmock.h>

#include <sstream>
#include <string>
#include <vector>

#include "db/support/database.hpp"

namespace kin::test::uow_plan {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

struct Book;
struct Author {
  std::int64_t id{};
  std::string name{};
  std::string secret{};
  Collection<Book> books{};
};
struct Tag {
  std::string code{};
};
struct Chapter {
  std::int64_t id{};
  std::string title{};
  Ref<Book> book{};
};
struct Book {
  std::int64_t id{};
  std::string title{};
  double price = 0;
  int version{};
  int changes{};
  Ref<Author> author{};
  Collection<Tag> tags{};
  Collection<Chapter> chapters{};
};
int calls_of_on_update = 0;
inline void describe(Schema<Author>& author) {
  author.on<&Author::secret>(hidden);
  author.on<&Author::books>(mapped_by<&Book::author>, cascade(Cascade::all));
}
inline void describe(Schema<Tag>& tag) { tag.on<&Tag::code>(primary_key); }
inline void describe(Schema<Chapter>& chapter) { chapter.on<&Chapter::book>(nullable()); }
inline void describe(Schema<Book>& book) {
  book.on<&Book::version>(version);
  book.on<&Book::changes>(on_update([](const Book& self) { return ++calls_of_on_update, self.changes + 1; }));
  book.on<&Book::chapters>(mapped_by<&Chapter::book>, cascade(Cascade::all), orphan_removal);
}

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

struct User {
  std::int64_t id{};
  std::string email{};
};
inline void describe(Schema<User>& user) { user.on<&User::email>(unique); }

struct Line {
  Ref<Book> book{};
  int number{};
  std::string text{};
};
inline void describe(Schema<Line>& line) {
  line.on<&Line::book>(primary_key);
  line.on<&Line::number>(primary_key);
}

class UowPlan : public DatabaseTest {
 protected:
  /// What was sent, without the transaction.
  std::vector<std::string> written() const {
    std::vector<std::string> texts;
    for (const std::string& text : sent()) {
      const bool is_write = text.starts_with("insert") || text.starts_with("update") ||
                            text.starts_with("delete") || text.find("nextval") != std::string::npos;
      if (is_write) texts.push_back(text);
    }
    return texts;
  }
  /// Plans, flushes, and compares: nothing is sent by the first, and just what it told by the second.
  Plan flush_as_planned(EntityManager& em) {
    clear_statements();
    const Plan plan = em.plan();
    EXPECT_THAT(sent(), IsEmpty());
    const Plan again = em.plan();
    EXPECT_EQ(plan.to_string(), again.to_string());
    em.flush();
    std::vector<std::string> planned;
    for (const PlannedStatement& statement : plan.statements()) planned.push_back(statement.sql);
    EXPECT_EQ(planned, written()) << plan;
    return plan;
  }
};

/// The reasons of all rows of the statements of one kind, "Book 1: new".
std::vector<std::string> rows_of(const Plan& plan, PlanOperation operation) {
  std::vector<std::string> rows;
  for (const PlannedStatement& statement : plan.statements()) {
    if (statement.operation != operation) continue;
    for (const PlannedRow& row : statement.rows) rows.push_back(row.entity + ": " + row.reason);
  }
  return rows;
}

TEST_P(UowPlan, NothingIsPlannedWhenNothingChanged) {
  EntityManager em = start(kin::entities<Author>).em();
  EXPECT_TRUE(em.plan().empty());
  em.create<Author>({.name = "Ann"});
  em.flush();
  EXPECT_TRUE(em.plan().empty());
}

TEST_P(UowPlan, AGraphOfThreeLevelsGoesInAsPlanned) {
  EntityManager em = start(kin::entities<Author>).em();
  auto author = em.create<Author>({.name = "Ann"});
  auto book = em.create_detached<Book>({.title = "Dawn"});
  auto chapter = em.create_detached<Chapter>({.title = "One"});
  book->chapters.add(chapter);
  author->books.add(book);
  const Plan plan = flush_as_planned(em);
  EXPECT_THAT(rows_of(plan, PlanOperation::insert),
              ElementsAre("Author (new): new", "Book (new): new, reached from Author (new)",
                          "Chapter (new): new, reached from Book (new)"));
}

TEST_P(UowPlan, AnUpdateTellsWhatChanged) {
  EntityManager em = start(kin::entities<Author>).em();
  auto author = em.create<Author>({.name = "Ann", .secret = "s3cret"});
  auto book = em.create<Book>({.title = "Dawn", .price = 9.5, .author = author});
  em.flush();
  const int calls = calls_of_on_update;
  book->price = 10;
  author->secret = "other";
  const Plan plan = em.plan();
  EXPECT_EQ(calls_of_on_update, calls);
  EXPECT_EQ(book->version, 1);
  ASSERT_THAT(plan.statements(), SizeIs(2));
  EXPECT_EQ(plan.statements()[1].entity, "Book");
  EXPECT_EQ(plan.statements()[1].table, "book");
  EXPECT_THAT(plan.statements()[1].columns, ElementsAre("price", "version", "changes"));
  EXPECT_THAT(rows_of(plan, PlanOperation::update),
              ElementsAre("Author 1: changed: secret",
                          "Book 1: changed: price 9.5 → 10, version + 1, changes by its on_update"));
  EXPECT_THAT(plan.to_string(), AllOf(HasSubstr("update Book, 1 row: "), Not(HasSubstr("s3cret"))));
  std::ostringstream out;
  out << plan;
  EXPECT_EQ(out.str(), plan.to_string());
  flush_as_planned(em);
  EXPECT_EQ(book->version, 2);
  EXPECT_EQ(book->changes, 1);
}

TEST_P(UowPlan, RemovalsTellTheCascade) {
  EntityManager em = start(kin::entities<Author>).em();
  auto author = em.create<Author>({.name = "Ann"});
  auto book = em.create<Book>({.title = "Dawn", .author = author});
  book->chapters.add(em.create<Chapter>({.title = "One"}));
  em.flush();
  em.remove(author);
  Plan plan = em.plan();
  EXPECT_THAT(rows_of(plan, PlanOperation::remove),
              ElementsAre("Chapter 1: removed by cascade from Book 1",
                          "Book 1: removed by cascade from Author 1", "Author 1: removed"));
  // The plan left no trace: the removal can be taken back alone.
  em.persist(author);
  EXPECT_TRUE(em.plan().empty());
  em.remove(author);
  flush_as_planned(em);
  EXPECT_EQ(em.count<Book>(), 0U);
}

TEST_P(UowPlan, AnOrphanNamesItsFormerOwner) {
  EntityManager em = start(kin::entities<Author>).em();
  auto author = em.create<Author>({.name = "Ann"});
  auto book = em.create<Book>({.title = "Dawn", .author = author});
  auto chapter = em.create<Chapter>({.title = "One"});
  book->chapters.add(chapter);
  em.flush();
  book->chapters.remove(chapter);
  const Plan plan = flush_as_planned(em);
  EXPECT_THAT(rows_of(plan, PlanOperation::remove), ElementsAre("Chapter 1: orphan of Book 1"));
}

TEST_P(UowPlan, PivotDifferences) {
  EntityManager em = start(kin::entities<Author>).em();
  auto a = em.create<Tag>({.code = "a"});
  auto b = em.create<Tag>({.code = "b"});
  auto book = em.create<Book>({.title = "Dawn", .author = em.create<Author>({.name = "Ann"})});
  book->tags.add(a);
  flush_as_planned(em);
  book->tags.remove(a);
  book->tags.add(b);
  const Plan plan = flush_as_planned(em);
  EXPECT_THAT(rows_of(plan, PlanOperation::unlink), ElementsAre("Book 1: tags: Tag 'a' taken out"));
  EXPECT_THAT(rows_of(plan, PlanOperation::link), ElementsAre("Book 1: tags: Tag 'b' added"));
}

TEST_P(UowPlan, ATree) {
  EntityManager em = start(kin::entities<Node>).em();
  auto leaf = em.create<Node>({.name = "leaf"});
  auto root = em.create<Node>({.name = "root"});
  root->children.add(leaf);
  flush_as_planned(em);
  em.remove(root);
  const Plan plan = flush_as_planned(em);
  EXPECT_THAT(rows_of(plan, PlanOperation::remove), SizeIs(2));
}

TEST_P(UowPlan, ACycleOfNewRowsAndItsEnd) {
  EntityManager em = start(kin::entities<Team>).em();
  auto team = em.create<Team>({.name = "A"});
  auto lead = em.create<Employee>({.name = "Ann", .team = team});
  team->lead = lead;
  const Plan made = flush_as_planned(em);
  EXPECT_THAT(rows_of(made, PlanOperation::update),
              ElementsAre("Team (new): foreign key written after the cycle"));
  em.remove(team);
  em.remove(lead);
  const Plan gone = flush_as_planned(em);
  EXPECT_THAT(rows_of(gone, PlanOperation::update),
              ElementsAre("Team 1: breaks a cycle of references between rows that are removed"));
}

TEST_P(UowPlan, ARingOfUniqueValues) {
  EntityManager em = start(kin::entities<User>).em();
  auto a = em.create<User>({.email = "a"});
  auto b = em.create<User>({.email = "b"});
  auto c = em.create<User>({.email = "c"});
  em.flush();
  em.remove(a);
  b->email = "a";
  c->email = "b";
  em.create<User>({.email = "c"});
  const Plan plan = flush_as_planned(em);
  EXPECT_THAT(rows_of(plan, PlanOperation::remove), ElementsAre("User 1: removed; frees a unique value"));
  EXPECT_THAT(rows_of(plan, PlanOperation::update),
              testing::Contains(AllOf(HasSubstr("email 'c' → 'b'"), HasSubstr("frees a unique value"))));
}

TEST_P(UowPlan, KeysThatHoldReferences) {
  EntityManager em = start(kin::entities<Line>).em();
  auto book = em.create<Book>({.title = "Dawn", .author = em.create<Author>({.name = "Ann"})});
  auto line = em.create<Line>({.book = book, .number = 1, .text = "a"});
  flush_as_planned(em);
  line->text = "b";
  const Plan plan = flush_as_planned(em);
  EXPECT_THAT(rows_of(plan, PlanOperation::update), ElementsAre("Line 1 1: changed: text 'a' → 'b'"));
}

TEST_P(UowPlan, ThrowsWhatTheFlushWould) {
  EntityManager em = start(kin::entities<Author>).em();
  em.create<Book>({.title = "Dawn"});
  EXPECT_THROW(em.plan(), ValidationError);
  EXPECT_THROW(em.flush(), ValidationError);
}

KIN_ON_EVERY_DATABASE(UowPlan);

}  // namespace kin::test::uow_plan
