// SPDX-License-Identifier: MIT
#include <kin/naming_strategy.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using Columns = std::vector<std::string>;

const kin::NamingStrategy& underscore() { return *kin::underscore_naming(); }
const kin::NamingStrategy& entity_case() { return *kin::entity_case_naming(); }

TEST(UnderscoreNaming, SplitsWords) {
  EXPECT_EQ(underscore().table_name("Book"), "book");
  EXPECT_EQ(underscore().table_name("BookTag"), "book_tag");
  EXPECT_EQ(underscore().table_name("HTTPServer"), "http_server");
  EXPECT_EQ(underscore().table_name("ParsedURL"), "parsed_url");
  EXPECT_EQ(underscore().table_name("Book2Tag"), "book2_tag");
  EXPECT_EQ(underscore().column_name("createdAt"), "created_at");
  EXPECT_EQ(underscore().column_name("created_at"), "created_at");
  EXPECT_EQ(underscore().column_name("name2"), "name2");
  EXPECT_EQ(underscore().column_name("x"), "x");
  EXPECT_EQ(underscore().column_name("isATest"), "is_a_test");
  EXPECT_EQ(underscore().column_name("Mixed_Case"), "mixed_case");
  EXPECT_EQ(underscore().column_name("gr\xC3\xB6\xC3\x9F"
                                     "e"),
            "gr\xC3\xB6\xC3\x9F"
            "e");
}

TEST(UnderscoreNaming, NamesTablesOfTemplates) {
  EXPECT_EQ(underscore().table_name("Pair<int>"), "pair_int");
  EXPECT_EQ(underscore().table_name("Pair<BookTag, Other>"), "pair_book_tag_other");
}

TEST(UnderscoreNaming, JoinsNamesOfRelations) {
  EXPECT_EQ(underscore().join_column_name("author", "id"), "author_id");
  EXPECT_EQ(underscore().join_column_name("favouriteBook", "isbn"), "favourite_book_isbn");
  EXPECT_EQ(underscore().pivot_table_name("book", "tag", "tags"), "book_tags");
  EXPECT_EQ(underscore().pivot_column_name("Author", "id", ""), "author_id");
  EXPECT_EQ(underscore().pivot_column_name("BookTag", "id", ""), "book_tag_id");
  EXPECT_EQ(underscore().pivot_column_name("Author", "id", "_1"), "author_1_id");
  EXPECT_EQ(underscore().pivot_column_name("Author", "id", "_2"), "author_2_id");
}

TEST(UnderscoreNaming, NamesConstraints) {
  EXPECT_EQ(underscore().constraint_name("book", Columns{"author_id"}, "index"), "book_author_id_index");
  EXPECT_EQ(underscore().constraint_name("book", Columns{"title", "year"}, "unique"),
            "book_title_year_unique");
  EXPECT_EQ(underscore().constraint_name("book", Columns{"author_id"}, "foreign"), "book_author_id_foreign");
  EXPECT_EQ(underscore().constraint_name("book", Columns{"price"}, "check"), "book_price_check");
  EXPECT_EQ(underscore().constraint_name("book", Columns{}, "check"), "book_check");
  EXPECT_EQ(underscore().constraint_name("book", Columns{"id"}, "primary"), "book_pkey");
}

TEST(EntityCaseNaming, LeavesNamesAsTheyAre) {
  EXPECT_EQ(entity_case().table_name("BookTag"), "BookTag");
  EXPECT_EQ(entity_case().column_name("createdAt"), "createdAt");
  EXPECT_EQ(entity_case().join_column_name("mainAuthor", "id"), "mainAuthor_id");
  EXPECT_EQ(entity_case().pivot_table_name("Book", "Tag", "tags"), "Book_tags");
  EXPECT_EQ(entity_case().pivot_column_name("Book", "id", "_1"), "Book_1_id");
  EXPECT_EQ(entity_case().constraint_name("Book", Columns{"createdAt"}, "index"), "Book_createdAt_index");
}

TEST(LongNames, KeepTheirBeginningAndGetAStableHash) {
  const std::string member(80, 'a');
  const std::string name = underscore().column_name(member);
  EXPECT_EQ(name.size(), 63u);
  EXPECT_EQ(name, std::string(54, 'a') + "_5143e6d5");
  EXPECT_NE(name, underscore().column_name(member + "b"));
  EXPECT_EQ(underscore().column_name(std::string(63, 'a')), std::string(63, 'a'));
}

TEST(LongNames, AreShortenedWhateverTheyName) {
  const std::string part(50, 'x');
  for (const kin::NamingStrategy* naming : {&underscore(), &entity_case()}) {
    EXPECT_LE(naming->table_name(part + part).size(), 63u);
    EXPECT_LE(naming->join_column_name(part, part).size(), 63u);
    EXPECT_LE(naming->pivot_table_name(part, part, part).size(), 63u);
    EXPECT_LE(naming->pivot_column_name(part, part, "_1").size(), 63u);
    EXPECT_LE(naming->constraint_name(part, Columns{part}, "index").size(), 63u);
    EXPECT_NE(naming->constraint_name(part, Columns{part}, "index"),
              naming->constraint_name(part, Columns{part}, "unique"));
  }
}

TEST(LongNames, AreNotCutWithinACharacter) {
  std::string member = "a";
  for (int i = 0; i < 40; ++i) member += "\xC3\xB6";
  const std::string name = underscore().column_name(member);
  EXPECT_LE(name.size(), 63u);
  EXPECT_EQ(name.substr(0, 53), member.substr(0, 53));
  EXPECT_EQ(name[53], '_');
}

TEST(NamingStrategies, AreSharedObjects) {
  EXPECT_EQ(kin::underscore_naming(), kin::underscore_naming());
  EXPECT_EQ(kin::entity_case_naming(), kin::entity_case_naming());
}

}  // namespace
