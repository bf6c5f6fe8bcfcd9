// SPDX-License-Identifier: MIT
// upsert and upsert_many: rows inserted or changed at once, whose entities are managed afterwards.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kin/kin.hpp>

#include <optional>
#include <string>
#include <vector>

#include "db/support/database.hpp"

namespace kin::test::uow_upsert {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

struct Publisher {
  std::int64_t id{};
  std::string name{};
};
struct Place {
  std::string city{};
  std::string street{};
};
struct Cents {
  std::int64_t amount{};
};
struct Author {
  std::int64_t id{};
  std::string email{};
  std::string name{};
  std::optional<int> age{};
  Place place{};
  Cents fee{};
  std::string origin{};
  std::string rank{};
  std::string notes{};
  int version{};
  Ref<Publisher> publisher{};
};
struct Seat {
  std::int64_t id{};
  int line{};
  int place{};
  std::string guest{};
};
struct Token {
  Uuid id{};
  std::string code{};
  int uses{};
};
struct Line {
  std::int64_t book{};
  std::int64_t number{};
  std::string text{};
};

inline void describe(Schema<Author>& author) {
  author.on<&Author::email>(unique, length(100));
  author.on<&Author::origin>(length(50), on_create([](const Author&) { return std::string("here"); }));
  author.on<&Author::rank>(length(50), default_value("new"));
  author.on<&Author::notes>(lazy);
  author.on<&Author::version>(version);
  author.on<&Author::publisher>(nullable());
}
inline void describe(Schema<Seat>& seat) { seat.unique<&Seat::line, &Seat::place>(); }
inline void describe(Schema<Token>& token) { token.on<&Token::code>(unique, length(50)); }
inline void describe(Schema<Line>& line) {
  line.on<&Line::book>(primary_key);
  line.on<&Line::number>(primary_key);
}

inline constexpr EntityList entities = kin::entities<Publisher, Author, Seat, Token, Line>;

}  // namespace kin::test::uow_upsert

template <>
struct kin::CustomType<kin::test::uow_upsert::Cents> {
  using Stored = std::int64_t;
  static Stored to_database(const kin::test::uow_upsert::Cents& cents) { return cents.amount; }
  static kin::test::uow_upsert::Cents from_database(const Stored& stored) { return {stored}; }
};

namespace kin::test::uow_upsert {

class UowUpsert : public DatabaseTest {
 protected:
  void SetUp() override {
    EntityManager em = start(entities).em();
    auto ace = em.create<Publisher>({.name = "Ace"});
    auto ada = em.create<Author>({.email = "ada@x", .name = "Ada", .age = 36, .place = {"London", "A"}});
    ada->publisher = ace;
    em.flush();
    clear_statements();
  }
  /// As another manager reads it.
  Author stored(const std::string& email) {
    EntityManager em = orm().em();
    return *em.find_one_or_fail<Author>(field<&Author::email> == email);
  }
  std::uint64_t rows() { return orm().em().count<Author>(); }
};

TEST_P(UowUpsert, InsertsARowThatIsNotThere) {
  EntityManager em = orm().em();
  Ref<Author> bob = em.upsert<Author>({.email = "bob@x", .name = "Bob", .fee = {7}});
  EXPECT_THAT(sent(), SizeIs(traits().returns_defaults ? 1 : 2));
  EXPECT_GT(bob->id, 0);
  EXPECT_EQ(bob->origin, "here");
  EXPECT_EQ(bob->rank, "new");
  EXPECT_EQ(bob->version, 1);
  EXPECT_EQ(bob->fee.amount, 7);
  EXPECT_EQ(em.find_one<Author>(bob->id), bob);
  EXPECT_FALSE(em.has_changes());
  EXPECT_EQ(stored("bob@x").name, "Bob");
  EXPECT_EQ(stored("bob@x").origin, "here");
  EXPECT_EQ(rows(), 2u);
}

TEST_P(UowUpsert, ChangesTheGivenMembersOfARowThatIsThere) {
  const Author before = stored("ada@x");
  EntityManager em = orm().em();
  clear_statements();
  Ref<Author> ada = em.upsert<Author>({.email = "ada@x", .name = "Lady Ada", .place = {.street = "B"}});
  EXPECT_THAT(sent(), SizeIs(traits().returns_defaults ? 1 : 2));
  EXPECT_EQ(ada->id, before.id);
  EXPECT_EQ(ada->name, "Lady Ada");
  EXPECT_EQ(ada->age, 36);
  EXPECT_EQ(ada->place.city, "London");
  EXPECT_EQ(ada->place.street, "B");
  EXPECT_EQ(ada->version, before.version + 1);
  EXPECT_NE(ada->publisher, nullptr);
  EXPECT_FALSE(em.has_changes());
  EXPECT_EQ(stored("ada@x").version, before.version + 1);
  EXPECT_EQ(rows(), 1u);
  ada->age = 37;
  em.flush();  // the version that was read back is the row's
  EXPECT_EQ(stored("ada@x").age, 37);
}

TEST_P(UowUpsert, OnCreateIsForNewRowsOnly) {
  orm().em().native_update<Author>(all<Author>()).set<&Author::origin>("there").run();
  EntityManager em = orm().em();
  EXPECT_EQ(em.upsert<Author>({.email = "ada@x", .name = "Lady Ada"})->origin, "there");
}

TEST_P(UowUpsert, TheEntityThatTheManagerHoldsIsUpdated) {
  EntityManager em = orm().em();
  Ref<Author> known = em.find_one_or_fail<Author>(field<&Author::email> == "ada@x");
  Ref<Publisher> ace = known->publisher;
  Ref<Author> same =
      em.upsert<Author>({.id = known->id, .email = "ada@y", .name = "Lady Ada", .publisher = ace});
  EXPECT_EQ(same, known);
  EXPECT_EQ(known->email, "ada@y");
  EXPECT_EQ(known->name, "Lady Ada");
  EXPECT_EQ(known->publisher, ace);
  EXPECT_FALSE(em.has_changes());
  EXPECT_EQ(stored("ada@y").name, "Lady Ada");
}

TEST_P(UowUpsert, PendingChangesAreFlushedFirst) {
  EntityManager em = orm().em();
  Ref<Author> known = em.find_one_or_fail<Author>(field<&Author::email> == "ada@x");
  known->age = 40;
  em.upsert<Author>({.email = "ada@x", .name = "Lady Ada"});
  EXPECT_EQ(known->age, 40);
  EXPECT_EQ(known->name, "Lady Ada");
  EXPECT_EQ(stored("ada@x").age, 40);
}

TEST_P(UowUpsert, IgnoreLeavesTheRowAndReadsIt) {
  EntityManager em = orm().em();
  Ref<Author> ada =
      em.upsert<Author>({.email = "ada@x", .name = "Other"}, on_conflict<&Author::email>().ignore());
  EXPECT_EQ(ada->name, "Ada");
  EXPECT_GT(ada->id, 0);
  EXPECT_EQ(ada->version, 1);
  EXPECT_EQ(stored("ada@x").name, "Ada");
  EXPECT_EQ(em.upsert<Author>({.email = "bob@x", .name = "Bob"}, on_conflict<Author>().ignore())->name,
            "Bob");
}

TEST_P(UowUpsert, MergeAndExcludeChooseMembers) {
  EntityManager em = orm().em();
  const auto only_age = on_conflict<&Author::email>().merge<&Author::age>();
  Ref<Author> ada = em.upsert<Author>({.email = "ada@x", .name = "Other"}, only_age);
  EXPECT_EQ(ada->name, "Ada");
  EXPECT_EQ(ada->age, std::nullopt);  // merged although it is as in a new object
  ada = em.upsert<Author>({.email = "ada@x", .name = "Other", .age = 5},
                          on_conflict<&Author::email>().exclude<&Author::name>());
  EXPECT_EQ(ada->name, "Ada");
  EXPECT_EQ(ada->age, 5);
}

TEST_P(UowUpsert, ManyRowsKeepTheirOrderAndTakeFewStatements) {
  std::vector<Author> authors;
  for (int i = 0; i < 20; ++i) {
    authors.push_back({.email = "a" + std::to_string(i) + "@x", .name = "A" + std::to_string(i)});
    if (i == 7) authors.push_back({.email = "ada@x", .name = "Lady Ada"});
  }
  EntityManager em = orm().em();
  clear_statements();
  std::vector<Ref<Author>> refs = em.upsert_many<Author>(authors);
  // Begin, the rows, commit, and what can't be returned.
  EXPECT_THAT(sent(), SizeIs(traits().returns_defaults ? 3 : 4));
  ASSERT_THAT(refs, SizeIs(21));
  for (std::size_t i = 0; i < refs.size(); ++i) {
    EXPECT_EQ(refs[i]->email, authors[i].email);
    EXPECT_EQ(refs[i]->name, authors[i].name);
    EXPECT_GT(refs[i]->id, 0);
  }
  EXPECT_EQ(refs[8]->age, 36);
  EXPECT_EQ(refs[8]->version, 2);
  EXPECT_EQ(rows(), 21u);
  EXPECT_FALSE(em.has_changes());
}

TEST_P(UowUpsert, TheSameRowTwiceInOneCallIsChangedTwice) {
  EntityManager em = orm().em();
  std::vector<Author> authors{{.email = "z@x", .name = "one"}, {.email = "z@x", .name = "two"}};
  std::vector<Ref<Author>> refs = em.upsert_many<Author>(authors);
  EXPECT_EQ(refs[0], refs[1]);
  EXPECT_EQ(refs[0]->name, "two");
  EXPECT_EQ(stored("z@x").name, "two");
  EXPECT_EQ(stored("z@x").version, 2);
}

TEST_P(UowUpsert, ManyOfWhichSomeAreThereCanBeIgnored) {
  EntityManager em = orm().em();
  std::vector<Author> authors{{.email = "b@x", .name = "B"}, {.email = "ada@x", .name = "N"}};
  std::vector<Ref<Author>> refs = em.upsert_many<Author>(authors, on_conflict<&Author::email>().ignore());
  EXPECT_EQ(refs[0]->name, "B");
  EXPECT_EQ(refs[1]->name, "Ada");
}

TEST_P(UowUpsert, SetsOfSeveralMembersAndCompositeAndUuidKeys) {
  EntityManager em = orm().em();
  Ref<Seat> seat = em.upsert<Seat>({.line = 3, .place = 4, .guest = "A"});
  EXPECT_EQ(em.upsert<Seat>({.line = 3, .place = 4, .guest = "B"}), seat);
  EXPECT_EQ(seat->guest, "B");
  const auto by_place = on_conflict<&Seat::place, &Seat::line>();
  Ref<Seat> first = em.upsert<Seat>({.guest = "zero"}, by_place);  // named, so that zeros count
  EXPECT_EQ(em.upsert<Seat>({.guest = "null"}, by_place), first);
  Ref<Line> line = em.upsert<Line>({.book = 1, .number = 2, .text = "x"});
  EXPECT_EQ(em.upsert<Line>({.book = 1, .number = 2, .text = "y"}), line);
  EXPECT_EQ(line->text, "y");
  Ref<Token> token = em.upsert<Token>({.code = "c", .uses = 1});
  const Uuid id = token->id;
  EXPECT_FALSE(id.is_nil());
  EXPECT_EQ(em.upsert<Token>({.code = "c", .uses = 2}), token);
  EXPECT_EQ(token->id, id);
  EXPECT_EQ(token->uses, 2);
}

TEST_P(UowUpsert, LazyMembersAreReadToo) {
  EntityManager em = orm().em();
  Ref<Author> ada = em.upsert<Author>({.email = "ada@x", .notes = "long"});
  EXPECT_EQ(ada->notes, "long");
  EXPECT_EQ(em.upsert<Author>({.email = "ada@x", .notes = "longer"}), ada);
  EXPECT_EQ(ada->notes, "longer");
  EXPECT_FALSE(em.has_changes());
}

TEST_P(UowUpsert, ADetachedEntityBecomesManaged) {
  EntityManager em = orm().em();
  Ref<Author> bob = em.create_detached<Author>({.email = "bob@x", .name = "Bob"});
  EXPECT_EQ(em.upsert(bob), bob);
  EXPECT_GT(bob->id, 0);
  EXPECT_EQ(em.find_one<Author>(bob->id), bob);
  bob->name = "Robert";
  em.flush();
  EXPECT_EQ(stored("bob@x").name, "Robert");
  Ref<Author> ada = em.find_one_or_fail<Author>(field<&Author::email> == "ada@x");
  Ref<Author> again = em.create_detached<Author>({.email = "ada@x", .name = "Lady Ada"});
  EXPECT_EQ(em.upsert(again), ada);
  EXPECT_EQ(ada->name, "Lady Ada");
  try {
    em.upsert(ada);
    FAIL();
  } catch (const ValidationError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("is managed already"), HasSubstr("flush()")));
  }
}

TEST_P(UowUpsert, WithoutAUniqueValueIsRefused) {
  EntityManager em = orm().em();
  try {
    em.upsert<Author>({.name = "Nobody"});
    FAIL();
  } catch (const ValidationError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("Author"), HasSubstr("on_conflict<...>()")));
    EXPECT_EQ(error.entity(), "Author");
  }
  try {
    em.upsert<Author>({.email = "ada@x", .name = "Ada"}, on_conflict<&Author::name>());
    FAIL();
  } catch (const ValidationError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("Author.name"), HasSubstr("unique<...>")));
  }
  Ref<Publisher> fresh = em.create<Publisher>({.name = "New"});
  EXPECT_THROW(em.upsert<Author>({.email = "c@x", .publisher = fresh}), ValidationError);
  EXPECT_THAT(sent(), SizeIs(0));
}

TEST_P(UowUpsert, AFailureLeavesNothingBehind) {
  EntityManager em = orm().em();
  const std::int64_t id = stored("ada@x").id;
  em.upsert<Author>({.email = "bob@x", .name = "Bob"});
  std::vector<Author> authors{{.email = "c@x", .name = "C"}, {.id = id + 1000, .email = "d@x", .name = "D"}};
  authors.push_back({.id = id, .email = "bob@x", .name = "Clash"});  // Ada's key, Bob's address
  EXPECT_THROW(em.upsert_many<Author>(authors), DriverError);
  EXPECT_EQ(rows(), 2u);
  EXPECT_FALSE(em.has_changes());
  // Nor inside of a transaction, which goes on.
  std::vector<Author> again{{.email = "c@x", .name = "C"}, {.id = id, .email = "bob@x", .name = "Clash"}};
  em.begin();
  EXPECT_THROW(em.upsert_many<Author>(again), DriverError);
  em.upsert<Author>({.email = "e@x", .name = "E"});
  em.commit();
  EXPECT_EQ(rows(), 3u);
}

TEST_P(UowUpsert, NothingButTheUniqueValueLeavesTheRowAsItIs) {
  EntityManager em = orm().em();
  Ref<Author> ada = em.upsert<Author>({.email = "ada@x"});
  EXPECT_EQ(ada->name, "Ada");
  EXPECT_EQ(ada->version, 1);
  EXPECT_EQ(stored("ada@x").version, 1);
}

// Where every unique value counts, another row is met than the one that the key names.
TEST_P(UowUpsert, AnotherRowThanTheOneThatIsNamedIsAnError) {
  EntityManager em = orm().em();
  const std::int64_t unused = stored("ada@x").id + 1000;
  try {
    em.upsert<Author>({.id = unused, .email = "ada@x", .name = "Clash"});
    FAIL();
  } catch (const UniqueConstraintViolationError&) {
    EXPECT_TRUE(traits().upserts_on_condition);
  } catch (const ValidationError& error) {
    EXPECT_FALSE(traits().upserts_on_condition);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("Author.id"), HasSubstr("on_conflict<...>()")));
  }
}

TEST_P(UowUpsert, AConditionDecidesWhetherTheRowIsChanged) {
  EntityManager em = orm().em();
  const auto young = on_conflict<&Author::email>().where(field<&Author::age> < 30);
  if (!traits().upserts_on_condition) {
    try {
      em.upsert<Author>({.email = "ada@x", .name = "Young"}, young);
      FAIL();
    } catch (const ValidationError& error) {
      EXPECT_THAT(error.what(), HasSubstr("without a condition"));
    }
    return;
  }
  EXPECT_EQ(em.upsert<Author>({.email = "ada@x", .name = "Young"}, young)->name, "Ada");
  const auto old =
      on_conflict<&Author::email>().where(field<&Author::age> > 30 && field<&Author::name> == "Ada");
  EXPECT_EQ(em.upsert<Author>({.email = "ada@x", .name = "Old"}, old)->name, "Old");
  const auto elsewhere =
      on_conflict<&Author::email>().where(field<&Author::publisher, &Publisher::name> == "Ace");
  EXPECT_THROW(em.upsert<Author>({.email = "ada@x", .name = "No"}, elsewhere), ValidationError);
}

TEST_P(UowUpsert, AwaitedAndInATransaction) {
  EntityManager em = orm().em();
  auto work = [](EntityManager& inner) -> Task<std::string> {
    Author author{.email = "ada@x", .name = "Awaited"};
    Ref<Author> ada = co_await inner.upsert_async(author);
    std::vector<Author> authors;
    for (int i = 0; i < 3; ++i) authors.push_back({.email = "m" + std::to_string(i), .name = "M"});
    std::vector<Ref<Author>> more = co_await inner.upsert_many_async<Author>(authors);
    co_return ada->name + std::to_string(more.size());
  };
  EXPECT_EQ(sync_wait(work(em)), "Awaited3");
  em.begin();
  em.upsert<Author>({.email = "ada@x", .name = "Undone"});
  em.rollback();
  EXPECT_EQ(stored("ada@x").name, "Awaited");
}

KIN_ON_EVERY_DATABASE(UowUpsert);

}  // namespace kin::test::uow_upsert
