// SPDX-License-Identifier: MIT
// Full-text queries, each in its database's way of indexing.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "db/support/database.hpp"

namespace kin::test::reading_full_text {

struct Note {
  std::int64_t id{};
  std::string text{};
};

class ReadingFullText : public DatabaseTest {
 protected:
  void SetUp() override {
    start(entities<Note>);
    EntityManager em = orm().em();
    if (traits().full_text_index != nullptr) {
      em.execute(traits().full_text_index);
    } else {
      em.execute("drop table note");
      em.execute("create virtual table note using fts5 (id unindexed, text)");
    }
    int id = 0;
    for (const char* text :
         {"The dispossessed look at the moon", "A wizard names the wind", "The moon has no wind"})
      em.execute("insert into note (id, text) values ({}, {})", ++id, text);
  }

  std::vector<std::int64_t> found(const Condition<Note>& condition) {
    std::vector<std::int64_t> ids;
    EntityManager em = orm().em();
    for (const auto& note : em.find<Note>(condition).list()) ids.push_back(note->id);
    return ids;
  }
};

TEST_P(ReadingFullText, FindsWords) {
  using testing::UnorderedElementsAre;
  EXPECT_THAT(found(field<&Note::text>.fulltext("moon")), UnorderedElementsAre(1, 3));
  EXPECT_THAT(found(field<&Note::text>.fulltext("wizard")), UnorderedElementsAre(2));
  EXPECT_THAT(found(field<&Note::text>.fulltext("sea")), testing::IsEmpty());
  EXPECT_THAT(found(field<&Note::text>.fulltext("wind") && field<&Note::id> > 2), UnorderedElementsAre(3));
}

KIN_ON_EVERY_DATABASE(ReadingFullText);

}  // namespace kin::test::reading_full_text
