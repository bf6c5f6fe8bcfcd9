// SPDX-License-Identifier: MIT
// How text is ordered and told apart, by the collation of its member.
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "db/support/database.hpp"

namespace kin::test::schema_collation {

using testing::ElementsAre;
using testing::IsEmpty;

/// Of the database at hand; descriptions are read when the Orm is made.
std::string dictionary;
std::string bytes;

struct Word {
  std::string text{};
};
struct Use {
  std::int64_t id{};
  Ref<Word> word{};
  std::string plain{};
  std::string sorted{};
};
struct Entry {
  std::int64_t id{};
  std::string text{};
  std::string exact{};
};
inline void describe(Schema<Word>& word) {
  word.on<&Word::text>(primary_key, length(50), collation(dictionary));
}
inline void describe(Schema<Use>& use) { use.on<&Use::sorted>(collation(dictionary), length(50), unique); }
inline void describe(Schema<Entry>& entry) {
  entry.collation(dictionary);
  entry.on<&Entry::exact>(collation(bytes));
}

class Collation : public DatabaseTest {
 protected:
  void SetUp() override {
    dictionary = traits().dictionary_collation;
    bytes = traits().byte_collation;
    start(kin::entities<Use, Entry>);
  }
};

TEST_P(Collation, DecidesTheOrder) {
  EntityManager em = orm().em();
  for (const char* text : {"b", "C", "a", "B1"}) em.create<Entry>({.text = text, .exact = text});
  em.flush();
  const auto order = [&](const Order<Entry>& by) {
    std::vector<std::string> texts;
    for (const auto& entry : em.find<Entry>().order_by(by).list()) texts.push_back(entry->text);
    return texts;
  };
  EXPECT_THAT(order(field<&Entry::text>.asc()), ElementsAre("a", "b", "B1", "C"));
  EXPECT_THAT(order(field<&Entry::exact>.asc()), ElementsAre("B1", "C", "a", "b"));
}

TEST_P(Collation, DecidesWhatIsEqual) {
  EntityManager em = orm().em();
  em.create<Entry>({.text = "Word", .exact = "Word"});
  em.flush();
  EXPECT_EQ(em.count<Entry>(field<&Entry::text> == "word"), traits().dictionary_tells_case ? 0u : 1u);
  EXPECT_EQ(em.count<Entry>(field<&Entry::exact> == "word"), 0u);
  // These always tell case.
  EXPECT_EQ(em.count<Entry>(field<&Entry::text>.contains("word")), 0u);
  EXPECT_EQ(em.count<Entry>(field<&Entry::text>.starts_with("word")), 0u);
  EXPECT_EQ(em.count<Entry>(field<&Entry::text>.ends_with("word")), 0u);
  EXPECT_EQ(em.count<Entry>(field<&Entry::text>.matches("^word$")), 0u);
  EXPECT_EQ(em.count<Entry>(field<&Entry::text>.matches("(?i)^word$")), 1u);
  EXPECT_EQ(em.count<Entry>(field<&Entry::text>.ilike("word")), 1u);
}

TEST_P(Collation, DecidesWhatIsUniqueAndGoesOnInForeignKeys) {
  EntityManager em = orm().em();
  auto word = em.create<Word>({.text = "Key"});
  em.create<Use>({.word = word, .plain = "x", .sorted = "a"});
  em.flush();
  EXPECT_EQ(em.count<Use>(field<&Use::word> == "key"), traits().dictionary_tells_case ? 0u : 1u);
  em.create<Use>({.word = word, .plain = "X", .sorted = "A"});
  if (traits().dictionary_tells_case) {
    EXPECT_NO_THROW(em.flush());
  } else {
    EXPECT_THROW(em.flush(), UniqueConstraintViolationError);
  }
}

TEST_P(Collation, TextWithoutOneTellsAllCharactersApart) {
  EntityManager em = orm().em();
  auto word = em.create<Word>({.text = "w"});
  em.create<Use>({.word = word, .plain = "É", .sorted = "a"});
  em.flush();
  EXPECT_EQ(em.count<Use>(field<&Use::plain> == "é"), 0u);
  EXPECT_EQ(em.count<Use>(field<&Use::plain> == "E"), 0u);
  EXPECT_EQ(em.count<Use>(field<&Use::plain> == "É "), 0u);
}

TEST_P(Collation, TheSchemaHasNothingToUpdate) { EXPECT_THAT(orm().schema().update_sql(), IsEmpty()); }

KIN_ON_EVERY_DATABASE(Collation);

}  // namespace kin::test::schema_collation
