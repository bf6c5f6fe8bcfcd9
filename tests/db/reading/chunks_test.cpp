// SPDX-License-Identifier: MIT
// More keys than one statement takes: lists are cut, and every owner gets its own items.
#include <algorithm>

#include "db/support/database.hpp"

namespace kin::test::reading_chunks {

struct Leaf;
struct Label;

struct Branch {
  std::int64_t id{};
  int number{};
  Collection<Leaf> leaves{};
  Collection<Label> labels{};
};
struct Leaf {
  std::int64_t id{};
  int number{};
  Ref<Branch> branch{};
};
struct Label {
  std::int64_t id{};
  int number{};
  Collection<Branch> branches{};
};
inline void describe(Schema<Branch>& branch) {
  branch.on<&Branch::leaves>(mapped_by<&Leaf::branch>);
  branch.on<&Branch::labels>(pivot_table("branch_label"));
}
inline void describe(Schema<Label>& label) { label.on<&Label::branches>(mapped_by<&Branch::labels>); }

constexpr int branches = 8200;  // more than a chunk has: Traits::keys_of_a_chunk
constexpr int leaf_count = 9000;

class ReadingChunks : public DatabaseTest {
 protected:
  void SetUp() override {
    start(kin::entities<Branch, Leaf, Label>);
    EntityManager em = orm().em();
    em.begin();
    std::vector<Ref<Branch>> made;
    for (int i = 1; i <= branches; ++i) made.push_back(em.create<Branch>({.id = i, .number = i * 2}));
    for (int i = 1; i <= leaf_count; ++i)
      em.create<Leaf>({.id = i, .number = i * 3, .branch = made[static_cast<std::size_t>((i - 1) % branches)]});
    em.flush();
    em.execute("insert into label (id, number) values (1, 10), (2, 20)");
    em.execute("insert into branch_label (branch_id, label_id) select id, 1 + id % 2 from branch where id % 3 <> 0");
    em.commit();
    clear_statements();
  }
  /// Statements that read what belongs to so many keys.
  std::size_t chunks_of(std::size_t keys) const {
    return (keys + traits().keys_of_a_chunk - 1) / traits().keys_of_a_chunk;
  }
};

TEST_P(ReadingChunks, OwnersWithoutAGapAreReadAsARange) {
  EntityManager em = orm().em();
  auto found = em.find<Branch>().populate<&Branch::leaves>().strategy(Strategy::select_in).list();
  ASSERT_EQ(statements().size(), 2u);
  EXPECT_TRUE(statements()[1].ends_with(R"(where "t0"."branch_id" between ? and ?)")) << statements()[1];
  std::size_t leaves = 0;
  for (const auto& branch : found)
    for (const auto& leaf : branch.get<&Branch::leaves>()) leaves += leaf->branch == branch ? 1 : 0;
  EXPECT_EQ(leaves, static_cast<std::size_t>(leaf_count));
}

TEST_P(ReadingChunks, ToManyOfMoreOwnersThanAChunk) {
  EntityManager em = orm().em();
  // Without the second branch the keys have a gap, so that lists are sent and not a range.
  auto found = em.find<Branch>(field<&Branch::id> != 2)
                   .populate<&Branch::leaves>()
                   .populate<&Branch::labels>()
                   .strategy(Strategy::select_in)
                   .list();
  ASSERT_EQ(found.size(), static_cast<std::size_t>(branches) - 1);
  EXPECT_EQ(statements().size(), 1 + 2 * chunks_of(branches - 1)) << "the branches, then the chunks of each relation";
  std::size_t wrong = 0;
  for (const auto& branch : found) {
    std::vector<std::int64_t> leaves;
    for (const auto& leaf : branch.get<&Branch::leaves>()) {
      leaves.push_back(leaf->id);
      wrong += leaf->number != leaf->id * 3;
    }
    std::ranges::sort(leaves);
    std::vector<std::int64_t> wanted = {branch->id};
    if (branch->id + branches <= leaf_count) wanted.push_back(branch->id + branches);
    wrong += leaves != wanted;
    const auto labels = branch.get<&Branch::labels>();
    wrong += labels.size() != (branch->id % 3 == 0 ? 0u : 1u);
    if (!labels.empty()) wrong += labels[0]->id != 1 + branch->id % 2;
  }
  EXPECT_EQ(wrong, 0u);
  EXPECT_FALSE(em.has_changes());
}

TEST_P(ReadingChunks, ToOneOfMoreTargetsThanAChunk) {
  EntityManager em = orm().em();
  auto found = em.find<Leaf>().populate<&Leaf::branch>().strategy(Strategy::select_in).list();
  ASSERT_EQ(found.size(), static_cast<std::size_t>(leaf_count));
  EXPECT_EQ(statements().size(), 1 + chunks_of(branches)) << "9000 leaves have 8200 branches";
  std::size_t wrong = 0;
  for (const auto& leaf : found) {
    wrong += leaf.get<&Leaf::branch>()->id != 1 + (leaf->id - 1) % branches;
    wrong += leaf.get<&Leaf::branch>()->number != leaf->branch->id * 2;
  }
  EXPECT_EQ(wrong, 0u);
}

TEST_P(ReadingChunks, TheOtherStrategiesFindTheSame) {
  for (Strategy strategy : {Strategy::joined, Strategy::balanced}) {
    EntityManager em = orm().em();
    auto found = em.find<Branch>().populate<&Branch::leaves>().strategy(strategy).list();
    ASSERT_EQ(found.size(), static_cast<std::size_t>(branches));
    std::size_t leaves = 0;
    for (const auto& branch : found)
      for (const auto& leaf : branch.get<&Branch::leaves>()) leaves += leaf->branch == branch;
    EXPECT_EQ(leaves, static_cast<std::size_t>(leaf_count));
  }
}

TEST_P(ReadingChunks, OneCollectionOfManyItems) {
  EntityManager em = orm().em();
  em.execute("update leaf set branch_id = 7");
  auto branch = em.find_one_or_fail<Branch>(7);
  EXPECT_EQ(branch->leaves.load_count(), static_cast<std::size_t>(leaf_count));
  branch->leaves.load();
  EXPECT_EQ(branch->leaves.size(), static_cast<std::size_t>(leaf_count));
  EXPECT_TRUE(branch->leaves.contains(em.get_reference<Leaf>(leaf_count)));
}

TEST_P(ReadingChunks, ConditionsWithManyValues) {
  EntityManager em = orm().em();
  std::vector<int> numbers;
  const int most = static_cast<int>(std::min<std::size_t>(traits().most_parameters, 40'000));
  for (int i = 0; i < most; ++i) numbers.push_back(i * 3);  // every third branch number is a multiple of three
  std::size_t wanted = 0;
  for (int i = 1; i <= branches; ++i) wanted += (i * 2) % 3 == 0;
  EXPECT_EQ(em.count<Branch>(field<&Branch::number>.in(numbers)), wanted);
  EXPECT_EQ(em.find<Branch>(field<&Branch::number>.in(numbers)).list().size(), wanted);
  EXPECT_EQ(em.count<Branch>(field<&Branch::number>.not_in(numbers)), branches - wanted);
}

// More than any database takes (250 000 on Debian's SQLite), so it is not sent: the database's words would not help.
TEST_P(ReadingChunks, ConditionsWithMoreValuesThanParametersAreRefused) {
  EntityManager em = orm().em();
  const std::vector<int> numbers(300'000, 1);
  const auto condition = field<&Branch::number>.in(numbers);
  try {
    (void)em.count<Branch>(condition);
    FAIL() << "accepted";
  } catch (const ValidationError& error) {
    EXPECT_NE(std::string_view(error.what()).find("the read has 300000 values, more than the "), std::string_view::npos)
        << error.what();
  }
  EXPECT_THROW((void)em.find<Branch>(!condition).list(), ValidationError);
  EXPECT_TRUE(statements().empty()) << "nothing was sent";
  EXPECT_EQ(em.count<Branch>(), static_cast<std::uint64_t>(branches)) << "and the manager goes on working";
}

KIN_ON_EVERY_DATABASE(ReadingChunks);

}  // namespace kin::test::reading_chunks
