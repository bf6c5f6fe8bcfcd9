// SPDX-License-Identifier: MIT
// Keys other than the generated integer: text, UUID, integers set by hand, composite ones with a reference.
#include <gmock/gmock.h>

#include "db/support/database.hpp"

namespace kin::test::uow_keys {

using testing::ElementsAre;

struct Currency {
  std::string code{};
  std::string name{};
};
struct Price {
  std::int64_t id{};
  Ref<Currency> currency{};
};
inline void describe(Schema<Currency>& currency) { currency.on<&Currency::code>(primary_key); }

struct Token {
  Uuid id{};
  std::string name{};
  Ref<Token> parent{};
};
inline void describe(Schema<Token>& token) { token.on<&Token::parent>(nullable()); }

struct Number {
  std::int64_t id{};
  std::string name{};
};

struct Line;
struct Sheet {
  std::int64_t id{};
  std::string name{};
  Collection<Line> lines{};
};
struct Line {
  Ref<Sheet> sheet{};
  int number{};
  std::string text{};
};
inline void describe(Schema<Sheet>& sheet) { sheet.on<&Sheet::lines>(mapped_by<&Line::sheet>); }
inline void describe(Schema<Line>& line) {
  line.on<&Line::sheet>(primary_key);
  line.on<&Line::number>(primary_key);
}

struct Verse;
struct Poem {
  std::int64_t id{};
  std::string name{};
  Collection<Verse> verses{};
};
struct Verse {
  Ref<Poem> poem{};
  int number{};
};
inline void describe(Schema<Poem>& poem) { poem.on<&Poem::verses>(mapped_by<&Verse::poem>, orphan_removal); }
inline void describe(Schema<Verse>& verse) {
  verse.on<&Verse::poem>(primary_key);
  verse.on<&Verse::number>(primary_key);
}

class UowKeys : public DatabaseTest {};

TEST_P(UowKeys, Text) {
  EntityManager em = start(kin::entities<Currency, Price>).em();
  auto euro = em.create<Currency>({.code = "EUR", .name = "Euro"});
  em.create<Price>({.currency = euro});
  em.flush();
  EXPECT_THAT(statements(),
              ElementsAre("begin", R"(insert into "currency" ("code", "name") values (?, ?))",
                          R"(insert into "price" ("currency_code") values (?))", "commit"));
  EXPECT_EQ(em.find_one<Currency>("EUR"), euro);
  EXPECT_EQ(em.find_one<Currency>(std::string("EUR")), euro);
  EntityManager other = orm().em();
  auto price = other.find<Price>().one_or_fail();
  EXPECT_EQ(price->currency.unwrap().code, "EUR");
  EXPECT_TRUE(price->currency.load());
  EXPECT_EQ(price->currency->name, "Euro");
  EXPECT_EQ(other.find_one<Currency>("USD"), nullptr);
}

TEST_P(UowKeys, AnEmptyTextIsAKeyLikeAnother) {
  EntityManager em = start(kin::entities<Currency>).em();
  em.create<Currency>({.code = "", .name = "none"});
  em.flush();
  EntityManager other = orm().em();
  EXPECT_EQ(other.find_one_or_fail<Currency>("")->name, "none");
}

TEST_P(UowKeys, UuidsAreMadeAtCreation) {
  EntityManager em = start(kin::entities<Token>).em();
  auto one = em.create<Token>({.name = "1"});
  auto two = em.create<Token>({.name = "2", .parent = one});
  EXPECT_FALSE(one->id.is_nil());
  EXPECT_LT(one->id, two->id);
  const Uuid fixed = Uuid::parse("00000000-0000-0000-0000-000000000007");
  auto three = em.create<Token>({.id = fixed, .name = "3"});
  EXPECT_EQ(three->id, fixed);
  em.flush();
  EntityManager other = orm().em();
  EXPECT_EQ(other.find_one_or_fail<Token>(fixed)->name, "3");
  EXPECT_EQ(other.find_one_or_fail<Token>(two->id)->parent.id(), one->id);
}

TEST_P(UowKeys, AnIntegerSetByHandIsKept) {
  EntityManager em = start(kin::entities<Number>).em();
  auto seven = em.create<Number>({.id = 7, .name = "seven"});
  auto made = em.create<Number>({.name = "made"});
  auto negative = em.create<Number>({.id = -1, .name = "minus one"});
  em.flush();
  EXPECT_EQ(seven->id, 7);
  EXPECT_EQ(negative->id, -1);
  EXPECT_NE(made->id, 0);
  EXPECT_NE(made->id, 7);
  EntityManager other = orm().em();
  EXPECT_EQ(other.find_one_or_fail<Number>(7)->name, "seven");
  EXPECT_EQ(other.find_one_or_fail<Number>(-1)->name, "minus one");
  EXPECT_EQ(other.count<Number>(), 3u);
}

TEST_P(UowKeys, AKeySetAfterCreateCounts) {
  EntityManager em = start(kin::entities<Number>).em();
  auto number = em.create<Number>({.name = "later"});
  number->id = 12;
  em.flush();
  EXPECT_EQ(em.find_one<Number>(12), number);
  EXPECT_EQ(orm().em().count<Number>(field<&Number::id> == 12), 1u);
}

TEST_P(UowKeys, AStoredKeyThatIsTakenIsAnErrorOfTheDatabase) {
  EntityManager em = start(kin::entities<Number>).em();
  em.create<Number>({.id = 7, .name = "seven"});
  em.flush();
  EntityManager other = orm().em();
  auto again = other.create<Number>({.id = 7, .name = "again"});
  EXPECT_THROW(other.flush(), UniqueConstraintViolationError);
  EXPECT_EQ(again->id, 7) << "only generated keys are taken back";
  EntityManager third = orm().em();
  EXPECT_EQ(third.find_one_or_fail<Number>(7)->name, "seven");
}

TEST_P(UowKeys, CompositeWithAReference) {
  EntityManager em = start(kin::entities<Sheet, Line>).em();
  auto sheet = em.create<Sheet>({.name = "s"});
  auto one = em.create<Line>({.sheet = sheet, .number = 1, .text = "a"});
  em.create<Line>({.sheet = sheet, .number = 2, .text = "b"});
  em.flush();
  clear_statements();
  one->text = "c";
  em.flush();
  EXPECT_THAT(statements(),
              ElementsAre("begin",
                          R"(update "line" set "text" = ? where "sheet_id" = ? and "number" = ?)", "commit"));
  EntityManager other = orm().em();
  auto line = other.get_reference<Line>(sheet->id, 1);
  EXPECT_TRUE(line.load());
  EXPECT_EQ(line->text, "c");
  clear_statements();
  other.remove(line);
  other.flush();
  EXPECT_THAT(statements(), ElementsAre("begin",
                                        R"(delete from "line" where "sheet_id" = ? and "number" = ?)", "commit"));
  EXPECT_EQ(other.count<Line>(), 1u);
}

TEST_P(UowKeys, OfANewEntityThatItRefersToIsKnownAfterTheFlush) {
  EntityManager em = start(kin::entities<Sheet, Line>).em();
  auto sheet = em.create<Sheet>({.name = "s"});
  auto line = em.create<Line>({.sheet = sheet, .number = 1, .text = "a"});
  em.flush();
  EXPECT_EQ(em.get_reference<Line>(sheet->id, 1), line);
  EXPECT_EQ(em.find<Line>().one_or_fail(), line);
}

TEST_P(UowKeys, AnOrphanIsDeletedByTheReferenceThatWasItsKey) {
  EntityManager em = start(kin::entities<Poem, Verse>).em();
  auto poem = em.create<Poem>({.name = "p"});
  auto one = em.create<Verse>({.poem = poem, .number = 1});
  auto two = em.create<Verse>({.poem = poem, .number = 2});
  em.flush();
  poem->verses.remove(one);
  em.flush();
  EXPECT_EQ(orm().em().find<Verse>().one_or_fail()->number, 2);
  poem->verses.remove(two);
  poem->verses.add(two);
  em.flush();
  EXPECT_EQ(orm().em().count<Verse>(), 1u);
}

KIN_ON_EVERY_DATABASE(UowKeys);

}  // namespace kin::test::uow_keys
